//! The box's own certificate authority, as the panel offers it: who trusts it sees a locked page.

use sha2::{Digest, Sha256};

/// The authority's certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Authority {
    /// In DER form.
    pub der: Vec<u8>,
    /// In PEM form.
    pub pem: String,
}

impl Authority {
    /// SHA-256 of the certificate, to be compared before it is trusted.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        fingerprint(&self.der)
    }
}

/// SHA-256 as browsers show it: pairs of capital hexadecimal digits with colons between.
#[must_use]
pub fn fingerprint(bytes: &[u8]) -> String {
    let pairs = Sha256::digest(bytes);
    let pairs: Vec<String> = pairs.iter().map(|byte| format!("{byte:02X}")).collect();
    pairs.join(":")
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_fingerprint_reads_like_those_of_browsers() {
        let empty = super::fingerprint(b"");
        assert!(empty.starts_with("E3:B0:C4:42:98:FC:1C:14:"), "{empty}");
        assert_eq!(empty.len(), 32 * 3 - 1);
    }
}
