//! What the country and the entry say of a line, in the words of a port.

use config::{Analog, Config, Country};
use hal_port::{
    Capabilities, HookTimes, Impedance, LineProfile, Meter, PortCommand, PortKind, RingSignal,
};
use model::PortId;

use crate::{Output, Pbx, lines::Phase};

/// Current in the loop of a set in mA: enough for every set, and little heat.
const LOOP_MA: u8 = 23;

impl Pbx {
    /// A line that is being measured is told when that is over.
    fn tell_line_profile(&mut self, port: PortId) {
        let line = self.lines.get(port);
        if line.is_none_or(|line| !matches!(line.phase, Phase::Balancing(_))) {
            let command = PortCommand::SetProfile(self.line_profile(port));
            self.out.push_back(Output::Port { port, command });
        }
    }

    /// How a line's port behaves towards the carrier: by the country's rules, with the impedance that was found to
    /// balance the line, else the country's. The gains of its entry are given to the sound, not here: the
    /// loss between a line and a set is the set's.
    pub(crate) fn line_profile(&self, port: PortId) -> LineProfile {
        let can = self.jacks.get(port).map(|jack| jack.capabilities);
        let usual = of_country(&self.config.country, can.unwrap_or_default());
        let known = self.lines.get(port).and_then(|line| line.balance);
        let best = known.and_then(|known| known.best);
        let best = best.and_then(|place| Impedance::ALL.get(usize::from(place)));
        LineProfile {
            impedance: best.copied().unwrap_or(usual.impedance),
            to_line_tenth_db: 0,
            from_line_tenth_db: 0,
            ..usual
        }
    }

    /// Tells every port how its line behaves.
    pub(crate) fn tell_profiles(&mut self) {
        let ports: Vec<PortId> = self.jacks.ports().collect();
        for port in ports {
            self.tell_profile(port);
        }
    }

    /// Tells one port how its line behaves: at the start, with a new configuration, and when the
    /// port is back after a fault.
    pub(crate) fn tell_profile(&mut self, port: PortId) {
        let Some(jack) = self.jacks.get(port) else {
            return;
        };
        if jack.kind == PortKind::Fxo {
            self.tell_line_profile(port);
            return;
        }
        let set = self.config.analog_on(&jack.name);
        let profile = of_country(&self.config.country, jack.capabilities);
        let times = hook_times(&self.config, set);
        for command in [
            PortCommand::SetProfile(profile),
            PortCommand::SetHookTimes(times),
        ] {
            self.out.push_back(Output::Port { port, command });
        }
    }
}

/// The country's line, as far as this hardware can.
fn of_country(country: &Country, can: Capabilities) -> LineProfile {
    let mut code = *b"US";
    for (to, &from) in code.iter_mut().zip(country.code.as_str().as_bytes()) {
        *to = from;
    }
    let (from_line, to_line) = country.set_gain_db10;
    let hz = u8::try_from(country.ring.hz).unwrap_or(25);
    let vrms = u8::try_from(country.ring.vrms).unwrap_or(u8::MAX);
    LineProfile {
        country: code,
        impedance: impedance(&country.impedance),
        to_line_tenth_db: to_line,
        from_line_tenth_db: from_line,
        ring: RingSignal {
            hz: hz.clamp(16, 60),
            vrms: vrms.min(can.ring_vrms).clamp(40, 90),
        },
        loop_ma: LOOP_MA,
        meter: match country.metering_hz {
            Some(12_000) => Meter::Khz12,
            Some(_) | None => Meter::Khz16,
        },
    }
}

/// The impedance of that name in the country files; a name that a port has no match for is what most
/// of the world has.
fn impedance(name: &str) -> Impedance {
    match name {
        "900" => Impedance::Ohm900,
        "tbr21" => Impedance::Tbr21,
        "220_820_120" => Impedance::Ohm220Plus820,
        "220_820_115" => Impedance::Ohm220Plus820Short,
        "nz_370_620_310" => Impedance::Ohm370Plus620,
        "uk_320_1050_230" => Impedance::Ohm320Plus1050,
        "china_200_680_100" => Impedance::Ohm200Plus680,
        _ => Impedance::Ohm600,
    }
}

/// How the hook of a set is judged: as its entry says, else as its country does.
fn hook_times(config: &Config, set: Option<&Analog>) -> HookTimes {
    let usual = HookTimes::default();
    let (least, most) = match set {
        Some(set) => set.flash_ms(&config.country),
        None => config.country.flash_detect_ms,
    };
    let times = HookTimes {
        flash_ms_min: least.max(usual.pulse_break_ms_min + 1),
        flash_ms_max: most,
        ..usual
    };
    if times.are_sound() { times } else { usual }
}

/// How long after a hook is open this set counts as hung up, in ms.
pub(crate) fn release_ms(config: &Config, set: Option<&Analog>) -> u64 {
    let times = hook_times(config, set);
    u64::from(times.flash_ms_max) + u64::from(times.release_margin_ms)
}

#[cfg(test)]
mod tests {
    use super::*;
    use config::CountryCode;

    #[test]
    fn every_country_gives_a_sound_line() {
        let can = Capabilities {
            ring_vrms: 75,
            ..Capabilities::default()
        };
        for code in CountryCode::all() {
            let text = format!(
                "[office]\ncountry = \"{code}\"\n[[analog]]\nport = \"fxs1\"\n[[analog]]\nport = \
                 \"fxs2\"\npulse_dialling = false\n"
            );
            let config = Config::parse(&text).expect("a legal text");
            let profile = of_country(&config.country, can);
            assert!(profile.is_sound(), "{code}: {profile:?}");
            assert!(profile.ring.vrms <= 75);
            let known = ["600", "aon"].contains(&config.country.impedance.as_str());
            assert!(
                known || profile.impedance != Impedance::Ohm600,
                "{code}: {}",
                config.country.impedance
            );
            for set in &config.analog {
                let (least, most) = set.flash_ms(&config.country);
                let times = hook_times(&config, Some(set));
                assert_eq!((times.flash_ms_min, times.flash_ms_max), (least, most));
            }
        }
    }

    #[test]
    fn an_entry_may_have_a_flash_of_its_own() {
        let text = "[office]\ncountry = \"PL\"\n[[analog]]\nport = \"fxs1\"\nflash_min_ms = \
                    90\nflash_max_ms = 200\n";
        let config = Config::parse(text).expect("a legal text");
        let times = hook_times(&config, config.analog.first());
        assert_eq!((times.flash_ms_min, times.flash_ms_max), (90, 200));
        assert_eq!(release_ms(&config, config.analog.first()), 300);
    }
}
