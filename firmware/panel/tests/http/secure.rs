//! Https with a certificate made on the spot.

use std::{
    io::{BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    sync::Arc,
};

use model::{Now, Wall};
use panel::{Feed, MemoryVault, PanelParts};
use rustls::{ClientConfig, ClientConnection, RootCertStore, ServerConfig, StreamOwned};

use crate::{
    browser::{CODE, PASSWORD},
    office::FakeOffice,
};

fn settings() -> (ServerConfig, ClientConfig) {
    let made = rcgen::generate_simple_self_signed(vec!["box.local".into()]).expect("a key");
    let key = made.signing_key.serialize_der().try_into().expect("PKCS 8");
    let certificate = made.cert.der().clone();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let server = ServerConfig::builder_with_provider(provider.clone())
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(vec![certificate.clone()], key)
        .expect("a pair");
    let mut roots = RootCertStore::empty();
    roots.add(certificate).expect("a certificate");
    let client = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_root_certificates(roots)
        .with_no_client_auth();
    (server, client)
}

#[test]
fn the_cookie_of_https_belongs_to_https_alone() {
    let (server, client) = settings();
    let listener = TcpListener::bind("127.0.0.1:0").expect("loopback");
    let address = listener.local_addr().expect("bound");
    let feed = Arc::new(Feed::new());
    let parts = PanelParts {
        http: Vec::new(),
        https: vec![listener],
        tls: Some(Arc::new(server)),
        exchange: Arc::new(FakeOffice::new(feed.clone(), Wall(0))),
        feed,
        vault: Arc::new(MemoryVault::new(Some(CODE))),
        clock: Arc::new(Now::default),
        version: "test".into(),
        phones: None,
        authority: None,
    };
    let panel = panel::serve(parts).expect("the panel starts");

    let name = "box.local".try_into().expect("a name");
    let connection = ClientConnection::new(Arc::new(client), name).expect("a client");
    let socket = TcpStream::connect(address).expect("the panel listens");
    let mut stream = StreamOwned::new(connection, socket);
    let body = format!(r#"{{"code":"{CODE}","name":"Ewa","login":"ewa","password":"{PASSWORD}"}}"#);
    let head = format!(
        "POST /api/v1/claim HTTP/1.1\r\nhost: box.local\r\ncontent-type: application/json\r\n\
         connection: close\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(head.as_bytes()).expect("TLS");
    let mut text = String::new();
    BufReader::new(stream)
        .read_to_string(&mut text)
        .expect("TLS");
    assert!(text.starts_with("HTTP/1.1 200"), "{text}");
    let cookie = text
        .lines()
        .find(|l| l.starts_with("set-cookie: "))
        .expect("a cookie");
    assert!(
        cookie.contains("__Host-centralka=") && cookie.ends_with("; Secure"),
        "{cookie}"
    );
    panel.stop();
}

#[test]
fn https_without_a_certificate_is_refused_at_the_start() {
    let feed = Arc::new(Feed::new());
    let parts = PanelParts {
        http: Vec::new(),
        https: vec![TcpListener::bind("127.0.0.1:0").expect("loopback")],
        tls: None,
        exchange: Arc::new(FakeOffice::new(feed.clone(), Wall(0))),
        feed,
        vault: Arc::new(MemoryVault::new(None)),
        clock: Arc::new(Now::default),
        version: "test".into(),
        phones: None,
        authority: None,
    };
    assert!(panel::serve(parts).is_err());
}
