//! One set in two calls: which of its legs its place in the media plane serves, what the other would
//! hear, and the tone by which the person is told of a second caller.

use core::time::Duration;

use call::LegEvent;
use config::Tone;
use model::{
    BridgeId, CallId, Cause, LegId, LinePlay, MediaCommand, Now, Party, PortId, Route, ToneSpec,
    ToneStep,
};

use crate::{
    Pbx,
    ports::{SetPhase, SetTimer},
};

/// While a set is told who waits, the tone comes this much later.
const AFTER_DATA: Duration = Duration::from_millis(500);

impl Pbx {
    /// Tells the person at a set that is in a call of another caller.
    pub(crate) fn wait_port(
        &mut self,
        now: Now,
        (leg, call): (LegId, CallId),
        port: PortId,
        from: &Party,
    ) {
        let phase = self.jacks.get(port).map(|jack| jack.phase);
        let Some(SetPhase::Up { .. }) = phase else {
            // Hung up or left this very moment.
            let refused = LegEvent::Refused {
                cause: Cause::Busy,
                status: None,
            };
            self.leg_event(now, leg, refused);
            return;
        };
        self.jacks.add_leg(port, leg);
        self.jacks.set_waiting(port, Some(leg));
        self.leg_event(now, leg, LegEvent::Rang);
        self.plan_waiting_caller(now, (leg, call), port, from);
        self.beep(now, port);
    }

    /// Plays the tone for a second caller once, and plans the next.
    pub(crate) fn beep(&mut self, now: Now, port: PortId) {
        let Some(jack) = self.jacks.get(port).filter(|jack| jack.waiting.is_some()) else {
            return;
        };
        let (SetPhase::Up { media, .. } | SetPhase::Parting(media)) = jack.phase else {
            return;
        };
        if self.is_telling(port) {
            let next = now.mono + AFTER_DATA;
            self.jacks.set_timer(port, next, SetTimer::Beep);
            return;
        }
        let tone = self.config.country.tone(Tone::CallWaiting);
        let (once, period) = beep_of(tone, jack.beeps);
        let play = LinePlay::Tone(once);
        self.media(MediaCommand::PlayOnPort { leg: media, play });
        self.jacks.beeped(port, now.mono + period);
    }

    /// Nobody waits for the set any more.
    fn stop_beeping(&mut self, now: Now, port: PortId) {
        if self
            .jacks
            .get(port)
            .is_none_or(|jack| jack.waiting.is_none())
        {
            return;
        }
        self.jacks.set_waiting(port, None);
        self.cut_waiting_caller(now, port);
        if let Some(SetPhase::Up { media, .. } | SetPhase::Parting(media)) =
            self.jacks.get(port).map(|jack| jack.phase)
        {
            let play = LinePlay::Silence;
            self.media(MediaCommand::PlayOnPort { leg: media, play });
        }
    }

    /// The set's ear and mouth belong to this leg.
    pub(crate) fn attend(&mut self, now: Now, leg: LegId, port: PortId) {
        self.part_united(port);
        self.jacks.add_leg(port, leg);
        if self
            .jacks
            .get(port)
            .is_some_and(|jack| jack.waiting == Some(leg))
        {
            self.stop_beeping(now, port);
        }
        let phase = self.jacks.get(port).map(|jack| jack.phase);
        if let Some(SetPhase::Up { media, .. } | SetPhase::Parting(media)) = phase {
            self.jacks.set_phase(port, SetPhase::Up { leg, media });
            self.hear_as_attended(port);
        }
    }

    /// Gives the set what the leg hears that it attends to; what it says goes to the tracks of that
    /// one.
    pub(crate) fn hear_as_attended(&mut self, port: PortId) {
        let Some(jack) = self.jacks.get(port) else {
            return;
        };
        let SetPhase::Up { leg, media } = jack.phase else {
            return;
        };
        let united = jack.united;
        let route = jack.legs.iter().find(|known| known.id == leg);
        let route = route.map_or(Route::Silence, |known| known.hears);
        let taps: Vec<_> = jack
            .legs
            .iter()
            .filter_map(|known| {
                let elsewhere = !united && known.id != leg;
                Some((known.tap?, known.tap_paused || elsewhere))
            })
            .collect();
        self.media(MediaCommand::SetRoute { leg: media, route });
        for (tap, paused) in taps {
            self.media(MediaCommand::PauseTap { tap, paused });
        }
        self.supervise(port);
    }

    /// The set and both its parties hear each other.
    pub(crate) fn unite(
        &mut self,
        now: Now,
        port: PortId,
        legs: [LegId; 2],
        parties: [Option<LegId>; 2],
    ) {
        let all = legs.into_iter().chain(parties.into_iter().flatten());
        let all: Vec<LegId> = all.collect();
        // Whoever of them is with two at once already brings those along.
        let crowds = all.iter().filter(|&&leg| self.jacks.is_united(leg));
        let crowds: Vec<BridgeId> = crowds
            .filter_map(|leg| self.bridge_of.get(leg).copied())
            .collect();
        for &leg in &all {
            if !self.jacks.is_united(leg) {
                self.leave_bridge(leg);
            }
        }
        let Some(bridge) = crowds.first().copied().or_else(|| self.bridges.take()) else {
            self.leg_event(now, legs[0], LegEvent::Ended(Cause::Congestion));
            return;
        };
        for crowd in crowds {
            self.merge_bridges(crowd, bridge);
        }
        self.jacks.set_united(port, true);
        for &leg in &all {
            self.enter_bridge(leg, bridge);
        }
        self.hear_as_attended(port);
    }

    /// The set is with one party only again: who is connected is said anew.
    fn part_united(&mut self, port: PortId) {
        let Some(jack) = self.jacks.get(port).filter(|jack| jack.united) else {
            return;
        };
        let legs: Vec<LegId> = jack.legs.iter().map(|leg| leg.id).collect();
        self.jacks.set_united(port, false);
        for leg in legs {
            self.leave_bridge(leg);
        }
    }

    /// A leg of a set is over: the set no longer knows it.
    pub(crate) fn forget_set_leg(&mut self, now: Now, leg: LegId, port: PortId) {
        self.part_united(port);
        if self
            .jacks
            .get(port)
            .is_some_and(|jack| jack.waiting == Some(leg))
        {
            self.stop_beeping(now, port);
        }
        self.jacks.remove_leg(port, leg);
    }
}

/// The `nth` beep of a tone for call waiting, from 0, and how long after its begin the next one comes. What
/// lies between two pauses of [`PAUSE_MS`] is played at a time, and in the pauses the party is heard; a
/// tone that ends is begun again after a while.
fn beep_of(tone: &ToneSpec, nth: usize) -> (ToneSpec, Duration) {
    const PAUSE_MS: u16 = 300;
    const AGAIN_MS: u64 = 10_000;
    let pauses = |step: &ToneStep| step.hz[0] == 0 && (step.ms >= PAUSE_MS || step.ms == 0);
    let steps = tone.steps();
    let beeps: Vec<&[ToneStep]> = steps.split_inclusive(pauses).collect();
    let at = nth % beeps.len().max(1);
    let beep = beeps.get(at).copied().unwrap_or(steps);
    let sounds = match beep.split_last() {
        Some((last, sounds)) if pauses(last) => sounds,
        _ => beep,
    };
    let long = |steps: &[ToneStep]| -> u64 { steps.iter().map(|s| u64::from(s.ms)).sum() };
    let ends = at + 1 == beeps.len() && steps.iter().all(|step| step.once);
    let again = if ends {
        AGAIN_MS
    } else {
        long(beep).max(2 * long(sounds))
    };
    let once: Vec<ToneStep> = sounds
        .iter()
        .map(|step| ToneStep {
            once: true,
            ..*step
        })
        .collect();
    let once = ToneSpec::new(&once, tone.level_dbm0).unwrap_or(*tone);
    (once, Duration::from_millis(again))
}

#[cfg(test)]
mod tests {
    use super::*;
    use config::{Country, CountryCode};

    #[test]
    fn the_tone_of_every_country_leaves_most_of_the_time_to_the_party() {
        for code in CountryCode::all() {
            let country = Country::load(code);
            let (mut sound, mut all) = (0, 0);
            for nth in 0..6 {
                let (once, again) = beep_of(country.tone(Tone::CallWaiting), nth);
                let steps = once.steps();
                assert!(steps.iter().all(|s| s.once && s.ms > 0), "{code}");
                assert!(steps.iter().any(|s| s.hz[0] > 0), "{code}");
                sound += steps.iter().map(|step| u64::from(step.ms)).sum::<u64>();
                all += u64::try_from(again.as_millis()).expect("short");
            }
            assert!(2 * sound <= all, "{code}: {sound} ms of {all} ms");
        }
    }
}
