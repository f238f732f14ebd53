//! The real program against real phones: calls, refusals, faults, ends.

mod addresses;
mod audio;
mod callers;
mod codec_change;
mod conference;
mod disks;
mod doctor;
mod example;
mod hold;
mod life;
mod lines;
mod recordings;
mod recovery;
mod refusals;
mod sets;
mod sipp_calls;
mod threads;
mod upkeep;
mod voice;
