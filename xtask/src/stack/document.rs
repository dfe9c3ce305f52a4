//! Edits the agent's configuration document, as JSON.

use std::net::SocketAddr;

use anyhow::Context;
use serde_json::{Value, json};

/// One system mapping to add.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mapping<'a> {
    pub(crate) virtual_host: &'a str,
    pub(crate) virtual_port: u16,
    pub(crate) internal: SocketAddr,
    pub(crate) resources: &'a [Resource],
}

/// One exposed path.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Resource {
    path: &'static str,
    sub_paths: bool,
    websocket: bool,
}

impl Resource {
    pub(crate) const fn exact(path: &'static str) -> Self {
        Self {
            path,
            sub_paths: false,
            websocket: false,
        }
    }

    pub(crate) const fn with_sub_paths(path: &'static str) -> Self {
        Self {
            path,
            sub_paths: true,
            websocket: false,
        }
    }

    pub(crate) const fn websocket(path: &'static str) -> Self {
        Self {
            path,
            sub_paths: false,
            websocket: true,
        }
    }
}

/// Lets the agent reach internal hosts on loopback.
pub(super) fn allow_loopback(document: &mut Value) -> anyhow::Result<()> {
    let connector = document
        .get_mut("connector")
        .and_then(Value::as_object_mut)
        .context("the document has no connector")?;
    let targets = json!(["127.0.0.1/32", "::1/128"]);
    connector.insert("allowedTargets".to_owned(), targets);
    Ok(())
}

/// Makes `mapping` the only mapping of the subaccount.
pub(super) fn set_mapping(
    document: &mut Value,
    subaccount: &str,
    mapping: &Mapping<'_>,
) -> anyhow::Result<()> {
    let entry = document
        .get_mut("subaccounts")
        .and_then(Value::as_array_mut)
        .and_then(|all| all.iter_mut().find(|one| one["subaccount"] == subaccount))
        .and_then(Value::as_object_mut)
        .with_context(|| format!("the document has no subaccount {subaccount}"))?;
    let resources: Vec<Value> = mapping
        .resources
        .iter()
        .copied()
        .map(Resource::to_json)
        .collect();
    let mapping = json!({
        "virtualAddress": format!("{}:{}", mapping.virtual_host, mapping.virtual_port),
        "internalAddress": mapping.internal,
        "protocol": "HTTP",
        "backendType": "nonSAPsys",
        "resources": resources,
    });
    entry.insert("mappings".to_owned(), json!([mapping]));
    Ok(())
}

impl Resource {
    fn to_json(self) -> Value {
        json!({
            "path": self.path,
            "enabled": true,
            "exactMatchOnly": !self.sub_paths,
            "websocketUpgradeAllowed": self.websocket,
        })
    }
}
