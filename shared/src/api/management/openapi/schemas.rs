//! The schemas of a description: what is taken and what is given, under one set of names.

use schemars::generate::SchemaSettings;
use schemars::transform::RecursiveTransform;
use schemars::{Schema, SchemaGenerator};
use serde_json::{Map, Value};

use super::super::operations::SchemaOf;

/// Where named schemas stand in a description.
const DEFINITIONS: &str = "/components/schemas";

/// Collects schemas. Input is strict and answers are not, so one type may have two schemas.
pub(super) struct Schemas {
    taken: SchemaGenerator,
    given: SchemaGenerator,
}

impl Schemas {
    pub(super) fn new() -> Self {
        let settings = || {
            SchemaSettings::draft2020_12().with(|settings| {
                settings.definitions_path = DEFINITIONS.into();
                settings.meta_schema = None;
            })
        };
        Self {
            taken: settings().for_deserialize().into_generator(),
            given: settings()
                .for_serialize()
                .with_transform(RecursiveTransform(open))
                .into_generator(),
        }
    }

    /// What a request may hold.
    pub(super) fn taken(&mut self, schema: SchemaOf) -> Value {
        let mut schema = schema(&mut self.taken).to_value();
        rename(&mut schema, &|name| format!("{name}{TAKEN}"));
        schema
    }

    /// What an answer holds.
    pub(super) fn given(&mut self, schema: SchemaOf) -> Value {
        schema(&mut self.given).to_value()
    }

    /// The description with all named schemas.
    pub(super) fn finish(mut self, mut description: Value) -> Value {
        let given = self.given.take_definitions(true);
        let taken = self.taken.take_definitions(true);
        // What is the same both ways needs one name only.
        let differs = |name: &str| {
            given
                .get(name)
                .is_some_and(|other| taken.get(name) != Some(other))
        };
        let short = |name: &str| match name.strip_suffix(TAKEN) {
            Some(name) if differs(name) => format!("{name}Request"),
            Some(name) => name.to_owned(),
            None => name.to_owned(),
        };
        rename(&mut description, &short);
        let mut all: Map<String, Value> = given.clone();
        for (name, mut schema) in taken.clone() {
            rename(&mut schema, &|name| short(&format!("{name}{TAKEN}")));
            let before = all.insert(short(&format!("{name}{TAKEN}")), schema.clone());
            debug_assert!(
                before.is_none_or(|before| before == schema),
                "{name} stands twice"
            );
        }
        description["components"]["schemas"] = Value::Object(all);
        description
    }
}

/// Answers may get further fields at any time.
fn open(schema: &mut Schema) {
    if schema.get("additionalProperties") == Some(&Value::Bool(false)) {
        schema.remove("additionalProperties");
    }
}

/// Marks names of what requests hold until all schemas are known; no type has it in its name.
const TAKEN: &str = "<taken>";

/// Gives other names to the named schemas that a value leads to.
fn rename(value: &mut Value, name: &dyn Fn(&str) -> String) {
    match value {
        Value::Object(map) => {
            for (key, inner) in map {
                let reference = inner
                    .as_str()
                    .filter(|_| key == "$ref")
                    .and_then(|text| text.strip_prefix("#/components/schemas/"));
                match reference {
                    Some(old) => *inner = Value::String(format!("#{DEFINITIONS}/{}", name(old))),
                    None => rename(inner, name),
                }
            }
        }
        Value::Array(list) => list.iter_mut().for_each(|inner| rename(inner, name)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
