/// Characters of a dialled number.
pub const NUMBER_LEN_MAX: usize = 32;
/// Bytes of a name or number kept of a party, a User-Agent or a contact.
pub const PARTY_TEXT_MAX: usize = 255;
/// Calls at once.
pub const CALLS: usize = 600;
/// Legs a call may have at once.
pub const LEGS_PER_CALL: usize = 16;
/// Phones registered for one person or device.
pub const BINDINGS_PER_OWNER: usize = 10;
/// Registrations of the whole exchange.
pub const BINDINGS: usize = 4_000;
/// Steps of a tone.
pub const TONE_STEPS_MAX: usize = 16;
/// Jacks of a board.
pub const PORTS: usize = 64;
/// Characters of a name in the configuration text.
pub const NAME_LEN_MAX: usize = 80;
/// People of the office.
pub const PEOPLE: usize = 1_000;
/// Further phones of people, and phones of rooms.
pub const DEVICES: usize = 2_000;
/// Trunks to the outside.
pub const TRUNKS: usize = 64;
/// Numbers of the public network that reach the office.
pub const OUTSIDE_NUMBERS: usize = 1_000;
/// Schedules of opening hours.
pub const SCHEDULES: usize = 100;
/// Pieces of music.
pub const MUSIC: usize = 32;
/// Prompts that people brought.
pub const PROMPTS: usize = 64;
/// Conferences with a number of their own.
pub const CONFERENCES: usize = 200;
/// Legs whose sound an open page is told of in a second, the worst first.
pub const LIVE_QUALITY_LEGS: usize = 128;
