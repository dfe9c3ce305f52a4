//! Pairing: how a client that knows one string and an agent come to trust each other.
//!
//! The string names the agent's identity and a one-time secret. Both sides prove that they know
//! the secret, each over this one TLS connection and this one signing request, so that what is
//! overheard or passed on is worth nothing.

mod link;
mod offer;
mod proof;
mod words;

pub use link::{InvalidPairingLink, PairingLink};
pub use offer::{LIFE, Offer, Refused, TRIES, Welcome};
pub use proof::{EXPORTER_LABEL, Handshake, PairingSecret};
pub use words::COUNT as WORDS;
