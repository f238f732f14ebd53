//! What the cases stand on: the real program as a child, real phones around it, and ears.
//!
//! The program is named by the environment variable `CENTRALKA_BIN`; SIPp comes from the Debian
//! package `sip-tester`, baresip from `baresip-core`. What is missing is a failure that says so.
//! Nothing here sleeps for a fixed time or uses a fixed port: conditions are awaited with a
//! deadline, ports are asked from the kernel.

#![forbid(unsafe_code)]

pub mod baresip;
pub mod child;
pub mod disk;
pub mod ears;
pub mod exchange;
pub mod folder;
pub mod phone;
pub mod ports;
pub mod set;
pub mod sipp;
pub mod wait;
