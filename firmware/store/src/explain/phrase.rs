//! From facts to sentences: a language holds templates, here they get their names and values.

use model::{
    CallerIdOutcome, Cause, ClaimStep, Codec, ConferenceEvent, EntryId, EventBody, LifelineVerdict,
    LineNews, PartyId, Protection, QualityMinute, Rule, Transport,
};

use super::{Outcome, Scene, Words, duration};

/// What is said of an outside line.
const fn line(news: LineNews) -> Said {
    match news {
        LineNews::Dead => Said::LineDead,
        LineNews::Alive => Said::LineAlive,
        LineNews::InUse => Said::LineInUse,
        LineNews::Free => Said::LineFree,
        LineNews::HungUp { .. } => Said::LineHungUp,
        LineNews::FalseHangUp { .. } => Said::LineFalseHangUp,
        LineNews::Learned { .. } => Said::LineLearned,
        LineNews::Unlearned { .. } => Said::LineUnlearned,
        LineNews::Balanced { .. } => Said::LineBalanced,
        LineNews::Lifeline { verdict } => match verdict {
            LifelineVerdict::Works => Said::LifelineWorks,
            LifelineVerdict::StaysOff => Said::LifelineStaysOff,
            LifelineVerdict::StaysOn => Said::LifelineStaysOn,
            LifelineVerdict::Unseen => Said::LifelineUnseen,
        },
        LineNews::SetLeft => Said::LifelineSetLeft,
        LineNews::SetBack => Said::LifelineSetBack,
        LineNews::Flashed => Said::LineFlashed,
        LineNews::LiftedToAsk => Said::LineLiftedToAsk,
        LineNews::Asked { outcome, .. } => match outcome {
            CallerIdOutcome::Sent => Said::LineToldCaller,
            CallerIdOutcome::Cut => Said::LineCallerGone,
            CallerIdOutcome::Unanswered => Said::LineToldNobody,
            CallerIdOutcome::Impossible => Said::LineCannotAsk,
        },
    }
}

/// What is said of a claim code.
const fn claim(step: ClaimStep) -> Said {
    match step {
        ClaimStep::Made => Said::ClaimMade,
        ClaimStep::Used => Said::ClaimUsed,
    }
}

/// What can be said. The comment gives the values of `{0}`, `{1}` … in a template.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Said {
    /// The one sentence of a call not yet answered: caller, called.
    Trying,
    /// The one sentence of a call in progress: caller, called.
    Talking,
    /// The one sentence of a call that somebody ended: caller, called, talk time, who hung up.
    Talked,
    /// The one sentence of an answered call that ended otherwise: caller, called, talk time, cause.
    TalkedUntil,
    /// The one sentence of a call without answer: caller, called, cause, time.
    Failed,
    /// –
    ExchangeStarted,
    /// –
    ExchangeStopping,
    /// –
    ExchangeStopped,
    /// Old time, new time.
    ClockStepped,
    /// Version.
    ConfigApplied,
    /// Owner, transport, contact.
    Registered,
    /// Owner.
    Unregistered,
    /// Owner, contact.
    UnregisteredFrom,
    /// Caller, number.
    CallStarted,
    /// Number.
    Dialled,
    /// Target.
    Routed,
    /// Name, way: the exchange calls it.
    LegCalled,
    /// Name, way: it called the exchange.
    LegJoined,
    /// Name.
    LegRang,
    /// Name.
    LegWaits,
    /// Name.
    LegEarlyMedia,
    /// Name, codec in brackets or nothing.
    LegAnswered,
    /// Name, codec in brackets or nothing: the caller, when the call was answered.
    LegPutThrough,
    /// Name, codec.
    LegCodecChanged,
    /// Name.
    LegSecured,
    /// Name.
    LegFax,
    /// Name.
    LegCallerIdSent,
    /// Name.
    LegCallerIdCut,
    /// Name.
    LegCallerIdUnanswered,
    /// Name.
    LegCallerIdImpossible,
    /// Name, how many.
    LegMetered,
    /// Name.
    LegHeld,
    /// Name.
    LegResumed,
    /// The other call.
    CallJoined,
    /// Name.
    ConferenceJoined,
    /// Name: as a moderator.
    ConferenceLed,
    /// Name.
    ConferenceRefused,
    /// Name.
    ConferenceGreeted,
    ConferenceWaits,
    /// Name.
    ConferenceLeft,
    /// Name.
    ConferenceMuted,
    /// Name.
    ConferenceUnmuted,
    /// Name.
    ConferenceLocked,
    /// Name.
    ConferenceUnlocked,
    /// Name, cause, SIP status in brackets or nothing.
    LegEnded,
    /// Name.
    CallAnswered,
    /// Time, cause.
    CallEnded,
    /// Name, score with one decimal, packets lost in percent.
    LegQuality,
    /// –
    RecordingStarted,
    /// Name.
    TrackStarted,
    /// –
    RecordingPaused,
    /// –
    RecordingResumed,
    /// –
    RecordingEnded,
    /// Time.
    RecordingStored,
    /// –
    RecordingLost,
    /// Port.
    PortFault,
    /// Port.
    PortBack,
    /// Port.
    PortLocked,
    /// Port.
    PortFree,
    /// Entry, how many.
    MessagesWaiting,
    /// Port.
    LampLit,
    /// Port.
    LampOut,
    /// Port.
    PortTested,
    /// Port.
    LineDead,
    /// Port.
    LineAlive,
    /// Port.
    LineInUse,
    /// Port.
    LineFree,
    /// Port.
    LineHungUp,
    /// Port.
    LineFalseHangUp,
    /// Port.
    LineLearned,
    /// Port.
    LineUnlearned,
    /// Port.
    LineBalanced,
    /// Port.
    LineFlashed,
    /// Port.
    LineLiftedToAsk,
    /// Port.
    LineToldCaller,
    /// Port.
    LineCallerGone,
    /// Port.
    LineToldNobody,
    /// Port.
    LineCannotAsk,
    /// Port.
    LifelineWorks,
    /// Port.
    LifelineStaysOff,
    /// Port.
    LifelineStaysOn,
    /// Port.
    LifelineUnseen,
    /// Port.
    LifelineSetLeft,
    /// Port.
    LifelineSetBack,
    /// –
    Erased,
    /// –
    ClaimMade,
    /// –
    ClaimUsed,
}

/// The one sentence of a call.
pub(super) fn summary(
    caller: String,
    called: String,
    outcome: &Outcome,
    words: &dyn Words,
) -> String {
    let (said, rest) = match outcome {
        Outcome::Trying => (Said::Trying, vec![]),
        Outcome::Talking => (Said::Talking, vec![]),
        Outcome::Talked {
            talk,
            by: Some(by),
            cause: Cause::Normal,
        } => (Said::Talked, vec![duration(*talk, words), by.clone()]),
        Outcome::Talked { talk, by: _, cause } => (
            Said::TalkedUntil,
            vec![duration(*talk, words), words.cause(*cause).into()],
        ),
        Outcome::Failed { cause, after } => (
            Said::Failed,
            vec![words.cause(*cause).into(), duration(*after, words)],
        ),
    };
    let mut values = vec![caller, called];
    values.extend(rest);
    fill(words.template(said), &values)
}

/// An event without its time and rule.
pub(super) fn event(body: &EventBody, rule: Rule, scene: &Scene<'_>) -> String {
    let who = scene.who();
    let (said, values) = match body {
        EventBody::ExchangeStarted => (Said::ExchangeStarted, vec![]),
        EventBody::ExchangeStopping => (Said::ExchangeStopping, vec![]),
        EventBody::ExchangeStopped => (Said::ExchangeStopped, vec![]),
        EventBody::ClockStepped { from, to, trust: _ } => {
            let times = [from, to].map(|&wall| (scene.names.time)(wall));
            (Said::ClockStepped, times.into())
        }
        EventBody::ConfigApplied { version } => (Said::ConfigApplied, vec![version.to_string()]),
        EventBody::Registered {
            owner,
            contact,
            transport,
        } => come(owner, *contact, *transport, scene),
        EventBody::Unregistered { owner, contact } => gone(owner, *contact, scene),
        EventBody::CallStarted { from, to } => (
            Said::CallStarted,
            vec![scene.party(*from), scene.number(*to)],
        ),
        EventBody::Dialled { to } => (Said::Dialled, vec![scene.number(*to)]),
        EventBody::Routed { target } => (Said::Routed, vec![scene.target(target)]),
        EventBody::LegStarted { kind, outbound, .. } => {
            let names = vec![scene.kind_name(kind), scene.kind_detail(kind)];
            (either(*outbound, Said::LegCalled, Said::LegJoined), names)
        }
        EventBody::LegRang => (Said::LegRang, vec![who]),
        EventBody::LegWaits => (Said::LegWaits, vec![who]),
        EventBody::LegEarlyMedia => (Said::LegEarlyMedia, vec![who]),
        EventBody::LegAnswered { codec, protection } => answered(who, *codec, *protection, rule),
        EventBody::LegCodecChanged { codec, protection } => (
            Said::LegCodecChanged,
            vec![who, spoken(*codec, *protection)],
        ),
        EventBody::LegSecured => (Said::LegSecured, vec![who]),
        EventBody::LegFax { .. } => (Said::LegFax, vec![who]),
        EventBody::LegCallerId { outcome, .. } => (caller_id(*outcome), vec![who]),
        EventBody::LegHeld => (Said::LegHeld, vec![who]),
        EventBody::LegResumed => (Said::LegResumed, vec![who]),
        EventBody::CallJoined { with } => (Said::CallJoined, vec![with.to_string()]),
        EventBody::Conference(what) => (conference(*what), vec![who]),
        EventBody::LegEnded { cause, status, .. } => leg_ended(who, *cause, *status, scene),
        EventBody::CallAnswered { by } => (Said::CallAnswered, vec![scene.leg_name(*by)]),
        EventBody::CallEnded {
            cause,
            duration: after,
            ..
        } => {
            let cause = scene.words.cause(*cause).into();
            (Said::CallEnded, vec![duration(*after, scene.words), cause])
        }
        EventBody::LegQuality { minute } => quality(who, minute, scene),
        EventBody::TrackStarted { .. } => (Said::TrackStarted, vec![who]),
        EventBody::RecordingStored { ms, .. } => {
            let long = core::time::Duration::from_millis(*ms);
            (Said::RecordingStored, vec![duration(long, scene.words)])
        }
        EventBody::RecordingStarted { .. }
        | EventBody::RecordingPaused { .. }
        | EventBody::RecordingResumed { .. }
        | EventBody::RecordingEnded { .. }
        | EventBody::RecordingLost { .. } => (recording(body), vec![]),
        EventBody::Erased { party: _ } => (Said::Erased, vec![]),
        EventBody::Claim { step } => (claim(*step), vec![]),
        of_set => of_board(of_set, who, scene),
    };
    fill(scene.words.template(said), &values)
}

/// What happened at a port or to the set on it, with the words that belong into it.
fn of_board(body: &EventBody, who: String, scene: &Scene<'_>) -> (Said, Vec<String>) {
    match body {
        EventBody::Line { port, news } => (line(*news), vec![scene.port(*port)]),
        EventBody::LegMetered { pulses } => (Said::LegMetered, vec![who, pulses.to_string()]),
        EventBody::MessagesWaiting { set, messages } => {
            let words = vec![scene.entry(set), messages.to_string()];
            (Said::MessagesWaiting, words)
        }
        EventBody::PortLamp { port, lit } => {
            let said = either(*lit, Said::LampLit, Said::LampOut);
            (said, vec![scene.port(*port)])
        }
        EventBody::PortTested { port, .. } => (Said::PortTested, vec![scene.port(*port)]),
        EventBody::PortFault { port, .. } | EventBody::PortLocked { port, .. } => {
            (port_news(body), vec![scene.port(*port)])
        }
        _ => (Said::Erased, vec![]),
    }
}

/// What became of telling a set who calls.
const fn caller_id(outcome: CallerIdOutcome) -> Said {
    match outcome {
        CallerIdOutcome::Sent => Said::LegCallerIdSent,
        CallerIdOutcome::Cut => Said::LegCallerIdCut,
        CallerIdOutcome::Unanswered => Said::LegCallerIdUnanswered,
        CallerIdOutcome::Impossible => Said::LegCallerIdImpossible,
    }
}

/// A party answers, or who called is put through; with what it speaks.
fn answered(
    who: String,
    codec: Option<Codec>,
    protection: Protection,
    rule: Rule,
) -> (Said, Vec<String>) {
    let spoken = |codec| format!(" ({})", spoken(codec, protection));
    let codec = codec.map_or(String::new(), spoken);
    let caller = rule == Rule::CallerConnected;
    let said = either(caller, Said::LegPutThrough, Said::LegAnswered);
    (said, vec![who, codec])
}

/// A party leaves.
fn leg_ended(
    who: String,
    cause: Cause,
    status: Option<u16>,
    scene: &Scene<'_>,
) -> (Said, Vec<String>) {
    let status = status.map_or(String::new(), |status| format!(" (SIP {status})"));
    let cause = scene.words.cause(cause).into();
    (Said::LegEnded, vec![who, cause, status])
}

/// What became of a recording.
const fn recording(body: &EventBody) -> Said {
    match body {
        EventBody::RecordingPaused { .. } => Said::RecordingPaused,
        EventBody::RecordingResumed { .. } => Said::RecordingResumed,
        EventBody::RecordingEnded { .. } => Said::RecordingEnded,
        EventBody::RecordingLost { .. } => Said::RecordingLost,
        _ => Said::RecordingStarted,
    }
}

/// What became of a port.
const fn port_news(body: &EventBody) -> Said {
    match body {
        EventBody::PortFault {
            out_of_service: true,
            ..
        } => Said::PortFault,
        EventBody::PortLocked { locked: true, .. } => Said::PortLocked,
        EventBody::PortLocked { locked: false, .. } => Said::PortFree,
        _ => Said::PortBack,
    }
}

/// How a minute sounded: the score and the share of lost packets.
fn quality(who: String, minute: &QualityMinute, scene: &Scene<'_>) -> (Said, Vec<String>) {
    let packets = f64::from(minute.packets + minute.lost).max(1.0);
    let loss = f64::from(minute.lost) * 100.0 / packets;
    let score = f64::from(minute.mos_100) / 100.0;
    let mark = scene.words.units().1.to_string();
    let number = |value: f64| format!("{value:.1}").replace('.', &mark);
    (Said::LegQuality, vec![who, number(score), number(loss)])
}

/// What happened to somebody in a conference.
fn conference(what: ConferenceEvent) -> Said {
    match what {
        ConferenceEvent::Greeted => Said::ConferenceGreeted,
        ConferenceEvent::Joined { moderator: false } => Said::ConferenceJoined,
        ConferenceEvent::Joined { moderator: true } => Said::ConferenceLed,
        ConferenceEvent::Refused => Said::ConferenceRefused,
        ConferenceEvent::Waits => Said::ConferenceWaits,
        ConferenceEvent::Left => Said::ConferenceLeft,
        ConferenceEvent::Muted { muted: true } => Said::ConferenceMuted,
        ConferenceEvent::Muted { muted: false } => Said::ConferenceUnmuted,
        ConferenceEvent::Locked { locked: true } => Said::ConferenceLocked,
        ConferenceEvent::Locked { locked: false } => Said::ConferenceUnlocked,
    }
}

/// A codec as it travels; SRTP has no other name in any language.
fn spoken(codec: Codec, protection: Protection) -> String {
    match protection {
        Protection::Clear => codec.name().into(),
        Protection::Srtp => format!("{}, SRTP", codec.name()),
    }
}

fn either(first: bool, yes: Said, no: Said) -> Said {
    if first { yes } else { no }
}

/// A phone is there.
fn come(
    owner: &EntryId,
    contact: PartyId,
    transport: Transport,
    scene: &Scene<'_>,
) -> (Said, Vec<String>) {
    let (way, contact) = (transport.as_via().into(), scene.party(contact));
    (Said::Registered, vec![scene.entry(owner), way, contact])
}

/// A phone is gone.
fn gone(owner: &EntryId, contact: Option<PartyId>, scene: &Scene<'_>) -> (Said, Vec<String>) {
    match contact {
        Some(id) => (
            Said::UnregisteredFrom,
            vec![scene.entry(owner), scene.party(id)],
        ),
        None => (Said::Unregistered, vec![scene.entry(owner)]),
    }
}

/// Puts the values into a template. A value is never read as a template: a name may hold `{0}`.
fn fill(template: &str, values: &[String]) -> String {
    let mut text = String::new();
    let mut parts = template.split('{');
    text.push_str(parts.next().unwrap_or(""));
    for part in parts {
        let (number, rest) = part.split_once('}').unwrap_or(("", part));
        let value = number.parse().ok().and_then(|at: usize| values.get(at));
        text.push_str(value.map_or("", String::as_str));
        text.push_str(rest);
    }
    text
}
