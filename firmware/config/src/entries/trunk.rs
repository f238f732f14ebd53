//! `[[trunk]]`: a way to the outside over SIP.

use model::{Codec, EntryId, limits};
use schemars::JsonSchema;
use serde::Serialize;

use crate::{
    format,
    media_section::{Dtmf, Encryption, Media, codec_names},
    problem::Bad,
    read::Section,
    schema,
    secret::{self, SecretId},
};

/// How SIP travels to a provider.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum TrunkTransport {
    /// Datagrams.
    #[default]
    Udp,
    /// A stream.
    Tcp,
    /// An encrypted stream.
    Tls,
}

impl TrunkTransport {
    const ALL: [(&'static str, Self); 3] =
        [("udp", Self::Udp), ("tcp", Self::Tcp), ("tls", Self::Tls)];
}

/// A SIP trunk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Trunk {
    /// Never changes; added on import.
    #[schemars(with = "Option<schema::IdText>")]
    pub id: EntryId,
    /// Name of the trunk; its host if not given.
    #[schemars(with = "Option<String>", length(min = 1, max = 80))]
    pub name: String,
    /// The provider's server: a name or an IP address.
    pub host: String,
    /// The server's port; found in the DNS if not given.
    #[schemars(range(min = 1, max = 65535))]
    pub port: Option<u16>,
    /// How SIP travels to the server.
    #[schemars(default)]
    pub transport: TrunkTransport,
    /// User name that the provider gave.
    pub username: Option<String>,
    /// Password that the provider gave; replaced on import by a reference into the store's secrets.
    #[schemars(with = "Option<schema::SecretText>")]
    pub password: Option<SecretId>,
    /// Whether the box registers with the provider.
    #[schemars(default)]
    pub register: bool,
    /// Codecs of the trunk in the order of preference; those of `[media]` if not given.
    #[schemars(with = "Option<Vec<schema::CodecText>>", length(min = 1, max = 4))]
    #[serde(serialize_with = "codec_names")]
    pub codecs: Vec<Codec>,
    /// Whether the voice of the trunk is encrypted (SRTP); as in `[media]` if not given.
    #[schemars(with = "Option<Encryption>")]
    pub media_encryption: Encryption,
    /// How the keys pressed during a call travel to and from the trunk; as in `[media]` if not given.
    #[schemars(with = "Option<Dtmf>")]
    pub dtmf: Dtmf,
    /// Whether who talks at the trunk is made louder or softer; as in `[media]` if not given.
    #[schemars(with = "Option<bool>")]
    pub auto_level: bool,
    /// Whether steady noise at the trunk is taken out; as in `[media]` if not given.
    #[schemars(with = "Option<bool>")]
    pub denoise: bool,
    /// Whether the trunk is sent comfort noise for silence; as in `[media]` if not given.
    #[schemars(with = "Option<bool>")]
    pub comfort_noise: bool,
}

impl Trunk {
    pub(crate) fn read(mut section: Section<'_, '_>, id: EntryId, media: &Media) -> Option<Self> {
        section.item("id");
        let name = section.label("name", limits::NAME_LEN_MAX);
        let host = section.parsed("host", format::host_name);
        if !section.has("host") {
            section.missing("host");
        }
        let port = section.whole("port", 1..=u16::MAX);
        let transport = section.parsed("transport", |text| {
            format::choice(text, &TrunkTransport::ALL)
        });
        let username = section.parsed("username", user);
        let password = secret::read(&mut section, "password", &id, &[]);
        let register = section.flag("register").unwrap_or_default();
        let media = Media::of_entry(&mut section, media);
        section.finish();
        let host = host?;
        Some(Self {
            id,
            name: name.unwrap_or_else(|| host.clone()),
            host,
            port,
            transport: transport.unwrap_or_default(),
            username,
            password,
            register,
            codecs: media.codecs,
            media_encryption: media.encryption,
            dtmf: media.dtmf,
            auto_level: media.auto_level,
            denoise: media.denoise,
            comfort_noise: media.comfort_noise,
        })
    }
}

/// Providers give all sorts of names; whatever can stand escaped in a SIP URI and is printable.
fn user(text: &str) -> Result<String, Bad> {
    if text.is_empty() || text.len() > 128 || !text.bytes().all(|b| b.is_ascii_graphic()) {
        return Err(Bad::malformed(
            text,
            "a user name: 1 to 128 printable ASCII characters",
        ));
    }
    Ok(text.into())
}
