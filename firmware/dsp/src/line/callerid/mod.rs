//! Caller ID: the messages, the modem and the DTMF codes that carry them, and in what order a line does it.

mod plan;

pub use plan::{PlanStep, lamp_plan, plan};
