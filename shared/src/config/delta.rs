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
    pub fn ops(self: &Arc<Self>) -> Ops {
        Ops {
            document: Arc::clone(self),
            connector_done: false,
            subaccount: 0,
            step: 0,
        }
    }
}

/// See [`Document::ops`]. Owns its document, so it can be put aside between two steps.
#[derive(Clone, Debug)]
pub struct Ops {
    document: Arc<Document>,
    connector_done: bool,
    subaccount: usize,
    /// Within the subaccount: 0 for its own fields, then its mappings from 1.
    step: usize,
}

impl Iterator for Ops {
    type Item = Op;

    fn next(&mut self) -> Option<Op> {
        if !self.connector_done {
            self.connector_done = true;
            return Some(Op::PutConnector(Arc::clone(self.document.connector())));
        }
        loop {
            let subaccount = self.document.subaccounts().get(self.subaccount)?;
            let step = self.step;
            self.step += 1;
            let Some(mapping) = step.checked_sub(1) else {
                return Some(Op::PutSubaccount(Arc::clone(subaccount.own())));
            };
            if let Some(mapping) = subaccount.mappings().get(mapping) {
                return Some(Op::PutMapping {
                    subaccount: subaccount.key().clone(),
                    mapping: Arc::clone(mapping),
                });
            }
            (self.subaccount, self.step) = (self.subaccount + 1, 0);
        }
    }
}
