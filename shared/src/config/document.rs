//! The document itself and the ways to edit it.

use std::sync::Arc;

use super::channel;
use super::connector::Connector;
use super::delta::{Delta, Op};
use super::invalid::Invalid;
use super::json;
use super::limits::SUBACCOUNTS_MAX;
use super::mapping::Mapping;
use super::part::Part;
use super::subaccount::{Subaccount, SubaccountFields, SubaccountKey};
use crate::hash::Hash256;
use crate::host::VirtualAddress;

/// The schema of documents that this version writes.
pub const SCHEMA: u32 = 1;

/// The whole configuration of an agent.
#[derive(Clone, Debug)]
pub struct Document {
    connector: Arc<Part<Connector>>,
    subaccounts: Vec<Arc<Subaccount>>,
    hash: Hash256,
}

impl PartialEq for Document {
    fn eq(&self, other: &Self) -> bool {
        self.hash == other.hash
    }
}

impl Eq for Document {}

impl Document {
    /// The document of an agent that was just installed: it lets nothing through.
    pub fn empty() -> Self {
        Self::seal(Arc::new(Part::new(Connector::default())), vec![])
    }

    /// `subaccounts` must be sorted by key and free of duplicates.
    pub(super) fn new(
        connector: Arc<Part<Connector>>,
        subaccounts: Vec<Arc<Subaccount>>,
    ) -> Result<Self, Invalid> {
        if subaccounts.len() > SUBACCOUNTS_MAX {
            let rule = format!("at most {SUBACCOUNTS_MAX} subaccounts are allowed");
            return Err(Invalid::new("subaccounts", rule));
        }
        channel::check(subaccounts.iter().map(|one| &**one))?;
        Ok(Self::seal(connector, subaccounts))
    }

    fn seal(connector: Arc<Part<Connector>>, subaccounts: Vec<Arc<Subaccount>>) -> Self {
        let parts = std::iter::once(connector.hash()).chain(subaccounts.iter().map(|s| s.hash()));
        let hash = Hash256::of_parts("underpass document", parts);
        Self {
            connector,
            subaccounts,
            hash,
        }
    }

    /// Reads a document as an operator writes it.
    pub fn from_json(text: &str) -> Result<Self, Invalid> {
        json::read(text)
    }

    /// Writes the document for an operator, indented.
    pub fn to_json(&self) -> String {
        json::write(self)
    }

    /// Settings of the agent as a whole.
    pub fn connector(&self) -> &Arc<Part<Connector>> {
        &self.connector
    }

    /// The subaccounts, sorted by key.
    pub fn subaccounts(&self) -> &[Arc<Subaccount>] {
        &self.subaccounts
    }

    /// One subaccount.
    pub fn subaccount(&self, key: &SubaccountKey) -> Option<&Arc<Subaccount>> {
        let found = self.subaccounts.binary_search_by(|one| one.key().cmp(key));
        self.subaccounts.get(found.ok()?)
    }

    /// The hash of the content: equal documents have equal hashes.
    pub const fn hash(&self) -> Hash256 {
        self.hash
    }

    /// The document with the connector's settings replaced.
    pub fn with_connector(&self, connector: Connector) -> Result<Self, Invalid> {
        self.apply_one(Op::PutConnector(Arc::new(Part::new(connector))))
    }

    /// The document with a subaccount added, or with its own fields replaced.
    pub fn with_subaccount(&self, own: SubaccountFields) -> Result<Self, Invalid> {
        self.apply_one(Op::PutSubaccount(Arc::new(Part::new(own))))
    }

    /// The document without a subaccount and its mappings.
    pub fn without_subaccount(&self, key: SubaccountKey) -> Result<Self, Invalid> {
        self.apply_one(Op::RemoveSubaccount(key))
    }

    /// The document with a mapping added or replaced.
    pub fn with_mapping(&self, key: SubaccountKey, mapping: Mapping) -> Result<Self, Invalid> {
        self.apply_one(Op::PutMapping {
            subaccount: key,
            mapping: Arc::new(Part::new(mapping)),
        })
    }

    /// The document without a mapping.
    pub fn without_mapping(
        &self,
        key: SubaccountKey,
        address: VirtualAddress,
    ) -> Result<Self, Invalid> {
        self.apply_one(Op::RemoveMapping {
            subaccount: key,
            address,
        })
    }

    fn apply_one(&self, op: Op) -> Result<Self, Invalid> {
        self.apply(&Delta { ops: vec![op] })
    }
}
