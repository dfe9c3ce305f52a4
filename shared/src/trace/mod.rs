//! Traces of payload: what may be written of it. Credentials are taken out before anything is kept.

mod body;
mod redact;
mod scan;

pub use body::{Shown, show};
pub use redact::{REDACTED, header, is_credential, target};
