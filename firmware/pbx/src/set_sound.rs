//! What is done to the sound of a set's port.

use config::Analog;
use model::{EchoSettings, MediaCommand, MediaLeg, PortId, PortListens, PortSound};

use crate::Pbx;

/// Shortest echo that the canceller looks for, in ms.
const TAIL_MIN_MS: u8 = 8;

impl Pbx {
    /// A fax machine was heard on a port that is not said to have one.
    pub(crate) fn tell_data_sound(&mut self, port: PortId, media: MediaLeg) {
        let jack = self.jacks.get(port);
        let set = jack.and_then(|jack| self.config.analog_on(&jack.name));
        let sound = PortSound {
            data: true,
            ..sound_of(set)
        };
        self.media(MediaCommand::SetPortSound { leg: media, sound });
    }

    /// Sets the sound of a port as its entry says. The country's loss plan is the line circuit's, see
    /// `line_profile`.
    pub(crate) fn tell_sound(&mut self, port: PortId, media: MediaLeg) {
        let jack = self.jacks.get(port);
        let set = jack.and_then(|jack| self.config.analog_on(&jack.name));
        let sound = sound_of(set);
        self.media(MediaCommand::SetPortSound { leg: media, sound });
    }
}

/// The sound of a port with this set: its keys are heard, its echo is taken out, and of a fax machine
/// nothing is touched.
fn sound_of(set: Option<&Analog>) -> PortSound {
    let listens = PortListens {
        keys: true,
        ..PortListens::default()
    };
    let Some(set) = set else {
        return PortSound {
            listens,
            ..PortSound::default()
        };
    };
    let echo = EchoSettings {
        tail_ms: set.echo_tail_ms.max(TAIL_MIN_MS),
        suppress: true,
    };
    PortSound {
        gain_in_db10: 10 * set.gain_from_set_db,
        gain_out_db10: 10 * set.gain_to_set_db,
        echo: (set.echo_tail_ms > 0 && !set.fax).then_some(echo),
        data: set.fax,
        listens,
        ..PortSound::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use config::Config;

    #[test]
    fn the_sound_is_as_the_entry_says() {
        let sound = |keys: &str| {
            let text = format!("[office]\ncountry = \"PL\"\n[[analog]]\nport = \"fxs1\"\n{keys}\n");
            let config = Config::parse(&text).expect("a legal text");
            sound_of(config.analog.first())
        };
        let tail = |keys: &str| sound(keys).echo.map(|echo| echo.tail_ms);
        assert_eq!(tail(""), Some(32));
        assert_eq!(tail("echo_tail_ms = 0"), None);
        assert_eq!(tail("echo_tail_ms = 3"), Some(8));
        assert_eq!(tail("echo_tail_ms = 128"), Some(128));
        assert_eq!(tail("fax = true"), None);
        let fax = sound("fax = true\ngain_to_set_db = -6\ngain_from_set_db = 3");
        assert!(fax.data && fax.listens.keys);
        assert_eq!((fax.gain_out_db10, fax.gain_in_db10), (-60, 30));
    }
}
