//! The table of calls: for each path and method what it does and who may.
//!
//! Everything else about calls comes from here: which methods a path takes, which roles a call
//! needs, and the API's own description. A path without a row answers nothing.

pub(super) mod agent;
pub(super) mod connector;
pub(super) mod history;
pub(super) mod subaccounts;

use super::target::{Target, Verb};
use crate::rights::Access;

/// One call of the API.
#[derive(Clone, Copy, Debug)]
pub struct Operation {
    /// The method.
    pub verb: Verb,
    /// The path, with its variable segments in braces.
    pub path: &'static str,
    /// Who may.
    pub access: Access,
    /// What it does, as one line.
    pub summary: &'static str,
}

impl Operation {
    const fn get(path: &'static str, access: Access, summary: &'static str) -> Self {
        Self::new(Verb::Get, path, access, summary)
    }

    const fn post(path: &'static str, access: Access, summary: &'static str) -> Self {
        Self::new(Verb::Post, path, access, summary)
    }

    const fn put(path: &'static str, access: Access, summary: &'static str) -> Self {
        Self::new(Verb::Put, path, access, summary)
    }

    const fn patch(path: &'static str, access: Access, summary: &'static str) -> Self {
        Self::new(Verb::Patch, path, access, summary)
    }

    const fn delete(path: &'static str, access: Access, summary: &'static str) -> Self {
        Self::new(Verb::Delete, path, access, summary)
    }

    const fn new(verb: Verb, path: &'static str, access: Access, summary: &'static str) -> Self {
        Self {
            verb,
            path,
            access,
            summary,
        }
    }
}

/// The rows by area.
const AREAS: &[&[Operation]] = &[
    agent::OPERATIONS,
    connector::OPERATIONS,
    history::OPERATIONS,
    subaccounts::OPERATIONS,
];

/// All calls.
pub fn operations() -> impl Iterator<Item = &'static Operation> {
    AREAS.iter().copied().flatten()
}

impl Target {
    /// The calls that its path takes.
    pub fn operations(&self) -> impl Iterator<Item = &'static Operation> {
        let template = self.template();
        operations().filter(move |one| one.path == template)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn no_call_stands_twice_and_each_says_what_it_does() {
        let mut seen = BTreeSet::new();
        for one in operations() {
            assert!(seen.insert((one.path, one.verb.as_str())), "{one:?}");
            assert!(
                one.summary.ends_with('.') && one.summary.len() < 120,
                "{one:?}"
            );
        }
    }
}
