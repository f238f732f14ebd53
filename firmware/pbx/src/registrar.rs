//! Where phones are: the bindings of every owner, and REGISTER.

use core::time::Duration;
use std::{
    collections::{BTreeMap, BTreeSet},
    net::{IpAddr, SocketAddr},
};

use model::{
    Binding, EntryId, EventBody, FlowId, Instant, Now, Party, PartyId, Rule, StateChange,
    Transport, limits,
};
use sip::{
    HeaderName, Host, NameAddr, Peer, Request, Response, Scheme, Uri,
    binding::{self, Expiry},
};

use crate::{Output, Pbx};

/// A binding with what only this process knows of it.
#[derive(Clone, Debug)]
struct Place {
    binding: Binding,
    expires: Instant,
    /// The party of its `Registered` event; none for bindings of before the restart.
    contact: Option<PartyId>,
}

/// All bindings, by owner and key.
#[derive(Debug, Default)]
pub(crate) struct Registrar {
    places: BTreeMap<EntryId, Vec<Place>>,
    expiries: BTreeSet<(Instant, EntryId, String)>,
    count: usize,
}

impl Registrar {
    /// Takes over the bindings of before the restart. Connections not in `flows` are gone.
    pub(crate) fn new(now: Now, bindings: Vec<Binding>, flows: &[Peer]) -> Self {
        let mut registrar = Self::default();
        for mut binding in bindings {
            if !flows.iter().any(|peer| peer.flow == binding.flow) {
                binding.flow = None;
            }
            registrar.put(now, binding, None);
        }
        registrar
    }

    pub(crate) const fn len(&self) -> usize {
        self.count
    }

    /// The bindings of an owner.
    pub(crate) fn of(&self, owner: &EntryId) -> impl Iterator<Item = &Binding> {
        let places = self.places.get(owner).map(Vec::as_slice);
        places
            .unwrap_or_default()
            .iter()
            .map(|place| &place.binding)
    }

    /// Every binding, by owner.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Binding> {
        self.places.values().flatten().map(|place| &place.binding)
    }

    pub(crate) fn get(&self, owner: &EntryId, key: &str) -> Option<&Binding> {
        self.of(owner).find(|binding| binding.key == key)
    }

    /// The key of the owner's binding from which this peer speaks, empty if there is none.
    pub(crate) fn key_of_source(&self, owner: &EntryId, peer: &Peer) -> String {
        let same = |binding: &&Binding| match peer.flow {
            Some(flow) => binding.flow == Some(flow),
            None => binding.source == peer.remote,
        };
        let found = self.of(owner).find(same);
        found.map(|binding| binding.key.clone()).unwrap_or_default()
    }

    pub(crate) fn next_deadline(&self) -> Option<(Instant, &'static str)> {
        self.expiries
            .first()
            .map(|(at, ..)| (*at, "a registration expires"))
    }

    /// Puts a binding in place; the former one with its key goes. Returns whether it is new.
    fn put(&mut self, now: Now, binding: Binding, contact: Option<PartyId>) {
        let before = self.take(&binding.owner, &binding.key);
        let left_us = binding.expires.0.saturating_sub(now.wall.0);
        let left = Duration::from_micros(u64::try_from(left_us).unwrap_or(0));
        let place = Place {
            expires: now.mono + left,
            contact: contact.or_else(|| before.and_then(|place| place.contact)),
            binding,
        };
        let owner = place.binding.owner.clone();
        self.expiries
            .insert((place.expires, owner.clone(), place.binding.key.clone()));
        self.count += 1;
        self.places.entry(owner).or_default().push(place);
    }

    fn take(&mut self, owner: &EntryId, key: &str) -> Option<Place> {
        let places = self.places.get_mut(owner)?;
        let at = places.iter().position(|place| place.binding.key == key)?;
        let gone = places.remove(at);
        if places.is_empty() {
            self.places.remove(owner);
        }
        self.expiries
            .remove(&(gone.expires, owner.clone(), key.to_owned()));
        self.count -= 1;
        Some(gone)
    }

    fn owners(&self) -> Vec<EntryId> {
        self.places.keys().cloned().collect()
    }

    fn on_flow(&self, flow: FlowId) -> Vec<Binding> {
        self.places
            .values()
            .flatten()
            .map(|place| &place.binding)
            .filter(|binding| binding.flow == Some(flow))
            .cloned()
            .collect()
    }
}

impl Pbx {
    /// Answers a REGISTER.
    pub(crate) fn register(&mut self, now: Now, request: &Request, peer: &Peer) -> Response {
        let owner = match self.authenticate(now, request, peer) {
            Ok(owner) => owner,
            Err(refused) => return self.refusal(request, refused),
        };
        // RFC 3261 §10.2: whoever is to be found has such an address (RFC 4475 §3.3.4).
        let to = request.headers.to().ok();
        let is_sip = |to: &NameAddr| matches!(to.uri.scheme(), Scheme::Sip | Scheme::Sips);
        if !to.as_ref().is_some_and(is_sip) {
            return self.agent.response_to(request, 400);
        }
        // §10.3 step 4: nobody registers for somebody else.
        let user = to.as_ref().and_then(|to| to.uri.user());
        let meant = user.and_then(|user| self.config.sip_owner(&user).map(|o| o.id().clone()));
        if meant.as_ref() != Some(&owner) {
            return self.agent.response_to(request, 403);
        }
        let existing: Vec<Binding> = self.registrar.of(&owner).cloned().collect();
        let expiry = Expiry {
            min_s: u32::from(self.config.limits.registration_min_s),
            max_s: u32::from(self.config.limits.registration_max_s),
            ..Expiry::default()
        };
        match binding::apply(now.wall, &owner, peer, request, &existing, expiry) {
            Ok(outcome) => {
                let room = limits::BINDINGS.saturating_sub(self.registrar.len());
                if outcome.bindings.len() > existing.len() + room {
                    self.counters.bindings_refused += 1;
                    return self.agent.response_to(request, 503);
                }
                for change in outcome.changes {
                    self.apply_binding(now, change);
                }
                self.registered_response(now, request, &outcome.bindings)
            }
            Err(refusal) => {
                if refusal == binding::Refusal::TooMany {
                    self.counters.bindings_refused += 1;
                }
                let mut response = self.agent.response_to(request, refusal.status());
                if let binding::Refusal::TooBrief { min_s } = refusal {
                    response
                        .headers
                        .set(HeaderName::MinExpires, min_s.to_string());
                }
                response
            }
        }
    }

    fn registered_response(
        &mut self,
        now: Now,
        request: &Request,
        bindings: &[Binding],
    ) -> Response {
        let mut response = self.agent.response_to(request, 200);
        for value in binding::contact_values(now.wall, bindings) {
            response.headers.push(HeaderName::Contact, value);
        }
        // RFC 3327 §5.3: the path that was stored.
        for path in request.headers.get_all(&HeaderName::Path) {
            response.headers.push(HeaderName::Path, path);
        }
        // RFC 5626 §6: the phone shall keep its flow alive and use it.
        let by_flow = |contact: &NameAddr| contact.params.get("reg-id").is_some();
        let asked = match request.headers.contacts() {
            Ok(sip::Contacts::List(contacts)) => contacts.iter().any(by_flow),
            Ok(sip::Contacts::Star) | Err(_) => false,
        };
        if asked && request.headers.knows("outbound") {
            response.headers.push(HeaderName::Require, "outbound");
        }
        response
    }

    fn apply_binding(&mut self, now: Now, change: StateChange) {
        match &change {
            StateChange::Bound(new) => {
                let moved = self.registrar.get(&new.owner, &new.key).is_some();
                let id = PartyId(self.plain.next_u128());
                let party = Party {
                    number: new.contact.clone(),
                    name: new.user_agent.clone(),
                };
                self.out
                    .push_back(Output::Party(id, crate::effects::cut(party)));
                if moved {
                    self.forget(now, &new.owner, &new.key, Rule::RegisterAuthenticated);
                }
                self.registrar.put(now, new.clone(), Some(id));
                let body = EventBody::Registered {
                    owner: new.owner.clone(),
                    contact: id,
                    transport: new.transport,
                };
                self.note(now, Rule::RegisterAuthenticated, body);
            }
            StateChange::Refreshed(same) => self.registrar.put(now, same.clone(), None),
            StateChange::Unbound { owner, key } => {
                self.forget(now, owner, key, Rule::RegisterRemoved);
            }
            StateChange::DigestMd5 { .. }
            | StateChange::LineTones { .. }
            | StateChange::LineBalance { .. }
            | StateChange::Lifeline { .. }
            | StateChange::Messages { .. } => {}
        }
        self.state(change);
    }

    /// Takes a binding away and says why.
    fn forget(&mut self, now: Now, owner: &EntryId, key: &str, rule: Rule) {
        if let Some(gone) = self.registrar.take(owner, key) {
            let body = EventBody::Unregistered {
                owner: owner.clone(),
                contact: gone.contact,
            };
            self.note(now, rule, body);
        }
    }

    fn unbind(&mut self, now: Now, owner: EntryId, key: String, rule: Rule) {
        self.forget(now, &owner, &key, rule);
        self.state(StateChange::Unbound { owner, key });
    }

    pub(crate) fn expire_bindings(&mut self, now: Now) {
        let due = |&(at, ..): &&(Instant, EntryId, String)| *at <= now.mono;
        while let Some((_, owner, key)) = self.registrar.expiries.first().filter(due).cloned() {
            self.unbind(now, owner, key, Rule::RegisterExpired);
        }
    }

    /// The configuration changed: whoever is no longer in it is no longer registered.
    pub(crate) fn drop_unknown_owners(&mut self, now: Now) {
        for owner in self.registrar.owners() {
            let known =
                self.config.person(&owner).is_some() || self.config.device(&owner).is_some();
            if known {
                continue;
            }
            let keys: Vec<String> = self.registrar.of(&owner).map(|b| b.key.clone()).collect();
            for key in keys {
                self.unbind(now, owner.clone(), key, Rule::RegisterOwnerRemoved);
            }
        }
    }

    /// Browsers cannot be called back: those whose connection did not outlive the restart are no
    /// longer registered.
    pub(crate) fn drop_lost_browsers(&mut self, now: Now) {
        let lost = |binding: &&Binding| is_web(binding.transport) && binding.flow.is_none();
        let lost: Vec<Binding> = self.registrar.all().filter(lost).cloned().collect();
        for binding in lost {
            self.unbind(now, binding.owner, binding.key, Rule::RegisterFlowLost);
        }
    }

    /// A connection is gone. A phone behind a NAT cannot be reached any more, nor can a browser
    /// (RFC 7118 §5.4: its contact is no address); one whose contact is its own address can be
    /// called back.
    pub(crate) fn flow_closed(&mut self, now: Now, flow: FlowId) {
        let Some(peer) = self.flows.closed(flow) else {
            return;
        };
        if peer.transport == Transport::Tcp {
            self.agent.stream_failed(now.mono, peer.remote);
        }
        self.agent.flow_failed(now.mono, flow);
        for mut binding in self.registrar.on_flow(flow) {
            let own = |to: SocketAddr| to.ip() == binding.source.ip();
            if !is_web(binding.transport) && contact_address(&binding).is_some_and(own) {
                binding.flow = None;
                self.registrar.put(now, binding, None);
            } else {
                self.unbind(now, binding.owner, binding.key, Rule::RegisterFlowLost);
            }
        }
    }

    /// Which way a request to this phone goes, and its request URI.
    pub(crate) fn way_to(&mut self, binding: &Binding) -> Option<(Peer, Uri)> {
        let uri = Uri::parse(&binding.contact).ok()?;
        let contact = contact_address(binding);
        // A contact that is not the address the phone speaks from is of no use to us: it is
        // behind a NAT (RFC 5626 §5.3). Its port counts only beside its own address.
        let remote = contact
            .filter(|to| to.ip().to_canonical() == binding.source.ip().to_canonical())
            .unwrap_or(binding.source);
        if binding.transport == Transport::Udp {
            let local = served_at(&self.config.network.sip_udp, binding.local);
            return Some((Peer::udp(local, remote), uri));
        }
        if let Some(flow) = binding.flow.and_then(|flow| self.flows.get(flow)) {
            return Some((flow.peer, uri));
        }
        if is_web(binding.transport) {
            return None;
        }
        if let Some(peer) = self.flows.to(binding.transport, remote) {
            return Some((peer, uri));
        }
        let peer = self.flows.make(binding.transport, binding.local, remote);
        let flow = peer.flow?;
        self.out.push_back(Output::Connect {
            flow,
            transport: binding.transport,
            remote,
        });
        Some((peer, uri))
    }
}

/// Whence a phone is called that registered at `local`: from there while we listen there, else from
/// an address at which its answers and later requests reach us. Port 0 stands for any.
fn served_at(configured: &[SocketAddr], local: SocketAddr) -> SocketAddr {
    let any = |address: &SocketAddr| address.ip().is_unspecified();
    let serves = |address: &&SocketAddr| {
        let same_ip = any(address) || address.ip() == local.ip();
        same_ip && (address.port() == 0 || address.port() == local.port())
    };
    let mut family = configured
        .iter()
        .filter(|address| address.is_ipv4() == local.is_ipv4());
    let Some(first) = family.clone().next() else {
        return local;
    };
    if family.any(|address| serves(&address)) {
        return local;
    }
    let ip = if any(first) { local.ip() } else { first.ip() };
    let port = if first.port() == 0 {
        local.port()
    } else {
        first.port()
    };
    SocketAddr::new(ip, port)
}

/// Whether a browser made the connection: only it can.
const fn is_web(transport: Transport) -> bool {
    matches!(transport, Transport::Ws | Transport::Wss)
}

/// The contact as an address, if it is written as one.
fn contact_address(binding: &Binding) -> Option<SocketAddr> {
    let uri = Uri::parse(&binding.contact).ok()?;
    let ip: IpAddr = match uri.host()? {
        Host::V4(ip) => (*ip).into(),
        Host::V6(ip) => (*ip).into(),
        Host::Name(_) => return None,
    };
    let default = match binding.transport {
        Transport::Tls => 5061,
        Transport::Udp | Transport::Tcp | Transport::Ws | Transport::Wss => 5060,
    };
    Some(SocketAddr::new(ip, uri.port().unwrap_or(default)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_phone_is_called_from_an_address_that_is_open() {
        let at = |text: &str| -> SocketAddr { text.parse().expect("literal") };
        let called = |configured: &[&str], local| {
            let configured: Vec<SocketAddr> = configured.iter().map(|text| at(text)).collect();
            served_at(&configured, at(local)).to_string()
        };
        let local = "10.0.0.1:5060";
        assert_eq!(called(&["0.0.0.0:5060"], local), local);
        assert_eq!(called(&["10.0.0.1:0"], local), local);
        assert_eq!(
            called(&["[::]:5070"], local),
            local,
            "no other of its family"
        );
        assert_eq!(called(&["0.0.0.0:5070"], local), "10.0.0.1:5070");
        assert_eq!(called(&["10.0.0.9:5060"], local), "10.0.0.9:5060");
    }
}
