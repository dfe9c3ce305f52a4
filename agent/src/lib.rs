//! The on-premise end of Underpass.
#![forbid(unsafe_code)]

pub mod store;
