//! The line doctor.
#![expect(unused_qualifications, reason = "utoipa's attribute writes them")]

use axum::{
    Json,
    extract::{Path, Query, State, rejection::QueryRejection},
    http::StatusCode,
};
use model::Wall;
use serde::Deserialize;
use utoipa::IntoParams;

use crate::{
    answer::Failure,
    api::{PortHistory, PortList, Problem},
    desk::Desk,
    guard::Administrator,
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

/// How a port was: samples of the last two weeks, newest first. Administrators only.
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
