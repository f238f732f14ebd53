//! baresip: a real phone, ruled over its control port, its ears and mouth in WAV files.

use std::{
    fs,
    io::{ErrorKind, Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    path::PathBuf,
    process::Command,
    time::Duration,
};

use serde_json::Value;

use crate::{
    child::Child,
    ears::Sound,
    exchange::{Exchange, password},
    folder::Folder,
    ports,
    wait::{Deadline, s, until, within},
};

/// Where Debian's package puts what baresip loads.
const MODULES: &str = "/usr/lib/baresip/modules";
/// Level of the tone a phone speaks, in dBm0.
pub const SPOKEN_DBM0: f64 = -16.0;
/// Patience with one step of a call on a busy machine.
pub const STEP: Duration = s(30);

/// How a phone speaks to the exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Over {
    /// SIP over UDP.
    Udp,
    /// SIP over TCP.
    Tcp,
    /// SIP over TLS.
    Tls,
}

impl Over {
    const fn name(self) -> &'static str {
        match self {
            Self::Udp => "udp",
            Self::Tcp => "tcp",
            Self::Tls => "tls",
        }
    }

    const fn of(self, exchange: &Exchange) -> SocketAddr {
        match self {
            Self::Udp => exchange.at.udp,
            Self::Tcp => exchange.at.tcp,
            Self::Tls => exchange.at.tls,
        }
    }
}

/// What a phone speaks, and how its packets are protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Voice {
    /// The codecs that it has, in baresip's words.
    codecs: &'static str,
    /// Whether there is no call without SRTP.
    protected: bool,
}

impl Voice {
    /// G.711 A-law.
    pub const PCMA: Self = Self::of("pcma");
    /// G.722.
    pub const G722: Self = Self::of("g722/16000");
    /// Opus.
    pub const OPUS: Self = Self::of("opus/48000/2");

    /// All of these, the widest first.
    pub const ALL: Self = Self::of("opus/48000/2,g722/16000,pcma");

    const fn of(codecs: &'static str) -> Self {
        Self {
            codecs,
            protected: false,
        }
    }

    /// The same, with SRTP only; its keys are in the session description (RFC 4568).
    #[must_use]
    pub const fn protected(self) -> Self {
        Self {
            protected: true,
            ..self
        }
    }
}

/// A running baresip.
#[derive(Debug)]
pub struct Phone {
    child: Child,
    control: TcpStream,
    received: Vec<u8>,
    events: Vec<Value>,
    /// How many of `events` earlier waits have taken.
    seen: usize,
    folder: Folder,
}

impl Phone {
    /// Starts a phone of `extension` that speaks a tone of `hz`, and waits until it is registered.
    #[must_use]
    #[track_caller]
    pub fn start(exchange: &Exchange, extension: &str, over: Over, hz: u32) -> Self {
        Self::speaking(Voice::PCMA, exchange, extension, over, hz)
    }

    /// The same with another voice.
    #[must_use]
    #[track_caller]
    pub fn speaking(
        voice: Voice,
        exchange: &Exchange,
        extension: &str,
        over: Over,
        hz: u32,
    ) -> Self {
        let mut phone = Self::switched_on(voice, exchange, extension, over, hz);
        phone.is_registered(STEP);
        phone
    }

    /// Waits until it is registered.
    #[track_caller]
    pub fn is_registered(&mut self, limit: Duration) {
        self.child.line_with("binding]", limit);
    }

    /// The same without waiting for its registration.
    #[must_use]
    #[track_caller]
    pub fn unregistered(exchange: &Exchange, extension: &str, over: Over, hz: u32) -> Self {
        Self::switched_on(Voice::PCMA, exchange, extension, over, hz)
    }

    #[track_caller]
    fn switched_on(
        voice: Voice,
        exchange: &Exchange,
        extension: &str,
        over: Over,
        hz: u32,
    ) -> Self {
        let folder = Folder::new();
        let server = over.of(exchange);
        write_settings(&folder, voice, extension, over, server);
        let tone = Sound::tone(f64::from(hz), SPOKEN_DBM0, s(120));
        folder.write("tone.wav", tone.to_wav());
        let control = ports::free_tcp();
        let config = settings(&folder, control);
        folder.write("config", config);
        let mut command = Command::new("baresip");
        command.arg("-f").arg(folder.path());
        let mut child = Child::start(
            &format!("baresip {extension}"),
            command,
            "the Debian package baresip-core",
        );
        child.line_with("baresip is ready", STEP);
        let control = until(STEP, "baresip's control port", || {
            TcpStream::connect(("127.0.0.1", control)).ok()
        });
        control
            .set_read_timeout(Some(Duration::from_millis(50)))
            .expect("50 ms is a timeout");
        Self {
            child,
            control,
            received: Vec::new(),
            events: Vec::new(),
            seen: 0,
            folder,
        }
    }

    /// Gives a command, like `dial` with a number.
    #[track_caller]
    pub fn command(&mut self, command: &str, parameter: &str) {
        let text = serde_json::json!({ "command": command, "params": parameter }).to_string();
        let netstring = format!("{}:{text},", text.len());
        self.control
            .write_all(netstring.as_bytes())
            .expect("baresip hears commands");
    }

    /// Calls a number of the exchange.
    #[track_caller]
    pub fn dial(&mut self, number: &str) {
        self.command("dial", number);
    }

    /// Presses keys, each for a while.
    #[track_caller]
    pub fn press(&mut self, keys: &str) {
        for key in keys.chars() {
            self.command("sndcode", &key.to_string());
            // The pace of a person.
            within(Duration::from_millis(250), || None::<()>);
        }
    }

    /// Waits to be rung, and answers.
    #[track_caller]
    pub fn answer(&mut self) {
        self.event("CALL_INCOMING", STEP);
        self.command("accept", "");
    }

    /// Hangs up.
    #[track_caller]
    pub fn hang_up(&mut self) {
        self.command("hangup", "");
    }

    /// Waits for an event that no earlier wait has passed.
    ///
    /// # Panics
    /// If it does not come in time.
    #[track_caller]
    pub fn event(&mut self, kind: &str, limit: Duration) -> Value {
        match self.try_event(kind, limit) {
            Some(event) => event,
            None => panic!(
                "baresip told no {kind} within {limit:?}, but {:?}:\n{}",
                self.kinds(),
                self.child.said()
            ),
        }
    }

    /// The same, or `None` if it does not come in time.
    pub fn try_event(&mut self, kind: &str, limit: Duration) -> Option<Value> {
        let deadline = Deadline::after(limit);
        loop {
            let fresh = self.events.get(self.seen..).unwrap_or_default();
            if let Some(at) = fresh.iter().position(|event| event["type"] == kind) {
                self.seen += at + 1;
                return self.events.get(self.seen - 1).cloned();
            }
            deadline.left()?;
            self.read();
        }
    }

    fn kinds(&self) -> Vec<&str> {
        let kinds = self.events.iter().map(|event| event["type"].as_str());
        kinds.map(Option::unwrap_or_default).collect()
    }

    /// Takes what came on the control port within its short timeout.
    fn read(&mut self) {
        let mut chunk = [0; 4_096];
        match self.control.read(&mut chunk) {
            Ok(0) => panic!("baresip ended:\n{}", self.child.said()),
            Ok(n) => self.received.extend_from_slice(&chunk[..n]),
            Err(e) if matches!(e.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
            Err(e) => panic!("baresip's control port: {e}\n{}", self.child.said()),
        }
        while let Some(text) = netstring(&mut self.received) {
            let event: Value = serde_json::from_slice(&text).expect("baresip tells JSON");
            if event["event"] == true {
                self.events.push(event);
            }
        }
    }

    /// Waits until at least `limit` of sound was heard, then gives it: only what came out of the
    /// decoder, before any loudspeaker.
    #[must_use]
    #[track_caller]
    pub fn heard(&self, enough: Duration) -> Sound {
        self.sound("-dec.wav", enough)
    }

    /// The same for what is heard from now on.
    #[must_use]
    #[track_caller]
    pub fn hears_now(&self, enough: Duration) -> Sound {
        let before = self.heard(s(0)).duration();
        self.heard(before + enough).after(before)
    }

    /// Waits until it hears tones of all these frequencies at once.
    ///
    /// # Panics
    /// If it does not.
    #[track_caller]
    pub fn hears_all(&self, wanted: &[u32]) {
        let lately = Duration::from_millis(500);
        let heard = within(STEP, || {
            let sound = self.heard(lately);
            let end = sound.after(sound.duration().saturating_sub(lately));
            let is_there = |&hz: &u32| end.looks_with(hz, SPOKEN_DBM0 - 3.0) * 2 > end.looks();
            wanted.iter().all(is_there).then_some(())
        });
        assert!(
            heard.is_some(),
            "{wanted:?} Hz are not heard:\n{}",
            self.child.said()
        );
    }

    /// The same for what its microphone gave to the encoder.
    #[must_use]
    #[track_caller]
    pub fn spoken(&self, enough: Duration) -> Sound {
        self.sound("-enc.wav", enough)
    }

    #[track_caller]
    fn sound(&self, ending: &str, enough: Duration) -> Sound {
        let what = format!("{enough:?} of sound in a file *{ending} of baresip");
        let found = within(STEP + enough * 2, || {
            let sound = Sound::read(&self.file_ending(ending)?)?;
            (sound.duration() >= enough).then_some(sound)
        });
        match found {
            Some(sound) => sound,
            None => panic!("waited in vain for {what}:\n{}", self.child.said()),
        }
    }

    fn file_ending(&self, ending: &str) -> Option<PathBuf> {
        let entries = fs::read_dir(self.folder.join("sound")).ok()?;
        let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
        paths.sort();
        let mut fitting = paths.into_iter().rev();
        fitting.find(|path| path.to_string_lossy().ends_with(ending))
    }

    /// Ends it in order: calls end, registrations go.
    #[track_caller]
    pub fn quit(mut self) {
        self.command("quit", "");
        within(s(10), || self.child.try_exit());
    }
}

/// Takes the first whole netstring out of `bytes`.
fn netstring(bytes: &mut Vec<u8>) -> Option<Vec<u8>> {
    let colon = bytes.iter().position(|&byte| byte == b':')?;
    let digits = std::str::from_utf8(bytes.get(..colon)?).ok()?;
    let length: usize = digits.parse().expect("a netstring begins with its length");
    let end = colon + 1 + length;
    let text = bytes.get(colon + 1..end)?.to_vec();
    // The comma after it.
    bytes.get(end)?;
    bytes.drain(..=end);
    Some(text)
}

fn write_settings(folder: &Folder, voice: Voice, extension: &str, over: Over, server: SocketAddr) {
    fs::create_dir_all(folder.join("sound")).expect("a folder can be made");
    folder.write("contacts", "");
    let (transport, password) = (over.name(), password(extension));
    let codecs = voice.codecs;
    let protection = if voice.protected {
        ";mediaenc=srtp-mand"
    } else {
        ""
    };
    folder.write(
        "accounts",
        format!(
            "<sip:{extension}@{server};transport={transport}>;auth_pass={password};regint=60;\
             audio_codecs={codecs};answermode=manual{protection}\n"
        ),
    );
}

fn settings(folder: &Folder, control: u16) -> String {
    let voice = ports::free_voice(20);
    let last = voice + 19;
    let path = folder.path().display();
    let modules = [
        "opus", "g722", "g711", "srtp", "aufile", "aubridge", "sndfile",
    ];
    let modules = modules.map(|m| format!("module {m}.so\n"));
    let applications = ["account", "menu", "ctrl_tcp"].map(|m| format!("module_app {m}.so\n"));
    format!(
        "poll_method epoll\n\
         sip_listen 127.0.0.1:0\n\
         audio_source aufile,{path}/tone.wav\n\
         audio_player aubridge,nobody\n\
         audio_alert aubridge,nobody\n\
         ausrc_srate 8000\n\
         auplay_srate 8000\n\
         ausrc_channels 1\n\
         auplay_channels 1\n\
         rtp_ports {voice}-{last}\n\
         module_path {MODULES}\n\
         {}{}\
         ctrl_tcp_listen 127.0.0.1:{control}\n\
         snd_path {path}/sound\n",
        modules.concat(),
        applications.concat(),
    )
}
