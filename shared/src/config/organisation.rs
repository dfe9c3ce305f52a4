//! Which client certificates of an organisation's own CAs let somebody use the management API.
//!
//! Nobody of an organisation counts as an operator for the rule that the last Administrator stays:
//! the agent cannot know whether anybody has such a certificate, or still has it tomorrow.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::invalid::Invalid;
use super::limits::{AUTHORITIES_MAX, AUTHORITY_RULES_MAX, SUBJECT_VALUE_LEN_MAX};
use super::operator::Joining;
use super::text::Text;
use super::trust::{Alias, Certificate, TrustedCertificate};
use crate::pki::chain::check_authority;
use crate::pki::dn::{Attribute, DistinguishedName};
use crate::pki::subject::Subject;
use crate::rights::Role;
use crate::schema::schema_like;

/// What one attribute of a subject must be.
type Value = Text<SUBJECT_VALUE_LEN_MAX>;

/// What a rule asks of the subject of a certificate. Everything is compared exactly.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum SubjectMatch {
    /// The whole name, with all parts in their order, the most specific first.
    #[serde(rename = "subject")]
    Whole(DistinguishedName),
    /// A common name.
    #[serde(rename = "CN")]
    CommonName(Value),
    /// An organizational unit; one of several is enough.
    #[serde(rename = "OU")]
    Unit(Value),
    /// An organization.
    #[serde(rename = "O")]
    Organization(Value),
}

impl fmt::Display for SubjectMatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Whole(name) => write!(f, "subject={name}"),
            Self::CommonName(value) => write!(f, "CN={}", &**value),
            Self::Unit(value) => write!(f, "OU={}", &**value),
            Self::Organization(value) => write!(f, "O={}", &**value),
        }
    }
}

impl SubjectMatch {
    fn fits(&self, subject: &Subject) -> bool {
        match self {
            Self::Whole(name) => subject.is(name),
            Self::CommonName(value) => subject.has(Attribute::CommonName, value),
            Self::Unit(value) => subject.has(Attribute::OrganizationalUnit, value),
            Self::Organization(value) => subject.has(Attribute::Organization, value),
        }
    }

    fn is_empty(&self) -> bool {
        match self {
            Self::Whole(_) => false,
            Self::CommonName(value) | Self::Unit(value) | Self::Organization(value) => {
                value.is_empty()
            }
        }
    }
}

/// Who of a CA's clients gets which role.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AuthorityRule {
    /// The CA, by its alias: a subject means something only where it is known who vouches for it.
    pub authority: Alias,
    /// Whose certificate.
    #[serde(rename = "match")]
    pub matching: SubjectMatch,
    /// What he may do.
    pub role: Role,
}

/// The organisation's CAs and rules, before their checks.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(
    rename = "Organisation",
    description = "Whose client certificates beside those of the agent itself are taken."
)]
pub struct OrganisationFields {
    /// CAs whose client certificates are taken.
    #[schemars(length(max = AUTHORITIES_MAX))]
    pub authorities: Vec<TrustedCertificate>,
    /// Who gets which role; the first one that fits holds, and nobody gets in without one.
    #[schemars(length(max = AUTHORITY_RULES_MAX))]
    pub rules: Vec<AuthorityRule>,
}

/// The organisation's CAs, sorted by alias, and rules; none by default.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "OrganisationFields", into = "OrganisationFields")]
pub struct Organisation(OrganisationFields);

schema_like!(Organisation = OrganisationFields);

fn wrong<T>(field: &str, rule: impl Into<String>) -> Result<T, Invalid> {
    Err(Invalid::new(format!("organisation.{field}"), rule.into()))
}

impl TryFrom<OrganisationFields> for Organisation {
    type Error = Invalid;

    fn try_from(mut fields: OrganisationFields) -> Result<Self, Invalid> {
        let OrganisationFields { authorities, rules } = &mut fields;
        if authorities.len() > AUTHORITIES_MAX {
            let rule = format!("at most {AUTHORITIES_MAX} CAs are allowed");
            return wrong("authorities", rule);
        }
        if rules.len() > AUTHORITY_RULES_MAX {
            let rule = format!("at most {AUTHORITY_RULES_MAX} rules are allowed");
            return wrong("rules", rule);
        }
        authorities.sort_by(|a, b| a.alias.cmp(&b.alias));
        for (i, one) in authorities.iter().enumerate() {
            let mut others = authorities.iter().skip(i + 1);
            if others.any(|o| o.alias == one.alias || o.certificate == one.certificate) {
                let rule = format!("{} or its certificate occurs twice", one.alias);
                return wrong("authorities", rule);
            }
            if let Err(error) = check_authority(&one.certificate) {
                return wrong("authorities.certificate", error.to_string());
            }
        }
        for rule in rules {
            if !authorities.iter().any(|one| one.alias == rule.authority) {
                let text = format!("there is no CA with the alias {}", rule.authority);
                return wrong("rules.authority", text);
            }
            if rule.matching.is_empty() {
                return wrong("rules.match", "must not be empty");
            }
        }
        Ok(Self(fields))
    }
}

impl From<Organisation> for OrganisationFields {
    fn from(organisation: Organisation) -> Self {
        organisation.0
    }
}

impl Organisation {
    /// The CAs.
    pub fn authorities(&self) -> &[TrustedCertificate] {
        &self.0.authorities
    }

    /// What somebody may do whose certificate chains to a CA, and how the CA is called; nothing
    /// where the CA or every rule for him is gone.
    pub fn admits(&self, authority: &Certificate, subject: &Subject) -> Option<(&Alias, Role)> {
        let mut authorities = self.0.authorities.iter();
        let authority = authorities.find(|one| one.certificate == *authority)?;
        let alias = &authority.alias;
        let fits = |rule: &&AuthorityRule| rule.authority == *alias && rule.matching.fits(subject);
        let rule = self.0.rules.iter().find(fits)?;
        Some((alias, rule.role))
    }

    /// Checks a step from this to `next`, whatever way it came: what was taken from somebody comes
    /// back by no side effect.
    ///
    /// # Errors
    /// When a CA or a rule comes in by a change that is not for it.
    pub fn may_become(&self, next: &Self, joining: Joining) -> Result<(), Invalid> {
        let (old, new) = (&self.0, &next.0);
        let news = new
            .authorities
            .iter()
            .any(|one| !old.authorities.contains(one))
            || new.rules.iter().any(|one| !old.rules.contains(one));
        if joining == Joining::Nobody && news {
            let rule = "CAs and rules come in by a call of their own; with a whole document or a \
                        state of the past only with readmitOperators=true";
            return Err(Invalid::new("organisation", rule));
        }
        Ok(())
    }

    pub(super) fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::config::tests::{CA, LEAF};

    fn read(json: Value) -> serde_json::Result<Organisation> {
        serde_json::from_value(json)
    }

    fn authority(alias: &str, certificate: &str) -> Value {
        json!({"alias": alias, "certificate": certificate})
    }

    fn rule(authority: &str, matching: &Value, role: &str) -> Value {
        json!({"authority": authority, "match": matching, "role": role})
    }

    #[test]
    fn wrong_cas_and_rules_name_field_and_rule() {
        let unit = || json!({"OU": "IT"});
        let many: Vec<Value> = (0..=AUTHORITY_RULES_MAX)
            .map(|_| rule("a", &unit(), "Display"))
            .collect();
        for (authorities, rules, error) in [
            (
                json!([authority("a", LEAF)]),
                json!([]),
                "organisation.authorities.certificate",
            ),
            (
                json!([authority("a", CA), authority("b", CA)]),
                json!([]),
                "occurs twice",
            ),
            (
                json!([authority("a", CA)]),
                json!([rule("b", &unit(), "Display")]),
                "organisation.rules.authority: there is no CA with the alias b",
            ),
            (
                json!([authority("a", CA)]),
                json!([rule("a", &json!({"CN": ""}), "Display")]),
                "organisation.rules.match: must not be empty",
            ),
            (
                json!([authority("a", CA)]),
                json!(many),
                "organisation.rules: at most 256",
            ),
        ] {
            let read = read(json!({"authorities": authorities, "rules": rules}));
            let told = read.unwrap_err().to_string();
            assert!(told.contains(error), "{told}");
        }
        for matching in [json!({}), json!({"DC": "x"}), json!({"CN": "a", "O": "b"})] {
            let rule = rule("a", &matching, "Display");
            assert!(serde_json::from_value::<AuthorityRule>(rule).is_err());
        }
    }

    #[test]
    fn the_first_rule_that_fits_holds_and_only_for_its_own_ca() {
        let certificate: Certificate = LEAF.parse().unwrap();
        let subject = Subject::of(certificate.der()).unwrap();
        let ca: Certificate = CA.parse().unwrap();
        let whole = json!({"subject": subject.as_str()});
        let other = || json!({"CN": "somebody else"});
        let with = |rules: &[Value]| {
            let authorities = json!([authority("corp", CA)]);
            read(json!({"authorities": authorities, "rules": rules})).unwrap()
        };
        let role = |organisation: &Organisation, ca: &Certificate| {
            organisation.admits(ca, &subject).map(|(_, role)| role)
        };
        let both = with(&[
            rule("corp", &other(), "Administrator"),
            rule("corp", &whole, "Support"),
            rule("corp", &whole, "Display"),
        ]);
        assert_eq!(role(&both, &ca), Some(Role::Support));
        // A CA that is not trusted vouches for nobody, whatever the subject is.
        assert_eq!(role(&both, &certificate), None);
        let nobody = with(&[rule("corp", &other(), "Administrator")]);
        assert_eq!(role(&nobody, &ca), None);
        // What was taken away comes back only where that is said; taking away is free.
        both.may_become(&nobody, Joining::Nobody).unwrap();
        assert!(nobody.may_become(&both, Joining::Nobody).is_err());
        nobody.may_become(&both, Joining::Anybody).unwrap();
        let none = Organisation::default();
        both.may_become(&none, Joining::Nobody).unwrap();
        assert!(none.may_become(&nobody, Joining::Nobody).is_err());
    }
}
