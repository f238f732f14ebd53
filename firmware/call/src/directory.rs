//! What call control has to know of the world to decide. `pbx` answers from the configuration,
//! the registrar and the ports; a test answers from a table.

use core::time::Duration;

use model::{Clip, EntryId, LegId, PortId, Transport};

/// What a dialled text means in the configuration in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Dialled {
    /// The extension of a person.
    Person(EntryId),
    /// The login of a person.
    Login(EntryId),
    /// The extension of a phone that is nobody's.
    Device(EntryId),
    /// The extension of an analog set.
    Analog(EntryId),
    /// The code of the echo test.
    EchoTest,
    /// The number of a conference.
    Conference(EntryId),
    /// A number of the public network.
    Outside {
        /// The digits to be dialled there.
        number: String,
        /// It is an emergency number of the country.
        emergency: bool,
    },
    /// Nothing.
    Unknown,
}

/// How far a set has come in dialling.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// A number, and no longer one begins with it: dial at once.
    Complete,
    /// A number, but a longer one begins with it: wait for the digit time-out.
    Ambiguous,
    /// The beginning of a number.
    Partial,
    /// No number begins like this.
    Hopeless,
}

/// A registered phone: one binding of one owner.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Phone {
    /// The person or device.
    pub owner: EntryId,
    /// Which of the owner's bindings, see `model::Binding::key`.
    pub key: String,
    /// How its signalling travels.
    pub transport: Transport,
}

/// The set behind an `[[analog]]` entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SetState {
    /// On hook and ready.
    Free(PortId),
    /// Off hook, ringing or in a call.
    Busy,
    /// No such jack, or out of service.
    Fault,
}

/// Whom a set calls without anybody's dialling.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HotLine {
    /// The number.
    pub number: String,
    /// How long the dial tone lasts before it is called, in which another number may be begun; zero:
    /// there is none.
    pub after: Duration,
}

/// What a short press of the hook means in a country.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Recall {
    /// A digit after it says what for.
    #[default]
    AsksDigit,
    /// The other call, both at once, the first again.
    GoesRound,
}

/// What the configuration says of an analog set.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SetRules {
    /// Whom it calls by itself.
    pub hot_line: Option<HotLine>,
    /// Whether the person is told of a second caller.
    pub call_waiting: bool,
    /// Whether whoever hangs up between two parties connects them.
    pub transfer: bool,
    /// What its hook means.
    pub recall: Recall,
}

/// An outside line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The `[[line]]` entry.
    pub owner: EntryId,
    /// Its jack.
    pub port: PortId,
}

/// What the configuration says of a conference.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RoomRules {
    /// Digits that everybody must dial.
    pub pin: Option<String>,
    /// Digits that make a moderator; where they are set nobody talks without one.
    pub moderator_pin: Option<String>,
    /// What everybody hears who may enter, before.
    pub greeting: Option<Clip>,
    /// Whether coming and going are announced.
    pub announce: bool,
    /// Most people at once.
    pub limit: usize,
}

/// The world as call control may ask it; answers hold for the instant of the question.
pub trait Directory {
    /// What `text` means; digits or a login.
    fn dialled(&self, text: &str) -> Dialled;
    /// Whether `digits` are a number or may become one.
    fn progress(&self, digits: &str) -> Progress;
    /// The phones of a person, devices of the person included, best preference first.
    fn phones(&self, person: &EntryId) -> Vec<Phone>;
    /// The set of an `[[analog]]` entry.
    fn set(&self, analog: &EntryId) -> SetState;
    /// What the set of an `[[analog]]` entry may do.
    fn set_rules(&self, analog: &EntryId) -> SetRules;
    /// The number of the public network to which the entry of a line sends its callers on.
    fn onward(&self, line: &EntryId) -> Option<String>;
    /// The outside lines that may be taken for a call now, best first.
    fn lines(&self) -> Vec<Line>;
    /// The outside lines that calls are on, with the leg of each, longest first.
    fn lines_in_use(&self) -> Vec<(Line, LegId)>;
    /// The rules of a conference; `None` if there is none of this id (any more).
    fn room(&self, conference: &EntryId) -> Option<RoomRules>;
    /// Whether every call of this person, or of a phone of this person, is recorded.
    fn records(&self, entry: &EntryId) -> bool;
    /// How long the phones of this entry ring.
    fn ring_timeout(&self, entry: &EntryId) -> Duration;
    /// Number and name under which an entry is presented.
    fn presented(&self, entry: &EntryId) -> model::Party;
    /// Calls at once that the configuration allows, at most `limits::CALLS`.
    fn calls_max(&self) -> usize;
}
