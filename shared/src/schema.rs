//! JSON schemas of the types whose JSON form is a text or number with rules of its own.
//!
//! Types of plain fields derive theirs. A pattern here refuses
//! nothing that the parser of its type takes; what a pattern cannot say stands in the description.

use schemars::Schema;
use serde_json::Value;

/// One label of a host name.
macro_rules! label {
    () => {
        "[A-Za-z0-9_-]{1,63}"
    };
}

/// A host name.
macro_rules! name {
    () => {
        concat!(label!(), "(\\.", label!(), ")*")
    };
}

/// A host name whose last label no resolver takes for a number.
macro_rules! real_name {
    () => {
        concat!(
            "(",
            label!(),
            "\\.)*(?!([0-9]+|0[xX][0-9A-Fa-f]*)(:|$))",
            label!()
        )
    };
}

/// One number of an IPv4 address.
macro_rules! octet {
    () => {
        "(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
    };
}

/// An IPv4 address.
macro_rules! ipv4 {
    () => {
        concat!("(", octet!(), "\\.){3}", octet!())
    };
}

/// An IPv6 address. The rare spellings that end as an IPv4 address are taken, but not described.
macro_rules! ipv6 {
    () => {
        concat!(
            "(([0-9A-Fa-f]{1,4}:){7}[0-9A-Fa-f]{1,4}",
            "|([0-9A-Fa-f]{1,4}:){1,7}:",
            "|([0-9A-Fa-f]{1,4}:){1,6}:[0-9A-Fa-f]{1,4}",
            "|([0-9A-Fa-f]{1,4}:){1,5}(:[0-9A-Fa-f]{1,4}){2}",
            "|([0-9A-Fa-f]{1,4}:){1,4}(:[0-9A-Fa-f]{1,4}){3}",
            "|([0-9A-Fa-f]{1,4}:){1,3}(:[0-9A-Fa-f]{1,4}){4}",
            "|([0-9A-Fa-f]{1,4}:){1,2}(:[0-9A-Fa-f]{1,4}){5}",
            "|[0-9A-Fa-f]{1,4}:(:[0-9A-Fa-f]{1,4}){6}",
            "|:(:[0-9A-Fa-f]{1,4}){1,7}|::)"
        )
    };
}

/// A host name or an address; an IPv6 address stands in brackets.
macro_rules! bracketed {
    () => {
        concat!(real_name!(), "|", ipv4!(), "|\\[", ipv6!(), "\\]")
    };
}

/// A port as text, 1 to 65535.
macro_rules! port {
    () => {
        "([1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5])"
    };
}

/// A port of RFC by its name.
macro_rules! port_name {
    () => {
        "(sapgw[0-9]{2}s?|sapms[A-Z][0-9A-Z]{2})"
    };
}

/// A host name that need not exist anywhere.
pub(crate) const VIRTUAL_HOST: &str = concat!("^", name!(), "$");
/// The domain of cookies.
pub(crate) const COOKIE_DOMAIN: &str = concat!("^\\.?", name!(), "$");
/// A virtual host with its port.
pub(crate) const VIRTUAL_ADDRESS: &str = concat!("^", name!(), ":", port!(), "$");
/// A virtual host with its port, by number or name, or its range of ports.
pub(crate) const MAPPING_ADDRESS: &str = concat!(
    "^",
    name!(),
    ":(",
    port!(),
    "(-",
    port!(),
    ")?|",
    port_name!(),
    ")$"
);
/// A port by its name.
pub(crate) const PORT_NAME: &str = concat!("^", port_name!(), "$");
/// A port by number or name, or a range of ports.
pub(crate) const SYSTEM_PORTS: &str =
    concat!("^(", port!(), "(-", port!(), ")?|", port_name!(), ")$");
/// A virtual host, the port may be left out.
pub(crate) const CLUSTER_HOST: &str = concat!("^", name!(), "(:", port!(), ")?$");
/// A port as text, or a range of ports.
pub(crate) const PORTS: &str = concat!("^", port!(), "(-", port!(), ")?$");
/// A host name or address that can be dialled.
pub(crate) const INTERNAL_HOST: &str = concat!("^(", bracketed!(), "|", ipv6!(), ")$");
/// The same with a port.
pub(crate) const INTERNAL_ADDRESS: &str = concat!("^(", bracketed!(), "):", port!(), "$");
/// The same, the port may be left out.
pub(crate) const REGION_HOST: &str = concat!("^(", bracketed!(), ")(:", port!(), ")?$");
/// A port as text.
pub(crate) const PORT: &str = concat!("^", port!(), "$");
/// A UUID with hyphens.
pub(crate) const UUID: &str =
    "^[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}$";
/// Text without control characters.
pub(crate) const PRINTABLE: &str = "^[^\\u0000-\\u001f\\u007f-\\u009f]*$";
/// Names that stand unescaped in addresses.
pub(crate) const PLAIN: &str = "^[A-Za-z0-9._-]*$";

/// Gives types their schema, written out.
macro_rules! schema {
    ($($name:ty = $json:tt),+ $(,)?) => {$(
        impl schemars::JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!($json)
            }
        }
    )+};
}
pub(crate) use schema;

/// Gives a type the schema of another type, which is its JSON form.
macro_rules! schema_like {
    ($($name:ty = $other:ty),+ $(,)?) => {$(
        impl schemars::JsonSchema for $name {
            fn inline_schema() -> bool {
                <$other as schemars::JsonSchema>::inline_schema()
            }

            fn schema_name() -> std::borrow::Cow<'static, str> {
                <$other as schemars::JsonSchema>::schema_name()
            }

            fn schema_id() -> std::borrow::Cow<'static, str> {
                <$other as schemars::JsonSchema>::schema_id()
            }

            fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
                <$other as schemars::JsonSchema>::json_schema(generator)
            }
        }
    )+};
}
pub(crate) use schema_like;

/// The schema of an object whose keys must be there, for types that may have them from elsewhere.
pub(crate) fn with_keys<const N: usize>(mut schema: Schema, keys: [(&str, Schema); N]) -> Schema {
    for (name, key) in keys {
        if let Some(properties) = schema.get_mut("properties") {
            properties[name] = key.to_value();
        }
        let required = schema.ensure_object().entry("required");
        if let Value::Array(required) = required.or_insert_with(|| Value::Array(vec![])) {
            required.push(name.into());
        }
    }
    schema
}
