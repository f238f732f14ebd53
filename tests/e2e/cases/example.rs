//! `scripts/run`, the first thing that anybody does with a checkout: what it starts, and what it says.

use std::{
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::Command,
};

use tests_e2e::{
    child::{Child, Signal},
    exchange::{binary, page},
    folder::Folder,
    wait::s,
};

/// The example office, on ports that nobody else has.
fn office(root: &Path) -> String {
    let path = root.join("scripts/example-office.toml");
    let mut text = fs::read_to_string(path).expect("the example is there");
    for port in ["5060", "5061", "8080", "8443"] {
        let fixed = format!("\"0.0.0.0:{port}\"");
        assert!(text.contains(&fixed), "the example has {fixed}");
        text = text.replace(&fixed, "\"127.0.0.1:0\"");
    }
    text
}

/// Where the program under test was built, if `scripts/run` of this checkout would build it there.
fn warm_target(root: &Path) -> Option<PathBuf> {
    let program = PathBuf::from(binary());
    let target = program.parent()?.parent()?;
    let checkout = fs::read_to_string(target.join(".checkout")).ok()?;
    let is_it = target.join("release/centralka") == program && Path::new(checkout.trim()) == root;
    is_it.then(|| target.to_owned())
}

/// Where the gate has built the program the script builds it once more and finds everything done; another program under
/// test is only started.
fn script(root: &Path, folder: &Folder) -> Command {
    let mut command = Command::new(root.join("scripts/run"));
    match warm_target(root) {
        Some(target) => command
            .env("CARGO_TARGET_DIR", target)
            .env_remove("CENTRALKA_BIN"),
        None => command.env("CENTRALKA_BIN", binary()),
    };
    command.env("CENTRALKA_DATA", folder.join("data")).env(
        "CENTRALKA_OFFICE",
        folder.write("office.toml", office(root)),
    );
    command
}

#[test]
fn the_example_office_starts_says_what_to_do_with_it_and_stops() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let root = root.canonicalize().expect("the checkout is there");
    let folder = Folder::new();
    let command = script(&root, &folder);
    let mut child = Child::start("scripts/run", command, "this repository");
    // After the smallest change the whole program is optimised again: minutes, on a machine with other work many.
    child.line_with("centralka is ready", s(1_800));
    let panel = child.line_with("panel: http://", s(1));
    let claim = child.line_with("claim code: ", s(1));
    let code = claim.rsplit(' ').next().unwrap_or_default();
    assert_eq!(code.len(), 9, "{claim}");
    let passwords = ["2001", "2002"].map(|extension| {
        let line = child.line_with(&format!("  {extension}  password "), s(1));
        let password = line.split_whitespace().nth(2).map(str::to_owned);
        password.expect("it has one")
    });
    assert_ne!(passwords[0], passwords[1]);
    assert!(passwords.iter().all(|password| password.len() >= 8));
    child.line_with("dial *43 for the echo test", s(1));
    child.line_with("dial 301 for the simulated set fxs1", s(1));
    let address = panel.trim_start_matches("panel: http://");
    let address: SocketAddr = address
        .trim_end_matches('/')
        .parse()
        .expect("IP and port can be opened");
    let health = page(address, "/healthz");
    assert!(health.contains("ok"), "{health}");
    child.signal(Signal::SIGTERM);
    let status = child.exit(s(60));
    assert!(status.success(), "{status}: {}", child.said());
}
