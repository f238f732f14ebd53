//! What the agent hands up: requests outside a call, and calls that come in.

use call::{NewCall, Phone, Refusal};
use model::{
    Cause, EntryId, LegId, LegKind, MediaCommand, MediaLeg, Now, PairId, Party, RtpIdentity, Rule,
    VoiceOptions,
};
use sip::{
    HeaderName, Headers, MediaType, Method, Output as AgentOutput, Peer, Request, Response,
    ServerKey, UsageKey,
};

use crate::{
    Pbx,
    auth::{Refused, Verdict},
    leg::{SipLeg, Stage},
    pbx::Owner,
    talk::{Talk, TalkError},
    world::World,
};

/// A place in the media plane for a leg that is about to be.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Seat {
    pub(crate) media: MediaLeg,
    pub(crate) pair: PairId,
    pub(crate) port: u16,
}

impl Pbx {
    pub(crate) fn agent_output(&mut self, now: Now, output: AgentOutput) {
        match output {
            AgentOutput::Send { peer, bytes } => self.send(now, peer, bytes),
            AgentOutput::Request {
                server,
                request,
                peer,
            } => self.request(now, server, &request, &peer),
            AgentOutput::Usage { usage, event } => self.usage_event(now, usage, event),
            AgentOutput::Response { .. } => {}
        }
    }

    /// A request outside every call.
    fn request(&mut self, now: Now, server: ServerKey, request: &Request, peer: &Peer) {
        let response = match request.method {
            Method::Invite => match self.incoming(now, server, request, peer) {
                Ok(()) => return,
                Err(refusal) => self.refusal(request, refusal),
            },
            Method::Register => self.register(now, request, peer),
            Method::Options => self.agent.capabilities(request),
            // Keep-alives of some phones; RFC 6665 §4.1.3 would have 481.
            Method::Notify if is_keep_alive(request) => self.agent.response_to(request, 200),
            Method::Notify => self.agent.response_to(request, 489),
            _ => self.agent.response_to(request, 405),
        };
        // A transaction that is gone has no use for an answer.
        let _ = self.agent.respond(now.mono, server, &response);
    }

    /// A call that wants to come in. Nothing is made of one that does not say who it is from: every
    /// call comes twice, the first time only for its challenge.
    fn incoming(
        &mut self,
        now: Now,
        server: ServerKey,
        request: &Request,
        peer: &Peer,
    ) -> Result<(), Refused> {
        let owner = self.authenticate(now, request, peer)?;
        let dialled = dialled_text(request)?;
        body_refusal(request)?;
        accept_refusal(request)?;
        let Some(usage) = self.agent.admit(now.mono, server, request, peer) else {
            return Ok(());
        };
        let talk = self.talk_with(&owner, peer);
        self.begin_call(now, usage, request, peer, owner, dialled, talk);
        Ok(())
    }

    /// The response that refuses a request.
    pub(crate) fn refusal(&mut self, request: &Request, refused: Refused) -> Response {
        let mut response = self.agent.response_to(request, refused.status);
        response.headers.copy_all(&refused.headers);
        response
    }

    fn begin_call(
        &mut self,
        now: Now,
        usage: UsageKey,
        request: &Request,
        peer: &Peer,
        owner: EntryId,
        dialled: String,
        mut talk: Talk,
    ) {
        let heard = talk.hear_offer(&request.body);
        if self.refuse_early(now, usage, heard == Err(TalkError::Malformed)) {
            return;
        }
        let seat = self.take_seat();
        let obstacle = match (heard, seat) {
            (Err(TalkError::Unprotected), _) => {
                Some((Cause::Unprotected, Rule::NoCommonProtection))
            }
            (Err(_), _) => Some((Cause::NotAcceptable, Rule::NoCommonCodec)),
            (Ok(()), None) => Some((Cause::Congestion, Rule::NoMediaPorts)),
            (Ok(()), Some(_)) => None,
        };
        let own = Phone {
            key: self.registrar.key_of_source(&owner, peer),
            owner: owner.clone(),
            transport: peer.transport,
        };
        let new = NewCall {
            kind: LegKind::Phone {
                owner: owner.clone(),
                transport: peer.transport,
            },
            from: self.presented(&owner),
            dialled: Some(dialled),
            own: Some(own),
            obstacle,
        };
        let world = World::of(&self.config, &self.registrar, &self.jacks, &self.lines);
        match self.switch.start(now, new, &world) {
            Ok((call, id)) => {
                let media = seat.map(|seat| self.sit_down(Owner::Sip(id), seat, &mut talk, None));
                let leg = SipLeg {
                    id,
                    call,
                    owner,
                    usage: Some(usage),
                    peer: *peer,
                    inbound: true,
                    stage: Stage::Early,
                    media,
                    talk,
                };
                self.legs.insert(id, Box::new(leg));
                self.by_usage.insert(usage, id);
            }
            Err(refusal) => {
                if let Some(seat) = seat {
                    self.leave_seat(seat);
                }
                if refusal == Refusal::TooManyCalls {
                    self.counters.too_many_calls += 1;
                }
                self.reject(now, usage, 503, retry_after());
            }
        }
    }

    /// Refuses what can be no call, and any call while the media plane is at its limit; whether it
    /// did.
    fn refuse_early(&mut self, now: Now, usage: UsageKey, malformed: bool) -> bool {
        if malformed {
            self.reject(now, usage, 400, Headers::default());
        } else if self.media_overloaded {
            self.counters.media_overloaded += 1;
            self.reject(now, usage, 503, retry_after());
        }
        malformed || self.media_overloaded
    }

    /// A slot and a port pair, both or none.
    pub(crate) fn take_seat(&mut self) -> Option<Seat> {
        let Some((pair, port)) = self.pairs.take() else {
            self.counters.no_media_ports += 1;
            return None;
        };
        let Some(media) = self.slots.take() else {
            self.pairs.ready(pair, port);
            self.counters.no_media_ports += 1;
            return None;
        };
        Some(Seat { media, pair, port })
    }

    /// A seat that nobody sat on.
    pub(crate) fn leave_seat(&mut self, seat: Seat) {
        self.slots.give_back(seat.media);
        self.pair_ready(seat.pair, seat.port);
    }

    /// Puts a leg into the media plane, if possible where that of `caller` is.
    pub(crate) fn sit_down(
        &mut self,
        owner: Owner,
        seat: Seat,
        talk: &mut Talk,
        caller: Option<LegId>,
    ) -> MediaLeg {
        talk.set_port(seat.port);
        let [high, low] = [self.plain.next_u64(), self.plain.next_u64()];
        let identity = RtpIdentity {
            ssrc: (high >> 32) as u32,
            seq: (high & 0x7fff) as u16,
            timestamp: (low >> 32) as u32,
        };
        self.by_media.insert(seat.media, owner);
        self.media(MediaCommand::AddRtpLeg {
            leg: seat.media,
            pair: seat.pair,
            identity,
            beside: caller.and_then(|leg| self.media_of(leg)),
        });
        let options = talk.terms().voice();
        if options != VoiceOptions::default() {
            let leg = seat.media;
            self.media(MediaCommand::SetVoice { leg, options });
        }
        seat.media
    }

    pub(crate) fn reject(&mut self, now: Now, usage: UsageKey, status: u16, headers: Headers) {
        // A usage that is gone needs no refusal.
        let _ = self.agent.reject(now.mono, usage, status, &headers);
    }

    /// Number and name under which the world sees an entry.
    pub(crate) fn presented(&self, entry: &EntryId) -> Party {
        let world = World::of(&self.config, &self.registrar, &self.jacks, &self.lines);
        call::Directory::presented(&world, entry)
    }

    /// The owner of a request, or how it is refused.
    pub(crate) fn authenticate(
        &mut self,
        now: Now,
        request: &Request,
        peer: &Peer,
    ) -> Result<EntryId, Refused> {
        let outcome = self
            .challenger
            .check(now, request, peer, &self.config, self.vault.as_mut());
        match outcome.verdict {
            Some(Verdict::Wrong) => self.counters.auth_wrong += 1,
            Some(Verdict::Replay) => self.counters.auth_replayed += 1,
            Some(Verdict::Fresh | Verdict::Stale) | None => {}
        }
        if let Some(change) = outcome.learned {
            self.out.push_back(crate::Output::State(change));
        }
        outcome.result
    }
}

pub(crate) fn retry_after() -> Headers {
    let mut headers = Headers::default();
    headers.set(HeaderName::RetryAfter, "5");
    headers
}

fn is_keep_alive(request: &Request) -> bool {
    let event = request.headers.event();
    matches!(event, Ok(Some(event)) if event.package == "keep-alive")
}

/// The user part of the request URI, or how the request is refused.
fn dialled_text(request: &Request) -> Result<String, Refused> {
    match request.uri.user() {
        Some(user) if !user.is_empty() => Ok(user.into_owned()),
        _ => Err(Refused::plainly(404)),
    }
}

/// RFC 3261 §8.2.3: refuses a body that we do not understand, unless it is declared optional.
fn body_refusal(request: &Request) -> Result<(), Refused> {
    if request.body.is_empty() {
        return Ok(());
    }
    match request.headers.content_type() {
        Ok(Some(kind)) if kind.is("application/sdp") => Ok(()),
        Ok(_) => {
            let mut refused = Refused::plainly(415);
            let headers = &mut refused.headers;
            headers.set(HeaderName::Accept, "application/sdp");
            Err(refused)
        }
        Err(_) => Err(Refused::plainly(400)),
    }
}

/// RFC 3261 §21.4.7: the answer to a call has a session description, so nobody can be answered who takes
/// none. Who does not say what they take, takes one (§20.1).
fn accept_refusal(request: &Request) -> Result<(), Refused> {
    let headers = &request.headers;
    let is_session = |element: &str| {
        let kinds = ["application/sdp", "application/*", "*/*"];
        MediaType::parse(element).is_ok_and(|kind| kinds.iter().any(|known| kind.is(known)))
    };
    let taken = headers.elements(&HeaderName::Accept).any(is_session);
    if taken || !headers.contains(&HeaderName::Accept) {
        Ok(())
    } else {
        Err(Refused::plainly(406))
    }
}
