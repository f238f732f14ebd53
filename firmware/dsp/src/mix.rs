//! Adding sound: a bridge sums all legs in 32 bits and takes each listener's own part out again.

/// Adds `block` to `sum`, over the shorter of the two. 65,536 legs cannot overflow the sum.
pub fn add(sum: &mut [i32], block: &[i16]) {
    for (total, &sample) in sum.iter_mut().zip(block) {
        *total = total.saturating_add(i32::from(sample));
    }
}

/// What a listener hears: the sum of all without its own part `own`, clipped to 16 bits, over the
/// shortest of the three. An empty part is written as `&[]` to [`clip`] instead.
pub fn minus_own(sum: &[i32], own: &[i16], out: &mut [i16]) {
    for ((heard, &total), &part) in out.iter_mut().zip(sum).zip(own) {
        *heard = saturate(total.saturating_sub(i32::from(part)));
    }
}

/// The sum clipped to 16 bits: what one hears who says nothing.
pub fn clip(sum: &[i32], out: &mut [i16]) {
    for (heard, &total) in out.iter_mut().zip(sum) {
        *heard = saturate(total);
    }
}

/// Adds `block` to `out` with clipping, over the shorter of the two.
pub fn add_saturating(out: &mut [i16], block: &[i16]) {
    for (total, &sample) in out.iter_mut().zip(block) {
        *total = total.saturating_add(sample);
    }
}

fn saturate(value: i32) -> i16 {
    value.clamp(i32::from(i16::MIN), i32::from(i16::MAX)) as i16
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_legs_hear_the_two_others() {
        let legs = [[1_000_i16, 30_000], [200, 30_000], [-30, -7]];
        let mut sum = [0; 2];
        for leg in &legs {
            add(&mut sum, leg);
        }
        let mut heard = [0; 2];
        minus_own(&sum, &legs[0], &mut heard);
        assert_eq!(heard, [170, 29_993]);
        minus_own(&sum, &legs[2], &mut heard);
        assert_eq!(heard, [1_200, i16::MAX]);
        clip(&sum, &mut heard);
        assert_eq!(heard, [1_170, i16::MAX]);
    }

    #[test]
    fn clipping_never_wraps() {
        let mut out = [i16::MAX, i16::MIN, 5];
        add_saturating(&mut out, &[i16::MAX, i16::MIN]);
        assert_eq!(out, [i16::MAX, i16::MIN, 5]);
    }
}
