//! Caller ID: the messages, the modem and the DTMF codes that carry them, and in what order a line does it.

mod alert;
mod demodulator;
mod frame;
mod keys;
mod message;
mod modem;
mod ntt;
mod plan;
mod receiver;
mod sender;
#[cfg(test)]
mod tests;

pub use alert::{AlertDetector, AlertSender};
pub use frame::Frame;
pub use keys::{KeySender, KeyTiming};
pub use message::{MessageFault, decode, encode, encode_single};
pub use modem::{Modem, ModemSender, Preamble};
pub use plan::{PlanStep, lamp_plan, plan};
pub use receiver::{CallerIdReceiver, CallerNews};
pub use sender::{CallWaitingSender, CallerIdSender};
