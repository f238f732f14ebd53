//! The numbers of ITU-T G.722 (09/2012), named after its tables.

/// Coefficients of the quadrature mirror filter, h0 to h11 (table 11), the second half mirrored.
pub(super) const MIRROR: [i16; 12] = [3, -11, -11, 53, 12, -156, 32, 362, -210, -805, 951, 3_876];

/// Decision levels of the 60-level quantiser of the lower band (Q6 of table 14), times 16: what
/// the Recommendation writes as a product with the scale factor shifted right by 12 is the upper
/// half of a 32-bit product. The last three are no levels and always passed: four vectors.
pub(super) const LEVELS_LOW: [[u16; 8]; 4] = [
    [560, 1_152, 1_760, 2_400, 3_040, 3_728, 4_416, 5_168],
    [5_920, 6_752, 7_568, 8_480, 9_392, 10_400, 11_424, 12_576],
    [
        13_728, 15_040, 16_368, 17_936, 19_504, 21_424, 23_328, 25_792,
    ],
    [28_240, 31_680, 35_120, 40_912, 46_704, 0, 0, 0],
];
/// How many of [`LEVELS_LOW`] are none.
pub(super) const LEVELS_LOW_NONE: i16 = 3;

/// Code words of the lower band by levels passed, for differences of no and of negative sign
/// (ILP and ILN of table 14).
pub(super) const CODE_LOW: [[u8; 32]; 2] = [
    [
        61, 60, 59, 58, 57, 56, 55, 54, 53, 52, 51, 50, 49, 48, 47, 46, 45, 44, 43, 42, 41, 40, 39,
        38, 37, 36, 35, 34, 33, 32, 0, 0,
    ],
    [
        63, 62, 31, 30, 29, 28, 27, 26, 25, 24, 23, 22, 21, 20, 19, 18, 17, 16, 15, 14, 13, 12, 11,
        10, 9, 8, 7, 6, 5, 4, 0, 0,
    ],
];

/// Decision level of the upper band (Q2 of table 17).
pub(super) const LEVEL_HIGH: i32 = 564;

/// Outputs of the 4-bit inverse quantiser of the lower band, by the four upper bits of the code
/// word (QM4 of table 15).
pub(super) const LOW_OUT: [i16; 16] = [
    0, -20_456, -12_896, -8_968, -6_288, -4_240, -2_584, -1_200, 20_456, 12_896, 8_968, 6_288,
    4_240, 2_584, 1_200, 0,
];

/// Outputs of the 6-bit inverse quantiser of the lower band (QM6 of table 15).
pub(super) const LOW_OUT_FINE: [i16; 64] = [
    -136, -136, -136, -136, -24_808, -21_904, -19_008, -16_704, -14_984, -13_512, -12_280, -11_192,
    -10_232, -9_360, -8_576, -7_856, -7_192, -6_576, -6_000, -5_456, -4_944, -4_464, -4_008,
    -3_576, -3_168, -2_776, -2_400, -2_032, -1_688, -1_360, -1_040, -728, 24_808, 21_904, 19_008,
    16_704, 14_984, 13_512, 12_280, 11_192, 10_232, 9_360, 8_576, 7_856, 7_192, 6_576, 6_000,
    5_456, 4_944, 4_464, 4_008, 3_576, 3_168, 2_776, 2_400, 2_032, 1_688, 1_360, 1_040, 728, 432,
    136, -432, -136,
];

/// Outputs of the inverse quantiser of the upper band (QM2 of table 18).
pub(super) const HIGH_OUT: [i16; 4] = [-7_408, -1_616, 7_408, 1_616];

/// What a code word does to the logarithm of the lower band's scale factor: WL of table 16,
/// already looked up through RL42.
pub(super) const LOW_STEP: [i16; 16] = [
    -60, 3_042, 1_198, 538, 334, 172, 58, -30, 3_042, 1_198, 538, 334, 172, 58, -30, -60,
];
/// The same for the upper band: WH of table 19 through RH2.
pub(super) const HIGH_STEP: [i16; 4] = [798, -214, 798, -214];

/// Largest logarithm of a scale factor.
pub(super) const LOW_LOG_MAX: i16 = 18_432;
/// The same of the upper band.
pub(super) const HIGH_LOG_MAX: i16 = 22_528;

/// 2^(n/32) in steps of 1/2048, rounded as the Recommendation prints it (ILB of table 16).
const ROOTS: [u16; 32] = [
    2_048, 2_093, 2_139, 2_186, 2_233, 2_282, 2_332, 2_383, 2_435, 2_489, 2_543, 2_599, 2_656,
    2_714, 2_774, 2_834, 2_896, 2_960, 3_025, 3_091, 3_158, 3_228, 3_298, 3_371, 3_444, 3_520,
    3_597, 3_676, 3_756, 3_838, 3_922, 4_008,
];

/// Scale factors of the lower band by the upper bits of their logarithm (SCALEL).
pub(super) static LOW_SCALE: [i16; 512] = scale_table(8);
/// Scale factors of the upper band (SCALEH).
pub(super) static HIGH_SCALE: [i16; 512] = scale_table(10);

/// Antilogarithm of `at << 6` for the band whose fractions begin at `shift`; the end of the table
/// beyond the largest logarithm repeats the last factor.
#[expect(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "runs in the compiler, where a fault is a build error"
)]
const fn scale_table(shift: usize) -> [i16; 512] {
    let last = if shift == 8 {
        LOW_LOG_MAX
    } else {
        HIGH_LOG_MAX
    } as usize
        >> 6;
    let mut table = [0; 512];
    let mut at = 0_usize;
    while at < table.len() {
        let log = if at < last { at } else { last };
        let root = ROOTS[log & 31] as u32;
        let whole = log >> 5;
        let factor = if whole > shift {
            root << (whole - shift)
        } else {
            root >> (shift - whole)
        };
        assert!(factor << 2 <= i16::MAX as u32);
        table[at] = (factor << 2) as i16;
        at += 1;
    }
    table
}
