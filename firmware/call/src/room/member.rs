//! Somebody in a conference.

use core::time::Duration;

use model::{Instant, LegId};

use crate::{Effect, Sound, narrate::Narrator};

/// After `*` the key of the command must come within this time.
const COMMAND_WITHIN: Duration = Duration::from_secs(4);

/// What a member hears.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// Let in, and nothing decided yet.
    New,
    /// That there is no moderator, until the time given at the latest; then music.
    Waiting(Option<Instant>),
    /// That nobody else is there, until the time given at the latest; then music.
    Alone(Option<Instant>),
    /// The others.
    Talking,
}

impl Place {
    pub(super) const fn is_waiting(self) -> bool {
        matches!(self, Self::Waiting(_))
    }

    pub(super) const fn is_alone(self) -> bool {
        matches!(self, Self::Alone(_))
    }

    const fn prompt_until(&mut self) -> Option<&mut Option<Instant>> {
        match self {
            Self::Waiting(until) | Self::Alone(until) => Some(until),
            Self::New | Self::Talking => None,
        }
    }
}

/// One member.
#[derive(Clone, Debug)]
pub(super) struct Member {
    pub(super) moderator: bool,
    pub(super) place: Place,
    /// By the member's own wish.
    pub(super) muted: bool,
    /// The member holds the room.
    pub(super) held: bool,
    /// What the media plane was told: the others do not hear this one.
    pub(super) silent: bool,
    /// `*` was pressed: the next key is a command until then.
    command_until: Option<Instant>,
}

impl Member {
    pub(super) const fn new(moderator: bool, held: bool) -> Self {
        Self {
            moderator,
            place: Place::New,
            muted: false,
            held,
            silent: false,
            command_until: None,
        }
    }

    /// Whether the others are not to hear this one; `quiet`: only moderators are heard.
    pub(super) const fn is_silent(&self, quiet: bool) -> bool {
        self.muted || self.held || (quiet && !self.moderator)
    }

    /// The next key is a command.
    pub(super) const fn is_commanding(&self) -> bool {
        self.command_until.is_some()
    }

    pub(super) fn begin_command(&mut self, now: Instant) {
        self.command_until = Some(now + COMMAND_WITHIN);
    }

    pub(super) const fn end_command(&mut self) {
        self.command_until = None;
    }

    pub(super) fn next_deadline(&self) -> Option<Instant> {
        let prompt = match self.place {
            Place::Waiting(until) | Place::Alone(until) => until,
            Place::New | Place::Talking => None,
        };
        prompt.into_iter().chain(self.command_until).min()
    }

    pub(super) fn timeout(&mut self, now: Instant, leg: LegId, tell: &mut Narrator) {
        self.command_until.take_if(|until| *until <= now);
        let prompt = self.place.prompt_until();
        if prompt.is_some_and(|until| until.is_some_and(|until| until <= now)) {
            self.prompt_ended(leg, tell);
        }
    }

    /// The prompt is over: music from now on.
    pub(super) fn prompt_ended(&mut self, leg: LegId, tell: &mut Narrator) {
        if let Some(until) = self.place.prompt_until()
            && until.take().is_some()
        {
            tell.wish(Effect::Play(leg, Sound::Music));
        }
    }
}
