//! The engine over real sockets of this machine.
#![allow(unsafe_code)] // poll(2) in `rig`

mod board;
mod calls;
mod life;
mod moving;
mod ports;
mod rig;
mod secure;
