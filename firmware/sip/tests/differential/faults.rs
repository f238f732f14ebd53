//! Where rsip 0.4.0 reads a legal message wrongly, found by comparing. Each entry says which
//! disagreements it explains and brings a sample that proves it.

/// One fault of rsip.
pub(crate) struct RsipFault {
    /// Its name in messages of the tests.
    pub(crate) name: &'static str,
    /// Whether it explains that `field` differs in the message `data`.
    pub(crate) explains: fn(&str, &[u8]) -> bool,
    /// A message that shows it.
    pub(crate) sample: &'static str,
    /// The field that shows it, and its right reading.
    pub(crate) reading: (&'static str, &'static str),
}

fn text(data: &[u8]) -> String {
    String::from_utf8_lossy(data).to_ascii_lowercase()
}

fn contains(data: &[u8], what: &[&str]) -> bool {
    let text = text(data);
    what.iter().any(|what| text.contains(what))
}

macro_rules! sample {
    ($($line:literal)*) => {
        concat!("OPTIONS sip:office SIP/2.0\r\n", $($line, "\r\n",)* "Max-Forwards: 70\r\n",
                "Call-ID: c\r\nCSeq: 1 OPTIONS\r\n")
    };
}

/// The list.
pub(crate) const FAULTS: &[RsipFault] = &[
    RsipFault {
        name: "tel URI read as host `tel`",
        explains: |field, data| {
            contains(data, &["tel:"]) && ["user", "host", "port"].iter().any(|f| field.ends_with(f))
        },
        sample: concat!(
            sample!("Via: SIP/2.0/UDP h;branch=z9hG4bK1" "From: <tel:+12>;tag=1" "To: <sip:a@b>"),
            "\r\n"
        ),
        reading: ("from user", "+12"),
    },
    RsipFault {
        name: "headers of a URI read as part of its host",
        explains: |field, data| {
            contains(data, &["?"]) && ["host", "user", "port"].iter().any(|f| field.ends_with(f))
        },
        sample: concat!(
            sample!("Via: SIP/2.0/UDP h;branch=z9hG4bK1" "From: <sip:a@b>;tag=1"
                    "To: <sip:a@b>" "Contact: <sip:c@d?Replaces=e>"),
            "\r\n"
        ),
        reading: ("contact host", "d"),
    },
    RsipFault {
        name: "a user with a dot read as part of the host",
        explains: |field, data| {
            let user_with_dot = |piece: &str| {
                let end = piece.find(['@', '\r', ' ']).unwrap_or(0);
                piece[..end].contains('.') && piece[end..].starts_with('@')
            };
            let text = text(data);
            let any = text
                .split("sip:")
                .chain(text.split("sips:"))
                .skip(1)
                .any(user_with_dot);
            any && ["host", "user", "port"].iter().any(|f| field.ends_with(f))
        },
        sample: concat!(
            sample!("Via: SIP/2.0/UDP h;branch=z9hG4bK1" "From: <sip:a.b@c>;tag=1" "To: <sip:a@b>"),
            "\r\n"
        ),
        reading: ("from user", "a.b"),
    },
    RsipFault {
        name: "the quotes stay in a display name",
        explains: |field, data| field == "from name" && contains(data, &["from: \"", "f: \""]),
        sample: concat!(
            sample!("Via: SIP/2.0/UDP h;branch=z9hG4bK1" "From: \"a b\" <sip:a@b>;tag=1" "To: <sip:a@b>"),
            "\r\n"
        ),
        reading: ("from name", "a b"),
    },
    RsipFault {
        name: "white space around parameters loses them",
        explains: |field, data| {
            let spaced = contains(data, &[" ;", "; ", " =", "= "]);
            spaced
                && ["tag", "branch", "host", "port"]
                    .iter()
                    .any(|f| field.ends_with(f))
        },
        sample: concat!(
            sample!("Via: SIP/2.0/UDP h;branch=z9hG4bK1" "From: <sip:a@b>; tag=1" "To: <sip:a@b>"),
            "\r\n"
        ),
        reading: ("from tag", "1"),
    },
    RsipFault {
        name: "of several Vias in a line only the first is kept",
        explains: |field, data| field.starts_with("via ") && contains(data, &[", sip/2.0/"]),
        sample: concat!(
            sample!("Via: SIP/2.0/UDP h;branch=z9hG4bK1, SIP/2.0/UDP i;branch=z9hG4bK2"
                    "From: <sip:a@b>;tag=1" "To: <sip:a@b>"),
            "\r\n"
        ),
        reading: ("via count", "2"),
    },
    RsipFault {
        name: "Content-Length is ignored",
        explains: |field, data| field == "body" && contains(data, &["content-length", "\nl:"]),
        sample: concat!(
            sample!("Via: SIP/2.0/UDP h;branch=z9hG4bK1" "From: <sip:a@b>;tag=1" "To: <sip:a@b>"),
            "Content-Length: 1\r\n\r\nabc"
        ),
        reading: ("body", "a"),
    },
    RsipFault {
        name: "compact names are unknown",
        explains: |field, data| {
            let compact = ["\nv:", "\nf:", "\nt:", "\ni:", "\nm:", "\nl:"];
            contains(data, &compact) && field != "method" && field != "status"
        },
        sample: concat!(
            sample!("v: SIP/2.0/UDP h;branch=z9hG4bK1" "From: <sip:a@b>;tag=1" "To: <sip:a@b>"),
            "\r\n"
        ),
        reading: ("via host", "h"),
    },
    RsipFault {
        name: "a display name with brackets is refused",
        explains: |field, data| field.starts_with("from ") && contains(data, &["<x>\" <"]),
        sample: concat!(
            sample!("Via: SIP/2.0/UDP h;branch=z9hG4bK1" "From: \"a <x>\" <sip:a@b>;tag=1"
                    "To: <sip:a@b>"),
            "\r\n"
        ),
        reading: ("from tag", "1"),
    },
    RsipFault {
        name: "a folded header refuses the message",
        explains: |_, data| contains(data, &["\r\n "]),
        sample: concat!(
            sample!("Via: SIP/2.0/UDP h\r\n ;branch=z9hG4bK1" "From: <sip:a@b>;tag=1"
                    "To: <sip:a@b>"),
            "\r\n"
        ),
        reading: ("via branch", "z9hG4bK1"),
    },
];
