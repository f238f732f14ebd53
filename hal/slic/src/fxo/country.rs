//! What a country asks of who behaves as a set (3050 "Country specific register settings").

use hal_port::{Impedance, LineProfile};

use super::registers::{ATTENUATION, COUNTER_128_MS, FULL_SCALE, HIGH_PASS, LOW_VOLTAGES};

/// DC side of a line, in the chip's own fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct DcRules {
    /// On-hook speed, and its second bit.
    pub(super) ohs: bool,
    pub(super) ohs2: bool,
    /// A ringer's impedance is pretended.
    pub(super) rz: bool,
    /// Current limited to 60 mA, as TBR 21 wants.
    pub(super) ilim: bool,
    /// Voltage at DCT: 0 3.1 V, 1 3.2 V, 2 3.35 V, 3 3.5 V.
    pub(super) dcv: u8,
    /// Least current: 0 10 mA, 1 12 mA, 2 14 mA, 3 16 mA.
    pub(super) mini: u8,
    /// Spark quench bits 6 and 4.
    pub(super) spark: u8,
}

const PLAIN: DcRules = DcRules {
    ohs: false,
    ohs2: false,
    rz: false,
    ilim: false,
    dcv: 3,
    mini: 0,
    spark: 0,
};
const TBR21: DcRules = DcRules {
    ohs2: true,
    ilim: true,
    ..PLAIN
};
const LOW_VOLTAGE: DcRules = DcRules {
    dcv: 1,
    mini: 1,
    ..PLAIN
};

/// The rules of a country by ISO 3166; where the data sheet has no row, those of the United States,
/// but for Turkey, which follows TBR 21.
pub(super) const fn dc_rules(country: [u8; 2]) -> DcRules {
    match &country {
        b"AU" => DcRules {
            ohs: true,
            spark: 0x50,
            ..LOW_VOLTAGE
        },
        b"AT" | b"BE" | b"BG" | b"BH" | b"CH" | b"CY" | b"CZ" | b"DE" | b"DK" | b"EG" | b"ES"
        | b"FI" | b"FR" | b"GB" | b"GR" | b"HR" | b"HU" | b"IE" | b"IL" | b"IS" | b"IT" | b"LB"
        | b"LU" | b"LV" | b"MA" | b"MT" | b"NG" | b"NL" | b"NO" | b"PL" | b"PT" | b"RO" | b"SE"
        | b"SI" | b"SK" | b"UK" => TBR21,
        b"TR" => DcRules {
            ohs2: false,
            ..TBR21
        },
        b"JO" | b"MY" | b"OM" | b"PH" | b"PK" | b"TH" => LOW_VOLTAGE,
        b"JP" => DcRules {
            dcv: 2,
            mini: 1,
            ..PLAIN
        },
        b"KR" | b"ZA" => DcRules { rz: true, ..PLAIN },
        _ => PLAIN,
    }
}

impl DcRules {
    /// Register 16.
    pub(super) const fn international_1(self) -> u8 {
        (self.ohs as u8) << 6 | (self.rz as u8) << 1
    }

    /// Register 26.
    pub(super) const fn dc_termination(self) -> u8 {
        self.dcv << 6 | self.mini << 4 | (self.ilim as u8) << 1
    }

    /// Full scale of +3.2 dBm, so that 0 dBm0 is 0 dBm: only with the high DC voltage.
    pub(super) const fn is_full_scale(self) -> bool {
        self.dcv == 3 && self.mini == 0
    }

    /// Register 31 with the off-hook counter of calls.
    pub(super) const fn control_5(self) -> u8 {
        let full = if self.is_full_scale() { FULL_SCALE } else { 0 };
        full | COUNTER_128_MS | (self.ohs2 as u8) << 3 | HIGH_PASS | LOW_VOLTAGES
    }
}

/// Register 30 (Si3019: all sixteen).
pub(super) const fn ac_termination(impedance: Impedance) -> u8 {
    match impedance {
        Impedance::Ohm600 => 0x0,
        Impedance::Ohm900 => 0x1,
        Impedance::Tbr21 => 0x2,
        Impedance::Ohm220Plus820 | Impedance::Ohm220Plus820Short => 0x3,
        Impedance::Ohm370Plus620 => 0x4,
        Impedance::Ohm320Plus1050 => 0x5,
        Impedance::Ohm200Plus680 => 0xa,
        Impedance::Ohm600Series => 0xb,
        Impedance::Ohm900Series => 0xd,
    }
}

/// A gain as whole and tenth dB registers; beyond the chip's range its nearest.
fn gain(tenth_db: i16) -> (u8, u8) {
    let sign = if tenth_db < 0 { ATTENUATION } else { 0 };
    // 12 dB up, 15 dB down, and 1.5 dB in tenths.
    let most = if tenth_db < 0 { 165 } else { 120 };
    let size = tenth_db.unsigned_abs().min(most);
    let whole = (size / 10).min(15);
    (sign | whole as u8, sign | (size - whole * 10) as u8)
}

/// What full scale of 0 dBm takes away is given back.
const SMALL_SCALE_TENTH_DB: i16 = 32;

/// Gain registers 38–41 in their order.
pub(super) fn gains(profile: &LineProfile) -> [u8; 4] {
    let lift = if dc_rules(profile.country).is_full_scale() {
        0
    } else {
        SMALL_SCALE_TENTH_DB
    };
    let (to_whole, to_tenths) = gain((profile.to_line_tenth_db + lift).min(120));
    let (from_whole, from_tenths) = gain(profile.from_line_tenth_db - lift);
    [to_whole, from_whole, to_tenths, from_tenths]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rows of the data sheet's table, as registers 16, 26 and the OHS2 bit of 31.
    #[test]
    fn presets_are_the_data_sheets() {
        for (country, r16, r26, ohs2) in [
            (b"US", 0x00, 0xc0, 0),
            (b"DE", 0x00, 0xc2, 8),
            (b"GB", 0x00, 0xc2, 8),
            (b"PL", 0x00, 0xc2, 8),
            (b"AU", 0x40, 0x50, 0),
            (b"JP", 0x00, 0x90, 0),
            (b"ZA", 0x02, 0xc0, 0),
            (b"MY", 0x00, 0x50, 0),
            (b"TR", 0x00, 0xc2, 0),
            (b"UA", 0x00, 0xc0, 0),
        ] {
            let rules = dc_rules(*country);
            let got = (
                rules.international_1(),
                rules.dc_termination(),
                rules.control_5() & 0x08,
            );
            assert_eq!(got, (r16, r26, ohs2), "{country:?}");
        }
    }

    #[test]
    fn gains_are_split_into_whole_and_tenth_db() {
        let wish = |to, from| LineProfile {
            to_line_tenth_db: to,
            from_line_tenth_db: from,
            ..LineProfile::default()
        };
        assert_eq!(gains(&wish(0, 0)), [0; 4]);
        assert_eq!(gains(&wish(35, -62)), [3, 0x16, 5, 0x12]);
        assert_eq!(gains(&wish(120, -240)), [12, 0x1f, 0, 0x1f]);
        let japan = LineProfile {
            country: *b"JP",
            ..wish(0, 0)
        };
        assert_eq!(gains(&japan), [3, 0x13, 2, 0x12]);
    }
}
