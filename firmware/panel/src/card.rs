//! The card with what to type into a phone, and the same as a QR code.

use qrcode::{EcLevel, QrCode, render::svg};

use crate::{
    api::{PhoneCard, Transport},
    exchange::PhoneAccount,
};

/// The card of an account.
pub(crate) fn of(account: &PhoneAccount) -> PhoneCard {
    let uri = uri(account);
    PhoneCard {
        name: account.name.clone(),
        user: account.user.clone(),
        password: account.password.clone(),
        server: account.server.clone(),
        port: account.port,
        transport: account.transport,
        qr_svg: picture(&uri),
        uri,
    }
}

/// A SIP URI with user and password (RFC 3261 §19.1.1), which soft phones read from a QR code.
fn uri(account: &PhoneAccount) -> String {
    let transport = match account.transport {
        Transport::Udp => "udp",
        Transport::Tcp => "tcp",
        Transport::Tls => "tls",
        Transport::Ws | Transport::Wss => "ws",
    };
    let server = if account.server.contains(':') {
        format!("[{}]", account.server)
    } else {
        account.server.clone()
    };
    format!(
        "sip:{}:{}@{}:{};transport={transport}",
        escape(&account.user),
        escape(&account.password),
        server,
        account.port,
    )
}

/// RFC 3261 §25.1: `unreserved` stays, all else is escaped.
fn escape(text: &str) -> String {
    use std::fmt::Write as _;
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.!~*'()".contains(&byte) {
            out.push(char::from(byte));
        } else {
            // Writing to a String cannot fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

/// The picture is black on white in every theme: scanners expect that. Empty if the text is too
/// long for a QR code, in which case the card still shows it as words.
fn picture(text: &str) -> String {
    let code = QrCode::with_error_correction_level(text.as_bytes(), EcLevel::M);
    code.map_or_else(
        |_| String::new(),
        |code| {
            code.render::<svg::Color<'_>>()
                .min_dimensions(240, 240)
                .build()
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_uri_cannot_hold_is_escaped() {
        let account = PhoneAccount {
            name: "Jan".into(),
            user: "2005".into(),
            password: "a:b@c;d/é".into(),
            server: "fd00::1".into(),
            port: 5060,
            transport: Transport::Udp,
        };
        let card = of(&account);
        assert_eq!(
            card.uri,
            "sip:2005:a%3Ab%40c%3Bd%2F%C3%A9@[fd00::1]:5060;transport=udp"
        );
        assert!(card.qr_svg.contains("<svg"));
        assert!(!format!("{card:?}").contains("a:b"), "no password in logs");
    }
}
