//! Real speech: Debian's prompts, and what espeak-ng says in many voices.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use dsp::file::{self, Playing};

/// Languages that espeak-ng speaks, and how many words a minute, with what pitch and voice.
const VOICES: [(&str, u32, u32); 24] = [
    ("en-gb+f2", 160, 55),
    ("en-us+m3", 180, 40),
    ("pl+f3", 150, 60),
    ("de+m1", 170, 45),
    ("fr-fr+f4", 165, 65),
    ("es+m4", 190, 50),
    ("it+f1", 175, 70),
    ("cs+m2", 155, 35),
    ("nl+f5", 160, 60),
    ("sv+m5", 150, 30),
    ("pt-br+f2", 185, 55),
    ("ru+m6", 145, 40),
    ("uk+f3", 160, 75),
    ("ro+m7", 170, 50),
    ("hu+f1", 150, 60),
    ("el+m1", 165, 45),
    ("tr+f4", 175, 65),
    ("da+m3", 160, 35),
    ("fi+f5", 140, 55),
    ("nb+m2", 165, 50),
    ("sk+f2", 155, 70),
    ("bg+m4", 150, 40),
    ("hi+f1", 160, 60),
    ("cmn+m1", 150, 50),
];

/// Speech in pieces, 8,000 samples a second.
#[derive(Debug)]
pub struct Corpus {
    /// The pieces, none shorter than half a second.
    pub pieces: Vec<Vec<i16>>,
}

impl Corpus {
    /// All prompts, and half a minute of numbers in each of 24 voices.
    ///
    /// # Panics
    /// If the prompts or espeak-ng are not there.
    #[must_use]
    pub fn load() -> Self {
        let folder = env::var_os("CENTRALKA_SPEECH").map(PathBuf::from).expect(
            "CENTRALKA_SPEECH must name the folder of Debian's speech prompts; scripts/test does it",
        );
        let mut pieces = Vec::new();
        prompts(&folder, &mut pieces);
        pieces.extend(
            VOICES
                .iter()
                .map(|&(voice, speed, pitch)| spoken(voice, speed, pitch)),
        );
        pieces.retain(|piece: &Vec<i16>| piece.len() > 4_000);
        assert!(
            pieces.len() > 100,
            "{} prompts in {}",
            pieces.len(),
            folder.display()
        );
        Self { pieces }
    }

    /// So much different speech: what there is, and numbers in further voices.
    ///
    /// # Panics
    /// If espeak-ng is not there.
    #[must_use]
    pub fn grown_to(mut self, hours: f64) -> Self {
        // Each round is faster and higher than the one before: other voices, other numbers.
        let rounds = (1..).flat_map(|round| VOICES.iter().map(move |voice| (round, voice)));
        for (round, &(voice, speed, pitch)) in rounds {
            if self.hours() >= hours {
                break;
            }
            self.pieces
                .push(spoken(voice, speed + 12 * round, (pitch + 7 * round) % 100));
        }
        self
    }

    /// How much different speech there is, in hours.
    #[must_use]
    pub fn hours(&self) -> f64 {
        let samples: usize = self.pieces.iter().map(Vec::len).sum();
        samples as f64 / 8_000.0 / 3_600.0
    }
}

/// The prompts of a folder and of those in it, in the order of their names.
fn prompts(folder: &Path, pieces: &mut Vec<Vec<i16>>) {
    let entries = fs::read_dir(folder).expect("the folder of prompts can be read");
    let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    for path in paths {
        if path.is_dir() {
            prompts(&path, pieces);
        } else if path.extension().is_some_and(|kind| kind == "wav") {
            let bytes = fs::read(&path).expect("a prompt can be read");
            let samples = bytes.get(44..).unwrap_or(&[]).chunks_exact(2);
            pieces.push(
                samples
                    .map(|two| i16::from_le_bytes([two[0], two[1]]))
                    .collect(),
            );
        }
    }
}

/// Numbers of many kinds, which every voice reads in words of its language.
fn spoken(voice: &str, speed: u32, pitch: u32) -> Vec<i16> {
    let mut random = crate::Random::new(u64::from(speed * 1_000 + pitch));
    let words: Vec<String> = (0..22)
        .map(|_| {
            let digits = 1 + random.below(6) as u32;
            (random.bits() % 10_u64.pow(digits)).to_string()
        })
        .collect();
    let output = Command::new("espeak-ng")
        .args(["--stdout", "-v", voice, "-s", &speed.to_string()])
        .args(["-p", &pitch.to_string()])
        .arg(words.join(", "))
        .output()
        .expect("espeak-ng must be installed; scripts/test does it");
    assert!(output.status.success(), "{voice}");
    let mut wav = output.stdout;
    // On a pipe espeak-ng cannot know how long it will speak; the header is mended.
    let data = (wav.len() - 44) as u32;
    wav[4..8].copy_from_slice(&(data + 36).to_le_bytes());
    wav[40..44].copy_from_slice(&data.to_le_bytes());
    let clip = file::read(&wav, Playing::Once).expect("espeak-ng makes WAV");
    clip.narrow.into_vec()
}
