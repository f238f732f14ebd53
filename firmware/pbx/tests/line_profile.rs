//! The port of an outside line is told how to behave towards the carrier: at the start, with a new configuration,
//! and when its chip is back; with the impedance that was found to balance the line, if one was.

use std::{collections::BTreeMap, sync::Arc};

use config::Config;
use hal_port::{Capabilities, FaultKind, Impedance, LineProfile, PortCommand, PortEvent, PortKind};
use model::{EntryId, LineBalance, Now, PortId, Seq, Wall, limits};
use pbx::{Input, Jack, Keys, Output, Pbx, Setup};

const PORT: PortId = PortId(0);

fn config(country: &str) -> Arc<Config> {
    let text = format!(
        "[office]\ncountry = \"{country}\"\n[[line]]\nid = \"city\"\nport = \"fxo1\"\ngain_to_line_db = 3\n"
    );
    Arc::new(Config::parse(&text).expect("a legal text"))
}

fn now(ms: u64) -> Now {
    Now {
        mono: model::Instant::from_millis(ms),
        ..Now::default()
    }
}

/// A Polish office with a line, of which a search found this.
fn office(best: Option<u8>) -> Pbx {
    let balance = LineBalance {
        at: Wall::from_secs(1),
        tried: Wall::from_secs(1),
        best,
        erl_db10: [None; limits::IMPEDANCES],
    };
    let setup = Setup {
        config: config("PL"),
        version: 1,
        jacks: vec![Jack {
            port: PORT,
            name: "fxo1".into(),
            kind: PortKind::Fxo,
            capabilities: Capabilities::default(),
            lifeline: None,
        }],
        bindings: Vec::new(),
        md5: Vec::new(),
        next_seq: Seq(1),
        seed: [5; 32],
        media_legs: 16,
        pairs: Vec::new(),
        external: None,
        flows: (Vec::new(), 0),
        fingerprint: None,
        line_tones: Vec::new(),
        line_balance: vec![(EntryId::new("city").expect("an id"), balance)],
        lifelines: Vec::new(),
        messages: Vec::new(),
        resumed: false,
    };
    Pbx::new(now(0), setup, Box::new(Keys::new([9; 32], BTreeMap::new())))
}

fn told(pbx: &mut Pbx) -> Vec<LineProfile> {
    let all = std::iter::from_fn(|| pbx.poll());
    all.filter_map(|output| match output {
        Output::Port {
            port: PORT,
            command: PortCommand::SetProfile(profile),
        } => Some(profile),
        _ => None,
    })
    .collect()
}

#[test]
fn a_lines_port_follows_the_country_and_keeps_what_was_found() {
    for (best, polish, british) in [
        (None, Impedance::Tbr21, Impedance::Ohm320Plus1050),
        (Some(1), Impedance::Ohm900, Impedance::Ohm900),
    ] {
        let mut pbx = office(best);
        let [profile] = told(&mut pbx)[..] else {
            panic!("told once at the start");
        };
        assert_eq!((profile.country, profile.impedance), (*b"PL", polish));
        // The entry's gain is given to the sound.
        assert_eq!(
            (profile.to_line_tenth_db, profile.from_line_tenth_db),
            (0, 0)
        );
        pbx.handle(
            now(10),
            Input::Config {
                version: 2,
                text: "".into(),
                config: config("GB"),
            },
        );
        let [profile] = told(&mut pbx)[..] else {
            panic!("told once with the new configuration");
        };
        assert_eq!((profile.country, profile.impedance), (*b"GB", british));
        for event in [PortEvent::Fault(FaultKind::Lost), PortEvent::Recovered] {
            let port = PORT;
            pbx.handle(now(20), Input::Port { port, event });
        }
        assert_eq!(
            told(&mut pbx),
            [profile],
            "a chip that is back knows nothing"
        );
    }
}
