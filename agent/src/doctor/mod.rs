//! `doctor`: looks at everything that the agent needs, changes nothing, and says what to do.

mod files;
mod history;
mod network;
mod proxy;
mod system;

use std::fmt;
use std::io::Write;
use std::path::Path;

use serde::Serialize;
use underpass_runtime::tasks::Tasks;
use underpass_shared::id::RegionHost;

pub use self::proxy::test as proxy;

/// How a check went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Outcome {
    /// As it should be.
    Ok,
    /// It works, but not well or not for long.
    Warn,
    /// The agent cannot work like this.
    Fail,
}

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Check {
    /// What was looked at.
    pub name: &'static str,
    /// How it went.
    pub outcome: Outcome,
    /// What was seen.
    pub seen: String,
    /// What to do about it; nothing where all is well.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub advice: Option<String>,
    /// How long it took, where that tells something.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub millis: Option<u64>,
}

impl Check {
    fn ok(name: &'static str, seen: impl Into<String>) -> Self {
        Self {
            name,
            outcome: Outcome::Ok,
            seen: seen.into(),
            advice: None,
            millis: None,
        }
    }

    fn warn(name: &'static str, seen: impl Into<String>, advice: impl Into<String>) -> Self {
        Self {
            name,
            outcome: Outcome::Warn,
            seen: seen.into(),
            advice: Some(advice.into()),
            millis: None,
        }
    }

    fn fail(name: &'static str, seen: impl Into<String>, advice: impl Into<String>) -> Self {
        Self {
            outcome: Outcome::Fail,
            ..Self::warn(name, seen, advice)
        }
    }
}

impl fmt::Display for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let outcome = match self.outcome {
            Outcome::Ok => "ok  ",
            Outcome::Warn => "WARN",
            Outcome::Fail => "FAIL",
        };
        write!(f, "{outcome}  {}: {}", self.name, self.seen)?;
        if let Some(millis) = self.millis {
            write!(f, " ({millis} ms)")?;
        }
        match &self.advice {
            Some(advice) => write!(f, "\n      -> {advice}"),
            None => Ok(()),
        }
    }
}

#[derive(Serialize)]
struct Report {
    ok: bool,
    checks: Vec<Check>,
}

/// Looks at everything and prints the checks; with `host`, at the way to that gateway alone.
///
/// # Errors
/// When a check failed, or the report cannot be written.
pub async fn run(
    data_dir: &Path,
    host: Option<&RegionHost>,
    json: bool,
    out: &mut dyn Write,
) -> anyhow::Result<()> {
    let mut checks = files::checks(data_dir);
    checks.push(history::check(data_dir));
    checks.extend(system::checks());
    let tasks = Tasks::new();
    checks.extend(network::checks(data_dir, host, &tasks).await);
    tasks.stop();
    report(checks, json, out)
}

fn report(checks: Vec<Check>, json: bool, out: &mut dyn Write) -> anyhow::Result<()> {
    let failed = checks
        .iter()
        .filter(|check| check.outcome == Outcome::Fail)
        .count();
    let report = Report {
        ok: failed == 0,
        checks,
    };
    if json {
        writeln!(out, "{}", serde_json::to_string_pretty(&report)?)?;
    } else {
        for check in &report.checks {
            writeln!(out, "{check}")?;
        }
    }
    anyhow::ensure!(report.ok, "{failed} of the checks failed");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_check_says_what_was_seen_and_what_to_do() {
        let check = Check::fail("disk", "full", "free some space");
        assert_eq!(
            check.to_string(),
            "FAIL  disk: full\n      -> free some space"
        );
        assert_eq!(
            serde_json::to_value(Check::ok("disk", "1 GiB free")).unwrap(),
            serde_json::json!({"name": "disk", "outcome": "ok", "seen": "1 GiB free"})
        );
    }
}
