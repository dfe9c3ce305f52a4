//! How the id of a resource, a path, stands as one segment of an address: `+` becomes `+2B`, then
//! `-` becomes `+2D`, then `/` becomes `-`.

use thiserror::Error;

/// A text that is no encoded id.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error(
    "the id of a resource is encoded: + as +2B, then - as +2D, then / as -; another + or a / is wrong"
)]
pub struct InvalidResourceId;

/// Encodes an id.
pub fn encode(id: &str) -> String {
    id.replace('+', "+2B").replace('-', "+2D").replace('/', "-")
}

/// Decodes an id. Exactly what [`encode`] makes is accepted, so that an id has one address.
///
/// # Errors
/// When the text cannot come from [`encode`].
pub fn decode(text: &str) -> Result<String, InvalidResourceId> {
    let mut id = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let (decoded, len) = match first {
            '-' => ('/', 1),
            '/' => return Err(InvalidResourceId),
            '+' if rest.starts_with("+2B") => ('+', 3),
            '+' if rest.starts_with("+2D") => ('-', 3),
            '+' => return Err(InvalidResourceId),
            other => (other, other.len_utf8()),
        };
        id.push(decoded);
        rest = rest.get(len..).unwrap_or_default();
    }
    Ok(id)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn ids_are_encoded_as_documented() {
        for (id, encoded) in [
            ("/", "-"),
            ("/sap/opu/odata", "-sap-opu-odata"),
            ("/a-b", "-a+2Db"),
            ("/a+b", "-a+2Bb"),
            ("/a+2Db", "-a+2B2Db"),
            ("/-+/", "-+2D+2B-"),
            ("STFC_CONNECTION", "STFC_CONNECTION"),
            ("/ä%20", "-ä%20"),
            ("", ""),
        ] {
            assert_eq!(encode(id), encoded);
            assert_eq!(decode(encoded).as_deref(), Ok(id));
        }
        for wrong in ["+", "a+", "+2", "+2b", "+2C", "+-2B", "a/b", "++2B"] {
            assert_eq!(decode(wrong), Err(InvalidResourceId), "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn every_id_survives_and_every_text_has_one_meaning(id in ".*", text in "[-+/2BDa]{0,8}") {
            prop_assert_eq!(decode(&encode(&id)), Ok(id));
            if let Ok(decoded) = decode(&text) {
                prop_assert_eq!(encode(&decoded), text);
            }
        }
    }
}
