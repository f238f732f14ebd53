//! Digest authentication as a phone does it (RFC 8760).

use md5::Md5;
use sha2::{Digest, Sha256};

/// A challenge that the phone can answer.
#[derive(Clone, Debug)]
pub(super) struct Challenge {
    realm: String,
    nonce: String,
    sha256: bool,
    qop: bool,
    /// Requests that were answered with it.
    used: u32,
}

/// Takes the first of the challenges that the phone knows the algorithm of.
#[must_use]
pub(super) fn choose<'h>(
    headers: impl Iterator<Item = &'h str>,
    md5_only: bool,
) -> Option<Challenge> {
    headers
        .map(read)
        .find(|challenge| !(md5_only && challenge.sha256))
}

fn read(header: &str) -> Challenge {
    let field = |name: &str| {
        let at = header.find(&format!("{name}="))? + name.len() + 1;
        let rest = header.get(at..)?;
        let text = match rest.strip_prefix('"') {
            Some(quoted) => quoted.split('"').next(),
            None => rest.split([',', ' ']).next(),
        };
        text.map(str::to_owned)
    };
    Challenge {
        realm: field("realm").unwrap_or_default(),
        nonce: field("nonce").unwrap_or_default(),
        sha256: field("algorithm").is_some_and(|name| name == "SHA-256"),
        qop: field("qop").is_some(),
        used: 0,
    }
}

impl Challenge {
    /// The Authorization header for a request.
    #[must_use]
    pub(super) fn answer(&mut self, user: &str, password: &str, method: &str, uri: &str) -> String {
        self.used += 1;
        let hash = |text: String| match self.sha256 {
            true => hex(&Sha256::digest(text)),
            false => hex(&Md5::digest(text)),
        };
        let secret = hash(format!("{user}:{}:{password}", self.realm));
        let what = hash(format!("{method}:{uri}"));
        let (nonce, count) = (&self.nonce, self.used);
        let (response, qop) = if self.qop {
            let text = format!("{secret}:{nonce}:{count:08x}:c0ffee:auth:{what}");
            let qop = format!(", qop=auth, nc={count:08x}, cnonce=\"c0ffee\"");
            (hash(text), qop)
        } else {
            (hash(format!("{secret}:{nonce}:{what}")), String::new())
        };
        let algorithm = if self.sha256 { "SHA-256" } else { "MD5" };
        format!(
            "Digest username=\"{user}\", realm=\"{}\", nonce=\"{nonce}\", uri=\"{uri}\", \
             response=\"{response}\", algorithm={algorithm}{qop}",
            self.realm
        )
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 7616 §3.9.1 has another cnonce; what is checked here is RFC 2617's arithmetic without qop.
    #[test]
    fn a_known_answer() {
        let header =
            "Digest realm=\"testrealm@host.com\", nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\"";
        let mut challenge = choose([header].into_iter(), true).expect("MD5");
        let answer = challenge.answer("Mufasa", "Circle Of Life", "GET", "/dir/index.html");
        assert!(
            answer.contains("670fd8c2df070c60b045671b8b24ff02"),
            "{answer}"
        );
    }
}
