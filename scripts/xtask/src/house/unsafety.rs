//! `unsafe` is forbidden but in `engine`, `hal/dahdi` and one file of `dsp` (design §3).

use super::House;

/// Packages that may lift the lint.
const LIFTED: [&str; 2] = ["engine", "hal-dahdi"];
/// The one file of `dsp` that may.
const SIMD: &str = "firmware/dsp/src/simd.rs";
const FORBID: &str = "#![forbid(unsafe_code)]";

/// Roots of crates that do not forbid it.
#[must_use]
pub fn check(house: &House) -> Vec<String> {
    let has = |path: &str| house.files.iter().find(|file| file.path == path);
    let mut complaints = Vec::new();
    for package in &house.packages {
        let in_product = matches!(package.kind.as_str(), "core" | "shell");
        let excused = LIFTED.contains(&package.name.as_str())
            || (package.name == "dsp" && has(SIMD).is_some());
        if !in_product || excused {
            continue;
        }
        for root in ["lib.rs", "main.rs"] {
            let path = format!("{}/src/{root}", package.folder);
            if has(&path).is_some_and(|file| !file.text.contains(FORBID)) {
                complaints.push(format!("{path}: {FORBID} is missing"));
            }
        }
    }
    complaints
}
