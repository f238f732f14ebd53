//! Disks that take nothing more: calls go on, nothing is lost, and it is said.

use tests_e2e::{
    disk::Disk,
    exchange::{Exchange, Office, serve_in_vain},
    set::Set,
    wait::{s, until},
};

/// Calls are made as ever while nothing can be written, and are in the books when there is room again.
#[test]
fn a_full_disk_stops_no_call_and_loses_none() {
    let name = "disks::a_full_disk_stops_no_call_and_loses_none";
    let Some(disk) = Disk::of_test(name, 24) else {
        return;
    };
    let exchange = Exchange::start(&Office::with(&["2005"]));
    assert!(exchange.health().contains("\"ok\""));
    disk.fill();
    let set = Set::of(&exchange);
    set.hears_itself(940);
    exchange.says("the ledger is not written; it is kept and tried again");
    exchange.says("is full: make room there");
    let health = exchange.health();
    assert!(health.contains("store_trouble"), "{health}");
    set.hang_up();
    disk.relieve();
    let calls = exchange.ended_calls(1);
    assert_eq!(calls.len(), 1);
    assert_eq!(calls[0]["cause"], "normal");
    assert!(!calls[0]["answered"].is_null(), "{calls:?}");
    until(s(60), "a healthy exchange", || {
        exchange.health().contains("\"ok\"").then_some(())
    });
    assert!(exchange.ask(&["verify"]).contains(" 0 faults"));
    exchange.stop();
}

/// An office whose disk was mounted read-only, as Linux does after errors of the disk.
#[test]
fn a_disk_mounted_read_only_is_named() {
    let name = "disks::a_disk_mounted_read_only_is_named";
    let Some(disk) = Disk::of_test(name, 24) else {
        return;
    };
    let mut exchange = Exchange::start(&Office::with(&["2005"]));
    exchange.terminate();
    assert!(exchange.process().exit(s(60)).success());
    disk.write_protect();
    let config = exchange.folder().join("office.toml");
    let (code, said) = serve_in_vain(&exchange.data(), &config);
    assert_eq!(code, Some(2), "{said}");
    let data = exchange.data();
    for part in ["read-only", &*data.to_string_lossy()] {
        assert!(said.contains(part), "{part:?} is not in: {said}");
    }
}
