//! What an administrator and the service manager of the machine do with the program.

use std::{
    fs::{self, OpenOptions},
    io::{Read as _, Seek as _, SeekFrom, Write as _},
    os::unix::net::UnixDatagram,
    process::{Command, Stdio},
};

use serde_json::Value;
use tests_e2e::{
    child::{Child, Signal},
    exchange::{Exchange, Office, binary, serve_in_vain},
    folder::Folder,
    set::Set,
    wait::s,
};

/// Every command about the configuration, on the running exchange and on the resting one.
#[test]
fn the_configuration_is_kept_by_commands() {
    let exchange = Exchange::start(&Office::with(&["2005"]));
    let folder = exchange.folder().path().to_owned();
    let text = exchange.ask(&["config", "export"]);
    assert_eq!(exchange.ask(&["config", "show"]), text);
    assert!(!text.contains("s3cret-2005"), "passwords are not shown");
    let save = |name: &str, text: &str| {
        let file = folder.join(name);
        fs::write(&file, text).expect("the folder can be written");
        file.to_string_lossy().into_owned()
    };
    let same = save("same.toml", &text);
    exchange.ask(&["config", "import", &same]);
    assert_eq!(exchange.ask(&["config", "export"]), text, "to the byte");

    let other = save(
        "other.toml",
        &format!("# kept\n{}", text.replace("Person 2005", "Zofia")),
    );
    exchange.ask(&["config", "check", &other]);
    let saved = exchange.ask(&["config", "import", &other, "--reason", "a new name"]);
    let version: u64 = saved
        .trim()
        .rsplit(' ')
        .next()
        .expect("a number")
        .parse()
        .expect("one");
    let history = exchange.ask(&["config", "history"]);
    assert!(history.contains("a new name"), "{history}");
    let (before, now) = ((version - 1).to_string(), version.to_string());
    let english = exchange.ask(&["config", "diff", &before, &now]);
    let polish = exchange.ask(&["config", "diff", &before, &now, "--language", "pl"]);
    for (said, word) in [(&english, "changed from"), (&polish, "zmieniono")] {
        let named = [word, "Person 2005", "Zofia"];
        assert!(named.iter().all(|part| said.contains(part)), "{said}");
    }
    exchange.ask(&["config", "undo", &now]);
    let undone = exchange.ask(&["config", "export"]);
    assert!(
        undone.contains("Person 2005") && !undone.contains("Zofia"),
        "{undone}"
    );

    let schema: Value = serde_json::from_str(&exchange.ask(&["config", "schema"])).expect("JSON");
    assert!(schema["properties"]["office"].is_object());
    for arguments in [
        ["undo", "99"].as_slice(),
        &["diff", "1", "99"],
        &["check", "nowhere"],
    ] {
        let refused = exchange.run(&[&["config"], arguments].concat());
        assert_eq!(refused.status.code(), Some(2), "{arguments:?}: {refused:?}");
    }
    exchange.stop();
}

/// The same commands do their work while nothing runs.
#[test]
fn the_configuration_of_a_resting_exchange_is_kept_too() {
    let office = Office::with(&["2005"]);
    let mut exchange = Exchange::start(&office);
    exchange.terminate();
    assert!(exchange.process().exit(s(60)).success());
    let text = exchange.ask(&["config", "export"]);
    let other = format!("# kept\n{}", text.replace("Person 2005", "Zofia"));
    let file = exchange.folder().write("other.toml", &other);
    exchange.ask(&["config", "import", &file.to_string_lossy()]);
    assert_eq!(exchange.ask(&["config", "export"]), other);
    assert_eq!(exchange.ask(&["config", "history"]).lines().count(), 2);
    exchange.ask(&["config", "undo", "2"]);
    let exchange = exchange.power_failure();
    assert_eq!(exchange.ask(&["config", "export"]), text);
    exchange.stop();
}

/// What is wrong is told by line, key and rule, for people and for programs.
#[test]
fn a_check_names_line_key_and_rule() {
    let folder = Folder::new();
    let bad = folder.write(
        "bad.toml",
        "format = 1\nvolume = 11\n[office]\ncountry = \"PL\"\n",
    );
    let check = |more: &[&str]| {
        let mut command = Command::new(binary());
        command.args(["config", "check"]).args(more).arg(&bad);
        let said = command.output().expect("the program starts");
        assert_eq!(said.status.code(), Some(2), "{said:?}");
        [said.stdout, said.stderr].map(|said| String::from_utf8_lossy(&said).into_owned())
    };
    let [_, told] = check(&[]);
    assert!(
        told.contains("line 2: volume:") && told.contains("[key.unknown]"),
        "{told}"
    );
    let [json, _] = check(&["--json"]);
    let problems: Value = serde_json::from_str(&json).expect("JSON");
    let first = &problems[0];
    assert_eq!(
        (&first["line"], &first["key"], &first["rule"]),
        (&2.into(), &"volume".into(), &"key.unknown".into()),
        "{problems}"
    );
}

/// `centralka config schema | head -1`.
#[test]
fn whoever_reads_a_command_may_stop_at_any_line() {
    let mut command = Command::new(binary());
    command.args(["config", "schema"]);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("the program starts");
    drop(child.stdout.take());
    let mut said = String::new();
    let mut errors = child.stderr.take().expect("it is piped");
    errors.read_to_string(&mut said).expect("it is text");
    child.wait().expect("it is our child");
    assert_eq!(said, "");
}

/// systemd's protocol: ready when calls are answered, alive while all threads are, stopping when asked to.
#[test]
fn the_service_manager_is_told_of_start_life_and_end() {
    let folder = Folder::new();
    let socket = folder.join("notify");
    let manager = UnixDatagram::bind(&socket).expect("a socket");
    manager.set_read_timeout(Some(s(60))).expect("it is one");
    let config = folder.write("office.toml", Office::with(&["2005"]).0);
    let mut command = Command::new(binary());
    command.arg("serve").arg("--log-json");
    command.arg("--data").arg(folder.join("data"));
    command.arg("--config").arg(config);
    command.env("NOTIFY_SOCKET", &socket);
    command
        .env("WATCHDOG_USEC", "500000")
        .env_remove("WATCHDOG_PID");
    let mut child = Child::start("centralka", command, "the build of this repository");
    let hears = |what: &str| loop {
        let mut bytes = [0; 512];
        let length = manager
            .recv(&mut bytes)
            .unwrap_or_else(|e| panic!("{what}: {e}"));
        let text = String::from_utf8_lossy(&bytes[..length]).into_owned();
        if text.lines().any(|line| line == what) {
            return text;
        }
    };
    let ready = hears("READY=1");
    assert!(ready.contains("STATUS=answering calls"), "{ready}");
    hears("WATCHDOG=1");
    hears("WATCHDOG=1");
    child.signal(Signal::SIGTERM);
    hears("STOPPING=1");
    assert!(child.exit(s(60)).success(), "{}", child.said());
    // What goes to the log is a line of JSON each, for whoever collects it.
    let said = child.said();
    let lines: Vec<Value> = said
        .lines()
        .filter_map(|line| serde_json::from_str(line).ok())
        .collect();
    let stopping = |line: &Value| line["fields"]["message"].to_string().contains("stopping");
    assert!(lines.iter().any(stopping), "{said}");
    assert!(lines.iter().all(|line| line["level"].is_string()), "{said}");
}

/// A folder in which nobody may write, not even root.
#[test]
fn a_folder_that_cannot_be_written_is_named() {
    let folder = Folder::new();
    let config = folder.write("office.toml", Office::with(&["2005"]).0);
    let (code, said) = serve_in_vain("/sys/centralka".as_ref(), &config);
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("/sys/centralka"), "{said}");
}

/// The pages of the database are overwritten: the program says what to do, and a copy brings all of it back.
#[test]
fn a_damaged_database_is_named_and_a_copy_brings_the_office_back() {
    let mut exchange = Exchange::start(&Office::with(&["2005"]));
    let set = Set::of(&exchange);
    set.hears_itself(940);
    set.hang_up();
    let calls = exchange.ended_calls(1);
    let copy = exchange
        .folder()
        .join("copy")
        .to_string_lossy()
        .into_owned();
    exchange.ask(&["backup", &copy]);
    exchange.ask(&["verify", &copy]);
    exchange.terminate();
    assert!(exchange.process().exit(s(60)).success());
    let database = exchange.data().join("centralka.db");
    damage(&database);
    let verified = exchange.run(&["verify"]);
    let told = String::from_utf8_lossy(&verified.stderr);
    assert!(
        !verified.status.success() && told.contains("damaged"),
        "{verified:?}"
    );
    let config = exchange.folder().join("office.toml");
    let (code, said) = serve_in_vain(&exchange.data(), &config);
    assert_eq!(code, Some(2), "{said}");
    for part in [
        "centralka.db",
        "damaged",
        "centralka verify",
        "centralka restore",
    ] {
        assert!(said.contains(part), "{part:?} is not in: {said}");
    }
    exchange.ask(&["restore", &copy]);
    let exchange = exchange.power_failure();
    assert_eq!(exchange.calls(), calls);
    assert!(exchange.ask(&["verify"]).contains(" 0 faults"));
    exchange.stop();
}

/// Overwrites all pages but the first.
fn damage(database: &std::path::Path) {
    let mut file = OpenOptions::new()
        .write(true)
        .open(database)
        .expect("it is there");
    let length = file.metadata().expect("it is a file").len();
    file.seek(SeekFrom::Start(4_096)).expect("it is longer");
    let rest = usize::try_from(length).expect("it is small") - 4_096;
    let noise: Vec<u8> = (0..rest).map(|n| (n * 7 % 251) as u8).collect();
    file.write_all(&noise).expect("the disk has room");
}
