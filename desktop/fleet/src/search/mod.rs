//! Search in the configurations of a fleet: which agents expose this host?

mod fleet;
mod query;

use serde::Serialize;
use serde_json::Value;
use underpass_shared::config::{Document, Invalid, Mapping, Subaccount};

pub use self::fleet::{FleetFound, FoundAgent};
use self::query::Fields;
pub use self::query::{InvalidSearch, Search};
use crate::template::json;

/// Most places that are told of one agent.
pub const HITS_MAX: usize = 500;

/// A place that was looked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase", tag = "kind")]
pub enum Hit {
    /// A mapping.
    #[serde(rename_all = "camelCase")]
    Mapping {
        /// Of which subaccount: gateway, tenant and location ID.
        subaccount: String,
        /// The name of the subaccount for people.
        display_name: String,
        /// What cloud applications ask for.
        virtual_address: String,
        /// Where the system is.
        internal_address: String,
        /// What is spoken to it.
        protocol: String,
        /// The open paths of it that were looked for; all open ones where none were.
        open_paths: Vec<String>,
    },
    /// A subaccount.
    #[serde(rename_all = "camelCase")]
    Subaccount {
        /// Gateway, tenant and location ID.
        subaccount: String,
        /// Its name for people.
        display_name: String,
        /// Whether the tunnel is to be open.
        connected: bool,
    },
    /// A setting of the agent as a whole.
    #[serde(rename_all = "camelCase")]
    Setting {
        /// Where, in the document.
        path: String,
        /// What it is.
        value: Value,
    },
}

/// The open paths of a mapping in a few words.
pub fn open_words(open_paths: &[String]) -> String {
    match open_paths {
        [] => "nothing open".to_owned(),
        [one] => one.clone(),
        [one, rest @ ..] => format!("{one} and {} more", rest.len()),
    }
}

/// What was found in one configuration.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Found {
    /// The places, in the order of the document.
    pub hits: Vec<Hit>,
    /// How many further places there are.
    #[serde(skip_serializing_if = "is_zero")]
    pub more: usize,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde wants a reference")]
const fn is_zero(number: &usize) -> bool {
    *number == 0
}

impl Found {
    fn put(&mut self, hit: Hit) {
        if self.hits.len() < HITS_MAX {
            self.hits.push(hit);
        } else {
            self.more += 1;
        }
    }
}

impl Search {
    /// Looks through a configuration. Its places are mappings, subaccounts and single settings; all
    /// words must fit one place.
    ///
    /// # Errors
    /// When the document does not have the form of documents.
    pub fn run(&self, document: &Document) -> Result<Found, Invalid> {
        let mut found = Found::default();
        for subaccount in document.subaccounts() {
            self.subaccount(subaccount, &mut found);
            for mapping in subaccount.mappings() {
                self.mapping(subaccount, mapping, &mut found);
            }
        }
        if let Some(Value::Object(settings)) = json(document)?.get("connector") {
            for (name, value) in settings {
                self.setting(&format!("connector.{name}"), value, &mut found);
            }
        }
        Ok(found)
    }

    fn subaccount(&self, subaccount: &Subaccount, found: &mut Found) {
        let own = subaccount.own();
        let mut fields = Fields::default();
        of_subaccount(subaccount, &mut fields);
        fields.put("description", &own.description);
        if self.fits(&fields) {
            found.put(Hit::Subaccount {
                subaccount: own.key.to_string(),
                display_name: own.display_name.to_string(),
                connected: own.connected,
            });
        }
    }

    fn mapping(&self, subaccount: &Subaccount, mapping: &Mapping, found: &mut Found) {
        let mut fields = Fields::default();
        let (outer, inner) = (&mapping.virtual_address, &mapping.internal_address);
        for (name, host, whole) in [
            ("virtual", outer.host.to_string(), outer.to_string()),
            ("internal", inner.host.to_string(), inner.to_string()),
        ] {
            for text in [host, whole] {
                fields.put("host", &text);
                fields.put(name, &text);
            }
        }
        fields.put("port", &outer.port);
        fields.put("port", &inner.port);
        let protocol = word(&mapping.protocol);
        fields.put("protocol", &protocol);
        fields.put("type", &word(&mapping.backend_type));
        fields.put("description", &mapping.description);
        // What every mapping of a subaccount has is asked for by name, or it would hide the rest.
        let mut whole = fields.clone();
        of_subaccount(subaccount, &mut whole);
        let open = mapping.resources.iter().filter(|one| one.enabled);
        let open: Vec<String> = open.map(|one| one.path.to_string()).collect();
        open.iter().for_each(|path| whole.put("path", path));
        if !self.fits(&whole) || !self.needs(&fields, &open) {
            return;
        }
        let asked: Vec<String> = open
            .iter()
            .filter(|path| self.names_path(path))
            .cloned()
            .collect();
        found.put(Hit::Mapping {
            subaccount: subaccount.key().to_string(),
            display_name: subaccount.own().display_name.to_string(),
            virtual_address: outer.to_string(),
            internal_address: inner.to_string(),
            protocol,
            open_paths: asked,
        });
    }

    fn setting(&self, path: &str, value: &Value, found: &mut Found) {
        match value {
            Value::Object(members) => {
                for (name, member) in members {
                    self.setting(&format!("{path}.{name}"), member, found);
                }
            }
            Value::Array(items) => {
                for (i, item) in items.iter().enumerate() {
                    self.setting(&format!("{path}[{i}]"), item, found);
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
                let mut fields = Fields::default();
                fields.put("setting", &path);
                match value.as_str() {
                    Some(text) => fields.put("value", &text),
                    None => fields.put("value", value),
                }
                if self.fits(&fields) {
                    let (path, value) = (path.to_owned(), value.clone());
                    found.put(Hit::Setting { path, value });
                }
            }
        }
    }
}

fn of_subaccount(subaccount: &Subaccount, fields: &mut Fields) {
    let key = subaccount.key();
    fields.put("region", &key.region_host);
    fields.put("subaccount", &key.subaccount);
    fields.put("subaccount", &subaccount.own().display_name);
    fields.put("location", &key.location_id);
}

/// How a value is written in documents.
fn word(value: &impl Serialize) -> String {
    let value = serde_json::to_value(value).unwrap_or_default();
    value.as_str().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests;
