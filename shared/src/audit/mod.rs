//! The audit log of an agent: what is recorded, how records are chained and signed, how a log is
//! verified and searched.
//!
//! A log is a row of segments. Each is a file of lines; each line holds its record as canonical
//! JSON and the SHA-256 over the hash of the line before and these very bytes. A segment begins
//! with a head that carries the chain on from the segment before, has signed seals within, and ends
//! with one. What retention removed is vouched for by a signed marker.

mod anchor;
mod chain;
mod edits;
mod entry;
mod fault;
mod filter;
mod hex;
pub mod limits;
mod marker;
mod record;
mod verify;

pub use anchor::{Anchor, InvalidAnchor};
pub use chain::Chain;
pub use edits::{Edit, Edits, edits};
pub use entry::{Entry, Head, Line, NoLine, Seal, Sealed, read_line};
pub use fault::{Bad, Fault};
pub use filter::{Filter, Glob, InvalidGlob};
pub use hex::{HexBytes, InvalidHex, PublicKey, Signature};
pub use marker::{Marker, Start};
pub use record::{Actor, Category, Forwarded, Outcome, Record};
pub use verify::{CheckSignature, Report, Verifier};

#[cfg(test)]
mod tests;
