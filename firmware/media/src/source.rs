//! From whom a leg hears, and where it speaks to: proven and learned sources.
//!
//! The SDP address given by a trusted signalling peer is proven. Another source is learned only
//! when a NAT is seen: from the signalling source's address, one SSRC, three consecutive packets,
//! within five seconds of the command that opened the window. Everybody else is a stranger:
//! counted, never heard, never answered.
//!
//! Protection proves more: within the same window a packet with the right SRTP tag makes its source
//! the far end at once, and under ICE the far end is whoever was nominated by a signed check, and
//! nobody else.

use core::time::Duration;
use std::net::SocketAddr;

use model::{Instant, Learn, Protection, RtpParams};

use crate::paths::Paths;

/// How long after an offer/answer a source may be learned.
const WINDOW: Duration = Duration::from_secs(5);
/// Consecutive packets of one SSRC that make a source.
const CONSECUTIVE: u8 = 3;

/// What an arriving RTP packet is to the leg.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// From the far end.
    Known,
    /// From the far end, which was learned by this very packet.
    Learned(SocketAddr),
    /// From nobody we talk to.
    Stranger,
}

/// Somebody who may become the far end.
#[derive(Clone, Copy, Debug)]
struct Candidate {
    from: SocketAddr,
    ssrc: u32,
    next_seq: u16,
    count: u8,
}

/// The far end's addresses.
#[derive(Clone, Debug)]
pub(crate) struct Source {
    proven: Option<SocketAddr>,
    proven_rtcp: Option<SocketAddr>,
    learn: Learn,
    opened: Instant,
    /// Since the window opened a source was learned or the proven one spoke: no other is learned.
    settled: bool,
    learned: Option<SocketAddr>,
    learned_rtcp: Option<SocketAddr>,
    candidate: Option<Candidate>,
    /// Packets that are judged have the right tag of SRTP.
    authentic: bool,
    /// RTCP shares the port.
    mux: bool,
    /// Nothing may be sent: the leg is to be protected and has no keys.
    shut: bool,
    /// The checked paths, under ICE.
    pub(crate) paths: Option<Box<Paths>>,
}

impl Source {
    /// Nobody: all packets are strangers'.
    pub(crate) const fn nobody() -> Self {
        Self {
            proven: None,
            proven_rtcp: None,
            learn: Learn::Never,
            opened: Instant::ZERO,
            settled: false,
            learned: None,
            learned_rtcp: None,
            candidate: None,
            authentic: false,
            mux: false,
            shut: false,
            paths: None,
        }
    }

    /// Whether nothing may be sent, wherever the far end is.
    pub(crate) const fn shut(&mut self, shut: bool) {
        self.shut = shut;
    }

    /// A first or new offer/answer: opens the window again. What was learned stays the far end
    /// while the SDP address stays the same, so that a re-INVITE makes no hole in the sound.
    pub(crate) fn open(&mut self, now: Instant, params: &RtpParams) {
        let same = self.proven == params.remote && self.learn == params.learn;
        if !same || params.learn == Learn::Never {
            self.learned = None;
            self.learned_rtcp = None;
        }
        self.proven = params.remote;
        self.proven_rtcp = params.remote_rtcp;
        self.learn = params.learn;
        self.opened = now;
        self.settled = false;
        self.candidate = None;
        self.authentic = params.protection == Protection::Srtp;
        self.mux = params.rtcp_mux;
    }

    /// Where RTP goes now.
    pub(crate) const fn remote(&self) -> Option<SocketAddr> {
        if self.shut { None } else { self.far_end() }
    }

    /// Where the far end is, whether anything may be sent there yet or not.
    pub(crate) const fn far_end(&self) -> Option<SocketAddr> {
        match (&self.paths, self.learned) {
            (Some(paths), _) => paths.nominated(),
            (None, Some(learned)) => Some(learned),
            (None, None) => self.proven,
        }
    }

    /// Whether a handshake may be had with this address: the far end's, a checked path's, or one
    /// that may be learned.
    pub(crate) fn may_shake(&self, with: SocketAddr) -> bool {
        let may_learn =
            self.paths.is_none() && self.proven.is_some() && self.learn == Learn::From(with.ip());
        self.knows(with) || may_learn
    }

    /// Where RTCP goes now. Behind a NAT the SDP's RTCP address is of no use, and another is known
    /// only once a report came from it.
    pub(crate) const fn remote_rtcp(&self) -> Option<SocketAddr> {
        if self.shut || self.mux {
            return self.remote();
        }
        match (&self.paths, self.learned) {
            // A lite end without multiplexing would need a second component; nobody offers that.
            (Some(_), _) => None,
            (None, Some(_)) => self.learned_rtcp,
            (None, None) => self.proven_rtcp,
        }
    }

    /// Whether packets from here are the far end's, as far as is known now.
    pub(crate) fn knows(&self, from: SocketAddr) -> bool {
        match &self.paths {
            Some(paths) => paths.contains(from),
            None => self.proven == Some(from) || self.learned == Some(from),
        }
    }

    /// Judges a well-formed RTP packet.
    pub(crate) fn judge(&mut self, now: Instant, from: SocketAddr, ssrc: u32, seq: u16) -> Verdict {
        if let Some(paths) = &self.paths {
            return if paths.contains(from) {
                Verdict::Known
            } else {
                Verdict::Stranger
            };
        }
        if self.proven == Some(from) {
            // Packets from exactly the SDP address always win.
            self.settled = true;
            self.learned = None;
            self.learned_rtcp = None;
            self.candidate = None;
            return Verdict::Known;
        }
        if self.learned == Some(from) {
            return Verdict::Known;
        }
        self.consider(now, from, ssrc, seq)
    }

    /// Whether a candidate has shown enough to be the far end.
    fn consider(&mut self, now: Instant, from: SocketAddr, ssrc: u32, seq: u16) -> Verdict {
        let allowed = match self.learn {
            _ if self.authentic => true,
            Learn::Never => false,
            Learn::From(ip) => ip == from.ip(),
        };
        if !allowed || self.proven.is_none() || self.settled || now.since(self.opened) >= WINDOW {
            return Verdict::Stranger;
        }
        let count = match self.candidate {
            Some(c) if c.from == from && c.ssrc == ssrc && c.next_seq == seq => {
                c.count.saturating_add(1)
            }
            Some(_) | None => 1,
        };
        if count >= CONSECUTIVE || self.authentic {
            self.candidate = None;
            self.settled = true;
            self.learned = Some(from);
            self.learned_rtcp = None;
            return Verdict::Learned(from);
        }
        self.candidate = Some(Candidate {
            from,
            ssrc,
            next_seq: seq.wrapping_add(1),
            count,
        });
        Verdict::Stranger
    }

    /// Whether an RTCP packet is the far end's. `same_ssrc` says that its sender is the RTP
    /// stream that we hear; behind a NAT that and the learned IP address make its source known.
    pub(crate) fn judge_rtcp(&mut self, from: SocketAddr, same_ssrc: bool) -> bool {
        if self.mux || self.paths.is_some() {
            return self.knows(from);
        }
        match self.learned {
            None => self.proven_rtcp == Some(from),
            Some(_) if self.learned_rtcp == Some(from) => true,
            Some(learned) if learned.ip() == from.ip() && same_ssrc => {
                if self.learned_rtcp.is_none() {
                    self.learned_rtcp = Some(from);
                }
                true
            }
            Some(_) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::Codec;

    const SDP: &str = "10.0.0.7:4000";
    const NAT: &str = "203.0.113.9:61000";
    const NAT_OTHER_PORT: &str = "203.0.113.9:61002";
    const EVIL: &str = "198.51.100.66:4000";

    fn at(text: &str) -> SocketAddr {
        text.parse().expect("a literal address")
    }

    fn params(learn: Learn) -> RtpParams {
        RtpParams {
            remote: Some(at(SDP)),
            remote_rtcp: Some(at("10.0.0.7:4001")),
            learn,
            codec: Codec::Pcma,
            pt_out: 8,
            pt_in: 8,
            event_pt_out: None,
            event_pt_in: None,
            ptime_ms: 20,
            send: true,
            receive: true,
            ..RtpParams::of(Codec::Pcma)
        }
    }

    /// Plays `packets` (ms, from, ssrc, seq) and compares the letters: K known, L learned, - stranger.
    fn check(name: &str, learn: Learn, packets: &[(u64, &str, u32, u16)], want: &str) {
        let mut source = Source::nobody();
        source.open(Instant::ZERO, &params(learn));
        let got: String = packets
            .iter()
            .map(|&(ms, from, ssrc, seq)| {
                match source.judge(Instant::from_millis(ms), at(from), ssrc, seq) {
                    Verdict::Known => 'K',
                    Verdict::Learned(_) => 'L',
                    Verdict::Stranger => '-',
                }
            })
            .collect();
        assert_eq!(got, want, "{name}");
    }

    #[test]
    fn without_a_nat_only_the_proven_address_is_heard() {
        check(
            "the proven address is heard at once",
            Learn::Never,
            &[(0, SDP, 1, 1)],
            "K",
        );
        check(
            "without a NAT nobody else is learned",
            Learn::Never,
            &[
                (0, NAT, 1, 1),
                (20, NAT, 1, 2),
                (40, NAT, 1, 3),
                (60, NAT, 1, 4),
            ],
            "----",
        );
        check(
            "the SDP's address with another port is a stranger",
            Learn::Never,
            &[
                (0, "10.0.0.7:4002", 1, 1),
                (20, "10.0.0.7:4002", 1, 2),
                (40, "10.0.0.7:4002", 1, 3),
            ],
            "---",
        );
    }

    #[test]
    fn behind_a_nat_three_in_a_row_are_learned() {
        let nat = Learn::From(at(NAT).ip());
        check(
            "three in a row from the signalling address",
            nat,
            &[
                (0, NAT, 1, 65_535),
                (20, NAT, 1, 0),
                (40, NAT, 1, 1),
                (60, NAT, 1, 2),
            ],
            "--LK",
        );
        check(
            "a gap starts the count again",
            nat,
            &[
                (0, NAT, 1, 1),
                (20, NAT, 1, 2),
                (60, NAT, 1, 4),
                (80, NAT, 1, 5),
                (90, NAT, 1, 6),
            ],
            "----L",
        );
        check(
            "another SSRC starts the count again",
            nat,
            &[
                (0, NAT, 1, 1),
                (20, NAT, 1, 2),
                (40, NAT, 2, 3),
                (60, NAT, 2, 4),
                (80, NAT, 2, 5),
            ],
            "----L",
        );
        check(
            "two ports of one NAT are two candidates",
            nat,
            &[
                (0, NAT, 1, 1),
                (10, NAT_OTHER_PORT, 1, 2),
                (20, NAT, 1, 3),
                (40, NAT, 1, 4),
            ],
            "----",
        );
    }

    #[test]
    fn learning_has_its_limits() {
        let nat = Learn::From(at(NAT).ip());
        check(
            "another address is never learned",
            nat,
            &[
                (0, EVIL, 1, 1),
                (20, EVIL, 1, 2),
                (40, EVIL, 1, 3),
                (60, EVIL, 1, 4),
            ],
            "----",
        );
        check(
            "the window closes after five seconds",
            nat,
            &[
                (4_970, NAT, 1, 1),
                (4_990, NAT, 1, 2),
                (5_000, NAT, 1, 3),
                (5_020, NAT, 1, 4),
            ],
            "----",
        );
        check(
            "the proven address wins for good",
            nat,
            &[
                (0, NAT, 1, 1),
                (9, NAT, 1, 2),
                (20, NAT, 1, 3),
                (30, SDP, 9, 1),
                (40, NAT, 1, 4),
                (50, NAT, 1, 5),
                (60, NAT, 1, 6),
            ],
            "--LK---",
        );
        check(
            "after one was learned no second one is, from elsewhere",
            nat,
            &[
                (0, NAT, 1, 1),
                (9, NAT, 1, 2),
                (20, NAT, 1, 3),
                (30, EVIL, 1, 4),
                (40, NAT, 1, 4),
            ],
            "--L-K",
        );
    }

    #[test]
    fn before_an_answer_everybody_is_a_stranger() {
        let mut source = Source::nobody();
        assert_eq!(
            source.judge(Instant::ZERO, at(SDP), 1, 1),
            Verdict::Stranger
        );
        assert!(!source.judge_rtcp(at(SDP), true));
        assert_eq!(source.remote(), None);
    }

    #[test]
    fn a_new_offer_reopens_the_window_and_keeps_the_learned_source() {
        let nat = Learn::From(at(NAT).ip());
        let mut source = Source::nobody();
        source.open(Instant::ZERO, &params(nat));
        for seq in 0..3 {
            source.judge(Instant::ZERO, at(NAT), 1, seq);
        }
        assert_eq!(source.remote(), Some(at(NAT)));
        let late = Instant::from_millis(60_000);
        source.open(late, &params(nat));
        assert_eq!(source.remote(), Some(at(NAT)), "no hole");
        for seq in 0..3 {
            source.judge(late, at(NAT_OTHER_PORT), 1, seq);
        }
        assert_eq!(source.remote(), Some(at(NAT_OTHER_PORT)), "the NAT rebound");
        source.open(late, &params(Learn::Never));
        assert_eq!(source.remote(), Some(at(SDP)));
    }

    /// Early media comes from a gateway, the answer names the one that has the call: at that moment
    /// the gateway becomes a stranger, and nobody had to be learned.
    #[test]
    fn a_trunk_that_moves_at_the_answer_is_followed_at_once() {
        let mut source = Source::nobody();
        source.open(Instant::ZERO, &params(Learn::Never));
        assert_eq!(source.judge(Instant::ZERO, at(SDP), 1, 1), Verdict::Known);
        let answered = RtpParams {
            remote: Some(at(NAT)),
            remote_rtcp: Some(at(NAT_OTHER_PORT)),
            ..params(Learn::Never)
        };
        let later = Instant::from_millis(8_000);
        source.open(later, &answered);
        assert_eq!(source.remote(), Some(at(NAT)));
        assert_eq!(source.judge(later, at(SDP), 1, 2), Verdict::Stranger);
        assert_eq!(source.judge(later, at(NAT), 7, 900), Verdict::Known);
        assert!(source.judge_rtcp(at(NAT_OTHER_PORT), false));
    }

    #[test]
    fn rtcp_follows_the_learned_source() {
        let mut source = Source::nobody();
        source.open(Instant::ZERO, &params(Learn::From(at(NAT).ip())));
        assert!(source.judge_rtcp(at("10.0.0.7:4001"), false));
        assert!(!source.judge_rtcp(at(NAT_OTHER_PORT), true));
        for seq in 0..3 {
            source.judge(Instant::ZERO, at(NAT), 1, seq);
        }
        assert_eq!(
            source.remote_rtcp(),
            None,
            "nothing goes to a private address"
        );
        assert!(!source.judge_rtcp(at(NAT_OTHER_PORT), false));
        assert!(source.judge_rtcp(at(NAT_OTHER_PORT), true));
        assert_eq!(source.remote_rtcp(), Some(at(NAT_OTHER_PORT)));
    }
}
