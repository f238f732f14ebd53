//! Other ports for voice are configured while the exchange runs.

mod office;

use std::sync::Arc;

use config::Config;
use model::{MediaCommand, MediaEvent, PairId};
use office::{TEXT, exchange, now};
use pbx::{Input, Output, Pbx};

/// Puts a configuration in force; what the media plane is told.
fn configure(pbx: &mut Pbx, version: u64, network: &str) -> Vec<MediaCommand> {
    let text = format!("{network}[office]\ncountry = \"PL\"\n");
    let config = Arc::new(Config::parse(&text).expect("a legal text"));
    tell(
        pbx,
        Input::Config {
            version,
            text: text.into(),
            config,
        },
    )
}

fn tell(pbx: &mut Pbx, input: Input) -> Vec<MediaCommand> {
    pbx.handle(now(10), input);
    let all = std::iter::from_fn(|| pbx.poll());
    all.filter_map(|output| match output {
        Output::Media(command) => Some(command),
        _ => None,
    })
    .collect()
}

#[test]
fn new_ports_are_those_of_new_calls() {
    let mut pbx = exchange(TEXT, Vec::new(), Vec::new());
    while pbx.poll().is_some() {}
    let before = pbx.figures().pairs_ready;
    assert!(before > 1);
    let network = "[network]\nrtp_ports = \"30000-30099\"\n";
    let told = configure(&mut pbx, 2, network);
    let drop = |pair| MediaCommand::DropPair { pair: PairId(pair) };
    let use_ports = MediaCommand::UsePorts {
        first: 30_000,
        last: 30_099,
    };
    let wanted: Vec<_> = [use_ports]
        .into_iter()
        .chain((0..).map(drop).take(before))
        .collect();
    assert_eq!(told, wanted, "no pair of the old range is left");
    assert_eq!(pbx.figures().pairs_ready, 0);
    // One was on its way when the range changed.
    let pair = PairId(90);
    let late = MediaEvent::PairReady { pair, port: 20_090 };
    assert_eq!(tell(&mut pbx, Input::Media(late)), [drop(90)]);
    let pair = PairId(91);
    let fresh = MediaEvent::PairReady { pair, port: 30_000 };
    assert_eq!(tell(&mut pbx, Input::Media(fresh)), []);
    assert_eq!(pbx.figures().pairs_ready, 1);
    // A save that leaves the ports alone.
    let told = configure(&mut pbx, 3, network);
    assert_eq!(told, [], "nothing changes");
    assert_eq!(pbx.figures().pairs_ready, 1);
}
