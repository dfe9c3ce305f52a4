//! Limits of the audit log. Each keeps one record or one search from taking more than its share.

/// Bytes of one line; records are cut to far less, so that a longer one is damage.
pub const LINE_LEN_MAX: usize = 256 * 1024;
/// Changed fields that one record tells; the history of revisions has the others.
pub const EDITS_MAX: usize = 64;
/// Bytes of JSON of an old or new value; of a longer one a record has the hash.
pub const VALUE_LEN_MAX: usize = 1_024;
/// Bytes of a text from outside in a record: a path, a host, a name, a reason.
pub const TEXT_LEN_MAX: usize = 1_024;
/// Characters of a pattern to search for; matching costs its length for every byte of a text.
pub const GLOB_LEN_MAX: usize = 128;
