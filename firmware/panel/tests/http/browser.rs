//! A thin browser over a plain socket: it keeps one cookie and nothing else, and shares no code
//! with the panel.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use model::{Instant, Now, Trust, Wall};
use panel::{Feed, MemoryVault, Panel, PanelParts, WebPhones};
use serde_json::{Value, json};

use crate::office::FakeOffice;

/// The code that makes the first administrator.
pub(crate) const CODE: &str = "ABCD-2345";
/// The administrator's login and password.
pub(crate) const LOGIN: &str = "ewa";
pub(crate) const PASSWORD: &str = "correct horse battery";
/// When the tests take place.
pub(crate) const START_S: i64 = 1_795_000_000;
/// Long enough for any answer, short enough to fail.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// A panel on a port of its own, with a clock that the test turns.
pub(crate) struct Box {
    pub(crate) address: SocketAddr,
    pub(crate) feed: Arc<Feed>,
    pub(crate) vault: Arc<MemoryVault>,
    clock_s: Arc<AtomicU64>,
    panel: Option<Panel>,
}

impl Box {
    pub(crate) fn start() -> Self {
        Self::with(Arc::new(MemoryVault::new(Some(CODE))))
    }

    /// A panel that starts with what another one left in its vault.
    pub(crate) fn with(vault: Arc<MemoryVault>) -> Self {
        Self::open(vault, None)
    }

    /// A panel on which browsers may be phones.
    pub(crate) fn with_phones(phones: WebPhones) -> Self {
        Self::open(Arc::new(MemoryVault::new(Some(CODE))), Some(phones))
    }

    fn open(vault: Arc<MemoryVault>, phones: Option<WebPhones>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("loopback");
        let address = listener.local_addr().expect("bound");
        let clock_s = Arc::new(AtomicU64::new(0));
        let clock = {
            let clock_s = clock_s.clone();
            Arc::new(move || {
                let s = clock_s.load(Ordering::Relaxed);
                Now {
                    mono: Instant::from_millis(s * 1_000),
                    wall: Wall::from_secs(START_S + s as i64),
                    trust: Trust::Synced,
                }
            })
        };
        let feed = Arc::new(Feed::new());
        let exchange = Arc::new(FakeOffice::new(feed.clone(), Wall::from_secs(START_S)));
        let panel = panel::serve(PanelParts {
            http: vec![listener],
            https: Vec::new(),
            tls: None,
            exchange,
            feed: feed.clone(),
            vault: vault.clone(),
            clock,
            version: "test".into(),
            phones,
            authority: None,
        })
        .expect("the panel starts");
        Self {
            address,
            feed,
            vault,
            clock_s,
            panel: Some(panel),
        }
    }

    pub(crate) fn pass(&self, seconds: u64) {
        self.clock_s.fetch_add(seconds, Ordering::Relaxed);
    }

    pub(crate) fn stop(&mut self) {
        if let Some(panel) = self.panel.take() {
            panel.stop();
        }
    }

    pub(crate) fn visitor(&self) -> Browser {
        Browser::at(self.address)
    }

    /// Somebody who used the claim code.
    pub(crate) fn administrator(&self) -> Browser {
        let mut browser = self.visitor();
        let claim = json!({ "code": CODE, "name": "Ewa", "login": LOGIN, "password": PASSWORD });
        let answer = browser.post("/api/v1/claim", &claim);
        assert_eq!(answer.status, 200, "{answer:?}");
        browser
    }
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| value.as_str())
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|e| panic!("{e}: {self:?}"))
    }

    /// Status and name of an error.
    pub(crate) fn problem(&self) -> (u16, String) {
        let body = self.json();
        assert!(
            body["message"].as_str().is_some_and(|m| m.len() > 10),
            "{self:?}"
        );
        (self.status, body["error"].as_str().unwrap_or("").into())
    }
}

/// Somebody at a browser.
#[derive(Clone)]
pub(crate) struct Browser {
    address: SocketAddr,
    pub(crate) cookie: Option<String>,
}

impl Browser {
    /// Somebody who knows no cookie of this panel yet.
    pub(crate) const fn at(address: SocketAddr) -> Self {
        Self {
            address,
            cookie: None,
        }
    }

    pub(crate) fn get(&mut self, path: &str) -> Answer {
        self.ask("GET", path, &[], "")
    }

    pub(crate) fn post(&mut self, path: &str, body: &Value) -> Answer {
        let json = [("content-type", "application/json")];
        self.ask("POST", path, &json, &body.to_string())
    }

    pub(crate) fn put(&mut self, path: &str, body: &Value) -> Answer {
        let json = [("content-type", "application/json")];
        self.ask("PUT", path, &json, &body.to_string())
    }

    pub(crate) fn ask(
        &mut self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Answer {
        let mut reader = self.open(method, path, headers, body);
        let answer = read(&mut reader);
        if let Some(cookie) = answer.header("set-cookie") {
            let pair = cookie.split(';').next().unwrap_or("");
            let gone = pair.ends_with('=');
            self.cookie = (!gone).then(|| pair.to_owned());
        }
        answer
    }

    /// Opens the live stream and reads its head.
    pub(crate) fn listen(&self) -> Listener {
        self.listen_to(EVENTS)
    }

    /// The same with wishes.
    pub(crate) fn listen_to(&self, path: &str) -> Listener {
        let mut reader = self.open("GET", path, &[], "");
        let (status, headers) = head(&mut reader);
        assert_eq!(status, 200);
        assert!(headers.iter().any(|(_, v)| v == "text/event-stream"));
        Listener { reader }
    }

    fn open(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> BufReader<TcpStream> {
        let mut text = format!(
            "{method} {path} HTTP/1.1\r\nhost: {}\r\ncontent-length: {}\r\n",
            self.address,
            body.len()
        );
        for (name, value) in headers {
            text += &format!("{name}: {value}\r\n");
        }
        if let Some(cookie) = &self.cookie {
            text += &format!("cookie: {cookie}\r\n");
        }
        if !path.starts_with(EVENTS) {
            text += "connection: close\r\n";
        }
        let mut stream = TcpStream::connect(self.address).expect("the panel listens");
        stream.set_read_timeout(Some(PATIENCE)).expect("a socket");
        // A panel that refuses a long body may close before it is written whole.
        let _ = stream.write_all(format!("{text}\r\n{body}").as_bytes());
        BufReader::new(stream)
    }
}

/// Where the live stream is.
const EVENTS: &str = "/api/v1/events";

/// An open live stream.
pub(crate) struct Listener {
    reader: BufReader<TcpStream>,
}

impl Listener {
    /// The next event: its name and data. `None` when the stream is over.
    pub(crate) fn next(&mut self) -> Option<(String, Value)> {
        let (mut name, mut data) = (String::new(), None);
        loop {
            let mut line = String::new();
            if self.reader.read_line(&mut line).expect("the stream") == 0 {
                return None;
            }
            let line = line.trim_end();
            if let Some(text) = line.strip_prefix("event: ") {
                name = text.into();
            } else if let Some(text) = line.strip_prefix("data: ") {
                data = Some(serde_json::from_str(text).expect("JSON"));
            } else if line.is_empty()
                && let Some(data) = data.take()
            {
                return Some((name, data));
            } else if line == "0" {
                return None;
            }
        }
    }
}

/// Reads a whole answer from a raw connection.
pub(crate) fn read(reader: &mut BufReader<TcpStream>) -> Answer {
    let (status, headers) = head(reader);
    let mut body = Vec::new();
    // The panel may reset the connection after refusing a body that was still on its way.
    let _ = reader.read_to_end(&mut body);
    Answer {
        status,
        headers,
        body: String::from_utf8_lossy(&body).into_owned(),
    }
}

fn head(reader: &mut BufReader<TcpStream>) -> (u16, Vec<(String, String)>) {
    let mut line = String::new();
    reader.read_line(&mut line).expect("a status line");
    let status = line.split(' ').nth(1).and_then(|s| s.parse().ok());
    let mut headers = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).expect("a header");
        let Some((name, value)) = line.trim_end().split_once(": ") else {
            break;
        };
        headers.push((name.to_ascii_lowercase(), value.to_owned()));
    }
    (
        status.unwrap_or_else(|| panic!("no status: {line:?}")),
        headers,
    )
}
