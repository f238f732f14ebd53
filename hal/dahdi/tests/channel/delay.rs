//! From one set of a card to another, sample by sample.

use std::sync::Arc;

use hal_dahdi::{DahdiAudio, DahdiSet, signalling};
use hal_port::{AudioHalf as _, FRAME, Frame, Readiness};

use crate::fake::Fake;

/// Sets A and B, lifted, in a call that only swaps blocks.
struct Call {
    kernels: [Arc<Fake>; 2],
    halves: [DahdiAudio<Fake>; 2],
    card: u16,
    /// Everything that B heard.
    heard: Vec<i16>,
}

impl Call {
    fn new(card: u16) -> Self {
        let kernels = [(); 2].map(|()| Arc::new(Fake::new(signalling::FXOKS)));
        let halves = kernels.each_ref().map(|kernel| {
            let open = DahdiSet::new("fxs1".into(), Arc::clone(kernel));
            let (_, audio) = open.expect("a set's");
            let mut state = kernel.state();
            state.set_contact(true);
            state.tx_off_hook = true;
            drop(state);
            audio.on_card(card)
        });
        Self {
            kernels,
            halves,
            card,
            heard: Vec::new(),
        }
    }

    /// Ten milliseconds of the card.
    fn pass(&mut self, said: &Frame) {
        self.kernels[0].state().speak(said);
        self.kernels[1].state().speak(&[0; FRAME]);
        self.heard.extend(self.kernels[1].state().heard());
    }

    /// The exchange takes a block of each and gives it to the other.
    fn serve(&mut self) {
        let mut blocks = [[0; FRAME]; 2];
        for (half, block) in self.halves.iter_mut().zip(&mut blocks) {
            half.take(block);
        }
        for (half, block) in self.halves.iter_mut().zip(blocks.iter().rev()) {
            half.give(block);
        }
    }

    /// A says a click in a call that goes on; after how many samples B hears it.
    fn delay(&mut self) -> usize {
        for _ in 0..10 {
            self.pass(&[0; FRAME]);
            self.serve();
        }
        let at = self.heard.len() + 33;
        let mut click = [0; FRAME];
        click[33] = 8_000;
        self.pass(&click);
        self.serve();
        for _ in 0..10 {
            self.pass(&[0; FRAME]);
            self.serve();
        }
        let heard = self.heard.iter().rposition(|&sample| sample > 4_000);
        heard.expect("heard") - at
    }

    fn dry(&self) -> usize {
        self.kernels[1].state().dry
    }
}

#[test]
fn from_set_to_set_takes_twenty_milliseconds() {
    let mut call = Call::new(0);
    assert_eq!(call.delay(), 160);
    let dry = call.dry();
    assert_eq!(call.delay(), 160);
    assert_eq!(call.dry(), dry, "the kernel ran dry");
    assert_eq!(usize::from(call.halves[0].latency_samples()), 160 - FRAME);
    assert_eq!(call.halves[0].card(), Some(call.card));
}

/// Another card of the board is served at the ticks that the first one gives: up to a block late.
#[test]
fn a_card_beside_the_first_has_room_for_a_late_tick() {
    let mut call = Call::new(1);
    assert_eq!(call.delay(), 240);
    // One turn is a whole block late, and the next in time.
    let dry = call.dry();
    call.pass(&[0; FRAME]);
    call.pass(&[0; FRAME]);
    assert_eq!(call.halves[0].readiness(), Readiness::Since(80));
    call.serve();
    call.serve();
    assert_eq!(call.delay(), 240);
    assert_eq!(call.dry(), dry, "the kernel ran dry");
}

/// Who comes so late that the line heard silence begins anew, at the same distance.
#[test]
fn a_late_turn_is_counted_and_the_delay_comes_back() {
    let mut call = Call::new(0);
    assert_eq!(call.delay(), 160);
    for _ in 0..3 {
        call.pass(&[7; FRAME]);
    }
    let status = call.halves[0].take(&mut [0; FRAME]);
    assert!(status.silent);
    assert_eq!((status.overrun, status.underrun), (240, 80));
    assert_eq!(call.halves[0].readiness(), Readiness::NotYet);
    assert_eq!(call.delay(), 160);
}
