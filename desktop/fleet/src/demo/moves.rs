//! Made-up migrations: what targets would find, and steps that are done by nobody.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::sleep;
use underpass_runtime::clock;
use underpass_shared::api::management::{CheckOutcome, CheckStep, CheckedStep, ConnectionCheck};
use underpass_shared::config::{Document, Protocol};
use underpass_shared::id::AgentId;
use uuid::Uuid;

use super::Actor;
use crate::migrate::engine::{Ended, Engine};
use crate::migrate::machine::{Direction, Migration, Next};
use crate::migrate::plan::{Making, Mode, Origin, TargetPlan, TargetWish, Wish, make, ways};
use crate::migrate::reach::{Looked, Verdict};
use crate::migrate::rehearsal::Rehearsed;
use crate::migrate::step::{Act, Step};
use crate::migrate::tried::{Tried, Went};
use crate::snapshot::MoveSnapshot;

/// How long a made-up step takes: long enough to be seen.
const STEP_TIME: Duration = Duration::from_millis(700);
/// Steps of the migration that somebody left in the middle.
const LEFT_AT: usize = 4;
/// The domain that only hosts beside the plant resolve.
const FAR: &str = ".plant.example";

/// What came before: one done, one taken back, and one that was left in the middle.
pub(crate) fn past(cast: &[Actor], now_ms: i64) -> Vec<MoveSnapshot> {
    const DAY_MS: i64 = 86_400_000;
    let migration = |from: usize, to: &[usize], days: i64, mode: Mode| {
        let begun_ms = now_ms - days * DAY_MS;
        let (from, to) = (cast.get(from)?, to.iter().map(|at| cast.get(*at)));
        let to: Vec<&Actor> = to.collect::<Option<_>>()?;
        planned(from, &to, mode, begun_ms).map(|one| (one, begun_ms))
    };
    let mut all = vec![];
    if let Some((mut done, mut at_ms)) = migration(2, &[3], 9, Mode::Move) {
        while step(&mut done, at_ms).is_none() {
            at_ms += 1_340;
        }
        all.push(done);
    }
    if let Some((mut back, mut at_ms)) = migration(15, &[16], 6, Mode::Copy) {
        for _step in 0..LEFT_AT {
            step(&mut back, at_ms);
            at_ms += 2_100;
        }
        if let Next::Do(number, _) = back.next() {
            let reason = "a gateway does not answer the target; its proxy refuses CONNECT";
            back.begin(number, at_ms);
            back.failed(number, reason, vec![], at_ms + 30_000);
        }
        if back.turn_back().is_ok() {
            while step(&mut back, at_ms).is_none() {
                at_ms += 900;
            }
        }
        all.push(back);
    }
    if let Some((mut left, mut at_ms)) = migration(27, &[28, 29], 1, Mode::Move) {
        for _step in 0..LEFT_AT {
            step(&mut left, at_ms);
            at_ms += 1_800;
        }
        all.push(left);
    }
    let shown = all.into_iter().map(|one| MoveSnapshot {
        id: one.plan.id,
        migration: Ok(Arc::new(one)),
        job: None,
    });
    shown.collect()
}

fn planned(from: &Actor, to: &[&Actor], mode: Mode, now_ms: i64) -> Option<Migration> {
    let subaccounts = from.document().subaccounts().to_vec();
    let keys = subaccounts.iter().map(|one| one.key().clone());
    let keys: Vec<_> = keys.collect();
    let share = keys.len().div_ceil(to.len().max(1)).max(1);
    let mut shares = keys.chunks(share);
    let targets = to.iter().map_while(|actor| {
        Some(TargetWish {
            subaccounts: shares.next()?.to_vec(),
            location_id: match mode {
                Mode::Move => None,
                Mode::Copy => "standby".parse().ok(),
            },
            ..TargetWish::of(actor.id())
        })
    });
    let wish = Wish {
        origin: Origin::Agent { agent: from.id() },
        mode,
        settings: false,
        tolerant: false,
        targets: targets.collect(),
    };
    let documents: BTreeMap<AgentId, Document> =
        to.iter().map(|one| (one.id(), one.document())).collect();
    // Pictures are always the same, so ids follow from the time.
    let id = || Uuid::from_u128(u128::from(now_ms.unsigned_abs()) << 80);
    let making = Making { now_ms, id: &id };
    let plan = make(&wish, making, (3, &from.document()), &documents).ok()?;
    Some(Migration::new(Arc::new(plan)))
}

/// What targets would find.
pub(crate) fn rehearsed(mut migration: Migration, source: &Document, now_ms: i64) -> Rehearsed {
    let plan = Arc::clone(&migration.plan);
    let looked: Vec<(AgentId, Vec<Looked>)> = plan
        .targets
        .iter()
        .map(|target| (target.agent, looked(source, target)))
        .collect();
    let is_bad = |one: &&Looked| matches!(one.verdict, Verdict::Bad(_));
    while let Next::Do(number, Step { act, target }) = migration.next() {
        if !act.is_harmless() {
            break;
        }
        let mine = looked.iter().find(|(agent, _)| *agent == target);
        let bad = mine.map_or(0, |(_, all)| all.iter().filter(is_bad).count());
        migration.begin(number, now_ms);
        if act == Act::Preflight && bad > 0 && !plan.tolerant {
            let reason = format!("not reached: {}", many(bad, "system"));
            migration.failed(number, &reason, vec![], now_ms);
        } else {
            let seen = seen(&migration, Step { act, target });
            migration.done(number, seen, now_ms);
        }
    }
    let ended = match migration.failure() {
        Some(_) => Ended::Stopped,
        None => Ended::Done,
    };
    Rehearsed {
        migration,
        looked,
        ended,
    }
}

fn looked(source: &Document, target: &TargetPlan) -> Vec<Looked> {
    let Ok((ways, gateways)) = ways(source, target) else {
        return vec![];
    };
    let ways = ways.iter().map(|way| {
        let host = way.target.local_host.as_str();
        let address = format!("{host}:{}", way.target.local_port.0);
        let protocol = Some(way.target.protocol);
        let (check, verdict) = if host.ends_with(FAR) {
            let reason = "no address is known for the name".to_owned();
            (unresolved(&reason), Verdict::Bad(reason))
        } else {
            (reached(way.target.protocol), Verdict::Good)
        };
        Looked {
            address,
            protocol,
            check,
            verdict,
        }
    });
    let gateways = gateways.iter().map(|gateway| Looked {
        address: gateway.to_string(),
        protocol: None,
        check: reached(Protocol::Https),
        verdict: Verdict::Good,
    });
    ways.chain(gateways).collect()
}

fn checked(step: CheckStep, seen: &str) -> CheckedStep {
    CheckedStep {
        step,
        outcome: CheckOutcome::Ok,
        millis: 3,
        seen: seen.to_owned(),
        advice: None,
    }
}

fn reached(protocol: Protocol) -> ConnectionCheck {
    let mut steps = vec![
        checked(CheckStep::NameResolution, "10.24.6.31"),
        checked(CheckStep::Connection, "connected"),
    ];
    if matches!(protocol, Protocol::Https | Protocol::Ldaps | Protocol::Tcps) {
        steps.push(checked(CheckStep::Tls, "TLS 1.3"));
    }
    ConnectionCheck {
        reachable: true,
        steps,
    }
}

fn unresolved(seen: &str) -> ConnectionCheck {
    let advice = "add the name to the DNS that this host asks, or give the target another host";
    ConnectionCheck {
        reachable: false,
        steps: vec![CheckedStep {
            outcome: CheckOutcome::Failed,
            advice: Some(advice.to_owned()),
            ..checked(CheckStep::NameResolution, seen)
        }],
    }
}

/// Does a made-up migration, step by step.
pub(crate) async fn play(engine: &Engine, migration: &mut Migration) -> Ended {
    (engine.told)(migration);
    loop {
        if let Next::Do(number, _) | Next::Undo(number, _) = migration.next() {
            migration.begin(number, clock::wall_ms());
            (engine.told)(migration);
        }
        tokio::select! {
            () = engine.stop.cancelled() => return Ended::Cancelled,
            () = sleep(STEP_TIME) => {}
        }
        if let Some(ended) = step(migration, clock::wall_ms()) {
            return ended;
        }
        (engine.told)(migration);
    }
}

/// Does the next step at once; tells how it ended, when there is none.
pub(crate) fn step(migration: &mut Migration, now_ms: i64) -> Option<Ended> {
    let (number, step) = match migration.next() {
        Next::Do(number, step) | Next::Undo(number, step) => (number, step),
        Next::Done => return Some(Ended::Done),
        Next::Undone => return Some(Ended::Undone),
        Next::Stopped => return Some(Ended::Stopped),
    };
    migration.begin(number, now_ms);
    let seen = match migration.direction {
        Direction::Forward => seen(migration, step),
        Direction::Back => vec![],
    };
    if (migration.direction, step.act) == (Direction::Forward, Act::Verify) {
        migration.left(step.target).tried = tried(migration, step.target);
    }
    migration.done(number, seen, now_ms + 640);
    None
}

/// What test requests come to.
fn tried(migration: &Migration, target: AgentId) -> Vec<Tried> {
    let plan = migration.plan.target(target);
    let requests = plan.and_then(|plan| plan.tests.as_deref());
    let requests = requests.unwrap_or_default().iter().enumerate();
    let tried = requests.map(|(at, request)| Tried {
        request: request.clone(),
        went: Went::Passed,
        millis: 18 + 7 * (at as u64 % 5),
        seen: match &request.path {
            Some(_) => "HTTP 200".to_owned(),
            None => "connected".to_owned(),
        },
        hint: None,
    });
    tried.collect()
}

/// What people are told of a step.
fn seen(migration: &Migration, step: Step) -> Vec<String> {
    let plan = migration.plan.target(step.target);
    let (subaccounts, mappings) = plan.map_or((0, 0), |plan| {
        let mappings = plan.subaccounts.iter().map(|one| one.mappings).sum();
        (plan.subaccounts.len(), mappings)
    });
    match step.act {
        Act::Preflight => vec![format!("{} systems and gateways are reached", mappings + 1)],
        Act::Transfer => vec![
            format!("added: {}", many(subaccounts, "subaccount")),
            format!("added: {}", many(mappings, "system mapping")),
        ],
        Act::Apply => vec!["revision 4".to_owned()],
        Act::Vouch => vec![format!("issued: {}", many(subaccounts, "certificate"))],
        Act::Accept => vec!["the certificates are in place".to_owned()],
        Act::Connect => vec![format!("{} tunnels are up", 2 * subaccounts)],
        Act::Switch => vec!["new requests go to the target after 0.214 s".to_owned()],
        Act::Verify => vec![format!("{mappings} systems are reached with their trust")],
        Act::Release => vec!["the tunnels of the source ended in order".to_owned()],
    }
}

/// One thing or many.
fn many(number: usize, one: &str) -> String {
    let more = if number == 1 { "" } else { "s" };
    format!("{number} {one}{more}")
}
