//! The person at a simulated set, or at the far end of the simulated line on `fxo1`, moved by
//! the command line.

use std::{ops::RangeInclusive, time::Duration};

use serde_json::Value;

use crate::{
    baresip::Phone,
    exchange::Exchange,
    wait::{s, until, within},
};

/// The simulated set of an exchange, or the far end of its line.
#[derive(Clone, Copy, Debug)]
pub struct Set<'e> {
    exchange: &'e Exchange,
    port: &'e str,
}

impl<'e> Set<'e> {
    /// The set on `fxs1`.
    #[must_use]
    pub const fn of(exchange: &'e Exchange) -> Self {
        Self::at(exchange, "fxs1")
    }

    /// The set on this port.
    #[must_use]
    pub const fn at(exchange: &'e Exchange, port: &'e str) -> Self {
        Self { exchange, port }
    }

    /// The far end of the line on `fxo1`.
    #[must_use]
    pub const fn behind_line(exchange: &'e Exchange) -> Self {
        Self {
            exchange,
            port: "fxo1",
        }
    }

    /// Calls the office, as this number.
    #[track_caller]
    pub fn call(&self, number: &str) {
        self.act(&["call", number]);
    }

    /// Answers.
    #[track_caller]
    pub fn answer(&self) {
        self.act(&["answer"]);
    }

    /// Changes what the line is like.
    #[track_caller]
    pub fn line(&self, settings: &[&str]) {
        let mut all = vec!["line"];
        all.extend(settings);
        self.act(&all);
    }

    /// Waits until the exchange behind the line is doing this.
    #[track_caller]
    pub fn line_is(&self, stage: &str, limit: Duration) {
        until(limit, stage, || {
            (self.hear()["line"]["stage"] == stage).then_some(())
        });
    }

    #[track_caller]
    fn act(&self, arguments: &[&str]) {
        let mut all = vec!["sim", self.port];
        all.extend(arguments);
        self.exchange.ask(&all);
    }

    /// Lifts the receiver.
    #[track_caller]
    pub fn lift(&self) {
        self.act(&["lift"]);
    }

    /// Puts it back.
    #[track_caller]
    pub fn hang_up(&self) {
        self.act(&["hangup"]);
    }

    /// Lifts, dials the echo test and talks with `hz` until it hears that.
    #[track_caller]
    pub fn hears_itself(&self, hz: u32) {
        self.lift();
        self.hears_dial_tone(s(30));
        self.dial("*43");
        self.talk(hz);
        self.hears(hz, s(30));
    }

    /// Both hang up, the phone first.
    ///
    /// # Panics
    /// If the phone's call does not end.
    #[track_caller]
    pub fn part_from(&self, phone: &mut Phone) {
        phone.hang_up();
        phone.event("CALL_CLOSED", s(30));
        self.hang_up();
    }

    /// Presses the hook for a moment.
    #[track_caller]
    pub fn flash(&self) {
        self.act(&["flash"]);
    }

    /// Presses keys.
    #[track_caller]
    pub fn dial(&self, digits: &str) {
        self.act(&["dial", digits]);
    }

    /// Speaks a steady frequency.
    #[track_caller]
    pub fn talk(&self, hz: u32) {
        self.act(&["talk", &hz.to_string()]);
    }

    /// What the person sees and hears.
    ///
    /// # Panics
    /// If the exchange does not say.
    #[must_use]
    #[track_caller]
    pub fn hear(&self) -> Value {
        // A busy exchange may have no time to say at once.
        let told = until(s(60), "what the set hears", || {
            let output = self.exchange.run(&["sim", self.port, "hear", "--json"]);
            output.status.success().then_some(output.stdout)
        });
        serde_json::from_slice(&told).expect("the report is JSON")
    }

    /// Waits until the bell rings.
    #[track_caller]
    pub fn rings(&self, limit: Duration) {
        until(limit, "the set's bell", || {
            (self.hear()["rung"] == Value::Bool(true)).then_some(())
        });
    }

    /// Waits for dial tone.
    #[track_caller]
    pub fn hears_dial_tone(&self, limit: Duration) {
        until(limit, "dial tone", || {
            let report = self.hear();
            let dial = &report["hearing"]["tone"]["candidates"];
            let heard = dial
                .as_array()
                .is_some_and(|all| all.iter().any(|tone| tone == "dial"));
            heard.then_some(())
        });
    }

    /// Waits until `hz` is the strongest thing heard.
    #[track_caller]
    pub fn hears(&self, hz: u32, limit: Duration) {
        self.hears_at(hz, -35.0..=0.0, limit);
    }

    /// The same, at one of these levels in dBm0.
    #[track_caller]
    pub fn hears_at(&self, hz: u32, levels: RangeInclusive<f64>, limit: Duration) {
        let mut last = Value::Null;
        let heard = within(limit, || {
            last = self.hear()["hearing"].take();
            let strongest = &last["now"][0];
            let heard = strongest["hz"].as_f64()?;
            let level = strongest["level_dbm0"].as_f64()?;
            let right = (heard - f64::from(hz)).abs() < 8.0 && levels.contains(&level);
            right.then_some(())
        });
        assert!(
            heard.is_some(),
            "the set must hear {hz} Hz at {levels:?} dBm0, and hears {last}"
        );
    }

    /// Waits until both are heard at the same moment.
    #[track_caller]
    pub fn hears_both(&self, hz: [u32; 2], limit: Duration) {
        let what = format!("{hz:?} Hz in the earpiece of {}", self.port);
        until(limit, &what, || {
            let report = self.hear();
            let now = report["hearing"]["now"].as_array()?;
            let there = |hz: u32| {
                now.iter().any(|partial| {
                    let heard = partial["hz"].as_f64().unwrap_or(0.0);
                    (heard - f64::from(hz)).abs() < 8.0
                })
            };
            hz.into_iter().all(there).then_some(())
        });
    }

    /// Waits until `hz` is not heard at this moment.
    #[track_caller]
    pub fn hears_not(&self, hz: u32, limit: Duration) {
        let what = format!("no {hz} Hz in the set's earpiece");
        until(limit, &what, || {
            let report = self.hear();
            let now = report["hearing"]["now"].as_array()?;
            let hears = now.iter().any(|partial| {
                let heard = partial["hz"].as_f64().unwrap_or(0.0);
                (heard - f64::from(hz)).abs() < 8.0
            });
            (!hears).then_some(())
        });
    }

    /// Whether `hz` is among what was heard in the last seconds.
    #[must_use]
    #[track_caller]
    pub fn heard_lately(&self, hz: u32) -> bool {
        let report = self.hear();
        let lately = report["hearing"]["lately"].as_array();
        lately.is_some_and(|partials| {
            partials.iter().any(|partial| {
                let heard = partial["hz"].as_f64().unwrap_or(0.0);
                (heard - f64::from(hz)).abs() < 8.0
            })
        })
    }
}
