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

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::document::{Document, SCHEMA};
use super::invalid::Invalid;
use super::place::settings;
use super::subaccount::SubaccountKey;
use crate::host::VirtualAddress;

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
/// Names that some systems keep for devices, whatever stands behind a dot.
const DEVICES: [&str; 4] = ["aux", "con", "nul", "prn"];

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

    /// The folder of a subaccount. Where two location IDs differ by case alone, capitals are
    /// written otherwise: there are file systems that take them for the same.
    fn folder(&self, key: &SubaccountKey) -> String {
        let same = self.subaccounts().iter().filter(|one| {
            let other = one.key();
            (&other.region_host, other.subaccount) == (&key.region_host, key.subaccount)
                && other
                    .location_id
                    .as_str()
                    .eq_ignore_ascii_case(key.location_id.as_str())
        });
        let location = match key.location_id.as_str() {
            "" => "_".to_owned(),
            location => segment(location, same.count() > 1),
        };
        let region = segment(&key.region_host.to_string(), false);
        format!("{SUBACCOUNTS}/{region}/{}/{location}", key.subaccount)
    }
}

fn mapping_path(folder: &str, address: &VirtualAddress) -> String {
    let host = segment(address.host.as_str(), false);
    format!("{folder}/{MAPPINGS}/{host}_{}.json", address.port)
}

/// A text as a name of a file that all systems take and tell apart.
fn segment(text: &str, no_capitals: bool) -> String {
    let stem = text.split('.').next().unwrap_or_default();
    let lower = stem.to_ascii_lowercase();
    let numbered = |name: &str| {
        let rest = lower.strip_prefix(name);
        rest.is_some_and(|rest| rest.len() == 1 && rest.bytes().all(|b| b.is_ascii_digit()))
    };
    let is_device = DEVICES.contains(&lower.as_str()) || numbered("com") || numbered("lpt");
    let last = text.len().saturating_sub(1);
    let mut name = String::with_capacity(text.len());
    for (at, byte) in text.bytes().enumerate() {
        let plain = match byte {
            b'.' => at > 0 && at < last,
            b'A'..=b'Z' => !no_capitals,
            b'a'..=b'z' | b'0'..=b'9' | b'-' => true,
            _ => false,
        };
        if plain && !(is_device && at == 0) {
            name.push(char::from(byte));
        } else {
            name.push_str(&format!("%{byte:02x}"));
        }
    }
    name
}

/// Files brought together.
struct Read {
    whole: Value,
    paths: Paths,
}

/// Which files the entries of a document come from.
struct Paths(Vec<(String, Vec<String>)>);

impl Read {
    fn of(files: &Files, present: Option<&Document>) -> Result<Self, Invalid> {
        let schema = files.get(MARKER).ok_or_else(|| {
            Invalid::new(
                MARKER,
                "is missing; this is no configuration as `export` writes it",
            )
        })?;
        let mut whole = parse(MARKER, schema)?;
        let portable = match whole.remove("portable") {
            None | Some(Value::Bool(false)) => false,
            Some(Value::Bool(true)) => true,
            Some(_) => {
                return Err(Invalid::new(
                    format!("{MARKER}: portable"),
                    "must be true or false",
                ));
            }
        };
        let mut connector = match files.get(CONNECTOR) {
            Some(connector) => parse(CONNECTOR, connector)?,
            None => Map::new(),
        };
        if portable && let Some(present) = present {
            let mut there = settings(present.connector());
            for name in OWN_SETTINGS.into_iter().chain(SECRET_SETTINGS) {
                if let Some(value) = there.remove(name) {
                    connector.entry(name).or_insert(value);
                }
            }
        }
        whole.insert("connector".to_owned(), connector.into());
        let (mut subaccounts, mut paths) = (vec![], vec![]);
        for (folder, inside) in folders(files)? {
            let path = format!("{folder}/{OWN}");
            let own = files.get(&path).ok_or_else(|| {
                let rule = format!("is missing, and there are mappings beside it in {MAPPINGS}");
                Invalid::new(&path, rule)
            })?;
            let mut own = parse(&path, own)?;
            if own.contains_key("mappings") {
                let rule = format!("mappings are in files of their own, in {MAPPINGS}");
                return Err(Invalid::new(path, rule));
            }
            complete(&mut own, &path, present)?;
            let mappings = inside.iter().map(|path| {
                let text = files.get(path).map(String::as_str).unwrap_or_default();
                Ok(parse(path, text)?.into())
            });
            let mappings: Vec<Value> = mappings.collect::<Result<_, Invalid>>()?;
            own.insert("mappings".to_owned(), mappings.into());
            subaccounts.push(Value::Object(own));
            paths.push((path, inside));
        }
        whole.insert("subaccounts".to_owned(), subaccounts.into());
        Ok(Self {
            whole: whole.into(),
            paths: Paths(paths),
        })
    }
}

/// Takes from the present document who the agent is, where a file leaves it out.
fn complete(
    own: &mut Map<String, Value>,
    path: &str,
    present: Option<&Document>,
) -> Result<(), Invalid> {
    let Some(missing) = IDENTITY.iter().find(|name| !own.contains_key(**name)) else {
        return Ok(());
    };
    let get = |name: &str| own.get(name).cloned();
    let key = json!({
        "regionHost": get("regionHost"),
        "subaccount": get("subaccount"),
        "locationId": get("locationId").unwrap_or_else(|| "".into()),
    });
    // What is wrong with the key is told with all else that is wrong.
    let Ok(key) = serde_json::from_value::<SubaccountKey>(key) else {
        return Ok(());
    };
    let there = present.and_then(|document| document.subaccount(&key));
    let there = there.ok_or_else(|| {
        let rule = "is left out, and this agent does not have the subaccount; enrol it first";
        Invalid::new(format!("{path}: {missing}"), rule)
    })?;
    let there = there.own();
    for (name, value) in [
        ("instance", there.instance.to_string()),
        ("credential", there.credential.to_string()),
    ] {
        own.entry(name).or_insert_with(|| value.into());
    }
    Ok(())
}

/// The folders of subaccounts with the paths of their mappings.
fn folders(files: &Files) -> Result<BTreeMap<String, Vec<String>>, Invalid> {
    let mut folders: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut unknown = BTreeSet::new();
    for path in files.keys() {
        let parts: Vec<&str> = path.split('/').collect();
        match parts[..] {
            [MARKER | CONNECTOR] => {}
            [SUBACCOUNTS, region, subaccount, location, OWN] => {
                let folder = format!("{SUBACCOUNTS}/{region}/{subaccount}/{location}");
                folders.entry(folder).or_default();
            }
            [SUBACCOUNTS, region, subaccount, location, MAPPINGS, _] => {
                let folder = format!("{SUBACCOUNTS}/{region}/{subaccount}/{location}");
                folders.entry(folder).or_default().push(path.clone());
            }
            _ => drop(unknown.insert(path)),
        }
    }
    match unknown.first() {
        Some(path) => Err(Invalid::new(
            path.as_str(),
            "is no file of a configuration; move it elsewhere",
        )),
        None => Ok(folders),
    }
}

impl Paths {
    /// Says in which file something is wrong.
    fn locate(&self, Invalid { field, rule }: Invalid) -> Invalid {
        let found = self.find(&field);
        let (path, rest) = found.unwrap_or((None, field.as_str()));
        let rest = rest.trim_start_matches('.');
        let field = match (path, rest) {
            (Some(path), "") => path.to_owned(),
            (Some(path), rest) => format!("{path}: {rest}"),
            (None, rest) => match rest.strip_prefix("connector") {
                Some(rest) => format!("{CONNECTOR}: {}", rest.trim_start_matches('.')),
                None => rest.to_owned(),
            },
        };
        Invalid { field, rule }
    }

    /// The file of a field, and what of the field is behind it.
    fn find<'a>(&'a self, field: &'a str) -> Option<(Option<&'a str>, &'a str)> {
        let (i, rest) = field.strip_prefix("subaccounts[")?.split_once(']')?;
        let (own, mappings) = self.0.get(i.parse::<usize>().ok()?)?;
        let inner = rest
            .strip_prefix(".mappings[")
            .and_then(|rest| rest.split_once(']'))
            .and_then(|(j, rest)| Some((mappings.get(j.parse::<usize>().ok()?)?, rest)));
        Some(match inner {
            Some((path, rest)) => (Some(path), rest),
            None => (Some(own), rest),
        })
    }
}

fn parse(path: &str, text: &str) -> Result<Map<String, Value>, Invalid> {
    serde_json::from_str(text).map_err(|error| Invalid::new(path, error.to_string()))
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::config::tests::{any_document, key, mapping, own};
    use crate::config::{SubaccountFields, diff};

    fn sample() -> Document {
        let document = Document::empty().with_subaccount(own(1)).unwrap();
        ["b_c:80", "nul.corp:443"]
            .iter()
            .fold(document, |document, address| {
                document
                    .with_mapping(key(1), mapping(address, &["/x"]))
                    .unwrap()
            })
    }

    fn folder() -> String {
        format!("subaccounts/localhost%3a8443/{}/_", key(1).subaccount)
    }

    #[test]
    fn each_part_is_a_file_whose_name_every_system_takes() {
        let files = sample().to_files(false);
        let folder = folder();
        let names: Vec<&str> = files.keys().map(String::as_str).collect();
        let expected = [
            "connector.json".to_owned(),
            format!("{folder}/mappings/%6eul.corp_443.json"),
            format!("{folder}/mappings/b%5fc_80.json"),
            format!("{folder}/subaccount.json"),
            "underpass.json".to_owned(),
        ];
        assert_eq!(names, expected);
        assert_eq!(Document::from_files(&files, None).unwrap(), sample());
    }

    #[test]
    fn locations_that_differ_by_case_alone_have_other_names() {
        let with = |document: Document, location: &str| {
            let mut key = key(1);
            key.location_id = location.parse().unwrap();
            document
                .with_subaccount(SubaccountFields { key, ..own(1) })
                .unwrap()
        };
        let one = with(Document::empty(), "Plant");
        assert!(
            one.to_files(false)
                .keys()
                .any(|path| path.contains("/Plant/"))
        );
        let both = with(one, "plant");
        let files = both.to_files(false);
        let lower: BTreeSet<String> = files.keys().map(|path| path.to_lowercase()).collect();
        assert_eq!(lower.len(), files.len());
        assert_eq!(Document::from_files(&files, None).unwrap(), both);
        let dots = with(Document::empty(), "..");
        assert!(
            dots.to_files(false)
                .keys()
                .any(|path| path.contains("/%2e%2e/"))
        );
    }

    #[test]
    fn portable_files_fit_who_has_the_subaccount() {
        let files = sample().to_files(true);
        assert!(!files.values().any(|text| text.contains("credential")));
        let told = Document::from_files(&files, None).unwrap_err().to_string();
        assert!(told.contains("enrol it first"), "{told}");
        let mut other = own(1);
        other.instance = crate::id::InstanceId::from_uuid(uuid::Uuid::from_u128(99));
        let present = Document::empty().with_subaccount(other).unwrap();
        let applied = Document::from_files(&files, Some(&present)).unwrap();
        let instance = applied.subaccounts()[0].own().instance;
        assert_eq!(instance, present.subaccounts()[0].own().instance);
        assert_eq!(applied.subaccounts()[0].mappings().len(), 2);
    }

    #[test]
    fn what_is_wrong_names_the_file_and_the_field() {
        let folder = folder();
        let mapping = format!("{folder}/mappings/b%5fc_80.json");
        let own = format!("{folder}/subaccount.json");
        let edit = |path: &str, from: &str, to: &str| {
            let mut files = sample().to_files(false);
            let text = files.get_mut(path).unwrap();
            assert!(text.contains(from), "{text}");
            *text = text.replace(from, to);
            Document::from_files(&files, None).unwrap_err().to_string()
        };
        let told = edit(&mapping, "\"HTTP\"", "\"GOPHER\"");
        assert!(
            told.starts_with(&format!("{mapping}: protocol: unknown variant")),
            "{told}"
        );
        let told = edit(&mapping, "b_c:80", "b_c:81");
        assert!(
            told.starts_with(&format!("{mapping}: has another name")),
            "{told}"
        );
        let told = edit(&mapping, "b_c:80", "nul.corp:443");
        assert!(told.contains("occurs twice"), "{told}");
        let told = edit(&own, "\"connected\": true", "\"connected\": 7");
        assert!(told.starts_with(&format!("{own}: connected: ")), "{told}");
        let told = edit(
            "connector.json",
            "\"tunnelConnections\": 2",
            "\"tunnelConnections\": 99",
        );
        assert!(
            told.starts_with("connector.json: tunnelConnections: "),
            "{told}"
        );
        let told = edit("underpass.json", "1", "2");
        assert!(told.starts_with("schema: is 2"), "{told}");
        let told = edit("underpass.json", "}", ", \"portable\": 1 }");
        assert!(told.starts_with("underpass.json: portable: "), "{told}");
        let told = edit("underpass.json", "}", "");
        assert!(told.starts_with("underpass.json: "), "{told}");
        let mut files = sample().to_files(false);
        files.remove(&own);
        let told = Document::from_files(&files, None).unwrap_err().to_string();
        assert!(told.starts_with(&format!("{own}: is missing")), "{told}");
        files.insert("subaccounts/x.json".to_owned(), "{}".to_owned());
        let told = Document::from_files(&files, None).unwrap_err().to_string();
        assert!(told.starts_with("subaccounts/x.json: is no file"), "{told}");
        let told = Document::from_files(&Files::new(), None).unwrap_err();
        assert_eq!(told.field, MARKER);
    }

    proptest! {
        #[test]
        fn documents_come_back_from_their_files(document in any_document()) {
            let files = document.to_files(false);
            let again = Document::from_files(&files, None).unwrap();
            prop_assert_eq!(again.to_files(false), files);
            prop_assert!(diff(&document, &again).is_empty());
            let portable = document.to_files(true);
            prop_assert_eq!(Document::from_files(&portable, Some(&document)).unwrap(), document);
        }
    }
}
