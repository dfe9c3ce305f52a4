//! Alerts: conditions that somebody should know of, as values.
//!
//! A [`Condition`] is what is wrong right now, found by looking. The register of alerts turns
//! conditions into [`Alert`]s, and tells by [`Notice`]s what changed: raised, reminded, resolved.
//! Notices are what is delivered.

mod category;
mod code;
mod delivery;
mod record;
mod register;

pub use category::Category;
pub use code::Code;
pub use delivery::{DeliveryState, DeliveryTrouble};
pub use record::{Acknowledged, Alert, AlertId, Condition, Happening, Notice, Severity};
pub use register::{Look, Register, RegisterError, Rules, SILENCE_MAX, Told};
