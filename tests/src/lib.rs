//! What end-to-end tests of Underpass share: the sample back end and the repository's own rules.

#![forbid(unsafe_code)]

pub mod sample;

#[cfg(test)]
mod tidy;
