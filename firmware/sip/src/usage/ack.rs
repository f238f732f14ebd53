//! The wait of the answering side for the ACK of its 2xx: RFC 3261 §13.3.1.4.

use core::time::Duration;

use model::Instant;

use super::{Negotiation, OurOffer, UsageKey};
use crate::{
    Agent, How, Output, Peer, Reason, Request, UsageEvent,
    agent::{Alarm, UsageTimer},
};

/// A 2xx to an INVITE or re-INVITE that is repeated until its ACK comes. The ACK travels end to
/// end, so this is done on every transport.
#[derive(Debug)]
pub(crate) struct PendingAck {
    pub(crate) cseq: u32,
    pub(crate) bytes: Vec<u8>,
    pub(crate) peer: Peer,
    pause: Duration,
    /// Whether this 2xx answers the INVITE that started the call.
    pub(crate) initial: bool,
}

impl Agent {
    /// A 2xx with these bytes was sent: repeat it until the ACK.
    pub(crate) fn await_ack(
        &mut self,
        now: Instant,
        key: UsageKey,
        cseq: u32,
        bytes: Vec<u8>,
        (peer, initial): (Peer, bool),
    ) {
        let timing = self.config.timing;
        let Some(usage) = self.usages.get_mut(&key) else {
            return;
        };
        usage.pending_ack = Some(PendingAck {
            cseq,
            bytes,
            peer,
            pause: timing.t1,
            initial,
        });
        let repeat = Alarm::Usage(key, UsageTimer::RepeatAnswer);
        let missing = Alarm::Usage(key, UsageTimer::AckMissing);
        self.alarms.set_after(repeat, now, timing.t1);
        self.alarms.set_after(missing, now, timing.give_up());
    }

    /// Time to repeat the 2xx.
    pub(crate) fn repeat_answer(&mut self, now: Instant, key: UsageKey) {
        let timing = self.config.timing;
        let Some(usage) = self.usages.get_mut(&key) else {
            return;
        };
        let Some(pending) = &mut usage.pending_ack else {
            return;
        };
        pending.pause = timing.doubled(pending.pause);
        let (pause, peer, bytes) = (pending.pause, pending.peer, pending.bytes.clone());
        self.out.push_back(Output::Send { peer, bytes });
        let repeat = Alarm::Usage(key, UsageTimer::RepeatAnswer);
        self.alarms.set_after(repeat, now, pause);
    }

    /// No ACK in 64·T1: the dialog is confirmed, so it is ended with BYE (§13.3.1.4).
    pub(crate) fn ack_missing(&mut self, now: Instant, key: UsageKey) {
        self.finish(
            now,
            key,
            How::AckMissing,
            Some(&Reason::sip(408, "ACK missing")),
        );
    }

    /// The ACK of a 2xx came.
    pub(crate) fn usage_ack(
        &mut self,
        now: Instant,
        key: UsageKey,
        peer: &Peer,
        cseq: u32,
        request: &Request,
    ) {
        let Some(usage) = self.usages.get_mut(&key) else {
            return;
        };
        let Some(pending) = usage.pending_ack.take_if(|pending| pending.cseq == cseq) else {
            // The ACK of a repeated 2xx comes again; nothing waits for it.
            self.counters.stray_acks += 1;
            return;
        };
        usage.peer = *peer;
        let answer = match usage.negotiation {
            Negotiation::Ours(OurOffer::InAnswer) => {
                usage.negotiation = Negotiation::Settled;
                (!request.body.is_empty()).then(|| request.body.clone())
            }
            Negotiation::Fresh
            | Negotiation::Ours(
                OurOffer::Initial | OurOffer::InProvisional | OurOffer::Request(_),
            )
            | Negotiation::Theirs(_)
            | Negotiation::Settled => None,
        };
        let over = usage.over.clone();
        self.alarms
            .clear(Alarm::Usage(key, UsageTimer::RepeatAnswer));
        self.alarms.clear(Alarm::Usage(key, UsageTimer::AckMissing));
        if let Some(reason) = over {
            // Hung up before the ACK: now the BYE may go (§15).
            self.send_bye(now, key, reason.as_ref());
            self.remove_usage(now, key);
            return;
        }
        if let Some(sdp) = answer {
            self.tell(key, UsageEvent::AnswerToOurOffer { sdp });
        }
        if pending.initial {
            self.tell(key, UsageEvent::Confirmed);
        }
        self.send_queued(now, key);
    }
}
