//! Three-way merge and undo, by id and key. Comments and order stay as in `mine` unless only the
//! other side touched them.

mod comments;
mod edit;

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::{
    Language,
    diff::{Change, Fields, Place, Plain, Tree, trees},
    import::entries_of,
    problem::Problems,
    text::Document,
    words::{Words, fill},
};

/// Both sides changed the same thing in different ways.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Conflict {
    /// What both changed: a value, or (without key) an entry that one side removed.
    pub place: Place,
    /// Before both changes.
    pub base: Option<Plain>,
    /// In the text that is merged into.
    pub mine: Option<Plain>,
    /// In the text whose changes are merged.
    pub theirs: Option<Plain>,
    /// Name and number of the entry, for people.
    pub label: String,
}

impl Conflict {
    fn hide_secrets(&mut self) {
        let key = self.place.key.as_deref();
        for value in [&mut self.base, &mut self.mine, &mut self.theirs]
            .into_iter()
            .flatten()
        {
            value.hide_secrets(key);
        }
    }

    /// The conflict as a sentence.
    #[must_use]
    pub fn sentence(&self, language: Language) -> String {
        let words = Words::of(language);
        let key = self.place.key.as_deref();
        let template = if key.is_some() {
            words.conflict
        } else {
            words.conflict_removed
        };
        fill(template, |name| match name {
            "subject" => Some(crate::diff::subject(&self.place, &self.label, words)),
            "key" => key.map(|key| words.key(key).into()),
            "base" => Some(crate::diff::value(&self.base, words)),
            "mine" => Some(crate::diff::value(&self.mine, words)),
            "theirs" => Some(crate::diff::value(&self.theirs, words)),
            _ => None,
        })
    }
}

/// Why two texts could not be merged.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum MergeError {
    /// Both changed the same things; every one is listed.
    #[error("{} overlapping change(s)", .0.len())]
    Conflicts(Vec<Conflict>),
    /// An entry has no id, or one that another has: a text was never imported.
    #[error("a text was never imported: an entry has no id of its own")]
    NotImported,
    /// The merged text is too long.
    #[error(transparent)]
    Text(#[from] Problems),
}

/// Brings the changes from `base` to `theirs` into `mine`. What both changed alike is no conflict.
/// The result is TOML, but two good texts can make a bad one together (both may have given away
/// the same extension): check it before use.
///
/// # Errors
/// [`MergeError::Conflicts`] lists everything that both changed differently. Only texts that were
/// imported can be merged; others are [`MergeError::NotImported`].
pub fn merge(base: &Document, mine: &Document, theirs: &Document) -> Result<Document, MergeError> {
    if mine == base || mine == theirs {
        return Ok(theirs.clone());
    }
    if theirs == base {
        return Ok(mine.clone());
    }
    if ![base, mine, theirs].into_iter().all(every_entry_has_its_id) {
        return Err(MergeError::NotImported);
    }
    let sides = Sides {
        base: Tree::new(base),
        mine: Tree::new(mine),
        theirs: Tree::new(theirs),
    };
    let mut plan = Plan::default();
    for change in trees(&sides.base, &sides.theirs) {
        plan.add(&sides, change);
    }
    if !plan.conflicts.is_empty() {
        plan.conflicts.iter_mut().for_each(Conflict::hide_secrets);
        return Err(MergeError::Conflicts(plan.conflicts));
    }
    let mut text = edit::Editor::new(mine, theirs);
    for step in &plan.steps {
        text.apply(step);
    }
    for (kind, order) in &plan.orders {
        text.reorder(kind, order);
    }
    text.comments(base);
    Ok(Document::parse(&text.finish())?)
}

/// Takes one change out of the middle: `before` → `after` is undone in `current`, whatever came
/// later stays. Undoing the last change gives back `before` to the byte.
///
/// # Errors
/// As [`merge`]: later changes that built on the one to be undone are conflicts.
pub fn undo(
    before: &Document,
    after: &Document,
    current: &Document,
) -> Result<Document, MergeError> {
    merge(after, current, before)
}

fn every_entry_has_its_id(document: &Document) -> bool {
    let mut ids = BTreeSet::new();
    entries_of(document).all(|(_, table)| {
        let id = table.get("id").and_then(toml_edit::Item::as_str);
        id.is_some_and(|id| !id.is_empty() && ids.insert(id))
    })
}

struct Sides {
    base: Tree,
    mine: Tree,
    theirs: Tree,
}

/// One edit of mine.
#[derive(Debug)]
pub(crate) enum Step {
    /// Takes the value from theirs.
    Set(Place),
    /// Removes a value.
    Clear(Place),
    /// Takes an entry from theirs, after the entry that precedes it there.
    Add(Place),
    /// Removes an entry.
    Remove(Place),
}

#[derive(Default)]
struct Plan {
    steps: Vec<Step>,
    /// Kinds whose order theirs changed and mine did not, with the ids in the order of theirs.
    orders: BTreeMap<String, Vec<String>>,
    conflicts: Vec<Conflict>,
}

impl Plan {
    fn add(&mut self, sides: &Sides, change: Change) {
        match change {
            Change::Value {
                place,
                old,
                new,
                label,
            } => self.value(sides, place, old, new, label),
            Change::Added {
                place,
                fields,
                label,
            } => self.added(sides, place, &fields, &label),
            Change::Removed {
                place,
                fields,
                label,
            } => self.removed(sides, place, &fields, label),
            Change::Reordered { section } => {
                let ids = |tree: &Tree| -> Vec<String> {
                    let all = tree.entries(&section).iter().map(|e| e.id.clone());
                    all.filter(|id| {
                        [&sides.base, &sides.mine, &sides.theirs]
                            .iter()
                            .all(|side| side.entry(&section, id).is_some())
                    })
                    .collect()
                };
                // Who ordered them in the text at hand has the last word.
                if ids(&sides.mine) == ids(&sides.base) {
                    self.orders.insert(section.clone(), ids(&sides.theirs));
                }
            }
            Change::Layout => {}
        }
    }

    fn value(
        &mut self,
        sides: &Sides,
        place: Place,
        base: Option<Plain>,
        theirs: Option<Plain>,
        label: String,
    ) {
        let gone = place
            .id
            .as_ref()
            .filter(|id| sides.mine.entry(&place.section, id).is_none());
        if let Some(id) = gone {
            let entry = Place::entry(&place.section, id);
            if self.conflicts.iter().all(|c| c.place != entry) {
                let whole = |tree: &Tree| {
                    let entry = tree.entry(&place.section, id)?;
                    Some(Plain::Table(entry.fields.0.clone()))
                };
                self.conflicts.push(Conflict {
                    base: whole(&sides.base),
                    mine: None,
                    theirs: whole(&sides.theirs),
                    place: entry,
                    label,
                });
            }
            return;
        }
        let mine = sides.mine.value(&place).cloned();
        if mine == theirs {
            return;
        }
        if mine != base {
            self.conflicts.push(Conflict {
                place,
                base,
                mine,
                theirs,
                label,
            });
        } else if theirs.is_some() {
            self.steps.push(Step::Set(place));
        } else {
            self.steps.push(Step::Clear(place));
        }
    }

    fn added(&mut self, sides: &Sides, place: Place, fields: &Fields, label: &str) {
        let id = place.id.clone().unwrap_or_default();
        if sides.mine.entry(&place.section, &id).is_none() {
            self.steps.push(Step::Add(place));
            return;
        }
        // Both added it, like two undoings of one removal: value by value.
        for (key, value) in &fields.0 {
            let at = Place::key(&place.section, Some(&id), key);
            self.value(sides, at, None, Some(value.clone()), label.into());
        }
    }

    fn removed(&mut self, sides: &Sides, place: Place, fields: &Fields, label: String) {
        let id = place.id.clone().unwrap_or_default();
        let Some(entry) = sides.mine.entry(&place.section, &id) else {
            return;
        };
        if entry.fields.same(fields) {
            self.steps.push(Step::Remove(place));
        } else {
            self.conflicts.push(Conflict {
                place,
                base: Some(Plain::Table(fields.0.clone())),
                mine: Some(Plain::Table(entry.fields.0.clone())),
                theirs: None,
                label,
            });
        }
    }
}
