//! For probes and for collecting figures.

use axum::{
    Json,
    extract::State,
    http::{StatusCode, header::CONTENT_TYPE},
    response::IntoResponse,
};

use crate::{
    api::{Health, HealthState},
    desk::Desk,
    guard::own_metrics,
};

/// How the exchange is. Says nothing that a stranger could use.
#[utoipa::path(get, path = "/healthz", tag = "probe",
    responses((status = 200, body = Health), (status = 503, body = Health)))]
pub(crate) async fn healthz(State(desk): State<Desk>) -> (StatusCode, Json<Health>) {
    let health = desk.exchange.health();
    let status = match health.state {
        HealthState::Ok | HealthState::Degraded => StatusCode::OK,
        HealthState::Failing => StatusCode::SERVICE_UNAVAILABLE,
    };
    (status, Json(health))
}

/// Figures in the text format of Prometheus: counts only, no names and no numbers.
#[utoipa::path(get, path = "/metrics", tag = "probe",
    responses((status = 200, body = String, content_type = "text/plain")))]
pub(crate) async fn metrics(State(desk): State<Desk>) -> impl IntoResponse {
    let text = desk.exchange.metrics() + &own_metrics(&desk);
    (
        [(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")],
        text,
    )
}
