//! The rules of what operators call their agents. They are theirs alone; no agent knows them.

use thiserror::Error;
use underpass_fleet::command::Described;

/// Longer names fit nowhere.
const LEN_MAX: usize = 80;
/// More words per agent help nobody to find it.
const TAGS_MAX: usize = 16;

/// A name that cannot be given.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum InvalidName {
    /// It is too long.
    #[error("{0} must have at most {LEN_MAX} characters")]
    Long(&'static str),
    /// It has characters that cannot be shown, or spaces around it.
    #[error("{0} must not have control characters, nor spaces at its ends")]
    Form(&'static str),
    /// There are too many.
    #[error("an agent has at most {TAGS_MAX} tags")]
    Tags,
    /// One is given twice.
    #[error("the tag {0} is given twice")]
    Twice(String),
}

/// The rule that a single name breaks, if it breaks one.
pub fn check_one(what: &'static str, name: &str) -> Result<(), InvalidName> {
    if name.chars().count() > LEN_MAX {
        return Err(InvalidName::Long(what));
    }
    if name.trim() != name || name.chars().any(char::is_control) {
        return Err(InvalidName::Form(what));
    }
    Ok(())
}

/// The rule that a description breaks, if it breaks one. An empty label is the agent's host.
pub fn check(described: &Described) -> Result<(), InvalidName> {
    check_one("the label", &described.label)?;
    check_one("the group", described.group.as_deref().unwrap_or_default())?;
    if described.tags.len() > TAGS_MAX {
        return Err(InvalidName::Tags);
    }
    for (at, tag) in described.tags.iter().enumerate() {
        check_one("a tag", tag)?;
        if described.tags[..at].contains(tag) {
            return Err(InvalidName::Twice(tag.clone()));
        }
    }
    Ok(())
}

/// Tags as people write them: apart by commas.
pub fn tags(text: &str) -> Vec<String> {
    let tags = text.split(',').map(str::trim).filter(|tag| !tag.is_empty());
    tags.map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_short_printable_and_given_once() {
        let described = |label: &str, tags: &str| Described {
            label: label.to_owned(),
            group: None,
            tags: self::tags(tags),
        };
        assert_eq!(check(&described("", "")), Ok(()));
        assert_eq!(check(&described("Werk Süd 1", "sap, , north ")), Ok(()));
        let long = "x".repeat(LEN_MAX + 1);
        assert_eq!(
            check(&described(&long, "")),
            Err(InvalidName::Long("the label"))
        );
        assert_eq!(
            check(&described(" a", "")),
            Err(InvalidName::Form("the label"))
        );
        assert_eq!(
            check(&described("a", "b\u{7}c")),
            Err(InvalidName::Form("a tag"))
        );
        assert_eq!(
            check(&described("a", "b,b")),
            Err(InvalidName::Twice("b".to_owned()))
        );
        let many: Vec<String> = (0..=TAGS_MAX).map(|n| n.to_string()).collect();
        assert_eq!(
            check(&described("a", &many.join(","))),
            Err(InvalidName::Tags)
        );
    }
}
