//! A core does no I/O, and neither does anything it stands on: judged on the whole tree that Cargo
//! would build it with.

use std::{path::Path, process::Command};

use anyhow::{Context as _, ensure};

use super::House;

/// What no core may have below it: event loops, sockets, the random source of the operating system.
const BANNED: [&str; 4] = ["tokio", "mio", "socket2", "getrandom"];
/// Known arrows to a banned thing that our paths never take, each with its reason.
const PERMITTED: [(&str, &str); 1] = [
    // design §5: rsip serves for words and as second opinion; its random constructors are not used.
    ("rsip", "getrandom"),
];

/// A core crate of ours that stands on something banned.
///
/// # Errors
/// Cargo cannot be run.
pub fn check(house: &House, root: &Path) -> anyhow::Result<Vec<String>> {
    let mut complaints = Vec::new();
    // One tree each: built together, one crate's features would show in another's tree.
    for package in house.packages.iter().filter(|p| p.kind == "core") {
        for path in banned_paths(&tree_of(&package.name, root)?) {
            complaints.push(format!("{}: {}", package.folder, path.join(" → ")));
        }
    }
    Ok(complaints)
}

/// Cargo's own opinion of what `package` is built with on this machine: lines of depth and name.
fn tree_of(package: &str, root: &Path) -> anyhow::Result<String> {
    let output = Command::new(env!("CARGO"))
        .current_dir(root)
        .args(["tree", "--locked", "--edges", "normal", "--prefix", "depth"])
        .args(["--format", " {p}", "--package", package])
        .output()
        .context("cargo tree cannot be run")?;
    ensure!(
        output.status.success(),
        "cargo tree fails for {package}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Every path of a tree that ends at something banned.
fn banned_paths(tree: &str) -> Vec<Vec<String>> {
    let mut path: Vec<String> = Vec::new();
    let mut found = Vec::new();
    for line in tree.lines() {
        let mut words = line.split_whitespace();
        let (Some(depth), Some(name)) = (words.next(), words.next()) else {
            continue;
        };
        path.truncate(depth.parse().unwrap_or(0));
        path.push(name.to_owned());
        let permitted = PERMITTED
            .iter()
            .any(|(through, to)| path.iter().any(|p| p == through) && name == *to);
        if BANNED.contains(&name) && !permitted {
            found.push(path.clone());
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_to_a_banned_crate_is_shown() {
        let tree = "0 sip v0.0.0 (x)\n1 rsip v0.4.0\n2 uuid v0.8\n3 getrandom v0.2\n\
                    1 sha2 v0.11\n1 fast v1\n2 mio v1\n";
        assert_eq!(banned_paths(tree), [["sip", "fast", "mio"]]);
    }
}
