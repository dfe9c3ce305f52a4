//! JSON that is read whole, and whose errors name their place.

use serde::Deserialize;

/// The place of what is wrong with the whole.
const WHOLE: &str = ".";

/// What is wrong with a piece of JSON, and where.
#[derive(Debug, thiserror::Error)]
#[error("{place}: {rule}")]
pub struct Misread {
    /// The path of the field, as `mappings[2].protocol`, or `.`.
    pub place: String,
    /// What the reader says of it.
    #[source]
    pub rule: serde_json::Error,
}

/// Reads one value and nothing behind it.
///
/// # Errors
/// What is wrong, and where.
pub fn read<'de, T: Deserialize<'de>>(json: &'de [u8]) -> Result<T, Misread> {
    // Everything that is read strictly comes from bytes: each source would be compiled for itself.
    let from = &mut serde_json::Deserializer::from_slice(json);
    let read = serde_path_to_error::deserialize(&mut *from).map_err(|error| Misread {
        place: error.path().to_string(),
        rule: error.into_inner(),
    })?;
    from.end().map_err(|rule| Misread {
        place: WHOLE.to_owned(),
        rule,
    })?;
    Ok(read)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn errors_name_their_place() {
        let read = read::<BTreeMap<String, Vec<u8>>>;
        assert_eq!(read(br#" {"a":[1]} "#).unwrap()["a"], [1]);
        for (json, place, rule) in [
            (r#"{"a":[1,256]}"#, "a[1]", "invalid value: integer `256`"),
            (r#"{"a":1}"#, "a", "invalid type: integer `1`"),
            ("[]", ".", "invalid type: sequence"),
            ("{} {}", ".", "trailing characters at line 1 column 4"),
            ("", ".", "EOF while parsing a value"),
        ] {
            let wrong = read(json.as_bytes()).unwrap_err();
            assert_eq!(wrong.place, place, "{json}");
            assert!(wrong.rule.to_string().starts_with(rule), "{json}: {wrong}");
        }
    }
}
