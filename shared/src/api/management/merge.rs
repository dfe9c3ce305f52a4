//! Settings as JSON objects: replaced as a whole, or changed in parts (RFC 7396).

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;
use std::mem;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::Serialize;
use serde::de::{self, Deserialize, DeserializeOwned, Deserializer};
use serde_json::{Map, Value, json};

use super::body::read;
use super::error::Refusal;
use super::{Links, Target, links};

/// Parts that a request puts back at most.
const NULLS_MAX: usize = 100;
/// How the reader of a setting says that there is no such name.
const UNKNOWN: &str = "unknown field";

/// A JSON object.
pub type Object = Map<String, Value>;

/// A setting as it is shown, with the address of itself.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "Linked{T}")]
pub struct Linked<T> {
    /// What is shown.
    #[serde(flatten)]
    pub value: T,
    /// Where it is.
    #[serde(rename = "_links")]
    pub links: Links,
}

impl<T> Linked<T> {
    /// Shows a setting that is at `target`.
    pub fn at(target: Target, value: T) -> Self {
        let links = links([("self", target)]);
        Self { value, links }
    }
}

/// A setting as a request replaces it: all of it; `_links` of answers may stay in it.
pub(super) struct Whole<T>(PhantomData<T>);

/// A setting as a request changes it: any part of it; null puts a part back to where it was before
/// anybody set it.
pub(super) struct Parts<T>(PhantomData<T>);

impl<T: JsonSchema> JsonSchema for Whole<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        T::schema_name()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mut schema = T::json_schema(generator);
        if let Some(Value::Object(properties)) = schema.get_mut("properties") {
            properties.insert("_links".to_owned(), Value::Bool(true));
        }
        schema
    }
}

impl<T: JsonSchema> JsonSchema for Parts<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        T::schema_name()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mut schema = Whole::<T>::json_schema(generator);
        if let Some(schema) = schema.as_object_mut() {
            loosen(schema);
        }
        schema
    }
}

/// Nothing of an object is required, and all of it may be null.
fn loosen(schema: &mut Object) {
    schema.remove("required");
    if let Some(Value::Object(properties)) = schema.get_mut("properties") {
        for part in properties.values_mut().filter_map(Value::as_object_mut) {
            loosen(part);
            let description = part.remove("description");
            let value = mem::take(part);
            part.extend(description.map(|text| ("description".to_owned(), text)));
            part.insert("anyOf".to_owned(), json!([value, {"type": "null"}]));
        }
    }
}

/// A JSON value in which no name occurs twice.
struct Strict(Value);

struct StrictVisitor;

impl<'de> de::Visitor<'de> for StrictVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: de::SeqAccess<'de>>(self, mut from: A) -> Result<Value, A::Error> {
        let mut list = vec![];
        while let Some(Strict(value)) = from.next_element()? {
            list.push(value);
        }
        Ok(list.into())
    }

    fn visit_map<A: de::MapAccess<'de>>(self, mut from: A) -> Result<Value, A::Error> {
        let mut object = Object::new();
        while let Some(name) = from.next_key::<String>()? {
            if object.contains_key(&name) {
                return Err(de::Error::custom(format_args!("duplicate field `{name}`")));
            }
            let Strict(value) = from.next_value()?;
            object.insert(name, value);
        }
        Ok(object.into())
    }
}

impl<'de> Deserialize<'de> for Strict {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(StrictVisitor).map(Self)
    }
}

/// Reads a body that is a JSON object; `_links` of answers are dropped.
///
/// # Errors
/// When it is something else, or a name occurs twice.
pub fn object(json: &[u8]) -> Result<Object, Refusal> {
    let Strict(value) = read(json)?;
    let Value::Object(mut object) = value else {
        return Err(Refusal::invalid("", "the body must be a JSON object"));
    };
    object.remove("_links");
    Ok(object)
}

/// Writes a setting as an object.
///
/// # Panics
/// When it is no object; no setting is.
pub fn to_object(setting: &impl Serialize) -> Object {
    let value = serde_json::to_value(setting).expect("settings serialise");
    let Value::Object(object) = value else {
        unreachable!("settings are objects, not {value}");
    };
    object
}

/// Changes parts of a setting (RFC 7396): null puts a part back, whether it was set or not.
///
/// # Errors
/// What is wrong with the whole, and where; null of a name that there is none of.
pub fn change<T: DeserializeOwned>(
    present: &impl Serialize,
    changes: Object,
) -> Result<T, Refusal> {
    let mut nulls = vec![];
    collect_nulls(&changes, &mut vec![], &mut nulls);
    if nulls.len() > NULLS_MAX {
        let rule = format!("at most {NULLS_MAX} parts are put back at once");
        return Err(Refusal::invalid("", rule));
    }
    let mut whole = to_object(present);
    merge(&mut whole, changes);
    let changed = fit(whole.clone())?;
    // Whatever else is wrong with a null: the part is not there, as it shall be.
    let unknown = nulls.iter().find_map(|path| {
        let mut probe = whole.clone();
        set_null(&mut probe, path);
        let refusal = fit::<T>(probe).err()?;
        refusal.body.message.contains(UNKNOWN).then_some(refusal)
    });
    unknown.map_or(Ok(changed), Err)
}

/// The paths of all nulls.
fn collect_nulls(changes: &Object, path: &mut Vec<String>, found: &mut Vec<Vec<String>>) {
    for (name, change) in changes {
        path.push(name.clone());
        match change {
            Value::Null => found.push(path.clone()),
            Value::Object(inner) => collect_nulls(inner, path, found),
            Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {}
        }
        path.pop();
    }
}

/// Puts null at a path, where the way there consists of objects.
fn set_null(object: &mut Object, path: &[String]) {
    if let [name, rest @ ..] = path {
        if rest.is_empty() {
            object.insert(name.clone(), Value::Null);
            return;
        }
        let inner = object.entry(name.clone()).or_insert_with(|| json!({}));
        if let Value::Object(inner) = inner {
            set_null(inner, rest);
        }
    }
}

fn merge(present: &mut Object, changes: Object) {
    for (name, change) in changes {
        match (present.get_mut(&name), change) {
            (_, Value::Null) => drop(present.remove(&name)),
            (Some(Value::Object(inner)), Value::Object(changes)) => merge(inner, changes),
            // Nulls in what is new put nothing back.
            (_, Value::Object(changes)) => {
                let mut inner = Object::new();
                merge(&mut inner, changes);
                drop(present.insert(name, Value::Object(inner)));
            }
            (_, change) => drop(present.insert(name, change)),
        }
    }
}

/// Reads a setting from an object, and names the field that is wrong.
///
/// # Errors
/// What is wrong, and where.
pub fn fit<T: DeserializeOwned>(object: Object) -> Result<T, Refusal> {
    serde_path_to_error::deserialize(Value::Object(object)).map_err(|error| {
        let message = format!("the body does not fit: {}", error.inner());
        Refusal::invalid(error.path().to_string(), message)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Alerting;

    fn changed(changes: &str) -> Result<Alerting, Refusal> {
        change(&Alerting::default(), object(changes.as_bytes())?)
    }

    #[test]
    fn parts_change_and_the_rest_stays() {
        let changes = r#"{"thresholds":{"cpuLoad":"80","freeDiscForTraceMb":7},
                          "notification":{"CPU":"false"},"_links":{}}"#;
        let new = changed(changes).unwrap();
        let mut wanted = Alerting::default();
        wanted.notification.cpu = false;
        assert_eq!(new.notification, wanted.notification);
        assert_eq!(new.thresholds.cpu_load.get(), 80);
        assert_eq!(new.thresholds.free_disk_space_mb.get(), 100);
        let unset = object(br#"{"thresholds":{"freeDiscForTraceMb":null}}"#).unwrap();
        let unset: Alerting = change(&new, unset).unwrap();
        assert_eq!(unset.thresholds.free_disc_for_trace_mb, None);
        let again = r#"{"thresholds":{"freeDiscForTraceMb":null}}"#;
        assert_eq!(changed(again).unwrap(), Alerting::default());
    }

    #[test]
    fn what_is_put_back_twice_stays_so() {
        #[derive(Debug, PartialEq, Default, serde::Serialize, serde::Deserialize)]
        #[serde(deny_unknown_fields, default)]
        struct Levels {
            #[serde(skip_serializing_if = "std::collections::BTreeMap::is_empty")]
            levels: std::collections::BTreeMap<String, String>,
        }
        let mut present = Levels::default();
        for changes in [
            r#"{"levels":{"h2":"debug"}}"#,
            r#"{"levels":{"h2":null}}"#,
            r#"{"levels":{"h2":null}}"#,
            r#"{"levels":null}"#,
            r#"{"levels":null}"#,
        ] {
            present = change(&present, object(changes.as_bytes()).unwrap()).unwrap();
        }
        assert_eq!(present, Levels::default());
        let many = (0..=NULLS_MAX)
            .map(|n| (n.to_string(), Value::Null))
            .collect();
        let refusal = change::<Levels>(&present, many).unwrap_err();
        assert!(refusal.body.message.contains("at most 100"), "{refusal:?}");
    }

    #[test]
    fn wrong_changes_are_named() {
        for (changes, field, rule) in [
            ("[]", None, "must be a JSON object"),
            ("7", None, "must be a JSON object"),
            (r#"{"a":1,"a":2}"#, None, "duplicate field `a`"),
            (
                r#"{"thresholds":{"cpuLoad":1,"cpuLoad":2}}"#,
                Some("thresholds"),
                "duplicate field `cpuLoad`",
            ),
            (r#"{"more":1}"#, Some("more"), "unknown field `more`"),
            (r#"{"more":null}"#, Some("more"), "unknown field `more`"),
            (
                r#"{"delays":null,"thresholds":{"more":null}}"#,
                None,
                "unknown field",
            ),
            (
                r#"{"thresholds":{"cpuLoad":101}}"#,
                Some("thresholds.cpuLoad"),
                "between 1 and 100",
            ),
            (r#"{"thresholds":7}"#, Some("thresholds"), "invalid type"),
            (
                r#"{"thresholds":{"cpuLoad":null}}"#,
                Some("thresholds"),
                "missing field `cpuLoad`",
            ),
        ] {
            let refusal = changed(changes).unwrap_err().body;
            assert!(refusal.message.contains(rule), "{changes}: {refusal:?}");
            if field.is_some() {
                assert_eq!(refusal.field.as_deref(), field, "{changes}: {refusal:?}");
            }
        }
    }
}
