//! The drivers over models of their chips, as a board of one port each.

mod fxs_bench;
mod fxs_conformance;
mod fxs_faults;
