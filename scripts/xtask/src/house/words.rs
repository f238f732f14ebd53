//! Words and names that mean something was left undone, or that belong to one machine.

use super::House;
use crate::tree::File;

/// Unfinished work is no code. Put together here so that this file may lie in the tree it judges.
const UNFINISHED: [&str; 5] = [
    concat!("to", "do!"),
    concat!("unimple", "mented!"),
    concat!("TO", "DO"),
    concat!("FIX", "ME"),
    concat!("#[ig", "nore"),
];
/// A test waits for what it waits for, never for time.
const SLEEPS: [&str; 2] = [concat!("thread::", "sleep"), concat!("time::", "sleep(")];
/// Paths of the machine that something was written on.
const PATHS: [&str; 3] = [
    concat!("/wo", "rk/"),
    concat!("/ro", "ot/"),
    concat!("/ho", "me/"),
];
/// The same for temporary files: allowed only in the image, which is a machine of its own.
const TEMPORARY: &str = concat!("/t", "mp/");
/// Words that send a package manager to another host than its public one.
const REGISTRIES: [&str; 5] = [
    concat!("replace-", "with"),
    concat!("index-", "url"),
    concat!("GOP", "ROXY"),
    concat!("--reg", "istry"),
    concat!("npm_config_", "registry"),
];
/// Where locked crates come from: the name that every Cargo.lock uses, whatever host serves it.
const CRATES: &str = "registry+https://github.com/rust-lang/crates.io-index";
/// A panel's lock file names no address at all: the client's own registry serves it.
const NOWHERE: &str = "no address";
/// Modules are nouns of the trade.
const MODULES: [&str; 8] = [
    "util", "utils", "common", "helper", "helpers", "manager", "misc", "shared",
];

/// Everything in any file that should not be there.
#[must_use]
pub fn check(house: &House) -> Vec<String> {
    house.files.iter().flat_map(check_file).collect()
}

fn check_file(file: &File) -> Vec<String> {
    let mut complaints = Vec::new();
    check_module_name(file, &mut complaints);
    if check_lock(file, &mut complaints) || file.is_generated() {
        return complaints;
    }
    let is_test = file.path.starts_with("tests/")
        || file.path.contains("/tests/")
        || file.path.ends_with("/tests.rs");
    let in_image = file.path.starts_with("image/");
    for (at, line) in file.text.lines().enumerate() {
        let mut say = |word: &str| {
            complaints.push(format!(
                "{}:{}: {word:?} must not be here",
                file.path,
                at + 1
            ));
        };
        for word in UNFINISHED.iter().chain(&REGISTRIES) {
            if has_word(line, word) {
                say(word);
            }
        }
        for word in SLEEPS.iter().filter(|_| is_test) {
            if line.contains(word) {
                say(word);
            }
        }
        let temporary = (!in_image).then_some(&TEMPORARY);
        for path in PATHS.iter().chain(temporary) {
            if has_path(line, path) {
                say(path);
            }
        }
    }
    complaints
}

/// `word` not as a part of a longer one.
fn has_word(line: &str, word: &str) -> bool {
    line.match_indices(word).any(|(at, _)| {
        let inner = |c: char| c.is_alphanumeric() || c == '_';
        let before = line[..at].chars().next_back().is_some_and(inner);
        let after = line[at + word.len()..].chars().next().is_some_and(inner);
        let ends_in_word = word.ends_with(inner);
        !(before || after && ends_in_word)
    })
}

/// `path` as the beginning of an absolute path: not after another part of a path or a host.
fn has_path(line: &str, path: &str) -> bool {
    line.match_indices(path).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        !before.is_some_and(|c| c.is_alphanumeric() || "._-}/)*".contains(c))
    })
}

fn check_module_name(file: &File, complaints: &mut Vec<String>) {
    if !matches!(file.extension(), "rs" | "ts" | "svelte" | "py") {
        return;
    }
    let parts = file.path.split('/').map(|part| part.split('.').next());
    for name in parts.flatten().filter(|name| MODULES.contains(name)) {
        complaints.push(format!(
            "{}: a module called {name} says nothing",
            file.path
        ));
    }
}

/// Lock files name public registries or none. Whether this was one.
fn check_lock(file: &File, complaints: &mut Vec<String>) -> bool {
    let (key, public) = match file.path.rsplit('/').next() {
        Some("Cargo.lock") => ("source = \"", CRATES),
        Some("package-lock.json") => ("\"resolved\": \"", NOWHERE),
        _ => return false,
    };
    for (at, line) in file.text.lines().enumerate() {
        if let Some(source) = line.trim().strip_prefix(key)
            && !source.starts_with(public)
        {
            complaints.push(format!("{}:{}: not from {public}", file.path, at + 1));
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_line(path: &str, line: &str, complaints: usize) {
        let file = File {
            path: path.into(),
            text: line.into(),
        };
        let got = check_file(&file);
        assert_eq!(got.len(), complaints, "{line}: {got:?}");
    }

    #[test]
    fn words_are_found_whole() {
        check_line("a/b.rs", &format!("// {}: later", UNFINISHED[2]), 1);
        check_line("a/b.rs", &format!("{}()", UNFINISHED[0]), 1);
        check_line("a/b.rs", "mastodon!() // TODOR", 0);
        check_line("a/b.rs", &format!("{} = \"x\"]", UNFINISHED[4]), 1);
        check_line("a/b.rs", SLEEPS[0], 0);
        check_line("a/tests/b.rs", SLEEPS[0], 1);
    }

    #[test]
    fn paths_of_one_machine_are_found() {
        check_line("a.rs", &format!("\"{}x\"", PATHS[0]), 1);
        check_line("a.rs", &format!("\"https://host{}x\"", PATHS[0]), 0);
        check_line("a.rs", &format!("cd {TEMPORARY}x"), 1);
        check_line("image/a.sh", &format!("cd {TEMPORARY}x"), 0);
    }

    #[test]
    fn locks_name_public_registries() {
        check_line(
            "Cargo.lock",
            "source = \"registry+https://mirror.example/\"",
            1,
        );
        check_line("Cargo.lock", &format!("source = \"{CRATES}\""), 0);
        check_line(
            "web-ui/package-lock.json",
            "  \"resolved\": \"http://mirror\"",
            1,
        );
    }

    #[test]
    fn modules_are_nouns() {
        check_line("firmware/sip/src/util.rs", "", 1);
        check_line("firmware/sip/src/helpers/mod.rs", "", 1);
        check_line("firmware/sip/src/dialog.rs", "", 0);
    }
}
