//! See `src/lib.rs` for what has to be installed.

mod callerid;
mod echo;
mod hangup;
mod talk_off;
