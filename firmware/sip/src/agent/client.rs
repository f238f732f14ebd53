//! Client transactions: requests that we send.

use model::{Instant, limits};

use super::{Agent, AgentError, Alarm, Cancel, Outcome, Output, matching};
use crate::{
    CSeq, HeaderName, Headers, Method, Peer, Request, Response, Via,
    transaction::{ClientKey, Effects, InviteClient, NonInviteClient, Timer},
    usage::UsageKey,
};

/// The machine of a client transaction.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Machine {
    Invite(InviteClient),
    Other(NonInviteClient),
}

/// Who wants to know what comes of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Owner {
    /// The user of the agent.
    User,
    /// Nobody: CANCEL, and BYE of a call that is already over for its user.
    Nobody,
    /// A call.
    Usage(UsageKey, Part),
}

/// What a request means in its call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// The INVITE that starts the call.
    Invite,
    /// A re-INVITE or UPDATE that carries an offer, or refreshes the session.
    Modify,
    /// A PRACK.
    Prack,
    /// A request of the user inside the dialog.
    User,
}

/// A client transaction.
#[derive(Debug)]
pub(crate) struct Client {
    pub(crate) machine: Machine,
    pub(crate) peer: Peer,
    /// The request, for retransmission; empty once it was finally answered.
    pub(super) bytes: Vec<u8>,
    pub(crate) secret: u64,
    method: Method,
    pub(crate) owner: Owner,
    /// What only an INVITE needs.
    pub(crate) invite: Option<Box<InvitePart>>,
}

/// What is kept of an INVITE for its ACKs and its CANCEL.
#[derive(Debug)]
pub(crate) struct InvitePart {
    /// The INVITE without its body.
    pub(crate) request: Request,
    /// The ACK sent to each To tag that answered 2xx; empty while it is not yet sent.
    pub(crate) acks: Vec<(Box<str>, Box<[u8]>)>,
    pub(crate) cancel: Cancel,
    /// The To tag of a far end that said BYE before its answer came.
    pub(crate) left: Option<Box<str>>,
}

impl InvitePart {
    /// A 2xx came: all that can come now are those of other forks, which are acknowledged and
    /// ended ([`Agent::end_unwanted`]). Thousands of these wait for timer M.
    fn shrink(&mut self) {
        let whole = &self.request.headers;
        if whole.len() > 2 {
            let mut headers = Headers::new();
            headers.copy_from(whole, &HeaderName::From);
            headers.copy_from(whole, &HeaderName::CallId);
            headers.shrink();
            self.request.headers = headers;
        }
        self.acks.shrink_to_fit();
    }
}

/// Why a client transaction ended without a final response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Failure {
    Timeout,
    Transport,
}

impl From<Failure> for Outcome {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Timeout => Self::Timeout,
            Failure::Transport => Self::TransportFailed,
        }
    }
}

impl Client {
    pub(crate) const fn is_final(&self) -> bool {
        match &self.machine {
            Machine::Invite(machine) => machine.is_final(),
            Machine::Other(machine) => machine.is_final(),
        }
    }
}

impl Agent {
    /// Sends a request outside every call: OPTIONS, NOTIFY, MESSAGE, REGISTER and so on. The agent
    /// adds Via and, where they are missing, Max-Forwards, From tag, Call-ID, CSeq and User-Agent.
    /// What comes of it is told by [`Output::Response`].
    ///
    /// # Errors
    /// [`AgentError::Full`] at `limits::SIP_TRANSACTIONS`.
    pub fn request(
        &mut self,
        now: Instant,
        peer: Peer,
        mut request: Request,
    ) -> Result<ClientKey, AgentError> {
        if self.clients.len() >= limits::SIP_TRANSACTIONS {
            self.counters.overload += 1;
            return Err(AgentError::Full);
        }
        self.complete(&mut request);
        Ok(self.start_client(now, peer, request, Owner::User))
    }

    /// Adds the headers that every request must have (RFC 3261 §8.1.1).
    fn complete(&mut self, request: &mut Request) {
        let headers = &mut request.headers;
        if !headers.contains(&HeaderName::MaxForwards) {
            headers.push(HeaderName::MaxForwards, "70");
        }
        if let Some(from) = headers.get(&HeaderName::From)
            && headers.from_tag().is_none()
        {
            let from = [from, ";tag=", &self.loose_tag()].concat();
            headers.set(HeaderName::From, from);
        }
        if !headers.contains(&HeaderName::CallId) {
            headers.push(HeaderName::CallId, self.new_call_id());
        }
        if !headers.contains(&HeaderName::CSeq) {
            headers.push_cseq(1, &request.method);
        }
        self.sign_request(request);
    }

    /// Adds User-Agent.
    pub(crate) fn sign_request(&self, request: &mut Request) {
        let headers = &mut request.headers;
        if !self.config.user_agent.is_empty() && !headers.contains(&HeaderName::UserAgent) {
            headers.push(HeaderName::UserAgent, self.config.user_agent.as_str());
        }
    }

    /// Starts a client transaction: adds Via and sends.
    pub(crate) fn start_client(
        &mut self,
        now: Instant,
        peer: Peer,
        mut request: Request,
        owner: Owner,
    ) -> ClientKey {
        let peer = self.way_of(now, peer, &request);
        let key = ClientKey(self.next_key());
        let secret = self.random.next_u64();
        let via = Via::new(
            peer.transport,
            self.advertised(&peer),
            &matching::branch(key, secret),
        );
        request.headers.insert_front(HeaderName::Via, via.text());
        self.launch(now, (key, secret), peer, request, owner);
        key
    }

    /// Starts the transaction of a request that has its Via.
    pub(crate) fn launch(
        &mut self,
        now: Instant,
        (key, secret): (ClientKey, u64),
        peer: Peer,
        mut request: Request,
        owner: Owner,
    ) {
        let mut bytes = Vec::new();
        request.write(&mut bytes);
        let timing = self.config.timing;
        let reliable = peer.transport.is_reliable();
        let is_invite = request.method == Method::Invite;
        let (machine, effects) = if is_invite {
            let (machine, effects) = InviteClient::start(&timing, reliable);
            (Machine::Invite(machine), effects)
        } else {
            let (machine, effects) = NonInviteClient::start(&timing, reliable);
            (Machine::Other(machine), effects)
        };
        let method = request.method.clone();
        let invite = is_invite.then(|| {
            request.body = Vec::new();
            Box::new(InvitePart {
                request,
                acks: Vec::new(),
                cancel: Cancel::No,
                left: None,
            })
        });
        self.clients.insert(
            key,
            Client {
                machine,
                peer,
                bytes,
                secret,
                method,
                owner,
                invite,
            },
        );
        self.apply_client(now, key, effects);
    }

    /// A response came (RFC 3261 §17.1.3, §18.1.2).
    pub(crate) fn receive_response(&mut self, now: Instant, response: Response) {
        let Some((key, cseq)) = self.match_response(&response) else {
            self.counters.stray_responses += 1;
            return;
        };
        let timing = self.config.timing;
        let Some(client) = self.clients.get_mut(&key) else {
            return;
        };
        let effects = match &mut client.machine {
            Machine::Invite(machine) => machine.response(&timing, response.status),
            Machine::Other(machine) => machine.response(&timing, response.status),
        };
        if client.is_final() {
            client.bytes = Vec::new();
        }
        if effects.ack {
            self.acknowledge_refusal(key, &response);
        }
        self.apply_client(
            now,
            key,
            Effects {
                done: false,
                ..effects
            },
        );
        let accepted = response.status / 100 == 2;
        if effects.pass {
            self.pass_response(now, key, &cseq, response);
        }
        if effects.done {
            self.remove_client(key);
        } else if accepted {
            let client = self.clients.get_mut(&key);
            if let Some(part) = client.and_then(|client| client.invite.as_mut()) {
                part.shrink();
            }
        }
    }

    fn match_response(&self, response: &Response) -> Option<(ClientKey, CSeq)> {
        let headers = &response.headers;
        // §8.1.3.3: more than one Via means that it was meant for somebody else.
        if headers.elements(&HeaderName::Via).nth(1).is_some() {
            return None;
        }
        let (key, secret) = matching::read_branch(headers.branch_top()?)?;
        let cseq = headers.cseq().ok()?;
        let client = self.clients.get(&key).filter(|c| c.secret == secret)?;
        if client.method == cseq.method {
            return Some((key, cseq));
        }
        // A CANCEL bears the branch of its INVITE (§9.1).
        let part = client.invite.as_ref()?;
        match (&part.cancel, &cseq.method) {
            (Cancel::Sent(cancel), Method::Cancel) if self.clients.contains_key(cancel) => {
                Some((*cancel, cseq))
            }
            (Cancel::Sent(_) | Cancel::Held(_) | Cancel::No, _) => None,
        }
    }

    /// Does what a client machine asks for, but for ACK and hand-over.
    pub(crate) fn apply_client(&mut self, now: Instant, key: ClientKey, effects: Effects) {
        if effects.send
            && let Some(client) = self.clients.get(&key)
        {
            self.out.push_back(Output::Send {
                peer: client.peer,
                bytes: client.bytes.clone(),
            });
        }
        for timer in effects.stop.into_iter().flatten() {
            self.alarms.clear(Alarm::Client(key, timer));
        }
        for (timer, after) in effects.start.into_iter().flatten() {
            self.alarms.set_after(Alarm::Client(key, timer), now, after);
        }
        if effects.done {
            self.remove_client(key);
        }
    }

    fn remove_client(&mut self, key: ClientKey) {
        let Some(client) = self.clients.remove(&key) else {
            return;
        };
        self.alarms.clear_client(key);
        // Without its INVITE nothing could match the answer to a CANCEL any more.
        if let Some(part) = client.invite
            && let Cancel::Sent(cancel) = part.cancel
        {
            self.remove_client(cancel);
        }
    }

    /// A timer of a client transaction ran out.
    pub(crate) fn client_timer(&mut self, now: Instant, key: ClientKey, timer: Timer) {
        let timing = self.config.timing;
        let Some(client) = self.clients.get_mut(&key) else {
            return;
        };
        let effects = match &mut client.machine {
            Machine::Invite(machine) => machine.timer(timer),
            Machine::Other(machine) => machine.timer(&timing, timer),
        };
        if effects.timed_out {
            self.client_failed(now, key, Failure::Timeout);
        } else {
            self.apply_client(now, key, effects);
        }
    }

    /// A client transaction ended without a final response.
    pub(crate) fn client_failed(&mut self, now: Instant, key: ClientKey, failure: Failure) {
        let Some(owner) = self.clients.get(&key).map(|client| client.owner) else {
            return;
        };
        match owner {
            Owner::Nobody => {}
            Owner::User => {
                let outcome = failure.into();
                self.out.push_back(Output::Response {
                    client: key,
                    outcome,
                });
            }
            Owner::Usage(usage, part) => self.usage_request_failed(now, usage, key, part, failure),
        }
        self.remove_client(key);
    }

    /// Hands a response to whom it concerns.
    fn pass_response(&mut self, now: Instant, key: ClientKey, cseq: &CSeq, response: Response) {
        if response.status < 200 {
            self.release_cancel(now, key);
        }
        let Some(client) = self.clients.get(&key) else {
            return;
        };
        let is_invite = client.invite.is_some();
        if is_invite && response.status / 100 == 2 && self.repeat_ack(key, &response) {
            return;
        }
        let Some(owner) = self.clients.get(&key).map(|client| client.owner) else {
            return;
        };
        match owner {
            Owner::User => self.out.push_back(Output::Response {
                client: key,
                outcome: Outcome::Response(response),
            }),
            Owner::Usage(usage, Part::User) => self.user_response(now, usage, key, response),
            Owner::Usage(usage, part) if self.usages.contains_key(&usage) => {
                self.usage_response(now, usage, part, key, cseq, response);
            }
            Owner::Usage(..) | Owner::Nobody if is_invite => match response.status {
                ..=199 => self.disown_client(now, key),
                200..=299 => self.end_unwanted(now, key, cseq, &response),
                300.. => {}
            },
            Owner::Usage(..) | Owner::Nobody => {}
        }
    }
}
