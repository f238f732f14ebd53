//! What a tone in a call says: that the far party has hung up, that it had not, or what its hang-ups sound like.

use core::time::Duration;

use hal_port::PortEvent;
use model::{EntryId, LineHeard, LineNews, LineSign, LineTone, Rule, StateChange, ToneSignature};

use crate::{
    line::tone,
    rig::{LINE, Rig},
};

const BUSY: ToneSignature = signature(425, 500, 500);
/// No tone of this country, nor of the common ones.
const STRANGE: ToneSignature = signature(540, 900, 300);

const fn signature(hz: u16, on: u16, off: u16) -> ToneSignature {
    ToneSignature {
        hz: [hz, 0],
        cadence_ms: [on, off, 0, 0, 0, 0, 0, 0],
    }
}

/// How many hang-ups were none: what everybody is told, and what the line's own page shows.
fn false_ones(rig: &Rig) -> (u64, u32) {
    let figures = rig.pbx.port_figures();
    let line = figures.iter().find(|figures| figures.port == LINE);
    let of_line = line.expect("the line").hang_ups.false_ones;
    (rig.pbx.counters().false_hang_ups, of_line)
}

/// The tones that the line has taught so far, as they are stored.
fn learned(rig: &Rig) -> Vec<ToneSignature> {
    let mut states = rig.states.iter().rev();
    let tones = states.find_map(|change| match change {
        StateChange::LineTones { line, tones } => {
            assert_eq!(*line, EntryId::new("city").expect("legal"));
            Some(tones.clone())
        }
        _ => None,
    });
    tones.unwrap_or_default()
}

fn hung_up(rig: &Rig) -> usize {
    let is_it = |(_, news): &&(Rule, LineNews)| matches!(news, LineNews::HungUp { .. });
    rig.news().iter().filter(is_it).count()
}

#[test]
fn who_speaks_after_the_tone_had_not_hung_up() {
    let mut rig = Rig::with_line();
    rig.come_in();
    rig.line_gives(tone(LineTone::Busy, BUSY, None));
    assert_eq!((hung_up(&rig), false_ones(&rig)), (1, (0, 0)));
    rig.pass_ms(1_500);
    rig.line_gives(LineHeard::Voice);
    let sign = LineSign::Tone;
    let told = (Rule::LineVoice, LineNews::FalseHangUp { sign });
    assert!(rig.news().contains(&told), "{:?}", rig.news());
    assert_eq!(false_ones(&rig), (1, 1));
    // What was none teaches nothing, and the line is free again all the same.
    rig.hang_up();
    rig.pass_ms(5_000);
    assert_eq!(learned(&rig), []);
    assert_eq!(rig.pbx.figures().lines_busy, 0);
}

#[test]
fn where_nobody_speaks_after_the_tone_it_was_a_hang_up() {
    let mut rig = Rig::with_line();
    rig.come_in();
    rig.line_gives(tone(LineTone::Busy, BUSY, None));
    rig.pass_ms(2_500);
    rig.hang_up();
    assert_eq!((hung_up(&rig), false_ones(&rig)), (1, (0, 0)));
    assert_eq!(learned(&rig), [BUSY]);
}

/// A tone that the box does not know ends no call, and whoever hears it hangs up.
#[test]
fn a_tone_at_which_people_hang_up_ends_the_next_call() {
    let mut rig = Rig::with_line();
    rig.come_in();
    rig.line_gives(tone(LineTone::Unknown, STRANGE, None));
    rig.pass_ms(6_000);
    assert_eq!(hung_up(&rig), 0, "it may be anything");
    rig.hang_up();
    assert_eq!(learned(&rig), [STRANGE]);
    let news = LineNews::Learned { tone: STRANGE };
    assert!(
        rig.news().contains(&(Rule::LineTone, news)),
        "{:?}",
        rig.news()
    );
    rig.pass_ms(5_000);
    rig.come_in();
    assert_eq!(rig.sound().learned[0], Some(STRANGE), "it is listened for");
    rig.line_gives(tone(LineTone::Busy, STRANGE, Some(0)));
    assert_eq!(hung_up(&rig), 1);
    rig.pass_ms(3_000);
    rig.hang_up();
    assert_eq!(learned(&rig), [STRANGE], "once is enough");
}

/// What else may be heard in a call before somebody hangs up is no sign of the far party's hang-up.
#[test]
fn people_who_hang_up_for_other_reasons_teach_nothing() {
    let strange = tone(LineTone::Unknown, STRANGE, None);
    let known = tone(LineTone::Busy, STRANGE, Some(0));
    let dial = tone(LineTone::Dial, STRANGE, None);
    for (case, heard, wait) in [
        (
            "the tone was long ago",
            vec![strange],
            Duration::from_secs(11),
        ),
        (
            "a voice came after it",
            vec![strange, LineHeard::Voice],
            Duration::ZERO,
        ),
        ("a dial tone is known without", vec![dial], Duration::ZERO),
        ("it is known already", vec![known], Duration::ZERO),
        ("there was none", vec![LineHeard::Voice], Duration::ZERO),
    ] {
        let mut rig = Rig::with_line();
        rig.come_in();
        for heard in heard {
            rig.line_gives(heard);
        }
        rig.pass_ms(wait.as_millis() as u64);
        rig.hang_up();
        rig.pass_ms(5_000);
        assert_eq!(learned(&rig), [], "{case}");
    }
}

/// A reversal after which nobody spoke was taken for a late answer; whoever hangs up then shows that it was the
/// far party's hang-up.
#[test]
fn a_reversal_at_which_people_hang_up_ends_the_next_call() {
    let mut rig = Rig::with_line();
    for (after, ends) in [(false, 0), (true, 1)] {
        rig.call_out();
        rig.line_gives(LineHeard::Voice);
        rig.pass_ms(3_000);
        rig.port(LINE, PortEvent::Reversed(true));
        assert_eq!(hung_up(&rig), ends, "after a lesson: {after}");
        rig.pass_ms(1_000);
        rig.hang_up();
        rig.port(LINE, PortEvent::Reversed(false));
        rig.pass_ms(5_000);
    }
}
