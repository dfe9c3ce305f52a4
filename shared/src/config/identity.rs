//! Whose word on users a subaccount takes: identity providers and cloud applications.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::invalid::Invalid;
use super::limits::{DESCRIPTION_LEN_MAX, DISPLAY_NAME_LEN_MAX, IDENTITY_SOURCES_MAX};
use super::text::Text;
use super::trust::{Alias, Certificate};
use crate::schema::schema_like;

/// An identity provider that the cloud side names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct IdentityProvider {
    /// What it is found by.
    pub id: Alias,
    /// For people.
    pub name: Text<DISPLAY_NAME_LEN_MAX>,
    /// For people.
    #[serde(default)]
    pub description: Text<DESCRIPTION_LEN_MAX>,
    /// What it signs with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate: Option<Certificate>,
    /// Whether its word is taken.
    #[serde(default)]
    pub enabled: bool,
}

/// A cloud application that speaks for its users.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TrustedApp {
    /// What it is found by.
    pub id: Alias,
    /// For people.
    pub name: Text<DISPLAY_NAME_LEN_MAX>,
    /// What it is.
    pub application_type: Text<DISPLAY_NAME_LEN_MAX>,
    /// Whether its word is taken.
    #[serde(default)]
    pub enabled: bool,
}

/// Whose word on users is taken; nobody's by default.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, try_from = "Fields")]
pub struct IdentityTrust {
    auto_sync: bool,
    providers: Vec<IdentityProvider>,
    apps: Vec<TrustedApp>,
}

/// [`IdentityTrust`] before its checks.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "IdentityTrust")]
struct Fields {
    /// Whether the lists follow those of the cloud side.
    #[serde(default)]
    auto_sync: bool,
    /// The identity providers, each id once.
    #[serde(default)]
    #[schemars(length(max = IDENTITY_SOURCES_MAX))]
    providers: Vec<IdentityProvider>,
    /// The applications, each id once.
    #[serde(default)]
    #[schemars(length(max = IDENTITY_SOURCES_MAX))]
    apps: Vec<TrustedApp>,
}

schema_like!(IdentityTrust = Fields);

impl TryFrom<Fields> for IdentityTrust {
    type Error = Invalid;

    fn try_from(fields: Fields) -> Result<Self, Self::Error> {
        Self::new(fields.auto_sync, fields.providers, fields.apps)
    }
}

impl IdentityTrust {
    /// Refuses too many entries, and an id that occurs twice.
    ///
    /// # Errors
    /// Which rule is broken.
    pub fn new(
        auto_sync: bool,
        mut providers: Vec<IdentityProvider>,
        mut apps: Vec<TrustedApp>,
    ) -> Result<Self, Invalid> {
        providers.sort_by(|a, b| a.id.cmp(&b.id));
        apps.sort_by(|a, b| a.id.cmp(&b.id));
        check(
            "identityTrust.providers",
            providers.iter().map(|one| &one.id),
        )?;
        check("identityTrust.apps", apps.iter().map(|one| &one.id))?;
        Ok(Self {
            auto_sync,
            providers,
            apps,
        })
    }

    /// Whether the lists follow those of the cloud side.
    pub const fn auto_sync(&self) -> bool {
        self.auto_sync
    }

    /// The identity providers, sorted by id.
    pub fn providers(&self) -> &[IdentityProvider] {
        &self.providers
    }

    /// The applications, sorted by id.
    pub fn apps(&self) -> &[TrustedApp] {
        &self.apps
    }

    pub(super) fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

fn check<'a>(
    field: &str,
    ids: impl ExactSizeIterator<Item = &'a Alias> + Clone,
) -> Result<(), Invalid> {
    if ids.len() > IDENTITY_SOURCES_MAX {
        let rule = format!("at most {IDENTITY_SOURCES_MAX} entries are allowed");
        return Err(Invalid::new(field, rule));
    }
    let twice = ids
        .clone()
        .zip(ids.skip(1))
        .find(|(one, other)| one == other);
    match twice {
        Some((id, _)) => Err(Invalid::new(field, format!("id {id} occurs twice"))),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Result<IdentityTrust, String> {
        serde_json::from_str(json).map_err(|error| error.to_string())
    }

    #[test]
    fn nobody_is_trusted_until_somebody_is_named_and_enabled() {
        assert!(read("{}").unwrap().is_default());
        let json = r#"{"providers": [{"id": "b", "name": "B"}, {"id": "a", "name": "A", "enabled": true}],
                       "apps": [{"id": "x", "name": "X", "applicationType": "JAVA"}]}"#;
        let trust = read(json).unwrap();
        let shown: Vec<_> = trust
            .providers()
            .iter()
            .map(|one| (one.id.as_str(), one.enabled))
            .collect();
        assert_eq!(shown, [("a", true), ("b", false)]);
        assert!(!trust.auto_sync() && !trust.apps()[0].enabled);
        let again = read(&serde_json::to_string(&trust).unwrap()).unwrap();
        assert_eq!(again, trust);
    }

    #[test]
    fn wrong_lists_name_the_rule() {
        let app = r#"{"id": "a", "name": "", "applicationType": ""}"#;
        let twice = read(&format!(r#"{{"apps": [{app}, {app}]}}"#)).unwrap_err();
        assert!(
            twice.contains("identityTrust.apps: id a occurs twice"),
            "{twice}"
        );
        let provider = |n: usize| format!(r#"{{"id": "p{n}", "name": ""}}"#);
        let many: Vec<String> = (0..=IDENTITY_SOURCES_MAX).map(provider).collect();
        let many = read(&format!(r#"{{"providers": [{}]}}"#, many.join(","))).unwrap_err();
        assert!(many.contains("at most 100 entries"), "{many}");
        let key = r#"{"providers": [{"id": "a", "name": "", "certificate": "x"}]}"#;
        assert!(read(key).unwrap_err().contains("certificate must be PEM"));
    }
}
