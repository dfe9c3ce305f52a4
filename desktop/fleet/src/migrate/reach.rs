//! Whether a target reaches what it is to serve.

use std::collections::BTreeMap;

use underpass_shared::api::management::{
    CheckOutcome, CheckStep, CheckedStep, ConnectionCheck, ConnectionCheckInput, MigrationTarget,
    PreflightInput, PreflightShown, RenamedGateway, Target,
};
use underpass_shared::config::{Document, Protocol};
use underpass_shared::id::RegionHost;

use super::calls::{Fault, Party};
use super::plan::{TargetPlan, Way, ways};

/// Systems that are asked for at once: a dead one takes ten seconds, and an agent answers within
/// two minutes.
const SYSTEMS_AT_ONCE: usize = 50;

/// When a target looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum When {
    /// It has neither configuration nor trust yet.
    Before {
        /// Whether the settings come along, among them the guarded addresses that are allowed.
        settings: bool,
    },
    /// It has all.
    After,
}

/// One thing that a target must reach, and what it found on the way there.
#[derive(Clone, Debug)]
pub struct Looked {
    /// Where it is: host and port, as the target knows them.
    pub address: String,
    /// What is spoken there; nothing for gateways.
    pub protocol: Option<Protocol>,
    /// The steps of the way, up to the first that failed.
    pub check: ConnectionCheck,
    /// What that means for a migration.
    pub verdict: Verdict,
}

/// What a look means for a migration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is reached.
    Good,
    /// Not as it should be, and no reason to stop.
    Noted(String),
    /// It is not reached, and by the source neither.
    Dead {
        /// Why the target does not reach it.
        reason: String,
        /// Why the source does not.
        at_source: String,
    },
    /// It is not reached.
    Bad(String),
}

/// Has the target go all its ways. What the source does not reach either is told, and no failure.
pub(super) async fn check(
    document: &Document,
    plan: &TargetPlan,
    both: (Option<&Party<'_>>, &Party<'_>),
    when: When,
    tolerant: bool,
) -> Result<Vec<String>, Fault> {
    let looked = survey(document, plan, both, when).await?;
    told(&looked, &both.1.label, tolerant)
}

/// Has the target go all its ways: the internal systems first, then the gateways.
pub(super) async fn survey(
    document: &Document,
    plan: &TargetPlan,
    (source, target): (Option<&Party<'_>>, &Party<'_>),
    when: When,
) -> Result<Vec<Looked>, Fault> {
    let (all, gateways) = ways(document, plan).map_err(|error| Fault::new(error.to_string()))?;
    let mut looked = vec![];
    let mut bad: Vec<(Way, usize)> = vec![];
    for some in all.chunks(SYSTEMS_AT_ONCE) {
        let inputs = some.iter().map(|way| way.target.clone()).collect();
        let shown = look(target, inputs, vec![]).await?;
        for (way, system) in some.iter().zip(shown.systems) {
            let verdict = judge(&system.check, when);
            if matches!(verdict, Verdict::Bad(_)) {
                bad.push((way.clone(), looked.len()));
            }
            looked.push(Looked {
                address: name(&way.target),
                protocol: Some(way.target.protocol),
                check: system.check,
                verdict,
            });
        }
    }
    let dead = match source {
        Some(source) => dead_at_source(source, &bad).await?,
        // What a dead host reached is known to nobody.
        None => BTreeMap::new(),
    };
    for (way, at) in bad {
        let (Some(one), Some(at_source)) = (looked.get_mut(at), dead.get(&key(&way.source))) else {
            continue;
        };
        if let Verdict::Bad(reason) = &one.verdict {
            one.verdict = Verdict::Dead {
                reason: reason.clone(),
                at_source: at_source.clone(),
            };
        }
    }
    let strangers = match (source, when) {
        (Some(source), When::Before { .. }) => strangers(source, plan).await?,
        // Afterwards the tunnels are up.
        (Some(_), When::After) | (None, _) => BTreeMap::new(),
    };
    for gateway in look(target, vec![], gateways).await?.gateways {
        let verdict = match strangers.get(&gateway.region_host) {
            Some(why) => Verdict::Bad(why.clone()),
            // What comes along with the configuration does not help towards gateways.
            None => judge(&gateway.check, When::After),
        };
        looked.push(Looked {
            address: gateway.region_host.to_string(),
            protocol: None,
            verdict,
            check: gateway.check,
        });
    }
    Ok(looked)
}

/// What was seen, for people; a fault where a target does not reach what it must.
pub(super) fn told(looked: &[Looked], label: &str, tolerant: bool) -> Result<Vec<String>, Fault> {
    let (mut seen, mut failures, mut unreached) = (vec![], vec![], vec![]);
    let mut good = 0_usize;
    for one in looked {
        let address = &one.address;
        match (&one.verdict, one.protocol) {
            (Verdict::Good, _) => good += 1,
            (Verdict::Noted(text) | Verdict::Bad(text), None)
            | (Verdict::Dead { reason: text, .. }, None) => {
                unreached.push(format!("gateway {address}: {text}"));
            }
            (Verdict::Noted(text), Some(_)) => seen.push(format!("{address}: {text}")),
            (Verdict::Dead { reason, at_source }, Some(_)) => seen.push(format!(
                "{address}: {reason}; the source neither: {at_source}"
            )),
            (Verdict::Bad(text), Some(_)) => failures.push(format!("{address}: {text}")),
        }
    }
    seen.insert(0, format!("{good} systems and gateways are reached"));
    let failed = failures.len() + unreached.len();
    if unreached.is_empty() && (failures.is_empty() || tolerant) {
        seen.extend(failures);
        return Ok(seen);
    }
    seen.splice(0..0, unreached.into_iter().chain(failures));
    let first = seen.first().map_or("", String::as_str);
    let reason = format!("{label} does not reach {failed} systems or gateways: {first}");
    Err(Fault::Failed { reason, seen })
}

async fn look(
    party: &Party<'_>,
    systems: Vec<ConnectionCheckInput>,
    gateways: Vec<RegionHost>,
) -> Result<PreflightShown, Fault> {
    preflight(party, systems, gateways, vec![]).await
}

async fn preflight(
    party: &Party<'_>,
    systems: Vec<ConnectionCheckInput>,
    gateways: Vec<RegionHost>,
    renamed: Vec<RenamedGateway>,
) -> Result<PreflightShown, Fault> {
    let input = PreflightInput {
        systems,
        gateways,
        renamed,
    };
    let target = Target::Migration(MigrationTarget::Preflight);
    party.post(target, &input).await
}

/// Other names of gateways at a target that lead to another gateway, as the source sees it, and why.
/// What the source does not reach may be right for the target; then the tunnels tell.
async fn strangers(
    source: &Party<'_>,
    plan: &TargetPlan,
) -> Result<BTreeMap<RegionHost, String>, Fault> {
    let pairs = plan.subaccounts.iter();
    let pairs = pairs.map(|one| (&one.to.region_host, &one.from.region_host));
    let pairs: BTreeMap<_, _> = pairs.filter(|(to, from)| to != from).collect();
    if pairs.is_empty() {
        return Ok(BTreeMap::new());
    }
    let renamed = pairs.iter().map(|(to, from)| RenamedGateway {
        region_host: RegionHost::clone(to),
        known_as: RegionHost::clone(from),
    });
    let shown = preflight(source, vec![], vec![], renamed.collect()).await?;
    let is_other =
        |step: &CheckedStep| step.step == CheckStep::Tls && step.outcome == CheckOutcome::Failed;
    let strange = shown.gateways.into_iter().filter_map(|one| {
        let step = one.check.steps.iter().find(|step| is_other(step))?;
        let known_as = pairs.get(&one.region_host)?;
        let why = format!(
            "it is not the gateway {known_as}: {}; another gateway needs a new enrolment, so leave \
             the region host as it is, or enrol the target there with a token of that gateway",
            step.seen
        );
        Some((one.region_host, why))
    });
    Ok(strange.collect())
}

/// Which of these systems the source does not reach either, and why.
async fn dead_at_source(
    source: &Party<'_>,
    bad: &[(Way, usize)],
) -> Result<BTreeMap<String, String>, Fault> {
    let mut dead = BTreeMap::new();
    for some in bad.chunks(SYSTEMS_AT_ONCE) {
        let inputs: Vec<_> = some.iter().map(|(way, _)| way.source.clone()).collect();
        let shown = look(source, inputs.clone(), vec![]).await?;
        for (input, system) in inputs.iter().zip(shown.systems) {
            if let Verdict::Bad(text) = judge(&system.check, When::After) {
                dead.insert(key(input), text);
            }
        }
    }
    Ok(dead)
}

/// What a check means at a time.
pub(crate) fn judge(check: &ConnectionCheck, when: When) -> Verdict {
    if check.reachable {
        return Verdict::Good;
    }
    let failed = |step: &&CheckedStep| step.outcome == CheckOutcome::Failed;
    let Some(step) = check.steps.iter().find(failed) else {
        return Verdict::Bad("it is not reached".to_owned());
    };
    match (step.step, when) {
        // Trust comes along with the configuration, and what mappings may lead to with the settings.
        (CheckStep::Tls, When::Before { .. })
        | (CheckStep::TargetGuard, When::Before { settings: true }) => {
            Verdict::Noted(format!("{} (looked at again afterwards)", step.seen))
        }
        (CheckStep::TargetGuard, When::Before { settings: false }) => Verdict::Bad(format!(
            "{}; allow it there (`underpass-agent target add`), or let the settings come along",
            step.seen
        )),
        (
            CheckStep::NameResolution
            | CheckStep::Connection
            | CheckStep::Http
            | CheckStep::Tls
            | CheckStep::TargetGuard,
            When::Before { .. } | When::After,
        ) => Verdict::Bad(step.seen.clone()),
    }
}

fn name(input: &ConnectionCheckInput) -> String {
    format!("{}:{}", input.local_host, input.local_port.0)
}

fn key(input: &ConnectionCheckInput) -> String {
    format!("{} {:?}", name(input), input.protocol)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(step: CheckStep, outcome: CheckOutcome) -> ConnectionCheck {
        ConnectionCheck {
            reachable: outcome != CheckOutcome::Failed,
            steps: vec![CheckedStep {
                step,
                outcome,
                millis: 1,
                seen: "seen".to_owned(),
                advice: None,
            }],
        }
    }

    #[test]
    fn what_comes_along_later_is_no_failure_before() {
        let failed = |step, when| judge(&check(step, CheckOutcome::Failed), when);
        let bad = Verdict::Bad("seen".to_owned());
        let [alone, all] = [false, true].map(|settings| When::Before { settings });
        for step in [
            CheckStep::NameResolution,
            CheckStep::Connection,
            CheckStep::Http,
        ] {
            assert_eq!(
                [alone, all].map(|when| failed(step, when)),
                [&bad; 2].map(Clone::clone)
            );
        }
        for step in [CheckStep::Tls, CheckStep::TargetGuard] {
            assert!(matches!(failed(step, all), Verdict::Noted(_)));
            assert_eq!(failed(step, When::After), bad);
        }
        assert!(matches!(failed(CheckStep::Tls, alone), Verdict::Noted(_)));
        let guarded = failed(CheckStep::TargetGuard, alone);
        assert!(matches!(guarded, Verdict::Bad(why) if why.contains("target add")));
        let warned = check(CheckStep::Tls, CheckOutcome::Warning);
        assert_eq!(judge(&warned, When::After), Verdict::Good);
    }
}
