//! Programs of others that read what we send and send what we read.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{self, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

/// A file that goes away with its owner.
struct Passing(PathBuf);

impl Passing {
    fn new(kind: &str) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("centralka-lines-{}-{number}.{kind}", process::id());
        Self(env::temp_dir().join(name))
    }

    fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Passing {
    fn drop(&mut self) {
        // Nothing to be done if it is not there.
        let _ = fs::remove_file(&self.0);
    }
}

fn octets(sound: &[i16]) -> Vec<u8> {
    sound.iter().flat_map(|s| s.to_le_bytes()).collect()
}

fn samples(octets: &[u8]) -> Vec<i16> {
    let pairs = octets.chunks_exact(2);
    pairs
        .map(|two| i16::from_le_bytes([two[0], two[1]]))
        .collect()
}

/// A WAV file of one channel with 8,000 samples a second.
fn wav(sound: &[i16]) -> Vec<u8> {
    let data = octets(sound);
    let mut out = Vec::with_capacity(data.len() + 44);
    out.extend(b"RIFF");
    out.extend((data.len() as u32 + 36).to_le_bytes());
    out.extend(b"WAVEfmt ");
    out.extend(16_u32.to_le_bytes());
    out.extend([1, 0, 1, 0]);
    out.extend(8_000_u32.to_le_bytes());
    out.extend(16_000_u32.to_le_bytes());
    out.extend([2, 0, 16, 0]);
    out.extend(b"data");
    out.extend((data.len() as u32).to_le_bytes());
    out.extend(data);
    out
}

fn ran(mut command: Command) -> Vec<u8> {
    let name = format!("{:?}", command.get_program());
    let output = command
        .output()
        .unwrap_or_else(|error| panic!("{name}: {error}; scripts/test installs it"));
    output.stdout
}

/// The octets that minimodem reads with these settings, for example `--ascii -M 1300 -S 2100 1200`.
///
/// # Panics
/// If minimodem is not there.
#[must_use]
pub fn minimodem_reads(sound: &[i16], settings: &[&str]) -> Vec<u8> {
    let file = Passing::new("wav");
    fs::write(file.path(), wav(sound)).expect("the folder for passing files can be written");
    let mut command = Command::new("minimodem");
    command
        .args(["--rx", "--quiet", "--file"])
        .arg(file.path())
        .args(settings);
    ran(command)
}

/// What minimodem sends of these octets.
///
/// # Panics
/// If minimodem is not there.
#[must_use]
pub fn minimodem_says(octets: &[u8], settings: &[&str]) -> Vec<i16> {
    let (input, output) = (Passing::new("octets"), Passing::new("wav"));
    fs::write(input.path(), octets).expect("the folder for passing files can be written");
    let mut command = Command::new("minimodem");
    command
        .args(["--tx", "--quiet", "--samplerate", "8000", "--file"])
        .arg(output.path())
        .args(settings)
        .stdin(Stdio::from(
            fs::File::open(input.path()).expect("was written just now"),
        ));
    ran(command);
    let made = fs::read(output.path()).expect("minimodem writes a file");
    samples(made.get(44..).unwrap_or(&[]))
}

/// The keys that multimon-ng hears.
///
/// # Panics
/// If multimon-ng is not there.
#[must_use]
pub fn multimon_reads(sound: &[i16]) -> String {
    // It wants 22,050 samples a second: straight lines between ours are good enough for keys.
    let count = sound.len() * 441 / 160;
    let sample = |n: usize| {
        let at = n as f64 * 160.0 / 441.0;
        let (here, part) = (at as usize, at.fract());
        let a = f64::from(sound.get(here).copied().unwrap_or(0));
        let b = f64::from(sound.get(here + 1).copied().unwrap_or(0));
        (a + (b - a) * part) as i16
    };
    let resampled: Vec<i16> = (0..count).map(sample).collect();
    let file = Passing::new("raw");
    fs::write(file.path(), octets(&resampled))
        .expect("the folder for passing files can be written");
    let mut command = Command::new("multimon-ng");
    command
        .args(["-q", "-t", "raw", "-a", "DTMF"])
        .arg(file.path());
    let said = String::from_utf8_lossy(&ran(command)).into_owned();
    let keys = said.lines().filter_map(|line| line.strip_prefix("DTMF: "));
    keys.map(str::trim).collect()
}

/// What libspandsp does with `input` when it is told `words` (see `outside/spandsp.c`).
///
/// # Panics
/// If there is no C compiler or no libspandsp.
#[must_use]
pub fn spandsp(words: &[&str], input: &[i16]) -> Vec<u8> {
    let program = built();
    let file = Passing::new("raw");
    fs::write(file.path(), octets(input)).expect("the folder for passing files can be written");
    let mut command = Command::new(program);
    command.args(words).stdin(Stdio::from(
        fs::File::open(file.path()).expect("was written just now"),
    ));
    let output = command.output().expect("was built just now");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    output.stdout
}

/// The program around libspandsp, built once.
fn built() -> &'static Path {
    static PROGRAM: std::sync::OnceLock<PathBuf> = std::sync::OnceLock::new();
    PROGRAM.get_or_init(|| {
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("outside/spandsp.c");
        let program = env::temp_dir().join(format!("centralka-lines-spandsp-{}", process::id()));
        let status = Command::new("cc")
            .args(["-O2", "-o"])
            .arg(&program)
            .arg(source)
            .args(["-lspandsp", "-lm"])
            .status()
            .expect("a C compiler must be installed; scripts/test does it");
        assert!(status.success(), "libspandsp-dev must be installed");
        program
    })
}
