//! One sub-band of G.722: the predictor that both ends keep in step, and its scale factor.
//!
//! Names in capitals are the blocks of ITU-T G.722 §6.2. All arithmetic is the Recommendation's:
//! 16 bits, sums saturate, products keep their upper 16 of 31 bits and are cut off downwards.

/// What both ends know of one sub-band.
#[derive(Clone, Copy, Debug)]
pub(super) struct Band {
    /// Prediction of the next sample, and its part from the zeros.
    pub predicted: i16,
    from_zeros: i16,
    /// Partly rebuilt signal, last and last but one.
    partly: [i16; 2],
    /// Rebuilt signal of the last sample.
    rebuilt: i16,
    /// Coefficients of the poles.
    poles: [i16; 2],
    /// Coefficients of the six zeros, and the last six differences, newest first. Eight long so
    /// that they fill a vector; the last two are nothing.
    zeros: [i16; LANES],
    differences: [i16; LANES],
    /// Logarithm of the scale factor.
    log: i16,
    /// The scale factor.
    pub scale: i16,
}

const LANES: usize = 8;
const ZEROS: usize = 6;

impl Band {
    pub(super) const fn new(scale: i16) -> Self {
        Self {
            predicted: 0,
            from_zeros: 0,
            partly: [0; 2],
            rebuilt: 0,
            poles: [0; 2],
            zeros: [0; LANES],
            differences: [0; LANES],
            log: 0,
            scale,
        }
    }

    /// LOGSCL and SCALEL, or LOGSCH and SCALEH: `step` is what the code word says of the level.
    #[inline(always)]
    pub(super) fn adapt(&mut self, step: i16, log_max: i16, scales: &[i16; 512]) {
        let faded = (i32::from(self.log).wrapping_mul(127) >> 7) as i16;
        self.log = faded.wrapping_add(step).clamp(0, log_max);
        let at = usize::from(self.log.unsigned_abs() >> 6) & 511;
        self.scale = scales.get(at).copied().unwrap_or(0);
    }

    /// Block 4: the next prediction, after the quantised difference of this sample.
    #[inline(always)]
    pub(super) fn predict(&mut self, difference: i16) {
        // RECONS, PARREC
        let rebuilt = self.predicted.saturating_add(difference);
        let partly = self.from_zeros.saturating_add(difference);
        let [first, second] = self.adapted_poles(partly);
        self.adapt_zeros(difference);
        // FILTEP
        let pole_part = product(first, rebuilt.saturating_add(rebuilt))
            .saturating_add(product(second, self.rebuilt.saturating_add(self.rebuilt)));
        self.poles = [first, second];
        self.partly = [partly, self.partly[0]];
        self.rebuilt = rebuilt;
        self.from_zeros = self.filter_zeros();
        // PREDIC
        self.predicted = pole_part.saturating_add(self.from_zeros);
    }

    /// UPPOL2, UPPOL1.
    #[inline(always)]
    fn adapted_poles(&self, partly: i16) -> [i16; 2] {
        let [last, last_but_one] = self.partly;
        let [first, second] = self.poles;
        let same = (partly ^ last) >= 0;
        let quadruple = first.saturating_mul(4);
        let pull = if same {
            0_i16.saturating_sub(quadruple)
        } else {
            quadruple
        } >> 7;
        let push = if (partly ^ last_but_one) >= 0 {
            128_i16
        } else {
            -128
        };
        let second = pull
            .wrapping_add(push)
            .saturating_add(product(second, 32_512))
            .clamp(-12_288, 12_288);
        let limit = 15_360_i16.wrapping_sub(second);
        let push = if same { 192_i16 } else { -192 };
        let first = product(first, 32_640).saturating_add(push);
        [first.clamp(limit.wrapping_neg(), limit), second]
    }

    /// UPZERO, and the difference joins the others (DELAYA).
    #[inline(always)]
    fn adapt_zeros(&mut self, difference: i16) {
        let push = if difference == 0 { 0_i16 } else { 128 };
        for (zero, &past) in self.zeros.iter_mut().zip(&self.differences) {
            // All ones where the signs differ: the push is negated there.
            let unlike = (past ^ difference) >> 15;
            let push = (push ^ unlike).wrapping_sub(unlike);
            *zero = product(*zero, 32_640).saturating_add(push);
        }
        let [a, b, c, d, e, ..] = self.differences;
        self.differences = [difference, a, b, c, d, e, 0, 0];
    }

    /// FILTEZ: summed from the oldest to the newest, saturating at every step.
    #[inline(always)]
    fn filter_zeros(&self) -> i16 {
        let mut parts = [0_i16; LANES];
        let terms = self.zeros.iter().zip(&self.differences);
        for (part, (&zero, &past)) in parts.iter_mut().zip(terms) {
            *part = product(zero, past.saturating_add(past));
        }
        let sum: i32 = fold(parts.map(i32::from));
        let reach: i32 = fold(parts.map(|part| i32::from(part).wrapping_abs()));
        if reach <= i32::from(i16::MAX) {
            return sum as i16; // no step can saturate: all of them side by side
        }
        step_by_step(&parts)
    }
}

/// The same for loud sound, as the Recommendation says it.
#[cold]
fn step_by_step(parts: &[i16; LANES]) -> i16 {
    let oldest_first = parts.iter().take(ZEROS).rev();
    oldest_first.fold(0, |sum: i16, &part| sum.saturating_add(part))
}

#[inline(always)]
fn fold(parts: [i32; LANES]) -> i32 {
    parts
        .iter()
        .fold(0, |sum: i32, &part| sum.wrapping_add(part))
}

/// The upper 16 bits of a 31-bit product, cut off downwards. Both −32768 would not fit; nothing
/// here multiplies two such numbers: coefficients and table values never reach it.
#[inline(always)]
pub(super) const fn product(a: i16, b: i16) -> i16 {
    ((a as i32).wrapping_mul(b as i32) >> 15) as i16
}
