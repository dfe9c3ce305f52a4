//! One agent's session: called, listened to, asked again, for as long as it is known.

mod fault;
mod machine;
mod run;
mod seen;

pub(crate) use self::machine::{Machine, Part, Step};
pub(crate) use self::run::{Nudge, Session};
pub(crate) use self::seen::Seen;
