//! Who is signed in, at which office, and how the box is.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Role;

/// What a browser may know before and after signing in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Session {
    /// Whether a first administrator exists; until then the claim page is shown.
    pub claimed: bool,
    /// Whether a claim code was made at the box although one exists: the page for signing in leads to the claim page.
    pub recovery: bool,
    /// The office's language: `en`, `pl`, `cs`, `ru` or another.
    pub language: String,
    /// The signed-in person and the office; absent for strangers.
    pub signed_in: Option<SignedIn>,
}

/// The person behind the cookie.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SignedIn {
    /// Id of the person's entry in the configuration.
    pub person: String,
    /// The person's name.
    pub name: String,
    /// What the person may do.
    pub role: Role,
    /// The office.
    pub office: Office,
    /// Version of the program.
    pub version: String,
}

/// The office as the configuration describes it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Office {
    /// Its name.
    pub name: String,
    /// ISO 3166 country code.
    pub country: String,
    /// BCP 47 language code.
    pub language: String,
    /// IANA zone in which times are shown.
    pub timezone: String,
}

/// The one-time code makes the first administrator, or one more after the button at the box was held.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Claim {
    /// The code printed at first start or made by the button at the box; letters in any case, dashes and spaces do not count.
    pub code: String,
    /// The administrator's name.
    pub name: String,
    /// The name to sign in with.
    pub login: String,
    /// The new web password, 10 to 200 characters.
    pub password: String,
}

/// Signing in.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Login {
    /// The name to sign in with; letters in any case.
    pub login: String,
    /// The web password.
    pub password: String,
}

/// A new password for oneself.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PasswordChange {
    /// The password now.
    pub current: String,
    /// The new one, 10 to 200 characters.
    pub new: String,
}

/// The box's own certificate authority.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BoxAuthority {
    /// SHA-256 of the certificate, as browsers show it.
    pub fingerprint: String,
    /// Where it is in DER form.
    pub der: String,
    /// Where it is in PEM form.
    pub pem: String,
}

/// How the exchange is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum HealthState {
    /// All is well.
    Ok,
    /// It works, and somebody should look: see the reasons.
    Degraded,
    /// New calls are refused.
    Failing,
}

/// How the exchange is, for probes and for the top of the page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Health {
    /// In one word.
    pub state: HealthState,
    /// Keys of what is wrong, such as `disk_full`; empty when all is well.
    pub reasons: Vec<String>,
}

impl Health {
    /// All is well.
    #[must_use]
    pub const fn ok() -> Self {
        Self {
            state: HealthState::Ok,
            reasons: Vec::new(),
        }
    }
}
