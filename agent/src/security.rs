//! What matters for security, rated: of the configuration, the management API, and the host.

mod delivery;
mod management;

use underpass_runtime::file;
use underpass_shared::api::management::{Rating, SecurityEntry, TraceShown, TraceState};
use underpass_shared::config::{AuditLevel, Document, MappingPart, Subaccount};
use underpass_shared::policy::effective::effective;

pub use self::management::of_management;
use crate::vault::{HAS_CREDENTIALS, Origin, Vault};

/// Mappings named in one entry; the number of the others is told.
const NAMED_MAX: usize = 10;

/// What the configuration comes to.
pub fn of_document(document: &Document) -> Vec<SecurityEntry> {
    let fields = document.connector();
    let trust = if fields.backend_trust().trust_all_backends() {
        SecurityEntry::bad(
            "backendTrust",
            Rating::Risk,
            "the certificates of back ends are not checked at all",
            "add the CAs of your back ends with `underpass-agent trust add`, then `trust all --off`",
        )
    } else {
        SecurityEntry::ok(
            "backendTrust",
            "back ends are believed by the trust store alone",
        )
    };
    let targets = fields.allowed_targets();
    let targets = if targets.is_empty() {
        SecurityEntry::ok("allowedTargets", "mappings lead to no guarded address")
    } else {
        let named: Vec<String> = targets
            .iter()
            .take(NAMED_MAX)
            .map(ToString::to_string)
            .collect();
        SecurityEntry::bad(
            "allowedTargets",
            Rating::Warning,
            format!(
                "mappings may lead to guarded addresses: {}",
                named.join(", ")
            ),
            "guard again what no system mapping needs, with `underpass-agent target remove`",
        )
    };
    let audit = match fields.audit.level {
        AuditLevel::Off => SecurityEntry::bad(
            "auditLevel",
            Rating::Warning,
            "denied requests are not recorded",
            "set the audit level to SECURITY",
        ),
        AuditLevel::Security | AuditLevel::All => {
            SecurityEntry::ok("auditLevel", "denied requests are recorded")
        }
    };
    let mut entries = vec![trust, targets, audit, delivery::entry(document)];
    entries.extend(RULES.iter().map(|rule| rule.entry(document)));
    entries
}

/// Something that mappings should not have.
struct Rule {
    id: &'static str,
    has: fn(&MappingPart) -> bool,
    none: &'static str,
    some: &'static str,
    remedy: &'static str,
}

const RULES: &[Rule] = &[
    Rule {
        id: "plainBackends",
        has: |one| !one.protocol.uses_tls(),
        none: "all back ends are reached through TLS",
        some: "back ends are reached without TLS",
        remedy: "map them with HTTPS where the network between is not yours alone",
    },
    Rule {
        id: "commonNames",
        has: |one| one.certificate_name_by_common_name,
        none: "all back ends are known by the alternative names of their certificates",
        some: "back ends are known by the outdated common name of their certificates",
        remedy: "give them certificates with subject alternative names",
    },
    Rule {
        id: "wholeSystems",
        has: |one| {
            let mut open = one.resources.iter().filter(|one| one.enabled);
            open.any(|one| one.path.as_str() == "/" && !one.exact_match_only)
        },
        none: "no system is open as a whole",
        some: "everything of these systems may be called",
        remedy: "replace the resource / by the paths that are needed",
    },
    Rule {
        id: "riskyPrefixes",
        has: |one| one.resources.iter().any(|one| one.risky_prefix_match),
        none: "resources match by whole segments",
        some: "resources match by the beginning of a text, so more may be called than they say",
        remedy: "switch riskyPrefixMatch off",
    },
    Rule {
        id: "notEffective",
        has: |one| effective(one).is_err(),
        none: "all system mappings are effective",
        some: "system mappings are stored, but nothing of them is forwarded",
        remedy: "see notEffectiveBecause of each; change or remove them",
    },
];

impl Rule {
    fn entry(&self, document: &Document) -> SecurityEntry {
        let of = |subaccount: &Subaccount| -> Vec<String> {
            let id = subaccount.key().subaccount;
            let found = subaccount.mappings().iter().filter(|one| (self.has)(one));
            found
                .map(|one| format!("{} of {id}", one.virtual_address))
                .collect()
        };
        let found: Vec<String> = document
            .subaccounts()
            .iter()
            .flat_map(|one| of(one))
            .collect();
        let Some(named) = found
            .get(..found.len().min(NAMED_MAX))
            .filter(|some| !some.is_empty())
        else {
            return SecurityEntry::ok(self.id, self.none);
        };
        let more = match found.len() - named.len() {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let text = format!("{}: {}{more}", self.some, named.join(", "));
        SecurityEntry::bad(self.id, Rating::Warning, text, self.remedy)
    }
}

/// What is traced of payload right now.
pub fn of_traces(traces: &[TraceShown]) -> SecurityEntry {
    let running = traces.iter().filter(|one| one.state == TraceState::Running);
    let scopes: Vec<String> = running.map(TraceShown::scope).collect();
    if scopes.is_empty() {
        return SecurityEntry::ok("payloadTrace", "no payload is traced");
    }
    SecurityEntry::bad(
        "payloadTrace",
        Rating::Warning,
        format!("payload is traced: {}", scopes.join(", ")),
        "stop the trace when it is not needed any more, and delete it",
    )
}

/// What the host comes to.
pub fn of_host(vault: &Vault) -> Vec<SecurityEntry> {
    let key = match vault.origin() {
        Ok(Some(Origin::Credential(_))) => {
            SecurityEntry::ok("dataKey", "the data key is a credential of the service")
        }
        Ok(Some(Origin::File(path))) => SecurityEntry::bad(
            "dataKey",
            Rating::Warning,
            format!(
                "the data key lies beside the secrets, in {} of the data directory",
                file::name(&path)
            ),
            if HAS_CREDENTIALS {
                "give the service a systemd credential, so that a copy of the data directory opens nothing"
            } else {
                "keep copies of the data directory as safe as the secrets themselves"
            },
        ),
        Ok(None) => SecurityEntry::ok("dataKey", "there are no secrets yet"),
        Err(error) => SecurityEntry::bad(
            "dataKey",
            Rating::Risk,
            format!("{:#}", anyhow::Error::from(error)),
            "do what the sentence says",
        ),
    };
    let user = if user::is_mighty() {
        SecurityEntry::bad(
            "serviceUser",
            Rating::Warning,
            "the agent runs as root",
            "run it as a user of its own, as the package's service does",
        )
    } else {
        SecurityEntry::ok("serviceUser", "the agent runs as a user of its own")
    };
    vec![key, user]
}

#[cfg(unix)]
mod user {
    pub(super) fn is_mighty() -> bool {
        nix::unistd::geteuid().is_root()
    }
}

#[cfg(not(unix))]
mod user {
    /// The service's account is set at its installation.
    pub(super) const fn is_mighty() -> bool {
        false
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use underpass_shared::api::management::SecurityStatus;

    use super::*;

    fn document(connector: &serde_json::Value, mapping: &serde_json::Value) -> Document {
        let id = "0190a5a2-6d0e-7cc0-8000-000000000001";
        let json = json!({"schema": 1, "connector": connector,
            "subaccounts": [{"regionHost": "g", "subaccount": id, "instance": id,
                             "credential": id, "connected": true, "mappings": [mapping]}]});
        Document::from_json(&json.to_string()).unwrap()
    }

    fn bad(document: &Document) -> Vec<(String, Rating)> {
        let status = SecurityStatus::of(of_document(document));
        let ordered = status.entries.is_sorted_by(|a, b| a.rating >= b.rating);
        assert!(ordered && status.rating == status.entries[0].rating);
        let bad = status
            .entries
            .into_iter()
            .filter(|one| one.rating != Rating::Ok);
        let mut bad: Vec<_> = bad.map(|one| (one.id, one.rating)).collect();
        bad.sort();
        bad
    }

    #[test]
    fn what_is_weak_is_named_and_what_is_not_is_ok() {
        let good = json!({"virtualAddress": "a:443", "internalAddress": "a:443",
            "protocol": "HTTPS", "backendType": "nonSAPsys",
            "resources": [{"path": "/x", "enabled": true, "exactMatchOnly": false, "websocketUpgradeAllowed": false}]});
        assert_eq!(bad(&document(&json!({}), &good)), []);
        let connector = json!({"backendTrust": {"trustAllBackends": true},
            "allowedTargets": ["127.0.0.0/8"], "audit": {"level": "OFF"}});
        let weak = json!({"virtualAddress": "a:80", "internalAddress": "a:80",
            "protocol": "HTTP", "backendType": "nonSAPsys",
            "resources": [{"path": "/", "enabled": true, "exactMatchOnly": false, "websocketUpgradeAllowed": false},
                          {"path": "/y", "enabled": true, "exactMatchOnly": false, "websocketUpgradeAllowed": false, "riskyPrefixMatch": true}]});
        let found = bad(&document(&connector, &weak));
        let ids: Vec<&str> = found.iter().map(|(id, _)| id.as_str()).collect();
        let expected = [
            "allowedTargets",
            "auditLevel",
            "backendTrust",
            "plainBackends",
            "riskyPrefixes",
            "wholeSystems",
        ];
        assert_eq!(ids, expected);
        let risk = |(id, rating): &(String, Rating)| (*rating == Rating::Risk).then(|| id.clone());
        assert_eq!(
            found.iter().filter_map(risk).collect::<Vec<_>>(),
            ["backendTrust"]
        );
    }
}
