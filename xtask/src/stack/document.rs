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

/// Makes `mappings` the mappings of the subaccount.
pub(super) fn set_mappings(
    document: &mut Value,
    subaccount: &str,
    mappings: &[Mapping<'_>],
) -> anyhow::Result<()> {
    let entry = document
        .get_mut("subaccounts")
        .and_then(Value::as_array_mut)
        .and_then(|all| all.iter_mut().find(|one| one["subaccount"] == subaccount))
        .and_then(Value::as_object_mut)
        .with_context(|| format!("the document has no subaccount {subaccount}"))?;
    let mappings = mappings.iter().copied().map(Mapping::to_json).collect();
    entry.insert("mappings".to_owned(), mappings);
    Ok(())
}

impl Mapping<'_> {
    fn to_json(self) -> Value {
        let resources: Vec<Value> = self
            .resources
            .iter()
            .copied()
            .map(Resource::to_json)
            .collect();
        json!({
            "virtualAddress": format!("{}:{}", self.virtual_host, self.virtual_port),
            "internalAddress": self.internal,
            "protocol": "HTTP",
            "backendType": "nonSAPsys",
            "resources": resources,
        })
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mappings_go_to_the_named_subaccount_only() {
        let mut document = json!({
            "connector": {},
            "subaccounts": [{"subaccount": "a"}, {"subaccount": "b"}],
        });
        let mapping = Mapping {
            virtual_host: "host.virtual",
            virtual_port: 80,
            internal: "127.0.0.1:8080".parse().unwrap(),
            resources: &[Resource::websocket("/ws"), Resource::with_sub_paths("/x")],
        };
        allow_loopback(&mut document).unwrap();
        set_mappings(&mut document, "b", &[mapping]).unwrap();
        assert!(document["subaccounts"][0].get("mappings").is_none());
        let set = &document["subaccounts"][1]["mappings"][0];
        assert_eq!(set["virtualAddress"], "host.virtual:80");
        assert_eq!(set["internalAddress"], "127.0.0.1:8080");
        assert_eq!(set["resources"][0]["websocketUpgradeAllowed"], true);
        assert_eq!(set["resources"][0]["exactMatchOnly"], true);
        assert_eq!(set["resources"][1]["exactMatchOnly"], false);
        assert_eq!(document["connector"]["allowedTargets"][0], "127.0.0.1/32");
        set_mappings(&mut document, "c", &[mapping]).unwrap_err();
    }
}
