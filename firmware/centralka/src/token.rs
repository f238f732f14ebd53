//! Tokens of programs that use the panel's interface: made, listed and taken back from the command
//! line. The store keeps their hashes only.

use std::time::Duration;

use model::Wall;
use panel::Right;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use store::{ApiToken, Store, StoreError};

/// Tokens at once.
const TOKENS_MAX: usize = 100;
/// Characters of a name.
const NAME_MAX: usize = 40;
/// Longest life in days.
const DAYS_MAX: u32 = 3_650;

/// What is to be done about tokens.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum TokenAsk {
    /// Make one.
    Create {
        name: String,
        rights: String,
        /// Days until it ends; never if none.
        days: Option<u32>,
    },
    /// Which there are.
    List,
    /// Take one back.
    Revoke { name: String },
}

/// Why it is not done.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TokenError {
    /// Not a name.
    #[error("a token's name has 1 to 40 letters a-z, digits, dots, dashes or underscores")]
    Name,
    /// Not a right.
    #[error("--rights is one of read, calls, admin")]
    Rights,
    /// Not a length of life.
    #[error("--days is a number from 1 to 3650")]
    Days,
    /// There is one of this name.
    #[error("there is a token {0}: choose another name, or take that one back first")]
    Taken(String),
    /// There is none of this name.
    #[error("there is no token {0}")]
    Unknown(String),
    /// Too many.
    #[error("there are 100 tokens: take one back first")]
    Full,
    /// The operating system gave none.
    #[error("no randomness")]
    NoRandomness,
    /// The store could not take it.
    #[error("{0}")]
    Store(#[from] StoreError),
}

/// Does it.
pub(crate) fn answer(store: &mut Store, ask: TokenAsk, now: Wall) -> Result<Value, TokenError> {
    match ask {
        TokenAsk::Create { name, rights, days } => create(store, name, &rights, days, now),
        TokenAsk::List => {
            let line = |token: &ApiToken| {
                let until = token.expires.map(store::explain::utc);
                json!({ "name": token.name, "rights": token.rights,
                        "created": store::explain::utc(token.created), "until": until,
                        "over": token.expires.is_some_and(|at| at <= now) })
            };
            Ok(store.api_tokens()?.iter().map(line).collect())
        }
        TokenAsk::Revoke { name } => {
            if !store.drop_api_token(&name)? {
                return Err(TokenError::Unknown(name));
            }
            tracing::info!(token = name, "a program's token was taken back");
            Ok(Value::Null)
        }
    }
}

fn create(
    store: &mut Store,
    name: String,
    rights: &str,
    days: Option<u32>,
    now: Wall,
) -> Result<Value, TokenError> {
    let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    if name.is_empty() || name.len() > NAME_MAX || !name.chars().all(legal) {
        return Err(TokenError::Name);
    }
    let right = Right::from_word(rights).ok_or(TokenError::Rights)?;
    if days.is_some_and(|days| !(1..=DAYS_MAX).contains(&days)) {
        return Err(TokenError::Days);
    }
    let there = store.api_tokens()?;
    if there.iter().any(|token| token.name == name) {
        return Err(TokenError::Taken(name));
    }
    if there.len() >= TOKENS_MAX {
        return Err(TokenError::Full);
    }
    let mut raw = [0_u8; 32];
    getrandom::fill(&mut raw).map_err(|_| TokenError::NoRandomness)?;
    let digits: String = raw.iter().map(|byte| format!("{byte:02x}")).collect();
    // The front tells people, and programs that look for leaked secrets, what it is.
    let token = format!("centralka_{digits}");
    let life = |days: u32| Duration::from_secs(u64::from(days) * 86_400);
    let stored = ApiToken {
        name,
        rights: right.as_str().to_owned(),
        created: now,
        expires: days.map(|days| now.plus(life(days))),
    };
    store.put_api_token(panel::token_hash(&token), &stored)?;
    tracing::info!(
        token = stored.name,
        right = right.as_str(),
        "a program's token was made"
    );
    Ok(json!({ "token": token, "name": stored.name, "rights": stored.rights }))
}
