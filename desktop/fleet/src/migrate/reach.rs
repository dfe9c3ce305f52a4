//! Whether a target reaches what it is to serve.

use std::collections::BTreeMap;

use underpass_shared::api::management::{
    CheckOutcome, CheckStep, ConnectionCheck, ConnectionCheckInput, MigrationTarget,
    PreflightInput, PreflightShown, Target,
};
use underpass_shared::config::Document;
use underpass_shared::id::RegionHost;

use super::calls::{Fault, Party};
use super::plan::{TargetPlan, Way, ways};

/// Systems that are asked for at once: a dead one takes ten seconds, and an agent answers within
/// two minutes.
const SYSTEMS_AT_ONCE: usize = 50;

/// When a target looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum When {
    /// It has neither configuration nor trust yet.
    Before,
    /// It has all.
    After,
}

/// Has the target go all its ways. What the source does not reach either is told, and no failure.
pub(super) async fn check(
    document: &Document,
    plan: &TargetPlan,
    (source, target): (&Party<'_>, &Party<'_>),
    when: When,
    tolerant: bool,
) -> Result<Vec<String>, Fault> {
    let (all, gateways) = ways(document, plan).map_err(|error| Fault::new(error.to_string()))?;
    let mut bad: Vec<(Way, String)> = vec![];
    let mut seen = vec![];
    let mut good = 0_usize;
    for some in all.chunks(SYSTEMS_AT_ONCE) {
        let inputs = some.iter().map(|way| way.target.clone()).collect();
        let shown = look(target, inputs, vec![]).await?;
        for (way, system) in some.iter().zip(shown.systems) {
            match judge(&system.check, when) {
                Judged::Good => good += 1,
                Judged::Noted(text) => seen.push(format!("{}: {text}", name(&way.target))),
                Judged::Bad(text) => bad.push((way.clone(), text)),
            }
        }
    }
    let dead = dead_at_source(source, &bad).await?;
    let mut failures = vec![];
    for (way, text) in bad {
        let name = name(&way.target);
        match dead.get(&key(&way.source)) {
            Some(at_source) => {
                seen.push(format!("{name}: {text}; the source neither: {at_source}"));
            }
            None => failures.push(format!("{name}: {text}")),
        }
    }
    let mut unreached = vec![];
    for gateway in look(target, vec![], gateways).await?.gateways {
        match judge(&gateway.check, When::After) {
            Judged::Good => good += 1,
            Judged::Noted(text) | Judged::Bad(text) => {
                unreached.push(format!("gateway {}: {text}", gateway.region_host));
            }
        }
    }
    seen.insert(0, format!("{good} systems and gateways are reached"));
    let failed = failures.len() + unreached.len();
    if unreached.is_empty() && (failures.is_empty() || tolerant) {
        seen.extend(failures);
        return Ok(seen);
    }
    seen.splice(0..0, unreached.into_iter().chain(failures));
    Err(Fault::Failed {
        reason: format!(
            "{} does not reach {failed} systems or gateways",
            target.label
        ),
        seen,
    })
}

async fn look(
    party: &Party<'_>,
    systems: Vec<ConnectionCheckInput>,
    gateways: Vec<RegionHost>,
) -> Result<PreflightShown, Fault> {
    let input = PreflightInput { systems, gateways };
    let target = Target::Migration(MigrationTarget::Preflight);
    party.post(target, &input).await
}

/// Which of these systems the source does not reach either, and why.
async fn dead_at_source(
    source: &Party<'_>,
    bad: &[(Way, String)],
) -> Result<BTreeMap<String, String>, Fault> {
    let mut dead = BTreeMap::new();
    for some in bad.chunks(SYSTEMS_AT_ONCE) {
        let inputs: Vec<_> = some.iter().map(|(way, _)| way.source.clone()).collect();
        let shown = look(source, inputs.clone(), vec![]).await?;
        for (input, system) in inputs.iter().zip(shown.systems) {
            if let Judged::Bad(text) = judge(&system.check, When::After) {
                dead.insert(key(input), text);
            }
        }
    }
    Ok(dead)
}

#[derive(Debug, PartialEq, Eq)]
enum Judged {
    Good,
    /// Not as it should be, and no reason to stop.
    Noted(String),
    Bad(String),
}

/// What a check means at a time.
fn judge(check: &ConnectionCheck, when: When) -> Judged {
    if check.reachable {
        return Judged::Good;
    }
    let failed = |step: &&underpass_shared::api::management::CheckedStep| {
        step.outcome == CheckOutcome::Failed
    };
    let Some(step) = check.steps.iter().find(failed) else {
        return Judged::Bad("it is not reached".to_owned());
    };
    match (step.step, when) {
        // Trust, and what mappings may lead to, come along with the configuration.
        (CheckStep::Tls | CheckStep::TargetGuard, When::Before) => {
            Judged::Noted(format!("{} (looked at again afterwards)", step.seen))
        }
        (
            CheckStep::NameResolution
            | CheckStep::Connection
            | CheckStep::Http
            | CheckStep::Tls
            | CheckStep::TargetGuard,
            When::Before | When::After,
        ) => Judged::Bad(step.seen.clone()),
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
    use underpass_shared::api::management::CheckedStep;

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
        let bad = Judged::Bad("seen".to_owned());
        for step in [
            CheckStep::NameResolution,
            CheckStep::Connection,
            CheckStep::Http,
        ] {
            assert_eq!(failed(step, When::Before), bad);
        }
        for step in [CheckStep::Tls, CheckStep::TargetGuard] {
            assert!(matches!(failed(step, When::Before), Judged::Noted(_)));
            assert_eq!(failed(step, When::After), bad);
        }
        let warned = check(CheckStep::Tls, CheckOutcome::Warning);
        assert_eq!(judge(&warned, When::After), Judged::Good);
    }
}
