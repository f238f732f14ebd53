//! Where a dialled number leads. Each kind of target is one method here; all end in a call that
//! rings somebody, that the exchange answers itself, or that is over.

use model::{
    CallId, Cause, EntryId, EventBody, Instant, LegId, LegKind, Now, Party, Rule, Target, limits,
};

use crate::{
    Dialled, Directory, Effect, Phone, Ring, SetState, Sound, Switch,
    call::{Leg, Phase, Service},
    room::Admission,
    switch::owner_of,
};

impl Switch {
    pub(crate) fn route(
        &mut self,
        now: Now,
        id: CallId,
        text: &str,
        own: Option<&Phone>,
        dir: &impl Directory,
    ) {
        let (target, rule) = match dir.dialled(text) {
            Dialled::Person(entry) => (Target::Person(entry), Rule::DialledPerson),
            Dialled::Login(entry) => (Target::Person(entry), Rule::DialledLogin),
            Dialled::Device(entry) => (Target::Device(entry), Rule::DialledDevice),
            Dialled::Analog(entry) => (Target::Analog(entry), Rule::DialledAnalog),
            Dialled::EchoTest => (Target::EchoTest, Rule::DialledEchoTest),
            Dialled::Conference(entry) => (Target::Conference(entry), Rule::DialledConference),
            Dialled::Outside { number, emergency } => {
                let rule = if emergency {
                    Rule::DialledEmergency
                } else {
                    Rule::DialledOutside
                };
                self.dial_out(now, id, number, rule, dir);
                return;
            }
            Dialled::Unknown => {
                self.end(now, id, Cause::NotFound, Rule::DialledUnknown);
                return;
            }
        };
        let body = EventBody::Routed {
            target: target.clone(),
        };
        self.tell.call(id, rule, body);
        match target {
            Target::Person(entry) | Target::Device(entry) => {
                self.ring_person(now, id, &entry, own, dir);
            }
            Target::Analog(entry) => self.ring_set(now, id, &entry, dir),
            Target::EchoTest => {
                if let Some(caller) = self.serve(id, Service::Echo) {
                    self.tell.wish(Effect::Answer(caller));
                    self.tell.wish(Effect::Play(caller, Sound::Echo));
                }
            }
            Target::Conference(entry) => self.conference(now, id, &entry, dir),
            // Left above.
            Target::Outside => {}
        }
    }

    fn ring_person(
        &mut self,
        now: Now,
        id: CallId,
        entry: &EntryId,
        own: Option<&Phone>,
        dir: &impl Directory,
    ) {
        let all = dir.phones(entry);
        let oneself = own.is_some_and(|own| all.contains(own));
        let phones: Vec<Phone> = all
            .into_iter()
            .filter(|phone| Some(phone) != own)
            .take(limits::LEGS_PER_CALL - 1)
            .collect();
        if phones.is_empty() {
            let (cause, rule) = if oneself {
                (Cause::Busy, Rule::DialledOneself)
            } else {
                (Cause::Unreachable, Rule::RingNoPhone)
            };
            self.end(now, id, cause, rule);
            return;
        }
        for phone in phones {
            let kind = LegKind::Phone {
                owner: phone.owner.clone(),
                transport: phone.transport,
            };
            let party = dir.presented(entry);
            let Some((leg, from, caller)) =
                self.outbound(id, kind, party, Rule::RingAllPhones, dir)
            else {
                return;
            };
            self.tell.wish(Effect::CallPhone {
                leg,
                call: id,
                phone,
                from,
                caller,
            });
        }
        self.begin_ringing(id, now.mono + dir.ring_timeout(entry));
    }

    fn ring_set(&mut self, now: Now, id: CallId, entry: &EntryId, dir: &impl Directory) {
        let port = match dir.set(entry) {
            SetState::Free(port) if !self.sets.is_used(port) => port,
            SetState::Free(_) | SetState::Busy => {
                self.wait_for_set(now, id, entry, dir);
                return;
            }
            SetState::Fault => {
                self.end(now, id, Cause::Unreachable, Rule::PortFault);
                return;
            }
        };
        let kind = LegKind::Port {
            owner: entry.clone(),
            port,
        };
        let party = dir.presented(entry);
        let ring = self.calls.get(&id).map_or(Ring::Inside, |call| call.ring);
        if let Some((leg, from, _)) = self.outbound(id, kind, party, Rule::RingPort, dir) {
            self.sets.first(port, entry.clone(), leg);
            self.tell.wish(Effect::RingPort {
                leg,
                call: id,
                port,
                from,
                ring,
            });
        }
        self.begin_ringing(id, now.mono + dir.ring_timeout(entry));
    }

    /// The set is in a call: the person is told of this one, or it is busy.
    fn wait_for_set(&mut self, now: Now, id: CallId, entry: &EntryId, dir: &impl Directory) {
        let Some(port) = self.can_wait(entry, dir) else {
            self.end(now, id, Cause::Busy, Rule::PortBusy);
            return;
        };
        let kind = LegKind::Port {
            owner: entry.clone(),
            port,
        };
        let party = dir.presented(entry);
        if let Some((leg, from, _)) = self.outbound(id, kind, party, Rule::CallWaiting, dir) {
            self.wait_at(port, leg);
            self.tell.wish(Effect::WaitPort {
                leg,
                call: id,
                port,
                from,
            });
        }
        self.begin_ringing(id, now.mono + dir.ring_timeout(entry));
    }

    pub(crate) fn begin_ringing(&mut self, id: CallId, deadline: Instant) {
        if let Some(call) = self.calls.get_mut(&id) {
            call.phase = Phase::Ringing { deadline };
        }
    }

    pub(crate) fn outbound(
        &mut self,
        id: CallId,
        kind: LegKind,
        party: Party,
        rule: Rule,
        dir: &impl Directory,
    ) -> Option<(LegId, Party, LegId)> {
        let recorded = owner_of(&kind).is_some_and(|owner| dir.records(owner));
        let leg = LegId(self.tell.id());
        let party = self.tell.party(party);
        let body = EventBody::LegStarted {
            kind,
            outbound: true,
            party: Some(party),
        };
        self.tell.leg(id, leg, rule, body);
        let call = self.calls.get_mut(&id)?;
        call.legs.push(Leg::new(leg, recorded));
        self.legs.insert(leg, id);
        Some((leg, call.from.clone(), call.caller))
    }

    /// The exchange itself answers; gives the caller's leg.
    fn serve(&mut self, id: CallId, service: Service) -> Option<LegId> {
        let call = self.calls.get_mut(&id)?;
        call.service = Some(service);
        call.phase = Phase::Answering { by: call.caller };
        Some(call.caller)
    }

    fn conference(&mut self, now: Now, id: CallId, entry: &EntryId, dir: &impl Directory) {
        let Some(rules) = dir.room(entry) else {
            self.end(now, id, Cause::NotFound, Rule::DialledUnknown);
            return;
        };
        let Some(caller) = self.serve(id, Service::Room(entry.clone())) else {
            return;
        };
        let who = (id, caller);
        match self.rooms.dialled(now, who, entry, rules, &mut self.tell) {
            Admission::Answer => self.tell.wish(Effect::Answer(caller)),
            Admission::TurnAway => {
                if let Some(call) = self.calls.get_mut(&id) {
                    call.phase = Phase::TurnedAway;
                }
            }
        }
    }
}
