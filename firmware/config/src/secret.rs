//! Passwords in the text: written out once by hand, a reference into the store's secrets from the
//! import on.

use model::EntryId;
use toml_edit::Item;

use crate::{
    format,
    problem::{Bad, Fault},
    read::Section,
};

/// Name of a secret in the store.
pub type SecretId = EntryId;

/// The key of the reference `{ secret = "…" }`.
pub(crate) const REFERENCE_KEY: &str = "secret";

/// Reads a password or a reference. A password written out has no name in the store yet; it gets
/// that of its owner, so that a text can be checked before it is imported. `obvious` are texts that
/// the password must not be.
pub(crate) fn read(
    section: &mut Section<'_, '_>,
    key: &'static str,
    owner: &EntryId,
    obvious: &[&str],
) -> Option<SecretId> {
    let item = section.item(key)?;
    match written(item) {
        Written::Password(text) => {
            if let Err(bad) = format::password(text) {
                section.bad(key, bad);
                return None;
            }
            if obvious.iter().any(|o| o.eq_ignore_ascii_case(text)) {
                section.bad(
                    key,
                    Bad {
                        rule: Fault::PasswordObvious,
                        params: Vec::new(),
                    },
                );
                return None;
            }
            Some(owner.clone())
        }
        Written::Reference(text) => {
            let id = format::id(text).map_err(|bad| section.bad(key, bad)).ok()?;
            section.report.secret_used(&section.path_of(key), &id);
            Some(id)
        }
        Written::Other => {
            let form = "a password in quotes, or { secret = \"…\" } as an export has it".into();
            section.bad(
                key,
                Bad {
                    rule: Fault::Form,
                    params: vec![("form", form)],
                },
            );
            None
        }
    }
}

/// How a password stands in a text.
pub(crate) enum Written<'t> {
    Password(&'t str),
    Reference(&'t str),
    Other,
}

pub(crate) fn written(item: &Item) -> Written<'_> {
    if let Some(text) = item.as_str() {
        return Written::Password(text);
    }
    let table = item.as_inline_table().filter(|table| table.len() == 1);
    match table.and_then(|table| table.get(REFERENCE_KEY)?.as_str()) {
        Some(id) => Written::Reference(id),
        None => Written::Other,
    }
}
