//! What is played: in whose language, which music, and what the media plane has to have ready.

use std::collections::{BTreeMap, BTreeSet};

use config::{Config, Music, Prompt as Uploaded};
use model::{
    Chime, Clip, ClipId, EntryId, Hearer, Language, LegId, MediaCommand, Now, Prompt, Route,
};

use crate::{Pbx, leg::Stage};

/// The clips that the media plane was asked to have, and who hears one as all there is to hear.
#[derive(Clone, Debug, Default)]
pub(crate) struct Clips {
    loaded: BTreeSet<ClipId>,
    heard: BTreeMap<LegId, ClipId>,
}

/// Everything that may be played under this configuration.
fn wanted(config: &Config) -> BTreeSet<ClipId> {
    let people = config.people.iter().filter_map(|person| person.language);
    let languages: BTreeSet<Language> = people.chain([config.office.language]).collect();
    let mut clips = BTreeSet::new();
    // Where nobody can be in a conference nothing is said.
    if !config.conferences.is_empty() {
        for &prompt in Prompt::ALL {
            clips.extend(languages.iter().map(|&l| Clip::Prompt(prompt, l).id()));
        }
        clips.extend(Chime::ALL.iter().map(|&chime| Clip::Chime(chime).id()));
        let greetings = config.conferences.iter().filter_map(|c| config.greeting(c));
        clips.extend(greetings.map(|greeting| Uploaded::clip(greeting).id()));
    }
    clips.insert(music(config));
    clips
}

/// What people hear who wait.
fn music(config: &Config) -> ClipId {
    config
        .music_on_hold()
        .map_or(Clip::OwnMusic, Music::clip)
        .id()
}

impl Pbx {
    /// Has the media plane bring in what the configuration needs, and drop the rest. Whoever hears
    /// music hears that of the office at once.
    pub(crate) fn load_clips(&mut self) {
        let wanted = wanted(&self.config);
        let music = music(&self.config);
        for &clip in wanted.difference(&self.clips.loaded.clone()) {
            self.media(MediaCommand::LoadClip { clip });
        }
        let gone: Vec<ClipId> = self.clips.loaded.difference(&wanted).copied().collect();
        let is_music = |id: ClipId| matches!(Clip::of(id), Some(Clip::OwnMusic | Clip::Upload(_)));
        let others: Vec<LegId> = self
            .clips
            .heard
            .iter()
            .filter(|(_, clip)| is_music(**clip) && **clip != music)
            .map(|(leg, _)| *leg)
            .collect();
        for leg in others {
            self.play_clip(leg, music);
        }
        for clip in gone {
            self.media(MediaCommand::DropClip { clip });
        }
        self.clips.loaded = wanted;
    }

    /// The clips are in the media plane already: the run goes on from here.
    pub(crate) fn take_clips_as_loaded(&mut self) {
        self.clips.loaded = wanted(&self.config);
    }

    /// The leg hears the music of the office.
    pub(crate) fn play_music(&mut self, leg: LegId) {
        self.play_clip(leg, music(&self.config));
    }

    /// The leg hears a prompt once, in its language.
    pub(crate) fn play_prompt(&mut self, leg: LegId, prompt: Prompt) {
        let clip = Clip::Prompt(prompt, self.language_of(leg)).id();
        self.play_clip(leg, clip);
    }

    pub(crate) fn play_clip(&mut self, leg: LegId, clip: ClipId) {
        let kind = Clip::of(clip);
        let is_prompt = matches!(kind, Some(Clip::Prompt(..) | Clip::UploadedPrompt(_)));
        self.route(
            leg,
            if is_prompt {
                Route::Prompt(clip)
            } else {
                Route::Music(clip)
            },
        );
        self.clips.heard.insert(leg, clip);
    }

    /// Says a prompt over what the leg hears.
    pub(crate) fn say(&mut self, leg: LegId, prompt: Prompt) {
        let clip = Clip::Prompt(prompt, self.language_of(leg)).id();
        if let Some(media) = self.media_of(leg) {
            let to = Hearer::Leg(media);
            self.media(MediaCommand::Say { to, clip });
        }
    }

    /// The leg hears something else than a clip, or nothing any more.
    pub(crate) fn forget_clip(&mut self, leg: LegId) {
        self.clips.heard.remove(&leg);
    }

    /// Whether a clip is all that the leg hears.
    pub(crate) fn hears_clip(&self, leg: LegId) -> bool {
        self.clips.heard.contains_key(&leg)
    }

    /// A clip came to its end on a leg.
    pub(crate) fn clip_ended(&mut self, now: Now, leg: LegId, clip: ClipId) {
        // What was said over something else ends too, and means nothing.
        if self.clips.heard.get(&leg) == Some(&clip) {
            self.clips.heard.remove(&leg);
            self.leg_event(now, leg, call::LegEvent::PromptEnded);
        }
    }

    /// A clip cannot be played: for whoever waits for its end this is the end.
    pub(crate) fn clip_failed(&mut self, now: Now, clip: ClipId) {
        self.counters.clips_failed += 1;
        let hear = |(leg, heard): (&LegId, &ClipId)| (*heard == clip).then_some(*leg);
        let legs: Vec<LegId> = self.clips.heard.iter().filter_map(hear).collect();
        for leg in legs {
            self.clip_ended(now, leg, clip);
        }
    }

    /// The language in which a leg is spoken to: its person's, else the office's.
    fn language_of(&self, leg: LegId) -> Language {
        let owner = self.legs.get(&leg).map(|leg| &leg.owner);
        let person = owner.and_then(|owner| self.person_behind(owner));
        person
            .and_then(|person| person.language)
            .unwrap_or(self.config.office.language)
    }

    fn person_behind(&self, owner: &EntryId) -> Option<&config::Person> {
        let device = self.config.device(owner);
        let person = device.and_then(|device| device.person.as_ref());
        self.config.person(person.unwrap_or(owner))
    }

    /// Whether a leg may still be given something to hear.
    pub(crate) fn can_hear(&self, leg: LegId) -> bool {
        let stage = self.legs.get(&leg).map(|leg| leg.stage);
        !matches!(stage, Some(Stage::Leaving { .. })) && !self.lines.is_deaf(leg)
    }
}
