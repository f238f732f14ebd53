//! The office's own prompts: what there is, listening to it, bringing and taking away.

use axum::{
    Json,
    extract::{Path, Query, State},
    http::{HeaderMap, StatusCode},
    response::Response,
};

use super::archive::Named;
use crate::{
    answer::Failure,
    api::{Problem, PromptList, UploadedPrompt},
    desk::Desk,
    guard::{Administrator, Upload},
    playing,
};

/// The prompts that people brought, and where each is used.
#[utoipa::path(get, path = "/api/v1/prompts", tag = "prompts",
    responses((status = 200, body = PromptList), (status = 401, body = Problem), (status = 403, body = Problem)))]
pub(crate) async fn prompts(
    State(desk): State<Desk>,
    _administrator: Administrator,
) -> Result<Json<PromptList>, Failure> {
    desk.ask(|desk| desk.exchange.prompts()).await.map(Json)
}

/// A prompt as it sounds on the telephone, as a WAV file; parts of it by `Range`.
#[utoipa::path(get, path = "/api/v1/prompts/{source}/sound", tag = "prompts",
    params(("source" = String, Path, description = "The prompt")),
    responses((status = 200, body = String, content_type = "audio/wav"),
        (status = 206, body = String, content_type = "audio/wav"), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 404, body = Problem), (status = 416, body = Problem)))]
pub(crate) async fn prompt(
    State(desk): State<Desk>,
    _administrator: Administrator,
    Path(source): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let sound = desk.ask(move |desk| desk.exchange.prompt(&source)).await?;
    playing::answer(sound, &headers, None).await
}

/// Keeps a sound file (WAV, MP3, Ogg Vorbis, FLAC), sent as it is with
/// `Content-Type: application/octet-stream`, and names it in the configuration.
#[utoipa::path(post, path = "/api/v1/prompts", tag = "prompts", params(Named),
    request_body(content = String, content_type = "application/octet-stream"),
    responses((status = 200, body = UploadedPrompt), (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 409, body = Problem), (status = 413, body = Problem), (status = 422, body = Problem)))]
pub(crate) async fn add_prompt(
    State(desk): State<Desk>,
    administrator: Administrator,
    Query(named): Query<Named>,
    Upload(bytes): Upload,
) -> Result<Json<UploadedPrompt>, Failure> {
    let name = named.checked()?;
    let author = administrator.author();
    desk.ask(move |desk| desk.exchange.add_prompt(&author, &name, &bytes))
        .await
        .map(Json)
}

/// Deletes a prompt. One that a conference greets with cannot be deleted.
#[utoipa::path(delete, path = "/api/v1/prompts/{source}", tag = "prompts",
    params(("source" = String, Path, description = "The prompt")),
    responses((status = 204), (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem), (status = 409, body = Problem)))]
pub(crate) async fn remove_prompt(
    State(desk): State<Desk>,
    administrator: Administrator,
    Path(source): Path<String>,
) -> Result<StatusCode, Failure> {
    let author = administrator.author();
    desk.ask(move |desk| desk.exchange.remove_prompt(&author, &source))
        .await?;
    Ok(StatusCode::NO_CONTENT)
}
