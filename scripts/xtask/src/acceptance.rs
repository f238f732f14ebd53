//! The acceptance map `tests/acceptance.toml`: which test shows which item of the mission's list, or
//! for which area of work the item is planned.

use std::{collections::BTreeMap, fmt::Write as _, path::Path};

use anyhow::Context as _;
use serde::Deserialize;

use crate::tree::{File, files};

/// Where the map is.
pub const PATH: &str = "tests/acceptance.toml";
/// The lists and how many items each has: 422 in all.
pub const LISTS: [(char, u16); 5] = [('A', 47), ('B', 131), ('C', 76), ('D', 118), ('E', 50)];

/// What the map says of one item.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// Tests that show it, each `path: name`, the path of a file or a folder.
    #[serde(default)]
    pub tests: Vec<String>,
    /// The area of work that will bring it.
    pub planned: Option<String>,
}

/// The whole map, by item.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Map {
    /// `A1` … `E50`.
    pub item: BTreeMap<String, Entry>,
}

impl Map {
    /// Reads the map of the repository at `root`.
    ///
    /// # Errors
    /// The file cannot be read or is not of this form.
    pub fn read(root: &Path) -> anyhow::Result<Self> {
        let text = std::fs::read_to_string(root.join(PATH)).context(PATH)?;
        Self::parse(&text)
    }

    /// Reads a map.
    ///
    /// # Errors
    /// The text is not of this form.
    pub fn parse(text: &str) -> anyhow::Result<Self> {
        toml_edit::de::from_str(text).context(PATH)
    }

    /// Whatever is wrong with the map: an item missing, unknown, neither shown nor planned, or both; a
    /// test that does not exist among `files`.
    #[must_use]
    pub fn complaints(&self, files: &[File]) -> Vec<String> {
        let mut complaints = Vec::new();
        for id in ids() {
            match self.item.get(&id) {
                None => complaints.push(format!("{id}: is missing")),
                Some(entry) => complaints.extend(check_entry(&id, entry, files)),
            }
        }
        let known: Vec<String> = ids().collect();
        let unknown = self.item.keys().filter(|id| !known.contains(id));
        complaints.extend(unknown.map(|id| format!("{id}: is no item of the list")));
        complaints
    }

    /// What is shown, what is planned, and what is neither, for people.
    #[must_use]
    pub fn summary(&self) -> String {
        let mut out = String::from("list  items  shown  planned  neither\n");
        let mut areas: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        let mut totals = [0_usize; 4];
        for (list, count) in LISTS {
            let mut row = [usize::from(count), 0, 0, 0];
            for id in (1..=count).map(|number| format!("{list}{number}")) {
                let entry = self.item.get(&id);
                match entry.map(|e| (e.tests.is_empty(), e.planned.as_deref())) {
                    Some((false, _)) => row[1] += 1,
                    Some((true, Some(area))) => {
                        row[2] += 1;
                        areas.entry(area).or_default().push(id);
                    }
                    Some((true, None)) | None => row[3] += 1,
                }
            }
            line(&mut out, &list.to_string(), row);
            for (total, part) in totals.iter_mut().zip(row) {
                *total += part;
            }
        }
        line(&mut out, "all", totals);
        out.push_str("\nshown\n");
        for (id, entry) in &self.item {
            if !entry.tests.is_empty() {
                let _ = writeln!(out, "  {id:<5} {}", entry.tests.join(", "));
            }
        }
        out.push_str("\nplanned\n");
        for (area, ids) in areas {
            let _ = writeln!(out, "  {area:<24} {:>3}  {}", ids.len(), ids.join(" "));
        }
        out
    }
}

fn line(out: &mut String, name: &str, [items, shown, planned, neither]: [usize; 4]) {
    // Writing to a String cannot fail.
    let _ = writeln!(
        out,
        "{name:<4} {items:>6} {shown:>6} {planned:>8} {neither:>8}"
    );
}

/// Whatever is wrong with the map of the repository at `root`.
///
/// # Errors
/// The map or the repository cannot be read.
pub fn check(root: &Path) -> anyhow::Result<Vec<String>> {
    Ok(Map::read(root)?.complaints(&files(root)?))
}

fn ids() -> impl Iterator<Item = String> {
    let list = |(list, count)| (1..=count).map(move |number| format!("{list}{number}"));
    LISTS.into_iter().flat_map(list)
}

fn check_entry(id: &str, entry: &Entry, files: &[File]) -> Vec<String> {
    let planned = entry.planned.as_deref().map(str::trim);
    let mut complaints = Vec::new();
    match (entry.tests.is_empty(), planned) {
        (true, None | Some("")) => complaints.push(format!("{id}: is neither shown nor planned")),
        (false, Some(_)) => complaints.push(format!("{id}: is shown and planned: say one")),
        (true, Some(_)) | (false, None) => {}
    }
    for test in &entry.tests {
        if !exists(test, files) {
            complaints.push(format!("{id}: there is no test {test:?}"));
        }
    }
    complaints
}

/// `path: name`: a test function in Rust or Python, or a test of that title in TypeScript.
fn exists(test: &str, files: &[File]) -> bool {
    let Some((path, name)) = test.split_once(": ") else {
        return false;
    };
    let inside = format!("{path}/");
    let titles = ["'", "\"", "`"].map(|quote| format!("test({quote}{name}{quote}"));
    files
        .iter()
        .filter(|file| file.path == path || file.path.starts_with(&inside))
        .any(|file| match file.extension() {
            "rs" => file.text.contains(&format!("fn {name}(")),
            "py" => file.text.contains(&format!("def {name}(")),
            "ts" => titles.iter().any(|title| file.text.contains(title)),
            _ => false,
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whole(except: &str, text: &str) -> Map {
        let entries = ids().filter(|id| id != except);
        let mut all: String = entries
            .map(|id| format!("[item.{id}]\nplanned = \"x\"\n"))
            .collect();
        all.push_str(text);
        Map::parse(&all).expect("of the right form")
    }

    #[track_caller]
    fn check(text: &str, wanted: &[&str]) {
        let files = [File {
            path: "tests/sim/call.rs".into(),
            text: "#[test]\nfn all_at_once() {}".into(),
        }];
        assert_eq!(whole("C29", text).complaints(&files), wanted, "{text}");
    }

    #[test]
    fn every_item_is_shown_or_planned_and_every_test_exists() {
        assert_eq!(ids().count(), 422);
        check("[item.C29]\ntests = [\"tests/sim: all_at_once\"]", &[]);
        check("[item.C29]\nplanned = \"departments\"", &[]);
        check("", &["C29: is missing"]);
        check("[item.C29]", &["C29: is neither shown nor planned"]);
        let both = "[item.C29]\nplanned = \"x\"\ntests = [\"tests/sim: all_at_once\"]";
        check(both, &["C29: is shown and planned: say one"]);
        check(
            "[item.C29]\ntests = [\"tests/sim: at_once\"]",
            &["C29: there is no test \"tests/sim: at_once\""],
        );
        check(
            "[item.C29]\nplanned = \"x\"\n[item.F1]\nplanned = \"x\"",
            &["F1: is no item of the list"],
        );
        assert!(Map::parse("[item.C29]\nplaned = \"x\"").is_err());
    }

    #[test]
    fn summary_counts() {
        let map = whole("C29", "[item.C29]\ntests = [\"tests/sim: all_at_once\"]");
        let summary = map.summary();
        assert!(
            summary.contains("all     422      1      421        0"),
            "{summary}"
        );
    }
}
