//! `[[person]]`: a human with a name, an extension, a login and a role.

use model::{Codec, EntryId, Number, limits};
use schemars::JsonSchema;
use serde::Serialize;

use crate::{
    Language, format,
    limits_section::Limits,
    media_section::{Dtmf, Encryption, Media, codec_names},
    problem::{Bad, Fault},
    read::Section,
    schema,
    secret::{self, SecretId},
};
/// What a person may do in the panel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Everything.
    Administrator,
    /// Their own calls and settings.
    #[default]
    User,
    /// Like a user, and sees and hears the calls of others.
    Supervisor,
    /// Somebody outside the office: reachable by number, no phone of ours.
    External,
}

impl Role {
    const ALL: [(&'static str, Self); 4] = [
        ("administrator", Self::Administrator),
        ("user", Self::User),
        ("supervisor", Self::Supervisor),
        ("external", Self::External),
    ];
}

/// Which calls of a person are recorded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Recording {
    /// None.
    #[default]
    Off,
    /// Every one, from the answer to the end.
    All,
}

impl Recording {
    const ALL: [(&'static str, Self); 2] = [("off", Self::Off), ("all", Self::All)];
}

/// A person of the office.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Person {
    /// Never changes; added on import.
    #[schemars(with = "Option<schema::IdText>")]
    pub id: EntryId,
    /// Name, as called parties see it; the login if not given.
    #[schemars(with = "Option<String>", length(min = 1, max = 80))]
    pub name: String,
    /// The number at which colleagues reach the person; also the user name of the person's phone.
    #[schemars(with = "Option<schema::ExtensionText>")]
    pub extension: Option<Number>,
    /// Name for the panel's login; the extension if not given.
    #[schemars(with = "Option<schema::LoginText>")]
    pub login: String,
    /// What the person may do in the panel.
    #[schemars(default)]
    pub role: Role,
    /// Password of the person's phone; replaced on import by a reference into the store's secrets.
    #[schemars(with = "Option<schema::SecretText>")]
    pub sip_password: Option<SecretId>,
    /// Where mail for the person goes.
    #[schemars(with = "Option<String>", length(max = 254))]
    pub email: Option<String>,
    /// The person's mobile in international form.
    #[schemars(with = "Option<schema::E164Text>")]
    pub mobile: Option<Number>,
    /// Language of the person's texts and prompts; the office's if not given.
    #[schemars(with = "Option<schema::LanguageText>")]
    pub language: Option<Language>,
    /// Which calls of the person are recorded.
    #[schemars(default)]
    pub record: Recording,
    /// Seconds that the person's phones ring before the call goes on; that of `[limits]` if not given.
    #[schemars(with = "Option<u16>", range(min = 5, max = 300))]
    pub ring_timeout_s: u16,
    /// Codecs of the person's phone in the order of preference; those of `[media]` if not given.
    #[schemars(with = "Option<Vec<schema::CodecText>>", length(min = 1, max = 4))]
    #[serde(serialize_with = "codec_names")]
    pub codecs: Vec<Codec>,
    /// Whether the voice of the person's phone is encrypted (SRTP); as in `[media]` if not given.
    #[schemars(with = "Option<Encryption>")]
    pub media_encryption: Encryption,
    /// How the keys pressed during a call travel to and from the person's phone; as in `[media]` if not given.
    #[schemars(with = "Option<Dtmf>")]
    pub dtmf: Dtmf,
    /// Whether who talks at the person's phone is made louder or softer; as in `[media]` if not given.
    #[schemars(with = "Option<bool>")]
    pub auto_level: bool,
    /// Whether steady noise at the person's phone is taken out; as in `[media]` if not given.
    #[schemars(with = "Option<bool>")]
    pub denoise: bool,
    /// Whether the person's phone is sent comfort noise for silence; as in `[media]` if not given.
    #[schemars(with = "Option<bool>")]
    pub comfort_noise: bool,
}

impl Person {
    pub(crate) fn read(
        mut section: Section<'_, '_>,
        id: EntryId,
        limits: &Limits,
        media: &Media,
    ) -> Option<Self> {
        section.item("id");
        let name = section.label("name", limits::NAME_LEN_MAX);
        let extension = section.parsed("extension", format::extension);
        let login = section.parsed("login", format::login);
        let role = section.parsed("role", |text| format::choice(text, &Role::ALL));
        let email = section.parsed("email", format::email);
        let mobile = section.parsed("mobile", format::e164);
        let language = section.parsed("language", |text| format::choice(text, &Language::ALL));
        let record = section.parsed("record", |text| format::choice(text, &Recording::ALL));
        let ring = section.whole("ring_timeout_s", Limits::RING_TIMEOUT_S);
        let obvious: Vec<&str> = [
            extension.as_ref().map(Number::as_str),
            login.as_deref(),
            name.as_deref(),
        ]
        .into_iter()
        .flatten()
        .collect();
        let sip_password = secret::read(&mut section, "sip_password", &id, &obvious);
        if extension.is_none()
            && login.is_none()
            && !section.has("extension")
            && !section.has("login")
        {
            section.bad_section(Bad {
                rule: Fault::PersonEmpty,
                params: Vec::new(),
            });
        }
        if sip_password.is_some() && !section.has("extension") {
            section.bad(
                "sip_password",
                Bad {
                    rule: Fault::PasswordIdle,
                    params: Vec::new(),
                },
            );
        }
        let media = Media::of_entry(&mut section, media);
        section.finish();
        let login = login.or_else(|| extension.as_ref().map(|number| number.as_str().into()))?;
        Some(Self {
            id,
            name: name.unwrap_or_else(|| login.clone()),
            extension,
            login,
            role: role.unwrap_or_default(),
            sip_password,
            email,
            mobile,
            language,
            record: record.unwrap_or_default(),
            ring_timeout_s: ring.unwrap_or(limits.ring_timeout_s),
            codecs: media.codecs,
            media_encryption: media.encryption,
            dtmf: media.dtmf,
            auto_level: media.auto_level,
            denoise: media.denoise,
            comfort_noise: media.comfort_noise,
        })
    }
}
