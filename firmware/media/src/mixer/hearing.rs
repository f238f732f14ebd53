//! Who hears whom otherwise than as it comes: the exceptions of all bridges, in one arena. Nearly
//! all bridges have none.

use model::{Gain, limits};

const NONE: u16 = u16::MAX;

/// The exceptions of one bridge: where its first one is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Exceptions(u16);

impl Exceptions {
    pub(crate) const EMPTY: Self = Self(NONE);

    pub(crate) const fn is_empty(self) -> bool {
        self.0 == NONE
    }
}

/// How loud a listener hears a speaker; both are slots.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Exception {
    pub(crate) listener: u16,
    pub(crate) speaker: u16,
    /// As a factor, at the end of the last block.
    now: f32,
    wanted: f32,
    next: u16,
}

impl Exception {
    /// Adds to `sum` what is more or less of `said` than all others hear; `None` = the speaker is
    /// silent. Changes take this block.
    pub(crate) fn correct(&mut self, said: Option<&[i16]>, sum: &mut [i32]) {
        let mut gain = core::mem::replace(&mut self.now, self.wanted);
        let Some(said) = said else { return };
        let step = (self.wanted - gain) / said.len().max(1) as f32;
        for (total, &sample) in sum.iter_mut().zip(said) {
            gain += step;
            *total = total.saturating_add((f32::from(sample) * (gain - 1.0)).round() as i32);
        }
    }

    fn is_over(&self) -> bool {
        self.now == 1.0 && self.wanted == 1.0
    }
}

/// The factor of a gain, limited to −40 to +20 dB.
fn factor(gain: Gain) -> f32 {
    match gain {
        Gain::Mute => 0.0,
        Gain::Db(0) => 1.0,
        Gain::Db(db) => 10.0_f32.powf(f32::from(db.clamp(-40, 20)) / 20.0),
    }
}

/// All exceptions.
#[derive(Debug)]
pub(crate) struct Hearing {
    all: Vec<Exception>,
    /// The first of those that are free.
    free: u16,
}

impl Hearing {
    pub(crate) fn new() -> Self {
        let room = limits::HEARING_EXCEPTIONS;
        let all = (0..room).map(|at| {
            let next = at.saturating_add(1);
            Exception {
                listener: 0,
                speaker: 0,
                now: 1.0,
                wanted: 1.0,
                next: if next < room {
                    u16::try_from(next).unwrap_or(NONE)
                } else {
                    NONE
                },
            }
        });
        Self {
            all: all.collect(),
            free: 0,
        }
    }

    fn at(&mut self, at: u16) -> Option<&mut Exception> {
        self.all.get_mut(usize::from(at))
    }

    /// Sets how loud `listener` hears `speaker`; false when there is no room. `sounds` says that
    /// the bridge is mixed now, so that the change must not be a step.
    pub(crate) fn set(
        &mut self,
        list: &mut Exceptions,
        (listener, speaker): (u16, u16),
        gain: Gain,
        sounds: bool,
    ) -> bool {
        let wanted = factor(gain);
        let mut at = list.0;
        while let Some(one) = self.at(at) {
            if (one.listener, one.speaker) == (listener, speaker) {
                one.wanted = wanted;
                if !sounds {
                    one.now = wanted;
                }
                return true;
            }
            at = one.next;
        }
        if wanted == 1.0 {
            return true;
        }
        let (place, first) = (self.free, list.0);
        let Some(one) = self.at(place) else {
            return false;
        };
        let free = core::mem::replace(&mut one.next, first);
        one.listener = listener;
        one.speaker = speaker;
        one.wanted = wanted;
        one.now = if sounds { 1.0 } else { wanted };
        self.free = free;
        list.0 = place;
        true
    }

    /// Gives back those that are as it comes again, and those of `gone`, who left.
    pub(crate) fn tidy(&mut self, list: &mut Exceptions, gone: Option<u16>) {
        let mut kept = NONE;
        let mut at = list.0;
        let mut free = self.free;
        while let Some(one) = self.at(at) {
            let (here, next) = (at, one.next);
            let left = gone.is_some_and(|gone| gone == one.listener || gone == one.speaker);
            let place = if left || one.is_over() {
                &mut free
            } else {
                &mut kept
            };
            one.next = core::mem::replace(place, here);
            at = next;
        }
        self.free = free;
        list.0 = kept;
    }

    /// Whether `listener` has any.
    pub(crate) fn concern(&self, list: Exceptions, listener: u16) -> bool {
        let mut at = list.0;
        while let Some(one) = self.all.get(usize::from(at)) {
            if one.listener == listener {
                return true;
            }
            at = one.next;
        }
        false
    }

    /// Calls `each` for every exception of `listener`.
    pub(crate) fn of(
        &mut self,
        list: Exceptions,
        listener: u16,
        mut each: impl FnMut(&mut Exception),
    ) {
        let mut at = list.0;
        while let Some(one) = self.at(at) {
            if one.listener == listener {
                each(one);
            }
            at = one.next;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(hearing: &Hearing, list: Exceptions) -> usize {
        (0..99).filter(|&l| hearing.concern(list, l)).count()
    }

    #[test]
    fn exceptions_come_change_and_go() {
        let mut hearing = Hearing::new();
        let mut list = Exceptions::EMPTY;
        let mut other = Exceptions::EMPTY;
        assert!(hearing.set(&mut list, (1, 2), Gain::Mute, false));
        assert!(hearing.set(&mut list, (3, 2), Gain::Db(-6), false));
        assert!(hearing.set(&mut other, (1, 2), Gain::Db(6), false));
        assert!(hearing.set(&mut list, (9, 9), Gain::UNITY, false));
        assert_eq!((count(&hearing, list), count(&hearing, other)), (2, 1));
        let mut sum = [0; 2];
        hearing.of(list, 3, |one| one.correct(Some(&[1_000, -1_000]), &mut sum));
        assert_eq!(sum, [-499, 499], "half is taken out");
        hearing.set(&mut list, (3, 2), Gain::UNITY, false);
        hearing.tidy(&mut list, None);
        assert_eq!(count(&hearing, list), 1);
        hearing.tidy(&mut list, Some(2));
        assert!(list.is_empty() && !other.is_empty());
    }

    #[test]
    fn a_change_while_it_sounds_is_no_step() {
        let mut hearing = Hearing::new();
        let mut list = Exceptions::EMPTY;
        hearing.set(&mut list, (1, 2), Gain::Mute, true);
        let said = [10_000_i16; 80];
        let mut sum = [10_000_i32; 80];
        hearing.of(list, 1, |one| one.correct(Some(&said), &mut sum));
        assert!(
            sum.windows(2)
                .all(|pair| (0..=126).contains(&(pair[0] - pair[1])))
        );
        assert_eq!(sum[79], 0);
    }

    #[test]
    fn a_full_arena_refuses_and_nothing_is_lost_of_it() {
        let mut hearing = Hearing::new();
        let mut list = Exceptions::EMPTY;
        let room = u16::try_from(limits::HEARING_EXCEPTIONS).expect("fits");
        for n in 0..room {
            assert!(hearing.set(&mut list, (n, n + 1), Gain::Mute, false));
        }
        assert!(!hearing.set(&mut list, (7, 1), Gain::Mute, false));
        assert!(hearing.set(&mut list, (7, 1), Gain::UNITY, false));
        for n in 0..=room {
            hearing.tidy(&mut list, Some(n));
        }
        assert!(list.is_empty());
        for n in 0..room {
            assert!(hearing.set(&mut list, (n, n + 1), Gain::Mute, false));
        }
    }
}
