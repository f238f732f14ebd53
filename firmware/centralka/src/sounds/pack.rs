//! The prompts: spoken once by `cargo xtask prompts`, which documents the form of a pack.

use dsp::codec::{Decoder, SAMPLES_MAX};
use model::{Codec, Language, OpusParams, Prompt};

static EN: &[u8] = include_bytes!("../../sounds/en.pack");
static PL: &[u8] = include_bytes!("../../sounds/pl.pack");
static CS: &[u8] = include_bytes!("../../sounds/cs.pack");
static RU: &[u8] = include_bytes!("../../sounds/ru.pack");

/// The samples of a prompt, at 16 kHz.
pub(super) fn prompt(prompt: Prompt, language: Language) -> Option<Vec<i16>> {
    let mut pack = match language {
        Language::En => EN,
        Language::Pl => PL,
        Language::Cs => CS,
        Language::Ru => RU,
    };
    let wanted = Prompt::ALL.iter().position(|known| *known == prompt)?;
    for _ in 0..wanted {
        for _ in 0..packets(&mut pack)? {
            packet(&mut pack)?;
        }
    }
    let mut decoder = Decoder::new(Codec::Opus, OpusParams::default()).ok()?;
    let mut samples = Vec::new();
    let mut block = [0; SAMPLES_MAX];
    for _ in 0..packets(&mut pack)? {
        let length = decoder.decode(packet(&mut pack)?, &mut block).ok()?;
        samples.extend_from_slice(block.get(..length)?);
    }
    Some(samples)
}

fn packets(pack: &mut &[u8]) -> Option<u16> {
    let (count, rest) = pack.split_first_chunk::<2>()?;
    *pack = rest;
    Some(u16::from_be_bytes(*count))
}

fn packet<'p>(pack: &mut &'p [u8]) -> Option<&'p [u8]> {
    let (length, rest) = pack.split_first()?;
    let (packet, rest) = rest.split_at_checked(usize::from(*length))?;
    *pack = rest;
    Some(packet)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_texts_stand_in_the_order_of_the_prompts() {
        let texts = [
            include_str!("../../sounds/en.txt"),
            include_str!("../../sounds/pl.txt"),
            include_str!("../../sounds/cs.txt"),
            include_str!("../../sounds/ru.txt"),
        ];
        for text in texts {
            let names = text.lines().filter_map(|line| line.split_once(": "));
            let names: Vec<String> = names.map(|(name, _)| format!("\"{name}\"")).collect();
            let known: Vec<String> = Prompt::ALL
                .iter()
                .filter_map(|prompt| serde_json::to_string(prompt).ok())
                .collect();
            assert_eq!(names, known);
        }
    }

    #[test]
    fn a_pack_is_read_to_its_last_byte() {
        for pack in [EN, PL, CS, RU] {
            let mut rest = pack;
            for _ in Prompt::ALL {
                for _ in 0..packets(&mut rest).expect("a prompt") {
                    packet(&mut rest).expect("a packet");
                }
            }
            assert!(rest.is_empty());
        }
    }
}
