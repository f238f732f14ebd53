//! Whether the far party is still there. All signs are watched at once: a break of the loop, a reversal,
//! tones by their pitch, cadence and the absence of speech (the port's `PortDsp` judges those), dial tone and silence.
//! What a line's hang-ups sound like is learned from real ones.

use core::time::Duration;

use call::LegEvent;
use config::HangUpSign;
use model::limits::LEARNED_SIGNATURES;
use model::{
    EntryId, Instant, LegId, LineHeard, LineNews, LineSign, LineTone, MediaCommand, Now, PortId,
    Route, Rule, StateChange, TapId, ToneEvidence, ToneSignature,
};

use super::sound::in_call;
use super::{Asking, Line, Phase};
use crate::Pbx;

/// A break of the loop that is told after 50 ms and lasts this much longer is a sign.
const BREAK: Duration = Duration::from_millis(40);
/// Right after lifting the current may stop for a moment without a meaning.
const SETTLES: Duration = Duration::from_millis(300);
/// A reversal so soon after a caller was answered belongs to the answer.
const ANSWER_REVERSAL: Duration = Duration::from_millis(500);
/// Both ends are silent for so long.
const SILENCE: Duration = Duration::from_secs(60);
/// And for so long where nobody inside could hang up: without that, two lines on which nothing shows a hang-up would
/// hold each other for ever.
const UNATTENDED_SILENCE: Duration = Duration::from_secs(300);
const SILENT_DBM0: i8 = -45;
/// After a tone the line is listened to for so long: a voice says that it was no hang-up.
const LISTENS_AFTER: Duration = Duration::from_secs(2);
/// After a flash so much time for dial tone and a number.
const RECALL: Duration = Duration::from_secs(30);
/// A tone heard at most so long before a hang-up inside was that of a hang-up outside.
const LEARN_WITHIN: Duration = Duration::from_secs(10);

/// What is known of the far party of a call on a line.
#[derive(Clone, Debug)]
pub(crate) struct Watch {
    since: Instant,
    /// The caller's line was lifted before anybody answered.
    waits: bool,
    /// The answer showed as a reversal, or none was looked for.
    reversal_answered: bool,
    /// A reversal was taken for the answer, and nobody has spoken since.
    late_reversal: bool,
    /// The current stopped; a sign from then on.
    broken: Option<Instant>,
    /// When the silence that goes on is a sign.
    silence_due: Option<Instant>,
    /// The last tone that may be one of a hang-up, and when it was heard.
    tone: Option<(Instant, ToneEvidence)>,
    /// After a flash the exchange gives dial tone, and whatever tone comes of what is dialled then: until
    /// this moment they are no sign.
    recalled: Option<Instant>,
    /// A tone that was heard meanwhile: it counts when the time is over and neither a voice was heard nor
    /// a far telephone rang since.
    unjudged: Option<(LineSign, ToneEvidence)>,
}

impl Watch {
    /// Of a caller who was answered.
    pub(super) const fn incoming(now: Instant) -> Self {
        Self {
            since: now,
            waits: false,
            reversal_answered: true,
            late_reversal: false,
            broken: None,
            silence_due: None,
            tone: None,
            recalled: None,
            unjudged: None,
        }
    }

    /// Of a caller whose line is lifted and whom nobody has answered yet.
    pub(super) const fn waiting(now: Instant) -> Self {
        Self {
            waits: true,
            ..Self::incoming(now)
        }
    }

    /// Whether nobody has answered yet.
    pub(super) const fn is_waiting(&self) -> bool {
        self.waits
    }

    /// Somebody answers.
    pub(super) const fn answered(&mut self) {
        self.waits = false;
    }

    /// The loop was opened on purpose and is closed again at `end`.
    pub(super) fn flashed(&mut self, end: Instant) {
        self.since = end;
        self.broken = None;
        self.silence_due = None;
        self.recalled = Some(end + RECALL);
        self.unjudged = None;
    }

    /// Of a called party.
    pub(super) const fn outgoing(now: Instant, by_reversal: bool) -> Self {
        Self {
            reversal_answered: by_reversal,
            ..Self::incoming(now)
        }
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        let recalled = self.recalled.filter(|_| self.unjudged.is_some());
        let dues = [self.broken, self.silence_due, recalled];
        dues.into_iter().flatten().min()
    }
}

/// A hang-up may be known by such a tone. A dial tone is known without.
const fn is_learned(tone: LineTone) -> bool {
    matches!(
        tone,
        LineTone::Busy | LineTone::Congestion | LineTone::Howler | LineTone::Unknown
    )
}

/// What this tone in a call is a sign of.
fn sign_of(tone: LineTone) -> Option<LineSign> {
    match tone {
        LineTone::Dial => Some(LineSign::DialTone),
        tone => tone.ends_a_call().then_some(LineSign::Tone),
    }
}

/// The name of a sign in the configuration.
const fn configured(sign: LineSign) -> HangUpSign {
    match sign {
        LineSign::LoopBreak => HangUpSign::LoopBreak,
        LineSign::Reversal => HangUpSign::Reversal,
        LineSign::Tone => HangUpSign::Tone,
        LineSign::DialTone => HangUpSign::DialTone,
        LineSign::Silence => HangUpSign::Silence,
    }
}

const fn rule_of(sign: LineSign) -> Rule {
    match sign {
        LineSign::LoopBreak => Rule::LineLoopBreak,
        LineSign::Reversal => Rule::LineReversal,
        LineSign::Tone => Rule::LineTone,
        LineSign::DialTone => Rule::LineDialTone,
        LineSign::Silence => Rule::LineSilence,
    }
}

impl Pbx {
    fn watch_of(&mut self, port: PortId) -> Option<&mut Watch> {
        match &mut self.lines.get_mut(port)?.phase {
            Phase::Up { watch, .. } => Some(watch),
            Phase::Asking(asking) => Some(&mut asking.watch),
            _ => None,
        }
    }

    /// The polarity of a line changed.
    pub(super) fn line_reversed(&mut self, now: Now, port: PortId, reversed: bool) {
        match self.lines.get(port).map(|line| &line.phase) {
            Some(Phase::Idle) if reversed => self.line_announced(now, port),
            Some(Phase::RungOut(_)) if reversed => self.announced_again(now, port),
            Some(Phase::Balancing(balancing)) if reversed && !balancing.is_off_hook() => {
                self.give_way(now, port);
                self.line_announced(now, port);
            }
            Some(Phase::Lifeline(_)) if reversed => {
                self.give_way(now, port);
                self.line_announced(now, port);
            }
            Some(&Phase::Called { leg, .. }) if reversed => {
                self.line_answered(now, port, leg, Rule::LineReversal);
            }
            Some(Phase::TurnedAway { .. }) => self.hang_up_line(now, port),
            Some(Phase::Up { watch, .. } | Phase::Asking(Asking { watch, .. })) => {
                let fresh = now.mono.since(watch.since) < ANSWER_REVERSAL;
                let meant = self
                    .lines
                    .get(port)
                    .is_some_and(|line| line.parts_by_reversal);
                let late_answer = !watch.reversal_answered && reversed && !meant;
                if late_answer || (reversed && fresh) {
                    if let Some(watch) = self.watch_of(port) {
                        watch.reversal_answered = true;
                        watch.late_reversal = late_answer && !fresh;
                    }
                } else {
                    self.far_hung_up(now, port, LineSign::Reversal, None);
                }
            }
            _ => {}
        }
    }

    /// Current in the loop stopped or flows again.
    pub(super) fn line_current(&mut self, now: Now, port: PortId, flows: bool) {
        let Some(watch) = self.watch_of(port) else {
            if !flows {
                self.no_current(now, port);
            }
            return;
        };
        let settled = now.mono.since(watch.since) >= SETTLES;
        watch.broken = (!flows && settled).then(|| now.mono + BREAK);
    }

    /// No current where a line was to be taken: nothing can be dialled on it; or where a caller hears that nobody
    /// answers, and has understood.
    fn no_current(&mut self, now: Now, port: PortId) {
        if let Some(Phase::TurnedAway { .. }) = self.lines.get(port).map(|line| &line.phase) {
            return self.hang_up_line(now, port);
        }
        let seizing = matches!(
            self.lines.get(port).map(|line| &line.phase),
            Some(Phase::Seizing(_) | Phase::Called { .. })
        );
        if seizing {
            let leg = self.lines.get(port).and_then(Line::leg);
            self.hang_up_line(now, port);
            if let Some(leg) = leg {
                self.leg_event(now, leg, LegEvent::LineFailed(Rule::LineDead));
            }
        }
    }

    /// Something was heard in a call.
    pub(super) fn talk_heard(&mut self, now: Now, port: PortId, heard: LineHeard) {
        let patience = match self.is_configured(port, LineSign::Silence) {
            true => SILENCE,
            false => UNATTENDED_SILENCE,
        };
        let Some(watch) = self.watch_of(port) else {
            return;
        };
        match heard {
            LineHeard::Tone(evidence) => {
                watch.tone = Some((now.mono, evidence));
                let Some(sign) = sign_of(evidence.tone) else {
                    if evidence.tone == LineTone::Ringback {
                        watch.unjudged = None;
                    }
                    return;
                };
                let recalled = watch.recalled.is_some_and(|until| now.mono < until);
                if recalled && evidence.tone != LineTone::Howler {
                    watch.unjudged = Some((sign, evidence));
                } else {
                    self.far_hung_up(now, port, sign, Some(evidence));
                }
            }
            LineHeard::Voice => {
                watch.tone = None;
                watch.silence_due = None;
                watch.late_reversal = false;
                watch.unjudged = None;
            }
            LineHeard::Second(second) => {
                let silent = second.rx_dbm0 < SILENT_DBM0 && second.tx_dbm0 < SILENT_DBM0;
                watch.silence_due = match watch.silence_due {
                    due @ Some(_) if silent => due,
                    _ => silent.then(|| now.mono + patience),
                };
            }
            _ => {}
        }
    }

    /// A sign has lasted long enough.
    pub(super) fn watch_step(&mut self, now: Now, port: PortId) {
        let Some(watch) = self.watch_of(port) else {
            return;
        };
        let due = |at: Option<Instant>| at.is_some_and(|at| at <= now.mono);
        if due(watch.broken) {
            watch.broken = None;
            self.far_hung_up(now, port, LineSign::LoopBreak, None);
        } else if due(watch.silence_due) {
            watch.silence_due = None;
            self.far_hung_up(now, port, LineSign::Silence, None);
        } else if due(watch.recalled) {
            watch.recalled = None;
            if let Some((sign, evidence)) = watch.unjudged.take() {
                self.far_hung_up(now, port, sign, Some(evidence));
            }
        }
    }

    /// Whether this sign is one by which hang-ups of the line are believed.
    fn is_configured(&self, port: PortId, sign: LineSign) -> bool {
        let line = self.lines.get(port);
        let entry = line.and_then(|line| self.config.line(line.entry.as_ref()?));
        entry.is_none_or(|line| line.hang_up.contains(&configured(sign)))
    }

    /// Whether nobody inside is in the call of a leg on a line, but for services and other lines.
    fn is_unattended(&self, leg: LegId) -> bool {
        let mut company = self.switch.company_of(leg).into_iter();
        company.all(|other| self.lines.of_leg(other).is_some())
    }

    /// The far party hung up, by this sign: the call ends. After a tone the line is listened to for a
    /// little longer, to find out whether that was true.
    fn far_hung_up(&mut self, now: Now, port: PortId, sign: LineSign, tone: Option<ToneEvidence>) {
        let Some(line) = self.lines.get(port) else {
            return;
        };
        let on = match line.phase {
            Phase::Up { leg, media, .. } => Some((leg, media)),
            Phase::Asking(_) => None,
            _ => return,
        };
        let unattended = |&(leg, _): &_| sign == LineSign::Silence && self.is_unattended(leg);
        if !self.is_configured(port, sign) && on.as_ref().is_none_or(|on| !unattended(on)) {
            return;
        }
        self.counters.line_hang_ups += 1;
        if let Some(line) = self.lines.get_mut(port) {
            line.hang_ups.count(sign);
            line.parts_by_reversal |= sign == LineSign::Reversal;
        }
        let Some((leg, media)) = on else {
            return self.asked_in_vain(now, port, rule_of(sign));
        };
        // Kept before anything is done to the line: the seconds before this moment are what matters.
        let tap = TapId(self.plain.below(u32::MAX));
        self.media(MediaCommand::KeepSound { leg: media, tap });
        let news = LineNews::HungUp {
            sign,
            tone,
            evidence: Some(tap),
        };
        self.line_news_of(now, port, leg, rule_of(sign), news);
        if matches!(sign, LineSign::Tone | LineSign::DialTone) {
            self.leave_bridge(leg);
            self.forget_clip(leg);
            self.set_line_sound(port, media, in_call());
            let fresh = tone.filter(|tone| tone.learned.is_none() && is_learned(tone.tone));
            if let Some(line) = self.lines.get_mut(port) {
                line.phase = Phase::Parting {
                    media,
                    sign,
                    learn: fresh.map(|tone| tone.measured),
                    until: now.mono + LISTENS_AFTER,
                };
            }
            self.media(MediaCommand::SetRoute {
                leg: media,
                route: Route::Silence,
            });
        } else {
            self.hang_up_line(now, port);
        }
        self.leg_event(now, leg, LegEvent::LineEnded(rule_of(sign)));
    }

    /// Nobody spoke after the tone: it was that of a hang-up.
    pub(super) fn part_line(&mut self, now: Now, port: PortId) {
        let learn = match self.lines.get(port).map(|line| &line.phase) {
            Some(Phase::Parting { learn, .. }) => *learn,
            _ => None,
        };
        if let Some(tone) = learn {
            self.learn_tone(now, port, tone);
        }
        self.hang_up_line(now, port);
    }

    /// Somebody inside hung up while the line gave a tone: people know what it means.
    pub(super) fn learn_from_release(&mut self, now: Now, port: PortId) {
        let Some(watch) = self.watch_of(port) else {
            return;
        };
        let silent_reversal = watch.late_reversal;
        let heard = watch.tone.filter(|(at, evidence)| {
            now.mono.since(*at) <= LEARN_WITHIN
                && evidence.learned.is_none()
                && is_learned(evidence.tone)
        });
        if let Some((_, evidence)) = heard {
            self.learn_tone(now, port, evidence.measured);
        }
        if let Some(line) = self.lines.get_mut(port) {
            line.parts_by_reversal |= silent_reversal;
        }
    }

    fn learn_tone(&mut self, now: Now, port: PortId, tone: ToneSignature) {
        let Some(line) = self.lines.get_mut(port) else {
            return;
        };
        if line.learned.contains(&tone) {
            return;
        }
        if line.learned.len() >= LEARNED_SIGNATURES {
            line.learned.remove(0);
        }
        line.learned.push(tone);
        self.keep_tones(port);
        self.line_news(now, port, Rule::LineTone, LineNews::Learned { tone });
    }

    /// Has the learned tones of a line stored.
    fn keep_tones(&mut self, port: PortId) {
        let learned = self.lines.get(port).and_then(|line| {
            let entry = line.entry.clone()?;
            Some((entry, line.learned.clone()))
        });
        if let Some((line, tones)) = learned {
            self.state(StateChange::LineTones { line, tones });
        }
    }

    /// Somebody says that what ended a call was no hang-up: its tone is forgotten.
    pub(crate) fn not_hung_up(
        &mut self,
        now: Now,
        entry: &EntryId,
        sign: LineSign,
        tone: Option<ToneSignature>,
    ) {
        let Some((port, line)) = self.lines.of_entry(entry) else {
            return;
        };
        line.hang_ups.false_ones = line.hang_ups.false_ones.saturating_add(1);
        let is_it = |known: &ToneSignature| tone.is_some_and(|tone| tone.is_like(known));
        let wrong: Vec<_> = line.learned.iter().copied().filter(is_it).collect();
        line.learned.retain(|known| !is_it(known));
        self.counters.false_hang_ups += 1;
        self.line_news(now, port, Rule::Operator, LineNews::FalseHangUp { sign });
        if !wrong.is_empty() {
            self.keep_tones(port);
        }
        for tone in wrong {
            self.line_news(now, port, Rule::Operator, LineNews::Unlearned { tone });
        }
    }
}
