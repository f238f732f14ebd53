//! Who may use whom: the table of design §2. Arrows never turn round.

use super::House;

/// What a package of ours may need of ours, tests excepted.
enum May {
    /// These.
    Use(&'static [&'static str]),
    /// All of the product.
    UseAll,
}

fn may(name: &str) -> Option<May> {
    use May::{Use, UseAll};
    Some(match name {
        "model" | "hal-port" => Use(&[]),
        "config" | "sip" | "dsp" | "rtp" => Use(&["model"]),
        "call" => Use(&["model", "config"]),
        "pbx" => Use(&["model", "config", "sip", "call", "hal-port"]),
        "media" => Use(&["model", "dsp", "rtp"]),
        "engine" => Use(&["model", "media", "dsp", "rtp", "hal-port"]),
        "store" => Use(&["model", "config"]),
        "upstream" => Use(&["model", "store"]),
        "panel" => Use(&["model", "config", "store"]),
        "centralka" | "xtask" => UseAll,
        _ if name.starts_with("hal-") => Use(&["hal-port", "model", "dsp"]),
        _ if name.starts_with("tests-") => UseAll,
        _ => return None,
    })
}

/// No arrow but those of the table.
#[must_use]
pub fn check(house: &House) -> Vec<String> {
    let ours: Vec<&str> = house.packages.iter().map(|p| p.name.as_str()).collect();
    let mut complaints = Vec::new();
    for package in &house.packages {
        let mut say = |what: String| complaints.push(format!("{}: {what}", package.folder));
        let Some(may) = may(&package.name) else {
            say("is not in the table of design §2".into());
            continue;
        };
        for need in package.needs.iter().filter(|n| ours.contains(&n.as_str())) {
            let allowed = match may {
                May::Use(list) => list.contains(&need.as_str()),
                // The product never stands on its own tests or tools; those may stand on each other.
                May::UseAll => {
                    package.name != "centralka" || !(need.starts_with("tests-") || need == "xtask")
                }
            };
            if !allowed {
                say(format!("must not use {need}"));
            }
        }
    }
    complaints
}
