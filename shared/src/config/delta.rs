//! The difference between two documents, as a list of steps.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::connector::Connector;
use super::document::Document;
use super::mapping::MappingPart;
use super::part::Part;
use super::subaccount::{SubaccountFields, SubaccountKey};
use crate::host::VirtualAddress;

/// One step. Parts are put and removed whole.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub enum Op {
    /// Replaces the connector's settings.
    PutConnector(Arc<Part<Connector>>),
    /// Removes a subaccount with its mappings.
    RemoveSubaccount(SubaccountKey),
    /// Adds a subaccount without mappings, or replaces the own fields of one that is there.
    PutSubaccount(Arc<Part<SubaccountFields>>),
    /// Removes a mapping.
    #[serde(rename_all = "camelCase")]
    RemoveMapping {
        /// Whose.
        subaccount: SubaccountKey,
        /// Which.
        address: VirtualAddress,
    },
    /// Adds or replaces a mapping.
    #[serde(rename_all = "camelCase")]
    PutMapping {
        /// Whose.
        subaccount: SubaccountKey,
        /// The mapping.
        mapping: Arc<MappingPart>,
    },
}

/// Steps that lead from one document to another.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Delta {
    /// The steps, in order.
    pub ops: Vec<Op>,
}

impl Delta {
    /// Whether nothing differs.
    pub fn is_empty(&self) -> bool {
        self.ops.is_empty()
    }
}

impl Document {
    /// The steps that lead from the empty document to this one, made as they are asked for.
    pub fn ops(&self) -> impl Iterator<Item = Op> + '_ {
        let connector = Op::PutConnector(Arc::clone(self.connector()));
        let subaccounts = self.subaccounts().iter().flat_map(|subaccount| {
            let own = Op::PutSubaccount(Arc::clone(subaccount.own()));
            let mappings = subaccount.mappings().iter().map(|mapping| Op::PutMapping {
                subaccount: subaccount.key().clone(),
                mapping: Arc::clone(mapping),
            });
            std::iter::once(own).chain(mappings)
        });
        std::iter::once(connector).chain(subaccounts)
    }
}
