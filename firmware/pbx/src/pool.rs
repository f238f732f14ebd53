//! What the media plane lends out: leg slots, bridges and port pairs.

use std::collections::{BTreeSet, VecDeque};

use model::{BridgeId, MediaLeg, PairId, limits};

/// Slots with generations, given out oldest first so that a late message rarely meets a new user.
#[derive(Clone, Debug)]
pub(crate) struct LegSlots {
    free: VecDeque<MediaLeg>,
}

impl LegSlots {
    pub(crate) fn new(capacity: usize) -> Self {
        let slots = 0..u16::try_from(capacity.min(limits::MEDIA_LEGS)).unwrap_or(u16::MAX);
        let fresh = |slot| MediaLeg {
            slot,
            generation: 0,
        };
        Self {
            free: slots.map(fresh).collect(),
        }
    }

    pub(crate) fn take(&mut self) -> Option<MediaLeg> {
        self.free.pop_front()
    }

    pub(crate) fn give_back(&mut self, leg: MediaLeg) {
        self.free.push_back(MediaLeg {
            slot: leg.slot,
            generation: leg.generation.wrapping_add(1),
        });
    }

    /// As new: nothing that was given out before is still on its way.
    pub(crate) fn start_over(&mut self) {
        *self = Self::new(self.free.len());
    }

    pub(crate) fn free(&self) -> usize {
        self.free.len()
    }
}

/// Bridges: the lowest free one first.
#[derive(Clone, Debug, Default)]
pub(crate) struct Bridges {
    used: BTreeSet<BridgeId>,
}

impl Bridges {
    pub(crate) fn take(&mut self) -> Option<BridgeId> {
        let all = 0..u16::try_from(limits::BRIDGES).unwrap_or(u16::MAX);
        let free = all.map(BridgeId).find(|id| !self.used.contains(id))?;
        self.used.insert(free);
        Some(free)
    }

    pub(crate) fn give_back(&mut self, bridge: BridgeId) {
        self.used.remove(&bridge);
    }

    pub(crate) fn used(&self) -> usize {
        self.used.len()
    }
}

/// Port pairs that are bound and wait.
#[derive(Clone, Debug, Default)]
pub(crate) struct Pairs {
    ready: VecDeque<(PairId, u16)>,
}

impl Pairs {
    pub(crate) fn new(ready: Vec<(PairId, u16)>) -> Self {
        Self {
            ready: ready.into(),
        }
    }

    pub(crate) fn list(&self) -> Vec<(PairId, u16)> {
        self.ready.iter().copied().collect()
    }

    pub(crate) fn ready(&mut self, pair: PairId, port: u16) {
        self.ready.push_back((pair, port));
    }

    /// Keeps the pairs whose port is `wanted`; gives the others.
    pub(crate) fn keep(&mut self, wanted: impl Fn(u16) -> bool) -> Vec<PairId> {
        let all = core::mem::take(&mut self.ready);
        let (stay, go): (VecDeque<_>, VecDeque<_>) =
            all.into_iter().partition(|&(_, port)| wanted(port));
        self.ready = stay;
        go.into_iter().map(|(pair, _)| pair).collect()
    }

    pub(crate) fn take(&mut self) -> Option<(PairId, u16)> {
        self.ready.pop_front()
    }

    pub(crate) fn len(&self) -> usize {
        self.ready.len()
    }
}
