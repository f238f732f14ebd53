use std::{net::IpAddr, os::unix::fs::PermissionsExt as _, sync::Arc, time::Duration};

use rustls::{
    ClientConfig, ClientConnection, RootCertStore, ServerConnection,
    client::WebPkiServerVerifier,
    pki_types::{CertificateDer, ServerName, UnixTime, pem::PemObject as _},
};

use super::*;

/// 2026-11-22.
const NOW_S: i64 = 1_795_305_600;

struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        let mut number = [0; 8];
        getrandom::fill(&mut number).expect("randomness");
        let name = format!("centralka-ca-{:016x}", u64::from_ne_bytes(number));
        Self(std::env::temp_dir().join(name))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn names(names: &[&str], addresses: &[&str]) -> Names {
    Names {
        names: names.iter().map(|&name| name.to_owned()).collect(),
        addresses: addresses
            .iter()
            .map(|text| text.parse::<IpAddr>().expect("literal"))
            .collect(),
    }
}

/// Whether who trusts `authority` takes the leaf for `name` at `now_s`.
fn is_trusted(authority: &Authority, name: &str, now_s: i64) -> bool {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut roots = RootCertStore::empty();
    roots
        .add(CertificateDer::from(authority.der.clone()))
        .expect("a certificate");
    let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider)
        .build()
        .expect("roots");
    let chain: Vec<_> = CertificateDer::pem_file_iter(authority.leaf())
        .and_then(Iterator::collect)
        .expect("PEM");
    assert_eq!(chain.len(), 2, "the authority stands behind it");
    let name = ServerName::try_from(name.to_owned()).expect("a name");
    let now = UnixTime::since_unix_epoch(Duration::from_secs(now_s.unsigned_abs()));
    use rustls::client::danger::ServerCertVerifier as _;
    verifier
        .verify_server_cert(&chain[0], &chain[1..], &name, &[], now)
        .is_ok()
}

#[test]
fn the_certificate_holds_for_every_name_of_the_box_and_for_no_other() {
    let folder = Folder::new();
    let own = names(
        &["box.local", "localhost", "pbx.example.com"],
        &["127.0.0.1", "192.168.1.5", "203.0.113.9", "fd00::5"],
    );
    let mut authority = Authority::open(&folder.0, &own).expect("made");
    assert!(
        authority
            .renew_if_due(Wall::from_secs(NOW_S), &own)
            .expect("signed")
    );
    for name in [
        "box.local",
        "pbx.example.com",
        "127.0.0.1",
        "203.0.113.9",
        "fd00::5",
    ] {
        assert!(is_trusted(&authority, name, NOW_S), "{name}");
    }
    for name in ["bank.example", "example.com", "192.168.1.6"] {
        assert!(!is_trusted(&authority, name, NOW_S), "{name}");
    }
    assert!(
        !is_trusted(&authority, "box.local", NOW_S + 398 * DAY_S),
        "over"
    );
    for file in fs::read_dir(&folder.0).expect("a folder") {
        let file = file.expect("an entry");
        let mode = file.metadata().expect("there").permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{:?}", file.path());
    }
}

#[test]
fn what_the_authority_was_not_made_for_is_not_believed() {
    let folder = Folder::new();
    let first = names(&["box.local"], &["192.168.1.5"]);
    let mut authority = Authority::open(&folder.0, &first).expect("made");
    // Somebody who has the key signs for a bank: the constraints of the authority forbid it.
    authority.granted = names(&["bank.example", "box.local"], &["198.51.100.7"]);
    let wish = authority.granted.clone();
    authority
        .renew_if_due(Wall::from_secs(NOW_S), &wish)
        .expect("signed");
    for name in ["bank.example", "198.51.100.7", "box.local"] {
        assert!(!is_trusted(&authority, name, NOW_S), "{name}");
    }
    // The program itself leaves out what is not covered, and the rest is good.
    let mut authority = Authority::open(&folder.0, &first).expect("read");
    let later = names(&["bank.example", "box.local"], &["192.168.1.9"]);
    assert!(
        authority
            .renew_if_due(Wall::from_secs(NOW_S), &later)
            .expect("signed")
    );
    assert!(is_trusted(&authority, "192.168.1.9", NOW_S));
    assert!(!is_trusted(&authority, "bank.example", NOW_S));
}

#[test]
fn it_is_renewed_for_new_names_and_before_its_end_and_keeps_its_key() {
    let folder = Folder::new();
    let own = names(&["box.local"], &["192.168.1.5"]);
    let mut authority = Authority::open(&folder.0, &own).expect("made");
    let renewed = |authority: &mut Authority, days: i64, names: &Names| {
        let wall = Wall::from_secs(NOW_S + days * DAY_S);
        authority.renew_if_due(wall, names).expect("signed")
    };
    assert!(renewed(&mut authority, 0, &own));
    let key = fs::read(authority.leaf_key()).expect("a key");
    let der = authority.der.clone();
    assert!(!renewed(&mut authority, 1, &own));
    assert!(!renewed(&mut authority, LEAF_DAYS - RENEW_DAYS - 2, &own));
    let mut again = Authority::open(&folder.0, &own).expect("read");
    assert!(!renewed(&mut again, 1, &own), "a restart signs nothing");
    assert!(
        renewed(&mut again, LEAF_DAYS - RENEW_DAYS - 1, &own),
        "its end comes near"
    );
    assert!(renewed(&mut again, 0, &own), "the clock went back");
    let moved = names(&["box.local"], &["192.168.1.6"]);
    assert!(
        renewed(&mut again, 0, &moved),
        "the box has another address"
    );
    assert_eq!(fs::read(again.leaf_key()).expect("a key"), key);
    assert_eq!(
        again.der, der,
        "whoever trusts the authority goes on doing so"
    );
}

#[test]
fn connections_are_shown_the_fresh_certificate() {
    let folder = Folder::new();
    let text = "[office]\ncountry = \"PL\"\n";
    let config = config::Config::parse(text).expect("a legal text");
    let tls = crate::tls::load(&folder.0, &config, Wall::from_secs(NOW_S)).expect("made");
    let offered = tls.authority.clone().expect("our own authority");
    let shown = || {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let mut roots = RootCertStore::empty();
        roots
            .add(CertificateDer::from(offered.der.clone()))
            .expect("a certificate");
        let client = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_root_certificates(roots)
            .with_no_client_auth();
        let name = "localhost".try_into().expect("a name");
        let mut client = ClientConnection::new(Arc::new(client), name).expect("a client");
        let mut server = ServerConnection::new(Arc::clone(&tls.server)).expect("a server");
        let mut pipe = Vec::new();
        while server.is_handshaking() || client.is_handshaking() {
            client.write_tls(&mut pipe).expect("memory");
            server.read_tls(&mut pipe.as_slice()).expect("memory");
            server.process_new_packets().expect("a handshake");
            pipe.clear();
            server.write_tls(&mut pipe).expect("memory");
            client.read_tls(&mut pipe.as_slice()).expect("memory");
            client
                .process_new_packets()
                .expect("the authority is trusted");
            pipe.clear();
        }
        client.peer_certificates().expect("shown")[0].to_vec()
    };
    let first = shown();
    let mut more = Names::of_box(&config);
    assert!(
        !tls.keeper
            .refresh(Wall::from_secs(NOW_S), &more)
            .expect("looked")
    );
    more.addresses.insert("10.9.8.7".parse().expect("literal"));
    assert!(
        tls.keeper
            .refresh(Wall::from_secs(NOW_S), &more)
            .expect("signed")
    );
    assert_ne!(shown(), first);
}
