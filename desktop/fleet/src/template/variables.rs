//! `${name}` in texts.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use underpass_shared::config::Invalid;

use super::{SubaccountPart, Template};

/// The longest name of a variable.
const NAME_LEN_MAX: usize = 64;
/// The longest value of a variable.
const VALUE_LEN_MAX: usize = 10_000;
/// What every agent has a value for.
pub(super) const AGENT: [&str; 3] = ["agent.label", "agent.group", "agent.id"];

/// What kind of value a variable has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Kind {
    /// A text.
    #[default]
    Text,
    /// A whole number.
    Number,
    /// True or false.
    Boolean,
}

/// Something that differs from agent to agent.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Variable {
    /// For people.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// What kind of value it has.
    #[serde(rename = "type")]
    pub kind: Kind,
    /// What it is where nothing else is said; without it every agent needs a value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default: Option<Value>,
    /// The only values that it may have; any where there are none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub one_of: Vec<Value>,
}

impl Variable {
    pub(super) fn check(&self, name: &str) -> Result<(), Invalid> {
        let field = format!("variables.{name}");
        if !is_name(name) || name.starts_with("agent.") {
            let rule = format!(
                "must have at most {NAME_LEN_MAX} of A-Z a-z 0-9 _ . -, begin with a letter, and not with `agent.`"
            );
            return Err(Invalid::new(field, rule));
        }
        for value in self.one_of.iter().chain(&self.default) {
            self.check_value(name, value)?;
        }
        Ok(())
    }

    /// Whether it may have a value.
    pub(super) fn check_value(&self, name: &str, value: &Value) -> Result<(), Invalid> {
        let rule = match (self.kind, value) {
            (Kind::Text, Value::String(text)) if text.len() <= VALUE_LEN_MAX => None,
            (Kind::Text, _) => Some(format!("must be a text of at most {VALUE_LEN_MAX} bytes")),
            (Kind::Number, Value::Number(number)) if number.is_i64() || number.is_u64() => None,
            (Kind::Number, _) => Some("must be a whole number".to_owned()),
            (Kind::Boolean, Value::Bool(_)) => None,
            (Kind::Boolean, _) => Some("must be true or false".to_owned()),
        };
        if let Some(rule) = rule {
            return Err(Invalid::new(format!("variables.{name}"), rule));
        }
        if !self.one_of.is_empty() && !self.one_of.contains(value) {
            let known: Vec<String> = self.one_of.iter().map(text).collect();
            let rule = format!(
                "is {}, but must be one of {}",
                text(value),
                known.join(", ")
            );
            return Err(Invalid::new(format!("variables.{name}"), rule));
        }
        Ok(())
    }

    /// Reads a value as somebody types it.
    pub(super) fn read(&self, name: &str, typed: &str) -> Result<Value, Invalid> {
        let value = match self.kind {
            Kind::Text => Value::from(typed),
            Kind::Number | Kind::Boolean => typed.parse().unwrap_or_else(|_none| typed.into()),
        };
        self.check_value(name, &value)?;
        Ok(value)
    }
}

fn is_name(name: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-');
    (1..=NAME_LEN_MAX).contains(&name.len())
        && name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.chars().all(plain)
}

/// A value within a text.
fn text(value: &Value) -> String {
    let plain = value.as_str().map(str::to_owned);
    plain.unwrap_or_else(|| value.to_string())
}

/// A piece of a text.
enum Piece<'a> {
    Plain(&'a str),
    Variable(&'a str),
}

/// Cuts a text at its variables; `$$` is a dollar sign.
fn pieces<'a>(text: &'a str, field: &str) -> Result<Vec<Piece<'a>>, Invalid> {
    let (mut all, mut rest) = (vec![], text);
    while let Some((plain, behind)) = rest.split_once('$') {
        all.push(Piece::Plain(plain));
        if let Some(behind) = behind.strip_prefix('$') {
            all.push(Piece::Plain("$"));
            rest = behind;
        } else if let Some((name, behind)) = behind
            .strip_prefix('{')
            .and_then(|behind| behind.split_once('}'))
        {
            all.push(Piece::Variable(name));
            rest = behind;
        } else {
            let rule = "has a $ that begins no ${variable}; write $$ for a plain one";
            return Err(Invalid::new(field, rule));
        }
    }
    all.push(Piece::Plain(rest));
    Ok(all)
}

/// Values by the names of variables.
pub(super) type Known = BTreeMap<String, Value>;

/// Puts values in the place of variables. A text that is one variable alone becomes its value, also
/// where that is a number.
pub(super) fn substitute(value: &Value, known: &Known, field: &str) -> Result<Value, Invalid> {
    Ok(match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
        Value::String(one) => filled(one, known, field)?,
        Value::Array(items) => {
            let items = items.iter().enumerate();
            let filled = items.map(|(i, item)| substitute(item, known, &format!("{field}[{i}]")));
            Value::Array(filled.collect::<Result<_, _>>()?)
        }
        Value::Object(members) => Value::Object(substitute_all(members, known, field)?),
    })
}

pub(super) fn substitute_all(
    members: &Map<String, Value>,
    known: &Known,
    field: &str,
) -> Result<Map<String, Value>, Invalid> {
    let filled = members.iter().map(|(name, member)| {
        let filled = substitute(member, known, &format!("{field}.{name}"))?;
        Ok((name.clone(), filled))
    });
    filled.collect()
}

pub(super) fn filled(one: &str, known: &Known, field: &str) -> Result<Value, Invalid> {
    let find = |name: &str| {
        let rule = format!("there is no variable {name:?}");
        known.get(name).ok_or_else(|| Invalid::new(field, rule))
    };
    let pieces = pieces(one, field)?;
    if let [Piece::Plain(""), Piece::Variable(name), Piece::Plain("")] = pieces[..] {
        return Ok(find(name)?.clone());
    }
    let mut whole = String::new();
    for piece in pieces {
        match piece {
            Piece::Plain(plain) => whole.push_str(plain),
            Piece::Variable(name) => whole.push_str(&text(find(name)?)),
        }
    }
    Ok(whole.into())
}

impl Template {
    /// Whether all variables in texts are declared.
    pub(super) fn check_names(&self) -> Result<(), Invalid> {
        let declared = self.variables.keys().map(String::as_str).chain(AGENT);
        let known: Known = declared
            .map(|name| (name.to_owned(), Value::Null))
            .collect();
        substitute_all(&self.settings, &known, "settings")?;
        for (i, part) in self.subaccounts.iter().enumerate() {
            part.filled(&known, &format!("subaccounts[{i}]"))?;
        }
        Ok(())
    }
}

impl SubaccountPart {
    /// With values in the place of variables.
    pub(super) fn filled(&self, known: &Known, field: &str) -> Result<Self, Invalid> {
        let all = |list: &[Map<String, Value>], name: &str| -> Result<Vec<_>, Invalid> {
            let list = list.iter().enumerate();
            list.map(|(i, one)| substitute_all(one, known, &format!("{field}.{name}[{i}]")))
                .collect()
        };
        let removed = self.remove_mappings.iter().enumerate().map(|(i, one)| {
            let filled = filled(one, known, &format!("{field}.removeMappings[{i}]"))?;
            Ok(text(&filled))
        });
        Ok(Self {
            wanted: substitute_all(&self.wanted, known, &format!("{field}.match"))?,
            optional: self.optional,
            set: substitute_all(&self.set, known, &format!("{field}.set"))?,
            mappings: all(&self.mappings, "mappings")?,
            change_mappings: all(&self.change_mappings, "changeMappings")?,
            remove_mappings: removed.collect::<Result<_, Invalid>>()?,
            only_these: self.only_these,
        })
    }
}

/// With every dollar sign as a plain one.
pub(super) fn escaped(mut members: Map<String, Value>) -> Map<String, Value> {
    members.values_mut().for_each(escape);
    members
}

pub(super) fn escaped_parts(parts: Vec<SubaccountPart>) -> Vec<SubaccountPart> {
    let parts = parts.into_iter().map(|mut part| {
        part.wanted = escaped(part.wanted);
        part.set = escaped(part.set);
        part.mappings = part.mappings.into_iter().map(escaped).collect();
        part.change_mappings = part.change_mappings.into_iter().map(escaped).collect();
        for one in &mut part.remove_mappings {
            *one = one.replace('$', "$$");
        }
        part
    });
    parts.collect()
}

fn escape(value: &mut Value) {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
        Value::String(text) => *text = text.replace('$', "$$"),
        Value::Array(items) => items.iter_mut().for_each(escape),
        Value::Object(members) => members.values_mut().for_each(escape),
    }
}
