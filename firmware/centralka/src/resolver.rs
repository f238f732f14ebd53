//! Looking up the name of the external address, where one is configured. The only DNS of the program.

use std::{net::ToSocketAddrs as _, sync::mpsc, thread, time::Duration};

use config::ExternalAddress;

use crate::{
    live::{InForce, current},
    word::{Mouth, Word},
};

/// How often the name is looked up again; the system's resolver does not tell how long it holds.
const LOOK_UP_EVERY: Duration = Duration::from_secs(300);

/// Starts the thread; it lives as long as the process and waits while no name is configured.
pub(crate) fn start(in_force: InForce, mouth: Mouth) -> std::io::Result<()> {
    thread::Builder::new()
        .name("resolver".into())
        .spawn(move || {
            // Nobody sends: the channel is only a clock that can be waited for.
            let (_never, pause) = mpsc::sync_channel::<()>(0);
            let mut known = None;
            loop {
                if let ExternalAddress::Name(name) = &current(&in_force).network.external_address {
                    let found = (name.as_str(), 0).to_socket_addrs().ok();
                    let address = found.and_then(|mut all| all.next()).map(|at| at.ip());
                    // A name that cannot be looked up now keeps its last address.
                    if address.is_some() && address != known {
                        known = address;
                        let _ = mouth.say(Word::External(address));
                    }
                }
                let _ = pause.recv_timeout(LOOK_UP_EVERY);
            }
        })?;
    Ok(())
}
