//! English.

use model::{Cause, Rule};

use super::{Label, Said, Words};

pub(super) struct English;

impl Words for English {
    fn units(&self) -> ([&'static str; 3], char) {
        (["h", "min", "s"], '.')
    }

    fn template(&self, said: Said) -> &'static str {
        match said {
            Said::Trying => "{0} is calling {1}.",
            Said::Talking => "{0} called {1} and they are talking.",
            Said::Talked => "{0} called {1} and talked {2}; {3} hung up.",
            Said::TalkedUntil => "{0} called {1} and talked {2}; the call ended: {3}.",
            Said::Failed => "{0} called {1} without an answer: {2} after {3}.",
            Said::ExchangeStarted => "The exchange started",
            Said::ExchangeStopping => "The exchange takes no new calls",
            Said::ExchangeStopped => "The exchange stopped",
            Said::ClockStepped => "The clock was set from {0} to {1}",
            Said::ClaimMade => {
                "A claim code was made at the box: for 30 minutes somebody can become administrator by it"
            }
            Said::ClaimUsed => "Somebody became administrator by the claim code",
            Said::ConfigApplied => "Configuration version {0} is in force",
            Said::Registered => "{0}: a phone registered by {1} from {2}",
            Said::Unregistered => "{0}: a phone is gone",
            Said::UnregisteredFrom => "{0}: a phone is gone ({1})",
            Said::CallStarted => "{0} calls {1}",
            Said::Dialled => "{0} was dialled",
            Said::Routed => "The call goes to {0}",
            Said::LegCalled => "Calling {0}{1}",
            Said::LegJoined => "{0} is connected{1}",
            Said::LegRang => "It rings at {0}",
            Said::LegWaits => "It cannot ring at {0} yet",
            Said::LegEarlyMedia => "{0} sends sound before the answer",
            Said::LegAnswered => "{0} answers{1}",
            Said::LegPutThrough => "{0} is put through{1}",
            Said::LegCodecChanged => "{0} changes to {1}",
            Said::LegSecured => "The voice of {0} is protected (SRTP)",
            Said::LegFax => "A fax machine was heard: {0}",
            Said::LegHeld => "{0} holds the call",
            Said::LegResumed => "{0} is back",
            Said::CallJoined => "The parties of this call and of call {0} hear each other",
            Said::ConferenceJoined => "{0} is let into the conference",
            Said::ConferenceLed => "{0} is let into the conference as a moderator",
            Said::ConferenceRefused => "{0} is not let into the conference",
            Said::ConferenceGreeted => "{0} hears the greeting of the conference",
            Said::ConferenceWaits => "{0} waits for the moderator",
            Said::ConferenceLeft => "{0} is no longer in the conference",
            Said::ConferenceMuted => "{0} is muted in the conference",
            Said::ConferenceUnmuted => "{0} is heard in the conference again",
            Said::ConferenceLocked => "{0} locks the conference",
            Said::ConferenceUnlocked => "{0} opens the conference again",
            Said::LegEnded => "{0} leaves: {1}{2}",
            Said::CallAnswered => "The conversation with {0} begins",
            Said::CallEnded => "The call is over after {0}: {1}",
            Said::LegQuality => "{0}: score {1}, {2} % lost",
            Said::RecordingStarted => "The call is recorded",
            Said::TrackStarted => "What {0} says is recorded",
            Said::RecordingPaused => "Recording pauses",
            Said::RecordingResumed => "Recording goes on",
            Said::RecordingEnded => "Recording ends",
            Said::RecordingStored => "The recording is kept, {0} long",
            Said::RecordingLost => "Nothing of the recording could be kept",
            Said::Erased => "A person's data was erased",
            of_board => board_said(of_board),
        }
    }

    fn rule(&self, rule: Rule) -> &'static str {
        match rule {
            Rule::Operator => "an operator decided",
            Rule::ClockChanged => "the clock of the box jumped",
            Rule::ConfigSaved => "the configuration was saved",
            Rule::RegisterAuthenticated => "it registered with the right password",
            Rule::RegisterRemoved => "it signed off",
            Rule::RegisterExpired => "it did not register again in time",
            Rule::RegisterFlowLost => "its connection broke",
            Rule::RegisterOwnerRemoved => "its owner is no longer configured",
            Rule::CallFromPhone => "a registered phone dialled",
            Rule::CallFromPort => "the handset of an analog set was lifted",
            Rule::DialledPerson => "the number is a person's extension",
            Rule::DialledDevice => "the number is the extension of a phone that is nobody's",
            Rule::DialledAnalog => "the number is an analog set's extension",
            Rule::DialledEchoTest => "the number is the code of the echo test",
            Rule::DialledLogin => "the name is a person's login",
            Rule::DialledUnknown => "nothing has this number",
            Rule::DialledTooMuch => "no number begins with these digits",
            Rule::DialTimeout => "no further digit came",
            Rule::DialledOneself => "the extension called itself and has no other phone",
            Rule::RingAllPhones => "all phones of the person ring at once",
            Rule::RingNoPhone => "the person has no phone registered",
            Rule::PhoneRang => "the phone said that it rings",
            Rule::PhoneEarlyMedia => "the phone sent sound early",
            Rule::PhoneAnswered => "this phone answered first",
            Rule::CallerConnected => "the call was answered",
            Rule::PhoneRefused => "the phone refused",
            Rule::PhoneSilent => "the phone does not reply at all",
            Rule::AnsweredElsewhere => "another phone answered first",
            Rule::RingTimeout => "the ring time was over",
            Rule::CallerGaveUp => "the caller hung up before the answer",
            Rule::PartyHungUp => "a party hung up",
            Rule::PartyHeld => "the party pressed hold",
            Rule::PartyResumed => "the party ended the hold",
            Rule::SessionTimer => "the phone no longer confirmed the call",
            Rule::AckMissing => "the phone did not confirm the answer",
            Rule::DialogLost => "signalling with the phone broke off",
            Rule::NoCommonCodec => "the phones have no codec in common",
            Rule::NoCommonProtection => {
                "one side insists on protected voice (SRTP) and the other has none"
            }
            Rule::MediaSecured => "the keys of the voice have arrived",
            Rule::MediaKeysLate => "the keys of the voice did not come in time",
            Rule::MediaKeysForged => "the certificate is not the one that was announced",
            Rule::MediaKeysFailed => "the keys of the voice could not be agreed on",
            Rule::MediaInClear => "the far end sent voice in clear",
            Rule::MediaPeerSilent => "nothing comes from the far end any more",
            Rule::MediaFax => "the tones of a fax machine are in the sound",
            Rule::NoMediaPorts => "no ports for sound were free",
            Rule::Stopping => "the exchange is stopping",
            Rule::PeerMisbehaved => "the far end broke the protocol",
            Rule::PowerLost => "the power failed, noticed at the next start",
            Rule::RecordAll => "all calls of a party are recorded",
            Rule::RecordAsked => "somebody asked for it",
            Rule::RecordOver => "the last recorded party left",
            Rule::RecordKept => "the recorder finished",
            Rule::Periodic => "a periodic figure",
            other => conference(other),
        }
    }

    fn cause(&self, cause: Cause) -> &'static str {
        match cause {
            Cause::Normal => "hung up",
            Cause::Cancelled => "the caller gave up",
            Cause::Busy => "busy",
            Cause::NoAnswer => "nobody answered",
            Cause::Rejected => "refused",
            Cause::ElsewhereAnswered => "answered elsewhere",
            Cause::NotFound => "no such number",
            Cause::Unreachable => "no phone could be reached",
            Cause::Forbidden => "not allowed",
            Cause::NotAcceptable => "no codec in common",
            Cause::Unprotected => "voice not protected",
            Cause::BadNumber => "wrong number",
            Cause::Congestion => "overloaded",
            Cause::PeerLost => "the far end fell silent",
            Cause::ProtocolError => "protocol error",
            Cause::Removed => "removed from the configuration",
            Cause::Administrator => "ended by an administrator",
            Cause::Moderator => "ended by the moderator",
            Cause::Stopping => "the exchange stopped",
            Cause::PowerLost => "power lost",
            Cause::Internal => "fault of the exchange",
        }
    }

    fn label(&self, label: Label) -> &'static str {
        match label {
            Label::Erased => "(erased)",
            Label::NoNumber => "(nothing dialled)",
            Label::Exchange => "the exchange",
            Label::EchoTest => "echo test",
            Label::Outside => "the public network",
            Label::ClockUnchecked => "the clock was not checked",
            Label::LeftOut => "further events:",
            Label::Media => "Sound",
            Label::PacketsIn => "packets received",
            Label::PacketsOut => "sent",
            Label::PacketsLost => "lost",
            Label::PacketsLate => "late",
            Label::Jitter => "jitter",
            Label::InProgress => "in progress",
            Label::Answered => "answered",
            Label::Time => "TIME",
            Label::From => "FROM",
            Label::To => "TO",
            Label::Result => "RESULT",
            Label::Talk => "TALK",
            Label::Call => "CALL",
        }
    }
}

/// The rules of conferences; the others are said above.
const fn conference(rule: Rule) -> &'static str {
    match rule {
        Rule::DialledConference => "the number is a conference's",
        Rule::ConferenceOpen => "the conference asks for no PIN",
        Rule::ConferencePin => "the PIN of the conference was dialled",
        Rule::ConferenceModeratorPin => "the PIN of the moderators was dialled",
        Rule::ConferenceGreeting => "the conference greets whoever enters",
        Rule::ConferencePinWrong => "the PIN was wrong three times",
        Rule::ConferencePinMissing => "no PIN was dialled in time",
        Rule::ConferenceFull => "the conference is full",
        Rule::ConferenceLocked => "a moderator has locked the conference",
        Rule::ConferenceNoModerator => "no moderator is there",
        Rule::ConferenceKeys => "the keys for it were pressed",
        Rule::ConferenceModerator => "a moderator decided",
        _ => outside_line(rule),
    }
}

/// The rules of outside lines.
const fn outside_line(rule: Rule) -> &'static str {
    match rule {
        Rule::CallFromLine => "a call came in on the outside line",
        Rule::DialledOutside => "the number is one of the public network",
        Rule::DialledEmergency => "the number is an emergency number",
        Rule::LineSeized => "a free outside line is taken",
        Rule::LineNone => "no outside line is free",
        Rule::LineGlare => "a call came in on the line at the same moment",
        Rule::LineNoDialTone => "the line gave no dial tone",
        Rule::LineDead => "the line is dead",
        Rule::LineInUse => "a parallel set is on the line",
        Rule::LineNobody => "nobody is named to answer the line",
        Rule::LineAbandoned => "the line stopped ringing",
        Rule::LineLoopBreak => "the loop of the line broke for a moment",
        Rule::LineReversal => "the polarity of the line changed",
        Rule::LineTone => "the line gave the tone of a hang-up",
        Rule::LineDialTone => "the line gave dial tone",
        Rule::LineSilence => "nothing was heard on the line for long",
        Rule::LineRefused => "the carrier refused by a tone",
        Rule::LineVoice => "a voice was heard on the line",
        Rule::LineAnswerTimer => "the line neither rang nor refused for a while",
        Rule::LineOnward => "the entry of the line sends its callers on",
        Rule::LineFlash => "somebody asked the exchange of the line for something",
        Rule::LineAon => "the exchange of the line tells callers only to whoever lifts and asks",
        Rule::LineAonSilent => "the exchange of the line told nothing, however often it was asked",
        Rule::LineBalanceHours => "lines are measured in these hours",
        Rule::LineBalanceAsked => "somebody wanted the line to be measured",
        Rule::LineBalanceFailed => "the line gave no dial tone or no silence",
        Rule::LifelineHours => "lifelines are tested in these hours",
        Rule::LifelineAsked => "somebody wanted the lifeline to be tested",
        Rule::LifelineStuck => "the relay of the lifeline does not switch",
        Rule::LifelineCall => "a call on the lifeline is not cut when the exchange starts",
        Rule::EmergencyPreempts => "an emergency call needed the line",
        Rule::ButtonHeld => "the button for recovery was held",
        Rule::ClaimCode => "whoever knows the claim code becomes administrator",
        of_set => set_rule(of_set),
    }
}

/// What happens at the ports of the board: to sets, and to outside lines.
const fn board_said(said: Said) -> &'static str {
    match said {
        Said::LegCallerIdSent => "{0} is told who calls",
        Said::LegCallerIdCut => "{0} is not told to the end who calls",
        Said::LegCallerIdUnanswered => "{0} does not want to be told who waits",
        Said::LegCallerIdImpossible => "{0} cannot be told who calls",
        Said::LegMetered => "Metering pulses for {0}: {1}",
        Said::PortFault => "Port {0} is out of service",
        Said::PortBack => "Port {0} is back in service",
        Said::MessagesWaiting => "Messages waiting for {0}: {1}",
        Said::LampLit => "The lamp of {0} says that messages wait",
        Said::LampOut => "The lamp of {0} is out",
        Said::PortTested => "The set on {0} is rung to see what it shows",
        Said::PortLocked => "The line of {0} is switched off",
        Said::PortFree => "The line of {0} works again",
        Said::LineDead => "The line at port {0} is dead",
        Said::LineAlive => "The line at port {0} works again",
        Said::LineInUse => "A parallel set took the line at port {0}",
        Said::LineFree => "The parallel set released the line at port {0}",
        Said::LineHungUp => "The far party of the line at port {0} hung up",
        Said::LineFalseHangUp => "Somebody still spoke on the line at port {0}",
        Said::LineLearned => "The hang-up tone of the line at port {0} was learned",
        Said::LineUnlearned => "It was said that the tone at port {0} is none of a hang-up",
        Said::LineFlashed => "A flash went to the exchange behind port {0}",
        Said::LineLiftedToAsk => {
            "Port {0} lifted the line to ask who calls: the caller pays from now on"
        }
        Said::LineToldCaller => "The exchange behind port {0} told who calls",
        Said::LineCallerGone => "The caller of port {0} was gone before it was told who called",
        Said::LineToldNobody => "The exchange behind port {0} did not tell who calls",
        Said::LineCannotAsk => "Port {0} cannot ask who calls",
        Said::LifelineWorks => "The lifeline of the line at port {0} works",
        Said::LifelineStaysOff => {
            "The lifeline of the line at port {0} fails: without power its set would be dead"
        }
        Said::LifelineStaysOn => {
            "The lifeline of the line at port {0} fails: its set stays on the line"
        }
        Said::LifelineUnseen => "Whether the lifeline of the line at port {0} works cannot be told",
        Said::LifelineSetLeft => {
            "The line at port {0} is in use: the set of its lifeline stays on it until it is free"
        }
        Said::LifelineSetBack => "The set of the lifeline at port {0} is back at its own port",
        _ => "",
    }
}

/// Rules of analog sets and their ports.
const fn set_rule(rule: Rule) -> &'static str {
    match rule {
        Rule::HotLine => "the set calls this number when it is lifted",
        Rule::WarmLine => "nothing else was dialled, and the set calls this number then",
        Rule::RingPort => "the analog set is rung",
        Rule::PortBusy => "the analog set is off hook",
        Rule::PortFault => "the port is out of service",
        Rule::PortRingLoad => "as many bells ring as the ringing supply bears",
        Rule::PortLeftOffHook => "the set was left off hook",
        Rule::PortHungUp => "the set is hung up again",
        Rule::CallerIdCountry => "sets of the country are told of callers like that",
        Rule::CallerIdChosen => "the set's entry says how it is told of callers",
        Rule::CallerIdWaiting => "a set in a call is told of the second caller like that",
        Rule::MeteringInterval => "the set's entry asks for metering pulses",
        Rule::MeteringUnable => "the port cannot send such metering pulses",
        Rule::MessagesSet => "whoever keeps the messages said so",
        Rule::LampNeon => "the port lights a neon lamp",
        Rule::LampData => "the set is told by data",
        Rule::SetTested => "somebody asked for the test",
        Rule::CallWaiting => "the set is in a call, and the person is told of a second caller",
        Rule::WaitingTaken => "the person went over to the caller who waited",
        Rule::FlashEnquiry => "the person pressed the hook to call somebody else",
        Rule::FlashChoice => "the person pressed the hook, and a digit says what for",
        Rule::FlashReturn => "the person went back to the party that was held",
        Rule::FlashSwap => "the person went from one party to the other",
        Rule::FlashTogether => "the person joined both parties",
        Rule::FlashDrop => "the person parted with one of two parties",
        Rule::TransferHungUp => "whoever was between two parties hung up",
        Rule::TransferKeys => "whoever was between two parties pressed the keys for it",
        Rule::HoldRecall => "the set was hung up while somebody was held",
        Rule::HoldReturn => "the other party hung up",
        Rule::HoldForgotten => "nobody came back to the held party",
        _ => "",
    }
}
