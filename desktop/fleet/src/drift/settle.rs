//! From differences to the change that ends them.

use std::collections::BTreeMap;

use serde_json::{Map, Value};
use underpass_shared::config::{Document, Invalid};

use super::compare::{by_name, name_of, paired, tree};
use super::rules::Rules;
use super::{Baseline, Pairing};
use crate::template::{About, Carried, Template};

impl Baseline {
    /// The change after which an agent does not differ any more at the places that `take` says, by
    /// the paths of [`super::Difference`]. It is for this agent alone.
    ///
    /// # Errors
    /// When the template cannot say what the agent's configuration shall be, or that breaks a rule.
    pub fn settle(
        &self,
        about: &About<'_>,
        present: &Document,
        rules: &Rules,
        pairing: Pairing,
        take: &dyn Fn(&str) -> bool,
    ) -> Result<Carried, Invalid> {
        let (wanted, pairing) = self.wanted(about, present, pairing)?;
        settle(&wanted, present, rules, pairing, take)
    }
}

fn settle(
    wanted: &Document,
    present: &Document,
    rules: &Rules,
    pairing: Pairing,
    take: &dyn Fn(&str) -> bool,
) -> Result<Carried, Invalid> {
    let names = paired(wanted, present, pairing);
    let (wanted, own) = (tree(wanted, &names)?, tree(present, &BTreeMap::new())?);
    let mut walk = Walk {
        rules,
        own: Rules::default(),
        take,
        left_out: vec![],
    };
    let mut whole = crate::template::json(present)?;
    if let Some(connector) = walk.value("connector", wanted.get("connector"), own.get("connector"))
    {
        whole.insert("connector".to_owned(), connector);
    }
    let subaccounts = walk.value(
        "subaccounts",
        wanted.get("subaccounts"),
        own.get("subaccounts"),
    );
    if let Some(Value::Object(mut by_key)) = subaccounts {
        let all = present.subaccounts().iter();
        let all = all.filter_map(|one| by_key.remove(&one.key().to_string()));
        whole.insert("subaccounts".to_owned(), Value::Array(all.collect()));
    }
    let after = Document::from_json(&Value::Object(whole).to_string())?;
    let mut carried = Template::change(present, &after, "")?;
    carried.left_out.append(&mut walk.left_out);
    Ok(carried)
}

struct Walk<'a> {
    rules: &'a Rules,
    /// What belongs to one agent alone, whatever is compared.
    own: Rules,
    take: &'a dyn Fn(&str) -> bool,
    left_out: Vec<String>,
}

impl Walk<'_> {
    /// What shall be at a place.
    fn value(
        &mut self,
        path: &str,
        wanted: Option<&Value>,
        present: Option<&Value>,
    ) -> Option<Value> {
        if wanted == present || self.rules.leave_out(path) {
            return present.cloned();
        }
        if self.own.leave_out(path) {
            self.left_out.push(path.to_owned());
            return present.cloned();
        }
        match (wanted, present) {
            (Some(Value::Object(wanted)), Some(Value::Object(present))) => {
                Some(Value::Object(self.members(path, wanted, present)))
            }
            (Some(Value::Array(wanted)), Some(Value::Array(present)))
                if name_of(wanted, present).is_some() =>
            {
                let name = name_of(wanted, present).unwrap_or_default();
                Some(Value::Array(self.entries(path, name, wanted, present)))
            }
            (wanted, present) if (self.take)(path) => self.taken(path, wanted, present),
            (_, present) => present.cloned(),
        }
    }

    fn taken(
        &mut self,
        path: &str,
        wanted: Option<&Value>,
        present: Option<&Value>,
    ) -> Option<Value> {
        // Subaccounts come and go by enrolment, not by a change of the configuration.
        let is_subaccount = path
            .strip_prefix("subaccounts[")
            .is_some_and(|rest| rest.find(']') == Some(rest.len() - 1));
        if is_subaccount {
            self.left_out.push(path.to_owned());
            return present.cloned();
        }
        wanted.cloned()
    }

    fn members(
        &mut self,
        path: &str,
        wanted: &Map<String, Value>,
        present: &Map<String, Value>,
    ) -> Map<String, Value> {
        let new = wanted.keys().filter(|name| !present.contains_key(*name));
        let names: Vec<&String> = present.keys().chain(new).collect();
        let mut all = Map::new();
        for name in names {
            let path = super::compare::member(path, name);
            let value = self.value(&path, wanted.get(name), present.get(name));
            all.extend(value.map(|value| (name.clone(), value)));
        }
        all
    }

    fn entries(
        &mut self,
        path: &str,
        name: &str,
        wanted: &[Value],
        present: &[Value],
    ) -> Vec<Value> {
        let (by_wanted, by_present) = (by_name(wanted, name), by_name(present, name));
        let of = |entry: &Value| entry.get(name).and_then(Value::as_str).map(str::to_owned);
        let old = present.iter().filter_map(of);
        let new = wanted.iter().filter_map(of);
        let new = new.filter(|name| !by_present.contains_key(name.as_str()));
        let names: Vec<String> = old.chain(new).collect();
        let all = names.into_iter().filter_map(|name| {
            let path = format!("{path}[{name}]");
            let (wanted, present) = (by_wanted.get(&*name), by_present.get(&*name));
            self.value(&path, wanted.copied(), present.copied())
        });
        all.collect()
    }
}
