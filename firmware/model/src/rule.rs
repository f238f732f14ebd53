//! The rule that decided an event. The ledger stores the rule's name; words in the reader's
//! language are made at the edge.

use serde::{Deserialize, Serialize};

macro_rules! rules {
    ($($(#[$doc:meta])* $variant:ident = $name:literal,)*) => {
        /// Which rule fired. Every event of the ledger names one.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum Rule {
            $($(#[$doc])* #[serde(rename = $name)] $variant,)*
        }

        impl Rule {
            /// Every rule, in the order of the enum.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The name in the ledger, in the API and as the key of translations.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }

            /// The rule of that name.
            #[must_use]
            pub fn from_name(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|rule| rule.name() == name)
            }
        }
    };
}

rules! {
    /// The service manager or the person at the console decided.
    Operator = "operator",
    /// The clock of the box jumped.
    ClockChanged = "clock.changed",
    /// A save in the panel, the CLI or the file at start.
    ConfigSaved = "config.saved",
    /// A REGISTER with the right password.
    RegisterAuthenticated = "register.authenticated",
    /// A REGISTER with expiry 0, or `*`.
    RegisterRemoved = "register.removed",
    /// A binding was not refreshed in time.
    RegisterExpired = "register.expired",
    /// The phone's connection broke.
    RegisterFlowLost = "register.flow_lost",
    /// The person or device is no longer in the configuration.
    RegisterOwnerRemoved = "register.owner_removed",
    /// A registered phone, rightly authenticated, dialled.
    CallFromPhone = "call.from_phone",
    /// The set on an analog port was lifted.
    CallFromPort = "call.from_port",
    /// The dialled digits are the extension of a person.
    DialledPerson = "dialled.person",
    /// The dialled digits are the extension of a phone that is nobody's.
    DialledDevice = "dialled.device",
    /// The dialled digits are the extension of an analog set.
    DialledAnalog = "dialled.analog",
    /// The dialled digits are the code of the echo test.
    DialledEchoTest = "dialled.echo_test",
    /// The dialled name is the login of a person.
    DialledLogin = "dialled.login",
    /// Nothing in the configuration has this number.
    DialledUnknown = "dialled.unknown",
    /// The digits can no longer become a known number.
    DialledTooMuch = "dialled.too_much",
    /// No further digit came within the limit.
    DialTimeout = "dialled.timeout",
    /// The set calls this number whenever it is lifted.
    HotLine = "dialled.hot_line",
    /// The set calls this number when nothing is dialled for a while.
    WarmLine = "dialled.warm_line",
    /// Every registered phone of the person is rung at once.
    RingAllPhones = "ring.all_phones",
    /// The person has no phone registered.
    RingNoPhone = "ring.no_phone",
    /// The port's set is rung.
    RingPort = "ring.port",
    /// The set on the port is off hook already.
    PortBusy = "port.busy",
    /// The port is out of service.
    PortFault = "port.fault",
    /// The set is in a call, and the person is told of a second caller.
    CallWaiting = "port.call_waiting",
    /// The person at the set went over to the caller who waited.
    WaitingTaken = "port.waiting_taken",
    /// The person pressed the hook to call somebody else meanwhile.
    FlashEnquiry = "flash.enquiry",
    /// The person pressed the hook; a digit is to say what for.
    FlashChoice = "flash.choice",
    /// The person went back to the party that was held.
    FlashReturn = "flash.return",
    /// The person went from one party to the other.
    FlashSwap = "flash.swap",
    /// The person joined both parties.
    FlashTogether = "flash.together",
    /// The person parted with one of two parties.
    FlashDrop = "flash.drop",
    /// Whoever was between two parties hung up, and they are connected.
    TransferHungUp = "transfer.hung_up",
    /// Whoever was between two parties connected them by keys.
    TransferKeys = "transfer.keys",
    /// The set was hung up while somebody was held, and is rung for them.
    HoldRecall = "hold.recall",
    /// The other party hung up, and the held one is back.
    HoldReturn = "hold.return",
    /// Nobody came back to the party that was held.
    HoldForgotten = "hold.forgotten",
    /// As many bells sound as the ringing supply bears.
    PortRingLoad = "port.ring_load",
    /// The set was left off hook, through the howler too.
    PortLeftOffHook = "port.left_off_hook",
    /// The set that was left off hook is hung up.
    PortHungUp = "port.hung_up",
    /// The set is told of callers in the country's usual way.
    CallerIdCountry = "caller_id.country",
    /// The set is told of callers in the way that its entry says.
    CallerIdChosen = "caller_id.chosen",
    /// The set is in a call and is told of the second caller there.
    CallerIdWaiting = "caller_id.waiting",
    /// Whoever keeps messages said how many there are.
    MessagesSet = "messages.set",
    /// The port lights the neon lamp of the set.
    LampNeon = "lamp.neon",
    /// The set is told by data to light its lamp.
    LampData = "lamp.data",
    /// Somebody asked for a test of the set.
    SetTested = "set.tested",
    /// A metering pulse for every interval of an outside call.
    MeteringInterval = "metering.interval",
    /// The port cannot send metering pulses of that kind.
    MeteringUnable = "metering.unable",
    /// One phone rang.
    PhoneRang = "phone.rang",
    /// One phone sent early media.
    PhoneEarlyMedia = "phone.early_media",
    /// One phone answered first.
    PhoneAnswered = "phone.answered",
    /// One phone refused with a final response.
    PhoneRefused = "phone.refused",
    /// One phone did not answer signalling at all.
    PhoneSilent = "phone.silent",
    /// What was called answered, so the caller is put through.
    CallerConnected = "caller.connected",
    /// Another phone answered first.
    AnsweredElsewhere = "phone.answered_elsewhere",
    /// The ring time of the configuration is over.
    RingTimeout = "ring.timeout",
    /// The caller hung up before the answer.
    CallerGaveUp = "caller.gave_up",
    /// A party hung up.
    PartyHungUp = "party.hung_up",
    /// A party put the other on hold (RFC 3264 §8.4).
    PartyHeld = "party.held",
    /// A party came back from hold.
    PartyResumed = "party.resumed",
    /// The session timer ran out (RFC 4028 §10).
    SessionTimer = "session.timer",
    /// No ACK came for our 200 (RFC 3261 §13.3.1.4).
    AckMissing = "session.ack_missing",
    /// Signalling broke off inside a dialog.
    DialogLost = "session.lost",
    /// Offer and answer have nothing in common (RFC 3264 §6).
    NoCommonCodec = "media.no_common_codec",
    /// One side insists on protection (SRTP) that the other does not give.
    NoCommonProtection = "media.no_common_protection",
    /// The keys are there: voice is protected from now on.
    MediaSecured = "media.secured",
    /// The DTLS handshake did not come to an end in time.
    MediaKeysLate = "media.keys_late",
    /// The certificate of the media path is not the one that signalling announced.
    MediaKeysForged = "media.keys_forged",
    /// The DTLS handshake failed.
    MediaKeysFailed = "media.keys_failed",
    /// The far end sends in clear although protection was agreed on.
    MediaInClear = "media.in_clear",
    /// Nothing comes from the far end any more: a browser whose page was closed.
    MediaPeerSilent = "media.peer_silent",
    /// A fax machine was heard in the sound.
    MediaFax = "media.fax",
    /// No RTP ports are ready.
    NoMediaPorts = "limit.media_ports",
    /// The exchange is stopping.
    Stopping = "exchange.stopping",
    /// The far end does not follow the protocol.
    PeerMisbehaved = "peer.misbehaved",
    /// The start after a power failure closed what was open.
    PowerLost = "power.lost",
    /// A periodic figure.
    Periodic = "periodic",
    /// All calls of a party are recorded.
    RecordAll = "record.all",
    /// Somebody asked for a pause of the recording, or for its end.
    RecordAsked = "record.asked",
    /// The last recorded party left.
    RecordOver = "record.over",
    /// The recorder made the file, or could not.
    RecordKept = "record.kept",
    /// The extension called itself and has no other phone.
    DialledOneself = "dialled.oneself",
    /// The dialled digits are the number of a conference.
    DialledConference = "dialled.conference",
    /// The conference asks for no PIN.
    ConferenceOpen = "conference.open",
    /// The PIN of the conference was dialled.
    ConferencePin = "conference.pin",
    /// The PIN of the moderators was dialled.
    ConferenceModeratorPin = "conference.moderator_pin",
    /// The conference greets whoever may enter.
    ConferenceGreeting = "conference.greeting",
    /// Three wrong PINs.
    ConferencePinWrong = "conference.pin_wrong",
    /// No PIN came within the limit.
    ConferencePinMissing = "conference.pin_missing",
    /// The conference has as many people as its limit allows.
    ConferenceFull = "conference.full",
    /// A moderator has locked the conference.
    ConferenceLocked = "conference.locked",
    /// The conference has moderators and none of them is there.
    ConferenceNoModerator = "conference.no_moderator",
    /// The person pressed the keys for it.
    ConferenceKeys = "conference.keys",
    /// A moderator decided.
    ConferenceModerator = "conference.moderator",
    /// A call came in on an outside line.
    CallFromLine = "call.from_line",
    /// The dialled digits are a number of the public network.
    DialledOutside = "dialled.outside",
    /// The dialled digits are an emergency number of the country.
    DialledEmergency = "dialled.emergency",
    /// A free outside line is taken.
    LineSeized = "line.seized",
    /// No outside line is free, or there is none.
    LineNone = "line.none_free",
    /// A call came in on the line in the moment in which it was taken.
    LineGlare = "line.glare",
    /// The line gave no dial tone.
    LineNoDialTone = "line.no_dial_tone",
    /// The line has no battery, or lost it.
    LineDead = "line.dead",
    /// A parallel set took the line, or released it.
    LineInUse = "line.in_use",
    /// Nobody is named to be called when the line rings.
    LineNobody = "line.nobody",
    /// The line stopped ringing: the caller gave up.
    LineAbandoned = "line.abandoned",
    /// The line showed the hang-up by a break of the loop.
    LineLoopBreak = "line.loop_break",
    /// The line showed it by a reversal.
    LineReversal = "line.reversal",
    /// The line showed the hang-up by busy, congestion or howler tone.
    LineTone = "line.tone",
    /// The line showed the hang-up by dial tone.
    LineDialTone = "line.dial_tone",
    /// Nothing was heard on the line for long.
    LineSilence = "line.silence",
    /// The carrier refused the number by a tone.
    LineRefused = "line.refused",
    /// A voice on the line is the answer.
    LineVoice = "line.voice",
    /// The line neither rang nor refused: it counts as answered.
    LineAnswerTimer = "line.answer_timer",
    /// The entry of the line sends its callers on to a number of the public network.
    LineOnward = "line.onward",
    /// Somebody in a call on the line asked its exchange for something by a flash.
    LineFlash = "line.flash",
    /// The entry of the line says that its exchange tells callers only to whoever lifts and asks (АОН).
    LineAon = "line.aon",
    /// The exchange of the line did not tell who calls, however often it was asked.
    LineAonSilent = "line.aon_silent",
    /// Lines are measured in these hours.
    LineBalanceHours = "line.balance_hours",
    /// Somebody wanted the line to be measured.
    LineBalanceAsked = "line.balance_asked",
    /// The line gave no dial tone, or no silence after it: nothing could be measured.
    LineBalanceFailed = "line.balance_failed",
    /// Lifelines are tested in these hours.
    LifelineHours = "line.lifeline_hours",
    /// Somebody wanted the lifeline to be tested.
    LifelineAsked = "line.lifeline_asked",
    /// The relay of the lifeline does not switch.
    LifelineStuck = "line.lifeline_stuck",
    /// When the exchange started, the set of the lifeline was in a call on the line.
    LifelineCall = "line.lifeline_call",
    /// An emergency call took the line.
    EmergencyPreempts = "emergency.preempts",
    /// Somebody before the box held its button for recovery.
    ButtonHeld = "access.button_held",
    /// Whoever knows the claim code becomes administrator.
    ClaimCode = "access.claim_code",
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_found_again() {
        for &rule in Rule::ALL {
            assert_eq!(Rule::from_name(rule.name()), Some(rule));
        }
    }
}
