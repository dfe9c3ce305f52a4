//! Who may do what: roles, what each call needs, and what each change of the document needs.

mod access;
mod change;
mod role;
mod secrets;

pub use access::Access;
pub use change::{Forbidden, check};
pub use role::{InvalidRole, Role};
