//! The box's own certificate authority: made at the first start, it signs one certificate with all
//! names and addresses that the box has. Who trusts it once sees a locked page ever after, offline too.

use std::{
    fs,
    os::unix::fs::DirBuilderExt as _,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};
use model::Wall;
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa,
    Issuer, KeyPair, KeyUsagePurpose, PKCS_ECDSA_P256_SHA256, PublicKeyData as _, SanType,
    date_time_ymd,
};
use serde::{Deserialize, Serialize};

use super::{names::Names, write_private};

/// Browsers refuse certificates that hold longer than 398 days.
const LEAF_DAYS: i64 = 397;
/// A certificate is renewed when it has fewer days left.
const RENEW_DAYS: i64 = 30;
const DAY_S: i64 = 86_400;

/// The authority and the certificate that it signed last.
#[derive(Debug)]
pub(super) struct Authority {
    dir: PathBuf,
    key: KeyPair,
    der: Vec<u8>,
    pem: String,
    /// What it may vouch for beside private names.
    granted: Names,
    leaf: Option<Leaf>,
}

/// What is known of the certificate in `box.pem`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Leaf {
    names: Names,
    /// Seconds since 1970.
    from_s: i64,
    until_s: i64,
}

impl Authority {
    /// The authority of this folder; a new one, which may vouch for `names`, if it has none.
    pub(super) fn open(dir: &Path, names: &Names) -> Result<Self> {
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(dir)?;
        let (key_file, pem_file) = (dir.join("ca-key.pem"), dir.join("ca.pem"));
        if !key_file.exists() || !pem_file.exists() {
            make(dir, names).context("the authority of the box could not be made")?;
        }
        let key = read_key(&key_file)?;
        let pem = fs::read_to_string(&pem_file)?;
        let der = rustls::pki_types::pem::PemObject::from_pem_slice(pem.as_bytes());
        let der: rustls::pki_types::CertificateDer<'static> =
            der.with_context(|| format!("{} is no certificate in PEM form", pem_file.display()))?;
        let granted = serde_json::from_slice(&fs::read(dir.join("ca.json"))?)
            .context("DATA/tls/ca.json cannot be read")?;
        // A description that cannot be read is made again with the certificate.
        let leaf = fs::read(dir.join("box.json")).ok();
        let leaf = leaf.and_then(|bytes| serde_json::from_slice(&bytes).ok());
        Ok(Self {
            dir: dir.to_owned(),
            key,
            der: der.to_vec(),
            pem,
            granted,
            leaf,
        })
    }

    /// The file of the certificate that is shown, with the authority's behind it.
    pub(super) fn leaf(&self) -> PathBuf {
        self.dir.join("box.pem")
    }

    /// The file of its key.
    pub(super) fn leaf_key(&self) -> PathBuf {
        self.dir.join("box-key.pem")
    }

    /// What the panel offers for download.
    pub(super) fn offered(&self) -> panel::Authority {
        panel::Authority {
            der: self.der.clone(),
            pem: self.pem.clone(),
        }
    }

    /// Signs a new certificate if there is none, its time is over soon or has not come, or the box
    /// has other names; whether it did. The key stays, so that phones that remember it go on.
    pub(super) fn renew_if_due(&mut self, wall: Wall, names: &Names) -> Result<bool> {
        let (covered, others) = names.divided(&self.granted);
        let now = wall.as_secs();
        let holds = self.leaf.as_ref().is_some_and(|leaf| {
            let in_time = leaf.from_s <= now && now < leaf.until_s - RENEW_DAYS * DAY_S;
            in_time && leaf.names == covered
        });
        if holds && self.leaf().exists() && self.leaf_key().exists() {
            return Ok(false);
        }
        if !others.is_empty() {
            tracing::warn!(
                names = others.join(" "),
                "the box's own authority does not vouch for these: put a certificate of your own \
                 into DATA/tls (cert.pem, key.pem), or remove DATA/tls/ca* to begin anew"
            );
        }
        self.sign(now, covered)?;
        Ok(true)
    }

    fn sign(&mut self, now: i64, names: Names) -> Result<()> {
        let key = match read_key(&self.leaf_key()) {
            Ok(key) => key,
            Err(_) => new_key(&self.leaf_key())?,
        };
        let (from_s, until_s) = (now - DAY_S, now + (LEAF_DAYS - 1) * DAY_S);
        let mut params = CertificateParams::default();
        let [from, until] = [from_s, until_s].map(date);
        params.not_before = date_time_ymd(from.0, from.1, from.2);
        params.not_after = date_time_ymd(until.0, until.1, until.2);
        params.distinguished_name = DistinguishedName::new();
        params
            .distinguished_name
            .push(DnType::CommonName, "Centralka");
        for name in &names.names {
            let name = name.as_str().try_into()?;
            params.subject_alt_names.push(SanType::DnsName(name));
        }
        for &address in &names.addresses {
            params.subject_alt_names.push(SanType::IpAddress(address));
        }
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.use_authority_key_identifier_extension = true;
        let own = params_of(&self.key, &self.granted);
        let cert = params.signed_by(&key, &Issuer::from_params(&own, &self.key))?;
        let chain = format!("{}{}", cert.pem(), self.pem);
        write_private(&self.leaf(), chain.as_bytes())?;
        let leaf = Leaf {
            names,
            from_s,
            until_s,
        };
        write_private(&self.dir.join("box.json"), &serde_json::to_vec(&leaf)?)?;
        self.leaf = Some(leaf);
        Ok(())
    }
}

fn make(dir: &Path, names: &Names) -> Result<()> {
    let key = new_key(&dir.join("ca-key.pem"))?;
    let cert = params_of(&key, names).self_signed(&key)?;
    write_private(&dir.join("ca.json"), &serde_json::to_vec(names)?)?;
    // Last: without it everything is made anew.
    write_private(&dir.join("ca.pem"), cert.pem().as_bytes())?;
    Ok(())
}

/// The authority's certificate. Its dates do not depend on the clock of a first start.
fn params_of(key: &KeyPair, granted: &Names) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.not_before = date_time_ymd(2025, 1, 1);
    params.not_after = date_time_ymd(2049, 12, 31);
    params.distinguished_name = DistinguishedName::new();
    // The number tells boxes apart in a browser's list.
    let digest = panel::fingerprint(key.der_bytes());
    let number: String = digest.chars().filter(|c| *c != ':').take(8).collect();
    let name = format!("Centralka box {number}");
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params.name_constraints = Some(granted.constraints());
    params
}

/// Year, month and day; certificates need not be more exact.
fn date(seconds: i64) -> (i32, u8, u8) {
    let at = jiff::Timestamp::from_second(seconds).unwrap_or_default();
    let date = at.to_zoned(jiff::tz::TimeZone::UTC).date();
    let small = |n: i8| u8::try_from(n).unwrap_or(1);
    (date.year().into(), small(date.month()), small(date.day()))
}

fn new_key(file: &Path) -> Result<KeyPair> {
    let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
    write_private(file, key.serialize_pem().as_bytes())?;
    Ok(key)
}

fn read_key(file: &Path) -> Result<KeyPair> {
    let text = fs::read_to_string(file)?;
    KeyPair::from_pem(&text)
        .with_context(|| format!("{} is no private key in PEM form", file.display()))
}

#[cfg(test)]
mod tests;
