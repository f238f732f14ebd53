//! How the media threads fare, for people: what `centralka doctor voice` shows, and what the guard
//! writes down when a tick overran.

use core::fmt::Write as _;
use std::path::{Path, PathBuf};

use engine::{EngineStatus, Granted, Stretch, Watcher};
use panel::api::{MediaSecond, MediaState, MediaThread};
use serde::{Deserialize, Serialize};

/// What is seen of one media thread.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct VoiceSheet {
    /// Its name in the system.
    pub(crate) thread: String,
    /// RTP legs on it.
    legs: u64,
    /// How much of its core it used in the last second it worked in, in per mille.
    load_permille: u64,
    /// What it gave up for want of time.
    state: Overload,
    /// Times that it came to its limit.
    overloads: u64,
    ticks: u64,
    /// Ticks that ran so late that the next was due.
    overruns: u64,
    /// Ticks left out.
    ticks_missed: u64,
    /// Longest delay of a tick, in µs.
    tick_late_us_max: u64,
    /// Longest turn, in µs.
    turn_us_max: u64,
    /// Whether it has real-time priority.
    real_time: bool,
    /// Whether its memory is locked.
    locked: bool,
    /// Its last seconds, oldest first; without work there are none.
    seconds: Vec<Second>,
}

/// What a media thread gives up when its core is too slow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Overload {
    /// Nothing.
    Normal,
    /// The quality of each second, which is only looked at.
    Spare,
    /// New calls too.
    Full,
}

impl Overload {
    const fn of(level: u64) -> Self {
        match level {
            0 => Self::Normal,
            1 => Self::Spare,
            _ => Self::Full,
        }
    }

    const fn in_words(self) -> &'static str {
        match self {
            Self::Normal => "has time",
            Self::Spare => "short of time: the quality of each second is left out",
            Self::Full => "at its limit: takes no new calls",
        }
    }
}

/// A second of the flight recorder.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Second {
    /// Whole seconds since the engine started.
    at_s: u64,
    /// How long the thread worked, in ms.
    busy_ms: u64,
    /// Its longest turn, in µs.
    longest_us: u32,
    /// How late its latest tick ran, in µs.
    late_us: u32,
    datagrams_in: u64,
    datagrams_out: u64,
}

/// What is seen of all media threads.
pub(crate) fn sheets(media: &Watcher) -> Vec<VoiceSheet> {
    let threads = media.threads().into_iter().enumerate();
    threads
        .map(|(at, status)| VoiceSheet::of(at, &status, &media.flight(at)))
        .collect()
}

impl VoiceSheet {
    fn of(at: usize, status: &EngineStatus, flight: &[Stretch]) -> Self {
        Self {
            thread: format!("media-{at}"),
            legs: status.legs,
            load_permille: status.load_permille,
            state: Overload::of(status.level),
            overloads: status.overloads,
            ticks: status.ticks,
            overruns: status.overruns,
            ticks_missed: status.ticks_missed,
            tick_late_us_max: status.tick_late_us_max,
            turn_us_max: status.turn_us_max,
            real_time: status.real_time == Granted::Yes,
            locked: status.locked == Granted::Yes,
            seconds: seconds(flight),
        }
    }

    /// Whether it has time for everything.
    pub(crate) const fn state(&self) -> &'static str {
        self.state.in_words()
    }

    /// For a page of the panel.
    pub(crate) fn shown(self) -> MediaThread {
        let second = |one: Second| MediaSecond {
            at_s: one.at_s,
            busy_ms: one.busy_ms,
            longest_us: one.longest_us,
            late_us: one.late_us,
            datagrams_in: one.datagrams_in,
            datagrams_out: one.datagrams_out,
        };
        MediaThread {
            name: self.thread,
            legs: self.legs,
            load_permille: self.load_permille,
            state: match self.state {
                Overload::Normal => MediaState::Normal,
                Overload::Spare => MediaState::Spare,
                Overload::Full => MediaState::Full,
            },
            overloads: self.overloads,
            overruns: self.overruns,
            tick_late_us_max: self.tick_late_us_max,
            turn_us_max: self.turn_us_max,
            real_time: self.real_time,
            locked: self.locked,
            seconds: self.seconds.into_iter().map(second).collect(),
        }
    }

    /// For people at a terminal.
    pub(crate) fn in_words(&self) -> String {
        let load = self.load_permille as f64 / 10.0;
        let yes = |is| if is { "yes" } else { "no" };
        let mut out = format!(
            "{}  {}\n  legs       {}\n  load       {load:.1} % of its core, at its limit {} times\n  \
             ticks      {}, overrun {}, left out {}, latest {} µs late, longest turn {} µs\n  \
             real time  {}, memory locked {}",
            self.thread,
            self.state.in_words(),
            self.legs,
            self.overloads,
            self.ticks,
            self.overruns,
            self.ticks_missed,
            self.tick_late_us_max,
            self.turn_us_max,
            yes(self.real_time),
            yes(self.locked),
        );
        for second in &self.seconds {
            // Writing into a String cannot fail.
            let _ = write!(
                out,
                "\n  second {:<6} busy {:>4} ms, longest turn {:>6} µs, late {:>6} µs, in {:>6}, out {:>6}",
                second.at_s,
                second.busy_ms,
                second.longest_us,
                second.late_us,
                second.datagrams_in,
                second.datagrams_out
            );
        }
        out
    }
}

/// The recorder's stretches put together.
fn seconds(flight: &[Stretch]) -> Vec<Second> {
    let mut seconds: Vec<Second> = Vec::new();
    let mut busy_us = 0;
    for stretch in flight {
        let at_s = stretch.at_us / 1_000_000;
        if seconds.last().is_none_or(|last| last.at_s != at_s) {
            busy_us = 0;
            seconds.push(Second {
                at_s,
                busy_ms: 0,
                longest_us: 0,
                late_us: 0,
                datagrams_in: 0,
                datagrams_out: 0,
            });
        }
        if let Some(second) = seconds.last_mut() {
            busy_us += u64::from(stretch.busy_us);
            second.busy_ms = busy_us / 1_000;
            second.longest_us = second.longest_us.max(stretch.longest_us);
            second.late_us = second.late_us.max(stretch.late_us);
            second.datagrams_in += u64::from(stretch.datagrams_in);
            second.datagrams_out += u64::from(stretch.datagrams_out);
        }
    }
    seconds
}

/// Where the recorder of a media thread is written when a tick overran.
pub(crate) fn file(data: &Path, thread: usize) -> PathBuf {
    data.join(format!("flight-media-{thread}.txt"))
}

/// The whole recorder as text, one line a stretch.
pub(crate) fn text(flight: &[Stretch]) -> String {
    let mut out =
        String::from("at_us turns busy_us longest_us late_us datagrams_in datagrams_out\n");
    for one in flight {
        // Writing into a String cannot fail.
        let _ = writeln!(
            out,
            "{} {} {} {} {} {} {}",
            one.at_us,
            one.turns,
            one.busy_us,
            one.longest_us,
            one.late_us,
            one.datagrams_in,
            one.datagrams_out
        );
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stretch(at_ms: u64, late_us: u32) -> Stretch {
        Stretch {
            at_us: at_ms * 1_000,
            turns: 2,
            busy_us: 600,
            longest_us: 400,
            late_us,
            datagrams_in: 3,
            datagrams_out: 1,
        }
    }

    #[test]
    fn stretches_of_a_second_are_one_line_and_the_worst_of_it_stays() {
        let flight = [stretch(4_000, 5), stretch(4_990, 12_000), stretch(5_000, 1)];
        let status = EngineStatus {
            level: 2,
            overruns: 1,
            load_permille: 834,
            ..EngineStatus::default()
        };
        let sheet = VoiceSheet::of(1, &status, &flight);
        let first = Second {
            at_s: 4,
            busy_ms: 1,
            longest_us: 400,
            late_us: 12_000,
            datagrams_in: 6,
            datagrams_out: 2,
        };
        assert_eq!((sheet.seconds.len(), sheet.seconds[0]), (2, first));
        let shown = sheet.clone().shown();
        assert_eq!((shown.state, shown.seconds.len()), (MediaState::Full, 2));
        let words = sheet.in_words();
        for part in ["media-1  at its limit", "83.4 %", "overrun 1,", "second 5 "] {
            assert!(words.contains(part), "{part}: {words}");
        }
        let lines = text(&flight);
        assert_eq!(lines.lines().count(), 4);
        assert!(lines.ends_with("5000000 2 600 400 1 3 1\n"));
    }
}
