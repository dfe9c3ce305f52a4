//! Rights are checked on the difference that a change makes, whatever call made it: also an undo,
//! a restore, an import or a whole document.

use super::access::Access;
use super::role::Role;
use super::secrets::led_elsewhere;
use crate::config::{
    Content, Document, Place, SubaccountFields, SubaccountKey, Touched, diff, touched,
};

/// Settings of the agent as a whole that others than Administrators may change, by their names in
/// the document. What is not named here needs an Administrator.
const SETTINGS: &[(&str, Access)] = &[
    ("backendTrust", Access::Connector),
    ("certificates", Access::Connector),
    ("description", Access::Connector),
    ("email", Access::Connector),
    ("emailTrust", Access::Connector),
    ("logAndTrace", Access::Trace),
    ("ppSettings", Access::Subaccounts),
    ("subaccountTraces", Access::Trace),
    ("subjectPatternRules", Access::Connector),
    ("syslog", Access::Connector),
    ("webhooks", Access::Connector),
];

/// A change that the role of its author does not allow.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{role} may not change {place}; it takes the role {needed}")]
pub struct Forbidden {
    /// The author's role.
    pub role: Role,
    /// The place that would change.
    pub place: String,
    /// The weakest role that may.
    pub needed: Role,
}

/// Checks each place that differs between two documents against the author's role.
///
/// # Errors
/// Names the first place that the role may not change.
pub fn check(role: Role, old: &Document, new: &Document) -> Result<(), Forbidden> {
    // An Administrator may do all, and a whole document may be large.
    if role == Role::Administrator {
        return Ok(());
    }
    if let Some(place) = led_elsewhere(old, new) {
        return Err(Forbidden {
            role,
            place: place.to_owned(),
            needed: Access::Administration.weakest(),
        });
    }
    for (place, Touched { before, after }) in touched(&diff(old, new), &diff(new, old)) {
        let needed = match &place {
            Place::Setting(name) => setting(name),
            Place::Subaccount(_) => subaccount(own(before.as_ref()), own(after.as_ref())),
            Place::Mapping(key, _) => mapping(key, old, new),
        };
        if !needed.allows(role) {
            return Err(Forbidden {
                role,
                place: place.to_string(),
                needed: needed.weakest(),
            });
        }
    }
    Ok(())
}

fn setting(name: &str) -> Access {
    let found = SETTINGS.iter().find(|(known, _)| *known == name);
    found.map_or(Access::Administration, |(_, access)| *access)
}

fn own(content: Option<&Content>) -> Option<&SubaccountFields> {
    match content {
        Some(Content::Subaccount(part)) => Some(part),
        Some(Content::Setting(_) | Content::Mapping(_)) | None => None,
    }
}

/// Of a managed subaccount others than Administrators open and close the tunnel, nothing else.
fn subaccount(before: Option<&SubaccountFields>, after: Option<&SubaccountFields>) -> Access {
    let managed = [before, after].into_iter().flatten().any(|own| own.managed);
    let level = |own: Option<&SubaccountFields>| own.map(|own| own.audit_level).unwrap_or_default();
    // Nobody decides what is recorded of himself.
    if after.is_some() && level(before) != level(after) {
        return Access::Administration;
    }
    let only_connected = match (before, after) {
        (Some(before), Some(after)) => {
            let connected = after.connected;
            SubaccountFields {
                connected,
                ..before.clone()
            } == *after
        }
        (None, _) | (_, None) => false,
    };
    if managed && !only_connected {
        Access::Administration
    } else {
        Access::Subaccounts
    }
}

fn mapping(key: &SubaccountKey, old: &Document, new: &Document) -> Access {
    let managed = |document: &Document| {
        document
            .subaccount(key)
            .is_some_and(|one| one.own().managed)
    };
    if managed(old) || managed(new) {
        Access::Administration
    } else {
        Access::Subaccounts
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::AuditLevel;
    use crate::config::tests::{key, mapping, own};

    const ALERTING: &str = r#"{"alerting": {
        "thresholds": {"cpuLoad": 80, "cpuLoadViolationToleranceSec": 60, "freeDiskSpaceMb": 1,
                       "certificateValidityDays": 30},
        "notification": {"ha": true, "tunnels": true, "serviceChannels": true, "CPU": true,
                         "freeDiskSpace": true, "certificates": true, "troubleshooting": true}}}"#;
    const RULES: &str = r#"{"subjectPatternRules":
        {"fallback": {"description": "x", "subjectPattern": {"CN": "${mail}"}}}}"#;
    const TIMES: &str = r#"{"ppSettings":
        {"expirationToleranceInHr": 1, "certificateValidityInMin": 1}}"#;

    fn managed(managed: bool) -> Document {
        let own = SubaccountFields { managed, ..own(1) };
        Document::empty().with_subaccount(own).unwrap()
    }

    fn connector(json: &str) -> Document {
        let connector = serde_json::from_str(json).unwrap();
        Document::empty().with_connector(connector).unwrap()
    }

    /// The roles that may.
    fn may(old: &Document, new: &Document) -> usize {
        let allowed = |role: &&Role| check(**role, old, new).is_ok();
        let count = Role::ALL.iter().take_while(allowed).count();
        // No weaker role may either.
        assert_eq!(Role::ALL.iter().filter(allowed).count(), count);
        count
    }

    #[test]
    fn a_managed_subaccount_is_the_administrators() {
        let (free, kept) = (managed(false), managed(true));
        let empty = Document::empty();
        assert_eq!(may(&empty, &free), 3);
        assert_eq!(may(&free, &empty), 3);
        for (old, new) in [
            (&empty, &kept),
            (&kept, &empty),
            (&free, &kept),
            (&kept, &free),
        ] {
            assert_eq!(may(old, new), 1);
        }
        let mapped = |document: &Document| {
            document
                .with_mapping(key(1), mapping("a:1", &["/x"]))
                .unwrap()
        };
        assert_eq!(may(&free, &mapped(&free)), 3);
        assert_eq!(may(&mapped(&free), &free), 3);
        assert_eq!(may(&kept, &mapped(&kept)), 1);
        assert_eq!(may(&mapped(&kept), &kept), 1);
        assert_eq!(may(&mapped(&kept), &empty), 1);
        let closed = SubaccountFields {
            managed: true,
            connected: !own(1).connected,
            ..own(1)
        };
        let closed = Document::empty().with_subaccount(closed).unwrap();
        assert_eq!(may(&kept, &closed), 3);
        assert_eq!(may(&kept, &kept), 6);
    }

    #[test]
    fn what_is_recorded_is_the_administrators() {
        let empty = Document::empty();
        let level = |audit_level| {
            let own = SubaccountFields {
                audit_level,
                ..own(1)
            };
            Document::empty().with_subaccount(own).unwrap()
        };
        let (off, usual) = (level(AuditLevel::Off), level(AuditLevel::Security));
        for (old, new) in [(&usual, &off), (&off, &usual), (&empty, &off)] {
            assert_eq!(may(old, new), 1);
        }
        assert_eq!(may(&off, &empty), 3);
        assert_eq!(may(&empty, &connector(r#"{"audit": {"level": "OFF"}}"#)), 1);
    }

    #[test]
    fn settings_have_owners_and_unknown_ones_are_the_administrators() {
        let empty = Document::empty();
        assert_eq!(
            may(
                &empty,
                &connector(r#"{"backendTrust": {"trustAllBackends": true}}"#)
            ),
            2
        );
        for (json, roles) in [
            (r#"{"tunnelConnections": 3}"#, 1),
            (ALERTING, 1),
            (r#"{"regions": [{"name": "a", "regionHost": "a"}]}"#, 1),
            (r#"{"cipherSuites": ["TLS_AES_128_GCM_SHA256"]}"#, 1),
            (r#"{"description": "x"}"#, 2),
            (r#"{"email": {"smtpHost": "x"}}"#, 2),
            (RULES, 2),
            (TIMES, 3),
            (r#"{"logAndTrace": {"sccLogLevel": "DEBUG"}}"#, 4),
        ] {
            assert_eq!(may(&empty, &connector(json)), roles, "{json}");
        }
        let both = r#"{"tunnelConnections": 3, "backendTrust": {"trustAllBackends": true}}"#;
        let refused = check(Role::AssociateAdministrator, &empty, &connector(both));
        assert_eq!(
            refused.unwrap_err().to_string(),
            "AssociateAdministrator may not change connector.tunnelConnections; it takes the role \
             Administrator"
        );
        assert_eq!(setting("invented"), Access::Administration);
    }
}
