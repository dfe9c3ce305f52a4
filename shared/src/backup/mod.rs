//! Backups: what an archive says of itself, and what the sealed content of an agent's backup is.

mod check;
mod content;
mod kept;
mod manifest;
mod named;
mod recipient;
mod schedule;
#[cfg(test)]
mod tests;

pub use self::check::Fault;
pub use self::content::{
    Absent, AuditHead, CONTENT_FORMAT, Content, ContentError, Enrolment, IdentityKey, Machine,
    Past, REVISIONS_DEFAULT, REVISIONS_MAX, SeenOperator, Values, json_len,
};
pub use self::kept::KeptSecret;
pub use self::manifest::{FORMAT, Head, Manifest, ManifestFormat};
pub use self::named::Named;
pub use self::recipient::{InvalidRecipientText, RecipientText};
pub use self::schedule::{Overdue, ScheduleRecord, ScheduledBackup, ScheduledRun};
