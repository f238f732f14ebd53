//! What happens to claim codes is in the books, with its reason, and the code is not.

mod office;

use model::{ClaimStep, Command, EventBody, Rule};
use office::{TEXT, exchange, now};
use pbx::{Input, Output};

#[test]
fn a_claim_code_is_in_the_books_with_its_reason() {
    let mut pbx = exchange(TEXT, Vec::new(), Vec::new());
    while pbx.poll().is_some() {}
    for (step, rule) in [
        (ClaimStep::Made, Rule::ButtonHeld),
        (ClaimStep::Used, Rule::ClaimCode),
    ] {
        pbx.handle(now(10), Input::Command(Command::Claim(step)));
        let written = std::iter::from_fn(|| pbx.poll()).find_map(|output| match output {
            Output::Record(record) => Some(record.event),
            _ => None,
        });
        let event = written.expect("a record");
        assert_eq!((event.rule, event.body), (rule, EventBody::Claim { step }));
    }
}
