use super::*;
use proptest::prelude::*;

#[test]
fn three_legs_hear_the_two_others() {
    let legs = [[1_000_i16, 30_000], [200, 30_000], [-30, -7]];
    let mut sum = [0; 2];
    for leg in &legs {
        add(&mut sum, leg);
    }
    let mut heard = [0; 2];
    let mut others = sum;
    subtract(&mut others, &legs[0]);
    assert_eq!(clip(&others, &mut heard), 29_993);
    assert_eq!(heard, [170, 29_993]);
    others = sum;
    subtract(&mut others, &legs[2]);
    assert_eq!(clip(&others, &mut heard), 60_000);
    assert_eq!(heard, [1_200, i16::MAX]);
    assert_eq!(clip(&sum, &mut heard), 59_993);
    assert_eq!(heard, [1_170, i16::MAX]);
}

#[test]
fn clipping_never_wraps() {
    let mut out = [i16::MAX, i16::MIN, 5];
    add_saturating(&mut out, &[i16::MAX, i16::MIN]);
    assert_eq!(out, [i16::MAX, i16::MIN, 5]);
    assert_eq!(clip(&[i32::MIN, i32::MAX], &mut out), 1 << 31);
    assert_eq!(out, [i16::MIN, i16::MAX, 5]);
}

/// Sums as a full conference makes them, with single ones out of all reason.
fn sums() -> impl Strategy<Value = Vec<i32>> {
    let one = prop_oneof![20 => -200_000_i32..200_000, 1 => any::<i32>()];
    prop::collection::vec(one, 0..400)
}

fn blocks() -> impl Strategy<Value = Vec<i16>> {
    prop::collection::vec(any::<i16>(), 0..400)
}

/// A kernel on a sum.
type Kernel<'a> = &'a dyn Fn(&mut [i32]);

proptest! {
    /// What runs on wide vectors is the same, to the bit, as what any processor does.
    #[test]
    fn kernels_equal_their_scalar_twins(sum in sums(), block in blocks(), gain in -3.0_f32..3.0) {
        let ramps = [(gain, (1.0 - gain) / 20.0); 20];
        let (mut gains, mut same) = (vec![0.0; sum.len()], vec![0.0; sum.len()]);
        vectorised(|| kernel::ramp(&mut gains, 20, &ramps));
        kernel::ramp(&mut same, 20, &ramps);
        prop_assert_eq!(&gains, &same);
        let twins: [(Kernel<'_>, Kernel<'_>); 2] = [
            (&|sum| add(sum, &block), &|sum| kernel::add(sum, &block)),
            (&|sum| subtract(sum, &block), &|sum| kernel::subtract(sum, &block)),
        ];
        for (fast, plain) in twins {
            let (mut a, mut b) = (sum.clone(), sum.clone());
            fast(&mut a);
            plain(&mut b);
            prop_assert_eq!(a, b);
        }
        let (mut a, mut b) = (block.clone(), block.clone());
        prop_assert_eq!(clip(&sum, &mut a), kernel::clip(&sum, &mut b));
        prop_assert_eq!(&a, &b);
        vectorised(|| kernel::limit(&sum, &gains, &mut a, 26_000.0));
        kernel::limit(&sum, &gains, &mut b, 26_000.0);
        prop_assert_eq!(&a, &b);
        add_saturating(&mut a, &block);
        kernel::add_saturating(&mut b, &block);
        prop_assert_eq!(&a, &b);
    }

    /// What is turned down is rounded as the language does it.
    #[test]
    fn values_are_rounded_to_even(value in -32_767.0_f32..32_767.0, half in -32_767_i16..32_767) {
        for value in [value, f32::from(half) + 0.5] {
            prop_assert_eq!(kernel::rounded(value), value.round_ties_even() as i16);
        }
    }

    /// Who takes itself out of a mix leaves what the others would have made without it.
    #[test]
    fn minus_self_is_the_sum_of_the_others(legs in prop::collection::vec(prop::collection::vec(any::<i16>(), 80), 2..9)) {
        let mut all = [0; 80];
        legs.iter().for_each(|leg| add(&mut all, leg));
        for (me, own) in legs.iter().enumerate() {
            let mut others = [0; 80];
            legs.iter().enumerate().filter(|&(n, _)| n != me).for_each(|(_, leg)| add(&mut others, leg));
            let mut mine = all;
            subtract(&mut mine, own);
            prop_assert_eq!(mine, others);
        }
    }

    #[test]
    fn a_limiter_bears_anything_and_keeps_the_sign(blocks in prop::collection::vec(sums(), 1..6)) {
        let mut limiter = Limiter::new();
        for sum in blocks {
            let mut out = vec![0; sum.len()];
            limiter.run(&sum, &mut out);
            for (&heard, &total) in out.iter().zip(&sum) {
                prop_assert!(heard == 0 || (heard < 0) == (total < 0), "{} of {}", heard, total);
            }
            prop_assert!((0.0..=1.0).contains(&limiter.gain()));
        }
    }
}

fn sine(n: usize, peak: f64) -> i32 {
    ((n as f64 * 0.05).sin() * peak) as i32
}

/// `blocks` of 160 samples of a sine through a limiter.
fn limited(limiter: &mut Limiter, from: usize, blocks: usize, peak: f64) -> Vec<i16> {
    let mut heard = Vec::new();
    for block in from..from + blocks {
        let sum: Vec<i32> = (0..160).map(|n| sine(block * 160 + n, peak)).collect();
        let mut out = [0; 160];
        limiter.run(&sum, &mut out);
        heard.extend_from_slice(&out);
    }
    heard
}

#[test]
fn quiet_sound_passes_to_the_bit() {
    let mut limiter = Limiter::new();
    let heard = limited(&mut limiter, 0, 50, 25_999.0);
    let same = heard
        .iter()
        .enumerate()
        .all(|(n, &s)| i32::from(s) == sine(n, 25_999.0));
    assert!(same && limiter.gain() == 1.0);
}

#[test]
fn three_full_voices_are_turned_down_and_stay_a_sine() {
    let mut limiter = Limiter::new();
    let heard = limited(&mut limiter, 0, 50, 98_000.0);
    let loudest = heard.iter().map(|s| s.unsigned_abs()).max();
    assert!(loudest < Some(32_767), "{loudest:?}");
    let settled = &heard[160 * 10..];
    let peak = settled.iter().map(|s| s.unsigned_abs()).max();
    assert!(peak > Some(25_000) && peak <= Some(26_300), "{peak:?}");
    // A sine of that shape: what is left of it after the best fit is the distortion.
    let turn = |n: usize| ((n + 1_600) as f64 * 0.05).sin();
    let fit: f64 = settled
        .iter()
        .enumerate()
        .map(|(n, &s)| f64::from(s) * turn(n))
        .sum::<f64>()
        / (0..settled.len()).map(|n| turn(n).powi(2)).sum::<f64>();
    let rest: f64 = settled
        .iter()
        .enumerate()
        .map(|(n, &s)| (f64::from(s) - fit * turn(n)).powi(2))
        .sum();
    let power: f64 = (0..settled.len()).map(|n| (fit * turn(n)).powi(2)).sum();
    let distortion = 10.0 * (rest / power).log10();
    assert!(distortion < -40.0, "{distortion} dB");
}

#[test]
fn the_gain_comes_back_smoothly_and_whole() {
    let mut limiter = Limiter::new();
    limited(&mut limiter, 0, 20, 98_000.0);
    let mut before = limiter.gain();
    assert!(before < 0.3);
    let mut blocks = 0;
    while limiter.gain() < 1.0 {
        let heard = limited(&mut limiter, 20 + blocks, 1, 5_000.0);
        let rise = limiter.gain() - before;
        assert!((0.0..=0.025).contains(&rise), "{rise}");
        assert!(
            heard
                .windows(2)
                .all(|w| (i32::from(w[1]) - i32::from(w[0])).abs() < 300)
        );
        before = limiter.gain();
        blocks += 1;
        assert!(blocks < 80, "it never comes back");
    }
}

/// A voice that begins at full strength among others: the first millisecond is bent, but no sample
/// jumps further than the sound itself does.
#[test]
fn a_sudden_voice_does_not_click() {
    let mut limiter = Limiter::new();
    let mut heard = limited(&mut limiter, 0, 1, 20_000.0);
    heard.extend(limited(&mut limiter, 1, 10, 90_000.0));
    for (n, w) in heard.windows(2).enumerate().skip(161) {
        let moved = (i32::from(w[1]) - i32::from(w[0])).abs();
        let own = (sine(n + 1, 90_000.0) - sine(n, 90_000.0)).abs();
        assert!(
            moved <= own.max(2_600),
            "{moved} at {n}, the sound itself {own}"
        );
    }
}
