//! SIPp with scenarios of our own, in `tests/e2e/scenarios`.

use std::{
    fs,
    net::{SocketAddr, UdpSocket},
    path::PathBuf,
    process::Command,
    time::Duration,
};

use crate::{
    child::Child,
    ears::Sound,
    exchange::password,
    folder::Folder,
    ports,
    wait::{s, until},
};

/// One run of SIPp.
#[derive(Debug)]
pub struct Sipp {
    child: Child,
    name: String,
    /// The SIP port it uses.
    pub port: u16,
    folder: Folder,
}

/// What a run of SIPp is told.
#[derive(Clone, Debug)]
pub struct Script {
    scenario: String,
    remote: SocketAddr,
    keys: Vec<(String, String)>,
    arguments: Vec<String>,
    calls: u32,
    port: u16,
    limit: Duration,
    over_tcp: bool,
}

impl Script {
    /// A run of `scenarios/NAME.xml` with one call.
    #[must_use]
    pub fn new(scenario: &str, remote: SocketAddr) -> Self {
        Self {
            scenario: scenario.into(),
            remote,
            keys: Vec::new(),
            arguments: Vec::new(),
            calls: 1,
            port: ports::free_udp(),
            limit: s(60),
            over_tcp: false,
        }
    }

    /// As many calls.
    #[must_use]
    pub const fn calls(mut self, calls: u32) -> Self {
        self.calls = calls;
        self
    }

    /// The longest time of the run.
    #[must_use]
    pub const fn limit(mut self, limit: Duration) -> Self {
        self.limit = limit;
        self
    }

    /// A value for `{NAME}` in the scenario.
    #[must_use]
    pub fn key(mut self, name: &str, value: &str) -> Self {
        self.keys.push((format!("{{{name}}}"), value.into()));
        self
    }

    /// The same, in place of a value given before.
    #[must_use]
    pub fn key_first(mut self, name: &str, value: &str) -> Self {
        self.keys.insert(0, (format!("{{{name}}}"), value.into()));
        self
    }

    /// Who calls, and where.
    #[must_use]
    pub fn call(self, from: &str, to: &str) -> Self {
        self.key("FROM", from)
            .key("TO", to)
            .key("PASSWORD", &password(from))
    }

    /// Over one TCP connection; without this over UDP.
    #[must_use]
    pub fn over_tcp(mut self) -> Self {
        self.over_tcp = true;
        self.with(&["-t", "t1"])
    }

    /// More arguments.
    #[must_use]
    pub fn with(mut self, arguments: &[&str]) -> Self {
        let more = arguments.iter().map(|&argument| argument.to_owned());
        self.arguments.extend(more);
        self
    }

    /// Where this run will listen.
    ///
    /// # Panics
    /// Never: the text is an address.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], self.port))
    }

    /// Starts it.
    #[must_use]
    #[track_caller]
    pub fn start(self) -> Sipp {
        let folder = Folder::new();
        let tone = Sound::tone(1_000.0, -16.0, s(4));
        folder.write("tone.alaw", tone.to_alaw());
        let source: PathBuf = [env!("CARGO_MANIFEST_DIR"), "scenarios"].iter().collect();
        let source = source.join(format!("{}.xml", self.scenario));
        let text = fs::read_to_string(&source).expect("the scenario is there");
        let tone = folder.join("tone.alaw");
        let mut text = text.replace("TONE", &tone.to_string_lossy());
        for (name, value) in &self.keys {
            text = text.replace(name, value);
        }
        let scenario = folder.write(&format!("{}.xml", self.scenario), text);
        let mut command = Command::new("sipp");
        command
            .current_dir(folder.path())
            .arg(self.remote.to_string())
            .arg("-sf")
            .arg(scenario)
            .args([
                "-i",
                "127.0.0.1",
                "-mi",
                "127.0.0.1",
                "-nostdin",
                "-skip_rlimit",
            ])
            .args(["-p", &self.port.to_string()])
            .args(["-mp", &ports::free_voice(4).to_string()])
            .args(["-cp", &ports::free_udp().to_string()])
            .args(["-m", &self.calls.to_string()])
            .args([
                "-timeout",
                &self.limit.as_secs().to_string(),
                "-timeout_error",
            ])
            .args(["-trace_err", "-error_file", "errors.txt"])
            .args(["-trace_msg", "-message_file", "messages.txt"])
            .args(self.arguments);
        let child = Child::start("sipp", command, "the Debian package sip-tester");
        Sipp {
            child,
            name: self.scenario,
            port: self.port,
            folder,
        }
    }

    /// Starts it and waits until it listens.
    #[must_use]
    #[track_caller]
    pub fn listen(self) -> Sipp {
        let (port, over_tcp) = (self.port, self.over_tcp);
        let mut sipp = self.start();
        until(s(30), "SIPp listens", || {
            assert!(sipp.child.is_running(), "{}", sipp.report());
            let listens = if over_tcp {
                ports::listens_tcp(port)
            } else {
                ports::is_taken_udp(port)
            };
            listens.then_some(())
        });
        sipp
    }

    /// Starts it and waits for its good end.
    #[track_caller]
    pub fn run(self) -> Sipp {
        let mut sipp = self.start();
        sipp.succeeds();
        sipp
    }
}

impl Sipp {
    /// Waits for its end; every call must have gone as the scenario says.
    ///
    /// # Panics
    /// If not.
    #[track_caller]
    pub fn succeeds(&mut self) {
        // SIPp ends by its own -timeout.
        let status = self.child.exit(s(300));
        assert!(status.success(), "{status}\n{}", self.report());
    }

    /// All messages it sent and received so far.
    #[must_use]
    pub fn messages(&self) -> String {
        fs::read_to_string(self.folder.join("messages.txt")).unwrap_or_default()
    }

    /// Waits until a message with `part` was sent or received.
    #[track_caller]
    pub fn message_with(&self, part: &str, limit: Duration) {
        let what = format!("{part:?} among the messages of {}", self.name);
        until(limit, &what, || {
            self.messages().contains(part).then_some(())
        });
    }

    /// Tells the one call of this run to go on where its scenario waits for OPTIONS.
    ///
    /// # Panics
    /// If there is no call yet.
    #[track_caller]
    pub fn go_on(&self) {
        let messages = self.messages();
        let call = messages
            .lines()
            .find_map(|line| line.strip_prefix("Call-ID:"));
        let call = call.expect("a call has begun").trim();
        let socket = UdpSocket::bind(("127.0.0.1", 0)).expect("a UDP port is free");
        let own = socket.local_addr().expect("it is bound");
        let word = format!(
            "OPTIONS sip:sipp@127.0.0.1:{} SIP/2.0\r\n\
             Via: SIP/2.0/UDP {own};branch=z9hG4bKgo-on-{}\r\n\
             Max-Forwards: 70\r\nFrom: <sip:test@{own}>;tag=test\r\nTo: <sip:sipp@{own}>\r\n\
             Call-ID: {call}\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n",
            self.port,
            own.port()
        );
        socket
            .send_to(word.as_bytes(), ("127.0.0.1", self.port))
            .expect("SIPp is on this machine");
    }

    fn report(&self) -> String {
        let errors = fs::read_to_string(self.folder.join("errors.txt")).unwrap_or_default();
        let messages = self.messages();
        let start = messages.len().saturating_sub(6_000);
        let start = messages.floor_char_boundary(start);
        format!(
            "SIPp {}:\n{errors}\n… {}",
            self.name,
            messages.get(start..).unwrap_or_default()
        )
    }
}
