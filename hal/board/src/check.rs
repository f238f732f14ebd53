//! What must fit together in a board file.

use std::collections::BTreeMap;

use hal_port::PortKind;
use model::limits;

use crate::file::{BoardFile, Chip, Pin, PortEntry, Wrong};

/// Clocks of a frame that a start count can reach.
const START_MAX: u16 = 1_023;

pub(crate) fn board(board: &BoardFile, wrong: &mut Vec<Wrong>) {
    let mut say = |line: u32, what: String| wrong.push(Wrong { line, what });
    if board.audio.is_none() && !board.ports.is_empty() {
        say(1, "[audio] is missing: ports need a highway".into());
    }
    let mut names = BTreeMap::new();
    let mut slots = BTreeMap::new();
    let mut places = BTreeMap::new();
    for port in &board.ports {
        let mut taken = |before: Option<u32>, what: String| {
            if let Some(line) = before {
                say(port.at_line, format!("{what} is taken by line {line}"));
            }
        };
        let name = port.name.clone();
        taken(names.insert(name, port.at_line), port.name.clone());
        let slot = port.slot;
        taken(slots.insert(slot, port.at_line), format!("slot {slot}"));
        let place = (port.spi.clone(), port.chain_place);
        let what = format!("{} place {}", port.spi, port.chain_place);
        taken(places.insert(place, port.at_line), what);
        check_port(board, port, &mut say);
    }
    let mut channels = BTreeMap::new();
    for entry in &board.dahdi {
        let line = entry.at_line;
        check_name(&entry.name, entry.kind(), line, &mut say);
        let channel = entry.channel;
        for (before, what) in [
            (names.insert(entry.name.clone(), line), entry.name.clone()),
            (channels.insert(channel, line), format!("channel {channel}")),
        ] {
            if let Some(before) = before {
                say(line, format!("{what} is taken by line {before}"));
            }
        }
    }
    if board.ports.len() + board.dahdi.len() > limits::PORTS {
        let most = limits::PORTS;
        say(1, format!("a board has at most {most} ports"));
    }
    check_buttons(board, &mut say);
    let mut jacks = BTreeMap::new();
    for relay in &board.relays {
        for name in [&relay.set, &relay.line] {
            if let Some(before) = jacks.insert(name, relay.at_line) {
                let what = format!("{name} has its lifeline in line {before}");
                say(relay.at_line, what);
            }
        }
        for (name, kind) in [(&relay.set, PortKind::Fxs), (&relay.line, PortKind::Fxo)] {
            let chips = board
                .ports
                .iter()
                .map(|port| (&port.name, port.chip.kind()));
            let cards = board.dahdi.iter().map(|entry| (&entry.name, entry.kind()));
            let found = chips.chain(cards).any(|port| port == (name, kind));
            if !found {
                say(
                    relay.at_line,
                    format!("{name} is no such port of this board"),
                );
            }
        }
    }
    check_pins(board, &mut say);
}

fn check_port(board: &BoardFile, port: &PortEntry, say: &mut impl FnMut(u32, String)) {
    check_name(&port.name, port.chip.kind(), port.at_line, say);
    if let Some(audio) = &board.audio {
        let start = port.slot * audio.format.bits() + audio.first_bit;
        if port.slot >= audio.channels || start > START_MAX {
            let channels = audio.channels;
            say(
                port.at_line,
                format!("slot {} is beyond the {channels} of the highway", port.slot),
            );
        }
    }
    // Several on one select line are a chain, and only lines' chips make one here.
    let together = board.ports.iter().filter(|other| other.spi == port.spi);
    let alone = together.clone().count() == 1;
    if !alone && together.clone().any(|other| other.chip != Chip::Si3050) {
        say(
            port.at_line,
            format!(
                "{} has several chips, and only si3050 can be chained",
                port.spi
            ),
        );
    }
    if together.clone().any(|other| other.spi_hz != port.spi_hz) {
        say(port.at_line, format!("{} has two speeds", port.spi));
    }
}

/// The doctor tells of a button by its name.
fn check_buttons(board: &BoardFile, say: &mut impl FnMut(u32, String)) {
    let mut buttons = BTreeMap::new();
    for button in &board.buttons {
        if let Some(before) = buttons.insert(&button.name, button.at_line) {
            let what = format!("{} is taken by line {before}", button.name);
            say(button.at_line, what);
        }
    }
}

fn check_name(name: &str, kind: PortKind, line: u32, say: &mut impl FnMut(u32, String)) {
    let prefix = match kind {
        PortKind::Fxs => "fxs",
        PortKind::Fxo => "fxo",
    };
    let digits = name.strip_prefix(prefix).unwrap_or_default();
    let sound = (1..=3).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
    if !sound || digits.starts_with('0') {
        say(
            line,
            format!("the name of this port is {prefix}1, {prefix}2 …"),
        );
    }
}

/// A pin has one use; a chain's chips may share their interrupt.
fn check_pins(board: &BoardFile, say: &mut impl FnMut(u32, String)) {
    let mut used: BTreeMap<(&str, u32), (u32, &str)> = BTreeMap::new();
    let mut all: Vec<(Pin, u32, String)> = Vec::new();
    let single = board.reset.iter().chain(&board.status_lamp);
    all.extend(single.map(|pin| (pin.clone(), 1, String::new())));
    for port in &board.ports {
        if let Some(pin) = &port.interrupt {
            all.push((pin.clone(), port.at_line, port.spi.clone()));
        }
    }
    let rest = board.relays.iter().flat_map(|relay| {
        let pins = [Some(&relay.pin), relay.sense.as_ref()];
        let pins = pins.into_iter().flatten();
        pins.map(|pin| (pin, relay.at_line))
    });
    let buttons = board.buttons.iter();
    let rest = rest.chain(buttons.map(|button| (&button.pin, button.at_line)));
    all.extend(rest.map(|(pin, line)| (pin.clone(), line, String::new())));
    for (pin, line, bus) in &all {
        // A pin that could not be read was complained of.
        if pin.chip.is_empty() {
            continue;
        }
        let place = (pin.chip.as_str(), pin.line);
        match used.get(&place) {
            Some((_, other)) if !bus.is_empty() && bus == other => {}
            Some((before, _)) => say(*line, format!("{pin} is taken by line {before}")),
            None => {
                used.insert(place, (*line, bus));
            }
        }
    }
}
