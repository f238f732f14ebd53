use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

use serde::{Deserialize, Serialize};

use crate::device::{AlsaDevice, Device, Xrun};
use crate::half::{AlsaAudio, CardCounts};
use crate::highway::{Highway, SampleFormat};

/// Starts in a row that may fail before the device is said to be gone.
const STARTS_MAX: u32 = 50;
/// How often a device that is gone is tried.
const TRY_AGAIN: std::time::Duration = std::time::Duration::from_secs(1);

/// How long the card works in one go.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Period {
    /// 5 ms: what a line says is heard on another one of the board 20 ms later.
    #[default]
    #[serde(rename = "5")]
    Ms5,
    /// 10 ms: half as many wakes, and 25 ms.
    #[serde(rename = "10")]
    Ms10,
}

impl Period {
    /// Samples of a slot.
    #[must_use]
    pub const fn frames(self) -> u16 {
        match self {
            Self::Ms5 => 40,
            Self::Ms10 => 80,
        }
    }
}

/// Which device, and what it carries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CardSettings {
    /// ALSA's name of the device that hears the lines: `hw:tdm,0`.
    pub capture: String,
    /// That of the device that speaks to them; mostly the same.
    pub playback: String,
    /// Slots of a frame, 1–64.
    pub channels: u16,
    /// What a slot holds.
    pub format: SampleFormat,
    /// How long the card works in one go.
    pub period: Period,
}

/// Why a card is not used.
#[derive(Debug, thiserror::Error)]
pub enum AlsaError {
    /// There is none of this name, or somebody else has it.
    #[error("the sound device {0} cannot be opened: {1}")]
    Open(String, alsa::Error),
    /// It has no such rate, format or number of slots.
    #[error("the sound device {0} cannot be set to these slots: {1}")]
    Refused(String, alsa::Error),
    /// It does not start, or not again.
    #[error("the sound device stopped: {0}")]
    Gone(alsa::Error),
    /// The settings make no sense.
    #[error("a card has 1 to 64 slots, and a port one of them: {0}")]
    Slots(usize),
    /// No thread can be started.
    #[error("the thread of the card cannot be started: {0}")]
    Thread(std::io::Error),
}

/// A card at work. Dropping it stops its thread.
#[derive(Debug)]
pub struct Card {
    counts: Arc<CardCounts>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Card {
    /// Opens the device and starts its thread, which does `begin` first; the halves of the ports on `slots`,
    /// in their order.
    ///
    /// # Errors
    /// The device is not there or cannot be set so.
    pub fn open(
        settings: &CardSettings,
        slots: &[usize],
        begin: impl FnOnce() + Send + 'static,
    ) -> Result<(Self, Vec<AlsaAudio>), AlsaError> {
        let channels = usize::from(settings.channels);
        let wrong = slots.iter().find(|&&slot| slot >= channels);
        if let Some(&slot) = wrong.or((!(1..=64).contains(&channels)).then_some(&channels)) {
            return Err(AlsaError::Slots(slot));
        }
        let device = AlsaDevice::open(settings)?;
        Self::start(device, settings, slots, begin)
    }

    /// The same on another device than ALSA's.
    ///
    /// # Errors
    /// No thread can be started.
    pub fn start(
        mut device: impl Device + Send + 'static,
        settings: &CardSettings,
        slots: &[usize],
        begin: impl FnOnce() + Send + 'static,
    ) -> Result<(Self, Vec<AlsaAudio>), AlsaError> {
        let channels = usize::from(settings.channels);
        let (format, period) = (settings.format, settings.period);
        let (mut highway, halves) = Highway::new(format, channels, period, slots);
        let counts = highway.counts();
        let stop = Arc::new(AtomicBool::new(false));
        let (stopped, told) = (Arc::clone(&stop), Arc::clone(&counts));
        let thread = std::thread::Builder::new()
            .name("card".into())
            .spawn(move || {
                begin();
                run(&mut device, &mut highway, &stopped, &told);
            })
            .map_err(AlsaError::Thread)?;
        let card = Self {
            counts,
            stop,
            thread: Some(thread),
        };
        Ok((card, halves))
    }

    /// What its thread counts.
    #[must_use]
    pub fn counts(&self) -> Arc<CardCounts> {
        Arc::clone(&self.counts)
    }
}

impl Drop for Card {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            thread.thread().unpark();
            // A thread that panicked has said so.
            let _ = thread.join();
        }
    }
}

/// Periods until `stop`. A device that does not start any more is tried once a second.
fn run(device: &mut impl Device, highway: &mut Highway, stop: &AtomicBool, counts: &CardCounts) {
    let mut input = vec![0; highway.octets()];
    let mut output = vec![0; highway.octets()];
    // Silence in the slots' own code: no lines are heard, none speak.
    let silence = highway.silence();
    let mut failures = 0;
    let mut works = false;
    while !stop.load(Ordering::Relaxed) {
        if failures >= STARTS_MAX {
            counts.gone.store(true, Ordering::Relaxed);
            std::thread::park_timeout(TRY_AGAIN);
        }
        if !works {
            if device.start(&silence).is_err() {
                failures = STARTS_MAX.min(failures + 1);
                continue;
            }
            highway.restart();
        }
        works = turn(device, highway, &mut input, &mut output).is_ok();
        if works {
            failures = 0;
            counts.gone.store(false, Ordering::Relaxed);
        } else {
            counts.xruns.fetch_add(1, Ordering::Relaxed);
            failures = STARTS_MAX.min(failures + 1);
        }
    }
}

fn turn(
    device: &mut impl Device,
    highway: &mut Highway,
    input: &mut [u8],
    output: &mut [u8],
) -> Result<(), Xrun> {
    device.read(input)?;
    highway.period(input, output);
    device.write(output)
}
