//! See `src/lib.rs` for what has to be installed.

mod callerid;
mod echo;
mod hangup;
mod keys;
mod talk_off;
