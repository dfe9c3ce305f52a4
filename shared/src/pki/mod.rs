//! Names and tokens of the public key infrastructure; making keys and certificates is IO and lives elsewhere.

pub mod alt_name;
pub mod chain;
pub mod dn;
pub mod expiry;
pub mod identity;
pub mod operator;
pub mod subject;
pub mod token;
