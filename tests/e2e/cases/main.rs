//! The real program against real phones: calls, refusals, faults, ends.

mod audio;
