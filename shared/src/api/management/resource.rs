//! Resources of a system mapping as the API shows and takes them.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Serialize};

use super::error::Refusal;
use super::lenient::{Flag, ReadOnly};
use super::{Links, MappingAddress, MappingTarget, SubaccountPath, Target, links};
use crate::config::limits::DESCRIPTION_LEN_MAX;
use crate::config::{CreationDate, Resource, ResourcePath, Text};
use crate::schema::with_keys;

/// A resource as it is shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SystemMappingResource {
    /// Its path.
    pub id: ResourcePath,
    /// Whether it has any effect.
    pub enabled: bool,
    /// Whether paths below it stay closed.
    pub exact_match_only: bool,
    /// Whether a connection may be upgraded to WebSocket.
    pub websocket_upgrade_allowed: bool,
    /// For people.
    pub description: Text<DESCRIPTION_LEN_MAX>,
    /// When it was added, milliseconds UTC as text; left out where it is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub creation_date: Option<String>,
    /// What belongs to it; nothing in lists.
    #[serde(rename = "_links", default)]
    pub links: Links,
}

impl SystemMappingResource {
    /// Shows a resource by itself.
    pub fn show(resource: &Resource, path: &SubaccountPath, address: &MappingAddress) -> Self {
        let id = resource.path.as_str().to_owned();
        let own = Target::OfMapping(path.clone(), address.clone(), MappingTarget::Resource(id));
        Self {
            links: links([("self", own)]),
            ..Self::listed(resource)
        }
    }

    /// Shows a resource among others.
    pub fn listed(resource: &Resource) -> Self {
        Self {
            id: resource.path.clone(),
            enabled: resource.enabled,
            exact_match_only: resource.exact_match_only,
            websocket_upgrade_allowed: resource.websocket_upgrade_allowed,
            description: resource.description.clone(),
            creation_date: resource.creation_date.ms().map(|ms| ms.to_string()),
            links: Links::new(),
        }
    }
}

/// A resource as it is taken.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ResourceInput {
    /// Its path; may be left out where the address names it.
    #[serde(default)]
    pub id: Option<ResourcePath>,
    /// Whether it has any effect.
    #[serde(default)]
    pub enabled: Flag,
    /// Whether paths below it stay closed.
    #[serde(default)]
    pub exact_match_only: Flag,
    /// Whether a connection may be upgraded to WebSocket.
    #[serde(default)]
    pub websocket_upgrade_allowed: Flag,
    /// For people.
    #[serde(default)]
    pub description: Text<DESCRIPTION_LEN_MAX>,
    /// Of answers.
    #[serde(default, skip_serializing)]
    pub creation_date: ReadOnly,
    /// Of answers.
    #[serde(rename = "_links", default, skip_serializing)]
    pub links: ReadOnly,
}

/// A resource that is new, so that nothing but the body can name it.
#[derive(Clone, Copy, Debug)]
pub(super) struct NewResource;

impl JsonSchema for NewResource {
    fn schema_name() -> Cow<'static, str> {
        "NewResource".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let id = generator.subschema_for::<ResourcePath>();
        with_keys(ResourceInput::json_schema(generator), [("id", id)])
    }
}

impl ResourceInput {
    /// The path: of the body, or of the address, which must not differ.
    ///
    /// # Errors
    /// When it is missing or not the one of the address.
    pub fn path(&self, address: Option<&ResourcePath>) -> Result<ResourcePath, Refusal> {
        match (address, &self.id) {
            (None, None) => Err(Refusal::invalid("id", "the id, a path, is missing")),
            (None, Some(id)) => Ok(id.clone()),
            (Some(path), None) => Ok(path.clone()),
            (Some(path), Some(id)) if path == id => Ok(path.clone()),
            (Some(_), Some(_)) => {
                let rule = "the id must be that of the address; it cannot be changed";
                Err(Refusal::invalid("id", rule))
            }
        }
    }

    /// The resource, new as of `now` where `old` is none. What this API does not know stays as it
    /// is in `old`.
    pub fn onto(self, path: ResourcePath, old: Option<&Resource>, now: CreationDate) -> Resource {
        let new = || Resource {
            creation_date: now,
            ..Resource::closed(path)
        };
        let mut resource = old.cloned().unwrap_or_else(new);
        resource.enabled = self.enabled.0;
        resource.exact_match_only = self.exact_match_only.0;
        resource.websocket_upgrade_allowed = self.websocket_upgrade_allowed.0;
        resource.description = self.description;
        resource
    }
}
