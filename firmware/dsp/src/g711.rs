//! G.711 A-law and µ-law, bit-exact to ITU-T G.711 tables 1a/1b and 2a/2b.
//!
//! Linear samples are 16 bit: A-law's 13-bit scale times 8, µ-law's 14-bit scale times 4.

use model::Codec;

use crate::simd::vectorised;

/// A companding law.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Law {
    /// A-law, payload type 8, even bits inverted on the wire.
    A,
    /// µ-law, payload type 0, all bits inverted on the wire.
    Mu,
}

impl Law {
    /// The law of a codec, if it is companded PCM.
    #[must_use]
    pub const fn of(codec: Codec) -> Option<Self> {
        match codec {
            Codec::Pcma => Some(Self::A),
            Codec::Pcmu => Some(Self::Mu),
            Codec::G722 | Codec::Opus => None,
        }
    }

    /// The octet of the smallest positive value: what an idle line sends.
    #[must_use]
    pub const fn idle(self) -> u8 {
        match self {
            Self::A => 0xd5,
            Self::Mu => 0xff,
        }
    }

    /// The octet for a linear sample.
    #[must_use]
    pub fn encode(self, linear: i16) -> u8 {
        match self {
            Self::A => encode_alaw(linear),
            Self::Mu => encode_ulaw(linear),
        }
    }

    /// The linear sample of an octet.
    #[must_use]
    pub fn decode(self, octet: u8) -> i16 {
        match self {
            Self::A => decode_alaw(octet),
            Self::Mu => decode_ulaw(octet),
        }
    }

    /// Encodes as many samples as both slices hold and returns how many that were.
    pub fn encode_into(self, linear: &[i16], octets: &mut [u8]) -> usize {
        match self {
            Self::A => vectorised(|| each(linear, octets, encode_alaw)),
            Self::Mu => vectorised(|| each(linear, octets, encode_ulaw)),
        }
        linear.len().min(octets.len())
    }

    /// Decodes as many octets as both slices hold and returns how many that were.
    pub fn decode_into(self, octets: &[u8], linear: &mut [i16]) -> usize {
        match self {
            Self::A => vectorised(|| each(octets, linear, decode_alaw)),
            Self::Mu => vectorised(|| each(octets, linear, decode_ulaw)),
        }
        octets.len().min(linear.len())
    }
}

#[inline(always)]
fn each<A: Copy, B>(from: &[A], to: &mut [B], kernel: impl Fn(A) -> B) {
    for (slot, &one) in to.iter_mut().zip(from) {
        *slot = kernel(one);
    }
}

// The four below are arithmetic and no tables, for a processor looks up one sample at a time but
// computes many. Segments are found in the exponent of a float, which every vector unit has.

/// The A-law octet of a linear sample.
#[must_use]
#[inline(always)]
pub fn encode_alaw(linear: i16) -> u8 {
    // Only the 12 upper bits of the magnitude count. Segments 0 and 1 share the step width 1; each
    // further one doubles it.
    let steps = magnitude(linear) >> 4;
    let segment = exponent(steps).wrapping_sub(3).max(0);
    let width = segment.wrapping_sub(1).max(0);
    let step = steps.wrapping_shr(width.cast_unsigned()) & 15;
    ((segment << 4 | step) as u8 | positive(linear)) ^ 0x55
}

/// The linear sample of an A-law octet.
#[must_use]
#[inline(always)]
pub fn decode_alaw(octet: u8) -> i16 {
    let code = i32::from(octet ^ 0x55);
    let (segment, step) = (code >> 4 & 7, code & 15);
    // Half a step up: the middle of the decision interval.
    let value = step << 4 | 8 | if segment > 0 { 256 } else { 0 };
    let value = value.wrapping_shl(segment.wrapping_sub(1).max(0).cast_unsigned());
    (if code & 0x80 == 0 {
        value.wrapping_neg()
    } else {
        value
    }) as i16
}

/// The µ-law octet of a linear sample.
#[must_use]
#[inline(always)]
pub fn encode_ulaw(linear: i16) -> u8 {
    // Only the 13 upper bits of the magnitude count.
    let biased = (magnitude(linear) >> 2).wrapping_add(33).min(0x1fff);
    let segment = exponent(biased).wrapping_sub(5).max(0);
    let step = biased.wrapping_shr(segment.cast_unsigned()) >> 1 & 15;
    !((segment << 4 | step) as u8 | (positive(linear) ^ 0x80))
}

/// The linear sample of a µ-law octet.
#[must_use]
#[inline(always)]
pub fn decode_ulaw(octet: u8) -> i16 {
    let code = i32::from(!octet);
    let (segment, step) = (code >> 4 & 7, code & 15);
    let value = (step << 1 | 33).wrapping_shl(segment.cast_unsigned());
    let value = value.wrapping_sub(33) << 2;
    (if code & 0x80 == 0 {
        value
    } else {
        value.wrapping_neg()
    }) as i16
}

/// One's complement magnitude: −1 belongs to the smallest negative step, as in the ITU's software
/// tool library (G.191).
#[inline(always)]
const fn magnitude(linear: i16) -> i32 {
    (linear ^ (linear >> 15)) as i32
}

/// The place of the highest bit; far below 0 for 0.
#[inline(always)]
fn exponent(value: i32) -> i32 {
    ((value as f32).to_bits() >> 23)
        .cast_signed()
        .wrapping_sub(127)
}

#[inline(always)]
const fn positive(linear: i16) -> u8 {
    if linear < 0 { 0 } else { 0x80 }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The decision values of ITU-T G.711 table 1a (A-law, units of 1/4096) and table 2a (µ-law,
    /// units of 1/8159), written from segment end points, not by bit tricks.
    fn decisions(law: Law) -> Vec<i32> {
        let (mut edge, mut width, segments): (i32, i32, _) = match law {
            Law::A => (0, 2, [32, 16, 16, 16, 16, 16, 16].as_slice()),
            Law::Mu => (1, 2, [15, 16, 16, 16, 16, 16, 16, 16].as_slice()),
        };
        let mut all = if law == Law::Mu { vec![0] } else { vec![] };
        for &steps in segments {
            for _ in 0..steps {
                all.push(edge);
                edge += width;
            }
            width *= 2;
        }
        all.push(edge);
        all
    }

    fn scale(law: Law) -> i32 {
        match law {
            Law::A => 8,
            Law::Mu => 4,
        }
    }

    /// Character signal n of the tables as an octet on the wire.
    fn octet(law: Law, n: u8, negative: bool) -> u8 {
        let sign = if negative { 0 } else { 0x80 };
        match law {
            Law::A => (n | sign) ^ 0x55,
            Law::Mu => (0x7f - n) | sign,
        }
    }

    #[test]
    fn tables_end_at_the_overload_points() {
        assert_eq!(decisions(Law::A).last(), Some(&4096));
        assert_eq!(decisions(Law::Mu).last(), Some(&8159));
        assert_eq!(decisions(Law::A).len(), 129);
        assert_eq!(decisions(Law::Mu).len(), 129);
    }

    #[test]
    fn every_octet_decodes_to_the_middle_of_its_interval() {
        for law in [Law::A, Law::Mu] {
            let edges = decisions(law);
            for n in 0..128_u8 {
                let at = usize::from(n);
                // Table 2b: the first µ-law value is 0, not the middle of its interval.
                let value = if law == Law::Mu && n == 0 {
                    0
                } else {
                    (edges[at] + edges[at + 1]) * scale(law) / 2
                };
                assert_eq!(i32::from(law.decode(octet(law, n, false))), value);
                assert_eq!(i32::from(law.decode(octet(law, n, true))), -value);
            }
        }
    }

    #[test]
    fn every_sample_encodes_to_the_interval_that_holds_it() {
        for law in [Law::A, Law::Mu] {
            let edges = decisions(law);
            for linear in i16::MIN..=i16::MAX {
                let negative = linear < 0;
                let magnitude = if negative { !linear } else { linear };
                let units = i32::from(magnitude) / scale(law);
                let n = edges[1..128].partition_point(|&edge| edge <= units);
                let n = u8::try_from(n).expect("0..128");
                assert_eq!(
                    law.encode(linear),
                    octet(law, n, negative),
                    "{law:?} {linear}"
                );
            }
        }
    }

    #[test]
    fn decode_then_encode_is_the_same_octet() {
        for law in [Law::A, Law::Mu] {
            for code in 0..=255 {
                // µ-law 0x7f is minus zero; linear sound has only one zero.
                let wanted = if law == Law::Mu && code == 0x7f {
                    0xff
                } else {
                    code
                };
                assert_eq!(law.encode(law.decode(code)), wanted);
            }
        }
    }

    #[test]
    fn slices_convert_what_both_sides_hold() {
        let mut linear = [1_i16; 4];
        assert_eq!(Law::A.decode_into(&[0xd5, 0x55], &mut linear), 2);
        assert_eq!(linear, [8, -8, 1, 1]);
        let mut octets = [9_u8; 3];
        assert_eq!(Law::Mu.encode_into(&[0, 0, 0, 0], &mut octets), 3);
        assert_eq!(octets, [Law::Mu.idle(); 3]);
        assert_eq!(Law::of(Codec::Pcma), Some(Law::A));
    }

    #[test]
    fn the_itu_test_sequence_is_a_kilohertz_at_zero_dbm0() {
        // ITU-T G.711 tables 5 and 6.
        let alaw = [0x34, 0x21, 0x21, 0x34, 0xb4, 0xa1, 0xa1, 0xb4];
        let ulaw = [0x1e, 0x0b, 0x0b, 0x1e, 0x9e, 0x8b, 0x8b, 0x9e];
        for (law, codes) in [(Law::A, alaw), (Law::Mu, ulaw)] {
            let mut linear = [0; 8];
            law.decode_into(&codes, &mut linear);
            let dbm0 = crate::level::rms_dbm0(&linear);
            assert!(dbm0.abs() < 0.1, "{law:?} {dbm0}");
        }
    }
}
