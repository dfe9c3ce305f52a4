//! Configurations of SAP Cloud Connector, as its documented REST API tells them, on their way into
//! a document of ours.
//!
//! A [`Reading`] says what is to be asked next and keeps the answers. [`plan()`] makes a document of
//! it, with a [`Report`] that names every field: carried, decided, changed on the way or left
//! behind, and why. Nothing is dropped silently: a field that nobody here knows is reported too.

mod address;
mod channel;
mod choice;
mod fields;
mod findings;
mod mapping;
mod markdown;
mod plan;
mod reading;
mod report;
mod resource;
mod rules;
mod settings;
mod subaccount;
#[cfg(test)]
mod tests;
mod trust;

pub use address::SourceSubaccount;
pub use choice::{Choice, Prefix};
pub use findings::{At, Decision, Finding, Kind, Topic};
pub use plan::{Planned, plan};
pub use reading::{Call, Form, InvalidReading, Reading, ReadingFormat, Refused, Source};
pub use report::{Counts, Report, ReportFormat, Tally, Untold};
