//! Sets that lie off hook after a call or without one: they hear why, then a howler, and at last
//! their line is switched off, so that they take up nothing and harm nobody.

use core::time::Duration;

use config::Tone;
use hal_port::{Linefeed, PortCommand};
use model::{EventBody, MediaCommand, Now, PortId, Route, Rule};

use crate::{
    Output, Pbx,
    line_profile::release_ms,
    ports::{SetPhase, SetTimer},
};

/// How long the tone sounds that says why nothing goes on.
const TONE: Duration = Duration::from_secs(30);
/// How long the howler calls for somebody to hang up.
const HOWLER: Duration = Duration::from_secs(50);
/// How long the line is off between two looks at the hook. A dead line shows no hook.
const OFF: Duration = Duration::from_secs(15);
/// How much longer than the shortest hang-up a look is, in ms.
const LOOK_MARGIN_MS: u64 = 200;

impl Pbx {
    /// The set is off hook without a call: from now on its patience runs.
    pub(crate) fn leave_off_hook(&mut self, now: Now, port: PortId) {
        self.jacks.set_timer(port, now.mono + TONE, SetTimer::Howl);
    }

    /// What is due at sets.
    pub(crate) fn run_set_timers(&mut self, now: Now) {
        while let Some((port, timer)) = self.jacks.due(now.mono) {
            match timer {
                SetTimer::Howl => self.howl(now, port),
                SetTimer::Lock => self.lock(now, port),
                SetTimer::Look => self.look(now, port),
                SetTimer::Close => self.close_line(now, port),
                SetTimer::Beep => self.beep(now, port),
                SetTimer::Mend => self.feed(port, Linefeed::Forward),
                SetTimer::Lamp => self.tell_lamp(now, port),
                SetTimer::Still => self.set_is_still(now, port),
                SetTimer::MeterEnd => self.supervise(port),
            }
        }
    }

    fn howl(&mut self, now: Now, port: PortId) {
        if let Some(SetPhase::Parting(leg)) = self.jacks.get(port).map(|jack| jack.phase) {
            let route = Route::Tone(*self.config.country.tone(Tone::Howler));
            self.media(MediaCommand::SetRoute { leg, route });
        }
        self.jacks
            .set_timer(port, now.mono + HOWLER, SetTimer::Lock);
    }

    fn lock(&mut self, now: Now, port: PortId) {
        match self.jacks.get(port).map(|jack| jack.phase) {
            Some(SetPhase::Parting(media)) => self.remove_media(media),
            Some(SetPhase::Mute) => {}
            _ => return,
        }
        self.jacks.set_phase(port, SetPhase::Locked);
        let body = EventBody::PortLocked { port, locked: true };
        self.note(now, Rule::PortLeftOffHook, body);
        self.close_line(now, port);
    }

    /// Switches the line off where the hardware can, until the next look at the hook.
    fn close_line(&mut self, now: Now, port: PortId) {
        if !self
            .jacks
            .get(port)
            .is_some_and(|j| j.capabilities.open_loop)
        {
            return;
        }
        self.feed(port, Linefeed::Open);
        self.jacks.set_timer(port, now.mono + OFF, SetTimer::Look);
    }

    /// Feeds the line for as long as a set needs to be seen to be hung up.
    fn look(&mut self, now: Now, port: PortId) {
        let name = self.jacks.get(port).map(|jack| jack.name.clone());
        let set = name.and_then(|name| self.config.analog_on(&name));
        let long = Duration::from_millis(release_ms(&self.config, set) + LOOK_MARGIN_MS);
        self.feed(port, Linefeed::Forward);
        self.jacks.set_timer(port, now.mono + long, SetTimer::Close);
    }

    /// The set that was left off hook is hung up: everything is as before.
    pub(crate) fn unlock(&mut self, now: Now, port: PortId) {
        self.feed(port, Linefeed::Forward);
        let body = EventBody::PortLocked {
            port,
            locked: false,
        };
        self.note(now, Rule::PortHungUp, body);
    }

    /// Says how a line is fed.
    pub(crate) fn feed(&mut self, port: PortId, feed: Linefeed) {
        self.jacks.set_feed(port, feed);
        let command = PortCommand::SetLinefeed(feed);
        self.out.push_back(Output::Port { port, command });
    }
}
