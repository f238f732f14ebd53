//! Who is who.

use model::{EntryId, LegId, LegKind, Party, PartyId, PortId, Target};

use super::{Label, Names, Words};
use crate::{Cdr, LegView};

/// The names around an event: of its call, and of the leg it is about.
#[derive(Clone, Copy)]
pub(crate) struct Scene<'a> {
    pub(super) cdr: Option<&'a Cdr>,
    pub(super) legs: &'a [LegView],
    pub(super) names: &'a Names<'a>,
    pub(super) words: &'static dyn Words,
    /// The leg of the event.
    pub(super) leg: Option<LegId>,
}

impl Scene<'_> {
    /// Who called: `Jan Kowalski (2002)`.
    pub(super) fn caller(&self) -> String {
        let Some(cdr) = self.cdr else {
            return self.words.label(Label::Exchange).into();
        };
        let known = cdr.caller.as_ref().map(|id| self.entry(id));
        self.named((self.names.party)(cdr.from), known)
    }

    /// What was called: `2001 (Anna Nowak)`.
    pub(super) fn called(&self) -> String {
        let Some(cdr) = self.cdr else {
            return self.words.label(Label::NoNumber).into();
        };
        let number = self.number(cdr.to);
        match &cdr.target {
            Some(target) => format!("{number} ({})", self.target(target)),
            None => number,
        }
    }

    pub(super) fn target(&self, target: &Target) -> String {
        match target {
            Target::Person(id)
            | Target::Device(id)
            | Target::Analog(id)
            | Target::Conference(id) => self.entry(id),
            Target::Outside => self.words.label(Label::Outside).into(),
            Target::EchoTest => self.words.label(Label::EchoTest).into(),
        }
    }

    /// Name and number of a party as presented.
    pub(super) fn party(&self, id: PartyId) -> String {
        self.named((self.names.party)(id), None)
    }

    /// The number of a party as dialled.
    pub(super) fn number(&self, id: PartyId) -> String {
        match (self.names.party)(id) {
            Some(Party { number, .. }) if number.is_empty() => {
                self.words.label(Label::NoNumber).into()
            }
            Some(Party { number, .. }) => number,
            None => self.words.label(Label::Erased).into(),
        }
    }

    pub(super) fn entry(&self, id: &EntryId) -> String {
        (self.names.entry)(id).unwrap_or_else(|| id.as_str().into())
    }

    pub(super) fn port(&self, id: PortId) -> String {
        (self.names.port)(id).unwrap_or_else(|| format!("#{id}"))
    }

    /// The name of whoever is at the end of the event's leg.
    pub(super) fn who(&self) -> String {
        self.leg.map_or_else(
            || self.words.label(Label::Exchange).into(),
            |leg| self.leg_name(leg),
        )
    }

    /// The name of whoever is at the end of a leg.
    pub(super) fn leg_name(&self, id: LegId) -> String {
        match self
            .legs
            .iter()
            .find(|leg| leg.id == id)
            .map(|leg| &leg.kind)
        {
            Some(kind) => self.kind_name(kind),
            // The caller's leg may be named by an event before it is described.
            None => self.caller(),
        }
    }

    /// The name of whoever is at the end of a leg of this kind.
    pub(super) fn kind_name(&self, kind: &LegKind) -> String {
        match kind {
            LegKind::Phone { owner, .. }
            | LegKind::Port { owner, .. }
            | LegKind::Line { owner, .. } => self.entry(owner),
            LegKind::Service => self.words.label(Label::Exchange).into(),
        }
    }

    /// What a leg is made of: `SIP UDP`, `fxs1`, nothing for the exchange itself.
    pub(super) fn kind_detail(&self, kind: &LegKind) -> String {
        match kind {
            LegKind::Phone { transport, .. } => format!(" (SIP, {})", transport.as_via()),
            LegKind::Port { port, .. } | LegKind::Line { port, .. } => {
                format!(" ({})", self.port(*port))
            }
            LegKind::Service => String::new(),
        }
    }

    /// The configured name wins over the one that a phone says of itself.
    fn named(&self, party: Option<Party>, known: Option<String>) -> String {
        match (known, party) {
            (None, None) => self.words.label(Label::Erased).into(),
            (Some(name), None) => name,
            (known, Some(Party { number, name })) => {
                let name = known.unwrap_or(name);
                match (name.is_empty(), number.is_empty()) {
                    (false, false) if name != number => format!("{name} ({number})"),
                    (false, _) => name,
                    (true, false) => number,
                    (true, true) => self.words.label(Label::NoNumber).into(),
                }
            }
        }
    }
}
