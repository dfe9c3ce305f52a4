//! The alerts of made-up agents: what stands follows from what plagues them, what stood from their
//! days.

use std::collections::BTreeMap;

use underpass_shared::alert::{Acknowledged, Alert, AlertId, Code};
use underpass_shared::api::management::{
    AlertList, AlertState, AlertTarget, Refusal, SilenceInput, Verb, read,
};

use super::super::agent::{DemoAgent, State, USER, ok};
use super::super::cast::Trouble as Plague;
use super::curve::{Incident, Nature, Trouble};
use super::{DAY_MS, HOUR_MS, MINUTE_MS};
use crate::Reply;
use crate::api::Call;

/// How far back alerts are told.
const TOLD_MS: i64 = 21 * DAY_MS;

/// What operators did about alerts, by their numbers.
#[derive(Clone, Debug, Default)]
pub(in super::super) struct Answered(BTreeMap<u64, Own>);

#[derive(Clone, Debug, Default)]
struct Own {
    acknowledged: Option<Acknowledged>,
    silenced_until_ms: Option<i64>,
    is_gone: bool,
}

fn alert(number: u64, code: Code, entity: &str, text: String, since_ms: i64) -> Alert {
    Alert {
        number,
        id: AlertId {
            code,
            entity: entity.to_owned(),
        },
        category: code.category(),
        severity: code.severity(),
        title: code.title().to_owned(),
        text,
        remedy: code.remedy().to_owned(),
        since_ms,
        resolved_ms: None,
        acknowledged: None,
        silenced_until_ms: None,
        hides: 0,
    }
}

/// What stands now.
fn standing(agent: &DemoAgent, state: &State) -> Vec<Alert> {
    let now = agent.now_ms();
    let (document, number) = (state.store.current().1, 9_000);
    let first = document.subaccounts().first();
    let tunnel = first.map_or(String::new(), |one| {
        format!("{}@{}", one.own().display_name, one.key().region_host)
    });
    let mapping = first.and_then(|one| one.mappings().first());
    let mapping = mapping.map_or(String::new(), |one| one.virtual_address.to_string());
    let mut all = match agent.trouble {
        Plague::TunnelDown | Plague::AllDown => {
            let text = "The gateway does not answer on port 443.".to_owned();
            let mut down = alert(
                number,
                Code::TunnelDown,
                &tunnel,
                text,
                now - 34 * MINUTE_MS,
            );
            down.hides = 4;
            vec![down]
        }
        Plague::Expiring(days) => {
            let text = match days {
                ..0 => "The system certificate ended.".to_owned(),
                _ => format!("The system certificate ends in {days} days."),
            };
            let code = Code::SystemCertificate;
            vec![alert(number, code, "system", text, now - 3 * DAY_MS)]
        }
        Plague::Blocked => {
            let text = "41 MB are free on /var, below 100 MB.".to_owned();
            vec![alert(
                number,
                Code::DiskSpace,
                "/var",
                text,
                now - 7 * HOUR_MS,
            )]
        }
        Plague::Weak => {
            let text = "No backup was made for 41 days.".to_owned();
            vec![alert(
                number,
                Code::BackupOverdue,
                "",
                text,
                now - 11 * DAY_MS,
            )]
        }
        Plague::Nothing | Plague::OnTrial | Plague::Away | Plague::Refused | Plague::KeyChanged => {
            vec![]
        }
    };
    let nature = Nature::of(agent);
    if let Some(one) = nature.incidents(now - MINUTE_MS, now).first()
        && let Some((code, text)) = of(*one)
    {
        all.push(alert(
            number + 1,
            code,
            &mapping,
            text,
            one.from_ms + 2 * MINUTE_MS,
        ));
    }
    all
}

/// What is told of an incident.
fn of(incident: Incident) -> Option<(Code, String)> {
    Some(match incident.kind {
        Trouble::Slow => (
            Code::BackendLatency,
            "95 % of the requests took up to 1.8 s, above 1 s.".to_owned(),
        ),
        Trouble::Errors => (
            Code::BackendErrors,
            "14 % of the answers were errors, above 5 %.".to_owned(),
        ),
        Trouble::Flapping => (
            Code::TunnelFlapping,
            "7 connections were opened again within 10 minutes.".to_owned(),
        ),
        Trouble::Rush => return None,
    })
}

/// What stood.
fn past(agent: &DemoAgent, state: &State) -> Vec<Alert> {
    let now = agent.now_ms();
    let document = state.store.current().1;
    let all: Vec<String> = document
        .subaccounts()
        .iter()
        .flat_map(|one| one.mappings())
        .map(|one| one.virtual_address.to_string())
        .collect();
    let incidents = Nature::of(agent).incidents(now - TOLD_MS, now);
    let over = incidents.into_iter().filter(|one| one.to_ms < now);
    let mut told: Vec<Alert> = over
        .enumerate()
        .filter_map(|(at, one)| {
            let (code, text) = of(one)?;
            let entity = all.get(at % all.len().max(1)).map_or("", String::as_str);
            let number = 1_000 + u64::try_from(at).unwrap_or(0);
            let since = one.from_ms + 2 * MINUTE_MS;
            let mut told = alert(number, code, entity, text, since);
            told.resolved_ms = Some(one.to_ms);
            Some(told)
        })
        .collect();
    told.reverse();
    told
}

pub(in super::super) fn alerts(agent: &DemoAgent, state: &State, which: AlertState) -> AlertList {
    let mut alerts = vec![];
    if which != AlertState::History {
        alerts.extend(standing(agent, state));
    }
    if which != AlertState::Active {
        alerts.extend(past(agent, state));
    }
    let own = &state.running.alerts.0;
    let is_gone = |one: &Alert| own.get(&one.number).is_some_and(|own| own.is_gone);
    alerts.retain(|one| !is_gone(one));
    for one in &mut alerts {
        if let Some(own) = own.get(&one.number) {
            one.acknowledged.clone_from(&own.acknowledged);
            one.silenced_until_ms = own.silenced_until_ms;
        }
    }
    AlertList { alerts }
}

/// Does what an operator wants with an alert.
pub(in super::super) fn change(
    agent: &DemoAgent,
    state: &mut State,
    target: AlertTarget,
    call: &Call,
) -> Result<Reply, Refusal> {
    let (AlertTarget::One(number)
    | AlertTarget::Acknowledge(number)
    | AlertTarget::Silence(number)) = target
    else {
        return Err(Refusal::not_implemented("made-up agents tell nobody"));
    };
    let now_ms = agent.now_ms();
    let all = alerts(agent, state, AlertState::All).alerts;
    if all.iter().all(|one| one.number != number) {
        return Err(Refusal::not_found(format!("there is no alert {number}")));
    }
    let own = state.running.alerts.0.entry(number).or_default();
    match (target, call.verb) {
        (AlertTarget::One(_), Verb::Delete) => own.is_gone = true,
        (AlertTarget::Acknowledge(_), Verb::Post) => {
            own.acknowledged = Some(Acknowledged {
                by: USER.to_owned(),
                at_ms: now_ms,
            });
        }
        (AlertTarget::Silence(_), Verb::Post) => {
            let input: SilenceInput = read(&call.body)?;
            own.silenced_until_ms = (input.until_ms > now_ms).then_some(input.until_ms);
        }
        (AlertTarget::All | AlertTarget::One(_), _)
        | (AlertTarget::Acknowledge(_) | AlertTarget::Silence(_), _) => {
            return Err(Refusal::not_implemented(
                "that cannot be done with an alert",
            ));
        }
    }
    let found = alerts(agent, state, AlertState::All).alerts;
    let found = found.into_iter().find(|one| one.number == number);
    match found {
        Some(alert) => ok(&alert, state.store.number()),
        None => Ok(super::super::agent::done(state.store.number())),
    }
}
