//! How a phone keeps itself known.

use core::time::Duration;

use model::{Instant, Random};

use super::{Message, Phone, param};

/// Pause after a REGISTER that came to nothing, in s, and what is added to it at random.
const RETRY_S: u64 = 5;
const RETRY_SPREAD_MS: u32 = 10_000;

/// What the phone knows of its registration.
#[derive(Debug)]
pub(super) struct Registration {
    call_id: String,
    tag: String,
    cseq: u32,
    /// When the next REGISTER is due.
    pub(super) due: Instant,
    /// Until when the exchange knows us.
    pub(super) until: Instant,
    tries: u8,
}

impl Registration {
    pub(super) fn new(at: Instant, random: &mut Random) -> Self {
        Self {
            call_id: format!("{:016x}", random.next_u64()),
            tag: format!("{:08x}", random.next_u32()),
            cseq: 0,
            due: at,
            until: Instant::ZERO,
            tries: 0,
        }
    }
}

impl Phone {
    /// Registers anew, by a fresh round of challenges if need be.
    pub(super) fn begin_register(&mut self, now: Instant) {
        self.registration.tries = 0;
        // Until the end of this attempt decides.
        self.registration.due = Instant::FAR;
        self.send_register(now);
    }

    fn send_register(&mut self, now: Instant) {
        let uri = format!("sip:{}", self.server);
        self.registration.cseq += 1;
        let me = format!("<sip:{}@{}>", self.user, self.server.ip());
        let contact = self.contact();
        let message = Message::new(format!("REGISTER {uri} SIP/2.0"))
            .with("Max-Forwards", "70")
            .with("From", format!("{me};tag={}", self.registration.tag))
            .with("To", me)
            .with("Call-ID", self.registration.call_id.clone())
            .with("CSeq", format!("{} REGISTER", self.registration.cseq))
            .with("Contact", contact)
            .with("Expires", self.manner.expires_s.to_string())
            .with("User-Agent", "simulated phone");
        let message = self.authorized(message, "REGISTER", &uri);
        self.send_request(now, "REGISTER", message);
    }

    /// The end of a REGISTER; status 0 = nobody answered.
    pub(super) fn register_over(&mut self, now: Instant, status: u16, message: Option<&Message>) {
        let again = match (status, message) {
            (401 | 407, Some(message)) => {
                self.registration.tries += 1;
                self.take_challenge(message) && self.registration.tries <= 2
            }
            (423, Some(message)) => {
                let least = message.get("min-expires").parse().unwrap_or(3_600);
                self.manner.expires_s = self.manner.expires_s.max(least);
                true
            }
            _ => false,
        };
        if again {
            self.send_register(now);
            return;
        }
        match message {
            Some(message) if status == 200 => self.registered(now, message),
            _ => {
                self.challenge = None;
                let spread = Duration::from_millis(self.random.below(RETRY_SPREAD_MS).into());
                self.registration.due = now + Duration::from_secs(RETRY_S) + spread;
            }
        }
    }

    fn registered(&mut self, now: Instant, message: &Message) {
        let mine = self.contact();
        let contacts = message.all("contact").flat_map(|value| value.split(", "));
        let granted = contacts
            .filter(|contact| contact.contains(&mine))
            .find_map(|contact| param(contact, "expires").parse::<u32>().ok());
        let granted = granted.unwrap_or(self.manner.expires_s);
        self.registration.until = now + Duration::from_secs(granted.into());
        let wait_ms = u64::from(granted) * 10 * u64::from(self.manner.refresh_percent);
        let early_ms = u64::from(self.random.below(2_000));
        self.registration.due = now + Duration::from_millis(wait_ms.saturating_sub(early_ms));
        if self.manner.keep_alive_s > 0 {
            self.keep_alive_at = now + Duration::from_secs(self.manner.keep_alive_s.into());
        }
    }
}
