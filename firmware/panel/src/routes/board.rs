//! The simulated board and the threads that carry the voice.

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};

use crate::{
    answer::Failure,
    api::{Board, BoardAct, Heard, MediaThread, Problem, Role},
    desk::Desk,
    guard::{Administrator, Insider, Wish},
};

/// The board and its simulated sets.
#[utoipa::path(get, path = "/api/v1/board", tag = "board",
    responses((status = 200, body = Board), (status = 401, body = Problem)))]
pub(crate) async fn board(State(desk): State<Desk>, _insider: Insider) -> Json<Board> {
    Json(desk.feed.live(0).board)
}

/// Makes the person at a simulated set act; the outcome arrives as a change of the live state.
#[utoipa::path(post, path = "/api/v1/board/{port}", tag = "board", request_body = BoardAct,
    params(("port" = String, Path, description = "The port's name, such as fxs1")),
    responses(
        (status = 204),
        (status = 401, body = Problem),
        (status = 403, body = Problem),
        (status = 404, body = Problem),
        (status = 409, body = Problem, description = "for example on_hook"),
        (status = 422, body = Problem),
    ))]
pub(crate) async fn act(
    State(desk): State<Desk>,
    insider: Insider,
    Path(port): Path<String>,
    Wish(act): Wish<BoardAct>,
) -> Result<StatusCode, Failure> {
    if insider.person.role == Role::External {
        return Err(Failure::forbidden());
    }
    check(&act)?;
    desk.ask(move |desk| desk.exchange.act(&port, act)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What a simulated set hears now; listens for up to half a second.
#[utoipa::path(get, path = "/api/v1/board/{port}/heard", tag = "board",
    params(("port" = String, Path, description = "The port's name, such as fxs1")),
    responses((status = 200, body = Heard), (status = 401, body = Problem), (status = 404, body = Problem)))]
pub(crate) async fn hear(
    State(desk): State<Desk>,
    _insider: Insider,
    Path(port): Path<String>,
) -> Result<Json<Heard>, Failure> {
    desk.ask(move |desk| desk.exchange.hear(&port))
        .await
        .map(Json)
}

/// How the threads fare that carry the voice. Administrators only.
#[utoipa::path(get, path = "/api/v1/media-threads", tag = "board",
    responses((status = 200, body = [MediaThread]), (status = 401, body = Problem),
        (status = 403, body = Problem)))]
pub(crate) async fn media_threads(
    State(desk): State<Desk>,
    _administrator: Administrator,
) -> Json<Vec<MediaThread>> {
    Json(desk.exchange.media_threads())
}

fn check(act: &BoardAct) -> Result<(), Failure> {
    match act {
        BoardAct::Dial { digits } => {
            let legal = |b: u8| b.is_ascii_digit() || b == b'*' || b == b'#';
            if digits.is_empty()
                || digits.len() > model::limits::NUMBER_LEN_MAX
                || !digits.bytes().all(legal)
            {
                return Err(Failure::field(
                    "digits",
                    "digits_form",
                    "A set can dial 0-9, * and #, at most 32 of them. Type a number.",
                ));
            }
        }
        BoardAct::Talk { mark } => {
            if !(1..=9).contains(mark) {
                return Err(Failure::field(
                    "mark",
                    "mark_range",
                    "There are the marks 1 to 9. Choose one of them.",
                ));
            }
        }
        BoardAct::Lift | BoardAct::HangUp | BoardAct::Quiet | BoardAct::Fax { .. } => {}
    }
    Ok(())
}
