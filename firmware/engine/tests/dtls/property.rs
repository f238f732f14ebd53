//! What must hold for any datagrams that are said to be DTLS, in the settings of our handshakes; used by
//! the fuzz target too. The input is a row of datagrams, each led by its length in two octets.

use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use dimpl::{Config, Dtls, DtlsCertificate, Output, certificate};

/// Things that one datagram may make a handshake say, at most.
const SAID_MAX: usize = 100;

/// Settings and certificate, made once.
fn ours() -> &'static (Arc<Config>, DtlsCertificate) {
    static OURS: OnceLock<(Arc<Config>, DtlsCertificate)> = OnceLock::new();
    OURS.get_or_init(|| {
        let config = Config::builder().build().expect("our settings");
        let certificate = certificate::generate_self_signed_certificate().expect("randomness");
        (Arc::new(config), certificate)
    })
}

/// The datagrams of an input; lengths that lie end it.
pub(crate) fn datagrams(data: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = data;
    std::iter::from_fn(move || {
        let (length, after) = rest.split_first_chunk::<2>()?;
        let length = usize::from(u16::from_be_bytes(*length)).min(after.len());
        let (datagram, after) = after.split_at(length);
        rest = after;
        Some(datagram)
    })
}

/// Both roles bear everything, come to rest, and nobody gets keys out of what somebody else said.
pub(crate) fn dtls(data: &[u8]) {
    let (config, certificate) = ours();
    let at = start();
    let server = Dtls::new_auto(config.clone(), certificate.clone(), at);
    let mut client = Dtls::new_12(config.clone(), certificate.clone(), at);
    client.set_active(true);
    for mut handshake in [server, client] {
        if rest(&mut handshake).is_none() {
            continue;
        }
        for (n, datagram) in (1..).zip(datagrams(data)) {
            let now = at + n * Duration::from_millis(50);
            let took = handshake
                .handle_timeout(now)
                .and_then(|()| handshake.handle_packet(datagram));
            if took.is_err() || rest(&mut handshake).is_none() {
                break;
            }
        }
    }
}

/// Takes everything out that it has to say; `None` when it is over.
fn rest(handshake: &mut Dtls) -> Option<()> {
    let mut buffer = [0; 2_048];
    for _ in 0..SAID_MAX {
        match handshake.poll_output(&mut buffer) {
            Output::Timeout(_) => return Some(()),
            Output::KeyingMaterial(..) => panic!("keys from a recording"),
            Output::BufferTooSmall { needed } => panic!("a datagram of {needed} octets"),
            _ => {}
        }
    }
    panic!("it does not come to rest");
}

#[allow(
    clippy::disallowed_methods,
    reason = "only the library's beginning of time: what is counted from it is handed in"
)]
fn start() -> Instant {
    Instant::now()
}
