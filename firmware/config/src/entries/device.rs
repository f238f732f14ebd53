//! `[[device]]`: a further phone of a person, or a phone that belongs to a room.

use model::{Codec, EntryId, Number, limits};
use schemars::JsonSchema;
use serde::Serialize;

use crate::{
    format,
    limits_section::Limits,
    media_section::{Dtmf, Encryption, Media, codec_names},
    problem::{Bad, Fault},
    read::Section,
    schema,
    secret::{self, SecretId},
};

/// A SIP phone with a user name of its own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Device {
    /// Never changes; added on import.
    #[schemars(with = "Option<schema::IdText>")]
    pub id: EntryId,
    /// Name of the phone; its SIP user name if not given.
    #[schemars(with = "Option<String>", length(min = 1, max = 80))]
    pub name: String,
    /// Id of the person whose phone this is: it rings with the person's extension and calls as the
    /// person. Nobody's if not given.
    #[schemars(with = "Option<schema::IdText>")]
    pub person: Option<EntryId>,
    /// Number of a phone that is nobody's, like the one of a meeting room.
    #[schemars(with = "Option<schema::ExtensionText>")]
    pub extension: Option<Number>,
    /// User name with which the phone registers; the extension if not given.
    #[schemars(with = "Option<schema::SipUserText>")]
    pub sip_user: String,
    /// Password of the phone; replaced on import by a reference into the store's secrets.
    #[schemars(with = "Option<schema::SecretText>")]
    pub sip_password: Option<SecretId>,
    /// Seconds that the phone rings, where it has a number of its own.
    #[schemars(with = "Option<u16>", range(min = 5, max = 300))]
    pub ring_timeout_s: u16,
    /// Codecs of the phone in the order of preference; those of `[media]` if not given.
    #[schemars(with = "Option<Vec<schema::CodecText>>", length(min = 1, max = 4))]
    #[serde(serialize_with = "codec_names")]
    pub codecs: Vec<Codec>,
    /// Whether the voice of the phone is encrypted (SRTP); as in `[media]` if not given.
    #[schemars(with = "Option<Encryption>")]
    pub media_encryption: Encryption,
    /// How the keys pressed during a call travel to and from the phone; as in `[media]` if not given.
    #[schemars(with = "Option<Dtmf>")]
    pub dtmf: Dtmf,
    /// Whether who talks at the phone is made louder or softer; as in `[media]` if not given.
    #[schemars(with = "Option<bool>")]
    pub auto_level: bool,
    /// Whether steady noise at the phone is taken out; as in `[media]` if not given.
    #[schemars(with = "Option<bool>")]
    pub denoise: bool,
    /// Whether the phone is sent comfort noise for silence; as in `[media]` if not given.
    #[schemars(with = "Option<bool>")]
    pub comfort_noise: bool,
}

impl Device {
    pub(crate) fn read(
        mut section: Section<'_, '_>,
        id: EntryId,
        limits: &Limits,
        media: &Media,
    ) -> Option<Self> {
        section.item("id");
        let name = section.label("name", limits::NAME_LEN_MAX);
        let person = section.parsed("person", format::id);
        let extension = section.parsed("extension", format::extension);
        let sip_user = section.parsed("sip_user", format::sip_user);
        let ring = section.whole("ring_timeout_s", Limits::RING_TIMEOUT_S);
        let obvious: Vec<&str> = [
            extension.as_ref().map(Number::as_str),
            sip_user.as_deref(),
            name.as_deref(),
        ]
        .into_iter()
        .flatten()
        .collect();
        let sip_password = secret::read(&mut section, "sip_password", &id, &obvious);
        if person.is_some() && extension.is_some() {
            let form =
                "a phone of the person, without `extension`: it rings with the person's".into();
            section.bad(
                "extension",
                Bad {
                    rule: Fault::Form,
                    params: vec![("form", form)],
                },
            );
        }
        if !section.has("sip_user") && !section.has("extension") {
            section.missing("sip_user");
        }
        let media = Media::of_entry(&mut section, media);
        section.finish();
        let sip_user =
            sip_user.or_else(|| extension.as_ref().map(|number| number.as_str().into()))?;
        Some(Self {
            id,
            name: name.unwrap_or_else(|| sip_user.clone()),
            person,
            extension,
            sip_user,
            sip_password,
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
