//! Power, its loss, and the end of all faults.

use core::time::Duration;

use hal_port::PortEvent;
use model::Random;
use pbx::{Keys, Setup};

use super::{Happening, World};
use crate::exchange::{Exchange, times};
use crate::network::Weather;

impl World {
    pub(super) fn power_cut(&mut self) {
        if !self.hostile {
            return;
        }
        self.trace.line(self.now, "power", "off", format_args!(""));
        self.exchange = None;
        // Sometimes only the program dies, and the board holds what it held.
        let board_too = self.fate.below(2) == 0;
        self.board.power_off(board_too);
        self.break_all_streams();
        for sitter in &mut self.sitters {
            (sitter.rung, sitter.called) = (false, None);
        }
        self.lifeline_forgotten();
        self.disk.cut();
        self.truth.power_cut(self.now);
        self.tapes.power_cut();
        let mut ms = 500 + self.fate.below(8_000);
        if self.lifeline.is_some() {
            // Long enough for a call on the lifeline.
            ms += 30_000 * self.fate.below(2);
        }
        self.later(Duration::from_millis(ms.into()), Happening::PowerOn);
        self.plan_fault(self.features.power_cut_s, Happening::PowerCut);
    }

    pub(super) fn power_on(&mut self) {
        if self.exchange.is_some() {
            return;
        }
        self.boots += 1;
        self.powered = self.now;
        for outsider in &mut self.outsiders {
            outsider.seen = 0;
        }
        self.truth.power_on(self.now);
        let found = self.disk.recover(self.now, times(self.now, self.now));
        self.next_seq = found.next_seq.0;
        self.trace.line(
            self.now,
            "power",
            "on",
            format_args!("{} bindings", found.bindings.len()),
        );
        let stream = |what: &str| Random::derive(self.seed, &format!("{what} {}", self.boots));
        let (mut plain, mut secret) = ([0; 32], [0; 32]);
        stream("plain").fill(&mut plain);
        stream("secret").fill(&mut secret);
        let setup = Setup {
            config: self.office.config.clone(),
            version: 1,
            jacks: Vec::new(),
            bindings: found.bindings,
            md5: found.md5,
            next_seq: found.next_seq,
            seed: plain,
            media_legs: self.features.media_legs,
            pairs: Vec::new(),
            external: None,
            flows: (Vec::new(), 0),
            fingerprint: None,
            line_tones: found.line_tones,
            line_balance: found.line_balance,
            lifelines: found.lifelines,
            messages: Vec::new(),
            resumed: false,
        };
        let keys = Keys::new(secret, self.office.passwords.clone());
        let media = (&mut self.board, self.features.planes);
        self.exchange = Some(Exchange::start(self.now, setup, keys, media));
        self.set_is_left();
        self.take_effects();
        for sitter in &mut self.sitters {
            sitter.begins_anew(&mut self.board.people);
        }
        let lifted: Vec<u16> = self
            .sitters
            .iter()
            .filter(|s| s.off_hook)
            .map(|s| s.jack)
            .collect();
        for jack in lifted {
            self.port_event(jack, PortEvent::OffHook);
        }
        self.lines_tell_again();
        self.lifeline_tells_again();
    }

    pub(super) fn reboot(&mut self, seat: usize) {
        self.trace
            .line(self.now, "phone", "reboot", format_args!("seat {seat}"));
        let on = self.now + Duration::from_secs(5);
        self.stations[seat].phone.reboot(on);
        self.break_streams(seat, Duration::from_millis(10));
        let mut out = Vec::new();
        self.stations[seat].settle(self.now, &mut out);
        self.carry(seat, out);
    }

    /// The faults stop.
    pub(crate) fn heal(&mut self) {
        self.hostile = false;
        let delay_ms = self.features.weather.delay_ms;
        self.network.weather = Weather {
            delay_ms,
            ..Weather::default()
        };
        for outsider in &mut self.outsiders {
            outsider.heal(&mut self.board.people);
        }
        self.stick_relay(None);
        for station in &self.stations {
            self.network.cut(station.host().ip(), self.now);
        }
        self.trace
            .line(self.now, "world", "healed", format_args!(""));
    }
}
