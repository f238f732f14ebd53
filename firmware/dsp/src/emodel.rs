//! The E-model (ITU-T G.107): from what is measured on the way to how well people say it sounds.
//! All parameters that are not named here have the standard's default values, with which the best
//! rating is 93.2.

use model::{Codec, QualityCause};

/// Rating without any impairment of the network: G.107 §7.7, default values.
const BEST: f32 = 93.2;
/// Below this score, in hundredths, something is named as the cause.
const GOOD_MOS_100: u16 = 390;

/// What is measured.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Path {
    /// Part of the packets that never came, 0–1.
    pub lost: f32,
    /// Part of the packets that came too late, 0–1.
    pub late: f32,
    /// From mouth to ear in ms.
    pub delay_ms: f32,
}

/// What comes of it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rating {
    /// Transmission rating, 0–93.2.
    pub r: f32,
    /// Mean opinion score in hundredths, 100–450 (G.107 annex B).
    pub mos_100: u16,
    /// What takes most away, if it takes much.
    pub cause: QualityCause,
}

/// Impairment of a codec without loss, and how well it bears loss. G.711 with concealment: G.113
/// appendix I. G.722 and Opus have values on the wide-band scale only (G.113 appendix IV); here they
/// are as good as G.711, G.722 bears loss a little worse and Opus, which corrects some, better.
const fn of(codec: Codec) -> (f32, f32) {
    match codec {
        Codec::Pcmu | Codec::Pcma => (0.0, 25.1),
        Codec::G722 => (0.0, 20.0),
        Codec::Opus => (0.0, 30.0),
    }
}

/// Rates a path with a codec.
#[must_use]
pub fn rate(codec: Codec, path: Path) -> Rating {
    let (equipment, robust) = of(codec);
    // G.107 §7.5 with random loss: a late packet is as good as none.
    let percent = ((path.lost + path.late) * 100.0).clamp(0.0, 100.0);
    let by_loss = (95.0 - equipment) * percent / (percent + robust);
    let by_delay = delay(path.delay_ms);
    let r = (BEST - by_delay - equipment - by_loss).clamp(0.0, 100.0);
    let mos_100 = mos_100(r);
    let cause = if mos_100 >= GOOD_MOS_100 {
        QualityCause::None
    } else if by_loss >= by_delay && by_loss >= equipment {
        if path.late > path.lost {
            QualityCause::Late
        } else {
            QualityCause::Loss
        }
    } else if by_delay >= equipment {
        QualityCause::Delay
    } else {
        QualityCause::Codec
    };
    Rating { r, mos_100, cause }
}

/// Impairment by absolute delay: G.107 §7.4, Idd.
fn delay(ms: f32) -> f32 {
    if ms <= 100.0 {
        return 0.0;
    }
    let x = (ms / 100.0).log2();
    let sixth = |value: f32| (1.0 + value.powi(6)).powf(1.0 / 6.0);
    25.0 * (sixth(x) - 3.0 * sixth(x / 3.0) + 2.0)
}

/// G.107 annex B, equation B-4.
fn mos_100(r: f32) -> u16 {
    let mos = 1.0 + 0.035 * r + r * (r - 60.0) * (100.0 - r) * 7e-6;
    (mos.clamp(1.0, 4.5) * 100.0).round() as u16
}

#[cfg(test)]
mod tests {
    use super::*;

    fn score(lost: f32, late: f32, delay_ms: f32) -> Rating {
        let path = Path {
            lost,
            late,
            delay_ms,
        };
        rate(Codec::Pcma, path)
    }

    #[test]
    fn known_points_of_the_standard() {
        // G.107 annex B: R 93.2 is 4.41, 80 is 4.02, 70 is 3.60, 60 is 3.10, 50 is 2.58.
        for (r, mos) in [
            (93.2, 441),
            (80.0, 402),
            (70.0, 360),
            (60.0, 310),
            (50.0, 258),
        ] {
            assert!(mos_100(r).abs_diff(mos) <= 1, "{r}: {}", mos_100(r));
        }
        assert_eq!((mos_100(0.0), mos_100(100.0)), (100, 450));
        // G.107 figure: delay costs about 3 points at 160 ms, 14 at 300 ms and 26 at 400 ms.
        assert!(delay(150.0) < 3.0);
        assert!((10.0..18.0).contains(&delay(300.0)), "{}", delay(300.0));
        assert!((20.0..30.0).contains(&delay(400.0)), "{}", delay(400.0));
        // G.113: 2 % of loss take 7 points from G.711 with concealment.
        let two = score(0.02, 0.0, 20.0);
        assert!((BEST - two.r - 7.0).abs() < 0.1, "{two:?}");
    }

    #[test]
    fn the_cause_is_what_takes_most() {
        assert_eq!(score(0.0, 0.0, 60.0).cause, QualityCause::None);
        assert_eq!(score(0.10, 0.01, 60.0).cause, QualityCause::Loss);
        assert_eq!(score(0.01, 0.10, 60.0).cause, QualityCause::Late);
        assert_eq!(score(0.01, 0.0, 400.0).cause, QualityCause::Delay);
        assert_eq!(score(1.0, 0.0, 900.0).mos_100, 100);
    }

    #[test]
    fn more_harm_is_never_better() {
        for codec in [Codec::Pcmu, Codec::G722, Codec::Opus] {
            let mut before = 451;
            for n in 0..=100_u8 {
                let path = Path {
                    lost: f32::from(n) / 100.0,
                    late: 0.0,
                    delay_ms: f32::from(n) * 5.0,
                };
                let mos = rate(codec, path).mos_100;
                assert!(mos <= before, "{codec:?} {n}");
                before = mos;
            }
        }
    }
}
