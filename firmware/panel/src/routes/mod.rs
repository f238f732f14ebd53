//! The paths of the interface and the document that describes them.

mod archive;
mod board;
mod calls;
mod certificate;
mod config;
mod lines;
mod live;
mod people;
mod probe;
mod prompts;
mod session;
mod sip;

use axum::{Router, http::StatusCode, middleware, routing::get};
use utoipa::OpenApi as _;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{answer::Failure, api, assets, desk::Desk, guard};

/// Every path, and everything that stands before it.
pub(crate) fn router(desk: Desk) -> Router {
    let (router, _) = documented().split_for_parts();
    router
        .route("/sip", get(sip::sip))
        .route("/ca.crt", get(certificate::der))
        .route("/ca.pem", get(certificate::pem))
        .fallback(assets::page_or_missing)
        .method_not_allowed_fallback(async || {
            Failure::new(
                StatusCode::METHOD_NOT_ALLOWED,
                "method",
                "This path is not asked like that. The document of the interface says how.",
            )
        })
        .layer(middleware::from_fn_with_state(
            desk.clone(),
            guard::same_site,
        ))
        .layer(middleware::from_fn(guard::headers))
        .with_state(desk)
}

/// The OpenAPI document, committed as `web-ui/api/openapi.json`.
#[must_use]
pub fn openapi() -> utoipa::openapi::OpenApi {
    documented().into_openapi()
}

/// What no handler says: the document's head, and the shapes inside the live stream.
#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "Centralka",
        version = "1",
        description = "The panel's interface. Times are ms since 1970-01-01T00:00:00Z. Changes \
            need the session cookie of POST /api/v1/login and a JSON body; every answer that is \
            not a success is a Problem. Programs send `Authorization: Bearer TOKEN` instead of a \
            cookie, with a token of `centralka token create`. Its rights are one of `read` (what \
            happens, people and past calls), `calls` (the same, and to end calls, to say that \
            messages wait and to act at simulated sets) and `admin` (all that an administrator may, but for what belongs to a \
            session: POST /api/v1/logout and /api/v1/password).",
        license(name = "MIT OR Apache-2.0"),
    ),
    components(schemas(api::Change, api::LegQuality, api::Live))
)]
struct Base;

fn documented() -> OpenApiRouter<Desk> {
    OpenApiRouter::with_openapi(Base::openapi())
        .routes(routes!(session::session))
        .routes(routes!(session::claim))
        .routes(routes!(session::login))
        .routes(routes!(session::logout))
        .routes(routes!(session::password))
        .routes(routes!(certificate::authority))
        .routes(routes!(live::live))
        .routes(routes!(live::events))
        .routes(routes!(calls::recent))
        .routes(routes!(calls::explain))
        .routes(routes!(calls::hang_up))
        .routes(routes!(archive::recordings))
        .routes(routes!(archive::own_recordings))
        .routes(routes!(archive::recording))
        .routes(routes!(archive::music, archive::add_music))
        .routes(routes!(archive::piece))
        .routes(routes!(archive::remove_music))
        .routes(routes!(archive::put_on_hold))
        .routes(routes!(prompts::prompts, prompts::add_prompt))
        .routes(routes!(prompts::prompt))
        .routes(routes!(prompts::remove_prompt))
        .routes(routes!(calls::pause))
        .routes(routes!(calls::resume))
        .routes(routes!(people::list, people::add))
        .routes(routes!(people::card))
        .routes(routes!(people::web_access))
        .routes(routes!(board::board))
        .routes(routes!(board::act))
        .routes(routes!(board::hear))
        .routes(routes!(board::media_threads))
        .routes(routes!(lines::ports))
        .routes(routes!(lines::history))
        .routes(routes!(lines::evidence))
        .routes(routes!(lines::sound))
        .routes(routes!(lines::mark_false))
        .routes(routes!(lines::set_test, lines::test_set))
        .routes(routes!(lines::messages))
        .routes(routes!(lines::balance))
        .routes(routes!(lines::test_lifeline))
        .routes(routes!(lines::set_caller_id))
        .routes(routes!(config::read, config::save))
        .routes(routes!(config::undo))
        .routes(routes!(probe::healthz))
        .routes(routes!(probe::metrics))
}
