//! Requests that the user sends inside a call: INFO, NOTIFY, REFER, MESSAGE.

use model::{Instant, limits};

use super::UsageKey;
use crate::{
    Agent, AgentError, Headers, How, Method, Outcome, Output, Response,
    agent::{Owner, Part},
    transaction::ClientKey,
};

impl Agent {
    /// Sends a request of another kind inside the dialog of a call. `headers` are added and should
    /// have Content-Type where there is a `body`. What comes of it is told by [`Output::Response`];
    /// an answer of 408 or 481, or none, also ends the call (RFC 3261 §12.2.1.2).
    ///
    /// # Errors
    /// [`AgentError::NotNow`] if the call is over, has no dialog yet, or `method` is one that the
    /// agent itself sends; [`AgentError::Full`] at `limits::SIP_TRANSACTIONS`.
    pub fn request_in(
        &mut self,
        now: Instant,
        usage: UsageKey,
        method: Method,
        headers: &Headers,
        body: Vec<u8>,
    ) -> Result<ClientKey, AgentError> {
        let own = matches!(
            method,
            Method::Invite
                | Method::Ack
                | Method::Bye
                | Method::Cancel
                | Method::Prack
                | Method::Update
        );
        if own {
            return Err(AgentError::NotNow);
        }
        if self.clients.len() >= limits::SIP_TRANSACTIONS {
            self.counters.overload += 1;
            return Err(AgentError::Full);
        }
        let call = self.live(usage)?;
        let peer = call.peer;
        let mut request = call.request(method, None).ok_or(AgentError::NotNow)?;
        request.headers.copy_all(headers);
        request.body = body;
        self.sign_request(&mut request);
        Ok(self.start_client(now, peer, request, Owner::Usage(usage, Part::User)))
    }

    /// A response to a request of the user.
    pub(crate) fn user_response(
        &mut self,
        now: Instant,
        key: UsageKey,
        client: ClientKey,
        response: Response,
    ) {
        let status = response.status;
        let outcome = Outcome::Response(response);
        self.out.push_back(Output::Response { client, outcome });
        match status {
            408 => self.finish(now, key, How::Timeout, None),
            481 => self.finish(now, key, How::UnknownToPeer, None),
            _ => {}
        }
    }
}
