//! Everything that is done to the sound of one analog port, on exactly paired samples in the card's own
//! clock (design §3).

use model::limits::{EVIDENCE_SAMPLES, PORT_LATENCY_SAMPLES};
use model::{EchoSettings, LineHeard, LinePlay, LineSecond, MediaCommand, PortSound};

use super::callerid::{AonNews, CallerIdReceiver, CallerNews};
use super::dial_tone::DialToneGuard;
use super::echo::EchoCanceller;
use super::figures::Figures;
use super::hangup::{ToneListener, ToneNews};
use super::player::Player;
use crate::TICK_SAMPLES;
use crate::dtmf::{DtmfReceiver, Key};
use crate::g711::Law;

/// Samples of sound sent that are kept: the longest latency, and the block that is paired.
const SENT: usize = PORT_LATENCY_SAMPLES + TICK_SAMPLES;

/// The sound of one port. Once per card period of 10 ms give the block that was recorded to
/// [`Self::from_line`], then the one that the call wants played to [`Self::to_line`], and play what
/// comes back. Neither allocates; [`Self::new`] does.
#[derive(Clone, Debug)]
pub struct PortDsp {
    sound: PortSound,
    gains: [f32; 2],
    echo: EchoCanceller,
    keys: DtmfReceiver,
    guard: DialToneGuard,
    caller: CallerIdReceiver,
    tones: ToneListener,
    player: Option<Player>,
    /// What was sent, the newest last.
    sent: [i16; SENT],
    /// Samples from sending until what is recorded is the echo of it.
    latency: usize,
    figures: Figures,
    /// The newest sound of the line, as A-law; the oldest octet is at `next`.
    recent: Box<[u8]>,
    next: usize,
    /// Octets of it that are of this call.
    known: usize,
}

impl Default for PortDsp {
    fn default() -> Self {
        Self::new()
    }
}

impl PortDsp {
    /// A port that passes sound on unchanged, listens to nothing and has heard nothing.
    #[must_use]
    pub fn new() -> Self {
        let sound = PortSound::default();
        Self {
            sound,
            gains: [1.0; 2],
            echo: EchoCanceller::new(EchoSettings::default()),
            keys: DtmfReceiver::new(),
            guard: DialToneGuard::default(),
            caller: CallerIdReceiver::new(),
            tones: ToneListener::new(),
            player: None,
            sent: [0; SENT],
            latency: 0,
            figures: Figures::default(),
            recent: vec![Law::A.idle(); EVIDENCE_SAMPLES].into_boxed_slice(),
            next: 0,
            known: 0,
        }
    }

    /// The card plays and records so many samples, besides those of a block, after it was given them: constant in
    /// its clock, at most `PORT_LATENCY_SAMPLES`.
    pub fn set_latency(&mut self, samples: u16) {
        self.latency = usize::from(samples).min(PORT_LATENCY_SAMPLES);
    }

    /// Sets everything anew. Ears that were on and stay on go on with what they have heard; the echo
    /// canceller keeps what it has learned while its tail stays the same. Values out of range are brought
    /// into it.
    pub fn set(&mut self, sound: &PortSound) {
        let before = core::mem::replace(&mut self.sound, *sound);
        self.gains = [sound.gain_in_db10, sound.gain_out_db10].map(factor);
        if sound.listens.keys && !before.listens.keys {
            self.keys = DtmfReceiver::new();
        }
        if sound.listens.caller_id && !before.listens.caller_id {
            self.caller = CallerIdReceiver::new();
        }
        if let Some(echo) = sound.echo {
            self.echo.set(echo);
        }
        self.tones.know(&sound.known, &sound.learned);
        if sound.listens.tones && !before.listens.tones {
            self.tones.restart();
        }
    }

    /// Carries out what is meant for the sound of a port; whether it was.
    pub fn obey(&mut self, command: &MediaCommand) -> bool {
        match command {
            MediaCommand::SetPortSound { sound, .. } => self.set(sound),
            MediaCommand::PlayOnPort { play, .. } => self.play(play),
            _ => return false,
        }
        true
    }

    /// Forgets all that was heard and played, for another call; what it is set to stays, and what the
    /// echo canceller knows of the line.
    pub fn reset(&mut self) {
        self.echo.reset();
        self.keys = DtmfReceiver::new();
        self.guard = DialToneGuard::default();
        self.caller = CallerIdReceiver::new();
        self.tones.restart();
        self.player = None;
        self.figures = Figures::default();
        self.known = 0;
    }

    /// The last three seconds that came from the line since [`Self::reset`], as A-law in two pieces, the
    /// older first.
    #[must_use]
    pub fn recent(&self) -> [&[u8]; 2] {
        let (newer, older) = self.recent.split_at(self.next);
        let from_newer = self.known.min(newer.len());
        let from_older = self.known.saturating_sub(from_newer).min(older.len());
        [(older, from_older), (newer, from_newer)].map(|(piece, known)| {
            let begin = piece.len().saturating_sub(known);
            piece.get(begin..).unwrap_or_default()
        })
    }

    fn remember(&mut self, block: &[i16]) {
        for &sample in block {
            if let Some(octet) = self.recent.get_mut(self.next) {
                *octet = Law::A.encode(sample);
            }
            self.next = self.next.saturating_add(1) % EVIDENCE_SAMPLES;
        }
        self.known = self.known.saturating_add(block.len()).min(EVIDENCE_SAMPLES);
    }

    /// What it is set to.
    #[must_use]
    pub const fn sound(&self) -> &PortSound {
        &self.sound
    }

    /// Plays this instead of what the call says, from the next block on; what was being played ends
    /// without a [`LineHeard::Played`]. The second of the figures begins anew, so that the next is all of it.
    pub fn play(&mut self, what: &LinePlay) {
        self.figures = Figures::default();
        self.player = Player::new(what);
    }

    /// Makes of a block of the call what is to be played to the line: the gain, and what is played
    /// instead. Of more than [`TICK_SAMPLES`] samples the rest stays as it is.
    pub fn to_line(&mut self, block: &mut [i16]) {
        let length = block.len().min(TICK_SAMPLES);
        let block = block.get_mut(..length).unwrap_or_default();
        amplify(block, self.gains[1]);
        if let Some(player) = &mut self.player {
            player.fill(block);
        }
        self.sent.rotate_left(length);
        let start = SENT.saturating_sub(length);
        if let Some(newest) = self.sent.get_mut(start..) {
            newest.copy_from_slice(block);
        }
    }

    /// Makes of a recorded block what the call hears, and tells what was heard in it. The block belongs to
    /// the last one given to [`Self::to_line`], less the card's latency. Of more than
    /// [`TICK_SAMPLES`] samples the rest stays as it is.
    pub fn from_line(&mut self, block: &mut [i16], mut tell: impl FnMut(LineHeard)) {
        let length = block.len().min(TICK_SAMPLES);
        let block = block.get_mut(..length).unwrap_or_default();
        let played = self.paired(length);
        let played = played.get(..length).unwrap_or_default();
        self.figures.heard(block, played);
        self.remember(block);
        if self.sound.echo.is_some() {
            self.echo.cancel(played, block, self.sound.data);
        }
        let asks = self.player.as_ref().is_some_and(Player::asks);
        if self.sound.listens.keys || asks {
            self.hear_keys(block, played, &mut tell);
        }
        if let Some(player) = &mut self.player {
            player.hear(block, |news| {
                tell(match news {
                    AonNews::Requests => LineHeard::NumberAsked,
                    AonNews::Told(info, dbm0) => LineHeard::Caller { info, dbm0 },
                });
            });
        }
        if let Some(whole) = self.player.as_ref().and_then(Player::ended) {
            self.player = None;
            tell(LineHeard::Played { whole });
        }
        if self.sound.listens.caller_id {
            self.caller.feed(block, |news| {
                tell(match news {
                    CallerNews::AlertTone => LineHeard::AlertTone,
                    CallerNews::Info { info, dbm0 } => LineHeard::Caller { info, dbm0 },
                    CallerNews::Spoiled => LineHeard::CallerSpoiled,
                });
            });
        }
        if self.sound.listens.tones {
            self.tones.feed(block, |news| {
                tell(match news {
                    ToneNews::Steady => LineHeard::Steady,
                    ToneNews::Tone(evidence) => LineHeard::Tone(evidence),
                    ToneNews::Ended => LineHeard::ToneEnded,
                    ToneNews::Voice => LineHeard::Voice,
                });
            });
        }
        // Not before: a dial tone that does not change would be taken for noise and be hidden.
        if self.sound.echo.is_some() {
            self.echo.suppress(block);
        }
        if asks {
            block.fill(0);
        }
        amplify(block, self.gains[0]);
        if let Some(second) = self.figures.second() {
            tell(LineHeard::Second(self.with_echo(second)));
        }
    }

    fn with_echo(&mut self, second: LineSecond) -> LineSecond {
        if self.sound.echo.is_none() {
            let noise = self.player.as_ref().is_some_and(Player::is_noise);
            let returned = self.figures.returned_db10().filter(|_| noise);
            return LineSecond {
                erl_db10: returned,
                ..second
            };
        }
        let figures = self.echo.figures();
        let tenths = |db: f32| (db * 10.0).round() as i16;
        LineSecond {
            erl_db10: figures.return_loss_db.map(tenths),
            erle_db10: figures.enhancement_db.map(tenths),
            disabled: self.echo.is_disabled(),
            ..second
        }
    }

    fn hear_keys(&mut self, block: &[i16], played: &[i16], tell: &mut impl FnMut(LineHeard)) {
        let sound = self.guard.filter(block, played);
        let sound = sound.get(..block.len()).unwrap_or_default();
        let (player, keys) = (&mut self.player, self.sound.listens.keys);
        self.keys.feed(sound, |key| {
            let digit = match key {
                Key::Pressed(digit) | Key::Released { digit, .. } => digit,
            };
            let taken = player
                .as_mut()
                .is_some_and(|player| player.takes_key(digit));
            if !keys || taken {
                return;
            }
            tell(match key {
                Key::Pressed(digit) => LineHeard::Pressed(digit),
                Key::Released { digit, ms } => LineHeard::Released { digit, ms },
            });
        });
    }

    /// What was on its way to the line while the newest block was recorded.
    fn paired(&self, length: usize) -> [i16; TICK_SAMPLES] {
        let mut played = [0; TICK_SAMPLES];
        let end = SENT.saturating_sub(self.latency);
        let from = end.saturating_sub(length);
        for (slot, &sample) in played
            .iter_mut()
            .zip(self.sent.get(from..end).unwrap_or(&[]))
        {
            *slot = sample;
        }
        played
    }
}

/// Tenths of a decibel as a factor, from −20 to +12 dB.
fn factor(db10: i16) -> f32 {
    10_f32.powf(f32::from(db10.clamp(-200, 120)) / 200.0)
}

/// Multiplies, saturating.
fn amplify(block: &mut [i16], gain: f32) {
    if gain == 1.0 {
        return;
    }
    for sample in block {
        *sample = (f32::from(*sample) * gain) as i16;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dtmf::DtmfSender;
    use model::{CallerField, CallerIdScheme, CallerInfo, CallerText, Digit};
    use model::{PortListens, ToneSpec, ToneStep};

    fn steady(hz: [u16; 2], dbm0: i8) -> ToneSpec {
        let step = ToneStep {
            hz,
            ..ToneStep::default()
        };
        ToneSpec::new(&[step], dbm0).expect("one step")
    }

    fn listening() -> PortDsp {
        let mut port = PortDsp::new();
        port.set(&PortSound {
            listens: PortListens {
                keys: true,
                ..PortListens::default()
            },
            ..PortSound::default()
        });
        port
    }

    /// Plays a tone to the line, whose echo comes back 10 dB weaker, while a key is pressed.
    fn heard_over(tone: ToneSpec, key_dbm0: i8) -> Vec<LineHeard> {
        let digit = Digit::from_char('5').expect("a key");
        let mut port = listening();
        port.play(&LinePlay::Tone(tone));
        let mut all = Vec::new();
        let mut key = DtmfSender::new(digit, 100, key_dbm0, key_dbm0);
        for period in 0..80 {
            let mut tx = [0; TICK_SAMPLES];
            port.to_line(&mut tx);
            let mut rx = tx.map(|sample| sample / 3);
            if period >= 40 {
                let mut pressed = [0; TICK_SAMPLES];
                key.fill(&mut pressed);
                crate::mix::add_saturating(&mut rx, &pressed);
            }
            port.from_line(&mut rx, |heard| all.push(heard));
        }
        all
    }

    #[test]
    fn the_newest_three_seconds_of_the_line_are_kept() {
        let mut port = PortDsp::new();
        let whole = |port: &PortDsp| -> Vec<i16> {
            let octets = port.recent().concat();
            octets.iter().map(|&octet| Law::A.decode(octet)).collect()
        };
        let speak = |port: &mut PortDsp, block: i16| {
            port.to_line(&mut [0; TICK_SAMPLES]);
            // Far enough apart that companding keeps their order.
            port.from_line(&mut [block * 64; TICK_SAMPLES], |_| {});
        };
        for block in 0..5 {
            speak(&mut port, block);
        }
        assert_eq!(whole(&port).len(), 5 * TICK_SAMPLES);
        for block in 0..450 {
            speak(&mut port, block);
        }
        let kept = whole(&port);
        assert_eq!(kept.len(), EVIDENCE_SAMPLES);
        let at = |block: usize| f32::from(kept[block * TICK_SAMPLES]) / 64.0;
        for (place, block) in [(0, 150.0), (150, 300.0), (299, 449.0)] {
            assert!(
                (at(place) / block - 1.0).abs() < 0.04,
                "{place}: {}",
                at(place)
            );
        }
        port.reset();
        assert_eq!(whole(&port), [], "another call begins without it");
    }

    #[test]
    fn the_first_key_is_heard_over_every_dial_tone() {
        for hz in [[425, 0], [350, 440], [413, 438], [400, 0]] {
            let heard = heard_over(steady(hz, -10), -20);
            let digit = Digit::from_char('5').expect("a key");
            let [
                LineHeard::Pressed(down),
                LineHeard::Released { digit: up, ms },
            ] = heard[..]
            else {
                panic!("{hz:?}: {heard:?}");
            };
            assert_eq!((down, up), (digit, digit));
            assert!((80..=120).contains(&ms), "{ms}");
        }
    }

    fn jan() -> CallerInfo {
        let number = CallerText::fitting("0223456789");
        CallerInfo {
            number: CallerField::Text(number),
            ..CallerInfo::default()
        }
    }

    /// Two ports on one line: what the second hears of what the first plays, and the first's own news.
    fn along(what: &LinePlay, answer: Option<char>) -> (Vec<LineHeard>, Vec<LineHeard>) {
        let (mut here, mut there) = (listening(), PortDsp::new());
        there.set(&PortSound {
            listens: PortListens {
                caller_id: true,
                ..PortListens::default()
            },
            ..PortSound::default()
        });
        here.play(what);
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        for _ in 0..400 {
            let (mut down, mut up) = ([0; TICK_SAMPLES], [0; TICK_SAMPLES]);
            here.to_line(&mut down);
            let mut answers = None;
            there.to_line(&mut up);
            there.from_line(&mut down, |heard| {
                if heard == LineHeard::AlertTone {
                    answers = answer;
                }
                theirs.push(heard);
            });
            if let Some(key) = answers {
                there.play(&LinePlay::Keys {
                    keys: CallerText::fitting(&key.to_string()),
                    on_off_ms: (60, 40),
                    dbm0: (-9, -11),
                });
            }
            here.from_line(&mut up, |heard| ours.push(heard));
        }
        let quiet = |heard: &LineHeard| !matches!(heard, LineHeard::Second(_));
        ours.retain(quiet);
        theirs.retain(quiet);
        (ours, theirs)
    }

    #[test]
    fn what_one_port_sends_another_reads() {
        let told = LineHeard::Caller {
            info: jan(),
            dbm0: -14,
        };
        let played = LineHeard::Played { whole: true };
        let (info, scheme, dbm0) = (jan(), CallerIdScheme::EtsiRing, -14);
        let on_hook = LinePlay::Caller { info, scheme, dbm0 };
        assert_eq!(along(&on_hook, None), (vec![played], vec![told]));
        let waiting = LinePlay::CallerWaiting { info, scheme, dbm0 };
        let (ours, theirs) = along(&waiting, Some('D'));
        assert_eq!(ours, [played], "the answer is no key of the call's");
        assert_eq!(theirs, [LineHeard::AlertTone, played, told]);
        let (ours, theirs) = along(&waiting, None);
        assert_eq!(ours, [LineHeard::Played { whole: false }]);
        assert_eq!(theirs, [LineHeard::AlertTone]);
    }

    #[test]
    fn what_comes_back_of_a_noise_is_measured() {
        for (percent, loss) in [(32, 99), (10, 200), (1, 400)] {
            let mut port = PortDsp::new();
            port.play(&LinePlay::Noise { dbm0: -16 });
            let mut seconds = Vec::new();
            for _ in 0..200 {
                let mut block = [0; TICK_SAMPLES];
                port.to_line(&mut block);
                for sample in &mut block {
                    *sample = (i32::from(*sample) * percent / 100) as i16;
                }
                port.from_line(&mut block, |heard| {
                    if let LineHeard::Second(second) = heard {
                        seconds.push(second);
                    }
                });
            }
            assert_eq!(seconds.len(), 2);
            for second in seconds {
                assert_eq!(second.tx_dbm0, -16);
                let found = second.erl_db10.expect("enough was sent");
                assert!(found.abs_diff(loss) <= 5, "{percent}: {found}");
            }
        }
    }

    #[test]
    fn only_noise_tells_the_echo_without_a_canceller() {
        let mut port = PortDsp::new();
        port.play(&LinePlay::Tone(steady([425, 0], -10)));
        let mut told = None;
        for _ in 0..100 {
            let mut block = [0; TICK_SAMPLES];
            port.to_line(&mut block);
            port.from_line(&mut block, |heard| {
                if let LineHeard::Second(second) = heard {
                    told = Some(second.erl_db10);
                }
            });
        }
        assert_eq!(told, Some(None));
    }

    #[test]
    fn the_echo_is_taken_out_at_the_latency_of_the_card() {
        for (latency, data) in [(0, false), (200, false), (320, false), (200, true)] {
            let mut port = PortDsp::new();
            port.set_latency(latency);
            port.set(&PortSound {
                echo: Some(EchoSettings {
                    tail_ms: 16,
                    suppress: false,
                }),
                data,
                ..PortSound::default()
            });
            let mut line = vec![0_i16; usize::from(latency)];
            let mut seed = 1_u32;
            let mut last = None;
            for _ in 0..300 {
                let mut block = [0; TICK_SAMPLES];
                for sample in &mut block {
                    seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    *sample = (seed >> 18) as i16 - 8_192;
                }
                port.to_line(&mut block);
                line.extend(block.map(|sample| sample / 3));
                let mut heard: Vec<i16> = line.drain(..TICK_SAMPLES).collect();
                port.from_line(&mut heard, |news| last = Some(news));
            }
            let Some(LineHeard::Second(second)) = last else {
                panic!("{last:?}");
            };
            let loss = second.erle_db10.unwrap_or(0);
            assert_eq!(loss > 400, !data, "{latency}: {second:?}");
            if !data {
                let erl = second.erl_db10.unwrap_or(0);
                assert!((93..=97).contains(&erl), "{second:?}");
            }
        }
    }

    #[test]
    fn gains_hold_and_saturate() {
        let mut port = PortDsp::new();
        port.set(&PortSound {
            gain_in_db10: 60,
            gain_out_db10: -70,
            ..PortSound::default()
        });
        let mut out = [10_000; TICK_SAMPLES];
        port.to_line(&mut out);
        assert_eq!(out, [4_466; TICK_SAMPLES]);
        let mut heard = [1_000; TICK_SAMPLES];
        heard[0] = i16::MIN;
        port.from_line(&mut heard, |_| {});
        assert_eq!((heard[0], heard[1]), (i16::MIN, 1_995));
    }

    #[test]
    fn without_a_key_a_dial_tone_is_no_key() {
        let mut port = listening();
        port.play(&LinePlay::Tone(steady([350, 440], -5)));
        for _ in 0..90 {
            let mut tx = [0; TICK_SAMPLES];
            port.to_line(&mut tx);
            port.from_line(&mut tx, |heard| panic!("{heard:?}"));
        }
    }
}
