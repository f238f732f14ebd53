//! Web passwords: argon2id, and the comparison of the claim code.

use argon2::{
    Argon2,
    password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash},
};

/// Shortest password in characters (NIST SP 800-63B asks for 8 at least; length beats rules).
pub(crate) const PASSWORD_CHARS_MIN: usize = 10;
/// Longest password in bytes, so that hashing stays short.
pub(crate) const PASSWORD_BYTES_MAX: usize = 200;

/// A hash that is nobody's and takes as long to check as a real one, so that an unknown login
/// cannot be told from a wrong password by time.
pub(crate) const DECOY: &str = "$argon2id$v=19$m=19456,t=2,p=1$Y2VudHJhbGthIGRlY295$\
    AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// The password as a PHC string with a fresh salt; argon2id, 19 MiB, 2 passes. `None` only when
/// the system gives no randomness. Takes tens of milliseconds.
pub(crate) fn hash(password: &str) -> Option<String> {
    Argon2::default()
        .hash_password(password.as_bytes())
        .ok()
        .map(|hash| hash.to_string())
}

/// Whether the password is the one behind the PHC string. Takes as long as [`hash`].
pub(crate) fn is_right(password: &str, hash: &str) -> bool {
    PasswordHash::new(hash).is_ok_and(|hash| {
        Argon2::default()
            .verify_password(password.as_bytes(), &hash)
            .is_ok()
    })
}

/// Whether a typed claim code is the right one, in time that does not depend on where they differ.
/// Case, dashes and spaces do not count.
pub(crate) fn is_code(typed: &str, right: &str) -> bool {
    let (typed, right) = (plain_code(typed), plain_code(right));
    let same_length = typed.len() == right.len();
    let differing = typed
        .iter()
        .zip(&right)
        .fold(0u8, |sum, (a, b)| sum | (a ^ b));
    same_length && differing == 0 && right.len() >= 8
}

fn plain_code(code: &str) -> Vec<u8> {
    code.bytes()
        .filter(u8::is_ascii_alphanumeric)
        .map(|b| b.to_ascii_uppercase())
        .take(64)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_knows_its_password_only() {
        let hash = hash("correct horse").expect("randomness");
        assert!(hash.starts_with("$argon2id$"), "{hash}");
        assert!(is_right("correct horse", &hash));
        assert!(!is_right("correct house", &hash));
        assert!(!is_right("correct horse", "no hash"));
        let settings = |hash: &str| hash.rsplitn(3, '$').last().map(str::to_owned);
        assert_eq!(settings(DECOY), settings(&hash), "both take the same time");
        assert!(PasswordHash::new(DECOY).is_ok());
    }

    #[test]
    fn codes_are_forgiving_about_form_only() {
        assert!(is_code("abcd-2345", "ABCD-2345"));
        assert!(is_code(" abcd 2345 ", "ABCD-2345"));
        for wrong in ["", "ABCD-2346", "ABCD", "ABCD-23456", "-"] {
            assert!(!is_code(wrong, "ABCD-2345"), "{wrong}");
        }
        assert!(!is_code("", ""), "an empty code opens nothing");
        assert!(!is_code("ABC", "ABC"), "a short code opens nothing");
    }
}
