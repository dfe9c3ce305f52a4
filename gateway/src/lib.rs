//! The cloud end of Underpass.
#![forbid(unsafe_code)]

pub mod binding;
pub mod directory;
pub mod oauth;
pub mod state;
pub mod token;
