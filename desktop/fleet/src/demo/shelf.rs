//! Templates and rollouts that the made-up user has already.

use serde_json::json;
use underpass_shared::config::Invalid;

use super::cast::GATEWAYS;
use crate::bulk::{Fault, FaultKind, Options, Rollout, State, Wanted};
use crate::profile::TemplateId;
use crate::template::{Template, Values};

const DAY_MS: i64 = 86_400_000;

fn read(template: &serde_json::Value) -> Result<Template, Invalid> {
    Template::from_json(&template.to_string())
}

fn syslog() -> Result<Template, Invalid> {
    read(&json!({
        "format": 1,
        "name": "Central syslog",
        "description": "Alerts go to the SIEM of the region",
        "variables": {
            "siem": { "description": "Host of the SIEM", "type": "text" },
            "port": { "description": "Its port", "type": "number", "default": 6514 },
        },
        "settings": { "syslog": [
            { "name": "siem", "enabled": true, "host": "${siem}", "port": "${port}" },
        ] },
    }))
}

fn baseline() -> Result<Template, Invalid> {
    read(&json!({
        "format": 1,
        "name": "Plant baseline",
        "description": "What every plant shall have",
        "variables": {
            "tunnels": {
                "description": "Connections for each tunnel", "type": "number", "default": 2,
                "oneOf": [2, 3, 4],
            },
        },
        "settings": {
            "description": "Plant ${agent.label}",
            "tunnelConnections": "${tunnels}",
            "proxy": { "host": "proxy.corp.example", "port": 8080 },
        },
    }))
}

fn orders() -> Result<Template, Invalid> {
    read(&json!({
        "format": 1,
        "name": "Orders API",
        "description": "Opens the orders of the shop floor",
        "variables": { "mes": {
            "description": "Host of the MES", "type": "text", "default": "mes.plant.example",
        } },
        "subaccounts": [{
            "match": { "regionHost": GATEWAYS[3] },
            "mappings": [{
                "virtualAddress": "mes-orders:443", "internalAddress": "${mes}:9443",
                "protocol": "HTTPS", "backendType": "nonSAPsys",
                "resources": [
                    { "path": "/api/v1/orders", "enabled": true, "exactMatchOnly": false },
                ],
            }],
        }],
    }))
}

/// The templates.
pub(crate) fn templates() -> Vec<(TemplateId, Template)> {
    let mut all: Vec<(TemplateId, Template)> = vec![];
    for template in [baseline(), syslog(), orders()].into_iter().flatten() {
        let last = all.last().map(|(id, _)| *id);
        all.push((TemplateId::next(last), template));
    }
    all
}

/// The rollouts that were made with these agents.
pub(crate) fn rollouts(agents: &[Wanted], now_ms: i64) -> Vec<Rollout> {
    let of = |group: &str| -> Vec<Wanted> {
        let is = |one: &&Wanted| one.group.as_deref() == Some(group);
        agents.iter().filter(is).cloned().collect()
    };
    let made = |template: Result<Template, Invalid>, group, values: &str, days| {
        let values = Values::from_json(values)?;
        let at_ms = now_ms - days * DAY_MS;
        Rollout::new(template?, values, Options::default(), of(group), at_ms)
    };
    let undone = made(baseline(), "Development", "{}", 9).map(|mut rollout| {
        for (at, part) in rollout.parts.iter_mut().enumerate() {
            let revision = 12 + u64::try_from(at).unwrap_or_default();
            part.state = State::Undone { revision };
        }
        rollout
    });
    let siem = r#"{"all":{"siem":"siem.us.corp.example"}}"#;
    let stopped = made(syslog(), "Production Americas", siem, 2).map(|mut rollout| {
        if let Some(first) = rollout.parts.first_mut() {
            let message = "the tunnel of connect.us10.example.com does not come up again; \
                           the change was taken back";
            first.state = State::Failed {
                fault: Fault::new(FaultKind::TakenBack, message),
            };
        }
        rollout
    });
    let mut all = vec![];
    for (number, mut rollout) in [undone, stopped].into_iter().flatten().enumerate() {
        rollout.number = std::num::NonZeroUsize::new(number + 1);
        all.push(rollout);
    }
    all
}
