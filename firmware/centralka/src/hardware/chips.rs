//! A board file made real: drivers on their buses, the sound device, lifelines.

use std::{
    any::Any,
    collections::BTreeMap,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use embedded_hal::digital::OutputPin;
use hal_alsa::{Card, CardCounts, CardSettings, Period, SampleFormat};
use hal_board::{
    Audio, BoardFile, Chip, Hardware, HardwareError, HeldButton, Lifeline, LifelineJack,
    LineDriver, Pin, PinControls, PortEntry, Relay, SlotFormat, StatusLamp,
};
use hal_port::{
    AudioHalf, ControlFaults, ControlHalf, ErrorKind, FaultKind, FaultyControl, Port, PortCommand,
    PortEvent, Reading,
};
use hal_slic::{
    SharedPin, SharedSpi, Trouble,
    fxo::{FxoLine, FxoSettings},
    fxs::{FxsLine, FxsSettings, Part},
};

use super::{
    cards,
    missing::{NoSound, missing},
    open_board::{Jack, OpenBoard},
};

/// A sound device at work.
pub(super) struct Sound {
    /// Its halves, in the order of the slots.
    pub(super) halves: Vec<Box<dyn AudioHalf>>,
    /// What its thread counts, and whether it is there.
    pub(super) counts: Arc<CardCounts>,
    /// What keeps it going.
    pub(super) card: Box<dyn Any + Send>,
}

/// The sound device by ALSA.
pub(super) fn card(audio: &Audio, slots: &[usize]) -> Result<Sound, String> {
    let settings = CardSettings {
        capture: audio.capture.clone(),
        playback: audio.playback.clone(),
        channels: audio.channels,
        format: match audio.format {
            SlotFormat::Linear => SampleFormat::Linear,
            SlotFormat::ALaw => SampleFormat::ALaw,
            SlotFormat::MuLaw => SampleFormat::MuLaw,
        },
        period: if audio.period_ms == 5 {
            Period::Ms5
        } else {
            Period::Ms10
        },
    };
    let (card, halves) = Card::open(&settings, slots, begin).map_err(|error| error.to_string())?;
    Ok(Sound {
        halves: halves.into_iter().map(|half| Box::new(half) as _).collect(),
        counts: card.counts(),
        card: Box::new(card),
    })
}

/// What the card's thread does first. Worth a line, not worth an alarm, as with the media thread.
fn begin() {
    if let Err(error) = engine::become_real_time() {
        tracing::info!(%error, "the sound device's thread runs without real-time priority");
    }
}

/// Opens everything that the file names. What cannot be opened is said in the log, and its ports are
/// out of service from the start.
pub(super) fn open<H: Hardware>(
    file: &BoardFile,
    hardware: &mut H,
    sound: impl FnOnce(&Audio, &[usize]) -> Result<Sound, String>,
) -> OpenBoard {
    let mut open = OpenBoard {
        name: file.name.clone(),
        ..OpenBoard::default()
    };
    // First the clocks of the highway, then the reset: the chips measure the clocks when it ends.
    let slots: Vec<usize> = file.ports.iter().map(|p| usize::from(p.slot)).collect();
    let sound = file.audio.as_ref().map(|audio| sound(audio, &slots));
    let mut halves = Vec::new().into_iter();
    let mut counts = Arc::default();
    match sound {
        Some(Ok(sound)) => {
            open.kept.push(sound.card);
            halves = sound.halves.into_iter();
            counts = sound.counts;
        }
        Some(Err(error)) => tracing::error!(error, "the board's sound device"),
        None => {}
    }
    if let Some(pin) = &file.reset
        && let Err(error) = reset(pin, hardware)
    {
        tracing::error!(%error, "the chips' reset");
    }
    let mut buses = Buses::<H>::with(counts);
    for port in &file.ports {
        let half = halves.next();
        let (description, control) = if half.is_none() {
            // A set without dial tone is a set that is broken.
            missing(&port.name, port.chip.kind())
        } else {
            buses.control(file, port, hardware).unwrap_or_else(|error| {
                tracing::error!(port = port.name, %error, "the port's chip");
                missing(&port.name, port.chip.kind())
            })
        };
        let half = half.unwrap_or_else(|| Box::new(NoSound));
        open.add_boxed(description, half, control);
    }
    cards::add(file, &mut open);
    open_lifelines(file, hardware, &mut open);
    open_controls(file, hardware, &mut open);
    open
}

fn level<O: OutputPin>(output: &mut O, pin: &Pin, active: bool) -> Result<(), HardwareError> {
    let done = if active == pin.active_low {
        output.set_low()
    } else {
        output.set_high()
    };
    done.map_err(|error| HardwareError {
        what: pin.to_string(),
        why: format!("{error:?}"),
    })
}

/// The pulse is as long as two calls of the system: a thousand times what a chip needs.
fn reset<H: Hardware>(pin: &Pin, hardware: &mut H) -> Result<(), HardwareError> {
    let mut output = hardware.output(pin)?;
    level(&mut output, pin, true)?;
    level(&mut output, pin, false)
}

/// Gives each relay to its set's port, as it is: somebody may be in a call by it. With the port it is let go in the end.
fn open_lifelines<H: Hardware>(file: &BoardFile, hardware: &mut H, open: &mut OpenBoard) {
    for relay in &file.relays {
        let opened = opened(relay, hardware);
        let Some(place) = open
            .control
            .iter()
            .position(|(_, name, _)| *name == relay.set)
        else {
            continue;
        };
        match opened {
            Ok((lifeline, sense)) => {
                let (id, name, jack) = open.control.swap_remove(place);
                let sensed = sense.is_some();
                let jack = Box::new(LifelineJack::new(jack, lifeline, sense));
                open.control.push((id, name, jack));
                open.has_lifeline((&relay.set, &relay.line), sensed, true);
            }
            Err(error) => tracing::error!(relay = relay.name, %error, "the lifeline"),
        }
    }
    open.control.sort_by_key(|&(id, ..)| id);
}

/// A relay and its contact.
type Sensed<H> = (
    Lifeline<<H as Hardware>::Output>,
    Option<<H as Hardware>::Input>,
);

/// The relay, let go, and its contact. One whose contact cannot be had works all the same.
fn opened<H: Hardware>(relay: &Relay, hardware: &mut H) -> Result<Sensed<H>, HardwareError> {
    let lifeline = Lifeline::new(relay.clone(), hardware.output(&relay.pin)?);
    let sense = relay.sense.as_ref().map(|pin| hardware.input(pin));
    let sense = sense.transpose().unwrap_or_else(|error| {
        tracing::error!(relay = relay.name, %error, "the lifeline's contact");
        None
    });
    Ok((lifeline, sense))
}

/// The status lamp, lit, and the buttons. One that cannot be had leaves the others.
fn open_controls<H: Hardware>(file: &BoardFile, hardware: &mut H, open: &mut OpenBoard) {
    let lamp = file.status_lamp.as_ref().and_then(|pin| {
        let output = hardware.output(pin);
        let mut output = output
            .inspect_err(|error| tracing::error!(%error, "the status lamp"))
            .ok()?;
        let pin = pin.clone();
        Some(StatusLamp::lit(Box::new(move |lit| {
            if let Err(error) = level(&mut output, &pin, lit) {
                tracing::error!(%error, "the status lamp");
            }
        })))
    });
    let buttons = file.buttons.iter().filter_map(|button| {
        let pin = hardware.edges(&button.pin);
        let pin = pin.inspect_err(|error| {
            tracing::error!(button = button.name, %error, "the button");
        });
        Some(HeldButton::new(button.clone(), pin.ok()?))
    });
    let controls = PinControls::new(buttons.collect(), lamp);
    open.controls = Some(Box::new(controls));
}

/// Buses and pins that several chips share.
struct Buses<H: Hardware> {
    counts: Arc<CardCounts>,
    spi: BTreeMap<String, SharedSpi<H::Spi>>,
    pins: BTreeMap<Pin, SharedPin<H::Input>>,
}

impl<H: Hardware> Buses<H> {
    /// None opened yet; the ports' sound is of this card.
    const fn with(counts: Arc<CardCounts>) -> Self {
        Self {
            counts,
            spi: BTreeMap::new(),
            pins: BTreeMap::new(),
        }
    }

    /// The driver of a port.
    fn control(
        &mut self,
        file: &BoardFile,
        port: &PortEntry,
        hardware: &mut H,
    ) -> Result<(Port, Jack), HardwareError> {
        let spi = match self.spi.get(&port.spi) {
            Some(spi) => spi.clone(),
            None => {
                let spi = SharedSpi::new(hardware.spi(&port.spi, port.spi_hz)?);
                self.spi.insert(port.spi.clone(), spi.clone());
                spi
            }
        };
        let interrupt = match &port.interrupt {
            None => None,
            Some(pin) => Some(match self.pins.get(pin) {
                Some(shared) => shared.clone(),
                None => {
                    let shared = SharedPin::new(hardware.input(pin)?);
                    self.pins.insert(pin.clone(), shared.clone());
                    shared
                }
            }),
        };
        let name = port.name.clone();
        let (format, first_bit) = file.audio.as_ref().map_or_else(
            || (SlotFormat::default(), 0),
            |audio| (audio.format, audio.first_bit),
        );
        let slot_start = port.slot * format.bits() + first_bit;
        let slot_format = match format {
            SlotFormat::Linear => hal_slic::SlotFormat::Linear,
            SlotFormat::ALaw => hal_slic::SlotFormat::ALaw,
            SlotFormat::MuLaw => hal_slic::SlotFormat::MuLaw,
        };
        let part = match port.chip {
            Chip::Si3210 => Part::Si3210,
            Chip::Si3215 => Part::Si3215,
            Chip::Si3050 => {
                let settings = FxoSettings {
                    chain_place: port.chain_place,
                    slot_start,
                    slot_format,
                };
                let line = FxoLine::new(name.clone(), settings, spi, interrupt);
                return Ok((line.port(), self.told(name, line, FxoLine::trouble)));
            }
        };
        let settings = FxsSettings {
            part,
            driver: match port.driver {
                LineDriver::Discrete => hal_slic::fxs::LineDriver::Discrete,
                LineDriver::Si3201 => hal_slic::fxs::LineDriver::Si3201,
            },
            dc_dc_period: port.dc_dc_period,
            slot_start,
            slot_format,
        };
        let line = FxsLine::new(name.clone(), settings, spi, interrupt);
        Ok((line.port(), self.told(name, line, FxsLine::trouble)))
    }
}

/// A driver whose troubles go to the log, for the events of a port say less, and whose port is out of
/// service as long as the sound device is gone.
struct Told<C> {
    name: String,
    /// Broken down by us when the sound device is.
    inner: FaultyControl<C>,
    trouble: fn(&C) -> Option<Trouble>,
    told: Option<Trouble>,
    sound: Arc<CardCounts>,
    mute: bool,
}

impl<H: Hardware> Buses<H> {
    fn told<C: ControlHalf + Send + 'static>(
        &self,
        name: String,
        line: C,
        trouble: fn(&C) -> Option<Trouble>,
    ) -> Jack {
        Box::new(Told {
            name,
            inner: FaultyControl::new(line, ControlFaults::default()),
            trouble,
            told: None,
            sound: Arc::clone(&self.counts),
            mute: false,
        })
    }
}

impl<C: ControlHalf> ControlHalf for Told<C> {
    type Error = ErrorKind;

    fn advance(&mut self, now: Duration) {
        let mute = self.sound.gone.load(Ordering::Relaxed);
        if mute != self.mute {
            self.mute = mute;
            tracing::warn!(port = self.name, gone = mute, "the board's sound device");
            if mute {
                self.inner.break_down(FaultKind::Lost);
            } else {
                self.inner.recover();
            }
        }
        self.inner.advance(now);
        let trouble = (self.trouble)(self.inner.inner());
        if trouble != self.told {
            self.told = trouble;
            if let Some(trouble) = trouble {
                tracing::warn!(port = self.name, %trouble, "trouble at a port");
            }
        }
    }

    fn next_deadline(&self) -> Option<Duration> {
        self.inner.next_deadline()
    }

    fn apply(&mut self, command: PortCommand) -> Result<(), ErrorKind> {
        self.inner.apply(command)
    }

    fn poll_event(&mut self) -> Option<PortEvent> {
        self.inner.poll_event()
    }

    fn reading(&self) -> Reading {
        self.inner.reading()
    }
}

#[cfg(test)]
mod tests;
