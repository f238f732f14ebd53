//! Automation of more than a few lines, and the house rules that `tests/layout` enforces.
//!
//! Nothing here is part of the product.
#![forbid(unsafe_code)]

pub mod acceptance;
pub mod bench;
pub mod fuzz;
pub mod house;
pub mod prompts;
pub mod sim;
pub mod soak;
pub mod tree;
