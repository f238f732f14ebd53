//! `/sip`: a browser becomes a phone (RFC 7118). The panel's login is not asked for: SIP's own digest
//! says who it is.

use std::sync::Arc;

use axum::{
    extract::{Extension, State, WebSocketUpgrade, ws::rejection::WebSocketUpgradeRejection},
    http::{
        HeaderMap, StatusCode,
        header::{HOST, ORIGIN},
    },
    response::{IntoResponse, Response},
};
use model::limits;

use crate::{
    answer::Failure,
    desk::{Desk, Figures},
    guard::Peer,
    server::Place,
    web_phones::Ends,
};

/// Takes a browser's connection over.
pub(crate) async fn sip(
    State(desk): State<Desk>,
    peer: Peer,
    Extension(place): Extension<Arc<Place>>,
    headers: HeaderMap,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, Failure> {
    let Some(phones) = desk.given.phones.clone() else {
        return Err(Failure::missing("path"));
    };
    let upgrade = upgrade.map_err(|_| {
        Failure::new(
            StatusCode::UPGRADE_REQUIRED,
            "no_websocket",
            "Phones connect here by WebSocket, with the subprotocol sip.",
        )
    })?;
    if !may_call_in(&headers, &desk.exchange.web_origins()) {
        Figures::count(&desk.figures.foreign_refused);
        return Err(Failure::new(
            StatusCode::FORBIDDEN,
            "foreign_site",
            "Another site's page asked for this. network.web_origins names the sites that may.",
        ));
    }
    let upgrade = upgrade
        .protocols(["sip"])
        .max_frame_size(limits::SIP_MESSAGE_MAX)
        .max_message_size(limits::SIP_MESSAGE_MAX);
    // RFC 7118 §4: without the subprotocol the other end does not speak SIP.
    if upgrade.selected_protocol().is_none() {
        return Err(Failure::new(
            StatusCode::BAD_REQUEST,
            "no_sip",
            "Phones connect here with the subprotocol sip.",
        ));
    }
    let ends = Ends {
        secure: peer.secure,
        local: peer.local,
        remote: peer.address,
    };
    let Some(seat) = phones.enter(peer.address.ip()) else {
        Figures::count(&desk.figures.web_phones_refused);
        return Err(Failure::later(
            "too_many",
            "Too many browsers are connected as phones. Try again in a while.",
            30,
        ));
    };
    let stopping = desk.stopping.clone();
    Ok(upgrade
        .on_upgrade(async move |socket| {
            phones.carry(socket, ends, stopping, seat).await;
            // The connection keeps its place among all of the panel's.
            drop(place);
        })
        .into_response())
}

/// A browser names the site whose page connects: this box, or one that the office allows. Programs
/// name none.
fn may_call_in(headers: &HeaderMap, allowed: &[String]) -> bool {
    let Some(origin) = headers.get(ORIGIN) else {
        return true;
    };
    let Ok(origin) = origin.to_str() else {
        return false;
    };
    let host = headers.get(HOST).and_then(|host| host.to_str().ok());
    let from = origin.split_once("://").map(|(_, from)| from);
    let own = matches!((from, host), (Some(from), Some(host)) if from.eq_ignore_ascii_case(host));
    own || allowed.iter().any(|site| site.eq_ignore_ascii_case(origin))
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn only_our_own_pages_and_allowed_sites_call_in() {
        let with = |origin: Option<&'static str>| {
            let mut headers = HeaderMap::new();
            headers.insert(HOST, HeaderValue::from_static("box:8443"));
            if let Some(origin) = origin {
                headers.insert(ORIGIN, HeaderValue::from_static(origin));
            }
            headers
        };
        let allowed = ["https://crm.example".to_owned()];
        for (origin, expected) in [
            (None, true),
            (Some("https://box:8443"), true),
            (Some("https://CRM.example"), true),
            (Some("https://box:8080"), false),
            (Some("https://crm.example.evil"), false),
            (Some("http://crm.example"), false),
            (Some("null"), false),
            (Some("box:8443"), false),
        ] {
            assert_eq!(may_call_in(&with(origin), &allowed), expected, "{origin:?}");
        }
    }
}
