//! What the exchange plays: spoken prompts, chimes, music. A clip's number follows from what it is,
//! so that nobody hands numbers out and both planes, a replay and a restart agree.

use serde::{Deserialize, Serialize};

use crate::{ClipId, Language};

macro_rules! numbered {
    ($(#[$doc:meta])* $name:ident { $($(#[$each:meta])* $variant:ident,)* }) => {
        $(#[$doc])*
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
        )]
        #[serde(rename_all = "snake_case")]
        pub enum $name {
            $($(#[$each])* $variant,)*
        }

        impl $name {
            /// Each, in the order of the enum.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];
        }
    };
}

numbered! {
    /// What is said to people. The order is part of the clips' numbers: new ones come last.
    Prompt {
        /// Please enter the PIN and the hash key.
        EnterPin,
        /// Moderators enter their PIN, everybody else presses the hash key.
        EnterPinOrHash,
        /// The PIN was wrong, once more.
        WrongPin,
        /// The PIN was wrong or did not come, goodbye.
        NoMorePins,
        /// The conference is full.
        Full,
        /// The conference is locked.
        Locked,
        /// You are the only one.
        OnlyOne,
        /// The conference begins when the moderator comes.
        Waiting,
        /// Nobody hears you now.
        Muted,
        /// You are heard again.
        Unmuted,
        /// The moderator has muted everybody.
        MutedByModerator,
        /// To a moderator: all others are muted.
        OthersMuted,
        /// To a moderator: all others are heard again.
        OthersUnmuted,
        /// To a moderator: nobody else can join.
        NowLocked,
        /// To a moderator: others can join again.
        NowUnlocked,
        /// To a moderator: the last one to join was removed.
        LastRemoved,
        /// To whoever was removed.
        Removed,
        /// The moderator has ended the conference.
        Over,
        /// What keys a member has.
        Keys,
        /// What keys a moderator has.
        ModeratorKeys,
    }
}

numbered! {
    /// A short signal without words. The order is part of the clips' numbers: new ones come last.
    Chime {
        /// Somebody joined.
        Joined,
        /// Somebody left.
        Left,
    }
}

/// What a clip's number stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Clip {
    /// Spoken in a language.
    Prompt(Prompt, Language),
    /// A signal.
    Chime(Chime),
    /// The music that is there without anybody's doing.
    OwnMusic,
    /// Music that was uploaded, by the first 30 bits of its content's hash.
    Upload(u32),
    /// A prompt that was uploaded, in the same way.
    UploadedPrompt(u32),
}

/// Numbers from here on are uploads: the 30 bits of the hash below.
const UPLOADS: u32 = 1 << 31;
/// Among them those that are prompts.
const UPLOADED_PROMPTS: u32 = 1 << 30;
const HASH_BITS: u32 = UPLOADED_PROMPTS - 1;
/// Prompts: language from 1 in the second byte, prompt in the first.
const CHIMES: u32 = 0x1_0000;
const OWN_MUSIC: u32 = 0x2_0000;

impl Clip {
    /// The music whose content has this hash (SHA-256).
    #[must_use]
    pub fn upload(hash: &[u8; 32]) -> Self {
        Self::Upload(first_bits(hash))
    }

    /// The prompt whose content has this hash (SHA-256).
    #[must_use]
    pub fn uploaded_prompt(hash: &[u8; 32]) -> Self {
        Self::UploadedPrompt(first_bits(hash))
    }

    /// The number.
    #[must_use]
    pub fn id(self) -> ClipId {
        ClipId(match self {
            Self::Prompt(prompt, language) => ((language as u32 + 1) << 8) | prompt as u32,
            Self::Chime(chime) => CHIMES | chime as u32,
            Self::OwnMusic => OWN_MUSIC,
            Self::Upload(hash) => UPLOADS | hash,
            Self::UploadedPrompt(hash) => UPLOADS | UPLOADED_PROMPTS | hash,
        })
    }

    /// What a number stands for; `None` for numbers that nothing has.
    #[must_use]
    pub fn of(id: ClipId) -> Option<Self> {
        let low = (id.0 & 0xff) as usize;
        match id.0 {
            UPLOADS.. if id.0 & UPLOADED_PROMPTS == 0 => Some(Self::Upload(id.0 & HASH_BITS)),
            UPLOADS.. => Some(Self::UploadedPrompt(id.0 & HASH_BITS)),
            OWN_MUSIC => Some(Self::OwnMusic),
            0..CHIMES => {
                let language = ((id.0 >> 8) as usize).checked_sub(1)?;
                let (_, language) = *Language::ALL.get(language)?;
                Some(Self::Prompt(*Prompt::ALL.get(low)?, language))
            }
            _ if id.0 & !0xff == CHIMES => Chime::ALL.get(low).copied().map(Self::Chime),
            _ => None,
        }
    }
}

fn first_bits(hash: &[u8; 32]) -> u32 {
    let [a, b, c, d, ..] = *hash;
    u32::from_be_bytes([a, b, c, d]) & HASH_BITS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_clips_are_one_to_one() {
        let mut all = vec![Clip::OwnMusic];
        for make in [Clip::upload, Clip::uploaded_prompt] {
            all.extend([make(&[0; 32]), make(&[0xff; 32])]);
        }
        all.extend(Chime::ALL.iter().map(|chime| Clip::Chime(*chime)));
        for (_, language) in Language::ALL {
            let said = |prompt: &Prompt| Clip::Prompt(*prompt, language);
            all.extend(Prompt::ALL.iter().map(said));
        }
        for clip in &all {
            assert_eq!(Clip::of(clip.id()), Some(*clip));
        }
        let known = all.len();
        let of_low = (0..0x3_0000).filter(|&n| Clip::of(ClipId(n)).is_some());
        assert_eq!(of_low.count() + 4, known, "the uploads are high");
    }
}
