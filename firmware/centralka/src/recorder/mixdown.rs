//! From tracks to two channels: left is the party whose track began first, right all others.

use std::io;

use super::wav::Wav;

/// How much of the time line is kept in memory: tracks of one call are written within a second of
/// each other.
const WINDOW_S: u64 = 4;

/// The moving part of the time line.
pub(super) struct Mixdown {
    hz: u32,
    wav: Wav,
    /// What is not yet written: left and right.
    window: Vec<[i32; 2]>,
    /// Where `window` begins, in samples.
    start: u64,
    /// Samples that came after their moment was written.
    pub(super) late: u64,
}

impl Mixdown {
    pub(super) fn new(hz: u32, wav: Wav) -> Self {
        Self {
            hz,
            wav,
            window: Vec::new(),
            start: 0,
            late: 0,
        }
    }

    /// Adds samples of one channel (0 left, 1 right) that begin at `place`.
    pub(super) fn add(&mut self, channel: usize, place: u64, samples: &[i16]) -> io::Result<()> {
        let end = place + samples.len() as u64;
        let keep = WINDOW_S * u64::from(self.hz);
        if end > self.start + 2 * keep {
            self.write_until(end - keep)?;
        }
        let before = self.start.saturating_sub(place).min(samples.len() as u64);
        self.late += before;
        // Inside the window, which is a few seconds long.
        let before = usize::try_from(before).unwrap_or(samples.len());
        let first = usize::try_from(place.saturating_sub(self.start)).unwrap_or(0);
        let rest = &samples[before..];
        if self.window.len() < first + rest.len() {
            self.window.resize(first + rest.len(), [0; 2]);
        }
        for (moment, &sample) in self.window[first..].iter_mut().zip(rest) {
            moment[channel & 1] += i32::from(sample);
        }
        Ok(())
    }

    fn write_until(&mut self, end: u64) -> io::Result<()> {
        let count = end.saturating_sub(self.start);
        let ready =
            usize::try_from(count).map_or(self.window.len(), |count| count.min(self.window.len()));
        for [left, right] in self.window.drain(..ready) {
            self.wav.push(clamp(left), clamp(right))?;
        }
        // A long silence has no samples at all.
        for _ in ready as u64..count {
            self.wav.push(0, 0)?;
        }
        self.start += count;
        Ok(())
    }

    /// Writes the rest; the file with everything in it.
    pub(super) fn finish(mut self) -> io::Result<Wav> {
        let end = self.start + self.window.len() as u64;
        self.write_until(end)?;
        Ok(self.wav)
    }
}

fn clamp(sum: i32) -> i16 {
    i16::try_from(sum).unwrap_or(if sum < 0 { i16::MIN } else { i16::MAX })
}
