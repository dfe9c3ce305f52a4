//! The document as files, one for each subaccount and mapping, for version control.
//!
//! ```text
//! underpass.json                                       the form of all this
//! connector.json                                       settings of the agent as a whole
//! subaccounts/REGION/SUBACCOUNT/LOCATION/subaccount.json
//! subaccounts/REGION/SUBACCOUNT/LOCATION/mappings/HOST_PORT.json
//! ```
//!
//! What a file is about stands in it. Its name follows from that, and a file with another name is
//! refused: so no two files are about the same.

mod names;
mod read;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use self::names::mapping_path;
use self::read::Read;
use super::document::{Document, SCHEMA};
use super::invalid::Invalid;

/// Texts by paths with `/` between their parts.
pub type Files = BTreeMap<String, String>;

/// The file that says what the others are.
pub const MARKER: &str = "underpass.json";
/// The file of settings of the agent as a whole.
const CONNECTOR: &str = "connector.json";
/// The folder of subaccounts.
const SUBACCOUNTS: &str = "subaccounts";
/// The file of a subaccount's own fields.
const OWN: &str = "subaccount.json";
/// The folder of a subaccount's mappings.
const MAPPINGS: &str = "mappings";
/// What of a subaccount belongs to one agent alone.
const IDENTITY: [&str; 2] = ["credential", "instance"];
/// Settings that belong to one agent alone: who it is, and who may manage it.
const OWN_SETTINGS: [&str; 4] = [
    "certificates",
    "monitoringUsers",
    "operators",
    "organisation",
];
/// Settings that belong to one agent where its secret store holds a part of them.
const SECRET_SETTINGS: [&str; 4] = ["email", "proxy", "webhooks", "backupSchedules"];
impl Document {
    /// The names of those settings that no other agent can take over: who this one is, who may
    /// manage it, and what its secret store holds a part of.
    pub fn own_settings(&self) -> impl Iterator<Item = &'static str> {
        let connector = self.connector();
        let proxy = connector.proxy().and_then(|proxy| proxy.login());
        let secret = [
            connector.email.login().is_some(),
            proxy.is_some(),
            connector.webhooks.secrets().next().is_some(),
            connector.backup_schedules.secrets().next().is_some(),
        ];
        let secret = SECRET_SETTINGS.into_iter().zip(secret);
        let secret = secret.filter_map(|(name, is_secret)| is_secret.then_some(name));
        OWN_SETTINGS.into_iter().chain(secret)
    }

    /// The document as files. Portable ones leave out what no other agent can take over, so that
    /// they fit all that have the same subaccounts.
    pub fn to_files(&self, portable: bool) -> Files {
        let mut whole = object(serde_json::from_str(&self.to_json()).unwrap_or_default());
        let mut files = Files::new();
        let marker = match portable {
            true => json!({ "schema": SCHEMA, "portable": true }),
            false => json!({ "schema": SCHEMA }),
        };
        files.insert(MARKER.to_owned(), text(&marker));
        let mut connector = object(whole.remove("connector").unwrap_or_default());
        if portable {
            self.own_settings()
                .for_each(|name| drop(connector.remove(name)));
        }
        files.insert(CONNECTOR.to_owned(), text(&connector.into()));
        // Written in the order in which the document has them.
        let written = list(whole.remove("subaccounts").unwrap_or_default());
        for (subaccount, own) in self.subaccounts().iter().zip(written) {
            let mut own = object(own);
            let folder = self.folder(subaccount.key());
            let mappings = list(own.remove("mappings").unwrap_or_default());
            if portable {
                IDENTITY.iter().for_each(|name| drop(own.remove(*name)));
            }
            files.insert(format!("{folder}/{OWN}"), text(&own.into()));
            for (mapping, written) in subaccount.mappings().iter().zip(mappings) {
                let path = mapping_path(&folder, &mapping.virtual_address);
                files.insert(path, text(&written));
            }
        }
        files
    }

    /// Reads files. What portable ones leave out is taken from the present document.
    ///
    /// # Errors
    /// Where they break a rule; the file and the field are named.
    pub fn from_files(files: &Files, present: Option<&Self>) -> Result<Self, Invalid> {
        let read = Read::of(files, present)?;
        let Read { whole, paths } = read;
        let document =
            Self::from_json(&whole.to_string()).map_err(|invalid| paths.locate(invalid))?;
        let named = document.to_files(false);
        for path in files.keys() {
            if !named.contains_key(path) {
                let rule = "has another name than its content gives it; \
                            `export` into an empty folder shows the right ones";
                return Err(Invalid::new(path, rule));
            }
        }
        Ok(document)
    }
}

fn text(value: &Value) -> String {
    let mut text = serde_json::to_string_pretty(value).unwrap_or_default();
    text.push('\n');
    text
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(members) => members,
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
            Map::new()
        }
    }
}

fn list(value: Value) -> Vec<Value> {
    match value {
        Value::Array(items) => items,
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_) => {
            vec![]
        }
    }
}
