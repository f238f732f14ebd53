//! A set that is a fax machine: its calls are in G.711, nothing is done to their sound and nothing sounds in them.

use hal_port::PortEvent;
use model::{MediaCommand, MediaLeg, VoiceOptions};

use crate::{
    office::TEXT,
    phones::{EWA, JAN, both, formats},
    rig::{Rig, SET},
};

const MACHINE: &str = "301";

/// Jan, Ewa, whose noise is taken out otherwise, and a set.
fn office(fax: bool) -> Rig {
    let text = format!(
        "{TEXT}[[analog]]\nid = \"set\"\nport = \"fxs1\"\nextension = \"{MACHINE}\"\n\
         call_waiting = true\nfax = {fax}\n"
    );
    Rig::new(&text, both())
}

/// What was wished last for the sound of a phone.
fn voice(rig: &Rig, phone: MediaLeg) -> VoiceOptions {
    let mut told = rig.media.iter().rev();
    let options = told.find_map(|command| match command {
        MediaCommand::SetVoice { leg, options } if *leg == phone => Some(*options),
        _ => None,
    });
    options.unwrap_or_default()
}

/// Carried as data: with a buffer that never changes, and untouched.
const DATA: VoiceOptions = VoiceOptions {
    auto_level: false,
    denoise: false,
    data: true,
};
const EWAS: VoiceOptions = VoiceOptions {
    auto_level: false,
    denoise: true,
    data: false,
};

#[test]
fn a_fax_machine_that_calls_offers_g711_without_pauses() {
    let (machine, set) = (
        &["8", "0", "101"][..],
        &["8", "0", "111", "9", "13", "101", "110"][..],
    );
    for (fax, offered, options) in [(true, machine, DATA), (false, set, EWAS)] {
        let mut rig = office(fax);
        rig.lift();
        rig.dial(EWA);
        rig.pass_ms(5_000);
        assert_eq!(formats(&rig.last_to(EWA, "INVITE ")), offered);
        rig.answer(EWA);
        assert_eq!(voice(&rig, rig.phone_places()[0]), options);
    }
}

#[test]
fn a_fax_machine_that_is_called_takes_the_sound_as_it_comes() {
    for (fax, options) in [(true, DATA), (false, EWAS)] {
        let mut rig = office(fax);
        rig.call(EWA, MACHINE);
        rig.pass_ms(1_000);
        rig.lift();
        assert_eq!(formats(&rig.confirm(EWA)), ["8", "101"]);
        assert_eq!(voice(&rig, rig.phone_places()[0]), options);
    }
}

/// What other codecs make of a fax cannot be read any more.
#[test]
fn whoever_has_no_g711_cannot_call_a_fax_machine() {
    for (fax, status) in [(true, "SIP/2.0 488 "), (false, "SIP/2.0 200 ")] {
        let mut rig = office(fax);
        rig.offered = "9 101";
        rig.call(EWA, MACHINE);
        rig.pass_ms(1_000);
        rig.lift();
        rig.last_to(EWA, status);
    }
}

#[test]
fn no_second_caller_sounds_in_a_fax() {
    for fax in [true, false] {
        let mut rig = office(fax);
        rig.call(EWA, MACHINE);
        rig.pass_ms(1_000);
        rig.port(SET, PortEvent::OffHook);
        rig.confirm(EWA);
        let told = rig.call(JAN, MACHINE);
        let busy = told
            .as_ref()
            .is_some_and(|told| told.starts_with("SIP/2.0 486"));
        assert_eq!(busy, fax, "{told:?}");
    }
}
