//! The panel over real HTTP on loopback, with an exchange that exists in memory only.

#[path = "../../examples/mock_panel/office.rs"]
mod office;

mod archive;
mod browser;
mod login;
mod pages;
mod phones;
mod ports;
mod programs;
mod secure;
mod walls;
