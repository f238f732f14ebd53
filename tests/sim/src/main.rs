//! `sim SEED [--profile quiet|office|storm|audio|rooms|drift|lines|phones] [--minutes N] [--silent]`: plays one
//! world and prints a line for every effect; `sim --hour` measures an hour of office time.
#![forbid(unsafe_code)]
#![expect(clippy::print_stdout, reason = "speaks to people on a terminal")]

use core::time::Duration;
use std::process::ExitCode;

use tests_sim::{Outcome, Plan, Profile, run};

const USAGE: &str = "usage: sim [SEED] [--profile quiet|office|storm|audio|rooms|drift|lines|phones] [--minutes N] [--silent] | sim --hour";

fn main() -> ExitCode {
    let Some((plan, silent)) = plan() else {
        println!("{USAGE}");
        return ExitCode::from(2);
    };
    let minutes = plan.length.as_secs() / 60;
    println!(
        "seed {} profile {} minutes {minutes} {:?}",
        plan.seed,
        plan.profile,
        plan.features()
    );
    let print: fn(&str) = |line| println!("{line}");
    let outcome = run(&plan, (!silent).then_some(print));
    report(&plan, &outcome);
    if outcome.violations.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

fn plan() -> Option<(Plan, bool)> {
    let mut plan = Plan::new(0);
    let mut silent = false;
    let mut profile = None;
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        match word.as_str() {
            "--profile" => profile = Some(Profile::from_name(&words.next()?)?),
            "--minutes" => {
                let minutes: u64 = words.next()?.parse().ok()?;
                plan.length = Duration::from_secs(60 * minutes);
            }
            "--silent" => silent = true,
            "--hour" => {
                silent = true;
                profile = Some(Profile::Office);
                plan.length = Duration::from_secs(3_600);
            }
            seed => plan.seed = seed.parse().ok()?,
        }
    }
    plan.profile = profile.unwrap_or(Profile::of_seed(plan.seed));
    Some((plan, silent))
}

fn report(plan: &Plan, outcome: &Outcome) {
    for violation in &outcome.violations {
        println!("violated  {violation}");
    }
    println!("{}", outcome.summary);
    println!(
        "seed {} profile {} effects {} hash {:016x}",
        plan.seed, plan.profile, outcome.effects, outcome.hash
    );
}
