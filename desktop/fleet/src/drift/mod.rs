//! Drift: where the configuration of an agent is otherwise than it shall be.
//!
//! What it shall be is told by another agent or by a template. Both are compared as JSON, path by
//! path, but for what belongs to one agent alone and what rules leave out.

mod compare;
mod fleet;
mod rules;
mod section;
mod settle;

use std::sync::Arc;

use serde::Serialize;
use serde_json::Value;
use underpass_shared::config::{Document, Invalid};

use self::compare::compare;
pub use self::fleet::{Basis, Compared, Comparison, Settled};
pub use self::rules::{InvalidRule, Rules};
pub use self::section::Section;
use crate::template::{About, Template, Values};

/// Most differences that are told of one agent; one with more has another purpose.
pub const DIFFERENCES_MAX: usize = 1_000;

/// How something differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Kind {
    /// The agent does not have it.
    Missing,
    /// The agent has it, and should not.
    Extra,
    /// The agent has it with another value.
    Other,
}

/// One place at which an agent differs.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Difference {
    /// How.
    pub kind: Kind,
    /// Where, as rules name it.
    pub path: String,
    /// What it shall be.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wanted: Option<Value>,
    /// What it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub present: Option<Value>,
}

/// What an agent is found to be.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// Where it differs, in the order of the paths.
    pub differences: Vec<Difference>,
    /// How many further differences there are.
    #[serde(skip_serializing_if = "is_zero")]
    pub more: usize,
    /// How many differences rules left out.
    #[serde(skip_serializing_if = "is_zero")]
    pub ignored: usize,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde wants a reference")]
const fn is_zero(number: &usize) -> bool {
    *number == 0
}

impl Report {
    /// Whether the agent is as it shall be.
    pub const fn is_empty(&self) -> bool {
        self.differences.is_empty()
    }
}

/// Which subaccounts of two agents are compared with one another.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Pairing {
    /// Those of the same gateway, tenant and location ID.
    #[default]
    Exact,
    /// Those of the same gateway and tenant, whatever the location ID, where an agent has one only.
    Tenant,
}

/// What agents are compared with.
#[derive(Clone, Debug)]
pub enum Baseline {
    /// The configuration of an agent.
    Agent(Arc<Document>),
    /// What a template makes of the configuration of each agent.
    Template(Box<Template>, Box<Values>),
}

impl Baseline {
    /// Compares an agent with it.
    ///
    /// # Errors
    /// When the template cannot say what the agent's configuration shall be.
    pub fn drift(
        &self,
        about: &About<'_>,
        present: &Document,
        rules: &Rules,
        pairing: Pairing,
    ) -> Result<Report, Invalid> {
        let (wanted, pairing) = self.wanted(about, present, pairing)?;
        compare(&wanted, present, rules, pairing)
    }

    /// What an agent shall be, and which of its subaccounts are meant.
    fn wanted(
        &self,
        about: &About<'_>,
        present: &Document,
        pairing: Pairing,
    ) -> Result<(Arc<Document>, Pairing), Invalid> {
        match self {
            Self::Agent(wanted) => Ok((Arc::clone(wanted), pairing)),
            Self::Template(template, values) => {
                let wanted = template.render(values, about, present)?;
                Ok((Arc::new(wanted), Pairing::Exact))
            }
        }
    }
}

#[cfg(test)]
mod tests;
