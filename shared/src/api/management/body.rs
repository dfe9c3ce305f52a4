//! Reading the body of a request.

use serde::de::DeserializeOwned;

use super::error::Refusal;
use crate::strict;

/// Reads JSON strictly: an unknown field, one that stands twice, a wrong value, what is no UTF-8
/// and anything behind the end are refused, and the refusal names the field.
///
/// # Errors
/// What is wrong, and where.
pub fn read<T: DeserializeOwned>(json: &[u8]) -> Result<T, Refusal> {
    // Where a field is only skipped, the parser would not look.
    std::str::from_utf8(json)
        .map_err(|error| Refusal::invalid("", format!("the body is not UTF-8: {error}")))?;
    strict::read(json).map_err(|wrong| {
        let message = format!("the body does not fit: {}", wrong.rule);
        Refusal::invalid(wrong.place, message)
    })
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::super::ReadOnly;
    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "camelCase", deny_unknown_fields)]
    struct Sample {
        #[expect(dead_code, reason = "only read")]
        some_port: crate::host::Port,
        #[serde(default)]
        #[expect(dead_code, reason = "only read")]
        shown: ReadOnly,
    }

    #[test]
    fn refusals_name_the_field() {
        for (json, field, rule) in [
            ("", None, "EOF"),
            ("{", None, "EOF"),
            ("[]", None, "invalid length 0"),
            ("{} {}", None, "missing field `somePort`"),
            (r#"{"somePort":0}"#, Some("somePort"), "nonzero"),
            (
                r#"{"somePort":1,"other":2}"#,
                Some("other"),
                "unknown field `other`",
            ),
            (r#"{"somePort":1} x"#, None, "trailing characters"),
            ("\u{feff}{}", None, "expected value"),
            (
                r#"{"somePort":1,"somePort":2}"#,
                None,
                "duplicate field `somePort`",
            ),
            (
                r#"{"somePort":1,"shown":1,"shown":2}"#,
                None,
                "duplicate field `shown`",
            ),
        ] {
            let refusal = read::<Sample>(json.as_bytes()).unwrap_err().body;
            assert_eq!(refusal.field.as_deref(), field, "{json}: {refusal:?}");
            assert!(refusal.message.contains(rule), "{json}: {refusal:?}");
        }
        read::<Sample>(br#" {"somePort":1} "#).unwrap();
    }

    #[test]
    fn what_is_no_utf8_is_refused_also_where_it_has_no_effect() {
        for json in [
            &b"{\"somePort\":1,\"shown\":\"\xff\"}"[..],
            b"\xff\xfe{\0}\0",
            b"{\"\xc0\xaf\":1}",
        ] {
            let refusal = read::<Sample>(json).unwrap_err().body;
            assert!(refusal.message.contains("is not UTF-8"), "{refusal:?}");
        }
    }

    #[test]
    fn depth_has_a_limit_and_takes_no_stack() {
        let deep = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
        // What is only skipped is not kept, however deep.
        let skipped = format!(r#"{{"somePort":1,"shown":{}}}"#, deep(500_000));
        read::<Sample>(skipped.as_bytes()).unwrap();
        let value = deep(200);
        let refusal = read::<serde_json::Value>(value.as_bytes()).unwrap_err();
        let message = refusal.body.message;
        assert!(message.contains("recursion limit"), "{message}");
    }
}
