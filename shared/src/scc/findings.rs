//! What is found on the way from one configuration to the other.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Most characters of a value that a report repeats.
const VALUE_LEN_MAX: usize = 120;

/// What became of a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Kind {
    /// It stayed behind.
    NotCarried,
    /// It was carried in another form.
    Changed,
    /// It is carried, and this version does nothing with it.
    WithoutEffect,
    /// The connector refused to tell it.
    NotRead,
    /// It is no configuration: a state, a number that follows from others, a link.
    State,
}

/// Where something was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct At {
    /// What it belongs to.
    pub place: String,
    /// What it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
}

/// One thing that was found, wherever it was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    /// What became of it.
    pub kind: Kind,
    /// The field, as the connector calls it.
    pub field: String,
    /// Why.
    pub why: String,
    /// Where.
    pub places: Vec<At>,
}

/// What a decision is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Topic {
    /// The gateway in place of a region.
    Region,
    /// The id of a subaccount.
    Subaccount,
    /// A location ID.
    LocationId,
    /// The enrolment of a subaccount at its gateway.
    Enrolment,
    /// Keys, which cannot leave the connector.
    Keys,
    /// Passwords, which the connector does not tell.
    Passwords,
    /// Resources that open every path which begins with their characters.
    Prefix,
    /// Sessions in the URLs of ABAP systems.
    Sessions,
    /// "Trust all back ends".
    TrustAll,
    /// Back ends on the connector's own host.
    LocalHosts,
    /// What the agent has already in another form.
    Conflict,
}

/// Something that a person decides.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Decision {
    /// What it is about.
    pub topic: Topic,
    /// Which one.
    pub about: String,
    /// What a choice about it is told by, where there is one for each; see [`super::Choice`].
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub key: String,
    /// What this plan does.
    pub taken: String,
    /// What can be done instead, or has to be done by somebody.
    pub instead: String,
    /// Whether something stays behind until it is decided.
    pub open: bool,
    /// What it concerns.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub places: Vec<String>,
}

/// All that was found so far.
#[derive(Debug, Default)]
pub(super) struct Findings {
    found: BTreeMap<(Kind, String, String), Vec<At>>,
    decisions: BTreeMap<(Topic, String), Decision>,
}

impl Findings {
    /// Notes what became of a field.
    pub(super) fn note(
        &mut self,
        kind: Kind,
        place: &str,
        field: &str,
        value: Option<String>,
        why: impl Into<String>,
    ) {
        let at = At {
            place: place.to_owned(),
            value,
        };
        let key = (kind, field.to_owned(), why.into());
        self.found.entry(key).or_default().push(at);
    }

    /// Notes that a field stays behind.
    pub(super) fn left(
        &mut self,
        place: &str,
        field: &str,
        value: Option<String>,
        why: impl Into<String>,
    ) {
        self.note(Kind::NotCarried, place, field, value, why);
    }

    /// Notes a decision, once for all that it concerns.
    pub(super) fn decide(&mut self, decision: Decision) {
        let key = (decision.topic, decision.about.clone());
        match self.decisions.entry(key) {
            std::collections::btree_map::Entry::Vacant(entry) => drop(entry.insert(decision)),
            std::collections::btree_map::Entry::Occupied(mut entry) => {
                entry.get_mut().places.extend(decision.places);
            }
        }
    }

    /// Takes them apart.
    pub(super) fn into_parts(self) -> (Vec<Decision>, Vec<Finding>) {
        let found = self.found.into_iter();
        let findings = found.map(|((kind, field, why), places)| Finding {
            kind,
            field,
            why,
            places,
        });
        (self.decisions.into_values().collect(), findings.collect())
    }
}

/// A value as a report repeats it: short, in one line.
pub(super) fn shown(value: &serde_json::Value) -> String {
    let text = value.as_str().map(str::to_owned);
    let text = text.unwrap_or_else(|| value.to_string());
    let plain = |one: char| if one.is_control() { ' ' } else { one };
    let mut short: String = text.chars().take(VALUE_LEN_MAX).map(plain).collect();
    if text.chars().nth(VALUE_LEN_MAX).is_some() {
        short.push('…');
    }
    short
}
