//! `cargo xtask prompts`: speaks every prompt of every language and packs it, for
//! `firmware/centralka/sounds`. Needs espeak-ng and opus-tools of Debian; what they make is free of
//! their licences. Run after a text has changed; the packs are committed.
//!
//! A pack holds the prompts in the order of its text: each as the number of its Opus packets of
//! 20 ms (two bytes, the higher one first), then every packet as one byte of length and its bytes.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context as _, bail};

/// Languages with their voices.
const VOICES: [(&str, &str); 4] = [("en", "en-gb"), ("pl", "pl"), ("cs", "cs"), ("ru", "ru")];
/// Words a minute.
const SPEED: &str = "150";
/// Samples a second that espeak-ng makes.
const RATE_HZ: usize = 22_050;
/// Mean level of the voice while it speaks, against full scale: −23 dB.
const LEVEL: f32 = 0.0708;
/// Below this, against full scale, nobody speaks: −46 dB.
const SILENCE: f32 = 0.005;
/// What is left of the silence before and after, in ms.
const MARGIN_MS: usize = 60;

/// Makes all packs.
///
/// # Errors
/// When a program is missing or fails, or a text is not `name: words` a line.
pub fn prompts(folder: &Path) -> anyhow::Result<()> {
    let sounds = folder.join("firmware/centralka/sounds");
    for (language, voice) in VOICES {
        let text = std::fs::read_to_string(sounds.join(format!("{language}.txt")))?;
        let mut pack = Vec::new();
        for line in text.lines() {
            let (_, words) = line.split_once(": ").context("a line is `name: words`")?;
            let packets = encode(&level(&speak(words, voice)?))?;
            pack.extend(u16::try_from(packets.len())?.to_be_bytes());
            for packet in packets {
                pack.push(u8::try_from(packet.len()).context("a packet is short")?);
                pack.extend(packet);
            }
        }
        std::fs::write(sounds.join(format!("{language}.pack")), pack)?;
    }
    Ok(())
}

/// The words as samples.
fn speak(words: &str, voice: &str) -> anyhow::Result<Vec<i16>> {
    let output = Command::new("espeak-ng")
        .args(["-v", voice, "-s", SPEED, "--stdout", words])
        .output()
        .context("espeak-ng could not be started")?;
    // A WAV header of espeak-ng has 44 bytes.
    let samples = output.stdout.get(44..).context("espeak-ng said nothing")?;
    let (pairs, _) = samples.as_chunks::<2>();
    Ok(pairs.iter().map(|pair| i16::from_le_bytes(*pair)).collect())
}

/// Without the silence around it, and as loud as all others.
fn level(samples: &[i16]) -> Vec<i16> {
    let scaled: Vec<f32> = samples.iter().map(|&s| f32::from(s) / 32_768.0).collect();
    let loud = |s: &f32| s.abs() > SILENCE;
    let margin = MARGIN_MS * RATE_HZ / 1_000;
    let from = scaled.iter().position(loud).unwrap_or(0);
    let to = scaled.iter().rposition(loud).unwrap_or(0);
    let from = from.saturating_sub(margin);
    let to = (to + margin).min(scaled.len());
    let voice = &scaled[from..to];
    let speaking: Vec<f32> = voice
        .chunks(RATE_HZ / 50)
        .map(|part| part.iter().map(|s| s * s).sum::<f32>() / part.len() as f32)
        .filter(|power| power.sqrt() > SILENCE)
        .collect();
    let power = speaking.iter().sum::<f32>() / speaking.len().max(1) as f32;
    let gain = LEVEL / power.sqrt().max(SILENCE);
    let int = |s: &f32| (s * gain * 32_768.0).clamp(-24_000.0, 24_000.0) as i16;
    voice.iter().map(int).collect()
}

/// The packets of a stream that opusenc makes.
fn encode(samples: &[i16]) -> anyhow::Result<Vec<Vec<u8>>> {
    let rate = RATE_HZ.to_string();
    let mut opusenc = Command::new("opusenc")
        .args(["--quiet", "--raw", "--raw-chan", "1", "--raw-rate", &rate])
        .args(["--bitrate", "18", "--framesize", "20", "--speech", "-", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .context("opusenc could not be started")?;
    let bytes: Vec<u8> = samples.iter().flat_map(|s| s.to_le_bytes()).collect();
    let mut input = opusenc.stdin.take().context("opusenc has no input")?;
    let writer = std::thread::spawn(move || input.write_all(&bytes));
    let output = opusenc.wait_with_output()?;
    if !output.status.success() || writer.join().is_err() {
        bail!("opusenc failed");
    }
    // The first two packets are headers (RFC 7845 §3).
    Ok(packets(&output.stdout)?.into_iter().skip(2).collect())
}

/// The packets in Ogg pages (RFC 3533 §6).
fn packets(mut ogg: &[u8]) -> anyhow::Result<Vec<Vec<u8>>> {
    let mut out = Vec::new();
    let mut packet = Vec::new();
    while !ogg.is_empty() {
        let segments = usize::from(*ogg.get(26).context("a page is cut")?);
        let table = ogg
            .get(27..27 + segments)
            .context("a page is cut")?
            .to_vec();
        let mut at = 27 + segments;
        for length in table {
            let end = at + usize::from(length);
            packet.extend(ogg.get(at..end).context("a page is cut")?);
            at = end;
            if length < 255 {
                out.push(std::mem::take(&mut packet));
            }
        }
        ogg = &ogg[at..];
    }
    Ok(out)
}
