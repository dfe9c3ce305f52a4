//! The fields of an answer, taken out one by one: what is left at the end is reported.

use serde_json::{Map, Value};

use super::findings::{Findings, Kind, shown};
use super::reading::{is_secret, text_of};
use crate::config::Text;

/// Links between the parts of the API.
const LINKS: &str = "_links";

/// The fields of one object.
pub(super) struct Fields {
    place: String,
    map: Map<String, Value>,
}

impl Fields {
    /// The fields of `value`, which stands at `place`. What is no object is a single unnamed field.
    pub(super) fn of(value: &Value, place: impl Into<String>) -> Self {
        let map = match value {
            Value::Object(map) => map.clone(),
            Value::Null => Map::new(),
            other @ (Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_)) => {
                Map::from_iter([(String::new(), other.clone())])
            }
        };
        Self {
            place: place.into(),
            map,
        }
    }

    /// Where they stand.
    pub(super) fn place(&self) -> &str {
        &self.place
    }

    /// A field as it is; none where it is null.
    pub(super) fn value(&mut self, name: &str) -> Option<Value> {
        self.map.remove(name).filter(|value| !value.is_null())
    }

    /// A field that is text, or becomes it. What is neither stays, so that it is reported.
    pub(super) fn text(&mut self, name: &str) -> Option<String> {
        let plain = |value: &Value| matches!(value, Value::Object(_) | Value::Array(_));
        if self.map.get(name).is_some_and(plain) {
            return None;
        }
        let text = self.value(name).map(|value| text_of(&value));
        text.filter(|text| !text.is_empty())
    }

    /// A truth value, also as text. What is neither stays, so that it is reported.
    pub(super) fn flag(&mut self, name: &str) -> Option<bool> {
        let flag = match self.map.get(name).map(text_of).as_deref() {
            Some("true") => Some(true),
            Some("false") => Some(false),
            Some(_) | None => None,
        };
        if flag.is_some() {
            drop(self.map.remove(name));
        }
        flag
    }

    /// A text that is made to fit: one line, not too long.
    pub(super) fn fit<const MAX: usize>(
        &mut self,
        name: &str,
        findings: &mut Findings,
    ) -> Text<MAX> {
        let Some(text) = self.text(name) else {
            return Text::default();
        };
        if let Ok(text) = text.parse() {
            return text;
        }
        let plain = |one: char| if one.is_control() { ' ' } else { one };
        let short: String = text.chars().take(MAX).map(plain).collect();
        let why = format!("texts have one line and at most {MAX} characters; it was made to fit");
        let value = Some(shown(&Value::String(text)));
        findings.note(Kind::Changed, &self.place, name, value, why);
        short.parse().unwrap_or_default()
    }

    /// Fields that are no configuration.
    pub(super) fn states(&mut self, names: &[&str], why: &str, findings: &mut Findings) {
        for name in names {
            if let Some(value) = self.value(name) {
                let value = Some(told(name, &value));
                findings.note(Kind::State, &self.place, name, value, why);
            }
        }
    }

    /// A field that stays behind, if it is there.
    pub(super) fn leave(&mut self, name: &str, why: &str, findings: &mut Findings) {
        if let Some(value) = self.value(name) {
            let value = Some(told(name, &value));
            findings.left(&self.place, name, value, why);
        }
    }

    /// Puts a field in again, in the form that the types of our own API read.
    pub(super) fn put(&mut self, name: &str, value: impl Into<Value>) {
        self.map.insert(name.to_owned(), value.into());
    }

    /// Takes some fields out, for the types of our own API.
    pub(super) fn take(&mut self, names: &[&str]) -> Map<String, Value> {
        let taken = names.iter().filter_map(|name| {
            let value = self.value(name)?;
            Some(((*name).to_owned(), value))
        });
        taken.collect()
    }

    /// Reports what is left.
    pub(super) fn finish(mut self, findings: &mut Findings) {
        let why = "a link between parts of the API";
        self.states(&[LINKS], why, findings);
        for (name, value) in self.map {
            if !value.is_null() {
                let why = "this version does not know the field";
                let value = Some(told(&name, &value));
                findings.left(&self.place, &name, value, why);
            }
        }
    }
}

/// A value as a report repeats it; nothing of what may be secret.
fn told(name: &str, value: &Value) -> String {
    if is_secret(name) {
        return "***".to_owned();
    }
    shown(value)
}
