//! Diagnoses: what an agent sees going wrong, with causes and what to do.
//!
//! Observations come in as they are made, with the time; the [`Register`] makes a bounded list of
//! them. Some diagnoses count how often something happened, and vanish a day after it last did;
//! others stand as long as what they tell of.

mod kind;
mod record;
mod register;

pub use kind::{Category, Kind};
pub use record::{Diagnoses, Diagnosis, Recurrence};
pub use register::{DIAGNOSES_MAX, Register};
