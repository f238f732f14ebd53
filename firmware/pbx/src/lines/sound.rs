//! The sound of a line: its place in the media plane, and what is listened for on it.

use config::{Country, Tone};
use model::limits::{KNOWN_TONES, LEARNED_SIGNATURES};
use model::{KnownTone, LineTone, MediaCommand, MediaLeg, PortId, PortListens, PortSound};

use crate::{Pbx, pbx::Owner};

impl Pbx {
    /// A place in the media plane for the sound of a line.
    pub(super) fn open_line(&mut self, port: PortId, listens: PortListens) -> Option<MediaLeg> {
        let Some(media) = self.slots.take() else {
            self.counters.no_media_ports += 1;
            return None;
        };
        self.by_media.insert(media, Owner::Line(port));
        self.media(MediaCommand::AddPortLeg { leg: media, port });
        self.set_line_sound(port, media, listens);
        Some(media)
    }

    /// What is done to the sound of a line and listened for on it.
    pub(super) fn set_line_sound(&mut self, port: PortId, media: MediaLeg, listens: PortListens) {
        let Some(line) = self.lines.get(port) else {
            return;
        };
        let entry = line.entry.as_ref().and_then(|id| self.config.line(id));
        let mut learned = [None; LEARNED_SIGNATURES];
        for (slot, known) in learned.iter_mut().zip(&line.learned) {
            *slot = Some(*known);
        }
        let gain = |db: Option<i16>| 10 * db.unwrap_or_default();
        let sound = PortSound {
            gain_in_db10: gain(entry.map(|line| line.gain_from_line_db)),
            gain_out_db10: gain(entry.map(|line| line.gain_to_line_db)),
            echo: listens.tones.then(model::EchoSettings::default),
            listens,
            known: known_tones(&self.config.country),
            learned,
            ..PortSound::default()
        };
        self.media(MediaCommand::SetPortSound { leg: media, sound });
    }
}

/// What is listened for on a line in a call.
pub(super) const fn in_call() -> PortListens {
    PortListens {
        keys: true,
        caller_id: false,
        tones: true,
    }
}

/// What is listened for on a line on hook.
pub(super) const fn on_hook() -> PortListens {
    PortListens {
        keys: false,
        caller_id: true,
        tones: false,
    }
}

/// The tones of the country that a line is told, as it can know them.
fn known_tones(country: &Country) -> [Option<KnownTone>; KNOWN_TONES] {
    let mut known = [None; KNOWN_TONES];
    let tones = [
        (LineTone::Dial, Tone::Dial),
        (LineTone::Ringback, Tone::Ringback),
        (LineTone::Busy, Tone::Busy),
        (LineTone::Congestion, Tone::Congestion),
        (LineTone::SpecialInfo, Tone::SpecialInfo),
        (LineTone::Howler, Tone::Howler),
    ];
    for (slot, (says, tone)) in known.iter_mut().zip(tones) {
        *slot = KnownTone::of(says, country.tone(tone));
    }
    known
}
