//! What people at sets expect of two calls at one set: whom they hear, whose bell rings, and what is in the books. It
//! knows of no leg and no route, only of what a person was promised.

/// What became of the other call of a set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Aside {
    Waiting,
    Held,
    /// Both are talked with at once.
    Together,
}

/// What the exchange keeps for a set that was hung up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Kept {
    #[default]
    Nothing,
    /// It is rung for whom it held.
    RungBack,
    /// Whom it held gets the one whom it called, once that one answers.
    Passing,
}

/// One set.
#[derive(Clone, Debug, Default)]
pub(super) struct Desk {
    pub(super) lifted: bool,
    /// The call that its ear and mouth belong to, or that it rings for.
    pub(super) active: Option<usize>,
    pub(super) aside: Option<(usize, Aside)>,
    /// The call by which it called a second party.
    pub(super) enquiry: Option<usize>,
    pub(super) kept: Kept,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    Rings,
    Talks,
    Over,
}

/// A call, by its two ends; the first one called.
#[derive(Clone, Debug)]
pub(super) struct Call {
    pub(super) ends: [usize; 2],
    pub(super) stage: Stage,
}

impl Call {
    pub(super) fn other(&self, set: usize) -> usize {
        let [one, other] = self.ends;
        if one == set { other } else { one }
    }
}

/// All sets.
#[derive(Clone, Debug, Default)]
pub(super) struct Desks {
    pub(super) sets: Vec<Desk>,
    pub(super) calls: Vec<Call>,
    /// Who called whom, and whether that was answered.
    pub(super) books: Vec<(usize, usize, bool)>,
}

impl Desks {
    pub(super) fn new(sets: usize) -> Self {
        Self {
            sets: vec![Desk::default(); sets],
            ..Self::default()
        }
    }

    pub(super) fn talks(&self, call: usize) -> bool {
        self.calls[call].stage == Stage::Talks
    }

    /// Whether the set has this call at its ear and mouth.
    fn attends(&self, set: usize, call: usize) -> bool {
        let desk = &self.sets[set];
        let here = desk.active == Some(call) || desk.aside == Some((call, Aside::Together));
        desk.lifted && here && self.talks(call)
    }

    /// Whom a set hears: whoever talks with two at once lets them hear each other, so everybody who can be reached
    /// from one to the next.
    pub(super) fn hears(&self, set: usize) -> Vec<usize> {
        let mut reached = vec![set];
        let mut at = 0;
        while let Some(&from) = reached.get(at) {
            for (call, ends) in self.calls.iter().enumerate() {
                let to = ends.other(from);
                let both = ends.ends.contains(&from) && self.attends(from, call);
                if both && self.attends(to, call) && !reached.contains(&to) {
                    reached.push(to);
                }
            }
            at += 1;
        }
        let mut heard = reached.split_off(1);
        heard.sort_unstable();
        heard
    }

    /// Whether a set hears music: it is in a talk, and everybody else of it has gone aside for a while. Where
    /// it is promised the one who is rung it hears that instead.
    pub(super) fn waits(&self, set: usize) -> bool {
        let passing = |call: &Call| self.sets[call.other(set)].kept == Kept::Passing;
        let mut talks = self.calls.iter().enumerate().filter(|&(at, call)| {
            call.ends.contains(&set) && self.attends(set, at) && !passing(call)
        });
        talks.next().is_some() && self.hears(set).is_empty()
    }

    /// Whether the bell of a set rings.
    pub(super) fn is_rung(&self, set: usize) -> bool {
        let desk = &self.sets[set];
        let rings = |call: usize| {
            let call = &self.calls[call];
            call.stage == Stage::Rings && call.ends[1] == set
        };
        !desk.lifted && (desk.kept == Kept::RungBack || desk.active.is_some_and(rings))
    }

    pub(super) fn lift(&mut self, set: usize) {
        let desk = &mut self.sets[set];
        desk.lifted = true;
        let kept = core::mem::take(&mut desk.kept);
        if let (Kept::Nothing, Some(call)) = (kept, desk.active) {
            self.answer(call);
        }
    }

    fn answer(&mut self, call: usize) {
        self.calls[call].stage = Stage::Talks;
        self.books[call].2 = true;
        let caller = self.calls[call].ends[0];
        let desk = &self.sets[caller];
        if let (Kept::Passing, Some((held, _))) = (desk.kept, desk.aside) {
            self.transfer(caller, held, call);
        }
    }

    /// A set with dial tone calls another.
    pub(super) fn dial(&mut self, set: usize, called: usize) {
        let call = self.calls.len();
        self.calls.push(Call {
            ends: [set, called],
            stage: Stage::Rings,
        });
        self.books.push((set, called, false));
        self.sets[set].active = Some(call);
        let talks = self.sets[called]
            .active
            .is_some_and(|call| self.talks(call));
        let desk = &mut self.sets[called];
        if !desk.lifted && desk.active.is_none() && desk.aside.is_none() {
            desk.active = Some(call);
        } else if desk.lifted && desk.aside.is_none() && talks {
            desk.aside = Some((call, Aside::Waiting));
        } else {
            self.over(call);
        }
    }

    /// Somebody else is called while the party is held.
    pub(super) fn enquire(&mut self, set: usize, called: usize) {
        let desk = &mut self.sets[set];
        desk.aside = desk.active.take().map(|held| (held, Aside::Held));
        desk.enquiry = Some(self.calls.len());
        self.dial(set, called);
    }

    /// A call ends for those who are still in it.
    fn over(&mut self, call: usize) {
        let talked = self.talks(call);
        if self.calls[call].stage == Stage::Over {
            return;
        }
        self.calls[call].stage = Stage::Over;
        for set in self.calls[call].ends {
            self.left(set, call, talked);
        }
    }

    fn left(&mut self, set: usize, call: usize, talked: bool) {
        let desk = &mut self.sets[set];
        desk.enquiry.take_if(|enquiry| *enquiry == call);
        if desk.active == Some(call) {
            desk.active = None;
            match desk.aside {
                None => desk.kept = Kept::Nothing,
                Some((held, Aside::Held)) if desk.kept == Kept::Passing => {
                    self.ring_back(set, held)
                }
                Some((_, Aside::Waiting)) => {}
                // Whoever heard the busy tone comes back by the hook.
                Some((_, Aside::Held)) if !talked => {}
                Some((other, _)) => {
                    desk.active = Some(other);
                    desk.aside = None;
                }
            }
        } else if desk.aside.is_some_and(|(aside, _)| aside == call) {
            desk.aside = None;
            if core::mem::take(&mut desk.kept) == Kept::Passing
                && let Some(active) = desk.active.take()
            {
                self.over(active);
            }
        }
    }

    fn ring_back(&mut self, set: usize, held: usize) {
        let desk = &mut self.sets[set];
        desk.active = Some(held);
        desk.aside = None;
        desk.kept = Kept::RungBack;
    }

    /// The parties of both calls are connected, and the set is out of it.
    fn transfer(&mut self, set: usize, one: usize, other: usize) {
        let parties = [one, other].map(|call| self.calls[call].other(set));
        self.sets[set] = Desk {
            lifted: self.sets[set].lifted,
            ..Desk::default()
        };
        self.calls[one].ends = parties;
        self.calls[other].stage = Stage::Over;
        let desk = &mut self.sets[parties[1]];
        for call in [&mut desk.active, &mut desk.enquiry] {
            *call = call.map(|call| if call == other { one } else { call });
        }
        desk.aside = desk
            .aside
            .map(|(call, aside)| (if call == other { one } else { call }, aside));
    }

    fn let_go(&mut self, set: usize) {
        if let Some(active) = self.sets[set].active.take() {
            self.over(active);
        }
    }

    pub(super) fn hang_up(&mut self, set: usize) {
        let desk = &mut self.sets[set];
        desk.lifted = false;
        let (active, aside, enquiry) = (desk.active, desk.aside, desk.enquiry);
        let talks = |call: usize| self.talks(call);
        match (active, aside) {
            (_, None) => self.let_go(set),
            (_, Some((waiting, Aside::Waiting))) => {
                self.let_go(set);
                let desk = &mut self.sets[set];
                (desk.active, desk.aside) = (Some(waiting), None);
            }
            (Some(active), Some((held, Aside::Held)))
                if enquiry == Some(active) && talks(active) =>
            {
                self.transfer(set, held, active);
            }
            (Some(active), Some((_, Aside::Held))) if enquiry == Some(active) => {
                self.sets[set].kept = Kept::Passing;
            }
            (_, Some((held, Aside::Held))) => {
                self.let_go(set);
                self.ring_back(set, held);
            }
            (Some(active), Some((other, Aside::Together))) => self.transfer(set, other, active),
            (None, Some((other, Aside::Together))) => self.over(other),
        }
    }

    fn take(&mut self, set: usize, waiting: usize) {
        let desk = &mut self.sets[set];
        desk.aside = desk.active.replace(waiting).map(|held| (held, Aside::Held));
        self.answer(waiting);
    }

    fn back_to(&mut self, set: usize, call: usize) {
        let desk = &mut self.sets[set];
        (desk.active, desk.aside) = (Some(call), None);
    }

    fn swap(&mut self, set: usize) {
        let desk = &mut self.sets[set];
        if let (Some(active), Some((held, _))) = (desk.active, desk.aside) {
            (desk.active, desk.aside) = (Some(held), Some((active, Aside::Held)));
        }
    }

    fn unite(&mut self, set: usize) {
        if let Some((_, aside)) = &mut self.sets[set].aside {
            *aside = Aside::Together;
        }
    }

    /// The hook is pressed where no digit is to follow: nobody is there to choose between.
    pub(super) fn flash(&mut self, set: usize) {
        let desk = &self.sets[set];
        match (desk.active, desk.aside) {
            (None, Some((waiting, Aside::Waiting))) => self.take(set, waiting),
            (active, Some((other, Aside::Held))) => {
                self.sets[set].active = None;
                self.sets[set].aside = None;
                if let Some(active) = active {
                    self.over(active);
                }
                self.back_to(set, other);
            }
            _ => {}
        }
    }

    /// The hook is pressed between two parties, where it goes round.
    pub(super) fn go_round(&mut self, set: usize) {
        let desk = &self.sets[set];
        let (Some(active), Some((other, aside))) = (desk.active, desk.aside) else {
            return;
        };
        match aside {
            Aside::Waiting => self.take(set, other),
            Aside::Held if desk.enquiry.is_some() => self.unite(set),
            Aside::Held => self.swap(set),
            Aside::Together => {
                let last = desk.enquiry.unwrap_or(other);
                let first = if last == active { other } else { active };
                self.back_to(set, first);
                self.over(last);
            }
        }
    }

    /// A digit after the hook, between two parties.
    pub(super) fn choose(&mut self, set: usize, digit: char) {
        let desk = &self.sets[set];
        let (Some(active), Some((other, aside))) = (desk.active, desk.aside) else {
            return;
        };
        match (digit, aside) {
            ('0', _) => self.over(other),
            ('1', Aside::Waiting) => {
                self.sets[set].active = None;
                self.over(active);
                self.take(set, other);
            }
            ('1', _) => {
                self.back_to(set, other);
                self.over(active);
            }
            ('2', Aside::Waiting) => self.take(set, other),
            ('2', Aside::Held) => self.swap(set),
            ('2', Aside::Together) => self.sets[set].aside = Some((other, Aside::Held)),
            ('3', Aside::Held) => self.unite(set),
            ('4', Aside::Held | Aside::Together) => self.transfer(set, other, active),
            _ => {}
        }
    }
}
