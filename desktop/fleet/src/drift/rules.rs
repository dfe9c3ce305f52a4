//! What is left out of comparisons.

use thiserror::Error;

use crate::glob;

/// Most rules; more would hide more than they show.
const RULES_MAX: usize = 500;
/// The longest rule.
const RULE_LEN_MAX: usize = 500;
/// What belongs to one agent alone, is named by its secret store, or only tells when something was
/// added.
const OWN: [&str; 12] = [
    "connector.backupSchedules[*].target.url.login.credential",
    "connector.certificates",
    "connector.email.credential",
    "connector.monitoringUsers",
    "connector.operators",
    "connector.organisation",
    "connector.proxy.credential",
    "connector.webhooks",
    "subaccounts[*].instance",
    "subaccounts[*].credential",
    "subaccounts[*].locationId",
    "*.creationDate",
];

/// A text that is no rule.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{rule:?} is no rule: {why}")]
pub struct InvalidRule {
    rule: String,
    why: &'static str,
}

/// Paths that are not compared. A rule is a path with `*` for any characters, and stands for all
/// that is below it.
#[derive(Clone, Debug)]
pub struct Rules {
    own: bool,
    patterns: Vec<String>,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            own: true,
            patterns: vec![],
        }
    }
}

impl Rules {
    /// Takes rules, one a line; empty lines and such that begin with `#` are left out.
    ///
    /// # Errors
    /// When a line is no rule.
    pub fn add(&mut self, text: &str) -> Result<(), InvalidRule> {
        let lines = text.lines().map(str::trim);
        for line in lines.filter(|line| !line.is_empty() && !line.starts_with('#')) {
            let wrong = |why| {
                let rule = line.chars().take(RULE_LEN_MAX).collect();
                Err(InvalidRule { rule, why })
            };
            if line.len() > RULE_LEN_MAX {
                return wrong("it is too long");
            }
            if self.patterns.len() >= RULES_MAX {
                return wrong("there are too many");
            }
            let begins = ["connector", "subaccounts", "*"];
            if !begins.iter().any(|begin| line.starts_with(begin)) {
                return wrong("paths begin with connector or subaccounts");
            }
            self.patterns.push(line.to_owned());
        }
        Ok(())
    }

    /// Compares what belongs to one agent alone, too.
    pub const fn with_own(&mut self) {
        self.own = false;
    }

    /// The rules that were added.
    pub fn patterns(&self) -> &[String] {
        &self.patterns
    }

    /// Whether a path, or one above it, is left out. What is above was asked for before.
    pub(super) fn leave_out(&self, path: &str) -> bool {
        let own = OWN.iter().filter(|_| self.own).copied();
        let mut all = self.patterns.iter().map(String::as_str).chain(own);
        all.any(|pattern| glob::matches(pattern, path))
    }
}
