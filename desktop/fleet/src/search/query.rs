//! What is looked for.

use std::fmt::Display;
use std::str::FromStr;

use thiserror::Error;

use crate::glob;

/// The longest search.
const LEN_MAX: usize = 500;
/// What can be named.
const FIELDS: [&str; 13] = [
    "description",
    "host",
    "internal",
    "location",
    "path",
    "port",
    "protocol",
    "region",
    "setting",
    "subaccount",
    "type",
    "value",
    "virtual",
];

/// A text that is no search.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum InvalidSearch {
    /// There is nothing to look for.
    #[error("there is nothing to look for")]
    Empty,
    /// It is too long.
    #[error("a search has at most {LEN_MAX} bytes")]
    TooLong,
    /// A field is unknown.
    #[error("there is no field {0:?}; known are {list}", list = FIELDS.join(", "))]
    Field(String),
}

/// One word: a pattern, in one field or in any.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Word {
    field: Option<&'static str>,
    pattern: String,
}

/// Words that all fit one place. `field:pattern` is about one field as a whole; a word alone is
/// found anywhere within a field. `*` stands for any characters, and case does not matter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Search(Vec<Word>);

impl FromStr for Search {
    type Err = InvalidSearch;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.len() > LEN_MAX {
            return Err(InvalidSearch::TooLong);
        }
        let words = text.split_whitespace().map(Word::parse);
        let words: Vec<Word> = words.collect::<Result<_, _>>()?;
        if words.is_empty() {
            return Err(InvalidSearch::Empty);
        }
        Ok(Self(words))
    }
}

impl Word {
    fn parse(text: &str) -> Result<Self, InvalidSearch> {
        let text = text.to_lowercase();
        let named = text.split_once(':').filter(|(name, _)| {
            // A host with its port is a word as any other.
            FIELDS.contains(name) || !text.ends_with(|c: char| c.is_ascii_digit())
        });
        let Some((name, pattern)) = named else {
            return Ok(Self {
                field: None,
                pattern: format!("*{text}*"),
            });
        };
        let field = FIELDS.iter().find(|known| **known == name);
        let field = field.ok_or_else(|| InvalidSearch::Field(name.to_owned()))?;
        Ok(Self {
            field: Some(field),
            pattern: pattern.to_owned(),
        })
    }

    fn fits(&self, name: &str, value: &str) -> bool {
        self.field.is_none_or(|field| field == name) && glob::matches(&self.pattern, value)
    }
}

/// What a place has, in lower case.
#[derive(Clone, Default)]
pub(super) struct Fields(Vec<(&'static str, String)>);

impl Fields {
    pub(super) fn put(&mut self, name: &'static str, value: &impl Display) {
        let value = value.to_string().to_lowercase();
        self.0.push((name, value));
    }
}

impl Search {
    /// Whether all words fit a place.
    pub(super) fn fits(&self, place: &Fields) -> bool {
        let fits = |word: &Word| place.0.iter().any(|(name, value)| word.fits(name, value));
        self.0.iter().all(fits)
    }

    /// Whether one of the words at least is about a mapping itself or its paths, so that not all
    /// mappings of a subaccount are told that was looked for.
    pub(super) fn needs(&self, own: &Fields, paths: &[String]) -> bool {
        self.0.iter().any(|word| {
            let own = own.0.iter().any(|(name, value)| word.fits(name, value));
            own || paths
                .iter()
                .any(|path| word.fits("path", &path.to_lowercase()))
        })
    }

    /// Whether a path is among those that were looked for.
    pub(super) fn names_path(&self, path: &str) -> bool {
        let words = self.0.iter().filter(|word| word.field == Some("path"));
        let mut words = words.peekable();
        words.peek().is_none() || words.any(|word| word.fits("path", &path.to_lowercase()))
    }
}
