//! The same fields from both readers.

use std::collections::BTreeMap;

use rsip::prelude::{HasHeaders as _, HeadersExt as _, ToTypedHeader as _, UntypedHeader as _};
use sip::{Headers, Message, Uri};

/// Field name to text.
pub(crate) type Fields = BTreeMap<&'static str, String>;

/// What we read.
pub(crate) fn ours(message: &Message) -> Fields {
    let mut fields = Fields::new();
    match message {
        Message::Request(request) => {
            fields.insert("method", request.method.to_string());
            our_uri(
                &mut fields,
                ["uri user", "uri host", "uri port"],
                &request.uri,
            );
        }
        Message::Response(response) => {
            fields.insert("status", response.status.to_string());
        }
    }
    fields.insert("body", String::from_utf8_lossy(message.body()).into_owned());
    our_headers(&mut fields, message.headers());
    fields
}

fn our_headers(fields: &mut Fields, headers: &Headers) {
    let via = headers.via_top().expect("checked by the reader");
    fields.insert("via host", bare(&via.host.to_string()));
    put(fields, "via branch", via.branch().map(String::from));
    put(fields, "via port", via.port.map(|port| port.to_string()));
    fields.insert(
        "via count",
        headers.vias().map_or(0, |vias| vias.len()).to_string(),
    );
    let from = headers.from_().expect("checked by the reader");
    put(fields, "from tag", from.tag().map(String::from));
    put(fields, "from name", from.display.clone());
    our_uri(fields, ["from user", "from host", "from port"], &from.uri);
    let to = headers.to().expect("checked by the reader");
    put(fields, "to tag", to.tag().map(String::from));
    our_uri(fields, ["to user", "to host", "to port"], &to.uri);
    fields.insert("call-id", headers.call_id().expect("checked").to_owned());
    fields.insert("cseq", headers.cseq().expect("checked").to_string());
    if let Ok(contact) = headers.contact_uri() {
        our_uri(
            fields,
            ["contact user", "contact host", "contact port"],
            &contact,
        );
    }
}

fn our_uri(fields: &mut Fields, [user, host, port]: [&'static str; 3], uri: &Uri) {
    put(fields, user, uri.user_raw().map(String::from));
    put(fields, host, uri.host().map(|host| bare(&host.to_string())));
    put(fields, port, uri.port().map(|port| port.to_string()));
}

/// What rsip reads: `None` if it refuses the message. Typed headers it refuses are left out.
pub(crate) fn theirs(data: &[u8]) -> Option<Fields> {
    let message = rsip::SipMessage::try_from(data.to_vec()).ok()?;
    let mut fields = Fields::new();
    let body = match &message {
        rsip::SipMessage::Request(request) => {
            fields.insert("method", request.method.to_string());
            their_uri(
                &mut fields,
                ["uri user", "uri host", "uri port"],
                &request.uri,
            );
            &request.body
        }
        rsip::SipMessage::Response(response) => {
            fields.insert("status", response.status_code.code().to_string());
            &response.body
        }
    };
    fields.insert("body", String::from_utf8_lossy(body).into_owned());
    let vias = message
        .headers()
        .iter()
        .filter(|h| matches!(h, rsip::Header::Via(_)))
        .count();
    if vias > 0 {
        fields.insert("via count", vias.to_string());
    }
    if let Ok(Ok(via)) = message.via_header().map(|via| via.typed()) {
        fields.insert("via host", bare(&via.uri.host_with_port.host.to_string()));
        put(
            &mut fields,
            "via branch",
            via.branch().map(ToString::to_string),
        );
        put(
            &mut fields,
            "via port",
            via.uri.port().map(ToString::to_string),
        );
    }
    if let Ok(Ok(from)) = message.from_header().map(|from| from.typed()) {
        put(&mut fields, "from tag", from.tag().map(ToString::to_string));
        put(&mut fields, "from name", from.display_name.clone());
        their_uri(
            &mut fields,
            ["from user", "from host", "from port"],
            &from.uri,
        );
    }
    if let Ok(Ok(to)) = message.to_header().map(|to| to.typed()) {
        put(&mut fields, "to tag", to.tag().map(ToString::to_string));
        their_uri(&mut fields, ["to user", "to host", "to port"], &to.uri);
    }
    if let Ok(call_id) = message.call_id_header() {
        fields.insert("call-id", call_id.value().to_owned());
    }
    if let Ok(Ok(cseq)) = message.cseq_header().map(|cseq| cseq.typed()) {
        fields.insert("cseq", format!("{} {}", cseq.seq, cseq.method));
    }
    if let Ok(Ok(contact)) = message.contact_header().map(|contact| contact.typed()) {
        let names = ["contact user", "contact host", "contact port"];
        their_uri(&mut fields, names, &contact.uri);
    }
    Some(fields)
}

fn their_uri(fields: &mut Fields, [user, host, port]: [&'static str; 3], uri: &rsip::Uri) {
    // We keep URIs of other schemes as text.
    if matches!(uri.scheme, Some(rsip::common::uri::Scheme::Other(_))) {
        return;
    }
    put(fields, user, uri.user().map(String::from));
    fields.insert(host, bare(&uri.host().to_string()));
    put(fields, port, uri.port().map(ToString::to_string));
}

fn put(fields: &mut Fields, name: &'static str, value: Option<String>) {
    if let Some(value) = value {
        fields.insert(name, value);
    }
}

fn bare(host: &str) -> String {
    host.trim_matches(['[', ']']).to_ascii_lowercase()
}
