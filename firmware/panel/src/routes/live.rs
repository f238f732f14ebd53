//! The live state, once and as a stream.

use std::{convert::Infallible, future::pending, sync::Arc, time::Duration};

use axum::{
    Json,
    extract::{Query, State},
    response::sse::{Event, Sse},
};
use futures_util::{Stream, stream};
use serde::Deserialize;
use tokio::{
    sync::{broadcast, watch},
    time::{Interval, MissedTickBehavior, interval},
};

use crate::{
    answer::Failure,
    api::{Change, LegQuality, Live, Problem},
    desk::Desk,
    guard::Insider,
    server::stopped,
};

/// A comment this often keeps middle boxes from closing a quiet stream, and finds dead pages.
const SIGN_OF_LIFE: Duration = Duration::from_secs(15);

/// The live state as a whole.
#[utoipa::path(get, path = "/api/v1/live", tag = "live",
    responses((status = 200, body = Live), (status = 401, body = Problem)))]
pub(crate) async fn live(State(desk): State<Desk>, _insider: Insider) -> Json<Live> {
    Json(desk.feed.live(desk.now().wall.as_millis()))
}

/// What a page wants besides the live state.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Wishes {
    #[serde(default)]
    quality: bool,
}

/// The live state as Server-Sent Events: first `live` with a Live, then `change` with a Change
/// each. A page that fell behind gets `live` again, as does one that connects again. With
/// `quality=true` also `quality` once a second: an array of LegQuality, at most the 128 worst legs.
#[utoipa::path(get, path = "/api/v1/events", tag = "live",
    params(("quality" = Option<bool>, Query, description = "Tell how legs sound")),
    responses(
        (status = 200, body = String, content_type = "text/event-stream"),
        (status = 401, body = Problem),
    ))]
pub(crate) async fn events(
    State(desk): State<Desk>,
    insider: Insider,
    Query(wishes): Query<Wishes>,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Failure> {
    let mut alive = interval(SIGN_OF_LIFE);
    alive.set_missed_tick_behavior(MissedTickBehavior::Delay);
    alive.reset();
    let page = Page {
        changes: desk.feed.listen(),
        quality: wishes.quality.then(|| desk.feed.listen_quality()),
        stopping: desk.stopping.clone(),
        desk,
        insider,
        seq: None,
        alive,
    };
    let events = stream::unfold(page, async |mut page| {
        let event = page.next().await?;
        Some((Ok(event), page))
    });
    Ok(Sse::new(events))
}

type Seconds = watch::Receiver<Arc<[LegQuality]>>;

/// How legs sounded in a second that is not known yet; waits for ever for who did not ask.
async fn next_second(quality: &mut Option<Seconds>) -> Arc<[LegQuality]> {
    if let Some(seconds) = quality
        && seconds.changed().await.is_ok()
    {
        return seconds.borrow_and_update().clone();
    }
    pending().await
}

/// One page that listens.
struct Page {
    desk: Desk,
    insider: Insider,
    changes: broadcast::Receiver<Change>,
    quality: Option<Seconds>,
    stopping: watch::Receiver<bool>,
    /// The last change the page knows; `None` when it needs the whole state.
    seq: Option<u64>,
    alive: Interval,
}

impl Page {
    /// The next event; `None` ends the stream, after which the page connects again and learns why.
    async fn next(&mut self) -> Option<Event> {
        loop {
            let Some(seq) = self.seq else {
                let live = self.desk.feed.live(self.desk.now().wall.as_millis());
                self.seq = Some(live.seq);
                return Event::default().event("live").json_data(live).ok();
            };
            tokio::select! {
                change = self.changes.recv() => match change {
                    Ok(change) if change.seq <= seq => {}
                    Ok(change) => {
                        self.seq = Some(change.seq);
                        return Event::default().event("change").json_data(change).ok();
                    }
                    Err(broadcast::error::RecvError::Lagged(_)) => self.seq = None,
                    Err(broadcast::error::RecvError::Closed) => return None,
                },
                legs = next_second(&mut self.quality) => {
                    return Event::default().event("quality").json_data(&legs[..]).ok();
                }
                _ = self.alive.tick() => {
                    if !self.insider.is_still_in(&self.desk).await {
                        return None;
                    }
                    return Some(Event::default().comment(""));
                }
                () = stopped(&mut self.stopping) => return None,
            }
        }
    }
}
