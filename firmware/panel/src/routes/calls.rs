//! Calls that are over, why they went so, and ending one in progress.
#![expect(unused_qualifications, reason = "utoipa's attribute writes them")]

use axum::{
    Json,
    extract::{Path, Query, State},
    http::StatusCode,
};
use model::{CallId, EntryId, PartyId};
use serde::Deserialize;
use utoipa::IntoParams;

use super::archive::may_listen;
use crate::{
    answer::Failure,
    api::{CallExplanation, CallPage, Party, Problem},
    convert::{self, Names},
    desk::{Desk, Inner},
    exchange::{CallFile, Refusal},
    guard::{Insider, Operator, author},
};

/// Calls a page has unless it asks for another number, and the most it may ask for.
const PAGE: u16 = 30;
const PAGE_MAX: u16 = 200;

/// Which part of the recent calls.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Part {
    /// Only calls older than this one: `next` of the page before.
    before: Option<String>,
    /// How many, 1 to 200; 30 if not said.
    limit: Option<u16>,
}

/// Calls that are over, newest first.
#[utoipa::path(get, path = "/api/v1/calls", tag = "calls", params(Part),
    responses((status = 200, body = CallPage), (status = 400, body = Problem), (status = 401, body = Problem)))]
pub(crate) async fn recent(
    State(desk): State<Desk>,
    _insider: Insider,
    part: Result<Query<Part>, axum::extract::rejection::QueryRejection>,
) -> Result<Json<CallPage>, Failure> {
    let Ok(Query(part)) = part else {
        return Err(bad_query());
    };
    let before = part.before.as_deref().map(call_id).transpose()?;
    let limit = part.limit.unwrap_or(PAGE);
    if !(1..=PAGE_MAX).contains(&limit) {
        return Err(bad_query());
    }
    desk.ask(move |desk| desk.exchange.recent_calls(before, limit))
        .await
        .map(Json)
}

/// A call as a time line, in progress or over.
#[utoipa::path(get, path = "/api/v1/calls/{id}", tag = "calls",
    params(("id" = String, Path, description = "The call's id")),
    responses((status = 200, body = CallExplanation), (status = 404, body = Problem), (status = 401, body = Problem)))]
pub(crate) async fn explain(
    State(desk): State<Desk>,
    insider: Insider,
    Path(id): Path<String>,
) -> Result<Json<CallExplanation>, Failure> {
    let id = call_id(&id)?;
    let explanation = desk
        .ask(move |desk| {
            let file = desk.exchange.call_file(id)?;
            let names = FileNames { desk, file: &file };
            let known = convert::explain(id, &file.records, &names);
            let mut known = known.ok_or(Refusal::NotFound("call"))?;
            known.recordings.retain(|one| {
                let id = one.id.parse();
                // Where it cannot be found out nobody listens.
                id.is_ok_and(|id| may_listen(desk, &insider, id).unwrap_or(false))
            });
            Ok::<_, Refusal>(known)
        })
        .await?;
    Ok(Json(explanation))
}

/// Ends a call in progress. One that is over already is no error.
#[utoipa::path(post, path = "/api/v1/calls/{id}/hang-up", tag = "calls",
    params(("id" = String, Path, description = "The call's id")),
    responses((status = 204), (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem)))]
pub(crate) async fn hang_up(
    State(desk): State<Desk>,
    operator: Operator,
    Path(id): Path<String>,
) -> Result<StatusCode, Failure> {
    let id = call_id(&id)?;
    let author = author(&operator.0);
    desk.ask(move |desk| desk.exchange.hang_up(&author, id))
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Records nothing of a call in progress until it is resumed: a card number is being said. Once more is
/// no error.
#[utoipa::path(post, path = "/api/v1/calls/{id}/recording/pause", tag = "recordings",
    params(("id" = String, Path, description = "The call's id")),
    responses((status = 204), (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem), (status = 409, body = Problem)))]
pub(crate) async fn pause(
    State(desk): State<Desk>,
    operator: Operator,
    Path(id): Path<String>,
) -> Result<StatusCode, Failure> {
    set_paused(desk, operator, &id, true).await
}

/// Records a call in progress again. Once more is no error.
#[utoipa::path(post, path = "/api/v1/calls/{id}/recording/resume", tag = "recordings",
    params(("id" = String, Path, description = "The call's id")),
    responses((status = 204), (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem), (status = 409, body = Problem)))]
pub(crate) async fn resume(
    State(desk): State<Desk>,
    operator: Operator,
    Path(id): Path<String>,
) -> Result<StatusCode, Failure> {
    set_paused(desk, operator, &id, false).await
}

async fn set_paused(
    desk: Desk,
    operator: Operator,
    id: &str,
    paused: bool,
) -> Result<StatusCode, Failure> {
    let id = call_id(id)?;
    let author = author(&operator.0);
    desk.ask(move |desk| desk.exchange.pause_recording(&author, id, paused))
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

struct FileNames<'a> {
    desk: &'a Inner,
    file: &'a CallFile,
}

impl Names for FileNames<'_> {
    fn party(&self, id: PartyId) -> Option<model::Party> {
        self.file.parties.get(&id).cloned()
    }

    fn entry(&self, id: &EntryId) -> Option<Party> {
        self.desk.exchange.entry_party(id.as_str())
    }
}

fn call_id(text: &str) -> Result<CallId, Failure> {
    text.parse().map_err(|_| Failure::missing("call"))
}

fn bad_query() -> Failure {
    Failure::new(
        StatusCode::BAD_REQUEST,
        "query",
        "`before` is the id of a call and `limit` a number from 1 to 200. Correct the address.",
    )
}
