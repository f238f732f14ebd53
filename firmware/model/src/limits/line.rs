/// Characters of a field of caller ID: what EN 300 659-3 allows a name; the longest of all.
pub const CALLER_TEXT: usize = 50;
/// Steps of a learned tone's cadence, on and off counted each.
pub const SIGNATURE_STEPS: usize = 8;
/// Tones of a country that a port is told.
pub const KNOWN_TONES: usize = 8;
/// Signatures that are learned of one line; the oldest makes room.
pub const LEARNED_SIGNATURES: usize = 4;
/// Samples that a card may lie between playing and hearing: 40 ms.
pub const PORT_LATENCY_SAMPLES: usize = 320;
/// Samples of the longest echo that is cancelled: 128 ms.
pub const ECHO_TAIL_SAMPLES: usize = 1_024;
/// Octets of a board file.
pub const BOARD_FILE_OCTETS: usize = 64 * 1_024;
/// Characters of a text in a board file.
pub const BOARD_TEXT: usize = 64;
/// Relays of a board.
pub const BOARD_RELAYS: usize = 16;
/// Buttons of a board.
pub const BOARD_BUTTONS: usize = 4;
/// Mistakes of a board file that are told at once.
pub const BOARD_PROBLEMS: usize = 64;
/// Minutes for which the samples of a port are kept as they are, at most one each: a week.
pub const LINE_MINUTES: usize = 7 * 24 * 60;
/// Hours for which something of a port is kept, after that week one sample each: 31 days and the hour
/// that has begun.
pub const LINE_HOURS: usize = 31 * 24 + 1;
/// Hours of a port that are made one sample each at a time; a clock that jumped leaves many.
pub const LINE_HOURS_AT_ONCE: usize = 24;
/// Hang-ups of one line of which the sound is kept; the oldest makes room.
pub const LINE_EVIDENCE: usize = 20;
/// Samples of a line that are kept of a hang-up: 3 s.
pub const EVIDENCE_SAMPLES: usize = 3 * 8_000;
/// Impedances that a port may show its line.
pub const IMPEDANCES: usize = 10;
