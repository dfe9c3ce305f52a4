//! Delivery of alerts: a persistent outbox, mail, webhook and syslog.
//!
//! Notices are put into the outbox of each channel together with the state of the register of
//! alerts, in one transaction. The courier takes them from there: it packs what waits into parcels,
//! writes each parcel down before it is sent for the first time, and forgets it only when the
//! receiver has taken it. A parcel keeps its id over attempts and restarts, so that a receiver can
//! tell a repetition.
#![forbid(unsafe_code)]
#![warn(missing_docs)]

mod backoff;
mod channel;
mod courier;
mod dial;
mod failure;
mod mail;
mod pace;
mod parcel;
mod settings;
mod store;
mod surroundings;
mod syslog;
mod tempo;
mod text;
mod trust;
mod webhook;

pub use channel::{Channel, InvalidChannel};
pub use courier::Courier;
pub use settings::{Sender, Settings};
pub use store::{OUTBOX_MAX, Store, StoreError};
pub use surroundings::{Guard, Receiver, Secrets, Surroundings};
pub use tempo::Tempo;
