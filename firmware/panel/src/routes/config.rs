//! The configuration text: read it, save it, take a change back.

use axum::{Json, extract::State};

use crate::{
    answer::Failure,
    api::{ConfigDraft, ConfigSaved, ConfigText, ConfigUndo, Problem},
    desk::Desk,
    guard::{Administrator, LongWish, Wish},
};

/// The text in force.
#[utoipa::path(get, path = "/api/v1/config", tag = "config",
    responses((status = 200, body = ConfigText), (status = 401, body = Problem), (status = 403, body = Problem)))]
pub(crate) async fn read(
    State(desk): State<Desk>,
    _administrator: Administrator,
) -> Result<Json<ConfigText>, Failure> {
    desk.ask(|desk| desk.exchange.config()).await.map(Json)
}

/// Checks a text as a whole and puts it in force.
#[utoipa::path(put, path = "/api/v1/config", tag = "config", request_body = ConfigDraft,
    responses(
        (status = 200, body = ConfigSaved),
        (status = 401, body = Problem),
        (status = 403, body = Problem),
        (status = 409, body = Problem, description = "conflict"),
        (status = 413, body = Problem),
        (status = 422, body = Problem, description = "config_faults"),
    ))]
pub(crate) async fn save(
    State(desk): State<Desk>,
    administrator: Administrator,
    LongWish(draft): LongWish<ConfigDraft>,
) -> Result<Json<ConfigSaved>, Failure> {
    let author = administrator.author();
    let version = desk
        .ask(move |desk| desk.exchange.save_config(&author, draft))
        .await?;
    Ok(Json(ConfigSaved { version }))
}

/// Takes the change of one version back out; later changes stay.
#[utoipa::path(post, path = "/api/v1/config/undo", tag = "config", request_body = ConfigUndo,
    responses(
        (status = 200, body = ConfigSaved),
        (status = 401, body = Problem),
        (status = 403, body = Problem),
        (status = 404, body = Problem),
        (status = 409, body = Problem, description = "conflict"),
    ))]
pub(crate) async fn undo(
    State(desk): State<Desk>,
    administrator: Administrator,
    Wish(undo): Wish<ConfigUndo>,
) -> Result<Json<ConfigSaved>, Failure> {
    let author = administrator.author();
    let version = desk
        .ask(move |desk| desk.exchange.undo_config(&author, undo.version))
        .await?;
    Ok(Json(ConfigSaved { version }))
}
