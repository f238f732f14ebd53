//! CANCEL of an INVITE of ours: RFC 3261 §9.1.

use model::Instant;

use super::{Agent, Owner, ack::follow_up, client::Machine};
use crate::{HeaderName, Method, Reason, transaction::ClientKey};

/// Where a CANCEL stands.
#[derive(Clone, Debug)]
pub(crate) enum Cancel {
    /// Not wanted.
    No,
    /// Wanted, held until a provisional response comes (RFC 3261 §9.1).
    Held(Option<Reason>),
    /// Sent.
    Sent(ClientKey),
}

impl Agent {
    /// Wants an INVITE cancelled: at once if a provisional response came, else when one comes.
    pub(crate) fn cancel_client(&mut self, now: Instant, key: ClientKey, reason: Option<Reason>) {
        let Some(client) = self.clients.get_mut(&key) else {
            return;
        };
        let Machine::Invite(machine) = &client.machine else {
            return;
        };
        let rings = machine.is_proceeding();
        if let Some(part) = &mut client.invite
            && !machine.is_final()
        {
            part.cancel = Cancel::Held(reason);
        }
        if rings {
            self.release_cancel(now, key);
        }
    }

    /// The call of a request is over. An INVITE that waits for its final response would wait for
    /// ever; it gets the time that a cancelled one gets.
    pub(crate) fn disown_client(&mut self, now: Instant, key: ClientKey) {
        let timing = self.config.timing;
        let Some(client) = self.clients.get_mut(&key) else {
            return;
        };
        client.owner = Owner::Nobody;
        if let Machine::Invite(machine) = &mut client.machine {
            let effects = machine.cancelled(&timing);
            self.apply_client(now, key, effects);
        }
    }

    /// A provisional response came: a held CANCEL may go (RFC 3261 §9.1).
    pub(crate) fn release_cancel(&mut self, now: Instant, key: ClientKey) {
        let Some(client) = self.clients.get_mut(&key) else {
            return;
        };
        let peer = client.peer;
        let Some(part) = &mut client.invite else {
            return;
        };
        let reason = match &part.cancel {
            Cancel::Held(reason) => reason.clone(),
            Cancel::No | Cancel::Sent(_) => return,
        };
        let mut cancel = follow_up(&part.request, Method::Cancel);
        if let Some(reason) = reason {
            cancel.headers.push(HeaderName::Reason, reason.to_string());
        }
        // It has a transaction of its own, but the Via of its INVITE, branch included.
        let cancel_key = ClientKey(self.next_key());
        let secret = self.random.next_u64();
        self.launch(now, (cancel_key, secret), peer, cancel, Owner::Nobody);
        let timing = self.config.timing;
        let Some(client) = self.clients.get_mut(&key) else {
            return;
        };
        if let Some(part) = &mut client.invite {
            part.cancel = Cancel::Sent(cancel_key);
        }
        if let Machine::Invite(machine) = &mut client.machine {
            let effects = machine.cancelled(&timing);
            self.apply_client(now, key, effects);
        }
    }
}
