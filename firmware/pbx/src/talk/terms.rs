//! What we agree to with one phone, and the keys that we bring.

use core::cell::OnceCell;

use config::{Dtmf, Encryption, Media};
use model::{
    Codec, DtlsRole, Fingerprint, IceText, Random, Seed, SrtpKey, Transport, VoiceOptions,
};
use sip::sdp::{self, Agreed, OurDtls, Plain, Profile, SUITES, Session, Shield};

/// Secret octets behind an ICE password, which is written in two characters each.
const ICE_PASSWORD_OCTETS: usize = 16;

/// The settings of the phone and how its signalling travels.
#[derive(Clone, Debug)]
pub(crate) struct Terms {
    media: Media,
    transport: Transport,
    /// A fax machine or a modem is at the other end of the call.
    data: bool,
}

/// What a description of ours says of protection.
#[derive(Clone, Debug)]
pub(super) struct Protecting {
    pub(super) profile: Profile,
    pub(super) plain: Plain,
    pub(super) keys: Vec<SrtpKey>,
    pub(super) dtls: Option<OurDtls>,
}

impl Terms {
    pub(crate) const fn new(media: Media, transport: Transport) -> Self {
        Self {
            media,
            transport,
            data: false,
        }
    }

    /// A fax machine or a modem is at the other end: G.711 only, and nothing is done to its sound
    /// (V.152 §6.1).
    pub(super) fn carry_data(&mut self) {
        let media = &mut self.media;
        media.codecs.retain(|codec| codec.sample_hz() == 8_000);
        if media.codecs.is_empty() {
            media.codecs.push(Codec::Pcma);
        }
        (media.comfort_noise, media.auto_level, media.denoise) = (false, false, false);
        self.data = true;
    }

    /// Codecs that may be agreed on: `preferred` in their order as far as the phone may have them,
    /// then what else it may have.
    pub(crate) fn codecs(&self, preferred: &[Codec]) -> Vec<Codec> {
        let mut out = Vec::new();
        let allowed = &self.media.codecs;
        let first = preferred.iter().filter(|&codec| allowed.contains(codec));
        for &codec in first.chain(allowed) {
            if !out.contains(&codec) {
                out.push(codec);
            }
        }
        out
    }

    /// What is done to the voice of who talks at the phone.
    pub(crate) const fn voice(&self) -> VoiceOptions {
        VoiceOptions {
            auto_level: self.media.auto_level,
            denoise: self.media.denoise,
            data: self.data,
        }
    }

    /// Whether silence may be sent as comfort noise.
    pub(super) const fn saves_silence(&self) -> bool {
        self.media.comfort_noise
    }

    /// Whether the far end may send comfort noise instead of silence; the pauses of a fax machine are sent
    /// as they are (V.152 §6.1).
    pub(super) const fn takes_comfort(&self) -> bool {
        !self.data
    }

    /// Whether telephone events are offered and taken.
    pub(super) const fn events(&self) -> bool {
        matches!(self.media.dtmf, Dtmf::Auto | Dtmf::Rfc4733)
    }

    /// Whether keys are heard in INFO.
    pub(crate) const fn hears_info(&self) -> bool {
        matches!(self.media.dtmf, Dtmf::Auto | Dtmf::Info)
    }

    /// Whether keys are sent in INFO.
    pub(crate) const fn sends_info(&self) -> bool {
        matches!(self.media.dtmf, Dtmf::Info)
    }

    /// Browsers know nothing but DTLS (RFC 8827 §6.5).
    const fn is_browser(&self) -> bool {
        matches!(self.transport, Transport::Ws | Transport::Wss)
    }

    /// Whether there is no leg without protection.
    const fn insists(&self) -> bool {
        self.is_browser() || matches!(self.media.encryption, Encryption::Require)
    }

    /// What our next description, an offer or an answer to `theirs`, says of protection. A leg that is
    /// protected stays so, in the way it was agreed on.
    pub(super) fn protecting(
        &self,
        secrets: &Secrets,
        agreed: Option<&Agreed>,
        theirs: Option<&Session>,
    ) -> Protecting {
        let running = agreed.filter(|agreed| agreed.shield != Shield::None);
        let role = running.and_then(|agreed| match agreed.shield {
            Shield::Dtls { role, .. } => Some(role),
            Shield::None | Shield::Keys { .. } => None,
        });
        let profile = match running {
            Some(agreed) => agreed.profile,
            None if self.is_browser() => Profile::DtlsSavpf,
            None if self.insists() => Profile::Savp,
            None => Profile::Avp,
        };
        let plain = match self.media.encryption {
            _ if self.insists() || running.is_some() => Plain::Refused,
            // Keys that everybody can read on the way protect nothing.
            Encryption::Offer if self.transport.is_secure() => Plain::Accepted,
            Encryption::Off | Encryption::Offer | Encryption::Require => Plain::Welcome,
        };
        // Most calls are plain on either side, and nothing is made of their secrets.
        let is_plain = |line: &sdp::Media| line.audio_profile().is_none_or(|p| p == Profile::Avp);
        let all_plain = theirs.is_none_or(|theirs| theirs.media.iter().all(is_plain));
        let needed = profile != Profile::Avp || plain != Plain::Welcome || !all_plain;
        let offered = needed && !matches!(self.media.encryption, Encryption::Off);
        let with_keys = offered && !self.is_browser();
        let with_dtls = offered || self.is_browser();
        Protecting {
            profile,
            plain,
            keys: if with_keys {
                secrets.keys(running)
            } else {
                Vec::new()
            },
            dtls: with_dtls.then(|| secrets.dtls(role)).flatten(),
        }
    }
}

/// The keys and passwords of one leg. They come from the secret stream and are the same for the
/// whole leg, so that a new description does not break what is protected already.
#[derive(Clone, Debug)]
pub(crate) struct Secrets {
    seed: Seed,
    /// What the far end is told as our name in checks, without the count of restarts.
    name: u64,
    restarts: u8,
    /// How often the far end changed to a suite that was not in use.
    renewals: u32,
    fingerprint: Option<Fingerprint>,
    /// What was made of the seed already: a call is described four times.
    keys: OnceCell<Vec<SrtpKey>>,
    ice: OnceCell<Option<(IceText, IceText)>>,
}

impl Secrets {
    /// `seed` is secret, `name` is not. Without a `fingerprint` there is no DTLS.
    pub(crate) const fn new(seed: Seed, name: u64, fingerprint: Option<Fingerprint>) -> Self {
        Self {
            seed,
            name,
            restarts: 0,
            renewals: 0,
            fingerprint,
            keys: OnceCell::new(),
            ice: OnceCell::new(),
        }
    }

    /// Our key for each suite; for the agreed one alone, if there is one.
    fn keys(&self, running: Option<&Agreed>) -> Vec<SrtpKey> {
        let only = running.and_then(|agreed| match agreed.shield {
            Shield::Keys { send, .. } => Some(send.suite()),
            Shield::None | Shield::Dtls { .. } => None,
        });
        let keys = self.keys.get_or_init(|| self.all_keys(self.renewals));
        let keys = keys.iter();
        keys.filter(|key| only.is_none_or(|only| only == key.suite()))
            .copied()
            .collect()
    }

    /// Keys that were never used, for when the far end changes to another suite.
    pub(super) fn fresh_keys(&self) -> Vec<SrtpKey> {
        self.all_keys(self.renewals.saturating_add(1))
    }

    /// The fresh keys are in use.
    pub(super) fn renew(&mut self) {
        self.renewals = self.renewals.saturating_add(1);
        self.keys.take();
    }

    fn all_keys(&self, renewals: u32) -> Vec<SrtpKey> {
        let name = match renewals {
            0 => "srtp".into(),
            count => format!("srtp {count}"),
        };
        let mut random = Random::derive(self.seed, &name);
        SUITES
            .into_iter()
            .filter_map(|suite| {
                let mut octets = [0; SrtpKey::OCTETS_MAX];
                let octets = octets.get_mut(..suite.key_len() + suite.salt_len())?;
                random.fill(octets);
                SrtpKey::new(suite, octets)
            })
            .collect()
    }

    fn dtls(&self, role: Option<DtlsRole>) -> Option<OurDtls> {
        let (ice_name, ice_password) = self.ice()?;
        Some(OurDtls {
            fingerprint: self.fingerprint?,
            role,
            ice_name,
            ice_password,
        })
    }

    /// Our name and password in checks: at least 24 and 128 bits (RFC 8445 §5.3).
    pub(super) fn ice(&self) -> Option<(IceText, IceText)> {
        *self.ice.get_or_init(|| {
            let name = format!("{:016x}{:02x}", self.name, self.restarts);
            let mut password = [0; ICE_PASSWORD_OCTETS];
            Random::derive(self.seed, &name).fill(&mut password);
            let password = format!("{:032x}", u128::from_be_bytes(password));
            Some((IceText::new(&name)?, IceText::new(&password)?))
        })
    }

    /// The far end starts its checks anew, and so do we (RFC 8445 §9).
    pub(super) fn restart_ice(&mut self) {
        self.restarts = self.restarts.wrapping_add(1);
        self.ice.take();
    }
}
