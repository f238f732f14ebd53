//! A fax machine's sound comes out as it went in, on a network that is neither even nor whole.

use dsp::g711::Law;
use model::{MediaCommand, VoiceOptions};

use crate::rig::Rig;

const PACKETS: u64 = 400;
/// By so many ms packets are late, one after the other.
const LATE_MS: [u64; 5] = [0, 15, 3, 9, 18];
/// One of so many packets is lost.
const LOST: u64 = 37;

/// What a port hears of a phone, and what the phone said: silence where a packet was lost.
fn heard_and_said(data: bool) -> (Vec<i16>, Vec<i16>) {
    let mut rig = Rig::new();
    let mut phone = rig.phone(0);
    let set = rig.set(1);
    let options = VoiceOptions {
        data,
        ..VoiceOptions::default()
    };
    let leg = phone.leg;
    rig.command(MediaCommand::SetVoice { leg, options });
    rig.join(phone.leg, 0);
    rig.join(set, 0);
    let (mut said, mut time) = (Vec::new(), 0);
    for (packet, late) in (0..PACKETS).zip(LATE_MS.into_iter().cycle()) {
        let at = 20 * packet + late;
        rig.pass(at - time);
        time = at;
        let bytes = phone.clone().packet();
        let mut block = [0; 160];
        Law::A.decode_into(bytes.get(12..).expect("a payload"), &mut block);
        if packet % LOST == LOST - 1 {
            phone.packet();
            block.fill(0);
        } else {
            rig.say(&mut phone);
        }
        said.extend(block);
    }
    rig.pass(200);
    (rig.port_heard(set).to_vec(), said)
}

/// How much of what was said is heard, in one piece from its third packet on.
fn as_it_was(heard: &[i16], said: &[i16]) -> usize {
    let said = said.get(320..).unwrap_or(&[]);
    let begin = said.get(..160).expect("packets");
    let windows = heard.windows(160).enumerate();
    let begins = windows.filter(|(_, window)| *window == begin);
    let same = |(at, _): (usize, &[i16])| {
        let heard = heard.get(at..).unwrap_or(&[]);
        let pairs = heard.iter().zip(said);
        pairs.take_while(|(heard, said)| heard == said).count()
    };
    // A tone is like itself in many places.
    begins.map(same).max().unwrap_or(0)
}

#[test]
fn data_are_neither_stretched_nor_made_up() {
    let (heard, said) = heard_and_said(true);
    assert_eq!(as_it_was(&heard, &said), said.len() - 320);
    let (heard, said) = heard_and_said(false);
    let same = as_it_was(&heard, &said);
    assert!(same < said.len() / 2, "a voice is mended: {same}");
}
