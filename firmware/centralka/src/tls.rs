//! The box's certificate: made on the first start, kept in `DATA/tls`, used by SIP over TLS and by
//! the panel. An administrator may put another pair of files in its place.

use std::{
    fs,
    io::Write,
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::Path,
    sync::Arc,
};

use anyhow::{Context, Result};
use rustls::{
    ClientConfig, ServerConfig,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};

/// What the listeners and our own connections speak TLS with.
#[derive(Clone, Debug)]
pub(crate) struct Tls {
    pub(crate) server: Arc<ServerConfig>,
    pub(crate) client: Arc<ClientConfig>,
}

/// Reads the certificate of `data`, makes it if there is none.
pub(crate) fn load(data: &Path, names: &[String]) -> Result<Tls> {
    let dir = data.join("tls");
    let (cert, key) = (dir.join("cert.pem"), dir.join("key.pem"));
    if !cert.exists() || !key.exists() {
        make(&dir, names).context("the certificate of the box could not be made")?;
    }
    let chain = CertificateDer::pem_file_iter(&cert)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .with_context(|| format!("{} is no certificate in PEM form", cert.display()))?;
    let key_der = PrivateKeyDer::from_pem_file(&key)
        .with_context(|| format!("{} is no private key in PEM form", key.display()))?;
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let server = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(chain, key_der)
        .context("certificate and key in DATA/tls do not belong together")?;
    let client = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(phones::AnyPhone(provider)))
        .with_no_client_auth();
    Ok(Tls {
        server: Arc::new(server),
        client: Arc::new(client),
    })
}

fn make(dir: &Path, names: &[String]) -> Result<()> {
    // rcgen takes what reads as an address for an address.
    let fixed = ["localhost", "centralka.local", "127.0.0.1", "::1"];
    let mut all = fixed.map(str::to_owned).to_vec();
    all.extend(names.iter().cloned());
    let mut params = rcgen::CertificateParams::new(all)?;
    params
        .distinguished_name
        .push(rcgen::DnType::CommonName, "Centralka");
    let key = rcgen::KeyPair::generate()?;
    let cert = params.self_signed(&key)?;
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(dir)?;
    write_private(&dir.join("key.pem"), key.serialize_pem().as_bytes())?;
    write_private(&dir.join("cert.pem"), cert.pem().as_bytes())?;
    Ok(())
}

/// Writes a file that only we can read, whole or not at all.
pub(crate) fn write_private(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let part = path.with_extension("part");
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

mod phones {
    //! Phones have self-made certificates, if any. A connection that we make goes to the address
    //! of an authenticated registration; TLS keeps eavesdroppers out, the digest says who it is.

    use std::sync::Arc;

    use rustls::{
        DigitallySignedStruct, Error, SignatureScheme,
        client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
        crypto::CryptoProvider,
        pki_types::{CertificateDer, ServerName, UnixTime},
    };

    /// Takes any certificate, but checks that the far end holds its key.
    #[derive(Debug)]
    pub(super) struct AnyPhone(pub(super) Arc<CryptoProvider>);

    impl ServerCertVerifier for AnyPhone {
        fn verify_server_cert(
            &self,
            _: &CertificateDer<'_>,
            _: &[CertificateDer<'_>],
            _: &ServerName<'_>,
            _: &[u8],
            _: UnixTime,
        ) -> Result<ServerCertVerified, Error> {
            Ok(ServerCertVerified::assertion())
        }

        fn verify_tls12_signature(
            &self,
            message: &[u8],
            cert: &CertificateDer<'_>,
            dss: &DigitallySignedStruct,
        ) -> Result<HandshakeSignatureValid, Error> {
            let algorithms = &self.0.signature_verification_algorithms;
            rustls::crypto::verify_tls12_signature(message, cert, dss, algorithms)
        }

        fn verify_tls13_signature(
            &self,
            message: &[u8],
            cert: &CertificateDer<'_>,
            dss: &DigitallySignedStruct,
        ) -> Result<HandshakeSignatureValid, Error> {
            let algorithms = &self.0.signature_verification_algorithms;
            rustls::crypto::verify_tls13_signature(message, cert, dss, algorithms)
        }

        fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
            self.0.signature_verification_algorithms.supported_schemes()
        }
    }
}
