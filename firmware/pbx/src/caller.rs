//! What a set is told of a caller, and in which way.

use config::SetCallerId;
use model::{
    Absence, CallId, CallType, CallerField, CallerIdScheme, CallerInfo, CallerText, Now, Party,
    PortId, Rule, Trust,
};

use crate::Pbx;

/// Longest name: what North American sets show, and what others do (EN 300 659-3 allows 50).
const NAME_BELLCORE: usize = 15;
const NAME: usize = 20;
/// Digits of the longest number (E.164, and a prefix).
const NUMBER: usize = 20;

/// A way to tell a set of its callers, and the rule that chose it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Way {
    pub(crate) scheme: CallerIdScheme,
    pub(crate) rule: Rule,
}

impl Pbx {
    /// How the set on a port is told who calls; `None` = it is not.
    pub(crate) fn way_to_set(&self, port: PortId) -> Option<Way> {
        let jack = self.jacks.get(port)?;
        let set = self.config.analog_on(&jack.name)?;
        let usual = &self.config.country.caller_id;
        let scheme = set
            .caller_id
            .in_country(usual, jack.capabilities.reversal)?;
        let rule = match set.caller_id {
            SetCallerId::Auto => Rule::CallerIdCountry,
            _ => Rule::CallerIdChosen,
        };
        Some(Way { scheme, rule })
    }

    /// What is told of who calls: what the carrier said, if the call came in on a line, else how the
    /// caller is presented.
    pub(crate) fn caller_info(
        &self,
        now: Now,
        call: CallId,
        from: &Party,
        scheme: CallerIdScheme,
    ) -> CallerInfo {
        let caller = self.switch.caller_of(call);
        let line = caller.and_then(|leg| self.lines.of_leg(leg));
        let told = line.and_then(|port| self.lines.get(port)?.told);
        let (number, name) = match told {
            Some(told) => (told.number, told.name),
            None => (number(&from.number), name(&from.name)),
        };
        CallerInfo {
            when: self.stamp(now),
            number: known(number),
            name: shortened(name, scheme),
            call_type: (scheme == CallerIdScheme::BtSin227).then_some(CallType::Voice),
            ..CallerInfo::default()
        }
    }

    /// Date and time of the office, unless nobody has set the clock.
    pub(crate) fn stamp(&self, now: Now) -> Option<model::CallerStamp> {
        let set = now.trust != Trust::Unset;
        set.then(|| self.config.office.calendar(now.wall)).flatten()
    }
}

/// A number as sets can show it: its digits, the international `+` as two zeros. What is no number, such
/// as a name in SIP, cannot be told.
fn number(text: &str) -> CallerField {
    let (prefix, digits) = match text.strip_prefix('+') {
        Some(digits) => ("00", digits),
        None => ("", text),
    };
    let legal = |b: u8| b.is_ascii_digit() || matches!(b, b'*' | b'#');
    if digits.is_empty() || digits.len() > NUMBER || !digits.bytes().all(legal) {
        return CallerField::None;
    }
    CallerField::Text(CallerText::fitting(&format!("{prefix}{digits}")))
}

fn name(text: &str) -> CallerField {
    match CallerText::fitting(text.trim()) {
        text if text.is_empty() => CallerField::None,
        text => CallerField::Text(text),
    }
}

/// A number about which nothing is known is known to be missing: sets wait for one of the two.
fn known(number: CallerField) -> CallerField {
    match number {
        CallerField::None => CallerField::Absent(Absence::Unavailable),
        number => number,
    }
}

/// As much of a name as sets of that kind show.
fn shortened(name: CallerField, scheme: CallerIdScheme) -> CallerField {
    let most = match scheme {
        CallerIdScheme::Bellcore => NAME_BELLCORE,
        CallerIdScheme::EtsiRing
        | CallerIdScheme::EtsiAlert
        | CallerIdScheme::EtsiPulse
        | CallerIdScheme::EtsiReversal
        | CallerIdScheme::BtSin227 => NAME,
        // These have no words for names.
        CallerIdScheme::BellcoreSingle
        | CallerIdScheme::DtmfAbdc
        | CallerIdScheme::DtmfHash
        | CallerIdScheme::DtmfDc
        | CallerIdScheme::Ntt
        | CallerIdScheme::Aon => return CallerField::None,
    };
    match name {
        CallerField::Text(text) => {
            let short = text.as_str().get(..most).unwrap_or(text.as_str());
            CallerField::Text(CallerText::fitting(short.trim_end()))
        }
        name => name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_digits_or_nothing() {
        let shown = |text: &str| number(text).text().map(str::to_owned);
        assert_eq!(shown("2005").as_deref(), Some("2005"));
        assert_eq!(shown("+48221234567").as_deref(), Some("0048221234567"));
        assert_eq!(shown("*43").as_deref(), Some("*43"));
        for none in ["", "+", "jan.kowalski", "2005;x", "123456789012345678901"] {
            assert_eq!(shown(none), None, "{none}");
        }
    }

    #[test]
    fn names_are_as_long_as_the_sets_show() {
        let long = name(" Brzęczyszczykiewicz Grzegorz ");
        let short = |scheme| shortened(long, scheme).text().map(str::to_owned);
        let bell = short(CallerIdScheme::Bellcore);
        assert_eq!(bell.as_deref(), Some("Brzeczyszczykie"));
        let etsi = short(CallerIdScheme::EtsiRing);
        assert_eq!(etsi.as_deref(), Some("Brzeczyszczykiewicz"));
        assert_eq!(short(CallerIdScheme::DtmfAbdc), None);
        assert_eq!(name("  "), CallerField::None);
    }
}
