//! Whole calls of phones, an analog set and an outside line, as the control plane sees them: what it is told by
//! ports and the media plane is played by the test.

#[path = "../office/mod.rs"]
mod office;

mod answers;
mod fax;
mod greeting;
mod hang_ups;
mod line;
mod phones;
mod quality;
mod refusals;
mod rig;
