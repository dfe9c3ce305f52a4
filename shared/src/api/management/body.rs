//! Reading the body of a request.

use serde::de::DeserializeOwned;

use super::error::Refusal;

/// Reads JSON strictly: an unknown field, a wrong value and anything behind the end are refused,
/// and the refusal names the field.
///
/// # Errors
/// What is wrong, and where.
pub fn read<T: DeserializeOwned>(json: &[u8]) -> Result<T, Refusal> {
    let from = &mut serde_json::Deserializer::from_slice(json);
    let read = serde_path_to_error::deserialize(&mut *from);
    let read = read.map_err(|error| {
        let message = format!("the body does not fit: {}", error.inner());
        Refusal::invalid(error.path().to_string(), message)
    })?;
    from.end()
        .map_err(|error| Refusal::invalid("", format!("the body does not end: {error}")))?;
    Ok(read)
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "camelCase", deny_unknown_fields)]
    struct Sample {
        #[expect(dead_code, reason = "only read")]
        some_port: crate::host::Port,
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
            (r#"{"somePort":1} x"#, None, "does not end"),
        ] {
            let refusal = read::<Sample>(json.as_bytes()).unwrap_err().body;
            assert_eq!(refusal.field.as_deref(), field, "{json}: {refusal:?}");
            assert!(refusal.message.contains(rule), "{json}: {refusal:?}");
        }
        read::<Sample>(br#" {"somePort":1} "#).unwrap();
    }
}
