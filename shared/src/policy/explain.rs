//! Why an access is allowed or denied, for operators who ask beforehand.

use super::effective::effective;
use super::lookup::Beginnings;
use super::path::with_canonical;
use super::{Access, Denial, Policy};
use crate::api::management::{AccessCheck, AccessRule};
use crate::config::{MappingPart, Resource};

/// Resources that are named as having almost allowed an access.
const HINTS_MAX: usize = 5;

impl Policy {
    /// What [`Policy::decide`] says, with what led to it.
    pub fn explain(&self, access: &Access<'_>) -> AccessCheck {
        let found = self.subaccount.mapping(access.host, access.port);
        let (rule, resource, message) = match self.decide(access) {
            Ok(permit) => {
                let resource = permit.resource().map(|one| one.path.to_string());
                let path = resource.as_deref().unwrap_or_default();
                let message = format!("allowed by the resource {path}");
                (AccessRule::Resource, resource, message)
            }
            Err(denial) => (rule(&denial), None, format!("denied: {denial}")),
        };
        let known = found.filter(|_| rule != AccessRule::UnknownSystem);
        AccessCheck {
            allowed: rule == AccessRule::Resource,
            hints: self.hints(rule, found.map(|found| &**found), access),
            rule,
            message,
            mapping: known.map(|one| one.virtual_address.clone()),
            internal: known.map(|one| one.internal_address.to_string()),
            resource,
        }
    }

    fn hints(
        &self,
        rule: AccessRule,
        found: Option<&MappingPart>,
        access: &Access<'_>,
    ) -> Vec<String> {
        match (rule, found) {
            (AccessRule::Resource, _) => vec![],
            (AccessRule::UnknownSystem, Some(other)) => vec![format!(
                "{} is mapped, but for another kind of protocol",
                other.virtual_address
            )],
            (AccessRule::UnknownSystem, None) => {
                let same = self.subaccount.mappings().iter();
                let same = same.filter(|one| {
                    one.virtual_address
                        .host
                        .as_str()
                        .eq_ignore_ascii_case(access.host)
                });
                let hint = |one: &std::sync::Arc<MappingPart>| {
                    format!("there is a system mapping {}", one.virtual_address)
                };
                same.take(HINTS_MAX).map(hint).collect()
            }
            (AccessRule::NotEffective, found) => {
                let reason = found.and_then(|found| effective(found).err());
                reason
                    .map(|reason| reason.to_string())
                    .into_iter()
                    .collect()
            }
            (AccessRule::AmbiguousPath, _) => vec![
                "such paths are refused, not repaired; see the mapping's pathOptions".to_owned(),
            ],
            (AccessRule::UnknownResource | AccessRule::WebsocketNotAllowed, Some(mapping)) => {
                near(mapping, access)
            }
            (AccessRule::UnknownResource | AccessRule::WebsocketNotAllowed, None) => vec![],
        }
    }
}

const fn rule(denial: &Denial) -> AccessRule {
    match denial {
        Denial::AmbiguousPath(..) => AccessRule::AmbiguousPath,
        Denial::UnknownSystem(_) => AccessRule::UnknownSystem,
        Denial::UnknownResource(_) => AccessRule::UnknownResource,
        Denial::WebsocketNotAllowed(_) => AccessRule::WebsocketNotAllowed,
        Denial::NotEffective(..) => AccessRule::NotEffective,
    }
}

/// The resources that would cover the path but for one thing.
fn near(mapping: &MappingPart, access: &Access<'_>) -> Vec<String> {
    let hint = |path: &[u8], resource: &Resource| {
        let own = &resource.path;
        let reason = if !resource.enabled {
            "is not enabled"
        } else if resource.covers(path) {
            "does not allow WebSocket"
        } else if resource.exact_match_only {
            "allows exactly its own path"
        } else {
            "ends within a segment of the path; sub-paths match by whole segments"
        };
        format!("resource {own} {reason}")
    };
    with_canonical(access.path, &mapping.path_options, |path| {
        let near = Beginnings::of(path, &mapping.resources);
        let near = near.map(|(_, resource)| hint(path, resource));
        near.take(HINTS_MAX).collect()
    })
    .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::config::tests::{key, mapping, own};
    use crate::config::{Document, Mapping, MappingFields, Protocol};

    fn policy() -> Policy {
        let plain = mapping("erp:80", &["/a", "/a/b", "/c", "/d", "/e/f"]);
        let mut fields = MappingFields::from(plain);
        for one in &mut fields.resources {
            match one.path.as_str() {
                "/a/b" => one.websocket_upgrade_allowed = true,
                "/c" => one.enabled = false,
                "/d" => one.exact_match_only = true,
                _ => {}
            }
        }
        let document = Document::empty().with_subaccount(own(1)).unwrap();
        let mapping = Mapping::try_from(fields).unwrap();
        let document = document.with_mapping(key(1), mapping).unwrap();
        Policy::new(Arc::clone(document.subaccount(&key(1)).unwrap()))
    }

    fn explained(host: &str, port: u16, path: &str, websocket: bool) -> AccessCheck {
        let policy = policy();
        let access = Access {
            protocol: Protocol::Http,
            host,
            port,
            path: path.as_bytes(),
            websocket,
        };
        let told = policy.explain(&access);
        assert_eq!(told.allowed, policy.decide(&access).is_ok(), "{told:?}");
        told
    }

    #[test]
    fn each_answer_says_what_decided_and_what_almost_did() {
        use AccessRule as R;
        for (host, port, path, websocket, rule, hint) in [
            ("ERP", 80, "/a/x", false, R::Resource, None),
            ("erp", 80, "/a/b/x", true, R::Resource, None),
            (
                "erp",
                80,
                "/a/x",
                true,
                R::WebsocketNotAllowed,
                Some("resource /a does not allow WebSocket"),
            ),
            (
                "erp",
                80,
                "/c/x",
                false,
                R::UnknownResource,
                Some("resource /c is not enabled"),
            ),
            (
                "erp",
                80,
                "/d/x",
                false,
                R::UnknownResource,
                Some("resource /d allows exactly its own path"),
            ),
            (
                "erp",
                80,
                "/e/fg",
                false,
                R::UnknownResource,
                Some("resource /e/f ends within a segment"),
            ),
            ("erp", 80, "/x", false, R::UnknownResource, None),
            (
                "erp",
                80,
                "/a/../b",
                false,
                R::AmbiguousPath,
                Some("refused, not repaired"),
            ),
            (
                "erp",
                81,
                "/a",
                false,
                R::UnknownSystem,
                Some("there is a system mapping erp:80"),
            ),
            ("crm", 80, "/a", false, R::UnknownSystem, None),
        ] {
            let told = explained(host, port, path, websocket);
            assert_eq!(told.rule, rule, "{path}: {told:?}");
            let first = told.hints.first().map(String::as_str);
            assert_eq!(first.is_some(), hint.is_some(), "{path}: {told:?}");
            let fits = hint.is_none_or(|hint| first.is_some_and(|first| first.contains(hint)));
            assert!(fits, "{path}: {told:?}");
        }
        let told = explained("erp", 80, "/a/x", false);
        assert_eq!(told.resource.as_deref(), Some("/a"));
        assert_eq!(told.internal.as_deref(), Some("10.0.0.1:8080"));
        assert_eq!(told.mapping, Some("erp:80".parse().unwrap()));
    }
}
