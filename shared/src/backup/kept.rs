//! A secret inside the sealed content: written out there, and nowhere else.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::schema::schema;
use crate::secret::Secret;

/// A secret text that may be serialised, because what holds it is sealed as a whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptSecret(pub Secret);

impl KeptSecret {
    /// Takes the text over.
    pub fn new(text: String) -> Self {
        Self(Secret::new(text))
    }

    /// The text. Each call is a place where the secret may get out.
    pub fn expose(&self) -> &str {
        self.0.expose()
    }
}

impl Serialize for KeptSecret {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(self.expose())
    }
}

impl<'de> Deserialize<'de> for KeptSecret {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        String::deserialize(from).map(Self::new)
    }
}

schema!(KeptSecret = { "type": "string" });
