//! Who may use the management API from afar.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::invalid::Invalid;
use super::limits::{COMMENT_LEN_MAX, OPERATOR_NAME_LEN_MAX, OPERATORS_MAX};
use super::text::Text;
use crate::id::OperatorId;
use crate::rights::Role;
use crate::schema::schema_like;

/// The name of an operator, for people.
pub type OperatorName = Text<OPERATOR_NAME_LEN_MAX>;
/// What people note of an operator.
pub type Comment = Text<COMMENT_LEN_MAX>;

/// Somebody with a client certificate of this agent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Operator {
    /// What the client certificate says.
    pub id: OperatorId,
    /// For people; no two operators have the same.
    pub name: OperatorName,
    /// What the operator may do.
    pub role: Role,
    /// Since when, milliseconds UTC.
    #[serde(default)]
    pub created_ms: i64,
    /// For people.
    #[serde(default, skip_serializing_if = "is_empty")]
    pub comment: Comment,
}

fn is_empty(text: &Comment) -> bool {
    text.is_empty()
}

/// The operators, sorted by id, each once.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<Operator>")]
pub struct Operators(Vec<Operator>);

schema_like!(Operators = Vec<Operator>);

impl TryFrom<Vec<Operator>> for Operators {
    type Error = Invalid;

    fn try_from(mut all: Vec<Operator>) -> Result<Self, Self::Error> {
        if all.len() > OPERATORS_MAX {
            let rule = format!("at most {OPERATORS_MAX} operators are allowed");
            return Err(Invalid::new("operators", rule));
        }
        if all.iter().any(|one| one.name.is_empty()) {
            return Err(Invalid::new("operators.name", "must not be empty"));
        }
        let twice = |what: &str, field: &str| {
            let rule = format!("{what} occurs twice");
            Err(Invalid::new(format!("operators.{field}"), rule))
        };
        all.sort_by(|a, b| a.name.cmp(&b.name));
        if let Some([one, _]) = all.array_windows().find(|[a, b]| a.name == b.name) {
            return twice(&one.name, "name");
        }
        all.sort_by_key(|one| one.id);
        if let Some([one, _]) = all.array_windows().find(|[a, b]| a.id == b.id) {
            return twice(&one.id.to_string(), "id");
        }
        Ok(Self(all))
    }
}

impl Operators {
    /// Whether there is none.
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All, by id.
    pub fn as_slice(&self) -> &[Operator] {
        &self.0
    }

    /// One of them.
    pub fn get(&self, id: OperatorId) -> Option<&Operator> {
        let found = self.0.binary_search_by_key(&id, |one| one.id);
        self.0.get(found.ok()?)
    }

    /// These with another one, or with one in place of the one with its id.
    ///
    /// # Errors
    /// When there are too many, or the name is taken.
    pub fn with(&self, operator: Operator) -> Result<Self, Invalid> {
        let Self(mut all) = self.clone();
        all.retain(|one| one.id != operator.id);
        all.push(operator);
        all.try_into()
    }

    /// These without one.
    #[must_use]
    pub fn without(&self, id: OperatorId) -> Self {
        let Self(mut all) = self.clone();
        all.retain(|one| one.id != id);
        Self(all)
    }

    fn has_administrator(&self) -> bool {
        self.0.iter().any(|one| one.role == Role::Administrator)
    }

    /// Checks a step from these to `next`, whatever way it came: nobody is locked out, and nobody
    /// comes back.
    ///
    /// # Errors
    /// When no Administrator would be left, or somebody comes in who may not.
    pub fn may_become(&self, next: &Self, joining: Joining) -> Result<(), Invalid> {
        if self.has_administrator() && !next.has_administrator() {
            let rule = "the last Administrator cannot be removed or given another role; add another one first";
            return Err(Invalid::new("operators", rule));
        }
        let mut joined = next.0.iter().filter(|one| self.get(one.id).is_none());
        match (joining, joined.next()) {
            (Joining::Nobody, Some(one)) => {
                let rule = format!(
                    "{} ({}) is no operator now; operators come by pairing or with a signing request, and one who was removed comes back only with readmitOperators=true",
                    one.name, one.id
                );
                Err(Invalid::new("operators", rule))
            }
            (Joining::Nobody | Joining::Anybody, _) => Ok(()),
        }
    }
}

/// Whether a change may add operators.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Joining {
    /// No change does as a side effect: certificates of removed operators would work again.
    Nobody,
    /// It is what the change is for, or was asked for explicitly.
    Anybody,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn operator(n: u8, role: Role) -> Operator {
        Operator {
            id: OperatorId::from_uuid(uuid::Uuid::from_bytes([n; 16])),
            name: format!("operator {n}").parse().unwrap(),
            role,
            created_ms: 0,
            comment: Comment::default(),
        }
    }

    fn operators(all: &[(u8, Role)]) -> Operators {
        let all: Vec<Operator> = all.iter().map(|&(n, role)| operator(n, role)).collect();
        all.try_into().unwrap()
    }

    #[test]
    fn ids_and_names_occur_once() {
        let all = operators(&[(2, Role::Display), (1, Role::Administrator)]);
        assert_eq!(all.as_slice()[0].name.as_ref() as &str, "operator 1");
        let mut third = operator(3, Role::Display);
        third.name = "operator 1".parse().unwrap();
        let error = all.with(third.clone()).unwrap_err();
        assert_eq!(error.to_string(), "operators.name: operator 1 occurs twice");
        third.name = Text::default();
        assert!(all.with(third).is_err());
        let twice = vec![operator(1, Role::Display), {
            let mut other = operator(2, Role::Display);
            other.id = operator(1, Role::Display).id;
            other
        }];
        let error = Operators::try_from(twice).unwrap_err();
        assert!(error.field == "operators.id", "{error}");
        let many: Vec<Operator> = (0..=OPERATORS_MAX)
            .map(|n| Operator {
                id: OperatorId::from_uuid(uuid::Uuid::from_u128(n as u128)),
                name: n.to_string().parse().unwrap(),
                ..operator(1, Role::Display)
            })
            .collect();
        assert!(Operators::try_from(many).is_err());
    }

    #[test]
    fn the_last_administrator_stays() {
        use Role::{Administrator as A, Display as D};
        for (before, after, allowed) in [
            (&[][..], &[][..], true),
            (&[(1, D)], &[], true),
            (&[(1, A)], &[], false),
            (&[(1, A)], &[(1, D)], false),
            (&[(1, A), (2, A)], &[(2, A)], true),
            (&[(1, A), (2, D)], &[(2, D)], false),
            (&[(1, A), (2, D)], &[(1, D), (2, A)], true),
        ] {
            let step = operators(before).may_become(&operators(after), Joining::Nobody);
            assert_eq!(step.is_ok(), allowed, "{before:?} {after:?}");
        }
    }

    #[test]
    fn nobody_comes_back_as_a_side_effect() {
        let before = operators(&[(1, Role::Administrator)]);
        let after = operators(&[(1, Role::Administrator), (2, Role::Monitoring)]);
        let error = before.may_become(&after, Joining::Nobody).unwrap_err();
        assert!(error.rule.contains("readmitOperators"), "{error}");
        before.may_become(&after, Joining::Anybody).unwrap();
        let none = operators(&[(2, Role::Administrator)]);
        assert!(before.may_become(&none, Joining::Nobody).is_err());
    }
}
