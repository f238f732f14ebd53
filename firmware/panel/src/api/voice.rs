//! How the threads fare that carry the voice.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What a media thread gives up when its core is too slow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum MediaState {
    /// Nothing.
    #[default]
    Normal,
    /// The quality of each second, which is only looked at.
    Spare,
    /// New calls too.
    Full,
}

/// A second of a media thread's flight recorder.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MediaSecond {
    /// Whole seconds since the start.
    pub at_s: u64,
    /// How long the thread worked, in ms.
    pub busy_ms: u64,
    /// Its longest turn, in µs.
    pub longest_us: u32,
    /// How late its latest tick ran, in µs.
    pub late_us: u32,
    /// Datagrams that came.
    pub datagrams_in: u64,
    /// Datagrams sent.
    pub datagrams_out: u64,
}

/// What is seen of one media thread.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MediaThread {
    /// Its name in the system.
    pub name: String,
    /// RTP legs on it.
    pub legs: u64,
    /// How much of its core it used in the last second it worked in, in thousandths.
    pub load_permille: u64,
    /// What it gave up for want of time.
    pub state: MediaState,
    /// Times that it came to its limit.
    pub overloads: u64,
    /// Ticks that ran so late that the next was due.
    pub overruns: u64,
    /// Longest delay of a tick, in µs.
    pub tick_late_us_max: u64,
    /// Longest turn, in µs.
    pub turn_us_max: u64,
    /// Whether it has real-time priority.
    pub real_time: bool,
    /// Whether its memory is locked.
    pub locked: bool,
    /// Its last seconds, oldest first; without work there are none.
    pub seconds: Vec<MediaSecond>,
}
