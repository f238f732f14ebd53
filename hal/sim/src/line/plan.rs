//! In what order the carrier announces a call: the plan of its caller ID scheme, played step by step.

use core::time::Duration;

use dsp::line::PortDsp;
use hal_port::{Cadence, FRAME, Frame};
use model::{CallerIdScheme, CallerInfo, LinePlay, PlanStep};

/// Level of caller ID on the line, and of the tone that announces it, in dBm0.
const DATA_DBM0: i8 = -14;
const ALERT_DBM0: i8 = -15;
/// The longest caller ID: a whole MDMF message at 1,200 bit/s, or 32 keys.
const DATA_BLOCKS_MAX: usize = 600;

/// Where a call that is being announced has come to.
#[derive(Clone, Debug)]
pub(crate) struct Announcement {
    scheme: CallerIdScheme,
    info: CallerInfo,
    step: usize,
    /// When the present step is over.
    due: Duration,
    /// When the first whole burst began, if there was one.
    first_ring: Option<Duration>,
}

/// What the line does at a moment of an announcement.
#[derive(Clone, Debug)]
pub(crate) enum Doing {
    Reverse(bool),
    Ringing(bool),
    /// These blocks are sent.
    Sound(Vec<Frame>),
    /// Rings by the cadence that began at this time; the announcement is over.
    Rings(Duration),
}

impl Announcement {
    pub(crate) const fn new(now: Duration, scheme: CallerIdScheme, info: CallerInfo) -> Self {
        Self {
            scheme,
            info,
            step: 0,
            due: now,
            first_ring: None,
        }
    }

    pub(crate) const fn due(&self) -> Duration {
        self.due
    }

    /// Whether the set is to go off hook, or on hook, for the plan to go on (NTT).
    pub(crate) fn waits_for_hook(&self) -> Option<bool> {
        match self.scheme.plan().get(self.step.checked_sub(1)?)? {
            PlanStep::SetAnswers(_) => Some(true),
            PlanStep::SetHangsUp(_) => Some(false),
            _ => None,
        }
    }

    /// Off hook is a part of the plan and no answer to the call yet (NTT).
    pub(crate) fn owns_hook(&self) -> bool {
        let hangs_up = |step: &PlanStep| matches!(step, PlanStep::SetHangsUp(_));
        let last = self.scheme.plan().iter().position(hangs_up);
        last.is_some_and(|last| self.step <= last + 1)
    }

    /// The set did what the plan waited for.
    pub(crate) fn hook_moved(&mut self, at: Duration) {
        self.due = at;
    }

    /// The step that is due, begun at its own time.
    pub(crate) fn next(&mut self, ring: &Cadence) -> Doing {
        let at = self.due;
        let step = self.scheme.plan().get(self.step);
        self.step += 1;
        let ms = |ms: u16| Duration::from_millis(ms.into());
        match step {
            Some(PlanStep::Reverse) => Doing::Reverse(true),
            Some(PlanStep::Restore) => Doing::Reverse(false),
            Some(PlanStep::FirstRing) => {
                self.first_ring = Some(at);
                self.due = at + Duration::from_millis(first_group_ms(ring));
                Doing::Ringing(true)
            }
            Some(PlanStep::RingPulse(pulse)) => {
                self.due = at + ms(*pulse);
                Doing::Ringing(true)
            }
            Some(PlanStep::Pause(pause)) => {
                self.due = at + ms(*pause);
                Doing::Ringing(false)
            }
            Some(PlanStep::AlertTone(tone)) => {
                self.due = at + ms(*tone);
                let play = LinePlay::AlertTone {
                    ms: *tone,
                    dbm0: ALERT_DBM0,
                };
                Doing::Sound(played(&play))
            }
            Some(PlanStep::Data) => {
                let play = LinePlay::Caller {
                    info: self.info,
                    scheme: self.scheme,
                    dbm0: DATA_DBM0,
                };
                let blocks = played(&play);
                self.due = at + Duration::from_millis(10 * blocks.len() as u64);
                Doing::Sound(blocks)
            }
            Some(PlanStep::SetAnswers(most) | PlanStep::SetHangsUp(most)) => {
                self.due = at + ms(*most);
                Doing::Ringing(false)
            }
            Some(PlanStep::Ring) | None => Doing::Rings(match self.first_ring {
                // The cadence goes on; with long data its pause is longer once.
                Some(first) => {
                    let period = Duration::from_millis(ring.period_ms().max(1));
                    let begun = at
                        .saturating_sub(first)
                        .as_nanos()
                        .div_ceil(period.as_nanos());
                    first + period * u32::try_from(begun.max(1)).unwrap_or(u32::MAX)
                }
                None => at,
            }),
        }
    }
}

/// Length of the first burst, or group of bursts, up to the longest pause of the cadence.
pub(crate) fn first_group_ms(ring: &Cadence) -> u64 {
    let steps = ring.steps_ms();
    let pauses = steps.iter().enumerate().skip(1).step_by(2);
    let longest = pauses.max_by_key(|(at, ms)| (**ms, core::cmp::Reverse(*at)));
    let end = longest.map_or(1, |(at, _)| at);
    steps.iter().take(end).map(|&ms| u64::from(ms)).sum()
}

/// What a port that plays this would send, block by block, without the silence after it.
pub(super) fn played(play: &LinePlay) -> Vec<Frame> {
    let mut port = PortDsp::new();
    port.play(play);
    let mut blocks = Vec::new();
    let mut over = false;
    while !over && blocks.len() < DATA_BLOCKS_MAX {
        let mut block = [0; FRAME];
        port.to_line(&mut block);
        port.from_line(&mut [0; FRAME], |heard| {
            over |= matches!(heard, model::LineHeard::Played { .. });
        });
        blocks.push(block);
    }
    let sounding = blocks.iter().rposition(|block| *block != [0; FRAME]);
    blocks.truncate(sounding.map_or(0, |last| last + 1));
    blocks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_burst_ends_at_the_longest_pause() {
        let one = Cadence::new(&[1_000, 4_000]).expect("legal");
        assert_eq!(first_group_ms(&one), 1_000);
        let british = Cadence::new(&[400, 200, 400, 2_000]).expect("legal");
        assert_eq!(first_group_ms(&british), 1_000);
    }
}
