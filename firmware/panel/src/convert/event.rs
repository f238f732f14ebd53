//! The names of events in the explanation of a call.

use model::{CallerIdOutcome, Cause, ClaimStep, Codec, ConferenceEvent, EventBody, LineNews, Rule};

/// Names of the events a call's explanation can hold.
#[must_use]
pub const fn event_names() -> &'static [&'static str] {
    &[
        "call_started",
        "dialled",
        "routed",
        "leg_started",
        "leg_rang",
        "leg_waits",
        "leg_early_media",
        "leg_answered",
        "leg_put_through",
        "leg_codec_changed",
        "leg_quality",
        "recording_started",
        "track_started",
        "recording_paused",
        "recording_resumed",
        "recording_ended",
        "recording_stored",
        "recording_lost",
        "leg_secured",
        "leg_fax",
        "leg_caller_id_sent",
        "leg_caller_id_cut",
        "leg_caller_id_unanswered",
        "leg_caller_id_impossible",
        "leg_metered",
        "leg_held",
        "leg_resumed",
        "line_hung_up",
        "line_flashed",
        "line_told_caller",
        "line_caller_gone",
        "line_told_nobody",
        "line_cannot_ask",
        "call_joined",
        "conference_joined",
        "conference_led",
        "conference_refused",
        "conference_greeted",
        "conference_waits",
        "conference_left",
        "conference_muted",
        "conference_unmuted",
        "conference_locked",
        "conference_unlocked",
        "leg_ended",
        "call_answered",
        "call_ended",
    ]
}

/// Name, cause, status and codec of an event.
pub(super) fn event_parts(
    body: &EventBody,
    rule: Rule,
) -> (&'static str, Option<Cause>, Option<u16>, Option<Codec>) {
    let name = match body {
        EventBody::LegEnded { cause, status, .. } => {
            return ("leg_ended", Some(*cause), *status, None);
        }
        EventBody::CallEnded { cause, .. } => return ("call_ended", Some(*cause), None, None),
        EventBody::LegAnswered { codec, .. } => {
            // Both ends of a call tell of their codec; only one of them answered.
            let name = match rule {
                Rule::CallerConnected => "leg_put_through",
                _ => "leg_answered",
            };
            return (name, None, None, *codec);
        }
        EventBody::LegCodecChanged { codec, .. } => {
            return ("leg_codec_changed", None, None, Some(*codec));
        }
        EventBody::ExchangeStarted => "exchange_started",
        EventBody::ExchangeStopping => "exchange_stopping",
        EventBody::ExchangeStopped => "exchange_stopped",
        EventBody::ClockStepped { .. } => "clock_stepped",
        EventBody::ConfigApplied { .. } => "config_applied",
        EventBody::Registered { .. } => "registered",
        EventBody::Unregistered { .. } => "unregistered",
        EventBody::CallStarted { .. } => "call_started",
        EventBody::Dialled { .. } => "dialled",
        EventBody::Routed { .. } => "routed",
        EventBody::LegStarted { .. } => "leg_started",
        EventBody::LegRang => "leg_rang",
        EventBody::LegWaits => "leg_waits",
        EventBody::LegEarlyMedia => "leg_early_media",
        EventBody::LegSecured => "leg_secured",
        EventBody::LegFax { .. } => "leg_fax",
        EventBody::LegCallerId { outcome, .. } => caller_id_name(*outcome),
        EventBody::LegMetered { .. } => "leg_metered",
        EventBody::LegHeld => "leg_held",
        EventBody::LegResumed => "leg_resumed",
        EventBody::CallJoined { .. } => "call_joined",
        EventBody::Conference(what) => conference_name(*what),
        EventBody::CallAnswered { .. } => "call_answered",
        EventBody::LegQuality { .. } => "leg_quality",
        EventBody::RecordingStarted { .. } => "recording_started",
        EventBody::TrackStarted { .. } => "track_started",
        EventBody::RecordingPaused { .. } => "recording_paused",
        EventBody::RecordingResumed { .. } => "recording_resumed",
        EventBody::RecordingEnded { .. } => "recording_ended",
        EventBody::RecordingStored { .. } => "recording_stored",
        EventBody::RecordingLost { .. } => "recording_lost",
        EventBody::PortFault { .. } => "port_fault",
        EventBody::PortLocked { .. } => "port_locked",
        EventBody::MessagesWaiting { .. } => "messages_waiting",
        EventBody::PortLamp { .. } => "port_lamp",
        EventBody::PortTested { .. } => "port_tested",
        EventBody::Line { news, .. } => line_name(*news),
        EventBody::Erased { .. } => "erased",
        EventBody::Claim {
            step: ClaimStep::Made,
        } => "claim_made",
        EventBody::Claim {
            step: ClaimStep::Used,
        } => "claim_used",
    };
    (name, None, None, None)
}

const fn caller_id_name(outcome: CallerIdOutcome) -> &'static str {
    match outcome {
        CallerIdOutcome::Sent => "leg_caller_id_sent",
        CallerIdOutcome::Cut => "leg_caller_id_cut",
        CallerIdOutcome::Unanswered => "leg_caller_id_unanswered",
        CallerIdOutcome::Impossible => "leg_caller_id_impossible",
    }
}

const fn line_name(news: LineNews) -> &'static str {
    match news {
        LineNews::Dead => "line_dead",
        LineNews::Alive => "line_alive",
        LineNews::InUse => "line_in_use",
        LineNews::Free => "line_free",
        LineNews::HungUp { .. } => "line_hung_up",
        LineNews::FalseHangUp { .. } => "line_false_hang_up",
        LineNews::Learned { .. } => "line_learned",
        LineNews::Unlearned { .. } => "line_unlearned",
        LineNews::Balanced { .. } => "line_balanced",
        LineNews::Lifeline { .. } => "lifeline_tested",
        LineNews::SetLeft => "lifeline_set_left",
        LineNews::SetBack => "lifeline_set_back",
        LineNews::Flashed => "line_flashed",
        LineNews::LiftedToAsk => "line_lifted_to_ask",
        LineNews::Asked { outcome, .. } => match outcome {
            CallerIdOutcome::Sent => "line_told_caller",
            CallerIdOutcome::Cut => "line_caller_gone",
            CallerIdOutcome::Unanswered => "line_told_nobody",
            CallerIdOutcome::Impossible => "line_cannot_ask",
        },
    }
}

const fn conference_name(what: ConferenceEvent) -> &'static str {
    match what {
        ConferenceEvent::Greeted => "conference_greeted",
        ConferenceEvent::Joined { moderator: false } => "conference_joined",
        ConferenceEvent::Joined { moderator: true } => "conference_led",
        ConferenceEvent::Refused => "conference_refused",
        ConferenceEvent::Waits => "conference_waits",
        ConferenceEvent::Left => "conference_left",
        ConferenceEvent::Muted { muted: true } => "conference_muted",
        ConferenceEvent::Muted { muted: false } => "conference_unmuted",
        ConferenceEvent::Locked { locked: true } => "conference_locked",
        ConferenceEvent::Locked { locked: false } => "conference_unlocked",
    }
}
