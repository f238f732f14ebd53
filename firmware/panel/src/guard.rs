//! What stands before every handler: whose request it is, whether another site made it, how long
//! and of what kind its body is.

use std::{net::SocketAddr, sync::atomic::Ordering, time::Duration};

use axum::{
    body::to_bytes,
    extract::{FromRequest, FromRequestParts, Request, State},
    http::{
        HeaderMap, HeaderValue, Method, StatusCode,
        header::{CACHE_CONTROL, CONTENT_TYPE, COOKIE, HOST, ORIGIN, SET_COOKIE},
        request::Parts,
    },
    middleware::Next,
    response::{IntoResponse, Response},
};
use serde::de::DeserializeOwned;

use crate::{
    answer::Failure,
    api::{Person, Role},
    bearer,
    desk::{Desk, Figures, is_administrator},
    exchange::Author,
    web_phones::WebPhones,
};

/// Longest body of a request, but for the configuration text.
pub(crate) const BODY_BYTES_MAX: usize = 16 * 1_024;
/// A body must have arrived within this time.
const BODY_TIME_MAX: Duration = Duration::from_secs(15);
/// A file must arrive within this time: the largest one at 5 Mbit/s.
const UPLOAD_TIME_MAX: Duration = Duration::from_secs(120);
/// JSON writes a character of the text with up to six bytes; most need one.
const CONFIG_BODY_BYTES_MAX: usize = 2 * model::limits::CONFIG_TEXT_MAX;

/// Who is at the other end of the connection.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Peer {
    /// The address.
    pub(crate) address: SocketAddr,
    /// The address of ours that was called.
    pub(crate) local: SocketAddr,
    /// Whether nobody in between can read along.
    pub(crate) secure: bool,
}

impl Peer {
    /// The cookie's name. A browser ties the first kind to https and to this very host; both
    /// kinds exist side by side, because cookies do not know ports.
    const fn cookie(self) -> &'static str {
        if self.secure {
            "__Host-centralka"
        } else {
            "centralka"
        }
    }

    /// The header that hands the token to the browser; an empty token takes it back.
    pub(crate) fn set_cookie(self, token: &str) -> (axum::http::HeaderName, String) {
        let name = self.cookie();
        let secure = if self.secure { "; Secure" } else { "" };
        let age = if token.is_empty() { 0 } else { 14 * 86_400 };
        (
            SET_COOKIE,
            format!("{name}={token}; Path=/; Max-Age={age}; HttpOnly; SameSite=Strict{secure}"),
        )
    }

    fn token(self, headers: &HeaderMap) -> Option<String> {
        let name = self.cookie();
        let cookies = headers.get_all(COOKIE).into_iter();
        cookies
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(';'))
            .filter_map(|pair| pair.trim().split_once('='))
            .find(|(key, _)| *key == name)
            .map(|(_, token)| token.to_owned())
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Peer {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Failure> {
        let peer = parts.extensions.get::<Self>().copied();
        peer.ok_or_else(|| Failure::internal("a request without its connection"))
    }
}

/// How somebody proved who it is.
#[derive(Clone, Debug)]
pub(crate) enum Proof {
    /// By the token of a session.
    Session(String),
    /// A program, by its own token, of which this is the hash.
    Token([u8; 32]),
}

/// Somebody signed in, or a program with a token.
#[derive(Clone, Debug)]
pub(crate) struct Insider {
    /// Who, as the configuration has it now; a program as somebody with its rights.
    pub(crate) person: Person,
    /// How we know.
    pub(crate) proof: Proof,
}

impl Insider {
    /// Whether the session or token still holds.
    pub(crate) async fn is_still_in(&self, desk: &Desk) -> bool {
        let now = desk.now().wall;
        match &self.proof {
            Proof::Session(token) => desk.sessions.person(now, token).is_some(),
            Proof::Token(key) => {
                let key = *key;
                let found = desk.ask(move |desk| desk.vault.api_token(&key, now)).await;
                matches!(found, Ok(Some(_)))
            }
        }
    }
}

/// Somebody with a session, for what belongs to one.
#[derive(Clone, Debug)]
pub(crate) struct Resident {
    /// Who.
    pub(crate) person: Person,
    /// The token of the session.
    pub(crate) token: String,
}

impl FromRequestParts<Desk> for Resident {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, desk: &Desk) -> Result<Self, Failure> {
        let Insider { person, proof } = Insider::from_request_parts(parts, desk).await?;
        match proof {
            Proof::Session(token) => Ok(Self { person, token }),
            Proof::Token(_) => Err(Failure::forbidden()),
        }
    }
}

impl FromRequestParts<Desk> for Insider {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, desk: &Desk) -> Result<Self, Failure> {
        let peer = Peer::from_request_parts(parts, desk).await?;
        if let Some(token) = bearer::token_of(&parts.headers) {
            return bearer::insider(parts, desk, peer.address.ip(), token).await;
        }
        let token = peer.token(&parts.headers).ok_or_else(Failure::stranger)?;
        let found = desk.sessions.person(desk.now().wall, &token);
        let (id, stale) = found.ok_or_else(Failure::stranger)?;
        if stale {
            let token = token.clone();
            let stored = desk.ask(move |desk| desk.sessions.store_seen(&token));
            // The page does not depend on it: at worst the session ends early after a restart.
            if stored.await.is_err() {
                tracing::warn!("the last use of a session could not be stored");
            }
        }
        let person = desk.person(&id).ok_or_else(Failure::stranger)?;
        let proof = Proof::Session(token);
        Ok(Self { person, proof })
    }
}

/// Who may end calls and light lamps: an administrator, or a program with the right `calls`.
#[derive(Clone, Debug)]
pub(crate) struct Operator(pub(crate) Person);

impl FromRequestParts<Desk> for Operator {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, desk: &Desk) -> Result<Self, Failure> {
        let insider = Insider::from_request_parts(parts, desk).await?;
        let program = matches!(insider.proof, Proof::Token(_));
        let may = is_administrator(insider.person.role)
            || (program && insider.person.role == Role::Supervisor);
        may.then_some(Self(insider.person))
            .ok_or_else(Failure::forbidden)
    }
}

/// An administrator signed in, or a program with the right `admin`.
#[derive(Clone, Debug)]
pub(crate) struct Administrator(pub(crate) Person);

impl Administrator {
    /// As the author of a change.
    pub(crate) fn author(&self) -> Author {
        author(&self.0)
    }
}

/// Somebody as the author of a change.
pub(crate) fn author(person: &Person) -> Author {
    Author {
        person: person.id.clone(),
        name: person.name.clone(),
    }
}

impl FromRequestParts<Desk> for Administrator {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, desk: &Desk) -> Result<Self, Failure> {
        let insider = Insider::from_request_parts(parts, desk).await?;
        if !is_administrator(insider.person.role) {
            return Err(Failure::forbidden());
        }
        Ok(Self(insider.person))
    }
}

/// A JSON body of at most [`BODY_BYTES_MAX`].
pub(crate) struct Wish<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Wish<T> {
    type Rejection = Failure;

    async fn from_request(request: Request, _state: &S) -> Result<Self, Failure> {
        read_json(request, BODY_BYTES_MAX).await.map(Self)
    }
}

/// A JSON body that carries a configuration text.
pub(crate) struct LongWish<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for LongWish<T> {
    type Rejection = Failure;

    async fn from_request(request: Request, _state: &S) -> Result<Self, Failure> {
        read_json(request, CONFIG_BODY_BYTES_MAX).await.map(Self)
    }
}

/// A file as it is, of at most `limits::FILE_BYTES`. Its kind is one that no form of another site can send.
pub(crate) struct Upload(pub(crate) axum::body::Bytes);

impl<S: Send + Sync> FromRequest<S> for Upload {
    type Rejection = Failure;

    async fn from_request(request: Request, _: &S) -> Result<Self, Failure> {
        if !is_kind(request.headers(), "application/octet-stream") {
            return Err(Failure::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "not_a_file",
                "Send the file as it is, with the header Content-Type: application/octet-stream.",
            ));
        }
        let limit = model::limits::FILE_BYTES;
        read_body(request, limit, UPLOAD_TIME_MAX).await.map(Self)
    }
}

async fn read_body(
    request: Request,
    limit: usize,
    patience: Duration,
) -> Result<axum::body::Bytes, Failure> {
    let body = tokio::time::timeout(patience, to_bytes(request.into_body(), limit)).await;
    let Ok(body) = body else {
        return Err(Failure::new(
            StatusCode::REQUEST_TIMEOUT,
            "too_slow",
            "The body did not arrive in time. Send it again at once.",
        ));
    };
    body.map_err(|_| {
        Failure::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "too_long",
            &format!("The body is longer than {limit} bytes, or broke off. Send less."),
        )
    })
}

async fn read_json<T: DeserializeOwned>(request: Request, limit: usize) -> Result<T, Failure> {
    if !is_json(request.headers()) {
        return Err(Failure::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "not_json",
            "Send the body as JSON, with the header Content-Type: application/json.",
        ));
    }
    let body = read_body(request, limit, BODY_TIME_MAX).await?;
    serde_json::from_slice(&body).map_err(|error| {
        if error.is_data() {
            let message = format!("The body has another shape than documented: {error}.");
            Failure::new(StatusCode::UNPROCESSABLE_ENTITY, "shape", &message)
        } else {
            let message = format!("The body is no JSON: {error}. Correct it and send it again.");
            Failure::new(StatusCode::BAD_REQUEST, "syntax", &message)
        }
    })
}

fn is_json(headers: &HeaderMap) -> bool {
    is_kind(headers, "application/json")
}

fn is_kind(headers: &HeaderMap, wanted: &str) -> bool {
    let kind = headers.get(CONTENT_TYPE).and_then(|v| v.to_str().ok());
    kind.and_then(|v| v.split(';').next())
        .is_some_and(|v| v.trim().eq_ignore_ascii_case(wanted))
}

/// Refuses changes that another site's page asks for, though the cookie's SameSite=Strict should
/// not have let it come this far.
pub(crate) async fn same_site(State(desk): State<Desk>, request: Request, next: Next) -> Response {
    let reading = matches!(
        *request.method(),
        Method::GET | Method::HEAD | Method::OPTIONS
    );
    if reading || is_own(request.headers()) {
        return next.run(request).await;
    }
    Figures::count(&desk.figures.foreign_refused);
    Failure::new(
        StatusCode::FORBIDDEN,
        "foreign_site",
        "Another site asked for this. Open the panel by its own address and do it there.",
    )
    .into_response()
}

/// Browsers say where a request comes from, by Sec-Fetch-Site and Origin; programs say neither.
fn is_own(headers: &HeaderMap) -> bool {
    let text = |name| {
        headers
            .get(name)
            .and_then(|v: &HeaderValue| v.to_str().ok())
    };
    if let Some(site) = headers.get("sec-fetch-site") {
        return site == "same-origin" || site == "none";
    }
    match (text(ORIGIN), text(HOST)) {
        (None, _) => !headers.contains_key(ORIGIN),
        (Some(origin), Some(host)) => origin
            .split_once("://")
            .is_some_and(|(_, from)| from.eq_ignore_ascii_case(host)),
        (Some(_), None) => false,
    }
}

/// The name or address by which the browser reached the box, without port and brackets.
pub(crate) fn host_name(headers: &HeaderMap) -> String {
    let host = headers.get(HOST).and_then(|v| v.to_str().ok());
    let host = host.unwrap_or("localhost");
    let bare = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or(rest),
        None => host.split(':').next().unwrap_or(host),
    };
    let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | ':');
    if bare.is_empty() || bare.len() > 253 || !bare.chars().all(legal) {
        return "localhost".into();
    }
    bare.to_owned()
}

/// Headers of every answer. The policy held for the whole of the planned panel.
pub(crate) async fn headers(request: Request, next: Next) -> Response {
    const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
        style-src-attr 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self'; \
        connect-src 'self'; media-src 'self' blob:; worker-src 'self'; manifest-src 'self'; \
        frame-ancestors 'none'; base-uri 'none'; form-action 'self'";
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    for (name, value) in [
        ("content-security-policy", POLICY),
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "no-referrer"),
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
        (
            "permissions-policy",
            "camera=(), geolocation=(), microphone=(self)",
        ),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers
        .entry(CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-store"));
    response
}

/// The panel's own figures as Prometheus text.
pub(crate) fn own_metrics(desk: &Desk) -> String {
    use std::fmt::Write as _;
    let figures = &desk.figures;
    let get = |counter: &std::sync::atomic::AtomicU64| counter.load(Ordering::Relaxed);
    let (phones, calls) = desk.feed.counts();
    let wide = |n: usize| u64::try_from(n).unwrap_or(u64::MAX);
    let rows = [
        ("panel_connections", "gauge", get(&figures.connections)),
        (
            "panel_connections_refused_total",
            "counter",
            get(&figures.connections_refused),
        ),
        (
            "panel_logins_failed_total",
            "counter",
            get(&figures.logins_failed),
        ),
        (
            "panel_logins_slowed_total",
            "counter",
            get(&figures.logins_slowed),
        ),
        (
            "panel_foreign_refused_total",
            "counter",
            get(&figures.foreign_refused),
        ),
        (
            "panel_web_phones_refused_total",
            "counter",
            get(&figures.web_phones_refused),
        ),
        (
            "panel_web_phones",
            "gauge",
            wide(desk.given.phones.as_ref().map_or(0, WebPhones::count)),
        ),
        ("panel_sessions", "gauge", wide(desk.sessions.count())),
        ("panel_live_pages", "gauge", wide(desk.feed.listeners())),
        ("panel_registrations", "gauge", wide(phones)),
        ("panel_calls", "gauge", wide(calls)),
    ];
    let mut text = String::new();
    for (name, kind, value) in rows {
        // Writing to a String cannot fail.
        let _ = writeln!(
            text,
            "# TYPE centralka_{name} {kind}\ncentralka_{name} {value}"
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(*name, HeaderValue::from_static(value));
        }
        headers
    }

    #[test]
    fn another_site_is_recognised() {
        let host = ("host", "box:8080");
        assert!(is_own(&map(&[host])), "a program");
        assert!(is_own(&map(&[host, ("sec-fetch-site", "same-origin")])));
        assert!(is_own(&map(&[host, ("origin", "http://box:8080")])));
        for foreign in [
            ("sec-fetch-site", "cross-site"),
            ("sec-fetch-site", "same-site"),
            ("origin", "http://evil"),
            ("origin", "http://box:8081"),
            ("origin", "null"),
        ] {
            assert!(!is_own(&map(&[host, foreign])), "{foreign:?}");
        }
    }

    #[test]
    fn the_host_is_a_name_a_phone_can_use() {
        for (given, name) in [
            ("192.168.1.5:8080", "192.168.1.5"),
            ("box.local", "box.local"),
            ("[fd00::1]:8443", "fd00::1"),
            ("a\"b", "localhost"),
            ("", "localhost"),
        ] {
            assert_eq!(host_name(&map(&[("host", given)])), name);
        }
    }

    #[test]
    fn the_cookie_is_found_among_others() {
        let peer = Peer {
            address: SocketAddr::from(([127, 0, 0, 1], 1)),
            local: SocketAddr::from(([127, 0, 0, 1], 2)),
            secure: false,
        };
        let headers = map(&[("cookie", "a=b; centralka=tok"), ("cookie", "c=d")]);
        assert_eq!(peer.token(&headers), Some("tok".into()));
        let secure = Peer {
            secure: true,
            ..peer
        };
        assert_eq!(secure.token(&headers), None);
        assert!(secure.set_cookie("x").1.ends_with("; Secure"));
        assert!(!peer.set_cookie("x").1.contains("Secure"));
    }
}
