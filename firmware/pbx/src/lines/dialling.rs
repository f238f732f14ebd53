//! From the decision to take a line to the last digit: listen, lift, wait for dial tone, dial.

use core::time::Duration;

use call::LegEvent;
use config::LineDialling;
use hal_port::{LoopHook, PortCommand};
use model::{
    Digit, Instant, LegId, LegKind, LineHeard, LineTone, MediaCommand, MediaLeg, Now, PortId,
    PortListens, Rule,
};

use super::sound::in_call;
use super::{CLEARING, Line, Phase, Watch};
use crate::{Output, Pbx};

/// Before it is lifted the line is listened to for so long: a burst of ringing that has begun is told
/// by then (glare).
const LISTEN: Duration = Duration::from_millis(300);
/// No dial tone for so long: the line is given up, or dialled all the same.
const DIAL_TONE: Duration = Duration::from_secs(5);
const WITHOUT_TONE: Duration = Duration::from_secs(3);
/// From the dial tone to the first digit.
const THINK: Duration = Duration::from_millis(250);
/// A key, and the time to the next.
const KEY_MS: u16 = 100;
const KEY: Duration = Duration::from_millis(200);
/// Between digits by pulses, and for a comma.
const PULSE_PAUSE: Duration = Duration::from_millis(800);
const COMMA: Duration = Duration::from_secs(2);
/// A digit by pulses that is not done by then is lost.
const PULSES: Duration = Duration::from_secs(3);

/// A line on its way to be dialled.
#[derive(Clone, Debug)]
pub(crate) struct Seizing {
    pub(crate) leg: LegId,
    pub(crate) media: MediaLeg,
    step: Step,
    until: Instant,
    /// What is still to be dialled, the next last.
    left: Vec<char>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    /// On hook, for glare.
    Listens,
    /// Off hook.
    AwaitsTone,
    /// The next digit is due.
    Dials,
    /// A digit is being pulsed.
    Pulses,
}

impl Seizing {
    pub(super) fn is_off_hook(&self) -> bool {
        self.step != Step::Listens
    }

    pub(super) const fn deadline(&self) -> Option<Instant> {
        Some(self.until)
    }
}

impl Pbx {
    /// Call control wants a number dialled on a line.
    pub(crate) fn call_line(&mut self, now: Now, leg: LegId, port: PortId, number: String) {
        match self.lines.get_mut(port) {
            Some(Line {
                phase: Phase::Clearing { next, .. },
                ..
            }) if next.is_none() => *next = Some((leg, number)),
            // Whatever is measured on it can wait.
            Some(Line {
                phase: Phase::Balancing(_) | Phase::Lifeline(_),
                ..
            }) => {
                self.give_way(now, port);
                self.call_line(now, leg, port, number);
            }
            // The call for which it was cleared has yet to part, or hears that nobody took it: it is put on hook first.
            Some(Line {
                phase: Phase::Parting { .. } | Phase::TurnedAway { .. },
                ..
            }) => {
                self.hang_up_line(now, port);
                self.call_line(now, leg, port, number);
            }
            Some(line) if line.is_free() => self.seize_line(now, port, leg, number),
            Some(_) | None => self.leg_event(now, leg, LegEvent::LineFailed(Rule::LineNone)),
        }
    }

    pub(super) fn seize_line(&mut self, now: Now, port: PortId, leg: LegId, number: String) {
        let works = self.lines.get(port).is_some_and(Line::is_free);
        let media = works.then(|| self.open_line(port, in_call())).flatten();
        let Some(media) = media else {
            self.leg_event(now, leg, LegEvent::LineFailed(Rule::LineNone));
            return;
        };
        self.lines.uses += 1;
        let uses = self.lines.uses;
        let Some(line) = self.lines.get_mut(port) else {
            return;
        };
        let entry = line.entry.as_ref().and_then(|id| self.config.line(id));
        let first = entry.map_or("", |line| line.dial_first.as_str());
        line.used = uses;
        line.phase = Phase::Seizing(Seizing {
            leg,
            media,
            step: Step::Listens,
            until: now.mono + LISTEN,
            left: first.chars().chain(number.chars()).rev().collect(),
        });
    }

    /// The time of a step is over.
    pub(super) fn seize_step(&mut self, now: Now, port: PortId) {
        let Some(line) = self.lines.get_mut(port) else {
            return;
        };
        let entry = line.entry.as_ref().and_then(|id| self.config.line(id));
        let blind = entry.is_some_and(|line| line.dial_without_tone);
        let Phase::Seizing(seizing) = &mut line.phase else {
            return;
        };
        match seizing.step {
            Step::Listens => {
                seizing.step = Step::AwaitsTone;
                let patience = if blind { WITHOUT_TONE } else { DIAL_TONE };
                seizing.until = now.mono + patience;
                self.set_line_hook(port, LoopHook::OffHook);
            }
            Step::AwaitsTone if blind => self.dial_next(now, port),
            Step::AwaitsTone => self.seizing_failed(now, port, Rule::LineNoDialTone),
            Step::Dials => self.dial_next(now, port),
            Step::Pulses => self.seizing_failed(now, port, Rule::PortFault),
        }
    }

    fn seizing_failed(&mut self, now: Now, port: PortId, rule: Rule) {
        let leg = self.lines.get(port).and_then(Line::leg);
        self.hang_up_line(now, port);
        if let Some(leg) = leg {
            self.leg_event(now, leg, LegEvent::LineFailed(rule));
        }
    }

    /// Something was heard before or while dialling.
    pub(super) fn dial_tone_heard(&mut self, now: Now, port: PortId, heard: LineHeard) {
        let Some(Line {
            phase: Phase::Seizing(seizing),
            ..
        }) = self.lines.get_mut(port)
        else {
            return;
        };
        if seizing.step != Step::AwaitsTone {
            return;
        }
        match heard {
            LineHeard::Steady => {
                seizing.step = Step::Dials;
                seizing.until = now.mono + THINK;
            }
            LineHeard::Tone(evidence) => match evidence.tone {
                LineTone::Dial => {
                    seizing.step = Step::Dials;
                    seizing.until = now.mono + THINK;
                }
                // The last call on it was not cleared, or the carrier has no room.
                LineTone::Busy | LineTone::Congestion | LineTone::Howler => {
                    self.seizing_failed(now, port, Rule::LineNoDialTone);
                }
                LineTone::Ringback | LineTone::SpecialInfo | LineTone::Unknown => {}
            },
            LineHeard::Voice => self.glare(now, port),
            _ => {}
        }
    }

    /// Somebody speaks where a dial tone should be: the line was lifted in the moment in which a call
    /// came in, and has answered it. The caller is called for inside, and the other call finds
    /// another line.
    pub(super) fn glare(&mut self, now: Now, port: PortId) {
        let line = self.lines.get(port);
        let Some((line, owner)) = line.and_then(|line| Some((line, line.entry.as_ref()?))) else {
            return;
        };
        let (leg, media) = match &line.phase {
            Phase::Seizing(seizing) => (Some(seizing.leg), seizing.media),
            Phase::Balancing(balancing) => (None, balancing.media),
            _ => return,
        };
        let kind = LegKind::Line {
            owner: owner.clone(),
            port,
        };
        if let Some(line) = self.lines.get_mut(port) {
            line.phase = Phase::Clearing {
                until: now.mono + CLEARING,
                next: None,
            };
        }
        if let Some(leg) = leg {
            self.leg_event(now, leg, LegEvent::LineFailed(Rule::LineGlare));
        }
        self.tell_profile(port);
        match self.begin_line_call(now, kind, None, None) {
            Some(leg) => {
                if let Some(line) = self.lines.get_mut(port) {
                    line.phase = Phase::Up {
                        leg,
                        media,
                        watch: Watch::incoming(now.mono),
                    };
                }
            }
            None => {
                self.set_line_hook(port, LoopHook::OnHook);
                self.remove_media(media);
            }
        }
    }

    /// Dials the next digit; after the last the line is listened to for the answer.
    fn dial_next(&mut self, now: Now, port: PortId) {
        let Some(line) = self.lines.get_mut(port) else {
            return;
        };
        let entry = line.entry.as_ref().and_then(|id| self.config.line(id));
        let dialling = entry.map(|line| line.dialling).unwrap_or_default();
        let answered_after = entry.map_or(20, |line| line.answered_after_s);
        let Phase::Seizing(seizing) = &mut line.phase else {
            return;
        };
        let (leg, media) = (seizing.leg, seizing.media);
        seizing.step = Step::Dials;
        match seizing.left.pop() {
            None => {
                line.phase = Phase::Called {
                    leg,
                    media,
                    rang: false,
                    until: now.mono + Duration::from_secs(answered_after.into()),
                };
                // What was heard so far is not the far end's.
                self.set_line_sound(port, media, PortListens::default());
                self.set_line_sound(port, media, in_call());
                self.leg_event(now, leg, LegEvent::EarlyMedia);
            }
            Some(',') => seizing.until = now.mono + COMMA,
            Some(c) => match (dialling, c.to_digit(10).and_then(|d| u8::try_from(d).ok())) {
                (LineDialling::Pulse, Some(digit)) => {
                    seizing.step = Step::Pulses;
                    seizing.until = now.mono + PULSES;
                    let command = PortCommand::PulseDigit(digit);
                    self.out.push_back(Output::Port { port, command });
                }
                _ => {
                    seizing.until = now.mono + KEY;
                    if let Some(digit) = Digit::from_char(c) {
                        self.media(MediaCommand::SendDigit {
                            leg: media,
                            digit,
                            ms: KEY_MS,
                        });
                    }
                }
            },
        }
    }

    /// A digit was pulsed.
    pub(super) fn line_pulsed(&mut self, now: Now, port: PortId) {
        self.balance_pulsed(now, port);
        if let Some(Line {
            phase: Phase::Seizing(seizing),
            ..
        }) = self.lines.get_mut(port)
            && seizing.step == Step::Pulses
        {
            seizing.step = Step::Dials;
            seizing.until = now.mono + PULSE_PAUSE;
        }
    }
}
