//! Canonical JSON (RFC 8785) of our own values: what hashes are taken over.

use serde::Serialize;
use serde_json::Value;

use crate::hash::Hash256;

/// The hash over the canonical JSON of a value.
///
/// # Panics
/// If the value does not serialise, which no type of the document can do.
pub(super) fn hash<T: Serialize>(value: &T) -> Hash256 {
    Hash256::of(&bytes(value))
}

/// The canonical JSON of a value.
///
/// # Panics
/// If the value does not serialise, which no type that is hashed can do.
pub(crate) fn bytes<T: Serialize>(value: &T) -> Vec<u8> {
    let value = serde_json::to_value(value).expect("what is hashed serialises");
    let mut out = Vec::new();
    write(&value, &mut out);
    out
}

/// Sorted keys and no white space. Numbers are integers in all our types, and serde_json escapes
/// strings as the RFC wants it.
fn write(value: &Value, out: &mut Vec<u8>) {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            out.extend_from_slice(value.to_string().as_bytes());
        }
        Value::Array(items) => {
            out.push(b'[');
            for (i, item) in items.iter().enumerate() {
                separate(i, out);
                write(item, out);
            }
            out.push(b']');
        }
        Value::Object(members) => {
            let mut members: Vec<_> = members.iter().collect();
            // By UTF-16 units; our keys are ASCII, for which bytes have the same order.
            members.sort_unstable_by(|(a, _), (b, _)| a.encode_utf16().cmp(b.encode_utf16()));
            out.push(b'{');
            for (i, (key, member)) in members.into_iter().enumerate() {
                separate(i, out);
                out.extend_from_slice(Value::from(key.as_str()).to_string().as_bytes());
                out.push(b':');
                write(member, out);
            }
            out.push(b'}');
        }
    }
}

fn separate(index: usize, out: &mut Vec<u8>) {
    if index > 0 {
        out.push(b',');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_sorted_and_strings_escaped_as_the_rfc_wants_it() {
        let value: Value = serde_json::from_str(
            r#"{"€": "Euro", "\r": "CR", "1": [1, true, null, {}], "b": {"z": 1, "a": "\u000f\n\"\\/\u007f€\b\t"}}"#,
        )
        .unwrap();
        let mut out = vec![];
        write(&value, &mut out);
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "{\"\\r\":\"CR\",\"1\":[1,true,null,{}],\"b\":{\"a\":\"\\u000f\\n\\\"\\\\/\u{7f}€\\b\\t\",\"z\":1},\"€\":\"Euro\"}"
        );
    }

    #[test]
    fn the_order_of_members_does_not_matter() {
        let one: Value = serde_json::from_str(r#"{"a":1,"b":2}"#).unwrap();
        let two: Value = serde_json::from_str(r#"{ "b": 2, "a": 1 }"#).unwrap();
        assert_eq!(hash(&one), hash(&two));
        assert_eq!(hash(&one), Hash256::of(br#"{"a":1,"b":2}"#));
    }
}
