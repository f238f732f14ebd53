//! What `centralka doctor` says of the board, as data and in words.

use std::{fmt, path::Path, path::PathBuf};

use hal_board::{BoardFile, Chip, NotFound, Wrong};

use super::BoardChoice;

/// One thing that a board file names, and whether this machine has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Part {
    /// The port's name, or what it is.
    pub(crate) name: String,
    /// What it is looked for by.
    pub(crate) device: String,
    pub(crate) is_there: bool,
}

/// The board of this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum BoardReport {
    /// None is wanted.
    None,
    /// No file: the simulated board stands in.
    Simulated,
    /// The file cannot be read.
    Unreadable { path: PathBuf, why: String },
    /// The file has mistakes: no port is used.
    Wrong { path: PathBuf, wrong: Vec<Wrong> },
    /// The file is sound.
    Sound {
        path: PathBuf,
        name: String,
        parts: Vec<Part>,
    },
}

impl BoardReport {
    /// Looks at this machine. Opens nothing: a running exchange has it all.
    pub(crate) fn of(choice: &BoardChoice) -> Self {
        let root = Path::new("/");
        match choice {
            BoardChoice::None => Self::None,
            BoardChoice::Sim => Self::Simulated,
            BoardChoice::File(path) => Self::by(path.clone(), root),
            BoardChoice::Auto => Self::below(root),
        }
    }

    fn below(root: &Path) -> Self {
        hal_board::find(root).map_or(Self::Simulated, |found| Self::by(found.path, root))
    }

    fn by(path: PathBuf, root: &Path) -> Self {
        match hal_board::load(&path) {
            Ok(file) => Self::Sound {
                path,
                parts: parts(&file, root),
                name: file.name,
            },
            Err(NotFound::Wrong(path, wrong)) => Self::Wrong { path, wrong },
            Err(NotFound::Unreadable(path, error)) => Self::Unreadable {
                path,
                why: error.to_string(),
            },
        }
    }
}

/// What the kernel shows of a card while it is there, by ALSA's name of its device: `hw:0`, `hw:tdm,0`,
/// `plughw:CARD=tdm,DEV=0`. A name of another form is one of ALSA's configuration, which nobody can look up.
fn card_of(device: &str) -> String {
    let card = device.split_once(':').map_or("", |(_, rest)| rest);
    let card = card.split(',').next().unwrap_or_default();
    match card.trim_start_matches("CARD=") {
        "" => "/proc/asound".into(),
        number if number.bytes().all(|b| b.is_ascii_digit()) => {
            format!("/proc/asound/card{number}")
        }
        name => format!("/proc/asound/{name}"),
    }
}

fn parts(file: &BoardFile, root: &Path) -> Vec<Part> {
    let is_there = |device: &str| root.join(device.trim_start_matches('/')).exists();
    let mut parts = Vec::new();
    if let Some(audio) = &file.audio {
        let mut devices = vec![&audio.capture, &audio.playback];
        devices.dedup();
        parts.extend(devices.into_iter().map(|device| Part {
            name: "sound".into(),
            device: device.clone(),
            is_there: is_there(&card_of(device)),
        }));
    }
    for port in &file.ports {
        let chip = match port.chip {
            Chip::Si3210 => "si3210",
            Chip::Si3215 => "si3215",
            Chip::Si3050 => "si3050",
        };
        parts.push(Part {
            name: format!("{} {chip}", port.name),
            device: port.spi.clone(),
            is_there: is_there(&port.spi),
        });
    }
    for entry in &file.dahdi {
        // The kernel's driver and its configuration give a channel its node; those above 249 share one.
        let device = match entry.channel {
            channel @ 1..=249 => format!("/dev/dahdi/{channel}"),
            _ => "/dev/dahdi/channel".into(),
        };
        parts.push(Part {
            name: format!("{} dahdi", entry.name),
            is_there: is_there(&device),
            device,
        });
    }
    for button in &file.buttons {
        parts.push(Part {
            name: format!("button {}", button.name),
            device: button.pin.to_string(),
            is_there: is_there(&format!("/dev/{}", button.pin.chip)),
        });
    }
    let interrupts = file.ports.iter().filter_map(|port| port.interrupt.as_ref());
    let pins = interrupts.chain(file.reset.iter());
    let relays = file.relays.iter();
    let pins = pins.chain(relays.flat_map(|relay| {
        [Some(&relay.pin), relay.sense.as_ref()]
            .into_iter()
            .flatten()
    }));
    let pins = pins.chain(&file.status_lamp);
    let mut chips: Vec<String> = pins.map(|pin| format!("/dev/{}", pin.chip)).collect();
    chips.sort();
    chips.dedup();
    parts.extend(chips.into_iter().map(|device| Part {
        name: "pins".into(),
        is_there: is_there(&device),
        device,
    }));
    parts
}

impl fmt::Display for BoardReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => writeln!(f, "board         none"),
            Self::Simulated => writeln!(
                f,
                "board         simulated: two analog sets with a person at each, and an outside line"
            ),
            Self::Unreadable { path, why } => {
                writeln!(f, "board         {} cannot be read: {why}", path.display())
            }
            Self::Wrong { path, wrong } => {
                writeln!(f, "board         {} is wrong", path.display())?;
                wrong.iter().try_for_each(|wrong| writeln!(f, "  {wrong}"))
            }
            Self::Sound { path, name, parts } => {
                writeln!(f, "board         {name}, by {}", path.display())?;
                for part in parts {
                    let state = if part.is_there { "there" } else { "missing" };
                    writeln!(f, "  {:<11} {} {state}", part.name, part.device)?;
                }
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOARD: &str = "name = \"Test\"\n[audio]\ncapture = \"hw:0\"\nplayback = \"hw:CARD=lost,DEV=1\"\nchannels = 2\n\
        [[port]]\nname = \"fxs1\"\nchip = \"si3215\"\nspi = \"/dev/spidev0.0\"\nslot = 0\n\
        [[port]]\nname = \"fxo1\"\nchip = \"si3050\"\nspi = \"/dev/spidev0.1\"\nslot = 1\n\
        interrupt = \"gpiochip3:1\"\n[[dahdi]]\nname = \"fxs2\"\nchannel = 4\n\
        [[button]]\nname = \"recover\"\npin = \"!gpiochip3:2\"\nuse = \"recover\"\n";

    #[test]
    fn what_is_there_and_what_is_missing() {
        let root = std::env::temp_dir().join(format!("centralka-doctor-{}", std::process::id()));
        let put = |path: &str, text: &str| {
            let path = root.join(path);
            std::fs::create_dir_all(path.parent().expect("has one")).expect("made");
            std::fs::write(path, text).expect("written");
        };
        put("dev/spidev0.0", "");
        put("proc/asound/card0/id", "tdm");
        assert_eq!(BoardReport::below(&root), BoardReport::Simulated);
        put("etc/centralka/board.toml", BOARD);
        let said = BoardReport::below(&root).to_string();
        for line in [
            "  sound       hw:0 there\n",
            "  sound       hw:CARD=lost,DEV=1 missing\n",
            "  fxs1 si3215 /dev/spidev0.0 there\n",
            "  fxo1 si3050 /dev/spidev0.1 missing\n",
            "  fxs2 dahdi  /dev/dahdi/4 missing\n",
            "  button recover !gpiochip3:2 missing\n",
            "  pins        /dev/gpiochip3 missing\n",
        ] {
            assert!(said.contains(line), "{said}");
        }
        put("etc/centralka/board.toml", "name = 5\n");
        let said = BoardReport::below(&root).to_string();
        assert!(said.contains("  line 1: name is"), "{said}");
        std::fs::remove_dir_all(root).expect("removed");
    }
}
