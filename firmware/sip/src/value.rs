//! Small header values: CSeq, RAck, Session-Expires, Replaces, Reason, Event, media types.

use core::fmt;

use crate::{
    Fault, Method, Params,
    grammar::{find, is_token, number, quote, split, split_at_space, trim},
};

/// CSeq (RFC 3261 §20.16). The number is below 2³¹ where we write it; any 32 bits are read.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CSeq {
    /// The sequence number.
    pub number: u32,
    /// The method of the request.
    pub method: Method,
}

impl CSeq {
    /// Reads `number method`.
    ///
    /// # Errors
    /// [`Fault::Malformed`].
    pub fn parse(text: &str) -> Result<Self, Fault> {
        const BAD: Fault = Fault::Malformed("CSeq");
        let (digits, method) = split_at_space(trim(text)).ok_or(BAD)?;
        Ok(Self {
            number: number(digits).ok_or(BAD)?,
            method: Method::from_token(trim(method)).ok_or(BAD)?,
        })
    }
}

impl fmt::Display for CSeq {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.number, self.method)
    }
}

/// RAck (RFC 3262 §7.2).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RAck {
    /// RSeq of the provisional response.
    pub rseq: u32,
    /// CSeq of the request it answered.
    pub cseq: CSeq,
}

impl RAck {
    /// Reads `rseq number method`.
    ///
    /// # Errors
    /// [`Fault::Malformed`].
    pub fn parse(text: &str) -> Result<Self, Fault> {
        const BAD: Fault = Fault::Malformed("RAck");
        let (rseq, rest) = trim(text).split_once([' ', '\t']).ok_or(BAD)?;
        Ok(Self {
            rseq: number(rseq).ok_or(BAD)?,
            cseq: CSeq::parse(rest).map_err(|_| BAD)?,
        })
    }
}

impl fmt::Display for RAck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.rseq, self.cseq)
    }
}

/// Who refreshes a session (RFC 4028 §4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Refresher {
    /// The side that sent the request.
    Uac,
    /// The side that answered it.
    Uas,
}

/// Session-Expires (RFC 4028 §4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SessionExpires {
    /// Seconds.
    pub seconds: u32,
    /// Who refreshes, if said.
    pub refresher: Option<Refresher>,
}

impl SessionExpires {
    /// Reads `seconds *(;param)`. An unknown refresher counts as none.
    ///
    /// # Errors
    /// [`Fault::Malformed`] or [`Fault::Params`].
    pub fn parse(text: &str) -> Result<Self, Fault> {
        let at = find(text, b';').unwrap_or(text.len());
        let seconds = number(trim(&text[..at])).ok_or(Fault::Malformed("Session-Expires"))?;
        let params = Params::parse(&text[at..])?;
        let refresher = match params.get("refresher") {
            Some(who) if who.eq_ignore_ascii_case("uac") => Some(Refresher::Uac),
            Some(who) if who.eq_ignore_ascii_case("uas") => Some(Refresher::Uas),
            _ => None,
        };
        Ok(Self { seconds, refresher })
    }
}

impl fmt::Display for SessionExpires {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.seconds)?;
        match self.refresher {
            Some(Refresher::Uac) => f.write_str(";refresher=uac"),
            Some(Refresher::Uas) => f.write_str(";refresher=uas"),
            None => Ok(()),
        }
    }
}

/// Replaces (RFC 3891 §6.1).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Replaces {
    /// Call-ID of the dialog to be replaced.
    pub call_id: String,
    /// Its tag at the receiver of this header.
    pub to_tag: String,
    /// Its tag at the other side.
    pub from_tag: String,
    /// Only if that dialog is not yet confirmed.
    pub early_only: bool,
}

impl Replaces {
    /// Reads `call-id;to-tag=..;from-tag=..[;early-only]`.
    ///
    /// # Errors
    /// [`Fault::Malformed`] if a tag is missing, or [`Fault::Params`].
    pub fn parse(text: &str) -> Result<Self, Fault> {
        const BAD: Fault = Fault::Malformed("Replaces");
        let (call_id, params) = text.split_once(';').ok_or(BAD)?;
        let params = Params::parse(params)?;
        let tag = |name| params.get(name).filter(|tag| !tag.is_empty()).ok_or(BAD);
        let call_id = trim(call_id);
        if call_id.is_empty() || call_id.contains([' ', '\t']) {
            return Err(BAD);
        }
        Ok(Self {
            call_id: call_id.to_owned(),
            to_tag: tag("to-tag")?.to_owned(),
            from_tag: tag("from-tag")?.to_owned(),
            early_only: params.contains("early-only"),
        })
    }
}

impl fmt::Display for Replaces {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            call_id,
            to_tag,
            from_tag,
            early_only,
        } = self;
        write!(f, "{call_id};to-tag={to_tag};from-tag={from_tag}")?;
        if *early_only {
            f.write_str(";early-only")
        } else {
            Ok(())
        }
    }
}

/// One element of a Reason header (RFC 3326).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Reason {
    /// `SIP`, `Q.850` or another token.
    pub protocol: Box<str>,
    /// The cause number of that protocol.
    pub cause: Option<u16>,
    /// Text for people.
    pub text: Option<String>,
}

impl Reason {
    /// `Q.850;cause=…;text="…"`.
    #[must_use]
    pub fn q850(cause: u16, text: &str) -> Self {
        Self {
            protocol: "Q.850".into(),
            cause: Some(cause),
            text: Some(text.to_owned()),
        }
    }

    /// `SIP;cause=200;text="Call completed elsewhere"` and the like.
    #[must_use]
    pub fn sip(status: u16, text: &str) -> Self {
        Self {
            protocol: "SIP".into(),
            cause: Some(status),
            text: Some(text.to_owned()),
        }
    }

    /// Reads one element.
    ///
    /// # Errors
    /// [`Fault::Malformed`] or [`Fault::Params`].
    pub fn parse(text: &str) -> Result<Self, Fault> {
        let at = find(text, b';').unwrap_or(text.len());
        let protocol = trim(&text[..at]);
        if !is_token(protocol) {
            return Err(Fault::Malformed("Reason"));
        }
        let params = Params::parse(&text[at..])?;
        Ok(Self {
            protocol: protocol.into(),
            cause: params.get("cause").and_then(number),
            text: params.get_unquoted("text"),
        })
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.protocol)?;
        if let Some(cause) = self.cause {
            write!(f, ";cause={cause}")?;
        }
        if let Some(text) = &self.text {
            write!(f, ";text={}", quote(text))?;
        }
        Ok(())
    }
}

/// Event (RFC 6665 §8.2.1).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Event {
    /// The package with its templates, lower case: `message-summary`, `presence.winfo`.
    pub package: String,
    /// `id` and package parameters.
    pub params: Params,
}

impl Event {
    /// Reads `package *(;param)`.
    ///
    /// # Errors
    /// [`Fault::Malformed`] or [`Fault::Params`].
    pub fn parse(text: &str) -> Result<Self, Fault> {
        let at = find(text, b';').unwrap_or(text.len());
        let package = trim(&text[..at]);
        if !is_token(package) {
            return Err(Fault::Malformed("Event"));
        }
        Ok(Self {
            package: package.to_ascii_lowercase(),
            params: Params::parse(&text[at..])?,
        })
    }
}

/// Content-Type and elements of Accept (RFC 3261 §20.15).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct MediaType {
    /// `type/subtype`, lower case.
    pub essence: String,
    /// boundary, charset, q, …
    pub params: Params,
}

impl MediaType {
    /// Reads `type/subtype *(;param)`.
    ///
    /// # Errors
    /// [`Fault::Malformed`] or [`Fault::Params`].
    pub fn parse(text: &str) -> Result<Self, Fault> {
        const BAD: Fault = Fault::Malformed("Content-Type");
        let at = find(text, b';').unwrap_or(text.len());
        let (kind, subtype) = split(&text[..at], b'/').ok_or(BAD)?;
        let (kind, subtype) = (trim(kind), trim(subtype));
        if !is_token(kind) || !is_token(subtype) {
            return Err(BAD);
        }
        let mut essence = [kind, "/", subtype].concat();
        essence.make_ascii_lowercase();
        Ok(Self {
            essence,
            params: Params::parse(&text[at..])?,
        })
    }

    /// Whether this is `essence` (`application/sdp`), compared in lower case.
    #[must_use]
    pub fn is(&self, essence: &str) -> bool {
        self.essence == essence
    }
}

#[cfg(test)]
mod tests {
    use core::fmt::Display;

    use super::*;

    /// Reads `text` and writes it again.
    fn check<T: Display>(read: fn(&str) -> Result<T, Fault>, text: &str, wanted: Option<&str>) {
        let written = read(text).ok().map(|value| value.to_string());
        assert_eq!(written.as_deref(), wanted, "{text}");
    }

    #[test]
    fn sequence_numbers() {
        check(CSeq::parse, "0007 \t INVITE", Some("7 INVITE"));
        check(CSeq::parse, "4294967295 X-odd", Some("4294967295 X-odd"));
        for bad in [
            "4294967296 INVITE",
            "INVITE",
            "1",
            "-1 INVITE",
            "1 IN VITE",
            "",
        ] {
            check(CSeq::parse, bad, None);
        }
        check(RAck::parse, "776656  1 INVITE", Some("776656 1 INVITE"));
        check(RAck::parse, "1 INVITE", None);
    }

    #[test]
    fn session_timers() {
        let check = |text, wanted| check(SessionExpires::parse, text, wanted);
        check("1800", Some("1800"));
        check("90 ;Refresher=UAS;x", Some("90;refresher=uas"));
        check("90;refresher=nobody", Some("90"));
        check("soon", None);
    }

    #[test]
    fn replaces_needs_both_tags() {
        let check = |text, wanted| check(Replaces::parse, text, wanted);
        let whole = "a@b;to-tag=1;from-tag=2;early-only";
        check(" a@b ; from-tag=2 ;to-tag = 1;early-only", Some(whole));
        check("a@b;to-tag=1", None);
        check("a@b;to-tag=1;from-tag", None);
        check(";to-tag=1;from-tag=2", None);
    }

    #[test]
    fn reasons() {
        let check = |text, wanted| check(Reason::parse, text, wanted);
        let elsewhere = "SIP;cause=200;text=\"Call completed elsewhere\"";
        check(elsewhere, Some(elsewhere));
        assert_eq!(
            Reason::sip(200, "Call completed elsewhere").to_string(),
            elsewhere
        );
        check("Q.850 ;cause=16", Some("Q.850;cause=16"));
        check("Q.850;cause=99999", Some("Q.850"));
        check("no token;cause=1", None);
    }

    #[test]
    fn events_and_media_types() {
        let event = Event::parse("Dialog;id=3").expect("legal");
        assert_eq!(
            (event.package.as_str(), event.params.get("id")),
            ("dialog", Some("3"))
        );
        let kind = MediaType::parse("Application / SDP ; charset=x").expect("legal");
        assert!(kind.is("application/sdp"));
        assert!(MediaType::parse("sdp").is_err() && MediaType::parse("a/b c").is_err());
    }
}
