//! What SIP over TLS and the panel's https show: a certificate signed by the box's own authority, or
//! the pair of files that an administrator put into `DATA/tls`.

mod authority;
mod names;
mod phones;
mod shown;

use std::{
    fs,
    io::Write,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError, mpsc},
    thread,
    time::Duration,
};

use anyhow::{Context, Result};
use config::Config;
use model::Wall;
use rustls::{
    ClientConfig, ServerConfig,
    crypto::CryptoProvider,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    sign::CertifiedKey,
};

use self::{authority::Authority, names::Names, shown::Shown};
use crate::{
    clock::Clock,
    live::{InForce, current},
};

/// How often names, addresses and dates are looked at.
const LOOK_EVERY: Duration = Duration::from_secs(60);

/// What the listeners and our own connections speak TLS with.
#[derive(Clone, Debug)]
pub(crate) struct Tls {
    pub(crate) server: Arc<ServerConfig>,
    pub(crate) client: Arc<ClientConfig>,
    /// The authority's certificate for the panel to offer; none when the office brought its own.
    pub(crate) authority: Option<panel::Authority>,
    keeper: Arc<Keeper>,
}

/// Looks after the certificate that is shown.
#[derive(Debug)]
struct Keeper {
    shown: Arc<Shown>,
    provider: Arc<CryptoProvider>,
    /// None: the pair of files of the office is shown, and nothing is renewed.
    authority: Option<Mutex<Authority>>,
}

/// Reads what `data` has to show; makes the authority and its first certificate if there is none.
pub(crate) fn load(data: &Path, config: &Config, wall: Wall) -> Result<Tls> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let dir = data.join("tls");
    let (cert, key) = (dir.join("cert.pem"), dir.join("key.pem"));
    let (authority, first) = if cert.exists() && key.exists() {
        (None, certified(&cert, &key, &provider)?)
    } else {
        let names = Names::of_box(config);
        let mut authority = Authority::open(&dir, &names)?;
        authority.renew_if_due(wall, &names)?;
        let first = certified(&authority.leaf(), &authority.leaf_key(), &provider)?;
        (Some(authority), first)
    };
    let shown = Arc::new(Shown::new(first));
    let server = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_cert_resolver(Arc::clone(&shown) as Arc<_>);
    let client = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(phones::AnyPhone(Arc::clone(&provider))))
        .with_no_client_auth();
    Ok(Tls {
        server: Arc::new(server),
        client: Arc::new(client),
        authority: authority.as_ref().map(Authority::offered),
        keeper: Arc::new(Keeper {
            shown,
            provider,
            authority: authority.map(Mutex::new),
        }),
    })
}

impl Tls {
    /// Starts the thread that renews the certificate when the box's names or addresses change and
    /// before it ends. It lives as long as the process.
    pub(crate) fn keep_fresh(&self, in_force: InForce, clock: Clock) -> std::io::Result<()> {
        let keeper = Arc::clone(&self.keeper);
        if keeper.authority.is_none() {
            return Ok(());
        }
        thread::Builder::new()
            .name("certificate".into())
            .spawn(move || {
                // Nobody sends: the channel is only a clock that can be waited for.
                let (_never, pause) = mpsc::sync_channel::<()>(0);
                loop {
                    let _ = pause.recv_timeout(LOOK_EVERY);
                    let names = Names::of_box(&current(&in_force));
                    match keeper.refresh(clock.now().wall, &names) {
                        Ok(true) => tracing::info!("the certificate of the box was renewed"),
                        Ok(false) => {}
                        Err(error) => {
                            tracing::error!(%error, "the certificate could not be renewed");
                        }
                    }
                }
            })?;
        Ok(())
    }
}

impl Keeper {
    /// Renews what is shown if it is time; whether it was.
    fn refresh(&self, wall: Wall, names: &Names) -> Result<bool> {
        let Some(authority) = &self.authority else {
            return Ok(false);
        };
        let mut authority = authority.lock().unwrap_or_else(PoisonError::into_inner);
        if !authority.renew_if_due(wall, names)? {
            return Ok(false);
        }
        let fresh = certified(&authority.leaf(), &authority.leaf_key(), &self.provider)?;
        self.shown.replace(fresh);
        Ok(true)
    }
}

/// A certificate chain with its key, which must belong together.
fn certified(cert: &Path, key: &Path, provider: &CryptoProvider) -> Result<CertifiedKey> {
    let chain = CertificateDer::pem_file_iter(cert)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .with_context(|| format!("{} is no certificate in PEM form", cert.display()))?;
    let private = PrivateKeyDer::from_pem_file(key)
        .with_context(|| format!("{} is no private key in PEM form", key.display()))?;
    CertifiedKey::from_der(chain, private, provider).with_context(|| {
        format!(
            "{} and {} do not belong together",
            cert.display(),
            key.display()
        )
    })
}

/// Writes a file that only we can read, whole or not at all.
pub(crate) fn write_private(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let mut part = PathBuf::from(path).into_os_string();
    part.push(".part");
    let mut file = fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&part)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&part, path)
}
