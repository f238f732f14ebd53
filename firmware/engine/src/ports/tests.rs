//! Two sets of a board in a call, in virtual time: the card has its clock, the box its own.

use hal_alsa::{Highway, Period, SampleFormat};
use hal_port::FrameStatus;
use media::PlaneCommand;
use model::{BridgeId, MediaCommand, Now, Route};

use super::*;

/// The box looks at its clock this often.
const STEP_NS: u64 = 50_000;

/// A board and its media thread without the thread.
struct World {
    highway: Highway,
    period: Period,
    ports: Ports,
    plane: Plane,
    clock: Clock,
    box_ns: u64,
    /// When the card has its next period, by the box's clock.
    card_ns: f64,
    /// The card is so much faster.
    ppm: f64,
    /// When the tick looks for the card again.
    look_at: Option<Instant>,
    slips: u64,
    /// Everything that the first set said, and that the second one heard.
    said: Vec<i16>,
    heard: Vec<i16>,
    dice: u32,
}

impl World {
    /// Sets on the first two slots; the card's first period comes `phase_ns` after a tick.
    fn new(period: Period, ppm: f64, phase_ns: u32) -> Self {
        let (highway, halves) = Highway::new(SampleFormat::Linear, 2, period, &[0, 1]);
        let halves = halves
            .into_iter()
            .map(|half| Box::new(half) as Box<dyn AudioHalf>);
        let mut world = Self {
            ports: Ports::with_room(2),
            plane: Plane::with_limits(Now::default(), 8, 4),
            clock: Clock::start(),
            box_ns: 0,
            card_ns: f64::from(phase_ns),
            ppm,
            look_at: None,
            slips: 0,
            said: Vec::new(),
            // What the device plays first.
            heard: vec![0; highway.silence().len() / 4],
            highway,
            period,
            dice: 1,
        };
        world.ports.bring((0..).map(PortId).zip(halves).collect());
        for slot in 0..2 {
            world.seat(slot);
        }
        world
    }

    /// A port in a leg, and the leg in the bridge.
    fn seat(&mut self, slot: u16) {
        let leg = MediaLeg {
            slot,
            generation: 0,
        };
        let object = media::PortLeg::boxed(PortId(slot));
        let port = self.ports.all.get_mut(usize::from(slot));
        port.expect("one of two").begin(leg);
        let route = Route::Bridge(BridgeId(0));
        let route = MediaCommand::SetRoute { leg, route };
        for command in [PlaneCommand::AddPortLeg { leg, object }, route.into()] {
            self.plane.command(Instant::ZERO, command);
            while self.plane.poll().is_some() {}
        }
    }

    fn now(&self) -> Instant {
        Instant::from_nanos(self.box_ns.saturating_add_signed(self.clock.ahead_ns()))
    }

    /// A period of the card: the first set says noise.
    fn card(&mut self) {
        let mut input = vec![0; self.highway.octets()];
        for frame in input.chunks_exact_mut(4) {
            self.dice = self
                .dice
                .wrapping_mul(1_664_525)
                .wrapping_add(1_013_904_223);
            let sample = (self.dice >> 18) as i16 - 8_192;
            self.said.push(sample);
            frame[..2].copy_from_slice(&sample.to_le_bytes());
        }
        let mut output = vec![0; input.len()];
        self.highway.period(&input, &mut output);
        let played = output.chunks_exact(4);
        self.heard
            .extend(played.map(|frame| i16::from_le_bytes([frame[2], frame[3]])));
    }

    /// What the media thread does when it looks at the clock.
    fn turn(&mut self) {
        let now = self.now();
        let due = self.plane.next_deadline().map(|(due, _)| due);
        if due.is_none_or(|due| due > now) || self.look_at.is_some_and(|at| at > now) {
            return;
        }
        self.look_at = None;
        if self.ports.hold(now, &self.clock) {
            self.look_at = Some(now + LOOK);
            return;
        }
        let slips = &mut self.slips;
        self.ports.hear(&mut self.plane, |_, told| {
            if let Told::Slips(samples) = told {
                *slips += samples;
            }
        });
        self.plane.timeout(now);
        self.ports.tell(&mut self.plane);
        while self.plane.poll().is_some() {}
    }

    fn pass(&mut self, seconds: u64) {
        let end = self.box_ns + seconds * 1_000_000_000;
        let period_ns = f64::from(self.period.frames()) * 125_000.0 / (1.0 + self.ppm * 1e-6);
        while self.box_ns < end {
            self.box_ns += STEP_NS;
            if self.box_ns as f64 >= self.card_ns {
                self.card_ns += period_ns;
                self.card();
            }
            self.turn();
        }
    }

    /// After how many samples the second set heard what the first one says, all of it and unchanged.
    fn delay(&self, from: usize) -> Option<usize> {
        let said = self.said.get(from..from + 4_000)?;
        (0..1_000).find(|delay| self.heard.get(from + delay..from + delay + 4_000) == Some(said))
    }
}

/// The whole of it: the card's buffers, the thread's turn, the bridge. Whatever the clocks are, nothing is lost,
/// doubled or bent, and the way takes 20 ms, or 25 with the longer period.
#[test]
fn from_set_to_set_of_one_board_takes_at_most_25_ms_and_changes_no_sample() {
    for (period, samples) in [(Period::Ms5, 160), (Period::Ms10, 200)] {
        for (ppm, phase_ns) in [(0.0, 0), (90.0, 3_300_000), (-90.0, 7_700_000)] {
            let mut world = World::new(period, ppm, phase_ns);
            world.pass(3);
            let (slips, from) = (world.slips, world.said.len());
            world.pass(20);
            assert_eq!(world.slips, slips, "{ppm} ppm: something was lost");
            for from in [from, world.said.len() - 6_000] {
                assert_eq!(world.delay(from), Some(samples), "{period:?} {ppm} ppm");
            }
        }
    }
}

/// At the start the tick lies anywhere in the card's block. It finds its place at once.
#[test]
fn a_call_begins_wherever_the_card_is() {
    for phase_ns in (0..10_000_000).step_by(900_000) {
        let mut world = World::new(Period::Ms5, 50.0, phase_ns);
        world.pass(1);
        let late = world.said.len() - 4_200;
        assert_eq!(world.delay(late), Some(160), "{phase_ns}");
    }
}

/// A card that stands still for a second holds the ticks up by the patience of one tick, not of each.
#[test]
fn a_card_that_stands_still_does_not_hold_up_the_others() {
    let mut world = World::new(Period::Ms5, 0.0, 0);
    world.pass(2);
    let ticks = world.plane.figures();
    world.card_ns += 1e9;
    world.pass(1);
    let after = world.plane.figures();
    assert!((99..=101).contains(&(after.ticks - ticks.ticks)));
    assert_eq!(after.ticks_missed, ticks.ticks_missed);
    world.pass(2);
    assert_eq!(world.delay(world.said.len() - 4_200), Some(160));
}

/// A port with another clock than the first card's.
struct Beside {
    blocks: std::sync::Arc<std::sync::atomic::AtomicU32>,
    taken: u32,
    given: std::sync::mpsc::SyncSender<Frame>,
    phase: f64,
}

impl AudioHalf for Beside {
    fn take(&mut self, rx: &mut Frame) -> FrameStatus {
        self.taken += 1;
        for sample in rx {
            self.phase = (self.phase + core::f64::consts::TAU / 8.0) % core::f64::consts::TAU;
            *sample = (8_000.0 * self.phase.sin()) as i16;
        }
        FrameStatus::default()
    }

    fn give(&mut self, tx: &Frame) {
        let _ = self.given.try_send(*tx);
    }

    fn readiness(&mut self) -> Readiness {
        if self.blocks.load(std::sync::atomic::Ordering::Relaxed) > self.taken {
            Readiness::Since(0)
        } else {
            Readiness::NotYet
        }
    }

    fn card(&self) -> Option<u16> {
        Some(1)
    }
}

/// Two cards of one board: the second one's clock is crossed into, both ways, without a click.
#[test]
fn a_second_card_is_heard_and_hears_through_its_crossing() {
    let mut world = World::new(Period::Ms5, 40.0, 1_000_000);
    let blocks = std::sync::Arc::<std::sync::atomic::AtomicU32>::default();
    let (given, ear) = std::sync::mpsc::sync_channel(20_000);
    let beside = Beside {
        blocks: std::sync::Arc::clone(&blocks),
        taken: 0,
        given,
        phase: 0.0,
    };
    // It takes the place of the first set.
    let half: Box<dyn AudioHalf> = Box::new(beside);
    world.ports.all[0] = Port::boxed((PortId(0), half));
    world.ports.all[0].begin(MediaLeg {
        slot: 0,
        generation: 0,
    });
    let mut made = 0.0;
    for _ in 0..20 {
        for _ in 0..100 {
            made += 1.0 - 60e-6;
            blocks.store(made as u32, std::sync::atomic::Ordering::Relaxed);
            let end = world.box_ns + 10_000_000;
            while world.box_ns < end {
                world.box_ns += STEP_NS;
                if world.box_ns as f64 >= world.card_ns {
                    world.card_ns += 5e6 / (1.0 + world.ppm * 1e-6);
                    world.card();
                }
                world.turn();
            }
        }
        while ear.try_recv().is_ok() {}
    }
    let late = &world.heard[world.heard.len() - 40_000..];
    let root = core::f64::consts::TAU / 8.0 * (1.0 - 100e-6);
    let click = late
        .array_windows()
        .map(|&[a, b, c]| (f64::from(c) - 2.0 * root.cos() * f64::from(b) + f64::from(a)).abs())
        .fold(0.0, f64::max);
    assert!(click < 40.0, "{click}");
    assert!(late.iter().any(|&sample| sample > 7_500), "not heard");
}
