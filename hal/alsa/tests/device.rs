//! The real ALSA library on its own plugins: a `null` device with files beside it.

use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use hal_alsa::{
    AlsaDevice, AlsaError, Card, CardSettings, Device, Highway, Period, SampleFormat, Xrun,
};
use hal_port::{AudioHalf as _, FRAME};

fn settings(name: &str, format: SampleFormat) -> CardSettings {
    CardSettings {
        capture: name.into(),
        playback: name.into(),
        channels: 4,
        format,
        period: Period::Ms10,
    }
}

/// This test program again, one test of it, with this ALSA configuration.
fn again_with(configuration: &str, test: &str) -> std::path::PathBuf {
    let folder = std::env::temp_dir().join(format!("centralka-alsa-{test}-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let text = configuration.replace("FOLDER", &folder.display().to_string());
    let file = folder.join("alsa.conf");
    std::fs::write(&file, text).expect("written");
    let status = Command::new(std::env::current_exe().expect("known"))
        .args(["--exact", test, "--nocapture"])
        .env("ALSA_CONFIG_PATH", &file)
        .env("HIGHWAY_CHILD", "1")
        .status()
        .expect("runs");
    assert!(status.success(), "{configuration}");
    folder
}

fn is_child() -> bool {
    std::env::vars_os().any(|(name, _)| name == "HIGHWAY_CHILD")
}

/// What the lines say is a file, and so is what is said to them. The plugin has no clock and runs as
/// fast as it is read: nothing here depends on time.
const FILES: &str = "pcm.heard {
  type file
  slave.pcm { type null }
  file FOLDER/captured
  infile FOLDER/from_lines
  format raw
}
pcm.spoken {
  type file
  slave.pcm { type null }
  file FOLDER/to_lines
  format raw
}
";

#[test]
fn plays_to_and_hears_from_alsa() {
    if is_child() {
        let conf = std::env::vars_os()
            .find(|(name, _)| name == "ALSA_CONFIG_PATH")
            .expect("given");
        let folder = std::path::PathBuf::from(conf.1)
            .parent()
            .expect("in a folder")
            .to_owned();
        // Slot 2 says 1234 all the time.
        let mut lines = Vec::new();
        for _ in 0..800_000 {
            for sample in [0_i16, 0, 1_234, 0] {
                lines.extend(sample.to_le_bytes());
            }
        }
        std::fs::write(folder.join("from_lines"), lines).expect("written");
        let settings = CardSettings {
            playback: "spoken".into(),
            ..settings("heard", SampleFormat::Linear)
        };
        let mut device = AlsaDevice::open(&settings).expect("opens");
        let (mut highway, mut halves) =
            Highway::new(SampleFormat::Linear, 4, settings.period, &[2, 3]);
        let mut input = vec![0; highway.octets()];
        let mut output = input.clone();
        device.start(&highway.silence()).expect("starts");
        let mut heard = [0_i16; 2];
        for _ in 0..50 {
            device.read(&mut input).expect("runs");
            highway.period(&input, &mut output);
            device.write(&output).expect("runs");
            for (half, heard) in halves.iter_mut().zip(&mut heard) {
                let mut rx = [0; FRAME];
                half.exchange(&[-321; FRAME], &mut rx);
                *heard = rx[40];
            }
        }
        assert_eq!(heard, [1_234, 0], "each slot is its own");
        return;
    }
    let folder = again_with(FILES, "plays_to_and_hears_from_alsa");
    let played = std::fs::read(folder.join("to_lines")).expect("was made");
    let frames: Vec<[i16; 4]> = played
        .chunks_exact(8)
        .map(|f| core::array::from_fn(|at| i16::from_le_bytes([f[2 * at], f[2 * at + 1]])))
        .collect();
    // After the lead of the device the first block, which answers nothing, then answers to the end.
    let lead = 120 + FRAME;
    assert_eq!(frames.len(), 120 + 50 * FRAME);
    assert!(frames[..lead].iter().all(|frame| *frame == [0; 4]));
    assert!(
        frames[lead..]
            .iter()
            .all(|frame| *frame == [0, 0, -321, -321])
    );
    std::fs::remove_dir_all(folder).expect("removed");
}

#[test]
fn a_missing_device_is_called_by_name() {
    let error =
        Card::open(&settings("hw:99", SampleFormat::Linear), &[0], || ()).expect_err("none");
    assert!(matches!(&error, AlsaError::Open(name, _) if name == "hw:99"));
    let error =
        Card::open(&settings("null", SampleFormat::Linear), &[4], || ()).expect_err("no slot 4");
    assert!(matches!(error, AlsaError::Slots(4)));
}

/// A device that stops every few periods, and at last until it is mended.
struct Weak {
    left: u32,
    starts: u32,
    mended: Arc<AtomicBool>,
}

impl Device for Weak {
    fn read(&mut self, input: &mut [u8]) -> Result<(), Xrun> {
        input.fill(0);
        self.left = self.left.checked_sub(1).ok_or(Xrun)?;
        Ok(())
    }

    fn write(&mut self, _output: &[u8]) -> Result<(), Xrun> {
        Ok(())
    }

    fn start(&mut self, _silence: &[u8]) -> Result<(), AlsaError> {
        self.starts += 1;
        let works = self.starts <= 10 || self.mended.load(Ordering::Relaxed);
        self.left = if works { 5 } else { 0 };
        Ok(())
    }
}

#[test]
fn a_device_that_stops_is_started_again_even_after_it_was_gone() {
    let mended = Arc::new(AtomicBool::new(false));
    let weak = Weak {
        left: 0,
        starts: 0,
        mended: Arc::clone(&mended),
    };
    let begun = Arc::new(AtomicBool::new(false));
    let begins = Arc::clone(&begun);
    let begin = move || begins.store(true, Ordering::Relaxed);
    let (card, _halves) =
        Card::start(weak, &settings("weak", SampleFormat::ALaw), &[0], begin).expect("starts");
    while !card.counts().gone.load(Ordering::Relaxed) {
        std::thread::yield_now();
    }
    assert!(begun.load(Ordering::Relaxed));
    assert_eq!(card.counts().periods.load(Ordering::Relaxed), 50);
    assert!(card.counts().xruns.load(Ordering::Relaxed) >= 10);
    // It is back when it starts again, by itself.
    mended.store(true, Ordering::Relaxed);
    while card.counts().gone.load(Ordering::Relaxed) {
        std::thread::yield_now();
    }
}
