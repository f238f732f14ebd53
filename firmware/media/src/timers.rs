//! What is due without a tick: reports, keys whose end was never heard, far ends that are
//! gone, and those that wait for a first packet.

use std::net::SocketAddr;

use dsp::codec::PAYLOAD_MAX;
use model::{Instant, MediaEvent, MediaLeg};

use crate::output::Channel;
use crate::plane::{Form, Plane};
use crate::reporting::COMPOUND_MAX;
use crate::slot::{Path, Slot};

impl Plane {
    /// Runs what is due and finds the next deadline.
    pub(crate) fn run_timers(&mut self, now: Instant) {
        let mut soonest = Instant::FAR;
        let mut index = 0;
        while let Some(at) = self.slots.nth(index) {
            index = index.saturating_add(1);
            let Some(slot) = self.slots.at(at) else {
                break;
            };
            if slot.deadline() <= now {
                self.run_timer(now, at);
            }
            let after = self.slots.see(at).map_or(Instant::FAR, Slot::deadline);
            soonest = soonest.min(after);
        }
        self.soonest = soonest;
    }

    fn run_timer(&mut self, now: Instant, at: u16) {
        let Some(slot) = self.slots.at(at) else {
            return;
        };
        let leg = MediaLeg {
            slot: at,
            generation: slot.generation,
        };
        let Some(rtp) = slot.rtp_mut() else {
            return;
        };
        if let Some(paths) = &mut rtp.source.paths
            && paths.silent_at() <= now
        {
            paths.give_up();
            self.out.event(MediaEvent::PeerSilent { leg });
        }
        let mut octets = [0; PAYLOAD_MAX];
        if let Some((to, head, length)) = rtp.open_way(now, &mut octets) {
            let octets = octets.get(..length).unwrap_or(&[]);
            self.out.transmit((leg, Channel::Rtp), to, &[&head, octets]);
        }
        let second_is_over = rtp.quality.due() <= now;
        let over = rtp.expire_event(now).filter(|_| rtp.is_heard());
        if rtp.reporting.due().is_some_and(|due| due <= now) {
            self.send_report(now, leg, false);
        }
        if let Some(key) = over {
            self.digit_heard(now, leg, key, Form::Event);
        }
        if second_is_over {
            self.tell_second(now, leg);
        }
    }

    /// Tells the second that is over, and the minute if it is full.
    fn tell_second(&mut self, now: Instant, leg: MediaLeg) {
        let Some(slot) = self.slots.of(leg) else {
            return;
        };
        let connected = matches!(slot.path, Path::Relay(_) | Path::Mix(_) | Path::Echo);
        let Some(rtp) = slot.rtp_mut() else {
            return;
        };
        let second = rtp.second(now, connected);
        let minute = rtp.quality.minute(false);
        if let Some(second) = second {
            self.out.event(MediaEvent::QualitySecond { leg, second });
        }
        if let Some(minute) = minute {
            self.out.event(MediaEvent::QualityMinute { leg, minute });
        }
    }

    /// Tells what there is of the minute: the leg is over.
    pub(crate) fn tell_last_minute(&mut self, leg: MediaLeg) {
        let rtp = self.slots.of(leg).and_then(Slot::rtp_mut);
        if let Some(minute) = rtp.and_then(|rtp| rtp.quality.minute(true)) {
            self.out.event(MediaEvent::QualityMinute { leg, minute });
        }
    }

    /// Sends the report of an RTP leg, if its far end takes any. `goodbye` says that it is over.
    pub(crate) fn send_report(&mut self, now: Instant, leg: MediaLeg, goodbye: bool) {
        let clock = self.clock;
        let Some(rtp) = self.slots.of(leg).and_then(Slot::rtp_mut) else {
            return;
        };
        let mut compound = [0; COMPOUND_MAX];
        let Some(len) = rtp.report(clock, now, goodbye, &mut compound) else {
            return;
        };
        let bytes = compound.get(..len).unwrap_or(&[]);
        if let Some(to) = rtp.source.remote_rtcp() {
            self.out.transmit((leg, Channel::Rtcp), to, &[bytes]);
        }
    }

    /// A datagram came to the RTCP port of a leg.
    pub(crate) fn rtcp(&mut self, now: Instant, leg: MediaLeg, from: SocketAddr, datagram: &[u8]) {
        let clock = self.clock;
        let Some(rtp) = self.slots.of(leg).and_then(Slot::rtp_mut) else {
            return;
        };
        // RFC 3550 §6.4.1: whoever reports names itself first.
        let sender = datagram
            .get(4..8)
            .and_then(|bytes| bytes.first_chunk::<4>())
            .map(|bytes| u32::from_be_bytes(*bytes));
        let same_ssrc = sender.is_some() && sender == rtp.receiver().ssrc();
        if rtp.source.judge_rtcp(from, same_ssrc) {
            rtp.report_came(clock, now, datagram);
        } else {
            rtp.figures.stranger = rtp.figures.stranger.saturating_add(1);
        }
    }
}
