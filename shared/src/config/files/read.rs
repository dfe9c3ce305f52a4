//! Files are brought together to a document again.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::{
    CONNECTOR, Files, IDENTITY, MAPPINGS, MARKER, OWN, OWN_SETTINGS, SECRET_SETTINGS, SUBACCOUNTS,
};
use crate::config::document::Document;
use crate::config::invalid::Invalid;
use crate::config::place::settings;
use crate::config::subaccount::SubaccountKey;

/// Files brought together.
pub(super) struct Read {
    pub(super) whole: Value,
    pub(super) paths: Paths,
}

/// Which files the entries of a document come from.
pub(super) struct Paths(Vec<(String, Vec<String>)>);

impl Read {
    pub(super) fn of(files: &Files, present: Option<&Document>) -> Result<Self, Invalid> {
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
    pub(super) fn locate(&self, Invalid { field, rule }: Invalid) -> Invalid {
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
