//! The simulated board as the exchange sees it: two halves a port, people at the other end.

mod conformance;
mod display;
mod faults;
mod fax;
mod hearing;
mod line;
mod line_conformance;
#[expect(unsafe_code, reason = "a counting allocator is an unsafe trait")]
mod no_allocation;
mod person;
mod threads;
mod world;
