//! Backup archives: a zip with exactly two entries, a clear manifest and a payload sealed by `age`.
//!
//! Any `age` program opens the payload with the passphrase, or with the identity of a recipient.
//! Reading trusts nothing: sizes, entries, hash and layout are checked before the passphrase is
//! tried, and the content's size while it is opened. Archives are made and read piece by piece.

mod error;
mod frame;
mod key;
mod make;
mod read;
#[cfg(test)]
mod tests;

use underpass_shared::backup::Head;

pub use self::error::ArchiveError;
pub use self::key::{
    Identity, InvalidIdentity, InvalidRecipient, Key, Lock, RECIPIENTS_MAX, Recipient,
};
pub use self::make::{seal, seal_to};
pub use self::read::{inspect, open, open_from};

/// The name of the clear entry.
pub const MANIFEST: &str = "MANIFEST.json";
/// The name of the sealed entry.
pub const PAYLOAD: &str = "payload.age";

/// The largest archive that is read; the state of a large gateway has some megabytes.
pub const ARCHIVE_MAX: usize = 256 * 1024 * 1024;
/// The largest manifest that is read.
const MANIFEST_MAX: usize = 64 * 1024;
/// The most work that an archive may ask for: 1 GiB of memory and some seconds.
const WORK_MAX: u8 = 20;

/// What is done at most for an archive of somebody else.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// The most bytes of it.
    pub archive: usize,
    /// The most work to try a passphrase, as a power of two; 18 takes 256 MiB of memory.
    pub work: u8,
    /// Whether every byte must be as it was written. Otherwise what another program packed anew is
    /// taken too, as long as it holds the same.
    pub as_written: bool,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            archive: ARCHIVE_MAX,
            work: WORK_MAX,
            as_written: false,
        }
    }
}

/// What the manifest of a new archive says.
#[derive(Clone, Debug)]
pub struct About {
    /// The program that writes it.
    pub product: &'static str,
    /// Its version.
    pub version: &'static str,
    /// Now, milliseconds UTC.
    pub created_at_ms: i64,
    /// Which instance of the program it is of.
    pub instance: String,
    /// The revision of the document in it, where the program has one.
    pub revision: Option<Head>,
}
