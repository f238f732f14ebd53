//! Who hears whom: the arena of bridges. A bridge is a list of slots; what sounds in it is made
//! elsewhere.

use model::{BridgeId, limits};

/// The legs of one bridge, in the order in which they came.
#[derive(Clone, Debug)]
struct Bridge {
    slots: [u16; limits::LEGS_PER_BRIDGE],
    len: usize,
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
        let empty = Bridge {
            slots: [0; limits::LEGS_PER_BRIDGE],
            len: 0,
        };
        Self {
            all: vec![empty; count],
            top: 0,
        }
    }

    /// One more than the last bridge with legs in it.
    pub(crate) const fn used(&self) -> usize {
        self.top
    }

    /// The slots of the legs in the bridge; empty if there is no such bridge.
    pub(crate) fn members(&self, id: BridgeId) -> &[u16] {
        self.all
            .get(usize::from(id.0))
            .and_then(|bridge| bridge.slots.get(..bridge.len))
            .unwrap_or(&[])
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
        let last = self.all.iter().rposition(|bridge| bridge.len > 0);
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
            let slot = u16::try_from(slot).expect("128 fits");
            assert_eq!(bridges.join(BridgeId(0), slot), Ok(()));
        }
        assert_eq!(bridges.join(BridgeId(0), 999), Err(JoinError::Full));
    }
}
