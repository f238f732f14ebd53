//! The certificate of the box's own authority, for everybody: it is no secret, and who is not signed
//! in yet needs it most.

use axum::{
    Json,
    extract::State,
    http::header::{CONTENT_DISPOSITION, CONTENT_TYPE},
    response::{IntoResponse, Response},
};

use crate::{
    answer::Failure,
    api::{BoxAuthority, Problem},
    authority::Authority,
    desk::Desk,
};

/// The box's own certificate authority, to be compared with what the console shows and then trusted.
#[utoipa::path(get, path = "/api/v1/authority", tag = "session",
    responses(
        (status = 200, body = BoxAuthority),
        (status = 404, body = Problem, description = "the office brought a certificate of its own"),
    ))]
pub(crate) async fn authority(State(desk): State<Desk>) -> Result<Json<BoxAuthority>, Failure> {
    let fingerprint = offered(&desk)?.fingerprint();
    Ok(Json(BoxAuthority {
        fingerprint,
        der: "/ca.crt".into(),
        pem: "/ca.pem".into(),
    }))
}

/// In DER form, which phones and browsers take.
pub(crate) async fn der(State(desk): State<Desk>) -> Result<Response, Failure> {
    let bytes = offered(&desk)?.der.clone();
    Ok(file(
        "application/x-x509-ca-cert",
        "centralka-ca.crt",
        bytes,
    ))
}

/// In PEM form, which servers take.
pub(crate) async fn pem(State(desk): State<Desk>) -> Result<Response, Failure> {
    let bytes = offered(&desk)?.pem.clone().into_bytes();
    Ok(file("application/x-pem-file", "centralka-ca.pem", bytes))
}

fn offered(desk: &Desk) -> Result<&Authority, Failure> {
    let authority = desk.given.authority.as_ref();
    authority.ok_or_else(|| Failure::missing("certificate"))
}

fn file(kind: &'static str, name: &str, bytes: Vec<u8>) -> Response {
    let attached = format!("attachment; filename=\"{name}\"");
    let headers = [
        (CONTENT_TYPE, kind.to_owned()),
        (CONTENT_DISPOSITION, attached),
    ];
    (headers, bytes).into_response()
}
