//! Restoring: what a backup makes of an agent, decided before anything is touched.
//!
//! [`Draft::make`] puts the document together, [`Draft::questions`] says what is to be found out on
//! the host, and [`Draft::plan`] tells what would change and what somebody should look at.

mod adaptation;
mod choice;
mod draft;
mod facts;
mod plan;
mod settings;
mod subaccounts;
#[cfg(test)]
mod tests;

pub use self::adaptation::{ADAPTATIONS_MAX, Adaptation, AdaptationKind};
pub use self::choice::{
    Choice, HostRule, LocationRule, MappingName, NameRule, RegionRule, RestoreMode, RestorePart,
};
pub use self::draft::{Draft, Writes, not_before};
pub use self::facts::{Facts, Held, HeldEnrolment, HeldValue, Questions};
pub use self::plan::{Plan, SecretCounts};
