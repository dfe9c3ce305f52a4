//! The places of a document at which changes are told, judged and taken back.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use serde_json::Value;

use super::connector::Connector;
use super::delta::{Delta, Op};
use super::document::Document;
use super::mapping::MappingPart;
use super::part::Part;
use super::subaccount::{SubaccountFields, SubaccountKey};
use crate::host::VirtualAddress;

/// Settings that come back neither with a trial nor with a state of the past, by their names: what
/// is taken away from somebody stays away.
pub(crate) const LASTING: &[&str] = &["monitoringUsers", "operators", "organisation"];

/// A place in the document. Settings of the agent are told apart by their names, so that a change
/// of one never stands in the way of another.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// One setting of the agent as a whole, by its name in the document.
    Setting(String),
    /// A subaccount's own fields.
    Subaccount(SubaccountKey),
    /// A mapping.
    Mapping(SubaccountKey, VirtualAddress),
}

impl Place {
    /// The subaccount that it belongs to.
    pub(crate) const fn subaccount(&self) -> Option<&SubaccountKey> {
        match self {
            Self::Setting(_) => None,
            Self::Subaccount(key) | Self::Mapping(key, _) => Some(key),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Setting(name) => write!(f, "connector.{name}"),
            Self::Subaccount(key) => write!(f, "subaccount {key}"),
            Self::Mapping(key, address) => write!(f, "mapping {address} of {key}"),
        }
    }
}

/// What is at a place; parts are equal where their hashes are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Content {
    Setting(Value),
    Subaccount(Arc<Part<SubaccountFields>>),
    Mapping(Arc<MappingPart>),
}

impl Content {
    pub(crate) fn value(&self) -> Value {
        let value = match self {
            Self::Setting(value) => return value.clone(),
            Self::Subaccount(part) => serde_json::to_value(part),
            Self::Mapping(part) => serde_json::to_value(part),
        };
        value.expect("parts of the document serialise")
    }
}

/// What was at a place and what is there now.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Touched {
    pub(crate) before: Option<Content>,
    pub(crate) after: Option<Content>,
}

/// The agent's settings by name. What is at its default may be missing.
pub(crate) fn settings(connector: &Connector) -> serde_json::Map<String, Value> {
    let value = serde_json::to_value(connector).expect("settings serialise");
    let Value::Object(settings) = value else {
        unreachable!("settings are an object, not {value}");
    };
    settings
}

/// What the steps put where; None where they remove.
fn contents(delta: &Delta) -> Vec<(Place, Option<Content>)> {
    let step = |op: &Op| match op {
        Op::PutConnector(part) => settings(part)
            .into_iter()
            .map(|(name, value)| (Place::Setting(name), Some(Content::Setting(value))))
            .collect(),
        Op::RemoveSubaccount(key) => vec![(Place::Subaccount(key.clone()), None)],
        Op::PutSubaccount(part) => {
            let content = Content::Subaccount(Arc::clone(part));
            vec![(Place::Subaccount(part.key.clone()), Some(content))]
        }
        Op::RemoveMapping {
            subaccount,
            address,
        } => vec![(Place::Mapping(subaccount.clone(), address.clone()), None)],
        Op::PutMapping {
            subaccount,
            mapping,
        } => {
            let place = Place::Mapping(subaccount.clone(), mapping.virtual_address.clone());
            vec![(place, Some(Content::Mapping(Arc::clone(mapping))))]
        }
    };
    delta.ops.iter().flat_map(step).collect()
}

/// What changed at each place that the steps or their inverse touch.
pub(crate) fn touched(forward: &Delta, inverse: &Delta) -> BTreeMap<Place, Touched> {
    let mut all: BTreeMap<Place, Touched> = BTreeMap::new();
    for (place, before) in contents(inverse) {
        all.entry(place).or_default().before = before;
    }
    for (place, after) in contents(forward) {
        all.entry(place).or_default().after = after;
    }
    // The settings that a changed one stands beside.
    all.retain(|_place, touched| touched.before != touched.after);
    all
}

impl Document {
    pub(super) fn content(&self, place: &Place) -> Option<Content> {
        match place {
            Place::Setting(name) => settings(self.connector())
                .remove(name)
                .map(Content::Setting),
            Place::Subaccount(key) => {
                let own = self.subaccount(key)?.own();
                Some(Content::Subaccount(Arc::clone(own)))
            }
            Place::Mapping(key, address) => {
                let subaccount = self.subaccount(key)?;
                let mapping = subaccount.mapping(address.host.as_str(), address.port.get())?;
                Some(Content::Mapping(Arc::clone(mapping)))
            }
        }
    }
}
