//! The box's memory: the ledger and its projections, state, secrets, versions of the
//! configuration, the panel's doors, and the input journal. The only SQL.
//!
//! It never decides anything about a call and never reads what a configuration means.
//!
//! One process writes ([`Store`], behind the [`Writer`] thread while the exchange runs), any number
//! of [`Reader`]s look on. Words for people are made in [`explain`] and nowhere else.
#![forbid(unsafe_code)]
#![warn(missing_docs)]

mod attached;
mod backup;
mod clock;
mod config;
mod door;
mod encode;
mod error;
pub mod explain;
pub mod journal;
mod ledger;
mod projection;
mod reader;
pub mod recording;
mod recover;
mod retention;
mod schema;
mod seal;
mod secret;
mod store;
mod verify;
mod writer;

pub use attached::{RECORDINGS_FOLDER, SOUNDS_FOLDER};
pub use backup::{Recordings, backup, restore};
pub use config::{ConfigSave, ConfigVersion};
pub use door::{ApiToken, MEMO_MAX, SESSIONS, Session, TokenHash};
pub use encode::StoredRecord;
pub use error::StoreError;
pub use journal::Journal;
pub use ledger::{Appended, Batch};
pub use projection::{
    CallView, Cdr, CdrFold, FoldLeg, LINES_MAX, LegView, Line, LiveCall, LiveLeg, LiveState,
    LiveView, Pause, Recording, RecordingState, Registration, Track,
};
pub use reader::{ROWS_MAX, Reader};
pub use recover::{REFRESH_LAG, REFRESH_WRITE, Recovered, closing_records, granted};
pub use secret::{SECRET_MAX, Secret};
pub use store::{BOX_KEY_FILE, DATABASE_FILE, LOCK_FILE, Store};
pub use verify::{Fault, VerifyReport, verify};
pub use writer::{Refused, Writer, WriterHandle, WriterOptions, WriterStats};
