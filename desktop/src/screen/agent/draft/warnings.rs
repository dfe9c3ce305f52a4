//! What of some changes deserves a second look.

use serde_json::Value;
use underpass_shared::config::{Change, ChangeKind, Mapping, ProtocolFamily};
use underpass_shared::policy::effective::effective;

/// Why a change deserves a second look; empty where it does not.
pub(super) fn warning(change: &Change) -> String {
    let is_mapping = change.part.starts_with("mapping ");
    let text = match change.change {
        ChangeKind::Removed if is_mapping => "Requests to it are refused",
        ChangeKind::Removed if change.part.starts_with("subaccount ") => "Its tunnel is closed",
        ChangeKind::Added | ChangeKind::Changed if is_mapping => {
            let read = |value: &Value| serde_json::from_value::<Mapping>(value.clone()).ok();
            let (before, after) = (
                change.before.as_ref().and_then(read),
                change.after.as_ref().and_then(read),
            );
            return after
                .map(|after| opened(before.as_ref(), &after))
                .unwrap_or_default();
        }
        ChangeKind::Added | ChangeKind::Removed | ChangeKind::Changed => match change.part.as_str()
        {
            "connector.backendTrust" => {
                "Back ends may be trusted that were not, or the other way round"
            }
            "connector.operators" | "connector.organisation" => "Changes who may manage the agent",
            "connector.proxy" => "Tunnels are opened anew",
            _ => "",
        },
    };
    text.to_owned()
}

/// What a mapping opens that it did not open before.
fn opened(before: Option<&Mapping>, after: &Mapping) -> String {
    let is_wide = |mapping: &Mapping| {
        let wide = |one: &underpass_shared::config::Resource| {
            one.enabled && !one.exact_match_only && one.path.as_str() == "/"
        };
        mapping.resources.iter().any(wide)
    };
    let is_risky = |mapping: &Mapping| {
        mapping
            .resources
            .iter()
            .any(|one| one.enabled && one.risky_prefix_match)
    };
    let new = |test: &dyn Fn(&Mapping) -> bool| test(after) && !before.is_some_and(test);
    if new(&|mapping| effective(mapping).is_err()) {
        return "Has no effect in this version".to_owned();
    }
    if new(&is_wide) {
        return "Opens the whole system".to_owned();
    }
    if new(&is_risky) {
        return "Opens every path that begins alike".to_owned();
    }
    if before.is_some_and(|before| before.internal_address != after.internal_address) {
        return "Leads to another system".to_owned();
    }
    if new(&|mapping| matches!(mapping.protocol.family(), ProtocolFamily::Tcp)) {
        return "What passes is not looked into".to_owned();
    }
    String::new()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn mapping(path: &str, exact: bool) -> Value {
        json!({
            "virtualAddress": "a:80", "internalAddress": "b:80", "protocol": "HTTP", "backendType": "nonSAPsys",
            "resources": [{"path": path, "enabled": true, "exactMatchOnly": exact}],
        })
    }

    fn change(before: Option<Value>, after: Option<Value>) -> Change {
        let change = match (&before, &after) {
            (None, _) => ChangeKind::Added,
            (_, None) => ChangeKind::Removed,
            (Some(_), Some(_)) => ChangeKind::Changed,
        };
        Change {
            change,
            part: "mapping a:80 of h/0/".to_owned(),
            before,
            after,
        }
    }

    #[test]
    fn what_opens_much_is_told_when_it_is_new() {
        let wide = mapping("/", false);
        assert_eq!(
            warning(&change(None, Some(wide.clone()))),
            "Opens the whole system"
        );
        assert_eq!(warning(&change(None, Some(mapping("/", true)))), "");
        assert_eq!(warning(&change(Some(wide.clone()), Some(wide.clone()))), "");
        assert_eq!(
            warning(&change(Some(wide.clone()), None)),
            "Requests to it are refused"
        );
        let mut moved = wide.clone();
        moved["internalAddress"] = json!("c:80");
        assert_eq!(
            warning(&change(Some(wide), Some(moved))),
            "Leads to another system"
        );
    }
}
