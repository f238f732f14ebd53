//! The oracle of sound: who hears whom, against who is connected with whom.

use core::time::Duration;
use std::collections::BTreeMap;

use model::Instant;

use crate::plan::Features;
use crate::station::Heard;
use crate::truth::Truth;

/// From a connection or a change of it until its sound must be there.
const SETTLING: Duration = Duration::from_millis(2_000);
/// A lone voice leaves the mixer of a conference as it came, later by its jitter buffer.
const LONE_VOICE_MS: u64 = 150;
/// Mixed sound waits in a jitter buffer and for the tick this long at most, however long the call
/// and however far the clocks are apart.
const BUFFERED: Duration = Duration::from_millis(40);
/// A mark is found in windows of 50 ms, and those end with packets of 20 ms: two windows at most.
const WINDOWS: Duration = Duration::from_millis(100);
/// Silence for longer than this is the end of a talk.
const SAME_TALK: Duration = Duration::from_millis(1_000);
/// Sound that is mixed: the jitter buffer, windows of 50 ms, pauses of the sets' marks.
const MIXED: Duration = Duration::from_millis(1_500);

/// What each seat heard of each other.
#[derive(Debug, Default)]
pub(crate) struct Hearing {
    last: BTreeMap<(usize, usize), (Instant, Option<u32>)>,
    /// When somebody held or came back, or anything else made silence right, by seat.
    changed: BTreeMap<usize, Instant>,
    /// When the newest connection of a seat began.
    begun: BTreeMap<usize, Instant>,
    /// Windows in a row with somebody in them who should not be.
    strangers: BTreeMap<(usize, usize), (Instant, u32)>,
    /// Packets that came untouched, for the figures.
    pub exact: u64,
    /// Windows in which a mixed talker was heard.
    pub mixed: u64,
    /// Highest delay of an untouched packet from mouth to ear.
    pub delay_max: Duration,
    /// Highest delay of mixed or translated sound in two-party calls, a window of the ear included.
    pub mixed_delay_max: Duration,
}

impl Hearing {
    /// Something was heard at `listener`; what is wrong with it, if anything. `sent` is when an
    /// untouched packet was spoken; of mixed sound, when the talker last went on after a breath.
    pub(crate) fn heard(
        &mut self,
        now: Instant,
        listener: usize,
        heard: Heard,
        sent: Option<Instant>,
        truth: &Truth,
        features: &Features,
    ) -> Option<String> {
        let talker = usize::from(heard.talker);
        let key = (listener, talker);
        let before = self.last.insert(key, (now, heard.count));
        // The silence of a phone that is mute is heard as its voice was.
        let speaks = heard.shut || truth.may_speak(now, talker);
        let stranger = !speaks || !truth.may_hear(now, listener, talker);
        let Some(count) = heard.count else {
            self.mixed += 1;
            let begun = [listener, talker].map(|seat| self.begun.get(&seat).copied());
            let begun = begun.into_iter().flatten().max().unwrap_or(Instant::ZERO);
            let before = before.filter(|(at, count)| count.is_none() && *at >= begun);
            let gap = before.map(|(at, _)| now.since(at));
            let steady =
                !stranger && self.is_settled(now, listener) && self.is_settled(now, talker);
            return self
                .mixed_stranger(now, key, stranger, features)
                .or_else(|| self.mixed_gap(now, key, gap.filter(|_| steady), sent?, features));
        };
        if stranger {
            return Some(format!("seat {listener} hears the stranger {talker}"));
        }
        self.exact += 1;
        let delay = sent.map_or(Duration::ZERO, |sent| now.since(sent));
        self.delay_max = self.delay_max.max(delay);
        let weather = &features.weather;
        // So it does where both ends of a call go from one codec to the other.
        let mixer = if features.rooms || features.changes {
            LONE_VOICE_MS
        } else {
            0
        };
        let most = 2 * u64::from(weather.delay_ms + weather.jitter_ms) + 1 + mixer;
        if delay > Duration::from_millis(most) {
            return Some(format!("seat {listener} hears {talker} after {delay:?}"));
        }
        let next = before
            .and_then(|(_, count)| count)
            .map(|n| n.wrapping_add(1));
        let begun = self.begun.get(&listener).copied().unwrap_or(Instant::ZERO);
        let same_talk =
            before.is_some_and(|(at, _)| at >= begun && now.since(at) < Duration::from_millis(500));
        let faithful = !features.breaks() && !features.rooms;
        let exact = weather.is_lossless() && weather.reorder_ppm == 0 && faithful;
        let gap = next.is_some_and(|next| next != count);
        let quiet = self.is_settled(now, listener) && self.is_settled(now, talker);
        (exact && same_talk && gap && quiet && weather.duplicate_ppm == 0)
            .then(|| format!("seat {listener} misses packets of {talker} before {count}"))
    }

    /// Where nothing is lost, translated sound of a two-party call pauses only for breath, and the
    /// voice that comes back after it says how late it is.
    fn mixed_gap(
        &mut self,
        now: Instant,
        (listener, talker): (usize, usize),
        gap: Option<Duration>,
        back: Instant,
        features: &Features,
    ) -> Option<String> {
        let weather = &features.weather;
        let exact = weather.is_lossless() && weather.reorder_ppm == 0 && !features.breaks();
        let gap = gap.filter(|_| exact && !features.rooms)?;
        let jitter = Duration::from_millis(weather.jitter_ms.into());
        if gap <= WINDOWS + jitter || gap > SAME_TALK {
            return None;
        }
        let delay = now.since(back);
        if delay > SAME_TALK {
            return Some(format!("seat {listener} misses {gap:?} of {talker}, mixed"));
        }
        self.mixed_delay_max = self.mixed_delay_max.max(delay);
        let ways = 2 * u64::from(weather.delay_ms + weather.jitter_ms);
        let most = Duration::from_millis(ways) + BUFFERED + WINDOWS;
        (delay > most).then(|| format!("seat {listener} hears {talker} after {delay:?}, mixed"))
    }

    /// A lost or repeated packet, or a step of the jitter buffer, bends a tone for a window or two:
    /// only a stranger who stays is one. Where much is lost or late, concealment bends a voice into
    /// the mark beside it for longer.
    fn mixed_stranger(
        &mut self,
        now: Instant,
        key: (usize, usize),
        here: bool,
        features: &Features,
    ) -> Option<String> {
        if !here {
            self.strangers.remove(&key);
            return None;
        }
        let (last, windows) = self.strangers.entry(key).or_default();
        let goes_on = now.since(*last) < Duration::from_millis(120);
        *windows = if goes_on { *windows + 1 } else { 1 };
        *last = now;
        let enough = match features.weather.is_gentle() {
            true => 4,
            false => 10,
        };
        let (listener, talker) = key;
        (*windows >= enough).then(|| format!("seat {listener} hears the stranger {talker}, mixed"))
    }

    /// A call begins: what is heard from now on does not go on from one that ended just before.
    pub(crate) fn begins(&mut self, now: Instant, seat: usize) {
        self.begun.insert(seat, now);
    }

    /// Somebody held, came back, or lost sound by a fault of the world.
    pub(crate) fn changed(&mut self, now: Instant, seat: usize) {
        self.changed.insert(seat, now);
    }

    pub(crate) fn is_settled(&self, now: Instant, seat: usize) -> bool {
        self.changed
            .get(&seat)
            .is_none_or(|at| now.since(*at) > SETTLING)
    }

    /// Names those who are connected beyond doubt and yet do not hear each other. `talks` says whether
    /// a party is still in this call.
    pub(crate) fn review(
        &self,
        now: Instant,
        truth: &Truth,
        talks: impl Fn(&(usize, String)) -> bool,
    ) -> Vec<String> {
        let mut silent = Vec::new();
        for connection in &truth.connections {
            let old = now.since(connection.begin) > SETTLING;
            let sure = connection.certain && connection.end.is_none() && old;
            let settled = self.is_settled(now, connection.a) && self.is_settled(now, connection.b);
            if !sure || !settled {
                continue;
            }
            // Whoever is in another call by now has forgotten this one.
            if !connection.legs.iter().all(&talks) {
                continue;
            }
            let (a, b) = (connection.a, connection.b);
            for (listener, talker) in [(a, b), (b, a)] {
                if truth.is_mute(talker) {
                    continue;
                }
                let last = self.last.get(&(listener, talker)).map(|(at, _)| *at);
                let fresh = last.is_some_and(|at| now.since(at) <= MIXED);
                if !fresh {
                    silent.push(format!("seat {listener} does not hear {talker}"));
                }
            }
        }
        silent
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::Plan;

    fn heard(hearing: &mut Hearing, ms: u64, count: Option<u32>, truth: &Truth) -> Option<String> {
        let mut plan = Plan::new(0);
        plan.profile = crate::plan::Profile::Audio;
        let heard = Heard {
            talker: 1,
            count,
            shut: false,
        };
        let now = Instant::from_millis(ms);
        let sent = count.map(|_| now);
        hearing.heard(now, 0, heard, sent, truth, &plan.features())
    }

    fn connected() -> Truth {
        let mut truth = Truth::default();
        let legs = [(0, "a".to_owned()), (1, "b".to_owned())];
        truth.join(Instant::ZERO, legs, true);
        truth
    }

    #[test]
    fn an_untouched_packet_of_a_stranger_is_one_too_many() {
        let mut hearing = Hearing::default();
        assert!(heard(&mut hearing, 10, Some(1), &Truth::default()).is_some());
        assert!(heard(&mut hearing, 30, Some(2), &connected()).is_none());
    }

    #[test]
    fn a_mixed_stranger_is_named_once_it_is_certain() {
        let mut hearing = Hearing::default();
        let truth = Truth::default();
        let told: Vec<bool> = (0..5)
            .map(|n| heard(&mut hearing, 50 * n, None, &truth).is_some())
            .collect();
        assert_eq!(told, [false, false, false, true, true]);
    }

    #[test]
    fn a_phone_that_is_mute_has_no_voice_and_need_not_be_heard() {
        let (mut hearing, mut truth) = (Hearing::default(), connected());
        let mut hear = |ms: u64, shut: bool, truth: &Truth| {
            let heard = Heard {
                talker: 1,
                count: Some(ms as u32 / 20),
                shut,
            };
            let mut plan = Plan::new(0);
            plan.profile = crate::plan::Profile::Audio;
            let now = Instant::from_millis(ms);
            let wrong = hearing.heard(now, 0, heard, Some(now), truth, &plan.features());
            (wrong, hearing.review(now, truth, |_| true).len())
        };
        // Nobody hears seat 0.
        assert_eq!(hear(3_000, false, &truth), (None, 1));
        truth.phone_shuts(1, Some(Instant::from_millis(3_000)));
        assert_eq!(hear(3_020, false, &truth), (None, 1));
        assert_eq!(hear(5_000, true, &truth), (None, 1));
        assert!(hear(5_020, false, &truth).0.is_some());
        truth.phone_shuts(1, None);
        assert_eq!(truth.changed, [1]);
        assert_eq!(hear(5_040, false, &truth).0, None);
    }

    #[test]
    fn a_missing_packet_is_noticed_where_nothing_may_be_lost() {
        let (mut hearing, truth) = (Hearing::default(), connected());
        assert!(heard(&mut hearing, 3_000, Some(1), &truth).is_none());
        assert!(heard(&mut hearing, 3_020, Some(2), &truth).is_none());
        assert!(heard(&mut hearing, 3_060, Some(4), &truth).is_some());
    }

    /// What is said of windows heard at these times in ms while a breath ended at `back`.
    fn translated(back: u64, at: &[u64]) -> Vec<Option<String>> {
        let (mut hearing, truth) = (Hearing::default(), connected());
        let mut plan = Plan::new(0);
        plan.profile = crate::plan::Profile::Quiet;
        let (features, back) = (plan.features(), Instant::from_millis(back));
        let heard = Heard {
            talker: 1,
            count: None,
            shut: false,
        };
        let mut say = |ms: &u64| {
            let now = Instant::from_millis(*ms);
            hearing.heard(now, 0, heard, Some(back), &truth, &features)
        };
        at.iter().map(&mut say).collect()
    }

    #[test]
    fn a_translated_voice_pauses_for_breath_only() {
        let told = translated(5_000, &[4_850, 5_070, 5_120]);
        assert_eq!(told, [None, None, None]);
        let told = translated(5_000, &[8_000, 8_060, 8_200]);
        assert!(told[1].is_none() && told[2].is_some(), "{told:?}");
    }

    #[test]
    fn a_translated_voice_that_comes_ever_later_is_noticed() {
        let told = translated(5_000, &[4_950, 5_230]);
        assert!(told[1].as_deref().is_some_and(|w| w.contains("after")));
    }

    #[test]
    fn silence_between_connected_parties_is_noticed() {
        let hearing = Hearing::default();
        let truth = connected();
        assert!(
            hearing
                .review(Instant::from_millis(1_000), &truth, |_| true)
                .is_empty()
        );
        assert_eq!(
            hearing
                .review(Instant::from_millis(3_000), &truth, |_| true)
                .len(),
            2
        );
    }
}
