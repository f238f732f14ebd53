//! Flashes of the hook to the exchange at the other end of a line, for its own services: asked for by a code
//! that somebody presses in a call on the line, or by the hook of a set where the line's entry says so.

use core::time::Duration;

use config::LineFlash;
use hal_port::{FLASH_MS, PortCommand};
use model::{Digit, Instant, LegId, LineNews, Now, PortId, Rule};

use super::{Line, Phase};
use crate::{Output, Pbx, ports::SetPhase};

/// A key of the code comes at most so long after the one before.
const NEXT_KEY: Duration = Duration::from_secs(3);

/// Codes that people have begun to press, by the legs they press them on.
#[derive(Clone, Debug, Default)]
pub(crate) struct Begun(Vec<(LegId, Instant, String)>);

impl Begun {
    /// What was pressed of the code so far.
    fn of(&self, leg: LegId) -> Option<&(LegId, Instant, String)> {
        self.0.iter().find(|(of, ..)| *of == leg)
    }

    fn forget(&mut self, gone: impl Fn(LegId) -> bool) {
        self.0.retain(|(leg, ..)| !gone(*leg));
    }

    /// Nobody has begun any.
    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }
}

impl Pbx {
    /// A set pressed its hook; whether that is meant for the exchange at the other end of the line on
    /// which it talks. While somebody waits at the set or is held there, it is meant for this one.
    pub(crate) fn flash_of_set(&mut self, now: Now, port: PortId) -> bool {
        let Some(SetPhase::Up { leg, .. }) = self.jacks.get(port).map(|jack| jack.phase) else {
            return false;
        };
        let alone = self
            .jacks
            .get(port)
            .is_some_and(|jack| jack.legs.len() == 1);
        let Some(line) = self.line_beside(leg).filter(|_| alone) else {
            return false;
        };
        let entry = self.lines.get(line).and_then(|line| line.entry.as_ref());
        let entry = entry.and_then(|id| self.config.line(id));
        let wanted = entry.is_some_and(|entry| entry.flash == LineFlash::Line);
        if wanted {
            self.flash_line(now, line);
        }
        wanted
    }

    /// Whether this key may be one of the code for a flash.
    pub(crate) fn may_flash(&self, leg: LegId, digit: Digit) -> bool {
        let Some(code) = &self.config.codes.flash else {
            return false;
        };
        let begins = code.as_str().starts_with(digit.to_char());
        (begins || self.begun.of(leg).is_some()) && self.line_beside(leg).is_some()
    }

    /// A key was pressed: the last one of the code flashes the line on which the leg talks.
    pub(crate) fn key_for_flash(&mut self, now: Now, leg: LegId, digit: Digit) {
        if !self.may_flash(leg, digit) {
            self.begun.forget(|of| of == leg);
            return;
        }
        let (Some(code), Some(line)) = (self.config.codes.flash.clone(), self.line_beside(leg))
        else {
            return;
        };
        let fresh = |at: &Instant| now.mono.since(*at) <= NEXT_KEY;
        let before = self.begun.of(leg).filter(|(_, at, _)| fresh(at));
        let mut keys = before.map(|(.., keys)| keys.clone()).unwrap_or_default();
        keys.push(digit.to_char());
        if !code.as_str().starts_with(&keys) {
            keys = digit.to_char().to_string();
        }
        let switch = &self.switch;
        self.begun
            .forget(|of| of == leg || switch.call_of(of).is_none());
        if keys == code.as_str() {
            self.flash_line(now, line);
        } else if code.as_str().starts_with(&keys) {
            self.begun.0.push((leg, now.mono, keys));
        }
    }

    /// The line whose far party talks with this leg.
    fn line_beside(&self, leg: LegId) -> Option<PortId> {
        let port = self.lines.of_leg(self.partner(leg)?)?;
        let talks = matches!(self.lines.get(port)?.phase, Phase::Up { .. });
        talks.then_some(port)
    }

    /// Opens the loop for as long as the country's exchanges take for a flash.
    fn flash_line(&mut self, now: Now, port: PortId) {
        let ms = self.config.country.flash_send_ms;
        let ms = ms.clamp(*FLASH_MS.start(), *FLASH_MS.end());
        let Some(Line {
            phase: Phase::Up { leg, watch, .. },
            ..
        }) = self.lines.get_mut(port)
        else {
            return;
        };
        let leg = *leg;
        watch.flashed(now.mono + Duration::from_millis(ms.into()));
        let command = PortCommand::Flash(ms);
        self.out.push_back(Output::Port { port, command });
        self.line_news_of(now, port, leg, Rule::LineFlash, LineNews::Flashed);
    }
}
