//! The ear.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{self, Command},
    sync::atomic::{AtomicU32, Ordering},
};

use crate::Speech;

/// How `after` sounds to one who knows `before`: 1 (bad) to 4.5.
///
/// # Panics
/// If there is no scorer, or it has nothing to say.
#[must_use]
pub fn pesq(before: &Speech, after: &Speech) -> f64 {
    assert_eq!(before.hz, after.hz);
    let python = env::var_os("CENTRALKA_SCORER").expect(
        "CENTRALKA_SCORER must name a Python with the package pesq; scripts/test makes one",
    );
    let (first, second) = (written(before), written(after));
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("score.py");
    let output = Command::new(python)
        .arg(script)
        .arg(before.hz.to_string())
        .args([&first, &second])
        .output()
        .expect("Python runs");
    for file in [first, second] {
        let _ = fs::remove_file(file);
    }
    let said = String::from_utf8_lossy(&output.stdout);
    let score = said.trim().parse();
    score.unwrap_or_else(|_| {
        panic!(
            "no score: {said}{}",
            String::from_utf8_lossy(&output.stderr)
        )
    })
}

fn written(speech: &Speech) -> PathBuf {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let number = COUNT.fetch_add(1, Ordering::Relaxed);
    let name = format!("centralka-speech-{}-{number}.raw", process::id());
    let path = env::temp_dir().join(name);
    let bytes: Vec<u8> = speech
        .samples
        .iter()
        .flat_map(|s| s.to_le_bytes())
        .collect();
    fs::write(&path, bytes).expect("the folder for passing files can be written");
    path
}
