//! SIGTERM and SIGINT end the exchange in order, a second one at once; SIGHUP reads the
//! configuration file again.

use std::{sync::Arc, thread};

use signal_hook::{
    consts::{SIGHUP, SIGINT, SIGTERM},
    iterator::Signals,
};

use crate::{desk::Desk, notify, word::Word};

/// Starts the thread that hears signals; it lives as long as the process.
pub(crate) fn listen(desk: Arc<Desk>, grace_s: u16) -> std::io::Result<()> {
    let mut signals = Signals::new([SIGTERM, SIGINT, SIGHUP])?;
    thread::Builder::new()
        .name("signals".into())
        .spawn(move || {
            let mut asked = false;
            for signal in signals.forever() {
                if signal == SIGHUP {
                    desk.reload();
                    continue;
                }
                notify::stopping();
                let grace_s = if asked { 0 } else { grace_s };
                asked = true;
                // Said once it is so: whoever reads it may rely on it.
                match desk.mouth.say(Word::stop(grace_s)) {
                    Ok(()) => tracing::info!(grace_s, "stopping: new calls are refused"),
                    Err(error) => {
                        tracing::error!(%error, "the exchange does not hear the signal");
                    }
                }
            }
        })?;
    Ok(())
}
