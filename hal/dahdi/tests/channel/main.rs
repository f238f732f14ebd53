//! Ports over a kernel of our own, which keeps the rules of the interface: what waits, what is busy,
//! what must be set first.

mod delay;
mod fake;
mod line;
mod set;
