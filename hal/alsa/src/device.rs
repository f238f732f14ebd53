use alsa::pcm::{Access, Format, HwParams, PCM};
use alsa::{Direction, ValueOr};

use crate::card::{AlsaError, CardSettings};
use crate::highway::SampleFormat;

/// The device ran dry or over, or failed; it must be started anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Xrun;

/// A device that blocks until a period has passed.
pub trait Device {
    /// Fills `input` with one period of all slots.
    ///
    /// # Errors
    /// The device stopped.
    fn read(&mut self, input: &mut [u8]) -> Result<(), Xrun>;

    /// Plays one period of all slots.
    ///
    /// # Errors
    /// The device stopped.
    fn write(&mut self, output: &[u8]) -> Result<(), Xrun>;

    /// Starts it, at the beginning and after it stopped: `silence` is what it plays first.
    ///
    /// # Errors
    /// It cannot be started: the device is gone.
    fn start(&mut self, silence: &[u8]) -> Result<(), AlsaError>;
}

/// Periods that the card's buffer holds.
const PERIODS: i64 = 4;

/// A real one: capture and playback of one card, started together where the card can.
pub struct AlsaDevice {
    capture: PCM,
    playback: PCM,
    /// Octets of a frame of all slots.
    width: usize,
}

impl core::fmt::Debug for AlsaDevice {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("AlsaDevice")
    }
}

impl AlsaDevice {
    /// Opens both and sets them up; nothing runs yet.
    ///
    /// # Errors
    /// One is not there or cannot be set so.
    pub fn open(settings: &CardSettings) -> Result<Self, AlsaError> {
        let open = |name: &str, direction| -> Result<PCM, AlsaError> {
            let pcm = PCM::new(name, direction, false)
                .map_err(|error| AlsaError::Open(name.to_owned(), error))?;
            configure(&pcm, settings)
                .map_err(|error| AlsaError::Refused(name.to_owned(), error))?;
            Ok(pcm)
        };
        let capture = open(&settings.capture, Direction::Capture)?;
        let playback = open(&settings.playback, Direction::Playback)?;
        // Plugins cannot be linked: they are started one after the other.
        let _ = capture.link(&playback);
        Ok(Self {
            capture,
            playback,
            width: usize::from(settings.channels) * settings.format.octets(),
        })
    }
}

fn configure(pcm: &PCM, settings: &CardSettings) -> Result<(), alsa::Error> {
    let params = HwParams::any(pcm)?;
    params.set_rate_resample(false)?;
    params.set_access(Access::RWInterleaved)?;
    params.set_format(match settings.format {
        SampleFormat::Linear => Format::S16LE,
        SampleFormat::ALaw => Format::ALaw,
        SampleFormat::MuLaw => Format::MuLaw,
    })?;
    params.set_channels(u32::from(settings.channels))?;
    params.set_rate(hal_port::SAMPLE_HZ, ValueOr::Nearest)?;
    let period = i64::from(settings.period.frames());
    params.set_period_size_near(period, ValueOr::Nearest)?;
    params.set_buffer_size_near(period * PERIODS)?;
    pcm.hw_params(&params)
}

impl Device for AlsaDevice {
    fn read(&mut self, input: &mut [u8]) -> Result<(), Xrun> {
        let io = self.capture.io_bytes();
        let mut done = 0;
        while let Some(rest) = input.get_mut(done..).filter(|rest| !rest.is_empty()) {
            match io.readi(rest) {
                Ok(frames) if frames > 0 => done += frames * self.width,
                _ => return Err(Xrun),
            }
        }
        Ok(())
    }

    fn write(&mut self, output: &[u8]) -> Result<(), Xrun> {
        let io = self.playback.io_bytes();
        let mut done = 0;
        while let Some(rest) = output.get(done..).filter(|rest| !rest.is_empty()) {
            match io.writei(rest) {
                Ok(frames) if frames > 0 => done += frames * self.width,
                _ => return Err(Xrun),
            }
        }
        Ok(())
    }

    fn start(&mut self, silence: &[u8]) -> Result<(), AlsaError> {
        let gone = |error| AlsaError::Gone(error);
        // What is stopped already says so: that is no trouble.
        let _ = self.capture.drop();
        let _ = self.playback.drop();
        self.playback.prepare().map_err(gone)?;
        self.capture.prepare().map_err(gone)?;
        self.write(silence)
            .map_err(|Xrun| AlsaError::Gone(alsa::Error::unsupported("the first write")))?;
        // A linked device, or one that starts when it has enough, is under way already.
        if self.capture.state() != alsa::pcm::State::Running {
            self.capture.start().map_err(gone)?;
        }
        if self.playback.state() != alsa::pcm::State::Running {
            self.playback.start().map_err(gone)?;
        }
        Ok(())
    }
}
