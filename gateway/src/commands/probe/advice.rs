//! What an answer means, and what to do about it.

use super::request::Answered;

/// What gateway and agent say in their own answers, with what to do then.
const OWN: &[(u16, &str, &str)] = &[
    (
        407,
        "",
        "the gateway refused the token; was its signing key or the subaccount changed just now?",
    ),
    (
        503,
        "There is no SAP Cloud Connector",
        "the agent has just left; look at `underpass-gateway status` and at the agent's log",
    ),
    (
        503,
        "All tunnels to the agent are full",
        "too many requests run at once; look at `underpass-gateway traffic`",
    ),
    (
        502,
        "The tunnel to the agent was lost",
        "the agent or the network broke off; try again, then look at the agent's log",
    ),
    (
        403,
        "Access denied to system",
        "expose the virtual host and port on the agent",
    ),
    (
        403,
        "Access denied to resource",
        "expose the path on the agent, as a resource of the mapping",
    ),
    (
        400,
        "The path is ambiguous",
        "give the path in its plain form; the mapping may allow encoded slashes and the like",
    ),
    (
        502,
        "Unable to open connection to backend system",
        "the agent cannot connect; check the mapping's internal host, its trust and the network",
    ),
    (
        502,
        "Backend system",
        "the back end broke off; see its own log",
    ),
    (
        504,
        "Backend system",
        "the back end is too slow; see its own log",
    ),
];

/// What to do; nothing where the back end itself answered.
pub(super) fn of(answered: &Answered) -> Option<&'static str> {
    OWN.iter()
        .find(|(status, text, _)| answered.status == *status && answered.body.starts_with(text))
        .map(|(_, _, remedy)| *remedy)
}

/// What to do where no agent is there; `others` are the location IDs that are.
pub(super) fn no_tunnel(others: &[String]) -> String {
    if others.is_empty() {
        return "start the agent with `underpass-agent run`, or enrol one: \
                `underpass-gateway enrol-token create`"
            .to_owned();
    }
    format!("connected location IDs: {}", others.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answered(status: u16, body: &str) -> Answered {
        Answered {
            status,
            milliseconds: 1,
            headers: vec![],
            body: body.to_owned(),
        }
    }

    #[test]
    fn own_answers_are_told_from_those_of_back_ends() {
        let system = "Access denied to system erp:80. In case";
        assert!(of(&answered(403, system)).is_some_and(|text| text.contains("virtual host")));
        assert!(of(&answered(403, "<html>Forbidden")).is_none());
        assert!(
            of(&answered(
                502,
                "Unable to open connection to backend system erp:80"
            ))
            .is_some()
        );
        assert!(of(&answered(200, system)).is_none());
        assert!(of(&answered(407, "anything")).is_some());
    }

    #[test]
    fn other_location_ids_are_named() {
        assert!(no_tunnel(&[]).contains("underpass-agent run"));
        assert!(no_tunnel(&["\"a\"".to_owned()]).ends_with("\"a\""));
    }
}
