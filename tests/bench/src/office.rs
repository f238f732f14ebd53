//! The program under measurement, with a generated office in it.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpStream, UdpSocket},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicU32, Ordering},
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail};
use nix::{sys::signal, unistd::Pid};

use crate::{agent::Phone, clock, process::Process};

/// First extension of the people.
const FIRST: usize = 2_000;
/// Longest wait for the program to be ready: a debug build on a busy machine takes its time.
const READY: Duration = Duration::from_secs(60);

/// A running exchange. Ends with the value, its files with it.
#[derive(Debug)]
pub(crate) struct Office {
    child: Child,
    folder: Folder,
    /// Where it takes SIP over UDP.
    pub(crate) sip: SocketAddr,
    /// Where it takes SIP over TCP.
    pub(crate) sip_tcp: SocketAddr,
    panel: SocketAddr,
    /// The accounts of its people, callers in the first half.
    pub(crate) phones: Vec<Phone>,
}

/// A temporary folder with the exchange's data.
#[derive(Debug)]
pub(crate) struct Folder(PathBuf);

impl Folder {
    /// Makes an empty one.
    pub(crate) fn new() -> Result<Self> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("centralka-bench-{}-{number}", std::process::id());
        let path = std::env::temp_dir().join(name);
        fs::create_dir_all(&path).with_context(|| format!("{} cannot be made", path.display()))?;
        Ok(Self(path))
    }

    /// A file in it.
    pub(crate) fn join(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// The accounts of `people`: the first half calls, the second half is called.
pub(crate) fn phones(people: usize) -> Vec<Phone> {
    (0..people)
        .map(|at| Phone {
            user: (FIRST + at).to_string(),
            password: format!("bench-{}-secret", FIRST + at),
            door: usize::from(at >= people / 2),
        })
        .collect()
}

/// The configuration text. `sip` is where the exchange takes SIP over UDP.
pub(crate) fn text(phones: &[Phone], sip: SocketAddr) -> String {
    let mut text = format!(
        "format = 1\n\n[office]\nname = \"Bench\"\ncountry = \"PL\"\ntimezone = \"Europe/Warsaw\"\n\n\
         [network]\nsip_udp = [\"{sip}\"]\nsip_tcp = [\"127.0.0.1:0\"]\nsip_tls = [\"127.0.0.1:0\"]\n\
         panel_http = \"127.0.0.1:0\"\npanel_https = \"127.0.0.1:0\"\nrtp_ports = \"20000-29999\"\n"
    );
    for phone in phones {
        text += &format!(
            "\n[[person]]\nname = \"Person {0}\"\nextension = \"{0}\"\nsip_password = \"{1}\"\n",
            phone.user, phone.password
        );
    }
    text
}

/// A UDP address of ours that was free a moment ago: for figures that must know it before the
/// exchange does.
pub(crate) fn free_address() -> Result<SocketAddr> {
    Ok(UdpSocket::bind("127.0.0.1:0")?.local_addr()?)
}

/// Starts the program; it is not yet ready.
pub(crate) fn spawn(bin: &Path, folder: &Folder) -> Result<Child> {
    let log = File::create(folder.join("log"))?;
    Command::new(bin)
        .arg("serve")
        .arg("--data")
        .arg(folder.join("data"))
        .arg("--config")
        .arg(folder.join("office.toml"))
        .stdin(Stdio::null())
        .stdout(log.try_clone()?)
        .stderr(log)
        .spawn()
        .with_context(|| format!("{} cannot be started", bin.display()))
}

/// Asks the program to stop and waits; kills it if it does not. Whether it ended by itself, well.
pub(crate) fn stop(child: &mut Child) -> bool {
    if let Ok(pid) = i32::try_from(child.id()) {
        let _ = signal::kill(Pid::from_raw(pid), signal::Signal::SIGTERM);
    }
    let until = clock::now() + Duration::from_secs(15);
    while clock::now() < until {
        match child.try_wait() {
            Ok(Some(status)) => return status.success(),
            Ok(None) => clock::idle(Duration::from_millis(20)),
            Err(_) => break,
        }
    }
    let _ = child.kill();
    let _ = child.wait();
    false
}

impl Office {
    /// Starts the program with an office of `people` and waits until it is ready.
    pub(crate) fn open(bin: &Path, people: usize) -> Result<Self> {
        Self::open_with(bin, people, ("", ""))
    }

    /// The same with more in the configuration of each person, and at its end.
    pub(crate) fn open_with(
        bin: &Path,
        people: usize,
        (person, more): (&str, &str),
    ) -> Result<Self> {
        let folder = Folder::new()?;
        let phones = phones(people);
        let anywhere = SocketAddr::from(([127, 0, 0, 1], 0));
        let text =
            text(&phones, anywhere).replace("[[person]]\n", &format!("[[person]]\n{person}"));
        fs::write(folder.join("office.toml"), text + more)?;
        let mut child = spawn(bin, &folder)?;
        let listen = match listening(&mut child, &folder) {
            Ok(listen) => listen,
            Err(error) => {
                let _ = child.kill();
                let _ = child.wait();
                return Err(error.context(log_end(&folder)));
            }
        };
        Ok(Self {
            sip: address(&listen["sip_udp"][0])?,
            sip_tcp: address(&listen["sip_tcp"][0])?,
            panel: address(&listen["panel_http"])?,
            child,
            folder,
            phones,
        })
    }

    /// The process.
    pub(crate) fn process(&self) -> Process {
        Process(self.child.id())
    }

    /// Whether it still runs.
    pub(crate) fn is_alive(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// The last lines it wrote.
    pub(crate) fn log_end(&self) -> String {
        log_end(&self.folder)
    }

    /// The figures of `/metrics`.
    pub(crate) fn metrics(&self) -> Result<BTreeMap<String, f64>> {
        let mut stream = TcpStream::connect(self.panel)?;
        stream.set_read_timeout(Some(Duration::from_secs(10)))?;
        write!(
            stream,
            "GET /metrics HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n",
            self.panel
        )?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        let figures: BTreeMap<String, f64> = answer
            .lines()
            .filter(|line| line.starts_with("centralka_"))
            .filter_map(|line| line.split_once(' '))
            .filter_map(|(name, value)| Some((name.to_owned(), value.parse().ok()?)))
            .collect();
        if figures.is_empty() {
            bail!("/metrics says nothing: {answer:.200}");
        }
        Ok(figures)
    }
}

impl Drop for Office {
    fn drop(&mut self) {
        if self.is_alive() {
            stop(&mut self.child);
        }
    }
}

/// Waits for `listen.json`, which is written when everything is open.
fn listening(child: &mut Child, folder: &Folder) -> Result<serde_json::Value> {
    let until: Instant = clock::now() + READY;
    let file = folder.join("data").join("listen.json");
    loop {
        let text = fs::read_to_string(&file).unwrap_or_default();
        if let Ok(listen) = serde_json::from_str(&text) {
            return Ok(listen);
        }
        if let Some(status) = child.try_wait()? {
            bail!("the program ended at its start: {status}");
        }
        if clock::now() > until {
            bail!("the program was not ready in {} s", READY.as_secs());
        }
        clock::idle(Duration::from_millis(5));
    }
}

fn address(value: &serde_json::Value) -> Result<SocketAddr> {
    let text = value.as_str().context("listen.json lacks an address")?;
    Ok(text.parse()?)
}

fn log_end(folder: &Folder) -> String {
    let text = fs::read_to_string(folder.join("log")).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(20)..].join("\n")
}
