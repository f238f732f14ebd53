//! A set that its lifeline has on the line when the exchange starts: it is left there until the line is seen to be free.
//!
//! Without power, or without us, the relay joins set and line; somebody may call for help there at the moment in which
//! the power comes back. So the hardware leaves the relay let go, and the line's port is listened to for a moment.
//! While it says that the line is in use, the set is none of ours: it is called in vain, its port does not feed, and
//! calls out take other lines. A line on which nothing can be seen, because it is dead or its port is out of service
//! or tells nothing, gives the set back at the end of the look.
//!
//! A set that is off hook when it is given back may be in the middle of a number, of which the carrier has the
//! beginning: the rest of it is no number of ours. It hears nothing until it was still for longer than a dial is
//! between two digits; then it has dial tone, and what is dialled from then on counts.

use core::time::Duration;

use hal_port::{Linefeed, PortEvent};
use model::{Instant, LineNews, MediaLeg, Now, PortId, Rule};

use super::{CLEARING, Line, Lines, Phase};
use crate::{
    Pbx,
    pbx::Owner,
    ports::{Jack, SetPhase, SetTimer},
};

/// How long a line is looked at: a port is brought up, sees a set within 200 ms, and sees none while a digit is
/// pulsed, which takes up to a second.
const LOOK: Duration = Duration::from_millis(1_300);
// No call has the line while it is looked at.
const _: () = assert!(LOOK.as_millis() < CLEARING.as_millis());
/// A port that feeds again has told by then that its set is off hook, be it in the gap of a pulse.
const SHOWS: Duration = Duration::from_millis(300);
/// From one digit of a dial to the end of the next: ten pulses and the hand on its way to them.
const STILL: Duration = Duration::from_millis(2_500);

/// The set that the relay of a line's lifeline has on the line.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Left {
    set: PortId,
    /// It was seen to use the line.
    used: bool,
    /// When it is taken back; none while the line is in use.
    pub(super) until: Option<Instant>,
}

impl Line {
    /// Another set has put it down: nothing is done with it until then.
    pub(super) fn rest(&mut self, rested: Instant) {
        match &mut self.phase {
            Phase::Idle => {
                self.phase = Phase::Clearing {
                    until: rested,
                    next: None,
                };
            }
            Phase::Clearing { until, .. } => *until = rested,
            _ => {}
        }
    }
}

impl Lines {
    /// Lines whose set is to be taken back now.
    pub(super) fn left_long_enough(&self, now: Instant) -> Vec<PortId> {
        let due = |left: Option<Left>| left.and_then(|left| left.until).is_some_and(|at| at <= now);
        let all = self.all.iter();
        let due = all.filter(|(_, line)| due(line.left));
        due.map(|(&port, _)| port).collect()
    }
}

impl Pbx {
    /// At the start: every set that its lifeline has on a line may be in a call there.
    pub(super) fn leave_sets(&mut self, now: Now) {
        for (set, lifeline) in self.jacks.with_lifeline() {
            let left = Left {
                set,
                used: false,
                until: Some(now.mono + LOOK),
            };
            let line = self.lines.get_mut(lifeline.line);
            match line.filter(|line| lifeline.released && line.left.is_none()) {
                Some(line) => {
                    line.left = Some(left);
                    self.jacks.leave(set);
                    self.feed(set, Linefeed::Open);
                }
                None => self.draw_relay(set),
            }
        }
    }

    /// What a report of a line's port says of the set that was left on it.
    pub(super) fn look_at_left(&mut self, now: Now, port: PortId, event: PortEvent) {
        let Some(left) = self.lines.get_mut(port).and_then(|line| line.left.as_mut()) else {
            return;
        };
        match event {
            PortEvent::InUse(true) => {
                left.until = None;
                if !core::mem::replace(&mut left.used, true) {
                    self.line_news(now, port, Rule::LifelineCall, LineNews::SetLeft);
                }
            }
            // Whoever presses the hook for a moment is still there.
            PortEvent::InUse(false) => left.until = Some(now.mono + CLEARING),
            PortEvent::Recovered => left.until = Some(now.mono + LOOK),
            // Nobody talks on a dead line, nor on one that rings; what a broken port saw last may still be so.
            PortEvent::Battery(false) => self.take_set_back(now, port),
            PortEvent::Ring(true) | PortEvent::Fault(_) if left.until.is_some() => {
                self.take_set_back(now, port);
            }
            _ => {}
        }
    }

    /// The relay is drawn: the set belongs to the exchange.
    pub(super) fn take_set_back(&mut self, now: Now, port: PortId) {
        let Some(left) = self.lines.get_mut(port).and_then(|line| line.left.take()) else {
            return;
        };
        self.draw_relay(left.set);
        if left.used {
            self.line_news(now, port, Rule::LineInUse, LineNews::SetBack);
        }
        if self.jacks.come_back(left.set, now.mono + SHOWS) {
            self.wait_for_still(now, left.set);
        } else {
            self.settle_lamp_later(now, left.set);
        }
    }

    /// The port of a set that was left on a line works again, and feeds its loop.
    pub(crate) fn leave_again(&mut self, set: PortId) {
        if self.jacks.get(set).is_some_and(|jack| jack.is_left()) {
            self.feed(set, Linefeed::Open);
        }
    }

    /// The set is seen off hook; whether it was so before it came back.
    pub(crate) fn comes_back_lifted(&mut self, now: Now, set: PortId) -> bool {
        let before = |jack: &Jack| jack.phase == SetPhase::Idle && now.mono < jack.shows_until;
        let lifted = self.jacks.get(set).is_some_and(before);
        if lifted {
            self.wait_for_still(now, set);
        }
        lifted
    }

    fn wait_for_still(&mut self, now: Now, set: PortId) {
        let seat = self.stop_announcing(now, set);
        match seat.or_else(|| self.seat_for_port(set)) {
            Some(media) => {
                self.jacks.set_phase(set, SetPhase::Restless(media));
                self.set_stirs(now, set);
            }
            None => {
                self.jacks.set_phase(set, SetPhase::Mute);
                self.leave_off_hook(now, set);
            }
        }
    }

    /// It moved or dialled.
    pub(crate) fn set_stirs(&mut self, now: Now, set: PortId) {
        self.jacks.set_timer(set, now.mono + STILL, SetTimer::Still);
    }

    /// A key was pressed in a place of the media plane that no leg has.
    pub(crate) fn digit_of_restless(&mut self, now: Now, media: MediaLeg) {
        let Some(&Owner::Port(set)) = self.by_media.get(&media) else {
            return;
        };
        if self.jacks.get(set).map(|jack| jack.phase) == Some(SetPhase::Restless(media)) {
            self.set_stirs(now, set);
        }
    }

    /// The set was still for long enough.
    pub(crate) fn set_is_still(&mut self, now: Now, set: PortId) {
        if let Some(SetPhase::Restless(media)) = self.jacks.get(set).map(|jack| jack.phase) {
            let seat = Some(media).filter(|media| self.by_media.contains_key(media));
            self.begin_at_set(now, set, seat);
        }
    }
}
