use super::*;
use crate::level::{mean_square, power_dbm0, rms_dbm0};
use crate::mix::add_saturating;

/// A pair of wires: what comes back of what is sent to it.
struct Hybrid(Vec<f32>);

/// Series resistance, and parallel resistance with capacitance, in Ω and nF.
type Network = (f32, f32, f32);

const NETWORKS: [(&str, Network); 8] = [
    ("600", (600.0, 0.0, 0.0)),
    ("900", (900.0, 0.0, 0.0)),
    ("tbr21", (270.0, 750.0, 150.0)),
    ("de", (220.0, 820.0, 115.0)),
    ("uk", (320.0, 1_050.0, 230.0)),
    ("nz", (370.0, 620.0, 310.0)),
    ("china", (200.0, 680.0, 100.0)),
    ("eia464", (350.0, 1_000.0, 210.0)),
];

#[derive(Clone, Copy)]
struct Complex(f32, f32);

impl Complex {
    fn times(self, o: Self) -> Self {
        Self(self.0 * o.0 - self.1 * o.1, self.0 * o.1 + self.1 * o.0)
    }
    fn over(self, o: Self) -> Self {
        let square = o.0 * o.0 + o.1 * o.1;
        let up = self.times(Self(o.0, -o.1));
        Self(up.0 / square, up.1 / square)
    }
}

fn impedance((series, parallel, nano): Network, hz: f32) -> Complex {
    let admittance = Complex(
        1.0 / parallel.max(1e-3),
        core::f32::consts::TAU * hz * nano * 1e-9,
    );
    let part = if parallel == 0.0 {
        Complex(0.0, 0.0)
    } else {
        Complex(1.0, 0.0).over(admittance)
    };
    Complex(series + part.0, part.1)
}

/// A cable of 0.4 mm (280 Ω and 45 nF a km) as sections of 250 m, ended by a set.
fn along_a_cable(end: Network, km: f32, hz: f32) -> Complex {
    let mut seen = impedance(end, hz);
    for _ in 0..(km * 4.0) as u32 {
        let admittance = Complex(0.0, core::f32::consts::TAU * hz * 45e-9 / 4.0);
        let one = Complex(1.0, 0.0).over(seen);
        seen = Complex(1.0, 0.0).over(Complex(one.0, one.1 + admittance.1));
        seen.0 += 70.0;
    }
    seen
}

impl Hybrid {
    /// What a line of this balance makes of a cable with this set at its end, `delay` samples away.
    fn new(balance: Network, set: Network, km: f32, delay: usize) -> Self {
        const LINES: usize = 256;
        let mut taps = vec![0.0_f32; delay + 96];
        for line in 1..LINES {
            let hz = line as f32 * 4_000.0 / LINES as f32;
            let (a, b) = (along_a_cable(set, km, hz), impedance(balance, hz));
            let reflected = Complex(a.0 - b.0, a.1 - b.1).over(Complex(a.0 + b.0, a.1 + b.1));
            // The card's filters pass 200 to 3,500 Hz.
            let pass = (1.0 / (1.0 + (180.0 / hz).powi(4))) / (1.0 + (hz / 3_500.0).powi(12));
            for (n, tap) in taps[delay..].iter_mut().enumerate() {
                let angle = core::f32::consts::PI * line as f32 * (n as f32 - 12.0) / LINES as f32;
                let part = reflected.0 * angle.cos() - reflected.1 * angle.sin();
                *tap += part * pass / LINES as f32;
            }
        }
        // 6 dB is the least that G.168 asks of a hybrid.
        let power: f32 = taps.iter().map(|t| t * t).sum();
        let gain = (0.2 / power).sqrt().min(1.0);
        Self(taps.iter().map(|tap| tap * gain).collect())
    }

    fn echo(&self, sent: &[i16]) -> Vec<i16> {
        (0..sent.len())
            .map(|n| {
                let taps = self.0.iter().enumerate().take(n + 1);
                let sum: f32 = taps.map(|(k, tap)| tap * f32::from(sent[n - k])).sum();
                sum.round() as i16
            })
            .collect()
    }
}

/// The hybrids of the tests: balance against set, cable and delay.
fn hybrids() -> Vec<(String, Hybrid)> {
    let mut all = Vec::new();
    for (at, (name, set)) in NETWORKS.iter().enumerate() {
        let (against, balance) = NETWORKS[(at + 3) % NETWORKS.len()];
        let km = [0.0, 0.5, 1.5, 3.0, 4.5][at % 5];
        let delay = [0, 12, 40, 90][at % 4];
        let hybrid = Hybrid::new(balance, *set, km, delay);
        all.push((
            format!("{name} against {against}, {km} km, {delay} samples"),
            hybrid,
        ));
    }
    all
}

struct Random(u32);

impl Random {
    fn next(&mut self) -> f32 {
        self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (self.0 >> 8) as f32 / 8_388_608.0 - 1.0
    }
}

/// Something like the composite source signal (P.501): 48 ms of a voiced sound, 200 ms of noise with the
/// spectrum of speech, 101 ms of silence.
fn composite(seconds: f32, dbm0: f32, pitch: f32, seed: u32) -> Vec<i16> {
    let mut random = Random(seed);
    let (mut first, mut second) = (0.0_f32, 0.0_f32);
    let sound: Vec<f32> = (0..(seconds * 8_000.0) as usize)
        .map(|n| {
            let at = n % 2_800;
            // −5 dB an octave from 500 Hz on.
            let excitation = if at < 389 {
                let phase = n as f32 * pitch / 8_000.0;
                (1..16)
                    .map(|h| (phase.fract() * core::f32::consts::TAU * h as f32).sin())
                    .sum::<f32>()
                    * 0.3
            } else if at < 1_989 {
                random.next() * 1.5
            } else {
                0.0
            };
            first += (excitation - first) * 0.35;
            second = first + 0.4 * (excitation - first);
            second
        })
        .collect();
    let active: f32 =
        sound.iter().map(|s| s * s).sum::<f32>() / sound.len() as f32 * 2_800.0 / 1_989.0;
    let gain = (power_of(0) / active).sqrt() * 10_f32.powf(dbm0 / 20.0);
    sound.iter().map(|s| (s * gain) as i16).collect()
}

fn cancel(canceller: &mut EchoCanceller, played: &[i16], came: &[i16]) -> Vec<i16> {
    let mut out = came.to_vec();
    for (block, played) in out.chunks_exact_mut(80).zip(played.chunks_exact(80)) {
        canceller.process(played, block, false);
    }
    out
}

fn linear(tail_ms: u8) -> EchoCanceller {
    EchoCanceller::new(EchoSettings {
        tail_ms,
        suppress: false,
    })
}

/// Enhancement in dB between two times in ms, silence left out.
fn enhancement(came: &[i16], out: &[i16], from: usize, to: usize) -> f32 {
    let range = from * 8..to * 8;
    let before = mean_square(&came[range.clone()]);
    let after = mean_square(&out[range]);
    power_dbm0(before) - power_dbm0(after + 0.01)
}

#[test]
fn thirty_decibels_within_half_a_second() {
    for (name, hybrid) in hybrids() {
        // A tail that is shorter than the echo cannot take it out.
        let tails = [16, 32, 64]
            .into_iter()
            .filter(|&ms| hybrid.0.len() <= usize::from(ms) * 8);
        for tail_ms in tails {
            for dbm0 in [-10.0, -20.0] {
                let played = composite(2.0, dbm0, 183.0, 9);
                let came = hybrid.echo(&played);
                let mut canceller = linear(tail_ms);
                let out = cancel(&mut canceller, &played, &came);
                let early = enhancement(&came, &out, 500, 590);
                let later = enhancement(&came, &out, 1_400, 2_000);
                assert!(
                    early > 30.0 && later > 33.0,
                    "{name}, {tail_ms} ms, {dbm0} dBm0: {early:.1} then {later:.1} dB"
                );
                let loss = canceller.figures().return_loss_db.expect("learned");
                let wanted = -10.0 * hybrid.0.iter().map(|t| t * t).sum::<f32>().log10();
                assert!((loss - wanted).abs() < 2.0, "{name}: {loss} for {wanted}");
            }
        }
    }
}

#[test]
fn who_speaks_over_the_echo_spoils_nothing() {
    for (name, hybrid) in hybrids() {
        for near_dbm0 in [-10.0, -16.0, -22.0, -30.0] {
            let played = composite(6.0, -13.0, 183.0, 9);
            let echo = hybrid.echo(&played);
            let mut spoken = vec![0; 16_000];
            spoken.extend(composite(2.0, near_dbm0, 241.0, 77));
            spoken.extend(vec![0; 16_000]);
            let mut came = echo.clone();
            add_saturating(&mut came, &spoken);
            let mut canceller = linear(32);
            let out = cancel(&mut canceller, &played, &came);
            // What is left while both speak, beside the speech itself.
            let left: Vec<i16> = out
                .iter()
                .zip(&spoken)
                .map(|(o, s)| o.saturating_sub(*s))
                .collect();
            let during = enhancement(&echo, &left, 2_050, 4_000);
            let after = enhancement(&echo, &left, 4_010, 4_200);
            assert!(
                during > 15.0 && after > 20.0,
                "{name}, {near_dbm0} dBm0: {during:.1} dB during, {after:.1} dB after"
            );
            let end = enhancement(&echo, &left, 5_000, 6_000);
            assert!(
                end > 30.0,
                "{name}, {near_dbm0} dBm0: {end:.1} dB at the end"
            );
        }
    }
}

/// Plays this against a line that sends it back so much weaker, plainly; what is said of that in each second.
fn return_losses(played: &[i16], loss_db: i32, noise: i16) -> Vec<Option<f32>> {
    let gain = 10_f32.powf(-loss_db as f32 / 20.0);
    let mut random = Random(5);
    let came: Vec<i16> = played
        .iter()
        .map(|&s| (f32::from(s) * gain + random.next() * f32::from(noise)).round() as i16)
        .collect();
    let mut canceller = linear(16);
    let seconds = played.chunks_exact(8_000).zip(came.chunks_exact(8_000));
    seconds
        .map(|(played, came)| {
            cancel(&mut canceller, played, came);
            canceller.figures().return_loss_db
        })
        .collect()
}

#[test]
fn the_return_loss_is_that_of_the_line_whatever_is_played() {
    let speech = composite(6.0, -13.0, 183.0, 9);
    let mark = tone(1_100.0, -13.0, 48_000);
    // A dial tone, then speech.
    let mut both = tone(425.0, -10.0, 16_000);
    both.extend(&speech[..32_000]);
    for (name, played) in [("speech", &speech), ("mark", &mark), ("both", &both)] {
        for loss_db in [10, 15, 20, 25, 30, 35, 40] {
            for noise in [0, 8] {
                let told = return_losses(played, loss_db, noise);
                let last = told.last().copied().flatten();
                let off = last.map(|told| (told - loss_db as f32).abs());
                assert!(
                    off.is_some_and(|off| off < 1.0),
                    "{name}, {loss_db} dB, noise {noise}: {told:?}"
                );
            }
        }
    }
}

/// A sine of so many samples.
fn tone(hz: f32, dbm0: f32, samples: usize) -> Vec<i16> {
    let peak = (2.0 * power_of(0)).sqrt() * 10_f32.powf(dbm0 / 20.0);
    let turn = core::f32::consts::TAU * hz / 8_000.0;
    (0..samples)
        .map(|n| ((turn * n as f32).sin() * peak) as i16)
        .collect()
}

fn sum(sounds: &[Vec<i16>]) -> Vec<i16> {
    let mut all = sounds[0].clone();
    for sound in &sounds[1..] {
        add_saturating(&mut all, sound);
    }
    all
}

/// Tones against tones: whatever a filter that learns fast makes of them, none is the echo of another.
#[test]
fn a_tone_beside_a_tone_is_no_echo() {
    for played_hz in [&[530.0][..], &[1_000.0], &[600.0, 1_050.0, 1_270.0, 730.0]] {
        for near_hz in [425.0, 560.0, 640.0, 1_100.0] {
            for near_dbm0 in [-10.0, -16.0, -25.0] {
                let parts: Vec<_> = played_hz
                    .iter()
                    .map(|&hz| tone(hz, -13.0, 40_000))
                    .collect();
                let came = tone(near_hz, near_dbm0, 40_000);
                let out = cancel(&mut linear(32), &sum(&parts), &came);
                let added: Vec<i16> = out.iter().zip(&came).map(|(o, c)| o - c).collect();
                let worst = (2_000..39_200)
                    .step_by(800)
                    .map(|at| rms_dbm0(&added[at..at + 800]) - near_dbm0)
                    .fold(f32::MIN, f32::max);
                assert!(
                    worst < -15.0,
                    "{near_hz} Hz {near_dbm0} dBm0 under {played_hz:?}: {worst:.1} dB are made"
                );
            }
        }
    }
}

/// What a far hybrid sends back of somebody is in what is played to them, weakly; no wire makes it as strong as they are.
#[test]
fn who_comes_back_from_afar_is_no_echo() {
    for (near_hz, far_hz) in [(640.0, 1_000.0), (560.0, 1_050.0), (730.0, 530.0)] {
        for back_db in [12.0, 18.0, 24.0] {
            let far = tone(far_hz, -13.0, 40_000);
            let back = tone(near_hz, -13.0 - back_db, 40_000);
            let came = tone(near_hz, -13.0, 40_000);
            let out = cancel(&mut linear(32), &sum(&[far, back]), &came);
            // Of the far tone alone: ten whole turns of each in a tenth of a second.
            let worst = (2_000..39_200)
                .step_by(800)
                .map(|at| {
                    let (mut re, mut im) = (0.0, 0.0);
                    for (n, &sample) in out.iter().enumerate().skip(at).take(800) {
                        let angle = core::f32::consts::TAU * far_hz * n as f32 / 8_000.0;
                        re += f32::from(sample) * angle.cos() / 400.0;
                        im += f32::from(sample) * angle.sin() / 400.0;
                    }
                    power_dbm0((re * re + im * im) / 2.0)
                })
                .fold(f32::MIN, f32::max);
            assert!(
                worst < -22.0,
                "{far_hz} Hz, {near_hz} Hz {back_db} dB weaker in it: {worst:.1} dBm0 are made"
            );
        }
    }
}

/// A tone that went through A-law has a little of its overtones, and another one may be the same as one of these.
#[test]
fn an_overtone_is_not_made_into_an_echo() {
    use crate::g711::Law::A;
    let played: Vec<i16> = tone(600.0, -13.0, 48_000)
        .iter()
        .map(|&sample| A.decode(A.encode(sample)))
        .collect();
    let came = tone(1_000.0, -16.0, 48_000);
    let out = cancel(&mut linear(32), &played, &came);
    let worst = (0..47_200)
        .step_by(800)
        .map(|at| {
            let added: Vec<i16> = (at..at + 800).map(|n| out[n] - came[n]).collect();
            rms_dbm0(&added)
        })
        .fold(f32::MIN, f32::max);
    assert!(worst < -35.0, "{worst:.1} dBm0 are made");
}

#[test]
fn the_line_is_learned_while_both_always_speak() {
    for (near_dbm0, wanted) in [(-22.0, 3.5), (-28.0, 9.0)] {
        for (name, hybrid) in hybrids() {
            let played = composite(10.0, -13.0, 183.0, 9);
            let echo = hybrid.echo(&played);
            let spoken = composite(10.0, near_dbm0, 241.0, 77);
            let came = sum(&[echo.clone(), spoken.clone()]);
            let out = cancel(&mut linear(32), &played, &came);
            let left: Vec<i16> = out
                .iter()
                .zip(&spoken)
                .map(|(o, s)| o.saturating_sub(*s))
                .collect();
            let late = enhancement(&echo, &left, 5_000, 10_000);
            assert!(late > wanted, "{name}, {near_dbm0} dBm0: {late:.1} dB");
        }
    }
}

#[test]
fn tones_are_no_harm() {
    for (name, hybrid) in hybrids() {
        let mut played = composite(2.0, -13.0, 183.0, 9);
        for hz in [697.0_f32, 1_209.0, 425.0] {
            played.extend((0..8_000).map(|n| {
                let angle = core::f32::consts::TAU * hz * n as f32 / 8_000.0;
                (angle.sin() * 5_000.0) as i16
            }));
        }
        played.extend(composite(1.0, -13.0, 183.0, 9));
        let came = hybrid.echo(&played);
        let out = cancel(&mut linear(32), &played, &came);
        let after = enhancement(&came, &out, 5_010, 5_250);
        assert!(after > 20.0, "{name}: {after:.1} dB after tones");
    }
}

#[test]
fn a_changed_line_is_learned_anew() {
    let all = hybrids();
    let played = composite(4.0, -13.0, 183.0, 9);
    let mut came = all[2].1.echo(&played);
    came.splice(16_000.., all[5].1.echo(&played)[16_000..].iter().copied());
    let out = cancel(&mut linear(32), &played, &came);
    let after = enhancement(&came, &out, 3_000, 4_000);
    assert!(after > 30.0, "{after:.1} dB a second after the change");
}

#[test]
fn the_suppressor_leaves_the_noise_of_the_room() {
    let hybrid = &hybrids()[1].1;
    let mut random = Random(4);
    let mut played = vec![0; 16_000];
    played.extend(composite(4.0, -13.0, 183.0, 9));
    let mut came = hybrid.echo(&played);
    for sample in &mut came {
        *sample += (random.next() * 60.0) as i16;
    }
    let mut canceller = EchoCanceller::new(EchoSettings::default());
    let out = cancel(&mut canceller, &played, &came);
    let before = rms_dbm0(&out[8_000..16_000]);
    let during = rms_dbm0(&out[24_000..48_000]);
    assert!(
        (before - during).abs() < 2.0,
        "{before:.1} and {during:.1} dBm0"
    );
    // Who answers is heard from the first syllable on.
    let mut spoken = vec![0; 40_000];
    spoken.extend(composite(1.0, -20.0, 241.0, 77));
    let mut came = hybrid.echo(&played);
    add_saturating(&mut came, &spoken);
    let out = cancel(
        &mut EchoCanceller::new(EchoSettings::default()),
        &played,
        &came,
    );
    let heard = rms_dbm0(&out[40_100..40_400]) - rms_dbm0(&spoken[40_100..40_400]);
    assert!(heard.abs() < 2.0, "{heard:.1} dB of what is said");
}

/// A far party that speaks or hums before anything is played is learned as noise, for nothing quieter was heard.
#[test]
fn what_was_heard_first_is_no_noise_of_the_line() {
    let hybrid = &hybrids()[1].1;
    for (hums, first) in [
        (true, tone(1_000.0, -16.0, 8_000)),
        (false, composite(1.0, -16.0, 117.0, 5)),
    ] {
        // Then both speak, and then one alone.
        let mut played = vec![0; 2_400];
        played.extend(composite(5.0, -13.0, 183.0, 9));
        let mut came = hybrid.echo(&played);
        add_saturating(&mut came, &first);
        let mut canceller = EchoCanceller::new(EchoSettings::default());
        let out = cancel(&mut canceller, &played, &came);
        let alone = rms_dbm0(&out[16_000..42_400]);
        assert!(alone < -50.0, "hums {hums}: {alone:.1} dBm0");
    }
}

#[test]
fn reversals_of_2100_hz_switch_it_off_until_silence() {
    let tone = |reverses: bool, hz: f32| -> Vec<i16> {
        (0..24_000)
            .map(|n| {
                let turned = reverses && (n / 3_600) % 2 == 1;
                let angle = core::f32::consts::TAU * hz * n as f32 / 8_000.0;
                (angle.sin() * if turned { -4_000.0 } else { 4_000.0 }) as i16
            })
            .collect()
    };
    for hz in [2_085.0, 2_100.0, 2_115.0] {
        for (reverses, wanted) in [(true, true), (false, false)] {
            let played = tone(reverses, hz);
            let mut canceller = linear(32);
            let first = cancel(&mut canceller, &played[..8_800], &vec![0; 8_800]);
            assert_eq!(first.len(), 8_800);
            assert_eq!(canceller.is_disabled(), wanted, "{hz} {reverses}");
            // From the line, too.
            let mut canceller = linear(32);
            cancel(&mut canceller, &vec![0; 24_000], &played);
            assert_eq!(canceller.is_disabled(), wanted, "{hz} {reverses}");
            cancel(&mut canceller, &[0; 2_400], &[0; 2_400]);
            assert!(!canceller.is_disabled());
        }
    }
    let mut canceller = linear(32);
    cancel(
        &mut canceller,
        &composite(8.0, -10.0, 183.0, 1),
        &composite(8.0, -10.0, 90.0, 2),
    );
    assert!(!canceller.is_disabled());
}
