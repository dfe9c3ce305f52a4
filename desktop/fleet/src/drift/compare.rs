//! Two documents, path by path.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};
use underpass_shared::config::{Document, Invalid, Subaccount, SubaccountKey};

use super::rules::Rules;
use super::{DIFFERENCES_MAX, Difference, Kind, Pairing, Report};

/// What entries of lists are found by, the first that all of them have.
const NAMES: [&str; 5] = ["virtualAddress", "path", "id", "name", "alias"];

pub(super) fn compare(
    wanted: &Document,
    present: &Document,
    rules: &Rules,
    pairing: Pairing,
) -> Result<Report, Invalid> {
    let paired = paired(wanted, present, pairing);
    let wanted = tree(wanted, &paired)?;
    let present = tree(present, &BTreeMap::new())?;
    let mut walk = Walk {
        rules,
        report: Report::default(),
    };
    for part in ["connector", "subaccounts"] {
        walk.values(part, wanted.get(part), present.get(part));
    }
    Ok(walk.report)
}

/// Which subaccount of the agent stands for which of the baseline.
pub(super) fn paired(
    wanted: &Document,
    present: &Document,
    pairing: Pairing,
) -> BTreeMap<SubaccountKey, SubaccountKey> {
    let mut pairs = BTreeMap::new();
    if pairing == Pairing::Exact {
        return pairs;
    }
    let same = |one: &Subaccount, key: &SubaccountKey| {
        let own = one.key();
        (&own.region_host, own.subaccount) == (&key.region_host, key.subaccount)
    };
    for one in wanted.subaccounts() {
        let key = one.key();
        let of = |document: &Document| -> Vec<SubaccountKey> {
            let all = document.subaccounts().iter();
            let same = all.filter(|other| same(other, key));
            same.map(|other| other.key().clone()).collect()
        };
        if let ([_], [only]) = (&*of(wanted), &*of(present)) {
            pairs.insert(key.clone(), only.clone());
        }
    }
    pairs
}

/// A document as JSON in which subaccounts have names in place of numbers.
pub(super) fn tree(
    document: &Document,
    names: &BTreeMap<SubaccountKey, SubaccountKey>,
) -> Result<Map<String, Value>, Invalid> {
    let mut whole = crate::template::json(document)?;
    let mut subaccounts = Map::new();
    // Written in the order in which the document has them.
    let all = document.subaccounts().iter();
    if let Some(Value::Array(items)) = whole.remove("subaccounts") {
        for (one, item) in all.zip(items) {
            let key = names.get(one.key()).unwrap_or(one.key());
            subaccounts.insert(key.to_string(), item);
        }
    }
    whole.insert("subaccounts".to_owned(), Value::Object(subaccounts));
    Ok(whole)
}

/// The path of a member of an object.
pub(super) fn member(path: &str, name: &str) -> String {
    if path == "subaccounts" {
        format!("{path}[{name}]")
    } else {
        format!("{path}.{name}")
    }
}

struct Walk<'a> {
    rules: &'a Rules,
    report: Report,
}

impl Walk<'_> {
    fn values(&mut self, path: &str, wanted: Option<&Value>, present: Option<&Value>) {
        if wanted == present {
            return;
        }
        if self.rules.leave_out(path) {
            self.report.ignored += 1;
            return;
        }
        match (wanted, present) {
            (Some(Value::Object(wanted)), Some(Value::Object(present))) => {
                let names: BTreeSet<&String> = wanted.keys().chain(present.keys()).collect();
                for name in names {
                    let path = member(path, name);
                    self.values(&path, wanted.get(name), present.get(name));
                }
            }
            (Some(Value::Array(wanted)), Some(Value::Array(present))) => {
                let Some(name) = name_of(wanted, present) else {
                    let (wanted, present) = (wanted.clone().into(), present.clone().into());
                    return self.put(path, Kind::Other, Some(&wanted), Some(&present));
                };
                let (wanted, present) = (by_name(wanted, name), by_name(present, name));
                let names: BTreeSet<&str> = wanted.keys().chain(present.keys()).copied().collect();
                for name in names {
                    let path = format!("{path}[{name}]");
                    let (wanted, present) = (wanted.get(name), present.get(name));
                    self.values(&path, wanted.copied(), present.copied());
                }
            }
            (Some(wanted), Some(present)) => {
                self.put(path, Kind::Other, Some(wanted), Some(present))
            }
            (Some(wanted), None) => self.put(path, Kind::Missing, Some(wanted), None),
            (None, present) => self.put(path, Kind::Extra, None, present),
        }
    }

    fn put(&mut self, path: &str, kind: Kind, wanted: Option<&Value>, present: Option<&Value>) {
        if self.report.differences.len() >= DIFFERENCES_MAX {
            self.report.more += 1;
            return;
        }
        self.report.differences.push(Difference {
            kind,
            path: path.to_owned(),
            wanted: wanted.cloned(),
            present: present.cloned(),
        });
    }
}

/// What the entries of both lists are found by, if by anything.
pub(super) fn name_of(one: &[Value], other: &[Value]) -> Option<&'static str> {
    let is_name = |name: &&str| {
        let found = |list: &[Value]| {
            let names: Vec<&str> = list
                .iter()
                .filter_map(|entry| entry.get(*name)?.as_str())
                .collect();
            let once: BTreeSet<&str> = names.iter().copied().collect();
            names.len() == list.len() && once.len() == names.len()
        };
        found(one) && found(other)
    };
    NAMES.iter().find(|name| is_name(name)).copied()
}

pub(super) fn by_name<'a>(list: &'a [Value], name: &str) -> BTreeMap<&'a str, &'a Value> {
    list.iter()
        .filter_map(|entry| Some((entry.get(name)?.as_str()?, entry)))
        .collect()
}
