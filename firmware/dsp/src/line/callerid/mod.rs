//! Caller ID: the messages, the modem and the DTMF codes that carry them. In what order a line does it
//! is `model::CallerIdScheme::plan`.

mod alert;
mod aon;
mod demodulator;
mod frame;
mod keys;
mod message;
mod modem;
mod ntt;
mod receiver;
mod sender;
#[cfg(test)]
mod tests;

pub use alert::{AlertDetector, AlertSender};
pub use aon::{AonNews, AonReceiver, AonRequest, AonSender};
pub use frame::Frame;
pub use keys::{KeySender, KeyTiming};
pub use message::{MessageFault, decode, encode, encode_single};
pub use modem::{Modem, ModemSender, Preamble};
pub use receiver::{CallerIdReceiver, CallerNews};
pub use sender::{CallWaitingSender, CallerIdSender};
