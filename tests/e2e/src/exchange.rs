//! The exchange under test, met only through its public face.

use std::{
    collections::BTreeMap,
    ffi::OsString,
    fmt::Write as _,
    fs,
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    path::PathBuf,
    process::{Command, Output},
    time::Duration,
};

use serde_json::Value;

use crate::{
    child::{Child, Signal},
    folder::Folder,
    wait::{s, until},
};

/// Patience with a start or a stop on a busy machine.
const START: Duration = s(60);

/// The configuration of an office under test, as text.
#[derive(Clone, Debug)]
pub struct Office(pub String);

impl Office {
    /// An office on free loopback ports, whose people have these extensions and `password(ext)`,
    /// and whose analog set has the extension 301.
    #[must_use]
    pub fn with(extensions: &[&str]) -> Self {
        let text = String::from(
            r#"format = 1

[office]
name = "Kowalski Dental"
country = "PL"
language = "pl"
timezone = "Europe/Warsaw"

[network]
sip_udp = ["127.0.0.1:0"]
sip_tcp = ["127.0.0.1:0"]
sip_tls = ["127.0.0.1:0"]
panel_http = "127.0.0.1:0"
panel_https = "127.0.0.1:0"
rtp_ports = "20000-29999"

[[analog]]
port = "fxs1"
extension = "301"

[codes]
echo_test = "*43"
"#,
        );
        let office = Self(text);
        let people = extensions.iter();
        people.fold(office, |office, extension| office.person(extension))
    }

    /// The same, with SIP over UDP on a port that is the same after a restart.
    #[must_use]
    pub fn udp_port(mut self, port: u16) -> Self {
        let open = r#"sip_udp = ["127.0.0.1:0"]"#;
        let fixed = format!(r#"sip_udp = ["127.0.0.1:{port}"]"#);
        self.0 = self.0.replace(open, &fixed);
        self
    }

    /// The same, with voice on these ports only.
    #[must_use]
    pub fn voice_ports(mut self, first: u16, last: u16) -> Self {
        let own = format!("rtp_ports = \"{first}-{last}\"");
        self.0 = self.0.replace("rtp_ports = \"20000-29999\"", &own);
        self
    }

    /// The same with one person more.
    #[must_use]
    pub fn person(mut self, extension: &str) -> Self {
        let _ = write!(
            self.0,
            "\n[[person]]\nname = \"Person {extension}\"\nextension = \"{extension}\"\n\
             sip_password = \"{}\"\n",
            password(extension)
        );
        self
    }

    /// The same with a table more.
    #[must_use]
    pub fn table(mut self, text: &str) -> Self {
        self.0.push('\n');
        self.0.push_str(text);
        self
    }

    /// The same with a line more about the last person.
    #[must_use]
    pub fn who(mut self, line: &str) -> Self {
        self.0.push_str(line);
        self.0.push('\n');
        self
    }

    /// The same with a line more in `[limits]`.
    #[must_use]
    pub fn limit(mut self, line: &str) -> Self {
        if !self.0.contains("[limits]") {
            self.0.push_str("\n[limits]\n");
        }
        self.0.push_str(line);
        self.0.push('\n');
        self
    }
}

/// The SIP password of an extension.
#[must_use]
pub fn password(extension: &str) -> String {
    format!("s3cret-{extension}")
}

/// The program under test.
///
/// # Panics
/// If the variable does not name it.
#[must_use]
pub fn binary() -> OsString {
    let Some(path) = std::env::var_os("CENTRALKA_BIN") else {
        panic!(
            "CENTRALKA_BIN must name the program under test: `cargo build --package centralka`, \
             then CENTRALKA_BIN=<target>/debug/centralka; scripts/test does both"
        );
    };
    let found = fs::metadata(&path).is_ok_and(|file| file.is_file());
    assert!(found, "CENTRALKA_BIN names no file: {path:?}");
    path
}

/// Where a running exchange can be reached.
#[derive(Clone, Debug)]
pub struct Listen {
    /// SIP over UDP.
    pub udp: SocketAddr,
    /// SIP over TCP.
    pub tcp: SocketAddr,
    /// SIP over TLS.
    pub tls: SocketAddr,
    /// The panel without encryption.
    pub http: SocketAddr,
}

/// A running exchange in a folder of its own.
#[derive(Debug)]
pub struct Exchange {
    child: Child,
    /// Where it listens now.
    pub at: Listen,
    // Last, so that it goes when nobody writes to it any more.
    folder: Folder,
}

impl Exchange {
    /// Starts the program with this office and waits until it is ready.
    #[must_use]
    #[track_caller]
    pub fn start(office: &Office) -> Self {
        let folder = Folder::new();
        folder.write("office.toml", &office.0);
        let child = serve(&folder);
        Self::ready(child, folder)
    }

    #[track_caller]
    fn ready(mut child: Child, folder: Folder) -> Self {
        child.line_with("centralka is ready", START);
        let text = fs::read_to_string(folder.join("data/listen.json"))
            .expect("the addresses are written before the exchange says that it is ready");
        let json: Value = serde_json::from_str(&text).expect("listen.json is JSON");
        let address = |value: &Value| -> SocketAddr {
            let text = value.as_str().expect("an address is a text");
            text.parse().expect("an address is IP:port")
        };
        let at = Listen {
            udp: address(&json["sip_udp"][0]),
            tcp: address(&json["sip_tcp"][0]),
            tls: address(&json["sip_tls"][0]),
            http: address(&json["panel_http"]),
        };
        Self { child, at, folder }
    }

    /// The mains fail and come back. Ports that the configuration leaves open are other ones then.
    #[must_use]
    #[track_caller]
    pub fn power_failure(mut self) -> Self {
        self.child.kill();
        let _ = fs::remove_file(self.folder.join("data/listen.json"));
        self.child = serve(&self.folder);
        let Self { child, folder, .. } = self;
        Self::ready(child, folder)
    }

    /// Stops in order and starts again.
    #[must_use]
    #[track_caller]
    pub fn restart(mut self) -> Self {
        self.terminate();
        let status = self.child.exit(START);
        assert!(status.success(), "{status}: {}", self.child.said());
        self.child = serve(&self.folder);
        let Self { child, folder, .. } = self;
        Self::ready(child, folder)
    }

    /// The folder of the test.
    #[must_use]
    pub const fn folder(&self) -> &Folder {
        &self.folder
    }

    /// The data folder.
    #[must_use]
    pub fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    /// The process.
    pub const fn process(&mut self) -> &mut Child {
        &mut self.child
    }

    /// Waits until it has said `part` in a line of its log.
    #[track_caller]
    pub fn says(&self, part: &str) {
        until(START, &format!("{part:?} in the log"), || {
            self.child.said().contains(part).then_some(())
        });
    }

    /// Changes the configuration file and has it read again, as `systemctl reload` does.
    pub fn reload(&self, office: &Office) {
        self.folder.write("office.toml", &office.0);
        self.child.signal(Signal::SIGHUP);
    }

    /// Asks it to stop.
    pub fn terminate(&self) {
        self.child.signal(Signal::SIGTERM);
    }

    /// Stops it in order.
    ///
    /// # Panics
    /// If it does not end with status 0 in time.
    #[track_caller]
    pub fn stop(mut self) {
        self.terminate();
        let status = self.child.exit(START);
        assert!(status.success(), "{status}: {}", self.child.said());
    }

    /// Runs a command of the program on this exchange's data.
    #[must_use]
    pub fn run(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(binary());
        command.arg("--data").arg(self.data()).args(arguments);
        command.output().expect("the program starts")
    }

    /// The same; what it says on standard output.
    ///
    /// # Panics
    /// If it fails.
    #[track_caller]
    pub fn ask(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert!(
            output.status.success(),
            "centralka {arguments:?}: {}\n{}",
            output.status,
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// The newest calls, newest first.
    #[must_use]
    #[track_caller]
    pub fn calls(&self) -> Vec<Value> {
        let text = self.ask(&["call", "list", "--limit", "500", "--json"]);
        text.lines()
            .map(|line| serde_json::from_str(line).expect("each line is JSON"))
            .collect()
    }

    /// Waits until `count` recordings are kept; gives all, newest first.
    #[must_use]
    #[track_caller]
    pub fn recordings(&self, count: usize) -> Vec<Value> {
        until(s(60), &format!("{count} recordings that are kept"), || {
            let text = self.ask(&["recording", "list", "--json"]);
            let all: Vec<Value> = text
                .lines()
                .map(|line| serde_json::from_str(line).expect("each line is JSON"))
                .collect();
            let kept = all.iter().filter(|one| one["state"] == "kept").count();
            (kept >= count).then_some(all)
        })
    }

    /// Waits until `count` calls have ended; gives all of them, newest first.
    #[must_use]
    #[track_caller]
    pub fn ended_calls(&self, count: usize) -> Vec<Value> {
        let what = format!("{count} calls that have ended");
        until(s(60), &what, || {
            let calls = self.calls();
            let ended = calls.iter().filter(|call| !call["ended"].is_null());
            (ended.count() >= count).then_some(calls)
        })
    }

    /// All figures of `/metrics`, those of a busy exchange as soon as it tells them.
    #[must_use]
    #[track_caller]
    pub fn metrics(&self) -> BTreeMap<String, u64> {
        until(s(60), "the figures of the exchange", || {
            let metrics = self.metrics_now();
            metrics.contains_key("calls").then_some(metrics)
        })
    }

    #[track_caller]
    fn metrics_now(&self) -> BTreeMap<String, u64> {
        let text = self.get("/metrics");
        let lines = text.lines().filter_map(|line| line.split_once(' '));
        lines
            .filter_map(|(name, value)| {
                Some((
                    name.strip_prefix("centralka_")?.into(),
                    value.trim().parse().ok()?,
                ))
            })
            .collect()
    }

    /// One figure.
    ///
    /// # Panics
    /// If it is not there.
    #[must_use]
    #[track_caller]
    pub fn metric(&self, name: &str) -> u64 {
        let metrics = self.metrics();
        let value = metrics.get(name).copied();
        value.unwrap_or_else(|| panic!("no figure {name} in {metrics:?}"))
    }

    /// Waits until the exchange holds nothing of any call any more.
    #[track_caller]
    pub fn rest(&self) {
        until(s(60), "all resources back to zero", || {
            let metrics = self.metrics();
            let held = [
                "calls",
                "sip_legs",
                "sets_busy",
                "lines_busy",
                "media_legs",
                "bridges",
                "sip_usages",
            ];
            held.iter()
                .all(|name| metrics.get(*name) == Some(&0))
                .then_some(())
        });
    }

    /// What `/healthz` says.
    #[must_use]
    #[track_caller]
    pub fn health(&self) -> String {
        self.get("/healthz")
    }

    #[track_caller]
    fn get(&self, path: &str) -> String {
        page(self.at.http, path)
    }
}

/// What the panel at this address says at this path.
///
/// # Panics
/// If it says nothing, or not with status 200.
#[must_use]
#[track_caller]
pub fn page(at: SocketAddr, path: &str) -> String {
    let mut stream = TcpStream::connect(at).expect("the panel listens");
    stream
        .set_read_timeout(Some(s(20)))
        .expect("a timeout of 20 s is one");
    let request = format!("GET {path} HTTP/1.1\r\nHost: {at}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).expect("it is read");
    let mut answer = String::new();
    stream
        .read_to_string(&mut answer)
        .expect("the panel answers within 20 s");
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    assert!(head.starts_with("HTTP/1.1 200"), "{path}: {head}");
    body.to_owned()
}

/// What the panel answers to a browser that posts this: status, body, and the cookie it sets.
///
/// # Panics
/// If it says nothing.
#[must_use]
#[track_caller]
pub fn post(at: SocketAddr, path: &str, body: &Value) -> (u16, Value, Option<String>) {
    let mut stream = TcpStream::connect(at).expect("the panel listens");
    let patience = stream.set_read_timeout(Some(s(20)));
    patience.expect("a timeout of 20 s is one");
    let body = body.to_string();
    let request = format!(
        "POST {path} HTTP/1.1\r\nHost: {at}\r\nOrigin: http://{at}\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).expect("it is read");
    let mut answer = String::new();
    let read = stream.read_to_string(&mut answer);
    read.expect("the panel answers within 20 s");
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    let status = head.get(9..12).and_then(|status| status.parse().ok());
    let cookie = head.lines().find_map(|line| {
        let (name, value) = line.split_once(": ")?;
        let is_it = name.eq_ignore_ascii_case("set-cookie");
        is_it.then(|| value.split(';').next().unwrap_or_default().to_owned())
    });
    let body = serde_json::from_str(body).unwrap_or_default();
    (status.expect("a status"), body, cookie)
}

fn serve(folder: &Folder) -> Child {
    let mut command = Command::new(binary());
    command
        .arg("serve")
        .arg("--data")
        .arg(folder.join("data"))
        .arg("--config")
        .arg(folder.join("office.toml"));
    Child::start("centralka", command, "the build of this repository")
}

/// Starts the program as given and waits for an end that should come at once.
///
/// # Panics
/// If it does not end.
#[must_use]
#[track_caller]
pub fn serve_in_vain(data: &std::path::Path, config: &std::path::Path) -> (Option<i32>, String) {
    let mut command = Command::new(binary());
    command.arg("serve").arg("--data").arg(data);
    command.arg("--config").arg(config);
    let mut child = Child::start("centralka", command, "the build of this repository");
    let status = child.exit(START);
    // The pipes may hold a little more than was read when the process ended.
    let _ = crate::wait::within(s(5), || child.said().contains("centralka:").then_some(()));
    (status.code(), child.said())
}
