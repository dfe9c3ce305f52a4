//! Which records somebody looks for.

use std::str::FromStr;

use thiserror::Error;

use super::limits::GLOB_LEN_MAX;
use super::record::{Category, Outcome, Record};
use crate::id::SubaccountId;
use crate::schema::schema;

/// A pattern that is found anywhere in a text: `*` stands for any characters, `?` for one. Case of
/// ASCII letters does not count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Glob(String);

/// A text that is no pattern.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("must have at most {GLOB_LEN_MAX} characters")]
pub struct InvalidGlob;

impl FromStr for Glob {
    type Err = InvalidGlob;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.chars().count() > GLOB_LEN_MAX {
            return Err(InvalidGlob);
        }
        Ok(Self(text.to_owned()))
    }
}

impl std::fmt::Display for Glob {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

schema!(Glob = { "type": "string", "maxLength": GLOB_LEN_MAX });

impl Glob {
    /// Whether a text holds it. Never goes back further than the last `*`.
    pub fn is_in(&self, text: &str) -> bool {
        let pattern: Vec<char> = format!("*{}*", self.0).chars().collect();
        let text: Vec<char> = text.chars().collect();
        let (mut at, mut seen) = (0, 0);
        // Where to go on when what follows the last star does not fit.
        let mut star = None;
        while let Some(found) = text.get(seen) {
            match pattern.get(at) {
                Some('*') => {
                    at += 1;
                    star = Some((at, seen));
                }
                Some(wanted) if *wanted == '?' || wanted.eq_ignore_ascii_case(found) => {
                    at += 1;
                    seen += 1;
                }
                _ => {
                    let Some((after, from)) = star else {
                        return false;
                    };
                    at = after;
                    seen = from + 1;
                    star = Some((after, seen));
                }
            }
        }
        pattern.iter().skip(at).all(|one| *one == '*')
    }
}

/// What records must have in common.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// From this time on, in milliseconds since 1970 UTC.
    pub from_ms: Option<i64>,
    /// Up to this time, without it.
    pub to_ms: Option<i64>,
    /// About this, at least in part.
    pub category: Option<Category>,
    /// With this outcome.
    pub outcome: Option<Outcome>,
    /// By an operator whose name holds this.
    pub operator: Option<Glob>,
    /// Of this subaccount.
    pub subaccount: Option<SubaccountId>,
    /// Whose text holds this.
    pub text: Option<Glob>,
}

impl Filter {
    /// Whether a record is looked for.
    pub fn matches(&self, record: &Record) -> bool {
        let is = |category: Category| {
            category == record.category || record.edits.iter().any(|edit| edit.category == category)
        };
        let owner = record.subaccount.as_ref().map(|key| key.subaccount);
        self.covers(record.time_ms, record.time_ms)
            && self.category.is_none_or(is)
            && self.outcome.is_none_or(|outcome| outcome == record.outcome)
            && (self.subaccount.is_none() || self.subaccount == owner)
            && within(self.operator.as_ref(), || record.actor.name.clone())
            && within(self.text.as_ref(), || record.text())
    }

    /// Whether anything of a span of time can match.
    pub fn covers(&self, from_ms: i64, to_ms: i64) -> bool {
        self.from_ms.is_none_or(|from| to_ms >= from) && self.to_ms.is_none_or(|to| from_ms < to)
    }
}

fn within(glob: Option<&Glob>, text: impl FnOnce() -> String) -> bool {
    glob.is_none_or(|glob| glob.is_in(&text()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::Actor;

    #[test]
    fn patterns_are_found_anywhere() {
        for (pattern, text, found) in [
            ("", "", true),
            ("", "x", true),
            ("b", "abc", true),
            ("B?", "abc", true),
            ("b?", "ab", false),
            ("a*c", "xxabbbcxx", true),
            ("a*d", "abc", false),
            ("a*b*c", "a b a c", true),
            ("?", "", false),
            ("ä", "bär", true),
            ("aab", "aaaaaab", true),
            ("*", "", true),
        ] {
            let glob: Glob = pattern.parse().unwrap();
            assert_eq!(glob.is_in(text), found, "{pattern} in {text}");
        }
        assert!("x".repeat(GLOB_LEN_MAX + 1).parse::<Glob>().is_err());
        // The worst kind of pattern stays within its length for every character.
        let worst: Glob = "a*".repeat(GLOB_LEN_MAX / 2).parse().unwrap();
        assert!(!worst.is_in(&"b".repeat(100_000)));
    }

    #[test]
    fn all_that_is_asked_for_must_fit() {
        let actor = Actor {
            name: "os:root".to_owned(),
            role: None,
            from: None,
        };
        let refused = Outcome::Refused;
        let record = Record::new(50, Category::BackendMapping, refused, actor, "added a.b:80");
        let glob = |text: &str| text.parse().ok();
        let found = |change: &dyn Fn(&mut Filter)| {
            let mut filter = Filter::default();
            change(&mut filter);
            filter.matches(&record)
        };
        assert!(found(&|_all| {}));
        assert!(found(&|one| (one.from_ms, one.to_ms) = (Some(50), Some(51))));
        assert!(!found(&|one| one.from_ms = Some(51)));
        assert!(!found(&|one| one.to_ms = Some(50)));
        assert!(found(&|one| one.category = Some(Category::BackendMapping)));
        assert!(!found(&|one| one.category = Some(Category::Account)));
        assert!(found(&|one| one.operator = glob("ROOT")));
        assert!(!found(&|one| one.operator = glob("anna")));
        assert!(found(&|one| one.text = glob("a.?:80")));
        assert!(!found(&|one| one.text = glob("a.?:81")));
        assert!(found(&|one| one.outcome = Some(refused)));
        assert!(!found(&|one| one.outcome = Some(Outcome::Done)));
        let nil = SubaccountId::from_uuid(uuid::Uuid::nil());
        assert!(!found(&|one| one.subaccount = Some(nil)));
    }
}
