//! The drivers over models of their chips, as a board of one port each.

mod bench;
mod fxo_bench;
mod fxo_conformance;
mod fxo_faults;
mod fxs_bench;
mod fxs_conformance;
mod fxs_faults;
mod fxs_impedance;
mod storm;
