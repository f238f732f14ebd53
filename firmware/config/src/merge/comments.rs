//! Comments, merged like values: where only theirs touched one, theirs is taken.

use toml_edit::{Decor, DocumentMut, Item, RawString, Table};

use super::edit::Editor;
use crate::text::{Document, id_of};

impl Editor {
    /// Takes over the comments that changed from `base` to theirs and that mine left alone.
    pub(super) fn comments(&mut self, base: &Document) {
        let base = base.editable();
        for (name, mine) in self.mine.iter_mut() {
            let (base, theirs) = (base.get(name.get()), self.theirs.get(name.get()));
            match (base, mine, theirs) {
                (Some(Item::Table(base)), Item::Table(mine), Some(Item::Table(theirs))) => {
                    table(base, mine, theirs);
                }
                (
                    Some(Item::ArrayOfTables(base)),
                    Item::ArrayOfTables(mine),
                    Some(Item::ArrayOfTables(theirs)),
                ) => {
                    for mine in mine.iter_mut() {
                        let find = |t: &&Table| id_of(t) == id_of(mine);
                        if let (Some(base), Some(theirs)) =
                            (base.iter().find(find), theirs.iter().find(find))
                        {
                            table(base, mine, theirs);
                        }
                    }
                }
                _ => {}
            }
        }
        values(
            base.as_table(),
            self.mine.as_table_mut(),
            self.theirs.as_table(),
        );
        trailing(&base, &mut self.mine, &self.theirs);
    }
}

fn trailing(base: &DocumentMut, mine: &mut DocumentMut, theirs: &DocumentMut) {
    let same = base.trailing().as_str() == mine.trailing().as_str();
    if same && base.trailing().as_str() != theirs.trailing().as_str() {
        mine.set_trailing(theirs.trailing().clone());
    }
}

fn table(base: &Table, mine: &mut Table, theirs: &Table) {
    decor(base.decor(), mine.decor_mut(), theirs.decor());
    values(base, mine, theirs);
}

fn values(base: &Table, mine: &mut Table, theirs: &Table) {
    for (mut key, item) in mine.iter_mut() {
        let name = key.get().to_owned();
        let (Some((base_key, base_item)), Some((their_key, their_item))) =
            (base.get_key_value(&name), theirs.get_key_value(&name))
        else {
            continue;
        };
        decor(
            base_key.leaf_decor(),
            key.leaf_decor_mut(),
            their_key.leaf_decor(),
        );
        if let (Item::Value(base), Item::Value(mine), Item::Value(theirs)) =
            (base_item, item, their_item)
        {
            decor(base.decor(), mine.decor_mut(), theirs.decor());
        }
    }
}

fn decor(base: &Decor, mine: &mut Decor, theirs: &Decor) {
    let text = |raw: Option<&RawString>| {
        raw.and_then(RawString::as_str)
            .unwrap_or_default()
            .to_owned()
    };
    let before = text(base.prefix());
    if text(mine.prefix()) == before && text(theirs.prefix()) != before {
        mine.set_prefix(text(theirs.prefix()));
    }
    let behind = text(base.suffix());
    if text(mine.suffix()) == behind && text(theirs.suffix()) != behind {
        mine.set_suffix(text(theirs.suffix()));
    }
}
