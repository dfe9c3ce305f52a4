//! Diagnoses of made-up agents: those that follow from what plagues them, and a few of every day.

use underpass_shared::diagnosis::{Diagnoses, Diagnosis, Kind, Recurrence};
use underpass_shared::monitor::Entity;

use super::super::agent::{DemoAgent, State};
use super::super::cast::Trouble;
use super::super::random::Dice;
use super::{DAY_MS, HOUR_MS, MINUTE_MS};

fn one(
    kind: Kind,
    entity: &str,
    message: &str,
    times: u64,
    (first_ms, last_ms): (i64, i64),
) -> Diagnosis {
    let texts = |all: &[&str]| all.iter().map(|one| (*one).to_owned()).collect();
    let gaps = times.saturating_sub(1);
    let length = u64::try_from(last_ms - first_ms).unwrap_or(0);
    Diagnosis {
        id: 0,
        kind,
        category: kind.category(),
        entity: entity.to_owned(),
        title: kind.title().to_owned(),
        message: message.to_owned(),
        causes: texts(kind.causes()),
        fixes: texts(kind.fixes()),
        occurrences: times,
        first_ms,
        last_ms,
        recurrence: (gaps > 0).then(|| {
            let mean_ms = length / gaps.max(1);
            Recurrence {
                min_ms: mean_ms / 3,
                mean_ms,
                max_ms: mean_ms * 4,
            }
        }),
    }
}

/// What goes wrong, what happened last first.
pub(super) fn list(agent: &DemoAgent, state: &State) -> Diagnoses {
    let mut all = plague(agent, state);
    all.extend(of_mappings(agent, state));
    for (at, one) in all.iter_mut().enumerate() {
        one.id = 40 + u64::try_from(at).unwrap_or(0);
    }
    all.retain(|one| !state.trouble.deleted.contains(&one.id));
    all.sort_by_key(|one| std::cmp::Reverse(one.last_ms));
    Diagnoses {
        diagnoses: all,
        dropped: 0,
    }
}

/// What follows from what is wrong with the agent.
fn plague(agent: &DemoAgent, state: &State) -> Vec<Diagnosis> {
    let now = agent.now_ms();
    let document = state.store.current().1;
    let host = document.subaccounts().first();
    let host = host.map_or(String::new(), |one| one.key().region_host.to_string());
    match agent.trouble {
        Trouble::TunnelDown | Trouble::AllDown => {
            let message = format!("nothing answers at {host} within 10 s");
            let times = (now - 34 * MINUTE_MS, now - 20_000);
            vec![one(Kind::GatewayAway, &host, &message, 38, times)]
        }
        Trouble::Expiring(days) => {
            let message = match days {
                ..0 => "the system certificate has ended".to_owned(),
                _ => format!("the system certificate ends in {days} days"),
            };
            let times = (now - 3 * DAY_MS, now - 3 * DAY_MS);
            vec![one(Kind::CertificateEnds, "system", &message, 1, times)]
        }
        Trouble::Blocked => {
            let message = "there is no room on /var: 41 MB are free";
            let times = (now - 7 * HOUR_MS, now - 40_000);
            vec![one(Kind::HistoryStopped, "", message, 112, times)]
        }
        Trouble::Weak => {
            let message = format!("this host's clock is 94 s behind that of {host}");
            let times = (now - 26 * HOUR_MS, now - 12 * MINUTE_MS);
            vec![one(Kind::ClockSkew, &host, &message, 9, times)]
        }
        Trouble::Nothing
        | Trouble::OnTrial
        | Trouble::Away
        | Trouble::Refused
        | Trouble::KeyChanged => vec![],
    }
}

/// What happens on systems every day.
fn of_mappings(agent: &DemoAgent, state: &State) -> Vec<Diagnosis> {
    let now = agent.now_ms();
    let document = state.store.current().1;
    let mut dice = Dice::new(agent.seed ^ 0x7000);
    let mut entities = vec![];
    for subaccount in document.subaccounts() {
        let key = subaccount.key();
        let all = subaccount.mappings().iter();
        entities.extend(
            all.map(|one| Entity::Mapping(key.clone(), one.virtual_address.clone()).to_string()),
        );
    }
    let usual = [
        (
            Kind::BackendRefuses,
            "10.20.4.17:8080 refused the connection",
            14,
            (3 * HOUR_MS, 4 * MINUTE_MS),
        ),
        (
            Kind::PathDenied,
            "requests for paths that no resource allows are denied",
            231,
            (9 * HOUR_MS, 31 * MINUTE_MS),
        ),
        (
            Kind::BackendTls,
            "the certificate of bw4-ci.corp.example is issued by nobody who is trusted",
            6,
            (50 * MINUTE_MS, 8 * MINUTE_MS),
        ),
        (
            Kind::MappingUnused,
            "nobody used it since it was added 41 days ago",
            1,
            (6 * DAY_MS, 6 * DAY_MS),
        ),
    ];
    let mut all = vec![];
    for (kind, message, times, (first, last)) in usual {
        let is_there = kind == Kind::PathDenied || dice.below(3) > 0;
        let len = u32::try_from(entities.len()).unwrap_or(0);
        let at = usize::try_from(dice.below(len)).unwrap_or(0);
        if let Some(entity) = entities.get(at).filter(|_| is_there) {
            all.push(one(kind, entity, message, times, (now - first, now - last)));
        }
    }
    all
}
