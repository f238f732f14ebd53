//! Recordings and music: what there is, listening to it, bringing and taking away.
#![expect(unused_qualifications, reason = "utoipa's attribute writes them")]

use axum::{
    Json,
    extract::{Path, Query, State},
    http::{HeaderMap, StatusCode},
    response::Response,
};
use model::{RecordingId, Wall};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::{
    answer::Failure,
    api::{MusicList, MusicOnHold, MusicPiece, Problem, RecordingPage},
    archive::Sound,
    desk::{Desk, Inner, is_administrator},
    exchange::Refusal,
    guard::{Administrator, Insider, Proof, Resident, Upload, Wish},
    playing,
};

/// Recordings a page has unless it asks for another number, and the most it may ask for.
const PAGE: u16 = 30;
const PAGE_MAX: u16 = 200;
/// Characters of a name.
const NAME_MAX: usize = 80;

/// Which part of the recordings.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Part {
    /// Only what began before this moment, in ms: `next_ms` of the page before.
    before_ms: Option<i64>,
    /// How many, 1 to 200; 30 if not said.
    limit: Option<u16>,
}

/// How a file is wanted.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct How {
    /// To be kept, not played.
    #[serde(default)]
    download: bool,
}

/// What a sound is called.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Named {
    /// 1 to 80 characters.
    name: String,
}

impl Named {
    /// The name, if it is one.
    pub(crate) fn checked(self) -> Result<String, Failure> {
        let name = self.name.trim();
        let length = name.chars().count();
        if !(1..=NAME_MAX).contains(&length) || name.chars().any(char::is_control) {
            return Err(Failure::field(
                "name",
                "name",
                "A name has 1 to 80 characters. Give the sound another one.",
            ));
        }
        Ok(name.to_owned())
    }
}

/// Calls that were recorded, newest first. Administrators only.
#[utoipa::path(get, path = "/api/v1/recordings", tag = "recordings", params(Part),
    responses((status = 200, body = RecordingPage), (status = 400, body = Problem),
        (status = 401, body = Problem), (status = 403, body = Problem)))]
pub(crate) async fn recordings(
    State(desk): State<Desk>,
    _administrator: Administrator,
    part: Result<Query<Part>, axum::extract::rejection::QueryRejection>,
) -> Result<Json<RecordingPage>, Failure> {
    let (before, limit) = page_of(part)?;
    desk.ask(move |desk| desk.exchange.recordings(None, before, limit))
        .await
        .map(Json)
}

/// Recorded calls of whoever is signed in, newest first: those in which they talked, and were there to
/// the end.
#[utoipa::path(get, path = "/api/v1/my/recordings", tag = "recordings", params(Part),
    responses((status = 200, body = RecordingPage), (status = 400, body = Problem),
        (status = 401, body = Problem), (status = 403, body = Problem)))]
pub(crate) async fn own_recordings(
    State(desk): State<Desk>,
    resident: Resident,
    part: Result<Query<Part>, axum::extract::rejection::QueryRejection>,
) -> Result<Json<RecordingPage>, Failure> {
    let (before, limit) = page_of(part)?;
    let person = resident.person.id;
    desk.ask(move |desk| desk.exchange.recordings(Some(&person), before, limit))
        .await
        .map(Json)
}

fn page_of(
    part: Result<Query<Part>, axum::extract::rejection::QueryRejection>,
) -> Result<(Wall, u16), Failure> {
    let bad = || {
        Failure::new(
            StatusCode::BAD_REQUEST,
            "query",
            "`before_ms` is a moment and `limit` a number from 1 to 200. Correct the address.",
        )
    };
    let Ok(Query(part)) = part else {
        return Err(bad());
    };
    let limit = part.limit.unwrap_or(PAGE);
    if !(1..=PAGE_MAX).contains(&limit) {
        return Err(bad());
    }
    let before = part
        .before_ms
        .map_or(i64::MAX, |ms| ms.saturating_mul(1_000));
    Ok((Wall(before), limit))
}

/// Whether the recording may be listened to: administrators hear all, others their own.
pub(crate) fn may_listen(
    desk: &Inner,
    insider: &Insider,
    id: RecordingId,
) -> Result<bool, Refusal> {
    match insider.proof {
        _ if is_administrator(insider.person.role) => Ok(true),
        Proof::Session(_) => desk.exchange.is_own(&insider.person.id, id),
        Proof::Token(_) => Ok(false),
    }
}

/// A recording as a WAV file, the caller on the left; parts of it by `Range`. Administrators listen to
/// all, others to their own.
#[utoipa::path(get, path = "/api/v1/recordings/{id}/sound", tag = "recordings",
    params(("id" = String, Path, description = "The recording's id"), How),
    responses((status = 200, body = String, content_type = "audio/wav"),
        (status = 206, body = String, content_type = "audio/wav"), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 404, body = Problem), (status = 416, body = Problem)))]
pub(crate) async fn recording(
    State(desk): State<Desk>,
    insider: Insider,
    Path(id): Path<String>,
    Query(how): Query<How>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let id: RecordingId = id.parse().map_err(|_| Failure::missing("recording"))?;
    let may = desk.ask(move |desk| may_listen(desk, &insider, id)).await?;
    if !may {
        return Err(Failure::forbidden());
    }
    let (sound, name) = desk.ask(move |desk| desk.exchange.recording(id)).await?;
    playing::answer(sound, &headers, how.download.then_some(&name)).await
}

/// The music that people brought, and which of it is on hold.
#[utoipa::path(get, path = "/api/v1/music", tag = "music",
    responses((status = 200, body = MusicList), (status = 401, body = Problem), (status = 403, body = Problem)))]
pub(crate) async fn music(
    State(desk): State<Desk>,
    _administrator: Administrator,
) -> Result<Json<MusicList>, Failure> {
    desk.ask(|desk| desk.exchange.music()).await.map(Json)
}

/// A piece as it sounds on the telephone, as a WAV file; parts of it by `Range`.
#[utoipa::path(get, path = "/api/v1/music/{source}/sound", tag = "music",
    params(("source" = String, Path, description = "The piece")),
    responses((status = 200, body = String, content_type = "audio/wav"),
        (status = 206, body = String, content_type = "audio/wav"), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 404, body = Problem), (status = 416, body = Problem)))]
pub(crate) async fn piece(
    State(desk): State<Desk>,
    _administrator: Administrator,
    Path(source): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let sound: Sound = desk.ask(move |desk| desk.exchange.piece(&source)).await?;
    playing::answer(sound, &headers, None).await
}

/// Keeps a sound file (WAV, MP3, Ogg Vorbis, FLAC), sent as it is with
/// `Content-Type: application/octet-stream`, and names it in the configuration.
#[utoipa::path(post, path = "/api/v1/music", tag = "music", params(Named),
    request_body(content = String, content_type = "application/octet-stream"),
    responses((status = 200, body = MusicPiece), (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 409, body = Problem), (status = 413, body = Problem), (status = 422, body = Problem)))]
pub(crate) async fn add_music(
    State(desk): State<Desk>,
    administrator: Administrator,
    Query(named): Query<Named>,
    Upload(bytes): Upload,
) -> Result<Json<MusicPiece>, Failure> {
    let name = named.checked()?;
    let author = administrator.author();
    desk.ask(move |desk| desk.exchange.add_music(&author, &name, &bytes))
        .await
        .map(Json)
}

/// Deletes a piece. What people who are held hear cannot be deleted.
#[utoipa::path(delete, path = "/api/v1/music/{source}", tag = "music",
    params(("source" = String, Path, description = "The piece")),
    responses((status = 204), (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem), (status = 409, body = Problem)))]
pub(crate) async fn remove_music(
    State(desk): State<Desk>,
    administrator: Administrator,
    Path(source): Path<String>,
) -> Result<StatusCode, Failure> {
    let author = administrator.author();
    desk.ask(move |desk| desk.exchange.remove_music(&author, &source))
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Says which music people who are held hear; it counts at once.
#[utoipa::path(put, path = "/api/v1/music-on-hold", tag = "music", request_body = MusicOnHold,
    responses((status = 204), (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem), (status = 409, body = Problem)))]
pub(crate) async fn put_on_hold(
    State(desk): State<Desk>,
    administrator: Administrator,
    Wish(wish): Wish<MusicOnHold>,
) -> Result<StatusCode, Failure> {
    let author = administrator.author();
    desk.ask(move |desk| desk.exchange.set_music(&author, wish.source.as_deref()))
        .await?;
    Ok(StatusCode::NO_CONTENT)
}
