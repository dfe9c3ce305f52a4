//! What was read of a connector, and what is to be asked next.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use thiserror::Error;

use super::address::{self, SourceSubaccount};
use crate::config::{Certificate, ChannelType};

/// What stands in place of a password that some answer holds.
const MASKED: &str = "***";
/// The status of what is not there.
const NOT_FOUND: u16 = 404;

/// What such a file says it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum ReadingFormat {
    /// The only one so far.
    #[default]
    #[serde(rename = "underpass-scc-reading-1")]
    First,
}

/// Where a reading comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Source {
    /// The address of the connector, or the name of a file.
    pub address: String,
    /// When it was read, milliseconds UTC.
    #[serde(default)]
    pub read_at_ms: i64,
}

/// What the connector did not want to tell.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Refused {
    /// The status of its answer.
    pub status: u16,
    /// What it said.
    pub message: String,
}

/// In which form an answer is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// JSON.
    Json,
    /// One certificate, DER or PEM.
    Certificate,
}

/// One question to a connector.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// The path of its address.
    pub path: String,
    /// In which form the answer is wanted.
    pub form: Form,
    /// Whether nothing can be planned without the answer.
    pub needed: bool,
}

/// What was read of a connector: its answers by their addresses.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reading {
    format: ReadingFormat,
    source: Source,
    answers: BTreeMap<String, Value>,
    refused: BTreeMap<String, Refused>,
}

/// A file that is no reading.
#[derive(Debug, Error)]
pub enum InvalidReading {
    /// Not JSON, or of another form.
    #[error("this is neither a saved reading nor a list of system mappings as the API tells it")]
    Form(#[from] serde_json::Error),
    /// An archive.
    #[error(
        "this is an archive; what SAP Cloud Connector puts into one is not documented, so read the connector through its API"
    )]
    Archive,
    /// Not text.
    #[error("the file is not UTF-8")]
    Encoding(#[from] std::str::Utf8Error),
}

impl Reading {
    /// Nothing was read yet.
    pub fn of(source: Source) -> Self {
        Self {
            source,
            ..Self::default()
        }
    }

    /// Reads a file: one that was written by [`Self::to_json`], or a list of system mappings as
    /// `GET .../systemMappings` answers it, each with its `resources` beside its own fields where
    /// somebody put them there. The list has no subaccount of its own; it is told as `whose`.
    ///
    /// # Errors
    /// When it is neither.
    pub fn from_file(
        bytes: &[u8],
        name: &str,
        whose: &SourceSubaccount,
    ) -> Result<Self, InvalidReading> {
        /// What ZIP archives begin with.
        const ZIP: &[u8] = b"PK";
        if bytes.starts_with(ZIP) {
            return Err(InvalidReading::Archive);
        }
        let text = std::str::from_utf8(bytes)?;
        if !text.trim_start().starts_with('[') {
            return Ok(serde_json::from_str(text)?);
        }
        let mut mappings: Vec<serde_json::Map<String, Value>> = serde_json::from_str(text)?;
        let mut reading = Self::of(Source {
            address: name.to_owned(),
            read_at_ms: 0,
        });
        for one in &mut mappings {
            let resources = one.remove("resources").unwrap_or(Value::Array(vec![]));
            let text = |name: &str| one.get(name).map(text_of).unwrap_or_default();
            let (host, port) = (text("virtualHost"), text("virtualPort"));
            reading.keep(&whose.of_mapping(&host, &port, "resources"), resources);
        }
        let mappings = mappings.into_iter().map(Value::Object).collect();
        reading.keep(&whose.below("systemMappings"), Value::Array(mappings));
        let own = serde_json::to_value(whose)?;
        reading.keep(&whose.path(), own.clone());
        reading.keep(address::SUBACCOUNTS, Value::Array(vec![own]));
        Ok(reading)
    }

    /// The whole as a file. It holds no passwords.
    ///
    /// # Errors
    /// When it cannot be written as JSON.
    pub fn to_json(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string_pretty(self)
    }

    /// Where it comes from.
    pub const fn source(&self) -> &Source {
        &self.source
    }

    /// How many answers there are.
    pub fn len(&self) -> usize {
        self.answers.len() + self.refused.len()
    }

    /// Whether nothing was read yet.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Keeps an answer, without the passwords in it.
    pub fn keep(&mut self, path: &str, mut answer: Value) {
        mask(&mut answer);
        self.answers.insert(path.to_owned(), answer);
    }

    /// Keeps a certificate.
    pub fn keep_certificate(&mut self, path: &str, certificate: &Certificate) {
        let pem = Value::String(certificate.to_string());
        self.answers.insert(path.to_owned(), pem);
    }

    /// Keeps that something was refused.
    pub fn keep_refusal(&mut self, path: &str, refused: Refused) {
        self.refused.insert(path.to_owned(), refused);
    }

    /// What is to be asked next; nothing when all was read.
    pub fn open_calls(&self) -> Vec<Call> {
        let mut calls = vec![];
        self.of_connector(&mut calls);
        for one in self.subaccounts() {
            self.of_subaccount(&one, &mut calls);
        }
        calls.retain(|call: &Call| {
            !self.answers.contains_key(&call.path) && !self.refused.contains_key(&call.path)
        });
        calls
    }

    fn of_connector(&self, calls: &mut Vec<Call>) {
        let optional = |path: String| json(path, false);
        calls.push(json(address::SUBACCOUNTS.to_owned(), true));
        for path in [
            address::VERSION,
            address::AUTHENTICATION,
            address::CORRUPTED,
        ] {
            calls.push(optional(path.to_owned()));
        }
        calls.extend(address::CONNECTOR.map(|what| optional(address::connector(what))));
        for what in address::ON_PREMISES {
            calls.push(optional(address::on_premises(what, false)));
            if self.is_missing(what) {
                calls.push(optional(address::on_premises(what, true)));
            }
        }
        let old = self.is_missing("truststore");
        let trusted = self.aliases(self.on_premises("truststore"));
        let mail = self.aliases(self.connector("/email/truststore"));
        let paths = trusted.iter().map(|alias| address::trusted(alias, old));
        let paths = paths.chain(mail.iter().map(|alias| address::trusted_mail(alias)));
        calls.extend(paths.map(|path| Call {
            path,
            form: Form::Certificate,
            needed: false,
        }));
    }

    fn of_subaccount(&self, one: &SourceSubaccount, calls: &mut Vec<Call>) {
        calls.push(json(one.path(), true));
        calls.push(json(one.below("systemMappings"), true));
        calls.extend(address::OF_SUBACCOUNT.map(|what| json(one.below(what), false)));
        calls.extend(ChannelType::ALL.map(|kind| json(one.channels(kind), false)));
        calls.extend(["/logAndTrace", "/auditLog"].map(|what| json(one.setting(what), false)));
        for mapping in list(self.answer(&one.below("systemMappings"))) {
            let text = |name: &str| mapping.get(name).map(text_of).unwrap_or_default();
            let (host, port) = (text("virtualHost"), text("virtualPort"));
            let rfc = text("protocol").starts_with("RFC");
            let has_resources = rfc || text("protocol").starts_with("HTTP");
            if has_resources || !matches!(&*text("totalResourcesCount"), "" | "0") {
                calls.push(json(one.of_mapping(&host, &port, "resources"), true));
            }
            // Older versions tell these apart from the mapping.
            for (field, what) in [
                ("allowedClients", "allowedClients"),
                ("blacklistedUsers", "blockedClientUsers"),
            ] {
                if rfc && mapping.get(field).is_none() {
                    calls.push(json(one.of_mapping(&host, &port, what), false));
                }
            }
        }
    }

    /// An answer.
    pub(super) fn answer(&self, path: &str) -> Option<&Value> {
        self.answers.get(path)
    }

    /// What was refused, but for what an older or newer address told.
    pub(super) fn refusals(&self) -> impl Iterator<Item = (&str, &Refused)> {
        let told_elsewhere = |path: &str| {
            address::ON_PREMISES.iter().any(|what| {
                path == address::on_premises(what, false)
                    && self.answers.contains_key(&address::on_premises(what, true))
            })
        };
        let all = self.refused.iter();
        all.map(|(path, refused)| (path.as_str(), refused))
            .filter(move |(path, _)| !told_elsewhere(path))
    }

    /// Something of the connector as a whole.
    pub(super) fn connector(&self, what: &str) -> Option<&Value> {
        self.answer(&address::connector(what))
    }

    /// Something of the way to back ends, by its new or its old address.
    pub(super) fn on_premises(&self, what: &str) -> Option<&Value> {
        let of = |old| self.answer(&address::on_premises(what, old));
        of(false).or_else(|| of(true))
    }

    /// The subaccounts, in the order of the list.
    pub(super) fn subaccounts(&self) -> Vec<SourceSubaccount> {
        let all = list(self.answer(address::SUBACCOUNTS)).iter();
        all.filter_map(|one| {
            let text = |name: &str| one.get(name).map(text_of).filter(|text| !text.is_empty());
            Some(SourceSubaccount {
                region_host: text("regionHost")?,
                subaccount: text("subaccount")?,
            })
        })
        .collect()
    }

    /// A certificate that was read.
    pub(super) fn certificate(&self, path: &str) -> Option<Certificate> {
        self.answer(path)?.as_str()?.parse().ok()
    }

    /// Whether the connector is older than the address of something.
    pub(super) fn is_missing(&self, what: &str) -> bool {
        let refused = self.refused.get(&address::on_premises(what, false));
        refused.is_some_and(|refused| refused.status == NOT_FOUND)
    }

    /// The names of the entries of a trust store.
    pub(super) fn aliases(&self, truststore: Option<&Value>) -> Vec<String> {
        let entries = truststore.and_then(entries_of);
        let aliases = list(entries).iter().filter_map(|one| one.get("alias"));
        aliases.map(text_of).collect()
    }
}

/// The entries of a trust store, which was called differently in the course of time.
pub(super) fn entries_of(truststore: &Value) -> Option<&Value> {
    ENTRIES.iter().find_map(|name| truststore.get(*name))
}

/// What the list of a trust store's entries is called.
pub(super) const ENTRIES: [&str; 4] = [
    "trustedBackends",
    "trustedBackendSystems",
    "trustedEmailCertificates",
    "trustedCertificates",
];

fn json(path: String, needed: bool) -> Call {
    Call {
        path,
        form: Form::Json,
        needed,
    }
}

/// A list; empty where there is none.
pub(super) fn list(value: Option<&Value>) -> &[Value] {
    value.and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// A text, number or truth value as text; empty for everything else.
pub(super) fn text_of(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        Value::Bool(truth) => truth.to_string(),
        Value::Null | Value::Array(_) | Value::Object(_) => String::new(),
    }
}

/// Whether a field of this name may hold a secret.
pub(super) fn is_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    ["password", "secret", "passphrase"]
        .iter()
        .any(|word| name.contains(word))
}

/// Takes passwords out of an answer.
fn mask(value: &mut Value) {
    match value {
        Value::Object(map) => {
            for (name, value) in map {
                if is_secret(name) && value.is_string() {
                    *value = Value::String(MASKED.to_owned());
                } else {
                    mask(value);
                }
            }
        }
        Value::Array(list) => list.iter_mut().for_each(mask),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
