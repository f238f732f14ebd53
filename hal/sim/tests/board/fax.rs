//! Two sets that are fax machines, and nobody between them.

use hal_port::{Cadence, PortCommand, PortEvent};
use hal_sim::{Act, Manner};
use model::FaxTone;

use crate::world::World;

/// Sound in runs of 10 ms: what is sent (at least −15 dBm0) from the last silence on, in ms.
fn runs(said: &[i16]) -> Vec<(bool, usize)> {
    let mut runs: Vec<(bool, usize)> = Vec::new();
    for block in said.chunks_exact(80) {
        let loud = dsp::level::rms_dbm0(block) > -15.0;
        match runs.last_mut() {
            Some((on, ms)) if *on == loud => *ms += 10,
            _ => runs.push((loud, 10)),
        }
    }
    runs
}

#[test]
fn a_machine_that_calls_asks_until_another_one_answers() {
    let mut world = World::new();
    for port in ["fxs1", "fxs2"] {
        world.act(port, Act::Behave(Manner::of_fax()));
    }
    world.join();
    world.act("fxs1", Act::Lift);
    world.act("fxs1", Act::Dial { digits: "2".into() });
    world.pass(3_400);
    world.said.clear();
    // The other one is rung and answers the first ring: 1100 Hz is sent all the time, half a second of 3.5.
    let ring = Cadence::new(&[1_000, 4_000]).expect("legal");
    world.pass(6_000);
    let asked = runs(&world.said);
    let bursts: Vec<usize> = asked
        .iter()
        .filter(|(on, _)| *on)
        .map(|&(_, ms)| ms)
        .collect();
    assert!(bursts.len() >= 2, "{asked:?}");
    assert!(
        bursts.iter().all(|ms| (490..=520).contains(ms)),
        "{asked:?}"
    );
    world.command(1, PortCommand::StartRing(ring));
    world.pass(700);
    assert_eq!(world.events_of(1), [PortEvent::OffHook]);
    world.pass(7_500);
    assert_eq!(world.report("fxs2").fax, [FaxTone::Cng]);
    assert_eq!(world.report("fxs1").fax, [FaxTone::Ced, FaxTone::Preamble]);
    // The caller is quiet since it heard the other one.
    world.said.clear();
    world.pass(5_000);
    assert_eq!(runs(&world.said), [(false, 5_000)]);
    world.act("fxs1", Act::HangUp);
    world.pass(1_500);
    assert_eq!(world.report("fxs1").fax, []);
    // A set is a set again.
    world.act("fxs1", Act::Behave(Manner::default()));
    world.act("fxs1", Act::Lift);
    world.act("fxs1", Act::Dial { digits: "2".into() });
    world.pass(4_000);
    world.said.clear();
    world.pass(5_000);
    assert_eq!(runs(&world.said), [(false, 5_000)]);
}
