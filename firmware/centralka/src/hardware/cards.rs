//! Channels of cards that DAHDI drives.

use std::sync::Arc;

use hal_board::DahdiEntry;
use hal_dahdi::{DahdiError, DahdiLine, DahdiSet, Errno, Kernel};
use hal_port::{AudioHalf, KindOnly, Port, PortKind};

use super::{
    OpenBoard,
    chips::{NoSound, missing},
};
use crate::control::Jack;

/// Opens the channel; one that cannot be had is said in the log, and its port is out of service.
pub(super) fn add(entry: &DahdiEntry, open: &mut OpenBoard) {
    let (port, audio, control) = channel(entry).unwrap_or_else(|error| {
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

fn channel(entry: &DahdiEntry) -> Result<(Port, Box<dyn AudioHalf>, Jack), String> {
    let kernel = Kernel::open(entry.channel).map_err(|error| error.to_string())?;
    let (kernel, name) = (Arc::new(kernel), entry.name.clone());
    let words = |error| match error {
        DahdiError::Unsupported => "it is configured for another kind of port".to_owned(),
        DahdiError::Kernel(Errno(code)) => std::io::Error::from_raw_os_error(code).to_string(),
        error => format!("{error:?}"),
    };
    match entry.kind() {
        PortKind::Fxs => {
            let (set, audio) = DahdiSet::new(name, kernel).map_err(words)?;
            Ok((set.port(), Box::new(audio), Box::new(KindOnly(set))))
        }
        PortKind::Fxo => {
            let (line, audio) = DahdiLine::new(name, kernel).map_err(words)?;
            Ok((line.port(), Box::new(audio), Box::new(KindOnly(line))))
        }
    }
}
