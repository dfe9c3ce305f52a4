//! What end-to-end tests of Underpass share: the sample back end, a course of changes, and the
//! repository's own rules.

#![forbid(unsafe_code)]

pub mod churn;
pub mod sample;

#[cfg(test)]
mod tidy;
