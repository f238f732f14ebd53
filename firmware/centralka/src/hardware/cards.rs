//! Channels of cards that DAHDI drives.

use std::sync::Arc;

use hal_board::{BoardFile, DahdiEntry};
use hal_dahdi::{DahdiError, DahdiLine, DahdiSet, Errno, Kernel, Params};
use hal_port::{AudioHalf, KindOnly, Port, PortKind};

use super::{
    missing::{NoSound, missing},
    open_board::{Jack, OpenBoard},
};

/// Opens the channels of the file; one that cannot be had is said in the log, and its port is out of service.
pub(super) fn add(file: &BoardFile, open: &mut OpenBoard) {
    let mut clocks = Clocks {
        sound_device: file.audio.is_some(),
        spans: Vec::new(),
    };
    for entry in &file.dahdi {
        let (port, audio, control) = channel(entry, &mut clocks).unwrap_or_else(|error| {
            tracing::error!(
                port = entry.name,
                channel = entry.channel,
                error,
                "the channel"
            );
            let (port, control) = missing(&entry.name, entry.kind());
            (port, Box::new(NoSound), control)
        });
        open.add_boxed(port, audio, control);
    }
}

/// The clocks of a board: its sound device, and each span that channels are of.
struct Clocks {
    sound_device: bool,
    spans: Vec<i32>,
}

impl Clocks {
    /// The number of this span's, from 0.
    fn of_span(&mut self, span: i32) -> u16 {
        let known = self.spans.iter().position(|&known| known == span);
        let place = known.unwrap_or_else(|| {
            self.spans.push(span);
            self.spans.len() - 1
        });
        u16::try_from(place + usize::from(self.sound_device)).unwrap_or(u16::MAX)
    }
}

fn channel(
    entry: &DahdiEntry,
    clocks: &mut Clocks,
) -> Result<(Port, Box<dyn AudioHalf>, Jack), String> {
    let kernel = Kernel::open(entry.channel).map_err(|error| error.to_string())?;
    let params = Params::of(&kernel).map_err(|error| error.to_string())?;
    let card = clocks.of_span(params.span());
    let (kernel, name) = (Arc::new(kernel), entry.name.clone());
    let words = |error| match error {
        DahdiError::Unsupported => "it is configured for another kind of port".to_owned(),
        DahdiError::Kernel(Errno(code)) => std::io::Error::from_raw_os_error(code).to_string(),
        error => format!("{error:?}"),
    };
    match entry.kind() {
        PortKind::Fxs => {
            let (set, audio) = DahdiSet::new(name, kernel).map_err(words)?;
            let audio = Box::new(audio.on_card(card));
            Ok((set.port(), audio, Box::new(KindOnly(set))))
        }
        PortKind::Fxo => {
            let (line, audio) = DahdiLine::new(name, kernel).map_err(words)?;
            let audio = Box::new(audio.on_card(card));
            Ok((line.port(), audio, Box::new(KindOnly(line))))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Clocks;

    #[test]
    fn channels_of_a_span_have_one_clock() {
        let numbers = |sound_device| {
            let mut clocks = Clocks {
                sound_device,
                spans: Vec::new(),
            };
            [4, 4, 2, 4, 2].map(|span| clocks.of_span(span))
        };
        assert_eq!(numbers(false), [0, 0, 1, 0, 1]);
        assert_eq!(numbers(true), [1, 1, 2, 1, 2]);
    }
}
