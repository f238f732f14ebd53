//! Session timers: RFC 4028. The arithmetic of both roles, and what starts and stops the clocks.

use core::time::Duration;

use model::Instant;

use super::UsageKey;
use crate::{
    Agent, AgentConfig, HeaderName, Headers, Refresher, SessionExpires,
    agent::{Alarm, UsageTimer},
};

/// What a call knows of its session timer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct SessionTimer {
    /// The largest Min-SE that anybody on the way named, in seconds (§7.4).
    pub(crate) min_se_s: u32,
    /// What is agreed; `None` while the session may last for ever.
    pub(crate) agreed: Option<Agreed>,
}

/// An agreed timer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Agreed {
    pub(crate) interval_s: u32,
    pub(crate) we_refresh: bool,
}

impl Agreed {
    /// When the refreshing side refreshes: half of the interval (§7.2, §10).
    fn refresh_after(self) -> Duration {
        Duration::from_secs(u64::from(self.interval_s / 2))
    }

    /// When the other side gives up: min(32 s, a third of the interval) before the end (§10).
    fn expire_after(self) -> Duration {
        let early = (self.interval_s / 3).min(32);
        Duration::from_secs(u64::from(self.interval_s - early))
    }
}

/// What a request asks of the answering side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Grant {
    /// No timer.
    None,
    /// The interval is below what we accept: 422 with Min-SE (§9).
    TooSmall,
    /// This timer; `required` if the asking side knows timers and so must obey (§9).
    Timer {
        interval_s: u32,
        refresher: Refresher,
        required: bool,
    },
}

/// What the answering side grants to a request with these headers (§9).
pub(crate) fn grant(config: &AgentConfig, headers: &Headers) -> Grant {
    if config.session_expires_s == 0 {
        return Grant::None;
    }
    let knows = headers.knows("timer");
    let floor = config
        .min_se_s
        .max(headers.min_se().ok().flatten().unwrap_or(0));
    let (asked, refresher) = match headers.session_expires() {
        Ok(Some(asked)) => (Some(asked.seconds), asked.refresher),
        Ok(None) | Err(_) => (None, None),
    };
    if knows && asked.is_some_and(|seconds| seconds < config.min_se_s) {
        return Grant::TooSmall;
    }
    let interval_s = asked
        .unwrap_or(config.session_expires_s)
        .min(config.session_expires_s)
        .max(floor);
    // §9 table 2: a caller without timers cannot refresh, so we do; otherwise its wish, or it.
    let refresher = if knows {
        refresher.unwrap_or(Refresher::Uac)
    } else {
        Refresher::Uas
    };
    Grant::Timer {
        interval_s,
        refresher,
        required: knows,
    }
}

impl Grant {
    /// Writes the timer into a 2xx and says what is agreed.
    pub(crate) fn apply(self, headers: &mut Headers) -> Option<Agreed> {
        match self {
            Self::None | Self::TooSmall => None,
            Self::Timer {
                interval_s,
                refresher,
                required,
            } => {
                let value = SessionExpires {
                    seconds: interval_s,
                    refresher: Some(refresher),
                };
                headers.push(HeaderName::SessionExpires, value.to_string());
                if required {
                    headers.push(HeaderName::Require, "timer");
                }
                Some(Agreed {
                    interval_s,
                    we_refresh: refresher == Refresher::Uas,
                })
            }
        }
    }
}

/// What a 2xx to a request of ours agreed to (§7.2): without Session-Expires there is no timer.
pub(crate) fn agreed_by(headers: &Headers) -> Option<Agreed> {
    let granted = headers.session_expires().ok().flatten()?;
    Some(Agreed {
        // A hostile value of some seconds would make us refresh without end.
        interval_s: granted.seconds.max(32),
        we_refresh: granted.refresher != Some(Refresher::Uas),
    })
}

impl SessionTimer {
    /// Puts the wish for a timer into an INVITE or UPDATE of ours (§7.1, §7.4). A refresh keeps
    /// the roles that are agreed.
    pub(crate) fn ask(&self, config: &AgentConfig, headers: &mut Headers) {
        if config.session_expires_s == 0 {
            return;
        }
        let min_se = self.min_se_s.max(config.min_se_s);
        let wish = SessionExpires {
            seconds: self
                .agreed
                .map_or(config.session_expires_s, |agreed| agreed.interval_s)
                .max(min_se),
            refresher: self.agreed.map(|agreed| {
                if agreed.we_refresh {
                    Refresher::Uac
                } else {
                    Refresher::Uas
                }
            }),
        };
        headers.set(HeaderName::SessionExpires, wish.to_string());
        headers.set(HeaderName::MinSe, min_se.to_string());
    }

    /// A 422 came (§7.3): its Min-SE counts from now on. Says whether a new try makes sense.
    pub(crate) fn raise(&mut self, headers: &Headers) -> bool {
        let Ok(Some(min_se)) = headers.min_se() else {
            return false;
        };
        let higher = min_se > self.min_se_s && min_se < u32::MAX / 2;
        if higher {
            self.min_se_s = min_se;
            if let Some(agreed) = &mut self.agreed {
                agreed.interval_s = agreed.interval_s.max(min_se);
            }
        }
        higher
    }
}

impl Agent {
    /// A session began or was refreshed with this timer.
    pub(crate) fn start_session(&mut self, now: Instant, key: UsageKey, agreed: Option<Agreed>) {
        let Some(usage) = self.usages.get_mut(&key) else {
            return;
        };
        usage.timer.agreed = agreed;
        let refresh = Alarm::Usage(key, UsageTimer::Refresh);
        let expire = Alarm::Usage(key, UsageTimer::Expire);
        self.alarms.clear(refresh);
        self.alarms.clear(expire);
        let Some(agreed) = agreed else { return };
        if agreed.we_refresh {
            self.alarms.set_after(refresh, now, agreed.refresh_after());
        }
        self.alarms.set_after(expire, now, agreed.expire_after());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(HeaderName, &str)]) -> Headers {
        let mut headers = Headers::new();
        for (name, value) in pairs {
            headers.push(name.clone(), *value);
        }
        headers
    }

    fn timer(interval_s: u32, refresher: Refresher, required: bool) -> Grant {
        Grant::Timer {
            interval_s,
            refresher,
            required,
        }
    }

    #[test]
    fn what_the_answering_side_grants() {
        use HeaderName::{MinSe, SessionExpires as Se, Supported};
        let config = AgentConfig::default();
        let check = |pairs: &[(HeaderName, &str)], want| {
            assert_eq!(grant(&config, &headers(pairs)), want, "{pairs:?}");
        };
        check(&[], timer(1800, Refresher::Uas, false));
        check(&[(Supported, "timer")], timer(1800, Refresher::Uac, true));
        check(
            &[(Supported, "timer"), (Se, "600;refresher=uas")],
            timer(600, Refresher::Uas, true),
        );
        check(
            &[(Supported, "timer"), (Se, "7200"), (MinSe, "3600")],
            timer(3600, Refresher::Uac, true),
        );
        check(&[(Supported, "timer"), (Se, "60")], Grant::TooSmall);
        // A proxy may insert it for a caller that knows no timers; 422 would not be understood.
        check(&[(Se, "60")], timer(90, Refresher::Uas, false));
        let off = AgentConfig {
            session_expires_s: 0,
            ..AgentConfig::default()
        };
        assert_eq!(grant(&off, &headers(&[(Supported, "timer")])), Grant::None);
    }

    #[test]
    fn times_of_refresh_and_expiry() {
        let of = |interval_s| Agreed {
            interval_s,
            we_refresh: true,
        };
        assert_eq!(of(1800).refresh_after().as_secs(), 900);
        assert_eq!(of(1800).expire_after().as_secs(), 1768);
        assert_eq!(of(90).expire_after().as_secs(), 60);
    }

    #[test]
    fn a_422_raises_the_wish_once() {
        let config = AgentConfig::default();
        let mut timer = SessionTimer::default();
        let refusal = headers(&[(HeaderName::MinSe, "3600")]);
        assert!(timer.raise(&refusal));
        assert!(!timer.raise(&refusal));
        assert!(!timer.raise(&headers(&[])));
        let mut request = Headers::new();
        timer.ask(&config, &mut request);
        assert_eq!(request.get(&HeaderName::SessionExpires), Some("3600"));
        assert_eq!(request.get(&HeaderName::MinSe), Some("3600"));
    }

    #[test]
    fn a_2xx_without_session_expires_means_no_timer() {
        assert_eq!(agreed_by(&headers(&[])), None);
        let granted = headers(&[(HeaderName::SessionExpires, "1800;refresher=uas")]);
        let agreed = agreed_by(&granted).expect("granted");
        assert!(!agreed.we_refresh);
    }
}
