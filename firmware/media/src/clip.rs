//! Sounds that are played: music that all hear at the same moment, prompts and announcements that
//! each hears from its beginning.

use std::sync::Arc;

use dsp::resample::{Down2, Up2};
use model::{ClipId, limits};

use crate::block::{Block, NARROW, Rate, WIDE};
use crate::mixer::share::Groups;

/// The samples of a clip, at both rates, so that playing is copying. Shared by all planes.
#[derive(Debug)]
pub struct ClipSound {
    narrow: Vec<i16>,
    wide: Vec<i16>,
}

impl ClipSound {
    /// The sound of `samples` at `rate_hz`; `None` if that is neither 8 nor 16 kHz or there are no
    /// samples. Allocates: for the media helper.
    #[must_use]
    pub fn new(samples: &[i16], rate_hz: u32) -> Option<Self> {
        let whole = |rate: Rate| samples.len().div_ceil(rate.samples());
        if samples.is_empty() {
            return None;
        }
        // A filter is late: its end is fed with silence, its beginning dropped, so that the length
        // stays.
        const NARROW_LATE: usize = Down2::DELAY / 2;
        match rate_hz {
            8_000 => {
                let mut wide = Vec::new();
                let mut doubler = Up2::new();
                let mut block = [0; WIDE];
                for at in 0..=whole(Rate::Narrow) {
                    doubler.run(&part(samples, at, NARROW), &mut block);
                    wide.extend_from_slice(&block);
                }
                let wide = wide.into_iter().skip(Up2::DELAY);
                Some(Self {
                    narrow: samples.to_vec(),
                    wide: wide.take(samples.len().saturating_mul(2)).collect(),
                })
            }
            16_000 => {
                let length = samples.len() / 2;
                let mut narrow = Vec::new();
                let mut halver = Down2::new();
                let mut block = [0; NARROW];
                for at in 0..=whole(Rate::Wide) {
                    halver.run(&part(samples, at, WIDE), &mut block);
                    narrow.extend_from_slice(&block);
                }
                let narrow = narrow.into_iter().skip(NARROW_LATE);
                Some(Self {
                    narrow: narrow.take(length).collect(),
                    wide: samples
                        .iter()
                        .copied()
                        .take(length.saturating_mul(2))
                        .collect(),
                })
                .filter(|sound| !sound.narrow.is_empty())
            }
            _ => None,
        }
    }

    /// How long, in ms.
    #[must_use]
    pub fn ms(&self) -> u32 {
        u32::try_from(self.narrow.len() / 8).unwrap_or(u32::MAX)
    }

    /// Bytes of its samples.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let samples = self.narrow.len().saturating_add(self.wide.len());
        samples.saturating_mul(size_of::<i16>())
    }

    fn at(&self, rate: Rate) -> &[i16] {
        match rate {
            Rate::Narrow => &self.narrow,
            Rate::Wide => &self.wide,
        }
    }
}

/// Block `at` of `samples`, the last one filled up with silence.
fn part(samples: &[i16], at: usize, length: usize) -> Vec<i16> {
    let from = at.saturating_mul(length).min(samples.len());
    let rest = samples.get(from..).unwrap_or(&[]).iter().copied();
    rest.chain(core::iter::repeat(0)).take(length).collect()
}

/// A clip in the plane.
#[derive(Debug)]
pub struct Clip {
    sound: Arc<ClipSound>,
    /// Narrow samples played of it as music.
    played: usize,
    /// Those who are sent the same octets of it.
    pub(crate) groups: Groups,
}

impl Clip {
    /// A clip of this sound. Called by the media helper, which may allocate.
    #[must_use]
    pub fn boxed(sound: Arc<ClipSound>) -> Box<Self> {
        Box::new(Self {
            sound,
            played: 0,
            groups: Groups::new(),
        })
    }

    /// The sound of it.
    #[must_use]
    pub fn sound(&self) -> &ClipSound {
        &self.sound
    }

    /// The last samples that were heard of it as music, narrow and wide.
    pub(crate) fn last(&self) -> [i16; 2] {
        let before = |rate: Rate| {
            let samples = self.sound.at(rate);
            let next = self.played.saturating_mul(rate.samples() / NARROW);
            let at = next
                .checked_sub(1)
                .unwrap_or(samples.len().saturating_sub(1));
            samples.get(at).copied().unwrap_or(0)
        };
        [before(Rate::Narrow), before(Rate::Wide)]
    }

    /// Goes to the moment of a tick, as if it had been played since the beginning of time: what is
    /// heard in all planes is in step, and goes on for who moves from one to another.
    pub(crate) fn seek(&mut self, tick: u64) {
        let length = u64::try_from(self.sound.narrow.len()).unwrap_or(1).max(1);
        let block = u64::try_from(NARROW).unwrap_or(0);
        let played = tick.wrapping_mul(block).checked_rem(length);
        self.played = usize::try_from(played.unwrap_or(0)).unwrap_or(0);
    }

    /// The block of this moment, over and over without a gap, at both rates; moves on.
    pub(crate) fn next_block(&mut self) -> (Block, Block) {
        let around = |rate: Rate, from: usize| {
            let mut block = Block::silence(rate);
            let samples = self.sound.at(rate).iter().cycle().skip(from);
            for (slot, &sample) in block.samples_mut().iter_mut().zip(samples) {
                *slot = sample;
            }
            block
        };
        let from = self.played;
        let blocks = (
            around(Rate::Narrow, from),
            around(Rate::Wide, from.saturating_mul(2)),
        );
        let length = self.sound.narrow.len().max(1);
        let played = from.saturating_add(NARROW).checked_rem(length);
        self.played = played.unwrap_or(0);
        blocks
    }
}

/// Where somebody is in a clip that is played once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Player {
    pub(crate) clip: ClipId,
    place: u16,
    /// Narrow samples played.
    played: usize,
}

/// Why a clip was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Untaken {
    /// It is here already.
    Known,
    /// `limits::CLIPS` or `limits::CLIP_BYTES` are reached.
    Full,
}

/// All clips in memory.
#[derive(Debug)]
pub(crate) struct Clips {
    all: Vec<Option<(ClipId, Box<Clip>)>>,
    bytes: usize,
}

impl Clips {
    pub(crate) fn new() -> Self {
        let mut all = Vec::with_capacity(limits::CLIPS);
        all.resize_with(limits::CLIPS, || None);
        Self { all, bytes: 0 }
    }

    /// Where the clip is.
    pub(crate) fn find(&self, clip: ClipId) -> Option<u16> {
        let here =
            |one: &Option<(ClipId, Box<Clip>)>| one.as_ref().is_some_and(|&(id, _)| id == clip);
        let at = self.all.iter().position(here)?;
        u16::try_from(at).ok()
    }

    pub(crate) fn at(&mut self, place: u16) -> Option<&mut Clip> {
        let one = self.all.get_mut(usize::from(place))?.as_mut();
        one.map(|(_, clip)| clip.as_mut())
    }

    /// Takes a clip in; gives it back if that cannot be.
    pub(crate) fn add(
        &mut self,
        clip: ClipId,
        object: Box<Clip>,
    ) -> Result<(), (Box<Clip>, Untaken)> {
        if self.find(clip).is_some() {
            return Err((object, Untaken::Known));
        }
        let bytes = self.bytes.saturating_add(object.sound.bytes());
        let place = self.all.iter_mut().find(|one| one.is_none());
        let Some(place) = place.filter(|_| bytes <= limits::CLIP_BYTES) else {
            return Err((object, Untaken::Full));
        };
        *place = Some((clip, object));
        self.bytes = bytes;
        Ok(())
    }

    /// Takes a clip out.
    pub(crate) fn remove(&mut self, clip: ClipId) -> Option<Box<Clip>> {
        let place = self.find(clip)?;
        let (_, object) = self.all.get_mut(usize::from(place))?.take()?;
        self.bytes = self.bytes.saturating_sub(object.sound.bytes());
        Some(object)
    }

    /// Somebody who begins to hear a clip.
    pub(crate) fn player(&self, clip: ClipId) -> Option<Player> {
        Some(Player {
            clip,
            place: self.find(clip)?,
            played: 0,
        })
    }

    /// Somebody who heard the clip in another plane goes on here; whether it is here too.
    pub(crate) fn follow(&self, player: &mut Player) -> bool {
        let place = self.find(player.clip);
        player.place = place.unwrap_or(player.place);
        place.is_some()
    }

    /// The next block of a clip that is played once, the last one filled up with silence; `None`
    /// when it is over or was taken out.
    pub(crate) fn play(&self, player: &mut Player, rate: Rate) -> Option<Block> {
        let (id, clip) = self.all.get(usize::from(player.place))?.as_ref()?;
        if *id != player.clip || player.played >= clip.sound.narrow.len() {
            return None;
        }
        let scale = rate.samples() / NARROW;
        let from = player.played.saturating_mul(scale);
        let rest = clip.sound.at(rate).get(from..).unwrap_or(&[]);
        player.played = player.played.saturating_add(NARROW);
        Some(Block::of(rate, rest))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clip(samples: &[i16], hz: u32) -> Box<Clip> {
        let sound = ClipSound::new(samples, hz).expect("samples at a rate of ours");
        Clip::boxed(Arc::new(sound))
    }

    #[test]
    fn music_goes_round_without_a_gap_at_both_rates() {
        let ramp: Vec<i16> = (0..205).collect();
        let mut music = clip(&ramp, 8_000);
        let mut heard = Vec::new();
        for _ in 0..40 {
            let (narrow, wide) = music.next_block();
            heard.extend_from_slice(narrow.samples());
            assert_eq!((wide.rate(), wide.samples().len()), (Rate::Wide, WIDE));
        }
        for (n, &sample) in heard.iter().enumerate() {
            assert_eq!(usize::from(sample.cast_unsigned()), n % 205);
        }
        assert_eq!(music.sound().ms(), 25);
    }

    #[test]
    fn a_clip_is_as_long_and_as_loud_at_both_rates() {
        for hz in [8_000_u32, 16_000] {
            let turn = 440.0 * std::f32::consts::TAU / hz as f32;
            let sine: Vec<i16> = (0..hz / 4)
                .map(|n| (8_000.0 * (turn * n as f32).sin()) as i16)
                .collect();
            let sound = ClipSound::new(&sine, hz).expect("a rate of ours");
            assert_eq!((sound.narrow.len(), sound.wide.len()), (2_000, 4_000));
            for n in 20..1_900 {
                let apart = i32::from(sound.narrow[n]) - i32::from(sound.wide[2 * n]);
                assert!(apart.abs() < 60, "{hz}: {apart} at {n}");
            }
        }
        assert!(ClipSound::new(&[1; 100], 11_025).is_none());
        assert!(ClipSound::new(&[], 8_000).is_none());
    }

    #[test]
    fn a_prompt_is_played_once_and_dropped_under_the_player() {
        let mut clips = Clips::new();
        let id = ClipId(7);
        assert!(clips.add(id, clip(&[5; 100], 8_000)).is_ok());
        let again = clips.add(id, clip(&[5; 100], 8_000));
        assert_eq!(again.map_err(|(_, why)| why), Err(Untaken::Known));
        let mut player = clips.player(id).expect("it is here");
        let first = clips.play(&mut player, Rate::Narrow).expect("100 samples");
        assert_eq!(first.samples(), [5; 80]);
        let second = clips.play(&mut player, Rate::Narrow).expect("20 more");
        assert_eq!(second.samples().iter().filter(|&&s| s == 5).count(), 20);
        assert!(clips.play(&mut player, Rate::Narrow).is_none());
        let mut other = clips.player(id).expect("it is here");
        assert!(clips.remove(id).is_some());
        assert!(clips.add(ClipId(8), clip(&[9; 100], 8_000)).is_ok());
        assert!(
            clips.play(&mut other, Rate::Narrow).is_none(),
            "another clip"
        );
    }

    #[test]
    fn too_many_bytes_are_refused_and_room_comes_back() {
        let mut clips = Clips::new();
        let half = vec![1; limits::CLIP_BYTES / 12 + 100];
        assert!(clips.add(ClipId(1), clip(&half, 8_000)).is_ok());
        let full = clips.add(ClipId(2), clip(&half, 8_000));
        assert_eq!(full.map_err(|(_, why)| why), Err(Untaken::Full));
        clips.remove(ClipId(1));
        assert!(clips.add(ClipId(2), clip(&half, 8_000)).is_ok());
    }
}
