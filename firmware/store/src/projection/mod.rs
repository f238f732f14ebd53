//! Projections: pure folds of ledger records. CDRs, the explanation of a call and the live view
//! are made here and keep no books of their own, so that no two screens can disagree.

mod call;
mod cdr;
mod evidence;
mod health;
mod live;
mod recording;

pub use call::{CallView, LINES_MAX, LegView, Line};
pub use cdr::{Cdr, CdrFold, FoldLeg};
pub use live::{LiveCall, LiveLeg, LiveState, LiveView, Registration};
pub use recording::{Pause, Recording, RecordingState, Track};
