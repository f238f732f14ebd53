//! Who hears whom: the arena of bridges. A bridge is a list of slots; what sounds in it is made
//! elsewhere.

use dsp::mix::Limiter;
use dsp::resample::Down2;
use model::{BridgeId, limits};

use crate::block::Rate;
use crate::clip::Player;
use crate::mixer::hearing::Exceptions;

use crate::mixer::share::Groups;

/// The legs of one bridge, in the order in which they came, and what must go on smoothly in what
/// they hear.
#[derive(Clone, Debug)]
pub(crate) struct Bridge {
    slots: [u16; limits::LEGS_PER_BRIDGE],
    len: usize,
    /// The rate of the mix: wide as soon as one leg is.
    pub(crate) rate: Rate,
    /// There are narrow legs in a wide mix.
    pub(crate) mixed: bool,
    pub(crate) exceptions: Exceptions,
    /// Those who are sent the same octets.
    pub(crate) groups: Groups,
    /// What keeps the common mix within bounds.
    pub(crate) limiter: Limiter,
    /// What makes the common mix narrow.
    pub(crate) down: Down2,
    /// The last samples of those who left; they wear away.
    pub(crate) tail: i32,
    /// An announcement to all, and how loud the rest is under it.
    pub(crate) saying: Option<Player>,
    pub(crate) duck: f32,
    /// The last sample of the common mix, narrow and wide.
    pub(crate) last: [i16; 2],
}

impl Bridge {
    const fn new() -> Self {
        Self {
            slots: [0; limits::LEGS_PER_BRIDGE],
            len: 0,
            rate: Rate::Narrow,
            mixed: false,
            exceptions: Exceptions::EMPTY,
            groups: Groups::new(),
            limiter: Limiter::new(),
            down: Down2::new(),
            tail: 0,
            saying: None,
            duck: 1.0,
            last: [0; 2],
        }
    }

    /// The slots of its legs.
    pub(crate) fn members(&self) -> &[u16] {
        self.slots.get(..self.len).unwrap_or(&[])
    }

    /// Where a leg is among the members.
    pub(crate) fn index_of(&self, slot: u16) -> Option<usize> {
        self.members().iter().position(|&other| other == slot)
    }
}

/// Why a leg could not join.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum JoinError {
    /// The id is not below `limits::BRIDGES`.
    NoBridge,
    /// `limits::LEGS_PER_BRIDGE` are there already.
    Full,
}

/// All bridges; none is ever allocated after the start.
#[derive(Debug)]
pub(crate) struct Bridges {
    all: Vec<Bridge>,
    /// Bridges from here on are empty.
    top: usize,
}

impl Bridges {
    pub(crate) fn new(count: usize) -> Self {
        Self {
            all: vec![Bridge::new(); count],
            top: 0,
        }
    }

    /// One more than the last bridge with legs in it.
    pub(crate) const fn used(&self) -> usize {
        self.top
    }

    /// The slots of the legs in the bridge; empty if there is no such bridge.
    pub(crate) fn members(&self, id: BridgeId) -> &[u16] {
        self.see(id).map_or(&[], Bridge::members)
    }

    pub(crate) fn see(&self, id: BridgeId) -> Option<&Bridge> {
        self.all.get(usize::from(id.0))
    }

    pub(crate) fn at(&mut self, id: BridgeId) -> Option<&mut Bridge> {
        self.all.get_mut(usize::from(id.0))
    }

    /// The two legs of a bridge of exactly two.
    pub(crate) fn pair(&self, id: BridgeId) -> Option<(u16, u16)> {
        match self.members(id) {
            &[a, b] => Some((a, b)),
            _ => None,
        }
    }

    pub(crate) fn join(&mut self, id: BridgeId, slot: u16) -> Result<(), JoinError> {
        let index = usize::from(id.0);
        let bridge = self.all.get_mut(index).ok_or(JoinError::NoBridge)?;
        let place = bridge.slots.get_mut(bridge.len).ok_or(JoinError::Full)?;
        *place = slot;
        bridge.len = bridge.len.saturating_add(1);
        self.top = self.top.max(index.saturating_add(1));
        Ok(())
    }

    pub(crate) fn leave(&mut self, id: BridgeId, slot: u16) {
        let Some(bridge) = self.all.get_mut(usize::from(id.0)) else {
            return;
        };
        let members = bridge.slots.get_mut(..bridge.len).unwrap_or(&mut []);
        if let Some(at) = members.iter().position(|&other| other == slot) {
            members.get_mut(at..).unwrap_or(&mut []).rotate_left(1);
            bridge.len = bridge.len.saturating_sub(1);
        }
        let used = self.all.get(..self.top).unwrap_or(&[]);
        let last = used.iter().rposition(|bridge| bridge.len > 0);
        self.top = last.map_or(0, |at| at.saturating_add(1));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn legs_come_and_go_in_order() {
        let mut bridges = Bridges::new(2);
        let id = BridgeId(1);
        for slot in [4, 9, 2] {
            assert_eq!(bridges.join(id, slot), Ok(()));
        }
        bridges.leave(id, 9);
        bridges.leave(id, 77);
        assert_eq!(bridges.members(id), [4, 2]);
        assert_eq!(bridges.pair(id), Some((4, 2)));
        assert_eq!(bridges.members(BridgeId(0)), []);
        assert_eq!(bridges.used(), 2);
        bridges.leave(id, 4);
        bridges.leave(id, 2);
        assert_eq!(bridges.used(), 0);
    }

    #[test]
    fn limits_are_refusals() {
        let mut bridges = Bridges::new(1);
        assert_eq!(bridges.join(BridgeId(1), 0), Err(JoinError::NoBridge));
        for slot in 0..limits::LEGS_PER_BRIDGE {
            let slot = u16::try_from(slot).expect("fits");
            assert_eq!(bridges.join(BridgeId(0), slot), Ok(()));
        }
        assert_eq!(bridges.join(BridgeId(0), 999), Err(JoinError::Full));
    }
}
