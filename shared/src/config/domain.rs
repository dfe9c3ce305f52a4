//! Which domains of back ends' cookies become which towards cloud applications.

use std::cmp::Ordering;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::invalid::Invalid;
use super::limits::DOMAIN_MAPPINGS_MAX;
use crate::host::CookieDomain;
use crate::schema::schema_like;

/// One pair of domains.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DomainMapping {
    /// What cloud applications see.
    pub virtual_domain: CookieDomain,
    /// What back ends set; the key.
    pub internal_domain: CookieDomain,
}

/// The pairs of a subaccount, sorted by internal domain, each once.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<DomainMapping>")]
pub struct DomainMappings(Vec<DomainMapping>);

schema_like!(DomainMappings = Vec<DomainMapping>);

impl DomainMappings {
    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The pairs in their order.
    pub fn as_slice(&self) -> &[DomainMapping] {
        &self.0
    }

    /// What an internal domain becomes; compared without regard to ASCII case.
    pub fn virtual_domain(&self, internal: &[u8]) -> Option<&CookieDomain> {
        let found = self
            .0
            .binary_search_by(|pair| compare(&pair.internal_domain, internal));
        self.0.get(found.ok()?).map(|pair| &pair.virtual_domain)
    }
}

impl TryFrom<Vec<DomainMapping>> for DomainMappings {
    type Error = Invalid;

    fn try_from(mut pairs: Vec<DomainMapping>) -> Result<Self, Self::Error> {
        if pairs.len() > DOMAIN_MAPPINGS_MAX {
            let rule = format!(
                "at most {DOMAIN_MAPPINGS_MAX} domain mappings are allowed in a subaccount"
            );
            return Err(Invalid::new("domainMappings", rule));
        }
        pairs.sort_by(|a, b| a.internal_domain.cmp(&b.internal_domain));
        for pair in pairs.windows(2) {
            if let [one, other] = pair
                && one.internal_domain == other.internal_domain
            {
                let rule = format!("{} occurs twice", one.internal_domain);
                return Err(Invalid::new("domainMappings.internalDomain", rule));
            }
        }
        Ok(Self(pairs))
    }
}

/// Domains are kept in lower case.
fn compare(domain: &CookieDomain, other: &[u8]) -> Ordering {
    let lower = other.iter().map(u8::to_ascii_lowercase);
    domain.as_str().bytes().cmp(lower)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Result<DomainMappings, String> {
        serde_json::from_str(json).map_err(|error| error.to_string())
    }

    #[test]
    fn pairs_are_sorted_and_found_in_any_case() {
        let pairs = read(
            r#"[{"virtualDomain": "V.Cloud", "internalDomain": "Z.corp"},
                {"virtualDomain": "w.cloud", "internalDomain": ".a.corp"}]"#,
        )
        .unwrap();
        let found = |internal: &[u8]| pairs.virtual_domain(internal).map(CookieDomain::as_str);
        assert_eq!(found(b"z.CORP"), Some("v.cloud"));
        assert_eq!(found(b"a.corp"), Some("w.cloud"));
        assert_eq!(found(b"b.a.corp"), None);
        assert_eq!(
            serde_json::to_string(&pairs).unwrap(),
            r#"[{"virtualDomain":"w.cloud","internalDomain":"a.corp"},{"virtualDomain":"v.cloud","internalDomain":"z.corp"}]"#
        );
    }

    #[test]
    fn wrong_pairs_name_the_rule() {
        let one =
            |internal: &str| format!(r#"{{"virtualDomain": "v", "internalDomain": "{internal}"}}"#);
        let twice = read(&format!("[{}, {}]", one("a.b"), one(".A.B"))).unwrap_err();
        assert!(twice.contains("a.b occurs twice"), "{twice}");
        for wrong in ["", ".", "..a", "a b", "a:80", "a/b"] {
            let error = read(&format!("[{}]", one(wrong))).unwrap_err();
            assert!(error.contains("host must be a name"), "{wrong}: {error}");
        }
        let many: Vec<String> = (0..=DOMAIN_MAPPINGS_MAX)
            .map(|n| one(&format!("d{n}")))
            .collect();
        let error = read(&format!("[{}]", many.join(","))).unwrap_err();
        assert!(error.contains("at most 500"), "{error}");
    }
}
