//! How sets are told who calls: the names of the ways, in the country files and in `[[analog]]`.

use model::CallerIdScheme;
use schemars::JsonSchema;
use serde::Serialize;

/// How a set is told who calls.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SetCallerId {
    /// As is usual in the country, if sets that cannot read it ring as well.
    #[default]
    Auto,
    /// Not at all.
    Off,
    /// By Bell 202 FSK after the first ring.
    Bellcore,
    /// The same without the name, for sets that know no more.
    BellcoreSingle,
    /// By V.23 FSK after the first ring.
    EtsiFskRing,
    /// By V.23 FSK before the first ring, after a dual tone.
    EtsiFskDtas,
    /// By V.23 FSK before the first ring, after a short pulse of it.
    EtsiFskRpas,
    /// By V.23 FSK before the first ring, after a reversal of the line and a dual tone.
    EtsiFskLr,
    /// British, SIN 227: the same with its own times.
    BtSin227,
    /// By DTMF between A and C before the first ring.
    DtmfAbdc,
    /// By DTMF that ends with a hash.
    DtmfHash,
    /// By DTMF between D and C.
    DtmfDc,
    /// Japanese: the set answers a short ring, hears the number and is rung.
    Ntt,
}

impl SetCallerId {
    /// Every way by its name. `aon` is none: a set asks for it.
    pub(crate) const ALL: [(&'static str, Self); 13] = [
        ("auto", Self::Auto),
        ("off", Self::Off),
        ("bellcore", Self::Bellcore),
        ("bellcore_single", Self::BellcoreSingle),
        ("etsi_fsk_ring", Self::EtsiFskRing),
        ("etsi_fsk_dtas", Self::EtsiFskDtas),
        ("etsi_fsk_rpas", Self::EtsiFskRpas),
        ("etsi_fsk_lr", Self::EtsiFskLr),
        ("bt_sin227", Self::BtSin227),
        ("dtmf_abdc", Self::DtmfAbdc),
        ("dtmf_hash", Self::DtmfHash),
        ("dtmf_dc", Self::DtmfDc),
        ("ntt", Self::Ntt),
    ];

    /// The way of that name, as the configuration has it, that is a scheme of its own.
    #[must_use]
    pub fn named(name: &str) -> Option<CallerIdScheme> {
        let (_, way) = Self::ALL.into_iter().find(|(known, _)| *known == name)?;
        way.scheme()
    }

    /// Every way that is a scheme of its own, with its name.
    pub fn schemes() -> impl Iterator<Item = (&'static str, CallerIdScheme)> {
        let all = Self::ALL.into_iter();
        all.filter_map(|(name, way)| Some((name, way.scheme()?)))
    }

    /// The scheme that it names; `auto` and `off` name none.
    #[must_use]
    pub const fn scheme(self) -> Option<CallerIdScheme> {
        Some(match self {
            Self::Auto | Self::Off => return None,
            Self::Bellcore => CallerIdScheme::Bellcore,
            Self::BellcoreSingle => CallerIdScheme::BellcoreSingle,
            Self::EtsiFskRing => CallerIdScheme::EtsiRing,
            Self::EtsiFskDtas => CallerIdScheme::EtsiAlert,
            Self::EtsiFskRpas => CallerIdScheme::EtsiPulse,
            Self::EtsiFskLr => CallerIdScheme::EtsiReversal,
            Self::BtSin227 => CallerIdScheme::BtSin227,
            Self::DtmfAbdc => CallerIdScheme::DtmfAbdc,
            Self::DtmfHash => CallerIdScheme::DtmfHash,
            Self::DtmfDc => CallerIdScheme::DtmfDc,
            Self::Ntt => CallerIdScheme::Ntt,
        })
    }

    /// The scheme in a country with these, the usual one first, on a port that can reverse its line or
    /// cannot; `None` = the set is not told. Left to the country, nobody is made to wait for a set
    /// that has to take part.
    #[must_use]
    pub fn in_country(self, usual: &[CallerIdScheme], reversal: bool) -> Option<CallerIdScheme> {
        let can = |scheme: &CallerIdScheme| {
            let alone = !matches!(scheme, CallerIdScheme::Ntt | CallerIdScheme::Aon);
            alone && (reversal || !scheme.needs_reversal())
        };
        match self {
            Self::Off => None,
            Self::Auto => usual.iter().copied().find(can),
            chosen => chosen.scheme(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Country, CountryCode};

    #[test]
    fn every_country_has_a_way_or_none_that_works_alone() {
        let mut without = Vec::new();
        for code in CountryCode::all() {
            let usual = Country::load(code).caller_id;
            let way = SetCallerId::Auto.in_country(&usual, true);
            if way.is_none() {
                without.push(code.as_str());
            }
            assert_eq!(SetCallerId::Off.in_country(&usual, true), None);
            let deaf = SetCallerId::Auto.in_country(&usual, false);
            assert!(deaf.is_none_or(|scheme| !scheme.needs_reversal()), "{code}");
        }
        assert_eq!(without, ["JP"]);
        let britain = [CallerIdScheme::BtSin227, CallerIdScheme::EtsiRing];
        let auto = |reversal| SetCallerId::Auto.in_country(&britain, reversal);
        assert_eq!(auto(true), Some(CallerIdScheme::BtSin227));
        assert_eq!(auto(false), Some(CallerIdScheme::EtsiRing));
        let chosen = SetCallerId::Ntt.in_country(&britain, false);
        assert_eq!(chosen, Some(CallerIdScheme::Ntt));
    }
}
