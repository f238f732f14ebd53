//! The data plane from outside, under an allocator that refuses to work inside it.
#![allow(unsafe_code)] // the allocator of `guard`

mod clips;
mod comfort;
mod conference;
mod data;
mod digits;
mod guard;
mod hostile;
mod ice;
mod inband;
mod mixing;
mod moving;
mod quality;
mod relay;
mod reports;
mod rig;
mod secure;
mod storm;
