//! The forms of single values: each function takes the text of one value and says what it means
//! or which rule it breaks.

use std::net::SocketAddr;

use model::{EntryId, Number};

use crate::problem::{Bad, Fault, cut};

/// Fewest characters of a password.
pub const PASSWORD_LEN_MIN: usize = 6;
/// Most characters of a password: what the phones of all makers can store.
pub const PASSWORD_LEN_MAX: usize = 64;
/// Most digits of an extension.
pub const EXTENSION_LEN_MAX: usize = 12;

pub(crate) fn id(text: &str) -> Result<EntryId, Bad> {
    let expected = "an id: 1 to 40 characters of a-z 0-9 _ -";
    EntryId::new(text).map_err(|_| Bad::malformed(text, expected))
}

/// What can be dialled, with `*` and `#` and a leading `+`.
pub(crate) fn number(text: &str) -> Result<Number, Bad> {
    let expected = "a number that can be dialled: 1 to 32 of 0-9 * # and a leading +";
    Number::new(text).map_err(|_| Bad::malformed(text, expected))
}

/// A dial code; the empty text switches the code off.
pub(crate) fn code(text: &str) -> Result<Option<Number>, Bad> {
    if text.is_empty() {
        return Ok(None);
    }
    if text.len() > EXTENSION_LEN_MAX || text.contains('+') {
        return Err(Bad::malformed(
            text,
            "a dial code: 1 to 12 of 0-9 * #, or nothing for none",
        ));
    }
    number(text).map(Some)
}

/// A code for people in a call: no number begins like it, and no key but its first begins it.
pub(crate) fn in_call_code(text: &str) -> Result<Option<Number>, Bad> {
    if !text.is_empty() && (text.len() < 2 || !text.starts_with(['*', '#'])) {
        let expected = "a code for a call: * or # and 1 to 11 of 0-9 * #, or nothing for none";
        return Err(Bad::malformed(text, expected));
    }
    code(text)
}

pub(crate) fn extension(text: &str) -> Result<Number, Bad> {
    let digits = text.bytes().all(|b| b.is_ascii_digit());
    if !digits || text.is_empty() || text.len() > EXTENSION_LEN_MAX {
        return Err(Bad::malformed(text, "an extension: 1 to 12 digits"));
    }
    number(text)
}

/// A number of the public network in the international form of E.164.
pub(crate) fn e164(text: &str) -> Result<Number, Bad> {
    let expected = "a number in international form: + and 3 to 15 digits";
    let digits = text.strip_prefix('+').unwrap_or_default();
    let legal = digits.bytes().all(|b| b.is_ascii_digit()) && (3..=15).contains(&digits.len());
    if !legal || digits.starts_with('0') {
        return Err(Bad::malformed(text, expected));
    }
    number(text)
}

pub(crate) fn login(text: &str) -> Result<String, Bad> {
    let legal = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"._-@+".contains(&b);
    if text.is_empty() || text.len() > 64 || !text.bytes().all(legal) {
        let expected = "a login: 1 to 64 characters of a-z 0-9 . _ - @ +";
        return Err(Bad::malformed(text, expected));
    }
    Ok(text.into())
}

/// The user part of a SIP address, RFC 3261 §25.1, narrowed to what every phone's menu can enter.
pub(crate) fn sip_user(text: &str) -> Result<String, Bad> {
    let legal = |b: u8| b.is_ascii_alphanumeric() || b"._-".contains(&b);
    if text.is_empty() || text.len() > 40 || !text.bytes().all(legal) {
        let expected = "a SIP user name: 1 to 40 characters of A-Z a-z 0-9 . _ -";
        return Err(Bad::malformed(text, expected));
    }
    Ok(text.into())
}

/// A password that every phone can store and send.
pub(crate) fn password(text: &str) -> Result<String, Bad> {
    let length = text.chars().count();
    if let Some(at) = text.chars().position(|c| !(' '..='~').contains(&c)) {
        let params = vec![("at", (at + 1).to_string())];
        return Err(Bad {
            rule: Fault::PasswordCharacter,
            params,
        });
    }
    let (rule, name, limit) = if length < PASSWORD_LEN_MIN {
        (Fault::PasswordShort, "min", PASSWORD_LEN_MIN)
    } else if length > PASSWORD_LEN_MAX {
        (Fault::Long, "max", PASSWORD_LEN_MAX)
    } else {
        return Ok(text.into());
    };
    let params = vec![("length", length.to_string()), (name, limit.to_string())];
    Err(Bad { rule, params })
}

/// The SHA-256 of a sound, in small hexadecimal digits.
pub(crate) fn sound(text: &str) -> Result<String, Bad> {
    let digit = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
    if text.len() != 64 || !text.bytes().all(digit) {
        return Err(Bad::malformed(text, "64 digits of 0-9 and a-f"));
    }
    Ok(text.into())
}

pub(crate) fn pin(text: &str) -> Result<String, Bad> {
    let digits = text.bytes().all(|b| b.is_ascii_digit());
    if !digits || !(4..=12).contains(&text.len()) {
        return Err(Bad::malformed("…", "a PIN: 4 to 12 digits"));
    }
    Ok(text.into())
}

/// Enough of RFC 5321 §4.1.2 to catch slips; the mail server judges the rest.
pub(crate) fn email(text: &str) -> Result<String, Bad> {
    let legal = |c: char| !c.is_whitespace() && !c.is_control() && !"<>\",;:()[]\\".contains(c);
    let good = text.len() <= 254
        && text.chars().all(legal)
        && text.split_once('@').is_some_and(|(user, host)| {
            !user.is_empty() && !host.contains('@') && host_name(host).is_ok()
        });
    if good {
        Ok(text.into())
    } else {
        Err(Bad::malformed(text, "an e-mail address"))
    }
}

/// An address and port on which the box listens; port 0 lets the system choose.
pub(crate) fn socket(text: &str) -> Result<SocketAddr, Bad> {
    let expected = "an address and port like 0.0.0.0:5060 or [::]:5060";
    text.parse().map_err(|_| Bad::malformed(text, expected))
}

/// Like [`socket`], or `off`.
pub(crate) fn socket_or_off(text: &str) -> Result<Option<SocketAddr>, Bad> {
    if text == "off" {
        return Ok(None);
    }
    let expected = "an address and port like 0.0.0.0:8080, or `off`";
    text.parse()
        .map(Some)
        .map_err(|_| Bad::malformed(text, expected))
}

/// A name of the DNS or an IP address, without port.
pub(crate) fn host_name(text: &str) -> Result<String, Bad> {
    let label = |part: &str| {
        (1..=63).contains(&part.len())
            && part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
            && !part.starts_with('-')
            && !part.ends_with('-')
    };
    let address = text.parse::<std::net::IpAddr>().is_ok();
    if address || (text.len() <= 253 && text.split('.').all(label)) {
        Ok(text.into())
    } else {
        Err(Bad::malformed(text, "a host name or an IP address"))
    }
}

/// One of `choices` by its written name.
pub(crate) fn choice<T: Copy>(text: &str, choices: &[(&str, T)]) -> Result<T, Bad> {
    let found = choices.iter().find(|(name, _)| *name == text);
    found.map(|(_, value)| *value).ok_or_else(|| {
        let names: Vec<_> = choices.iter().map(|(name, _)| *name).collect();
        let params = vec![("value", cut(text)), ("choices", names.join(", "))];
        Bad {
            rule: Fault::Choice,
            params,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_extensions_and_codes() {
        assert!(extension("2005").is_ok());
        for bad in ["", "*43", "20 05", "٢٠٠٥", "1234567890123"] {
            assert!(extension(bad).is_err(), "{bad:?}");
        }
        assert!(matches!(code(""), Ok(None)));
        assert!(matches!(code("#44"), Ok(Some(_))));
        assert!(code("+48").is_err());
        assert!(e164("+48221234567").is_ok());
        for bad in ["48221234567", "+0123", "+", "+12345678901234567"] {
            assert!(e164(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn names_of_the_net() {
        for good in ["sip.example.org", "10.0.0.1", "::1", "box"] {
            assert!(host_name(good).is_ok(), "{good}");
        }
        for bad in ["", "a..b", "-a", "a b", "http://x"] {
            assert!(host_name(bad).is_err(), "{bad}");
        }
        assert!(email("jan@kowalski.example").is_ok());
        for bad in ["jan", "@x", "a b@c", "a@b@c", "a@\n"] {
            assert!(email(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn passwords_are_what_phones_can_store() {
        assert!(password("pw2001").is_ok());
        assert!(password("short").is_err());
        assert!(password("zażółć-gęślą").is_err());
        assert!(password(&"x".repeat(65)).is_err());
    }
}
