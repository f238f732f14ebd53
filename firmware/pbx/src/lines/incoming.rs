//! Calls that come in on a line: announced, rung, offered inside, answered or given up.

use core::time::Duration;

use call::{LegEvent, NewCall};
use config::{Config, LineCallerId};
use hal_port::LoopHook;
use model::{
    CallerInfo, Cause, Instant, LegId, LegKind, LineHeard, Now, Party, PortId, Protection, Rule,
};

use super::sound::{in_call, on_hook};
use super::{Announced, Line, Phase, Ringing, Watch, asking};
use crate::{Pbx, world::World};

/// Something was announced and does not ring within this time: nothing comes.
const ANNOUNCED: Duration = Duration::from_secs(10);
/// From a burst to the call inside when no number is told.
const NUMBER_WAIT: Duration = Duration::from_secs(5);
/// A pause of this length or longer is between rings, a shorter one is a part of a ring.
const RING_PAUSE: Duration = Duration::from_secs(1);
/// No line rings in longer pauses than this.
const ABANDONED_MIN: Duration = Duration::from_secs(6);

/// Without a burst for this long the caller has given up: half as long again as the country's pause.
pub(super) fn abandoned_after(config: &Config) -> Duration {
    let pauses = config.country.ring.cadence_ms.iter().skip(1).step_by(2);
    let longest = pauses.max().copied().unwrap_or(4_000);
    Duration::from_millis(u64::from(longest) * 3 / 2).max(ABANDONED_MIN)
}

impl Ringing {
    /// A burst began or ended.
    fn burst(&mut self, now: Instant, on: bool, until: Instant) {
        self.until = until;
        if !on {
            self.quiet_since = Some(now);
            return;
        }
        let pause = self.quiet_since.take();
        if pause.is_some_and(|since| now.since(since) >= RING_PAUSE) {
            self.rings = self.rings.saturating_add(1);
        }
    }
}

impl Pbx {
    /// How the line tells who calls.
    fn caller_id_of(&self, line: &Line) -> LineCallerId {
        let entry = line.entry.as_ref().and_then(|id| self.config.line(id));
        let chosen = entry.map(|line| line.caller_id).unwrap_or_default();
        let usual = self.config.country.caller_id.first();
        let how = usual.map_or(LineCallerId::Off, |usual| chosen.in_country(*usual));
        let answered = |id| asking::is_answered(&self.config, id);
        // No caller pays for a call that is only written down.
        if how == LineCallerId::Aon && !line.entry.as_ref().is_some_and(answered) {
            return LineCallerId::Off;
        }
        how
    }

    /// The polarity changed on hook: a call may be announced.
    pub(super) fn line_announced(&mut self, now: Now, port: PortId) {
        let Some(line) = self.lines.get(port) else {
            return;
        };
        let silent = [LineCallerId::Off, LineCallerId::Aon].contains(&self.caller_id_of(line));
        if line.entry.is_none() || silent {
            return;
        }
        self.announce(now, port, now.mono + ANNOUNCED);
    }

    /// Whether callers are told before the first ring.
    fn tells_before(&self, line: &Line) -> bool {
        matches!(
            self.caller_id_of(line),
            LineCallerId::BeforeRing | LineCallerId::Ntt
        )
    }

    /// The polarity changed while a line rings for nobody: where that announces a call it is another one.
    pub(super) fn announced_again(&mut self, now: Now, port: PortId) {
        if self
            .lines
            .get(port)
            .is_some_and(|line| self.tells_before(line))
        {
            self.hang_up_line(now, port);
            self.line_announced(now, port);
        }
    }

    fn announce(&mut self, now: Now, port: PortId, until: Instant) {
        // Without a place to listen the call comes without its number.
        let media = self.open_line(port, on_hook());
        if media.is_some() {
            self.set_line_hook(port, LoopHook::Listening);
        }
        if let Some(line) = self.lines.get_mut(port) {
            line.phase = Phase::Announced(Announced {
                media,
                caller: None,
                bursts: 0,
                quiet_since: Some(now.mono),
                until,
                answered: false,
            });
        }
    }

    /// A burst of ringing began or ended.
    pub(super) fn line_rings(&mut self, now: Now, port: PortId, on: bool) {
        let abandoned = now.mono + abandoned_after(&self.config);
        let Some(line) = self.lines.get_mut(port) else {
            return;
        };
        if line.entry.is_none() {
            return;
        }
        match &mut line.phase {
            Phase::Offered { ringing, .. } | Phase::RungOut(ringing) => {
                ringing.burst(now.mono, on, abandoned);
            }
            Phase::Announced(_) => self.announced_ring(now, port, on),
            // Glare: the call that comes wins; the one that goes out finds another line.
            Phase::Seizing(seizing) if on && !seizing.is_off_hook() => {
                let leg = seizing.leg;
                self.hang_up_line(now, port);
                self.leg_event(now, leg, LegEvent::LineFailed(Rule::LineGlare));
                self.line_rings(now, port, true);
            }
            Phase::Clearing { next, .. } if on => {
                let waiting = next.take();
                line.phase = Phase::Idle;
                if let Some((leg, _)) = waiting {
                    self.leg_event(now, leg, LegEvent::LineFailed(Rule::LineGlare));
                }
                self.line_rings(now, port, true);
            }
            Phase::Balancing(balancing) if on && !balancing.is_off_hook() => {
                self.give_way(now, port);
                self.line_rings(now, port, true);
            }
            Phase::Lifeline(_) if on => {
                self.give_way(now, port);
                self.line_rings(now, port, true);
            }
            Phase::Idle if on => {
                self.announce(now, port, now.mono + NUMBER_WAIT);
                self.announced_ring(now, port, true);
            }
            Phase::Idle
            | Phase::Seizing(_)
            | Phase::Balancing(_)
            | Phase::Lifeline(_)
            | Phase::Clearing { .. }
            | Phase::Asking(_)
            | Phase::TurnedAway { .. }
            | Phase::Called { .. }
            | Phase::Up { .. }
            | Phase::Parting { .. } => {}
        }
    }

    fn announced_ring(&mut self, now: Now, port: PortId, on: bool) {
        let Some(line) = self.lines.get(port) else {
            return;
        };
        let how = self.caller_id_of(line);
        let Some(Line {
            phase: Phase::Announced(announced),
            reversed,
            ..
        }) = self.lines.get_mut(port)
        else {
            return;
        };
        if !on {
            announced.quiet_since = Some(now.mono);
            return;
        }
        let pause = announced.quiet_since.take();
        announced.bursts = announced.bursts.saturating_add(1);
        let again = announced.bursts > 1 && pause.is_some_and(|s| now.mono.since(s) >= RING_PAUSE);
        let known = announced.caller.is_some();
        announced.until = now.mono + NUMBER_WAIT;
        match how {
            LineCallerId::Off | LineCallerId::BeforeRing => self.offer_call(now, port),
            LineCallerId::Aon => self.ask_for_number(now, port),
            LineCallerId::Ntt if *reversed && !known && !announced.answered => {
                announced.answered = true;
                self.set_line_hook(port, LoopHook::OffHook);
            }
            _ if known || again => self.offer_call(now, port),
            LineCallerId::Auto | LineCallerId::AfterRing | LineCallerId::Ntt => {}
        }
    }

    /// Something was heard on hook.
    pub(super) fn caller_heard(&mut self, now: Now, port: PortId, heard: LineHeard) {
        let Some(Line {
            phase: Phase::Announced(announced),
            caller_dbm0,
            ..
        }) = self.lines.get_mut(port)
        else {
            return;
        };
        let caller = match heard {
            LineHeard::Caller { info, dbm0 } => {
                *caller_dbm0 = Some(dbm0);
                Some(info)
            }
            LineHeard::CallerSpoiled => None,
            _ => return,
        };
        announced.caller = caller;
        if core::mem::take(&mut announced.answered) {
            // NTT: the line rings once more when it is on hook again.
            announced.until = now.mono + ANNOUNCED;
            self.set_line_hook(port, LoopHook::Listening);
        } else if announced.bursts > 0 {
            self.offer_call(now, port);
        }
    }

    /// No number was told in time, or nothing came.
    pub(super) fn announced_long_enough(&mut self, now: Now, port: PortId) {
        let rang = matches!(
            self.lines.get(port).map(|line| &line.phase),
            Some(Phase::Announced(announced)) if announced.bursts > 0
        );
        if rang {
            self.offer_call(now, port);
        } else {
            self.hang_up_line(now, port);
        }
    }

    /// Calls inside.
    pub(super) fn offer_call(&mut self, now: Now, port: PortId) {
        let Some(Line {
            phase: Phase::Announced(announced),
            entry: Some(owner),
            ..
        }) = self.lines.get(port)
        else {
            return;
        };
        let (announced, owner) = (announced.clone(), owner.clone());
        if announced.answered {
            self.set_line_hook(port, LoopHook::Listening);
        }
        let kind = LegKind::Line {
            owner: owner.clone(),
            port,
        };
        let leg = self.begin_line_call(now, kind, announced.caller, None);
        let ringing = Ringing {
            media: announced.media,
            rings: announced.bursts.min(1),
            quiet_since: announced.quiet_since,
            until: now.mono + abandoned_after(&self.config),
        };
        let Some(leg) = leg else {
            return self.ring_out(now, port, ringing);
        };
        if let Some(line) = self.lines.get_mut(port) {
            line.phase = Phase::Offered { leg, ringing };
        }
    }

    /// Nobody will answer what rings; whoever else calls before it is over shows by new data.
    pub(super) fn ring_out(&mut self, now: Now, port: PortId, ringing: Ringing) {
        let until = now.mono + abandoned_after(&self.config);
        if let Some(line) = self.lines.get_mut(port) {
            line.phase = Phase::RungOut(Ringing { until, ..ringing });
        }
    }

    /// Something was heard while the line rings for a call that is known: the data of a caller, which comes with
    /// the first ring only, are another one's. The one before had given up then.
    pub(super) fn another_heard(&mut self, now: Now, port: PortId, heard: LineHeard) {
        let Some(line) = self.lines.get(port) else {
            return;
        };
        let before = self.tells_before(line);
        let (Phase::Offered { ringing, .. } | Phase::RungOut(ringing)) = &line.phase else {
            return;
        };
        let ringing = *ringing;
        // With the first ring they are those of the call itself, where nobody waited for them.
        if ringing.rings < 2 || !matches!(heard, LineHeard::Caller { .. }) {
            return;
        }
        let gone = line.leg();
        let announced = Announced {
            media: ringing.media,
            caller: None,
            bursts: u8::from(!before),
            quiet_since: ringing.quiet_since,
            until: now.mono + ANNOUNCED,
            answered: false,
        };
        if let Some(line) = self.lines.get_mut(port) {
            line.phase = Phase::Announced(announced);
        }
        if let Some(leg) = gone {
            self.leg_event(now, leg, LegEvent::LineEnded(Rule::LineAbandoned));
        }
        self.caller_heard(now, port, heard);
    }

    /// Begins the call of a line's caller, who is `lost` already or not; `None` when the exchange takes none.
    pub(super) fn begin_line_call(
        &mut self,
        now: Now,
        kind: LegKind,
        caller: Option<CallerInfo>,
        lost: Option<(Cause, Rule)>,
    ) -> Option<LegId> {
        if let LegKind::Line { port, .. } = kind
            && let Some(line) = self.lines.get_mut(port)
        {
            line.told = caller;
        }
        let entry = match &kind {
            LegKind::Line { owner, .. } => self.config.line(owner),
            _ => None,
        };
        let onward = entry.and_then(|line| line.to.clone());
        let from = party(caller);
        if let LegKind::Line { port, .. } = kind
            && let Some(line) = self.lines.get_mut(port)
        {
            line.caller = Some((now.wall, from.clone()));
        }
        let answer = entry.and_then(|line| line.answer.as_ref());
        let answer = answer.and_then(|id| self.config.number_of(id));
        let dialled = onward.or_else(|| answer.map(ToString::to_string));
        let nobody = dialled.is_none();
        let nobody = nobody.then_some((Cause::Unreachable, Rule::LineNobody));
        let new = NewCall {
            kind,
            from,
            obstacle: lost.or(nobody),
            dialled: Some(dialled.unwrap_or_default()),
            own: None,
        };
        let world = World::of(&self.config, &self.registrar, &self.jacks, &self.lines);
        match self.switch.start(now, new, &world) {
            Ok((_, leg)) => Some(leg),
            Err(refusal) => {
                if refusal == call::Refusal::TooManyCalls {
                    self.counters.too_many_calls += 1;
                }
                None
            }
        }
    }

    /// Somebody inside answered: so does the line.
    pub(crate) fn answer_line(&mut self, now: Now, leg: LegId) {
        let Some(port) = self.lines.of_leg(leg) else {
            return;
        };
        let media = match self.lines.get_mut(port).map(|line| &mut line.phase) {
            Some(Phase::Offered { ringing, .. }) => ringing.media,
            // Glare, or the number was asked for: it was lifted already.
            Some(Phase::Up { watch, .. }) => {
                watch.answered();
                self.leg_event(now, leg, LegEvent::Answered(None, Protection::Clear));
                return;
            }
            _ => return,
        };
        let media = match media {
            Some(media) => Some(media),
            None => self.open_line(port, in_call()),
        };
        let Some(media) = media else {
            self.hang_up_line(now, port);
            self.leg_event(now, leg, LegEvent::Ended(Cause::Congestion));
            return;
        };
        self.set_line_sound(port, media, in_call());
        self.set_line_hook(port, LoopHook::OffHook);
        self.lines.uses += 1;
        let uses = self.lines.uses;
        if let Some(line) = self.lines.get_mut(port) {
            line.used = uses;
            line.phase = Phase::Up {
                leg,
                media,
                watch: Watch::incoming(now.mono),
            };
        }
        self.leg_event(now, leg, LegEvent::Answered(None, Protection::Clear));
    }
}

/// The caller as the line told it.
fn party(caller: Option<CallerInfo>) -> Party {
    let caller = caller.unwrap_or_default();
    let text = |field: &model::CallerField| field.text().unwrap_or_default().to_owned();
    Party {
        number: text(&caller.number),
        name: text(&caller.name),
    }
}
