//! The tones that people at simulated sets speak in.

/// The marks that the panel can make a person speak, as the board names them: everybody listens for them.
pub(crate) const MARKS: [&str; 9] = [
    "700", "800", "900", "1000", "1100", "1200", "1300", "1400", "1500",
];

/// The panel numbers its marks 1 to 9; the board names marks by their frequency in Hz.
pub(crate) fn mark_name(mark: u8) -> String {
    let place = usize::from(mark.clamp(1, 9)) - 1;
    MARKS[place].to_owned()
}

/// The panel's number of a board's mark.
pub(crate) fn mark_number(name: &str) -> Option<u8> {
    let place = MARKS.iter().position(|mark| *mark == name)?;
    u8::try_from(place + 1).ok()
}
