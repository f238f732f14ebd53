//! Programs that use the interface: a token in `Authorization: Bearer` instead of a session.

use std::{net::IpAddr, time::Duration};

use axum::http::{HeaderMap, Method, StatusCode, header::AUTHORIZATION, request::Parts};
use sha2::{Digest, Sha256};

use crate::{
    answer::Failure,
    api::{Person, Role},
    desk::{Desk, Figures},
    guard::{Insider, Proof},
};

/// What a program may do; each includes the ones before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Right {
    /// See what happens, who there is, and past calls.
    Read,
    /// End calls, and act at simulated sets.
    Calls,
    /// Everything that an administrator may.
    Admin,
}

impl Right {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Read, Self::Calls, Self::Admin];

    /// Its word in the store and on the command line.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Calls => "calls",
            Self::Admin => "admin",
        }
    }

    /// The right of this word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|right| right.as_str() == word)
    }

    /// The role of a person who may do the same.
    const fn role(self) -> Role {
        match self {
            Self::Read => Role::External,
            Self::Calls => Role::Supervisor,
            Self::Admin => Role::Administrator,
        }
    }
}

/// SHA-256 of a token. A lookup by it tells nothing about the token by its timing.
#[must_use]
pub fn token_hash(token: &str) -> [u8; 32] {
    Sha256::digest(token.as_bytes()).into()
}

/// The account name under which wrong tokens are counted; no login has a space.
const ACCOUNT: &str = " token";
/// Longer than any token of ours.
const TOKEN_BYTES_MAX: usize = 128;

/// The token of a request, if it has one.
pub(crate) fn token_of(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// Who the token of a request is.
pub(crate) async fn insider(
    parts: &Parts,
    desk: &Desk,
    address: IpAddr,
    token: &str,
) -> Result<Insider, Failure> {
    let now = desk.now();
    let wait = desk.throttle().wait(now.mono, ACCOUNT, address);
    if wait > Duration::ZERO {
        Figures::count(&desk.figures.logins_slowed);
        return Err(Failure::slow_down(wait));
    }
    let key = token_hash(token);
    let fits = token.len() <= TOKEN_BYTES_MAX;
    let found = desk.ask(move |desk| desk.vault.api_token(&key, now.wall));
    let Some(stored) = found.await?.filter(|_| fits) else {
        Figures::count(&desk.figures.logins_failed);
        desk.throttle().failed(now.mono, ACCOUNT, address);
        return Err(Failure::new(
            StatusCode::UNAUTHORIZED,
            "bad_token",
            "This token is unknown, taken back or over. Make one with `centralka token create`.",
        ));
    };
    desk.throttle().succeeded(ACCOUNT, address);
    if !matches!(parts.method, Method::GET | Method::HEAD) {
        let path = parts.uri.path();
        tracing::info!(token = stored.name, right = stored.right.as_str(), %address,
            method = %parts.method, path, "a program asks for a change");
    }
    Ok(Insider {
        person: Person {
            id: format!("token:{}", stored.name),
            name: stored.name,
            extension: String::new(),
            login: String::new(),
            role: stored.right.role(),
            analog: false,
        },
        proof: Proof::Token(key),
    })
}
