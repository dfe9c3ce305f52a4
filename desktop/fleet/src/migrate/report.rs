//! What became of a migration, for people as Markdown and for programs as JSON.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::time::Duration;

use serde::Serialize;
use underpass_runtime::clock;
use underpass_shared::id::AgentId;

use super::handover::seconds;
use super::machine::{Direction, Migration, Next, Record, State};
use super::plan::{Mode, Origin, Plan, TargetPlan};
use super::tried::Tried;

/// How a migration stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Outcome {
    /// Nothing was changed.
    Planned,
    /// It is on its way, or was stopped in the middle.
    Unfinished,
    /// A step failed.
    Failed,
    /// All is done.
    Done,
    /// All was taken back.
    TakenBack,
}

impl Outcome {
    /// That of a migration.
    pub fn of(migration: &Migration) -> Self {
        match migration.next() {
            Next::Done => Self::Done,
            Next::Undone => Self::TakenBack,
            Next::Stopped => Self::Failed,
            Next::Do(number, _) => {
                let is_new = |one: &Record| one.state == State::Waiting;
                let mut behind = migration.records.iter().take(number);
                if migration.records.get(number).is_some_and(is_new)
                    && behind.all(|one| one.step.act.is_harmless())
                {
                    Self::Planned
                } else {
                    Self::Unfinished
                }
            }
            Next::Undo(..) => Self::Unfinished,
        }
    }

    /// For people.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Planned => "planned",
            Self::Unfinished => "unfinished",
            Self::Failed => "failed",
            Self::Done => "done",
            Self::TakenBack => "taken back",
        }
    }
}

/// A report for programs.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report<'a> {
    /// How it stands.
    pub outcome: Outcome,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<&'a str>,
    /// In which direction it goes.
    pub direction: Direction,
    /// From the first step to the last, milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub took_ms: Option<i64>,
    /// What it was to do.
    pub plan: &'a Plan,
    /// What became of each step.
    pub steps: &'a [Record],
    /// What became of each test request after the cut-over.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tests: Vec<Test<'a>>,
}

/// A test request in a report for programs.
#[derive(Debug, Serialize)]
pub struct Test<'a> {
    /// Through which target.
    pub target: AgentId,
    /// What came of it.
    #[serde(flatten)]
    pub tried: &'a Tried,
}

/// The report for programs.
pub fn json(migration: &Migration) -> Report<'_> {
    let failure = migration.failure().map(|(_, reason)| reason);
    Report {
        outcome: Outcome::of(migration),
        reason: failure.or(migration.cause.as_deref()),
        direction: migration.direction,
        took_ms: migration.took_ms(),
        plan: &migration.plan,
        steps: &migration.records,
        tests: migration
            .tried()
            .map(|(target, tried)| Test { target, tried })
            .collect(),
    }
}

/// The report for people. `label` says how agents are called.
pub fn markdown(migration: &Migration, label: &dyn Fn(AgentId) -> String) -> String {
    let mut text = String::new();
    // Writing to a string does not fail.
    write(&mut text, migration, label).unwrap_or_default();
    text
}

fn write(
    text: &mut String,
    migration: &Migration,
    label: &dyn Fn(AgentId) -> String,
) -> std::fmt::Result {
    let plan = &migration.plan;
    writeln!(text, "# Migration {}\n", plan.id)?;
    let source = match &plan.origin {
        Origin::Agent { agent } => plain(&label(*agent)),
        Origin::Backup { file } => plain(&format!("the backup {}", file.display())),
    };
    let mode = match plan.mode {
        Mode::Move => "move",
        Mode::Copy => "copy",
    };
    writeln!(text, "- Source: {source}")?;
    writeln!(text, "- Mode: {mode}")?;
    writeln!(text, "- Planned: {}", clock::rfc3339(plan.created_ms))?;
    writeln!(text, "- Outcome: **{}**", Outcome::of(migration).word())?;
    if let Some(took) = migration.took_ms() {
        writeln!(text, "- Took: {}", time(took))?;
    }
    if let Some((step, reason)) = migration.failure() {
        let target = plain(&label(step.target));
        writeln!(
            text,
            "- Failed at: {} ({target}): {}",
            step.act,
            plain(reason)
        )?;
    }
    if let Some(cause) = &migration.cause {
        writeln!(text, "- Taken back because of: {}", plain(cause))?;
    }
    for warning in &plan.warnings {
        writeln!(text, "- Warning: {}", plain(warning))?;
    }
    for target in &plan.targets {
        write_target(text, target, label)?;
    }
    writeln!(text, "\n## Steps\n")?;
    writeln!(text, "| | step | target | state | took | back in |")?;
    writeln!(text, "|---|---|---|---|---|---|")?;
    for (number, record) in migration.records.iter().enumerate() {
        let took = span(record.begun_ms, record.ended_ms);
        let back = span(record.back_begun_ms, record.back_ended_ms);
        let (act, target) = (record.step.act, plain(&label(record.step.target)));
        let state = state(&record.state);
        let number = number + 1;
        writeln!(
            text,
            "| {number} | {act} | {target} | {state} | {took} | {back} |"
        )?;
    }
    write_tests(text, migration, label)?;
    for (number, record) in migration.records.iter().enumerate() {
        if record.seen.is_empty() {
            continue;
        }
        writeln!(text, "\n### {}. {}\n", number + 1, record.step.act)?;
        for seen in &record.seen {
            writeln!(text, "- {}", plain(seen))?;
        }
    }
    Ok(())
}

fn write_tests(
    text: &mut String,
    migration: &Migration,
    label: &dyn Fn(AgentId) -> String,
) -> std::fmt::Result {
    let mut all = migration.tried().peekable();
    if all.peek().is_none() {
        return Ok(());
    }
    writeln!(text, "\n## Test requests\n")?;
    writeln!(
        text,
        "| request | target | result | took | seen | what to do |"
    )?;
    writeln!(text, "|---|---|---|---|---|---|")?;
    for (target, tried) in all {
        let request = plain(&tried.request.to_string());
        let (target, word) = (plain(&label(target)), tried.went.word());
        let (millis, seen) = (tried.millis, plain(&tried.seen));
        let hint = plain(tried.hint.as_deref().unwrap_or_default());
        writeln!(
            text,
            "| {request} | {target} | {word} | {millis} ms | {seen} | {hint} |"
        )?;
    }
    Ok(())
}

fn write_target(
    text: &mut String,
    target: &TargetPlan,
    label: &dyn Fn(AgentId) -> String,
) -> std::fmt::Result {
    writeln!(text, "\n## Target {}\n", plain(&label(target.agent)))?;
    if !target.subaccounts.is_empty() {
        writeln!(
            text,
            "| subaccount | location ID | mappings | tunnel |\n|---|---|---|---|"
        )?;
    }
    for one in &target.subaccounts {
        let location = |id: &str| plain(if id.is_empty() { "(default)" } else { id });
        let (from, to) = (&one.from.location_id, &one.to.location_id);
        let location = if from == to {
            location(from.as_str())
        } else {
            format!("{} → {}", location(from.as_str()), location(to.as_str()))
        };
        let tunnel = if one.connected {
            "handed over"
        } else {
            "closed; needs an enrolment token"
        };
        let key = plain(&format!("{}/{}", one.to.region_host, one.to.subaccount));
        let mappings = one.mappings;
        writeln!(text, "| {key} | {location} | {mappings} | {tunnel} |")?;
    }
    let renamed = target.subaccounts.iter();
    let renamed = renamed.filter(|one| one.from.region_host != one.to.region_host);
    let renamed = renamed.map(|one| (&one.from.region_host, &one.to.region_host));
    for (from, to) in renamed.collect::<BTreeSet<_>>() {
        let (from, to) = (plain(&from.to_string()), plain(&to.to_string()));
        writeln!(text, "\nThe gateway {from} is called {to}.")?;
    }
    for rule in &target.hosts {
        let (find, replace) = (plain(&rule.find), plain(&rule.replace));
        writeln!(text, "\nInternal host {find} becomes {replace}.")?;
    }
    for rule in &target.names {
        let (find, replace) = (plain(&rule.find), plain(&rule.replace));
        writeln!(text, "\nThe name {find} becomes {replace}.")?;
    }
    Ok(())
}

fn state(state: &State) -> String {
    match state {
        State::Waiting => "-".to_owned(),
        State::Begun => "begun".to_owned(),
        State::Done => "done".to_owned(),
        State::Failed { reason } => format!("failed: {}", plain(reason)),
        State::Undoing => "being taken back".to_owned(),
        State::Undone => "taken back".to_owned(),
        State::Stuck { reason } => format!("cannot be taken back: {}", plain(reason)),
    }
}

fn span(begun_ms: Option<i64>, ended_ms: Option<i64>) -> String {
    match (begun_ms, ended_ms) {
        (Some(begun), Some(ended)) => time(ended.saturating_sub(begun)),
        (None | Some(_), None | Some(_)) => String::new(),
    }
}

fn time(ms: i64) -> String {
    seconds(Duration::from_millis(u64::try_from(ms).unwrap_or_default()))
}

/// A text of somebody else that neither breaks a table nor becomes markup.
fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for one in text.chars() {
        match one {
            _ if one.is_control() => plain.push(' '),
            '|' | '*' | '_' | '`' | '[' | ']' | '<' | '>' | '\\' | '#' | '!' => {
                plain.push('\\');
                plain.push(one);
            }
            _ => plain.push(one),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::migrate::plan::Making;
    use crate::migrate::plan::tests::from_backup;
    use crate::migrate::tried::Went;

    fn migration() -> Migration {
        let id = || Uuid::from_u128(7);
        let making = Making { now_ms: 0, id: &id };
        let agent = AgentId::of_authority(&[1; 32]);
        Migration::new(from_backup(agent, making).into())
    }

    #[test]
    fn each_state_is_told_with_times_and_reasons() {
        let label = |_| "plant | 2\n# x".to_owned();
        let mut one = migration();
        assert_eq!(Outcome::of(&one), Outcome::Planned);
        one.begin(0, 1_000);
        assert_eq!(Outcome::of(&one), Outcome::Unfinished);
        one.done(0, vec!["<b>3</b> changes".to_owned()], 2_500);
        one.begin(1, 3_000);
        one.failed(1, "no | way", vec![], 4_000);
        let text = markdown(&one, &label);
        for part in [
            "# Migration 00000000-0000-0000-0000-000000000007\n",
            "- Source: the backup b.zip\n",
            "- Outcome: **failed**\n",
            "- Took: 3.000 s\n",
            "- Failed at: transfer the configuration (plant \\| 2 \\# x): no \\| way\n",
            "| 1 | check from the target | plant \\| 2 \\# x | done | 1.500 s |  |\n",
            "- \\<b\\>3\\</b\\> changes\n",
        ] {
            assert!(text.contains(part), "{part}\n{text}");
        }
        let told = serde_json::to_value(json(&one)).unwrap();
        assert_eq!(told["outcome"], "failed");
        assert_eq!(told["reason"], "no | way");
        assert_eq!(told["tookMs"], 3_000);
        assert_eq!(told["steps"][1]["act"], "transfer");
        assert_eq!(told["steps"][1]["state"], "failed");
        one.turn_back().unwrap();
        for number in [1, 0] {
            one.begin(number, 5_000);
            one.done(number, vec![], 6_000);
        }
        assert_eq!(Outcome::of(&one), Outcome::TakenBack);
    }

    #[test]
    fn each_test_request_is_told_with_its_time_and_what_to_do() {
        let mut one = migration();
        let target = one.plan.targets[0].clone();
        let request = target.tests.unwrap()[0].clone();
        one.left(target.agent).tried = vec![Tried {
            request,
            went: Went::Failed,
            millis: 12,
            seen: "no resource | covers it".to_owned(),
            hint: Some("open the path".to_owned()),
        }];
        let text = markdown(&one, &|_| "works".to_owned());
        let row =
            "| v0:80 | works | failed | 12 ms | no resource \\| covers it | open the path |\n";
        assert!(text.contains(row), "{text}");
        let told = serde_json::to_value(json(&one)).unwrap();
        assert_eq!(told["tests"][0]["went"], "failed");
        assert_eq!(told["tests"][0]["request"]["virtualAddress"], "v0:80");
    }
}
