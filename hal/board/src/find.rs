//! Where a board file lies.

use std::path::{Path, PathBuf};

use model::limits;

use crate::file::{BoardFile, Wrong};

/// The administrator's own word.
const OWN: &str = "etc/centralka/board.toml";
/// Boards that are known by their names, the administrator's before ours.
const KNOWN: [&str; 2] = ["etc/centralka/boards", "usr/share/centralka/boards"];
/// What the firmware below Linux says this machine is: names with zeros between them, the most exact
/// first (Devicetree specification §2.3.1).
const COMPATIBLE: &str = "proc/device-tree/compatible";

/// A board file that was found, and why it is this one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Where it lies.
    pub path: PathBuf,
    /// The name by which the machine asked for it; `None` = the administrator put it there.
    pub asked_by: Option<String>,
}

/// Why there is no board.
#[derive(Debug, thiserror::Error)]
pub enum NotFound {
    /// The file cannot be read.
    #[error("{path}: {why}", path = .0.display(), why = .1)]
    Unreadable(PathBuf, std::io::Error),
    /// It is no board file.
    #[error("{path}: {told}", path = .0.display(), told = lines(.1))]
    Wrong(PathBuf, Vec<Wrong>),
}

fn lines(wrong: &[Wrong]) -> String {
    let lines: Vec<String> = wrong.iter().map(ToString::to_string).collect();
    lines.join("; ")
}

/// The board file of this machine, if there is one: `/etc/centralka/board.toml`, else the first of the
/// names that the device tree gives, as `VENDOR,BOARD.toml` in `/etc/centralka/boards`, then in
/// `/usr/share/centralka/boards`. `root` is `/` but in tests.
#[must_use]
pub fn find(root: &Path) -> Option<Found> {
    let own = root.join(OWN);
    if own.is_file() {
        return Some(Found {
            path: own,
            asked_by: None,
        });
    }
    let names = std::fs::read(root.join(COMPATIBLE)).ok()?;
    for name in names.split(|&octet| octet == 0) {
        let Some(name) = core::str::from_utf8(name).ok().filter(|n| is_name(n)) else {
            continue;
        };
        for folder in KNOWN {
            let path = root.join(folder).join(format!("{name}.toml"));
            if path.is_file() {
                return Some(Found {
                    path,
                    asked_by: Some(name.to_owned()),
                });
            }
        }
    }
    None
}

/// No name leads out of its folder.
fn is_name(name: &str) -> bool {
    let legal = |octet: u8| octet.is_ascii_alphanumeric() || b",._+-".contains(&octet);
    !name.is_empty() && name.len() <= limits::BOARD_TEXT && name.bytes().all(legal)
}

/// Reads a board file.
///
/// # Errors
/// It cannot be read, or has mistakes.
pub fn load(path: &Path) -> Result<BoardFile, NotFound> {
    let unreadable = |error| NotFound::Unreadable(path.to_owned(), error);
    let length = std::fs::metadata(path).map_err(unreadable)?.len();
    if length > limits::BOARD_FILE_OCTETS as u64 {
        let kind = std::io::ErrorKind::FileTooLarge;
        return Err(unreadable(kind.into()));
    }
    let text = std::fs::read_to_string(path).map_err(unreadable)?;
    BoardFile::parse(&text).map_err(|wrong| NotFound::Wrong(path.to_owned(), wrong))
}
