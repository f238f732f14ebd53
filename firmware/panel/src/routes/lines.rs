//! The line doctor, and what is asked of sets.
#![expect(unused_qualifications, reason = "utoipa's attribute writes them")]

use axum::{
    Json,
    extract::{Path, Query, State, rejection::QueryRejection},
    http::{HeaderMap, StatusCode},
    response::Response,
};
use model::Wall;
use serde::Deserialize;
use utoipa::IntoParams;

use crate::{
    answer::Failure,
    api::{EvidenceList, PortHistory, PortList, Problem, SetTest, SetWay, WaitingMessages},
    desk::Desk,
    guard::{Administrator, Operator, Wish},
    playing,
};

/// Samples a page has unless it asks for another number: a day of minutes, which is also the most.
const PAGE: u16 = 1_440;

/// Which part of the history.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Part {
    /// Only what was measured before this moment, in ms: `next_ms` of the page before.
    before_ms: Option<i64>,
    /// How many, 1 to 1440; 1440 if not said.
    limit: Option<u16>,
}

/// How the analog ports are now. Administrators only.
#[utoipa::path(get, path = "/api/v1/ports", tag = "ports",
    responses((status = 200, body = PortList), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 503, body = Problem)))]
pub(crate) async fn ports(
    State(desk): State<Desk>,
    _administrator: Administrator,
) -> Result<Json<PortList>, Failure> {
    desk.ask(|desk| desk.exchange.ports()).await.map(Json)
}

/// How a port was: samples of the last week, and hours of a month, newest first. Administrators only.
#[utoipa::path(get, path = "/api/v1/ports/{port}/history", tag = "ports",
    params(("port" = String, Path, description = "The port's name, such as fxo1"), Part),
    responses((status = 200, body = PortHistory), (status = 400, body = Problem),
        (status = 401, body = Problem), (status = 403, body = Problem)))]
pub(crate) async fn history(
    State(desk): State<Desk>,
    _administrator: Administrator,
    Path(port): Path<String>,
    part: Result<Query<Part>, QueryRejection>,
) -> Result<Json<PortHistory>, Failure> {
    let bad = || {
        Failure::new(
            StatusCode::BAD_REQUEST,
            "query",
            "`before_ms` is a moment and `limit` a number from 1 to 1440. Correct the address.",
        )
    };
    let Query(part) = part.map_err(|_| bad())?;
    let limit = part.limit.unwrap_or(PAGE);
    if !(1..=PAGE).contains(&limit) {
        return Err(bad());
    }
    let before = part
        .before_ms
        .map_or(i64::MAX, |ms| ms.saturating_mul(1_000));
    desk.ask(move |desk| desk.exchange.port_history(&port, Wall(before), limit))
        .await
        .map(Json)
}

/// The hang-ups of a line whose sound is kept, newest first. Administrators only.
#[utoipa::path(get, path = "/api/v1/ports/{port}/evidence", tag = "ports",
    params(("port" = String, Path, description = "The port's name, such as fxo1")),
    responses((status = 200, body = EvidenceList), (status = 401, body = Problem),
        (status = 403, body = Problem)))]
pub(crate) async fn evidence(
    State(desk): State<Desk>,
    _administrator: Administrator,
    Path(port): Path<String>,
) -> Result<Json<EvidenceList>, Failure> {
    desk.ask(move |desk| desk.exchange.evidence(&port))
        .await
        .map(Json)
}

/// The last three seconds before a hang-up as a WAV file; parts of it by `Range`. Administrators only.
#[utoipa::path(get, path = "/api/v1/evidence/{id}/sound", tag = "ports",
    params(("id" = u64, Path, description = "The hang-up's id")),
    responses((status = 200, body = String, content_type = "audio/wav"),
        (status = 206, body = String, content_type = "audio/wav"), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 404, body = Problem), (status = 416, body = Problem)))]
pub(crate) async fn sound(
    State(desk): State<Desk>,
    _administrator: Administrator,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let id = id.parse().map_err(|_| Failure::missing("hang-up"))?;
    let sound = desk
        .ask(move |desk| desk.exchange.evidence_sound(id))
        .await?;
    playing::answer(sound, &headers, None).await
}

/// Says that it was no hang-up: it is counted, and its tone is not believed any more. Administrators only.
#[utoipa::path(post, path = "/api/v1/evidence/{id}/false", tag = "ports",
    params(("id" = u64, Path, description = "The hang-up's id")),
    responses((status = 204), (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem), (status = 503, body = Problem)))]
pub(crate) async fn mark_false(
    State(desk): State<Desk>,
    administrator: Administrator,
    Path(id): Path<String>,
) -> Result<StatusCode, Failure> {
    let id = id.parse().map_err(|_| Failure::missing("hang-up"))?;
    let author = administrator.author();
    desk.ask(move |desk| desk.exchange.mark_false(&author, id))
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// How far the test of a set is; the steps of the last one stay. Administrators only.
#[utoipa::path(get, path = "/api/v1/ports/{port}/test", tag = "ports",
    params(("port" = String, Path, description = "The port's name, such as fxs1")),
    responses((status = 200, body = SetTest), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 404, body = Problem), (status = 503, body = Problem)))]
pub(crate) async fn set_test(
    State(desk): State<Desk>,
    _administrator: Administrator,
    Path(port): Path<String>,
) -> Result<Json<SetTest>, Failure> {
    desk.ask(move |desk| desk.exchange.test_set(&port, false))
        .await
        .map(Json)
}

/// Rings a set with every way of caller ID, one after the other, for somebody to watch its display: with
/// each it shows another number. Administrators only.
#[utoipa::path(post, path = "/api/v1/ports/{port}/test", tag = "ports",
    params(("port" = String, Path, description = "The port's name, such as fxs1")),
    responses((status = 200, body = SetTest), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem, description = "set_in_use"), (status = 503, body = Problem)))]
pub(crate) async fn test_set(
    State(desk): State<Desk>,
    _administrator: Administrator,
    Path(port): Path<String>,
) -> Result<Json<SetTest>, Failure> {
    desk.ask(move |desk| desk.exchange.test_set(&port, true))
        .await
        .map(Json)
}

/// Writes into the configuration by which way a set is told who calls, such as one that its display showed in a test:
/// a version of its own, which can be undone. Administrators only.
#[utoipa::path(put, path = "/api/v1/ports/{port}/caller_id", tag = "ports", request_body = SetWay,
    params(("port" = String, Path, description = "The port's name, such as fxs1")),
    responses((status = 204), (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem), (status = 409, body = Problem), (status = 422, body = Problem),
        (status = 503, body = Problem)))]
pub(crate) async fn set_caller_id(
    State(desk): State<Desk>,
    administrator: Administrator,
    Path(port): Path<String>,
    Wish(wish): Wish<SetWay>,
) -> Result<StatusCode, Failure> {
    let author = administrator.author();
    desk.ask(move |desk| desk.exchange.set_caller_id(&author, &port, &wish.way))
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Says how many messages wait for whoever uses an analog set: its lamp and its dial tone show it. For who
/// keeps them: an answering machine, a hotel's desk.
#[utoipa::path(put, path = "/api/v1/sets/{number}/messages", tag = "ports", request_body = WaitingMessages,
    params(("number" = String, Path, description = "The set's extension")),
    responses((status = 204), (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem), (status = 422, body = Problem), (status = 503, body = Problem)))]
pub(crate) async fn messages(
    State(desk): State<Desk>,
    _operator: Operator,
    Path(number): Path<String>,
    Wish(wish): Wish<WaitingMessages>,
) -> Result<StatusCode, Failure> {
    desk.ask(move |desk| desk.exchange.set_messages(&number, wish.messages))
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Has a line searched for the impedance that balances it best: as soon as it is idle, and giving way to any call.
/// Administrators only.
#[utoipa::path(post, path = "/api/v1/ports/{port}/balance", tag = "ports",
    params(("port" = String, Path, description = "The port's name, such as fxo1")),
    responses((status = 204), (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem), (status = 409, body = Problem), (status = 503, body = Problem)))]
pub(crate) async fn balance(
    State(desk): State<Desk>,
    administrator: Administrator,
    Path(port): Path<String>,
) -> Result<StatusCode, Failure> {
    let author = administrator.author();
    desk.ask(move |desk| desk.exchange.balance(&author, &port))
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Has the lifeline of a line tested, the relay that joins a set to it without power: as soon as the line and the set
/// are idle, and giving way to any call. Administrators only.
#[utoipa::path(post, path = "/api/v1/ports/{port}/lifeline", tag = "ports",
    params(("port" = String, Path, description = "The port's name, such as fxo1")),
    responses((status = 204), (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem), (status = 409, body = Problem, description = "no_lifeline"),
        (status = 503, body = Problem)))]
pub(crate) async fn test_lifeline(
    State(desk): State<Desk>,
    administrator: Administrator,
    Path(port): Path<String>,
) -> Result<StatusCode, Failure> {
    let author = administrator.author();
    desk.ask(move |desk| desk.exchange.test_lifeline(&author, &port))
        .await?;
    Ok(StatusCode::NO_CONTENT)
}
