//! What an agent is told once.

use crate::{Method, transaction::Timing};

/// The settings of an [`Agent`](crate::Agent).
#[derive(Clone, Debug)]
pub struct AgentConfig {
    /// Value of User-Agent in our requests and Server in our responses; empty for neither.
    pub user_agent: String,
    /// The methods that are let through, for Allow; another method gets 405.
    pub allow: Vec<Method>,
    /// The option tags that may be required of us, for Supported; another one gets 420.
    pub supported: Vec<String>,
    /// Base values of all timers.
    pub timing: Timing,
    /// Session-Expires that we ask for and grant, in seconds; 1800 (RFC 4028 §4). 0 switches
    /// session timers off.
    pub session_expires_s: u32,
    /// Shortest Session-Expires that we accept, in seconds; 90 (RFC 4028 §5).
    pub min_se_s: u32,
    /// Retry-After of a 503 at overload, in seconds.
    pub retry_after_s: u32,
}

impl Default for AgentConfig {
    fn default() -> Self {
        Self {
            user_agent: String::new(),
            allow: vec![
                Method::Invite,
                Method::Ack,
                Method::Bye,
                Method::Cancel,
                Method::Options,
                Method::Register,
                Method::Prack,
                Method::Update,
                Method::Info,
            ],
            supported: ["100rel", "timer", "path", "outbound", "replaces"]
                .map(str::to_owned)
                .to_vec(),
            timing: Timing::default(),
            session_expires_s: 1_800,
            min_se_s: 90,
            retry_after_s: 5,
        }
    }
}

/// The header values made of an [`AgentConfig`], joined once.
#[derive(Clone, Debug)]
pub(crate) struct Texts {
    pub(crate) allow: String,
    pub(crate) supported: String,
    pub(crate) supported_without_100rel: String,
}

impl Texts {
    pub(crate) fn of(config: &AgentConfig) -> Self {
        let methods: Vec<&str> = config.allow.iter().map(Method::as_str).collect();
        let without: Vec<&str> = config
            .supported
            .iter()
            .map(String::as_str)
            .filter(|option| !option.eq_ignore_ascii_case("100rel"))
            .collect();
        Self {
            allow: methods.join(", "),
            supported: config.supported.join(", "),
            supported_without_100rel: without.join(", "),
        }
    }
}
