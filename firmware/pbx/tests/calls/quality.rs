//! How each leg of a call sounded stands in the ledger: a record a minute, and one for what is left at the end.

use core::time::Duration;

use model::{
    CallId, Command, EventBody, Instant, LegId, MediaEvent, QualityCause, QualityMinute, Rule,
};
use pbx::Input;

use crate::{
    office::TEXT,
    phones::{EWA, JAN, both},
    rig::Rig,
};

/// What the media plane says of the so-manieth minute of one of the two legs.
fn minute(leg: u16, at: u16, seconds: u8) -> QualityMinute {
    QualityMinute {
        seconds,
        packets: u32::from(seconds) * 50,
        lost: u32::from(at),
        mos_100: 430 - 40 * leg - at,
        mos_100_min: 300 - 40 * leg - at,
        cause: [QualityCause::Loss, QualityCause::Late][usize::from(leg)],
        ..QualityMinute::default()
    }
}

type Told = (Instant, LegId, QualityMinute);

/// The figures that the ledger has of a call, with when they came.
fn told(rig: &Rig, call: CallId) -> Vec<Told> {
    let of_call = rig.records.iter().filter(|r| r.event.call == Some(call));
    let figures = of_call.filter_map(|record| match record.event.body {
        EventBody::LegQuality { minute } => {
            assert_eq!(record.event.rule, Rule::Periodic);
            let leg = record.event.leg.expect("figures are a leg's");
            Some((record.at.mono, leg, minute))
        }
        _ => None,
    });
    figures.collect()
}

#[test]
fn each_leg_has_one_record_a_minute_and_one_at_the_end() {
    let mut rig = Rig::new(TEXT, both());
    rig.call(EWA, JAN);
    rig.answer(JAN);
    rig.confirm(EWA);
    let places = rig.phone_places();
    let [ewa, jan] = places[..] else {
        panic!("two legs: {places:?}");
    };
    let legs = [ewa, jan].map(|place| rig.pbx.leg_of(place).expect("it is somebody's"));
    let call = rig.records.iter().find_map(|record| record.event.call);
    let call = call.expect("there is a call");
    let mut wanted = Vec::new();
    for at in 1..=3 {
        rig.pass_ms(60_000);
        for (of, leg) in (0..).zip([ewa, jan]) {
            let minute = minute(of, at, 60);
            rig.media_says(MediaEvent::QualityMinute { leg, minute });
            wanted.push((legs[usize::from(of)], minute));
        }
    }
    // Twelve seconds more, of which there is no whole minute.
    rig.pass_ms(12_000);
    for (of, leg) in (0..).zip([ewa, jan]) {
        rig.begun_minutes.insert(leg, minute(of, 4, 12));
    }
    rig.tell(Input::Command(Command::HangUp(call)));
    let told = told(&rig, call);
    let whole: Vec<_> = told.iter().map(|&(_, leg, minute)| (leg, minute)).collect();
    let (minutes, mut last) = (&whole[..6], whole[6..].to_vec());
    assert_eq!(minutes, wanted);
    last.sort_by_key(|&(leg, _)| leg);
    assert_eq!(
        last,
        [(legs[0], minute(0, 4, 12)), (legs[1], minute(1, 4, 12))]
    );
    // They came when they were told, and the last ones before the call was over.
    let apart = told[2].0.since(told[0].0);
    assert!(apart.abs_diff(Duration::from_secs(60)) < Duration::from_millis(50));
    let is_end = |body: &EventBody| matches!(body, EventBody::CallEnded { .. });
    let is_figure = |body: &EventBody| matches!(body, EventBody::LegQuality { .. });
    let place = |is_it: &dyn Fn(&EventBody) -> bool| {
        rig.records
            .iter()
            .rposition(|record| is_it(&record.event.body))
    };
    assert!(place(&is_figure) < place(&is_end), "{:#?}", rig.records);
}

/// A place in the media plane is used again: what it says late belongs to nobody.
#[test]
fn a_leg_that_is_over_has_no_more_records() {
    let mut rig = Rig::new(TEXT, both());
    rig.call(EWA, JAN);
    let leg = rig.phone_places()[0];
    let call = rig.records.iter().find_map(|record| record.event.call);
    let call = call.expect("there is a call");
    rig.tell(Input::Command(Command::HangUp(call)));
    let minute = minute(0, 1, 60);
    rig.media_says(MediaEvent::QualityMinute { leg, minute });
    assert_eq!(told(&rig, call), []);
}
