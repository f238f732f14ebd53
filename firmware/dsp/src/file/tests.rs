use super::*;

/// A WAV file of 16-bit samples, interleaved.
fn wav(hz: u32, channels: u16, samples: &[i16]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let data = u32::try_from(samples.len() * 2).expect("small");
    bytes.extend(b"RIFF");
    bytes.extend((36 + data).to_le_bytes());
    bytes.extend(b"WAVEfmt ");
    bytes.extend(16_u32.to_le_bytes());
    bytes.extend(1_u16.to_le_bytes());
    bytes.extend(channels.to_le_bytes());
    bytes.extend(hz.to_le_bytes());
    bytes.extend((hz * u32::from(channels) * 2).to_le_bytes());
    bytes.extend((channels * 2).to_le_bytes());
    bytes.extend(16_u16.to_le_bytes());
    bytes.extend(b"data");
    bytes.extend(data.to_le_bytes());
    samples
        .iter()
        .for_each(|sample| bytes.extend(sample.to_le_bytes()));
    bytes
}

fn sine(turns: f64, peak: f64, samples: usize) -> Vec<i16> {
    let at = |n: usize| ((n as f64 * turns * std::f64::consts::TAU).sin() * peak).round() as i16;
    (0..samples).map(at).collect()
}

fn level(samples: &[i16]) -> f32 {
    crate::level::rms_dbm0(samples)
}

#[test]
fn loud_and_quiet_files_come_out_alike() {
    for peak in [300.0, 3_000.0, 32_000.0] {
        let clip = read(&wav(16_000, 1, &sine(0.05, peak, 16_000)), Playing::Once).expect("sound");
        assert!(
            (level(&clip.wide) + 20.0).abs() < 0.2,
            "{peak}: {}",
            level(&clip.wide)
        );
        assert!(
            (level(&clip.narrow) + 20.0).abs() < 0.2,
            "{peak}: {}",
            level(&clip.narrow)
        );
    }
    // What is far too quiet is raised by 30 dB and no more.
    let clip = read(&wav(16_000, 1, &sine(0.05, 10.0, 16_000)), Playing::Once).expect("sound");
    assert!(
        (level(&clip.wide) + 37.2).abs() < 0.5,
        "{}",
        level(&clip.wide)
    );
}

/// Single loud clicks in silence would pass full scale: the peak decides.
#[test]
fn peaks_stay_below_full_scale() {
    let mut clicks = sine(0.05, 40.0, 16_000);
    clicks
        .iter_mut()
        .step_by(4_000)
        .for_each(|sample| *sample = 30_000);
    let clip = read(&wav(16_000, 1, &clicks), Playing::Once).expect("sound");
    for samples in [&clip.wide, &clip.narrow] {
        let peak = samples.iter().map(|s| s.unsigned_abs()).max();
        assert!(peak <= Some(29_205), "{peak:?}");
    }
}

#[test]
fn digital_silence_is_cut_off_and_quiet_sound_is_not() {
    let mut sound = vec![0; 1_000];
    sound.extend(sine(0.05, 2.0, 800));
    sound.extend(sine(0.05, 8_000.0, 8_000));
    sound.extend([0; 500]);
    let clip = read(&wav(16_000, 1, &sound), Playing::Once).expect("sound");
    // The sines begin with a zero, and the last one may end with some.
    assert!(clip.wide.len().abs_diff(8_800) < 12, "{}", clip.wide.len());
    let silent = wav(16_000, 1, &[0; 1_000]);
    assert_eq!(read(&silent, Playing::Once), Err(FileFault::Silent));
    assert_eq!(
        read(&wav(16_000, 1, &[]), Playing::Around),
        Err(FileFault::Silent)
    );
}

#[test]
fn channels_and_rates_are_brought_together() {
    for (hz, channels) in [
        (8_000, 1),
        (11_025, 2),
        (22_050, 1),
        (44_100, 2),
        (48_000, 6),
        (96_000, 1),
        (192_000, 2),
    ] {
        let mono = sine(1_000.0 / f64::from(hz), 8_000.0, hz as usize / 2);
        let all: Vec<i16> = mono
            .iter()
            .flat_map(|&s| vec![s; usize::from(channels)])
            .collect();
        let clip = read(&wav(hz, channels, &all), Playing::Once).expect("sound");
        assert!(clip.ms().abs_diff(500) <= 1, "{hz}: {} ms", clip.ms());
        let edge = 800;
        let middle = &clip.wide[edge..clip.wide.len() - edge];
        // 1 kHz at 16 kHz: sixteen samples on, it is the same again; eight on, the opposite.
        let off = middle
            .windows(9)
            .map(|w| (i32::from(w[0]) + i32::from(w[8])).abs())
            .max();
        assert!(off < Some(12), "{hz}: {off:?}");
    }
}

/// What a rate of 44.1 kHz can hold and ours cannot is gone, not folded over.
#[test]
fn sound_above_the_band_does_not_fold_over() {
    for hz in [8_100.0, 9_000.0, 12_000.0, 20_000.0] {
        let low = sine(500.0 / 44_100.0, 3_000.0, 44_100);
        let high = sine(hz / 44_100.0, 20_000.0, 44_100);
        let both: Vec<i16> = low.iter().zip(&high).map(|(a, b)| a + b).collect();
        let clip = read(&wav(44_100, 1, &both), Playing::Once).expect("sound");
        let middle = &clip.wide[1_600..clip.wide.len() - 1_600];
        let off = middle
            .windows(17)
            .map(|w| (i32::from(w[0]) + i32::from(w[16])).abs())
            .max();
        assert!(off < Some(25), "{hz}: {off:?}");
    }
}

#[test]
fn music_goes_round_without_a_click() {
    for samples in [16_000, 15_999, 5_003] {
        let music = sine(0.0273, 8_000.0, samples);
        let clip = read(&wav(16_000, 1, &music), Playing::Around).expect("sound");
        assert_eq!(clip.wide.len(), 2 * clip.narrow.len());
        assert!(clip.wide.len().abs_diff(samples - SEAM) < 4);
        for (sound, turns) in [(&clip.wide, 0.0273), (&clip.narrow, 2.0 * 0.0273)] {
            // Twice round, and as smooth at the seam as anywhere in a sine of that frequency.
            let round: Vec<f64> = sound
                .iter()
                .chain(sound.iter())
                .map(|&s| f64::from(s))
                .collect();
            let turn = 2.0 * (turns * std::f64::consts::TAU).cos();
            for (n, w) in round.windows(3).enumerate() {
                let bend = w[0] - turn * w[1] + w[2];
                assert!(
                    bend.abs() < 60.0,
                    "{samples}: {bend} at {n} of {}",
                    sound.len()
                );
            }
        }
    }
}

#[test]
fn both_rates_are_in_step() {
    let clip = read(&wav(16_000, 1, &sine(0.01, 8_000.0, 8_000)), Playing::Once).expect("sound");
    let error = |shift: usize| -> f64 {
        let pairs = clip.narrow.iter().zip(clip.wide[shift..].iter().step_by(2));
        pairs
            .skip(100)
            .take(3_500)
            .map(|(&a, &b)| (f64::from(a) - f64::from(b)).powi(2))
            .sum()
    };
    // Half a sample of 16 kHz: the filter's delay is odd.
    assert!(error(0) + error(1) < error(2) + error(3));
}

#[test]
fn too_much_is_refused() {
    let fault = |bytes: &[u8]| read(bytes, Playing::Once).expect_err("too much");
    assert_eq!(fault(&wav(7_999, 1, &[5; 100])), FileFault::Rate(7_999));
    assert_eq!(fault(&wav(400_000, 1, &[5; 100])), FileFault::Rate(400_000));
    assert_eq!(fault(&wav(8_000, 9, &[5; 90])), FileFault::Channels(9));
    let long = vec![5; 8_000 * (limits::FILE_SECONDS + 1)];
    assert_eq!(fault(&wav(8_000, 1, &long)), FileFault::TooLong);
    assert_eq!(fault(&vec![0; limits::FILE_BYTES + 1]), FileFault::TooBig);
    for fault in [
        FileFault::Rate(3),
        FileFault::Channels(9),
        FileFault::TooLong,
    ] {
        assert!(
            fault.to_string().chars().any(|c| c.is_ascii_digit()),
            "{fault}"
        );
    }
}
