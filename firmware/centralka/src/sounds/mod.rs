//! The sounds that the program brings along: prompts, chimes, and music for those who wait.

mod chime;
mod pack;
mod tune;
pub(crate) mod uploads;

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use engine::{ClipSound, ClipSource};
use model::{Clip, ClipId};

/// Samples a second of all sounds.
const RATE_HZ: u32 = 16_000;

/// All sounds, for the media helper.
pub(crate) struct Sounds {
    /// The data folder.
    pub(crate) data: PathBuf,
}

impl ClipSource for Sounds {
    fn load(&mut self, clip: ClipId) -> Option<Arc<ClipSound>> {
        let samples = load(&self.data, clip)?;
        ClipSound::new(&samples, RATE_HZ).map(Arc::new)
    }
}

/// The samples of a clip at 16 kHz; `None` for unknown numbers. In the place of music that is gone
/// there is the music of our own. Takes up to some hundred ms: for the media helper.
pub(crate) fn load(data: &Path, clip: ClipId) -> Option<Vec<i16>> {
    let wanted = Clip::of(clip)?;
    match wanted {
        Clip::Upload(_) => uploads::samples(data, wanted).or_else(|| own(Clip::OwnMusic.id())),
        // Nothing can stand for words: whoever was to hear them goes on.
        Clip::UploadedPrompt(_) => uploads::samples(data, wanted),
        Clip::Prompt(..) | Clip::Chime(_) | Clip::OwnMusic => own(clip),
    }
}

/// What the program has of itself.
fn own(clip: ClipId) -> Option<Vec<i16>> {
    match Clip::of(clip)? {
        Clip::Prompt(prompt, language) => pack::prompt(prompt, language),
        Clip::Chime(chime) => Some(chime::samples(chime)),
        Clip::OwnMusic => Some(tune::samples()),
        Clip::Upload(_) | Clip::UploadedPrompt(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use model::{Chime, Language, Prompt};

    use super::*;

    /// Mean level of what is louder than −50 dBFS, in dBFS.
    fn level(samples: &[i16]) -> f64 {
        let power = |part: &[i16]| {
            let sum: f64 = part.iter().map(|&s| f64::from(s).powi(2)).sum();
            sum / part.len() as f64 / (32_768.0 * 32_768.0)
        };
        let loud: Vec<f64> = samples
            .chunks(320)
            .map(power)
            .filter(|p| *p > 1e-5)
            .collect();
        10.0 * (loud.iter().sum::<f64>() / loud.len().max(1) as f64).log10()
    }

    #[test]
    fn every_prompt_is_there_in_every_language_and_equally_loud() {
        for (name, language) in Language::ALL {
            for &prompt in Prompt::ALL {
                let samples = own(Clip::Prompt(prompt, language).id()).expect("in the pack");
                let ms = samples.len() / 16;
                assert!((600..20_000).contains(&ms), "{prompt:?} {name}: {ms} ms");
                let level = level(&samples);
                assert!(
                    (-27.0..-19.0).contains(&level),
                    "{prompt:?} {name}: {level}"
                );
            }
        }
    }

    #[test]
    fn the_music_goes_round_without_a_step_and_is_soft() {
        let music = own(Clip::OwnMusic.id()).expect("made here");
        let seconds = music.len() / 16_000;
        assert!((30..=60).contains(&seconds), "{seconds} s");
        let level = level(&music);
        assert!((-25.0..-23.0).contains(&level), "{level} dBFS");
        let step = |a: i16, b: i16| i32::from(a).abs_diff(i32::from(b));
        let most = music
            .windows(2)
            .map(|w| step(w[0], w[1]))
            .max()
            .unwrap_or(0);
        let seam = step(music[music.len() - 1], music[0]);
        assert!(seam <= most / 2, "the seam is no click: {seam} of {most}");
        // No tone that goes on: every second differs from the one before.
        let seconds: Vec<&[i16]> = music.chunks(16_000).collect();
        assert!(seconds.windows(2).all(|pair| pair[0] != pair[1]));
    }

    #[test]
    fn coming_and_going_sound_different_and_short() {
        let [joined, left] = [Chime::Joined, Chime::Left].map(|c| own(Clip::Chime(c).id()));
        assert_ne!(joined, left);
        for chime in [joined, left] {
            let chime = chime.expect("made here");
            assert!(chime.len() < 8_000, "half a second at most");
            assert!(chime.first() == Some(&0) && chime.last().is_some_and(|s| s.abs() < 50));
        }
    }

    #[test]
    fn what_is_not_the_programs_own_is_not_there() {
        assert_eq!(own(Clip::Upload(7).id()), None);
        assert_eq!(own(ClipId(0)), None);
        let nowhere = Path::new("no such folder");
        let instead = load(nowhere, Clip::Upload(7).id());
        assert_eq!(
            instead,
            own(Clip::OwnMusic.id()),
            "rather our own than silence"
        );
        assert_eq!(load(nowhere, Clip::UploadedPrompt(7).id()), None);
    }
}
