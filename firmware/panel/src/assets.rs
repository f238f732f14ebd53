//! The built web-ui inside the program: plain, gzip and brotli, packed when it was built.

use axum::{
    body::Body,
    http::{
        HeaderMap, Method, Response, StatusCode, Uri,
        header::{
            ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, ETAG, IF_NONE_MATCH,
            VARY,
        },
    },
    response::IntoResponse,
};
use sha2::{Digest, Sha256};

use crate::answer::Failure;

include!(concat!(env!("OUT_DIR"), "/files.rs"));

/// A file of the built web-ui.
pub(crate) struct File {
    path: &'static str,
    plain: &'static [u8],
    br: Option<&'static [u8]>,
    gz: Option<&'static [u8]>,
}

const PLACEHOLDER: &str = "<!doctype html><html lang=en><meta charset=utf-8>\
<meta name=viewport content='width=device-width'><title>Centralka</title>\
<h1>Centralka works</h1><p>This build has no panel inside. Build it with \
<code>npm ci &amp;&amp; npm run build</code> in <code>web-ui</code>, then build the program with the \
feature <code>embed-ui</code>; <code>scripts/run</code> does both. The interface is at \
<code>/api/v1</code>.";

/// Answers what no path of the interface answers: a file, or the page for paths of the page's own
/// router. Unknown paths of the interface are missing, never a page.
pub(crate) async fn page_or_missing(
    method: Method,
    uri: Uri,
    headers: HeaderMap,
) -> axum::response::Response {
    let path = uri.path();
    let interface = path == "/api" || path.starts_with("/api/");
    if interface || path == "/sip" || !matches!(method, Method::GET | Method::HEAD) {
        return Failure::missing("path").into_response();
    }
    if let Some(file) = FILES.iter().find(|file| file.path == path) {
        return send(file, &headers);
    }
    // A missing script must be an error, not a page.
    let last = path.rsplit('/').next().unwrap_or(path);
    if path.starts_with("/assets/") || last.contains('.') {
        return Failure::missing("file").into_response();
    }
    match FILES.iter().find(|file| file.path == "/index.html") {
        Some(page) => send(page, &headers),
        None => ([(CONTENT_TYPE, "text/html; charset=utf-8")], PLACEHOLDER).into_response(),
    }
}

fn send(file: &File, headers: &HeaderMap) -> axum::response::Response {
    let tag = Sha256::digest(file.plain);
    let tag: String = tag.iter().take(12).map(|b| format!("{b:02x}")).collect();
    let tag = format!("\"{tag}\"");
    // Names under assets/ carry a hash of what is in them.
    let keep = if file.path.starts_with("/assets/") {
        "public, max-age=31536000, immutable"
    } else {
        "no-cache"
    };
    let builder = Response::builder()
        .header(CONTENT_TYPE, kind(file.path))
        .header(CACHE_CONTROL, keep)
        .header(VARY, "accept-encoding")
        .header(ETAG, &tag);
    let known = headers.get(IF_NONE_MATCH).and_then(|v| v.to_str().ok());
    let response = if known.is_some_and(|known| known.split(',').any(|k| k.trim() == tag)) {
        builder.status(StatusCode::NOT_MODIFIED).body(Body::empty())
    } else {
        match packing(file, headers) {
            Some((name, bytes)) => builder
                .header(CONTENT_ENCODING, name)
                .body(Body::from(bytes)),
            None => builder.body(Body::from(file.plain)),
        }
    };
    response.unwrap_or_else(|error| Failure::internal(&error.to_string()).into_response())
}

fn packing(file: &File, headers: &HeaderMap) -> Option<(&'static str, &'static [u8])> {
    let accepted = headers.get(ACCEPT_ENCODING).and_then(|v| v.to_str().ok())?;
    let takes = |name: &str| {
        accepted.split(',').any(|part| {
            let mut parts = part.split(';').map(str::trim);
            parts.next() == Some(name) && !parts.any(|q| q == "q=0")
        })
    };
    let br = file.br.filter(|_| takes("br")).map(|bytes| ("br", bytes));
    br.or_else(|| {
        file.gz
            .filter(|_| takes("gzip"))
            .map(|bytes| ("gzip", bytes))
    })
}

fn kind(path: &str) -> &'static str {
    match path.rsplit('.').next() {
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("json") => "application/json",
        Some("webmanifest") => "application/manifest+json",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("woff2") => "font/woff2",
        Some("txt") => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    #[test]
    fn the_best_packing_a_browser_takes_is_sent() {
        let file = File {
            path: "/a.js",
            plain: b"plain",
            br: Some(b"br"),
            gz: Some(b"gz"),
        };
        for (accepted, sent) in [
            ("gzip, deflate, br", Some("br")),
            ("gzip", Some("gzip")),
            ("br;q=0, gzip;q=0.5", Some("gzip")),
            ("identity", None),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(ACCEPT_ENCODING, HeaderValue::from_static(accepted));
            assert_eq!(packing(&file, &headers).map(|p| p.0), sent, "{accepted}");
        }
    }
}
