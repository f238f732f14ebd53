//! What must hold for any bytes that are taken for a sound file. Also used by the fuzz target
//! `audio_file`.

use dsp::file::{Playing, read};
use model::limits;

/// Reads `data` both ways: a clip within the limits, or a fault in words.
pub(crate) fn audio_file(data: &[u8]) -> bool {
    let once = read(data, Playing::Once);
    let around = read(data, Playing::Around);
    assert_eq!(
        once.is_ok(),
        around.is_ok(),
        "how it is played is no matter of the file"
    );
    for clip in [&once, &around] {
        match clip {
            Ok(clip) => {
                assert!(!clip.narrow.is_empty() && clip.wide.len() == 2 * clip.narrow.len());
                assert!(clip.ms() as usize <= limits::FILE_SECONDS * 1_000);
                // 1 dB below full scale, and rounding.
                let peak = clip.wide.iter().map(|s| s.unsigned_abs()).max();
                assert!(peak <= Some(29_205), "{peak:?}");
            }
            Err(fault) => assert!(!fault.to_string().is_empty()),
        }
    }
    once.is_ok()
}
