//! From the configuration that an agent has to the one that it shall have.

use serde_json::{Map, Value};
use underpass_shared::config::{Document, Invalid};
use underpass_shared::host::VirtualAddress;

use super::merge::{json, merge_all, take_list, take_object};
use super::variables::substitute_all;
use super::{About, SubaccountPart, Template, Values};

/// What subaccounts are found by.
pub(super) const MATCHES: [&str; 4] = ["regionHost", "subaccount", "locationId", "displayName"];

impl Template {
    /// The configuration that an agent shall have.
    ///
    /// # Errors
    /// When a variable has no value, the agent has none of the subaccounts, or the configuration
    /// would break a rule.
    pub fn render(
        &self,
        values: &Values,
        about: &About<'_>,
        present: &Document,
    ) -> Result<Document, Invalid> {
        let known = values.of(self, about)?;
        let mut whole = json(present)?;
        let mut connector = take_object(&mut whole, "connector");
        let settings = substitute_all(&self.settings, &known, "settings")?;
        merge_all(&mut connector, &settings);
        whole.insert("connector".to_owned(), Value::Object(connector));
        let mut subaccounts = take_list(&mut whole, "subaccounts");
        for (i, part) in self.subaccounts.iter().enumerate() {
            let field = format!("subaccounts[{i}]");
            let part = part.filled(&known, &field)?;
            let mut matched = false;
            for subaccount in &mut subaccounts {
                if part.matches(subaccount) {
                    matched = true;
                    part.put(subaccount, &field)?;
                }
            }
            if !matched && !part.optional {
                let rule = "the agent has no such subaccount; enrol it first";
                return Err(Invalid::new(format!("{field}.match"), rule));
            }
        }
        let subaccounts = subaccounts.into_iter().map(Value::Object).collect();
        whole.insert("subaccounts".to_owned(), Value::Array(subaccounts));
        Document::from_json(&Value::Object(whole).to_string())
    }
}

impl SubaccountPart {
    fn matches(&self, subaccount: &Map<String, Value>) -> bool {
        let empty = Value::from("");
        self.wanted
            .iter()
            .all(|(name, wanted)| subaccount.get(name).unwrap_or(&empty) == wanted)
    }

    fn put(&self, subaccount: &mut Map<String, Value>, field: &str) -> Result<(), Invalid> {
        merge_all(subaccount, &self.set);
        let present = take_list(subaccount, "mappings");
        let mut mappings: Vec<(VirtualAddress, Map<String, Value>)> = vec![];
        for mapping in present {
            mappings.push((address(&mapping, field)?, mapping));
        }
        for (i, one) in self.remove_mappings.iter().enumerate() {
            let gone = parse(one, &format!("{field}.removeMappings[{i}]"))?;
            mappings.retain(|(address, _)| *address != gone);
        }
        let mut named = vec![];
        for (i, whole) in self.mappings.iter().enumerate() {
            let address = address(whole, &format!("{field}.mappings[{i}].virtualAddress"))?;
            let mut whole = whole.clone();
            if let Some((_, old)) = mappings.iter().find(|(one, _)| *one == address) {
                // When it was added is no matter of what it shall be.
                let date = old.get("creationDate").cloned();
                whole
                    .entry("creationDate")
                    .or_insert(date.unwrap_or(Value::from(0)));
                keep_dates(old, &mut whole);
            }
            mappings.retain(|(one, _)| *one != address);
            mappings.push((address.clone(), whole));
            named.push(address);
        }
        for (i, patch) in self.change_mappings.iter().enumerate() {
            let field = format!("{field}.changeMappings[{i}].virtualAddress");
            let address = address(patch, &field)?;
            let found = mappings.iter_mut().find(|(one, _)| *one == address);
            let rule = format!("there is no mapping {address}");
            let (_, mapping) = found.ok_or_else(|| Invalid::new(field, rule))?;
            merge_all(mapping, patch);
            named.push(address);
        }
        if self.only_these {
            mappings.retain(|(address, _)| named.contains(address));
        }
        let mappings = mappings.into_iter().map(|(_, one)| Value::Object(one));
        subaccount.insert("mappings".to_owned(), Value::Array(mappings.collect()));
        Ok(())
    }
}

/// Keeps the times at which resources were added that are there already.
fn keep_dates(old: &Map<String, Value>, new: &mut Map<String, Value>) {
    let Some(Value::Array(old)) = old.get("resources") else {
        return;
    };
    let Some(Value::Array(new)) = new.get_mut("resources") else {
        return;
    };
    for resource in new.iter_mut().filter_map(Value::as_object_mut) {
        let same = old
            .iter()
            .find(|one| one.get("path") == resource.get("path"));
        if let Some(date) = same.and_then(|one| one.get("creationDate")) {
            resource
                .entry("creationDate")
                .or_insert_with(|| date.clone());
        }
    }
}

fn address(mapping: &Map<String, Value>, field: &str) -> Result<VirtualAddress, Invalid> {
    let text = mapping.get("virtualAddress").and_then(Value::as_str);
    parse(text.unwrap_or_default(), field)
}

fn parse(text: &str, field: &str) -> Result<VirtualAddress, Invalid> {
    text.parse()
        .map_err(|rule: underpass_shared::host::InvalidAddress| {
            Invalid::new(field, rule.to_string())
        })
}
