//! What a change of the document changed, field by field, as a record tells it.

use std::collections::BTreeSet;
use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::limits::{EDITS_MAX, VALUE_LEN_MAX};
use super::record::Category;
use crate::config::{Content, Document, Place, SubaccountKey, Touched, diff, touched};
use crate::hash::Hash256;

/// One changed field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Edit {
    /// What it belongs to.
    pub category: Category,
    /// The part of the document.
    pub part: String,
    /// The field in it; entries of a list that came and went have the name of the list.
    pub field: String,
    /// What it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub old: Option<Value>,
    /// What it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub new: Option<Value>,
}

impl fmt::Display for Edit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            part,
            field,
            old,
            new,
            ..
        } = self;
        match (old, new) {
            (None, Some(new)) => write!(f, "{part}: {field} {{{new}}} added"),
            (Some(old), None) => write!(f, "{part}: {field} {{{old}}} removed"),
            (old, new) => {
                let show = |value: &Option<Value>| value.as_ref().map(Value::to_string);
                let (old, new) = (show(old), show(new));
                let (old, new) = (old.unwrap_or_default(), new.unwrap_or_default());
                write!(f, "{part}: {field} from {{{old}}} to {{{new}}}")
            }
        }
    }
}

/// All that one change changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edits {
    /// The fields.
    pub list: Vec<Edit>,
    /// Changed parts and fields beyond the limit.
    pub more: u64,
    /// The category of all, or `Configuration` where they have several.
    pub category: Category,
    /// The subaccount of all, where they have one.
    pub subaccount: Option<SubaccountKey>,
}

/// What differs between two documents.
pub fn edits(old: &Document, new: &Document) -> Edits {
    let mut gathered = Gathered::default();
    let mut categories = BTreeSet::new();
    let mut owners = BTreeSet::new();
    for (place, Touched { before, after }) in touched(&diff(old, new), &diff(new, old)) {
        owners.insert(place.subaccount().cloned());
        if gathered.is_full() {
            gathered.more += 1;
            continue;
        }
        let (old, new) = (
            before.as_ref().map(Content::value),
            after.as_ref().map(Content::value),
        );
        gathered.part(place, old.as_ref(), new.as_ref());
    }
    categories.extend(gathered.list.iter().map(|edit| edit.category));
    let one = categories.first().filter(|_| categories.len() == 1);
    let owner = owners.first().filter(|_| owners.len() == 1);
    Edits {
        category: one.copied().unwrap_or(Category::Configuration),
        subaccount: owner.cloned().flatten(),
        list: gathered.list,
        more: gathered.more,
    }
}

/// The edits found so far.
#[derive(Default)]
struct Gathered {
    list: Vec<Edit>,
    more: u64,
    place: Option<Place>,
}

impl Gathered {
    const fn is_full(&self) -> bool {
        self.list.len() >= EDITS_MAX
    }

    fn part(&mut self, place: Place, old: Option<&Value>, new: Option<&Value>) {
        let name = match &place {
            Place::Setting(name) => name.clone(),
            Place::Subaccount(_) | Place::Mapping(..) => String::new(),
        };
        self.place = Some(place);
        self.compare(&name, old, new);
    }

    fn compare(&mut self, field: &str, old: Option<&Value>, new: Option<&Value>) {
        match (old, new) {
            (old, new) if old == new => {}
            (None, Some(Value::Object(_))) => self.compare(field, Some(&json!({})), new),
            (Some(Value::Object(_)), None) => self.compare(field, old, Some(&json!({}))),
            (Some(Value::Object(old)), Some(Value::Object(new))) => {
                let names: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
                for name in names {
                    let inner = match field {
                        "" => name.clone(),
                        outer => format!("{outer}.{name}"),
                    };
                    self.compare(&inner, old.get(name), new.get(name));
                }
            }
            (Some(Value::Array(old)), Some(Value::Array(new))) => {
                self.lists(field, old, new);
            }
            (None, Some(Value::Array(new))) => self.lists(field, &[], new),
            (Some(Value::Array(old)), None) => self.lists(field, old, &[]),
            (old, new) => self.push(field, old, new),
        }
    }

    /// Entries that went and entries that came.
    fn lists(&mut self, field: &str, old: &[Value], new: &[Value]) {
        let texts =
            |list: &[Value]| -> BTreeSet<String> { list.iter().map(Value::to_string).collect() };
        let (before, after) = (texts(old), texts(new));
        for gone in old.iter().filter(|one| !after.contains(&one.to_string())) {
            self.push(field, Some(gone), None);
        }
        for added in new.iter().filter(|one| !before.contains(&one.to_string())) {
            self.push(field, None, Some(added));
        }
    }

    fn push(&mut self, field: &str, old: Option<&Value>, new: Option<&Value>) {
        let Some(place) = self.place.as_ref().filter(|_| !self.is_full()) else {
            self.more += 1;
            return;
        };
        self.list.push(Edit {
            category: category(place, field),
            part: match place {
                Place::Setting(_) => "connector".to_owned(),
                Place::Subaccount(_) | Place::Mapping(..) => place.to_string(),
            },
            field: field.to_owned(),
            old: old.map(shown),
            new: new.map(shown),
        });
    }
}

/// A value as a record has it.
fn shown(value: &Value) -> Value {
    let text = value.to_string();
    if text.len() <= VALUE_LEN_MAX {
        return value.clone();
    }
    json!({"bytes": text.len(), "sha256": Hash256::of(text.as_bytes())})
}

/// The category of a field.
fn category(place: &Place, field: &str) -> Category {
    let first = field.split('.').next().unwrap_or_default();
    match place {
        Place::Mapping(..) if first == "resources" => Category::AllowedResource,
        Place::Mapping(..) => Category::BackendMapping,
        Place::Subaccount(_) => match first {
            "auditLevel" => Category::AuditLogLevel,
            "domainMappings" => Category::DomainMapping,
            _ => Category::Account,
        },
        Place::Setting(_) => match (first, field) {
            (_, "audit.level") => Category::CrossAuditLogLevel,
            ("audit", _) => Category::AuditLogCleanup,
            (_, field) if field.starts_with("certificates.system") => Category::SystemCertificate,
            (_, field) if field.starts_with("certificates.ui") => Category::UiCertificate,
            ("certificates", _) => Category::PpcaCertificate,
            ("monitoringUsers" | "operators" | "organisation", _) => Category::SCCUser,
            ("proxy", _) => Category::ProxySettings,
            ("backupSchedules", _) => Category::Backup,
            ("backendTrust", _) => Category::TrustedBackendCertificate,
            ("tunnelConnections", _) => Category::AdvancedConnectivity,
            _ => Category::Configuration,
        },
    }
}
