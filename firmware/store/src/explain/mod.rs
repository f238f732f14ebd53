//! Words for people: a call told in the reader's language, and the list of calls.
//!
//! Sentences are made here and nowhere else; a language is one file that says every rule, cause
//! and event. Names stand in the nominative and verbs in the present tense where a language would
//! otherwise need to know a person's sex or inflect a name.

mod czech;
mod english;
mod phrase;
mod polish;
mod russian;
mod scene;
mod table;

use core::{fmt::Write as _, time::Duration};

use model::{Cause, EntryId, Party, PartyId, PortId, Rule, Trust, Wall};

use crate::CallView;
use phrase::Said;
use scene::Scene;
pub use table::{columns, list};

/// A language that calls are told in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// en
    English,
    /// pl
    Polish,
    /// cs
    Czech,
    /// ru
    Russian,
}

impl Language {
    /// Every language.
    pub const ALL: [Self; 4] = [Self::English, Self::Polish, Self::Czech, Self::Russian];

    /// The ISO 639-1 code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Polish => "pl",
            Self::Czech => "cs",
            Self::Russian => "ru",
        }
    }

    /// The language of a code such as `pl` or `pl-PL`, if it is one of ours.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        let main = code.split(['-', '_']).next()?.to_ascii_lowercase();
        Self::ALL
            .into_iter()
            .find(|language| language.code() == main)
    }

    pub(crate) fn words(self) -> &'static dyn Words {
        match self {
            Self::English => &english::English,
            Self::Polish => &polish::Polish,
            Self::Czech => &czech::Czech,
            Self::Russian => &russian::Russian,
        }
    }
}

/// Where names and local times come from; the store knows neither.
#[derive(Clone, Copy)]
pub struct Names<'a> {
    /// The name of a configuration entry; its id is shown when there is none (any more).
    pub entry: &'a dyn Fn(&EntryId) -> Option<String>,
    /// The people's data of an event; none when it was erased.
    pub party: &'a dyn Fn(PartyId) -> Option<Party>,
    /// The name of a jack; its number is shown when there is none.
    pub port: &'a dyn Fn(PortId) -> Option<String>,
    /// A moment in the office's time zone; [`utc`] serves when there is none.
    pub time: &'a dyn Fn(Wall) -> String,
}

/// How a call turned out, for its one sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Outcome {
    /// It goes on and is not answered yet.
    Trying,
    /// They talk.
    Talking,
    /// They talked.
    Talked {
        /// For how long.
        talk: Duration,
        /// Who hung up, when somebody did.
        by: Option<String>,
        /// Why it ended.
        cause: Cause,
    },
    /// It ended without an answer.
    Failed {
        /// Why.
        cause: Cause,
        /// From start to end.
        after: Duration,
    },
}

/// What a language must say.
pub(crate) trait Words: Sync {
    /// Hours, minutes, seconds; the decimal mark.
    fn units(&self) -> ([&'static str; 3], char);
    /// How it is said, with `{0}`, `{1}` … where [`Said`] has values.
    fn template(&self, said: Said) -> &'static str;
    /// The rule as a reason.
    fn rule(&self, rule: Rule) -> &'static str;
    /// The cause as a short result.
    fn cause(&self, cause: Cause) -> &'static str;
    /// A fixed piece of text.
    fn label(&self, label: Label) -> &'static str;
}

/// Fixed pieces of text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Label {
    /// The party's data was erased.
    Erased,
    /// Nothing has been dialled yet.
    NoNumber,
    /// The exchange itself, as a party.
    Exchange,
    /// The echo test, as a party.
    EchoTest,
    /// Where a call leads out to.
    Outside,
    /// Behind a time that no checked clock wrote.
    ClockUnchecked,
    /// Before the number of events left out.
    LeftOut,
    /// Headings of the media figures.
    Media,
    /// Packets received.
    PacketsIn,
    /// Packets sent.
    PacketsOut,
    /// Packets lost.
    PacketsLost,
    /// Packets late.
    PacketsLate,
    /// Highest jitter.
    Jitter,
    /// A call in progress, in the list.
    InProgress,
    /// A call that was answered, in the list.
    Answered,
    /// Column heading.
    Time,
    /// Column heading.
    From,
    /// Column heading.
    To,
    /// Column heading.
    Result,
    /// Column heading.
    Talk,
    /// Column heading.
    Call,
}

/// The call in `language`: one sentence, then what happened when and by which rule, then the
/// sound of each leg.
#[must_use]
pub fn explain(view: &CallView, names: &Names<'_>, language: Language) -> String {
    let words = language.words();
    let cdr = view.cdr();
    let scene = Scene {
        cdr: Some(cdr),
        legs: &view.legs,
        names,
        words,
        leg: None,
    };
    let mut text = String::new();
    // Writing to a String cannot fail.
    let _ = writeln!(text, "{}", summary(view, names, language));
    let _ = write!(text, "{}", (names.time)(cdr.started));
    if cdr.trust != Trust::Synced {
        let _ = write!(text, " ({})", words.label(Label::ClockUnchecked));
    }
    let _ = writeln!(text, " · {}\n", cdr.call);
    for line in &view.lines {
        let event = &line.record.event;
        let what = phrase::event(
            &event.body,
            event.rule,
            &Scene {
                leg: event.leg,
                ..scene
            },
        );
        let _ = writeln!(
            text,
            "{:>12}  {what} — {} [{}]",
            offset(line.offset, words),
            words.rule(event.rule),
            event.rule.name(),
        );
    }
    if view.left_out > 0 {
        let _ = writeln!(
            text,
            "{:>12}  {} {}",
            "…",
            words.label(Label::LeftOut),
            view.left_out
        );
    }
    sound(&mut text, &scene);
    text
}

/// The first line of [`explain`].
#[must_use]
pub fn summary(view: &CallView, names: &Names<'_>, language: Language) -> String {
    let words = language.words();
    let cdr = view.cdr();
    let scene = Scene {
        cdr: Some(cdr),
        legs: &view.legs,
        names,
        words,
        leg: None,
    };
    let outcome = match (cdr.cause, cdr.talk) {
        (None, _) if cdr.answered.is_some() => Outcome::Talking,
        (None, _) => Outcome::Trying,
        (Some(cause), Some(talk)) => Outcome::Talked {
            talk,
            by: view.hung_up.map(|leg| scene.leg_name(leg)),
            cause,
        },
        (Some(cause), None) => Outcome::Failed {
            cause,
            after: cdr.duration.unwrap_or(Duration::ZERO),
        },
    };
    phrase::summary(scene.caller(), scene.called(), &outcome, words)
}

/// One event in words, for a running list of what happens; events of calls are told better by
/// [`explain`].
#[must_use]
pub fn event(event: &model::Event, names: &Names<'_>, language: Language) -> String {
    let words = language.words();
    let scene = Scene {
        cdr: None,
        legs: &[],
        names,
        words,
        leg: event.leg,
    };
    format!(
        "{} — {}",
        phrase::event(&event.body, event.rule, &scene),
        words.rule(event.rule)
    )
}

/// A cause in words.
#[must_use]
pub fn cause(cause: Cause, language: Language) -> &'static str {
    language.words().cause(cause)
}

/// A rule in words: the reason why something happened.
#[must_use]
pub fn rule(rule: Rule, language: Language) -> &'static str {
    language.words().rule(rule)
}

fn sound(text: &mut String, scene: &Scene<'_>) {
    let words = scene.words;
    let mut heading = true;
    for leg in scene.legs {
        let Some(media) = leg
            .media
            .filter(|media| media.packets_in + media.packets_out > 0)
        else {
            continue;
        };
        if std::mem::take(&mut heading) {
            let _ = writeln!(text, "\n{}", words.label(Label::Media));
        }
        let codec = leg.codec.map_or("", model::Codec::name);
        let _ = writeln!(
            text,
            "  {} {codec}: {} {}, {} {}, {} {}, {} {}, {} {} ms",
            scene.leg_name(leg.id),
            words.label(Label::PacketsIn),
            media.packets_in,
            words.label(Label::PacketsOut),
            media.packets_out,
            words.label(Label::PacketsLost),
            media.lost,
            words.label(Label::PacketsLate),
            media.late,
            words.label(Label::Jitter),
            decimal(u64::from(media.jitter_us_max), 1_000, 1, words),
        );
    }
}

/// A duration for people: `0.4 s`, `12 s`, `1 min 12 s`, `2 h 5 min`.
pub(crate) fn duration(time: Duration, words: &dyn Words) -> String {
    let ([hours, minutes, seconds], _) = words.units();
    let s = time.as_secs();
    match s {
        0 => format!(
            "{} {seconds}",
            decimal(u64::from(time.subsec_millis()), 1_000, 1, words)
        ),
        1..60 => format!("{s} {seconds}"),
        60..3_600 => format!("{} {minutes} {} {seconds}", s / 60, s % 60),
        _ => format!("{} {hours} {} {minutes}", s / 3_600, s / 60 % 60),
    }
}

fn offset(time: Duration, words: &dyn Words) -> String {
    let ([_, _, seconds], _) = words.units();
    let ms = u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
    format!("{} {seconds}", decimal(ms, 1_000, 3, words))
}

/// `value / per` with `places` decimals (at most 3), cut.
fn decimal(value: u64, per: u64, places: usize, words: &dyn Words) -> String {
    let (_, mark) = words.units();
    let rest = format!("{:03}", value % per * 1_000 / per);
    format!(
        "{}{mark}{}",
        value / per,
        rest.get(..places).unwrap_or(&rest)
    )
}

/// A moment in UTC, as `2026-03-02 08:00:00Z`.
#[must_use]
pub fn utc(wall: Wall) -> String {
    let seconds = wall.as_secs();
    let (days, s) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    // Civil date from days since 1970-01-01, in the calendar whose years begin in March, so that
    // the leap day is the last of its year; 719 468 days lie between 0000-03-01 and 1970-01-01.
    let shifted = days + 719_468;
    let (era, day) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let date = day - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = year + era * 400 + i64::from(month <= 2);
    let (h, m, s) = (s / 3_600, s / 60 % 60, s % 60);
    format!("{year:04}-{month:02}-{date:02} {h:02}:{m:02}:{s:02}Z")
}

#[cfg(test)]
mod tests;
