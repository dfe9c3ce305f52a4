//! Addresses of what the agent does.

use super::*;
use crate::api::management::LogFileName;

#[expect(clippy::too_many_lines, reason = "a table")]
pub(super) fn rows() -> Vec<Row> {
    let (running, trouble) = (Target::Running, Target::Trouble);
    let (backup, restores) = (Target::Backup, Target::Restores);
    let (alert, audit, operators) = (Target::Alerts, Target::Audit, Target::Operators);
    vec![
        row("connector/version", Target::Version, "GET"),
        row("openapi.json", Target::OpenApi, "GET"),
        row("status", Target::Status, "GET"),
        row("events", Target::Events, "GET"),
        row("logs", running(RunningTarget::Logs), "GET"),
        row("logs/stream", running(RunningTarget::LogStream), "GET"),
        row("alerts", alert(AlertTarget::All), "GET"),
        row("alerts/7", alert(AlertTarget::One(7)), "GET, DELETE"),
        row(
            "alerts/7/acknowledge",
            alert(AlertTarget::Acknowledge(7)),
            "POST",
        ),
        row("alerts/7/silence", alert(AlertTarget::Silence(7)), "POST"),
        row("drain", running(RunningTarget::Drain), "GET, POST, DELETE"),
        row("restart", running(RunningTarget::Restart), "POST"),
        row(
            "alerts/delivery",
            Target::Delivery(DeliveryTarget::States),
            "GET",
        ),
        row(
            "alerts/test",
            Target::Delivery(DeliveryTarget::Test),
            "POST",
        ),
        row(
            "configuration/backup",
            backup(BackupTarget::Archive),
            "POST, PUT",
        ),
        row(
            "backup/verification",
            backup(BackupTarget::Verification),
            "POST",
        ),
        row(
            "backup/configuration",
            backup(BackupTarget::Configuration),
            "POST",
        ),
        row(
            "backupSchedules",
            Target::Schedules(ScheduleTarget::All),
            "GET",
        ),
        row(
            "backupSchedules/nightly",
            Target::Schedules(ScheduleTarget::One("nightly".parse().unwrap())),
            "GET, PUT, DELETE",
        ),
        row(
            "backupSchedules/nightly/run",
            Target::Schedules(ScheduleTarget::Run("nightly".parse().unwrap())),
            "POST",
        ),
        row("restore", restores(RestoreTarget::Last), "GET"),
        row("restore/plan", restores(RestoreTarget::Plans), "POST"),
        row(
            &format!("restore/plan/{GUID}"),
            restores(RestoreTarget::Plan(GUID.parse().unwrap())),
            "GET, DELETE",
        ),
        row(
            &format!("restore/plan/{GUID}/apply"),
            restores(RestoreTarget::Apply(GUID.parse().unwrap())),
            "POST",
        ),
        row(
            "restore/recipient",
            restores(RestoreTarget::Recipient),
            "POST",
        ),
        row(
            "restore/rollback",
            restores(RestoreTarget::Rollback),
            "POST",
        ),
        row("diagnoses", trouble(TroubleTarget::Diagnoses), "GET"),
        row(
            "diagnoses/7",
            trouble(TroubleTarget::Diagnosis(7)),
            "DELETE",
        ),
        row("logs/files", trouble(TroubleTarget::LogFiles), "GET"),
        row("logs/files.zip", trouble(TroubleTarget::LogArchive), "GET"),
        row(
            "logs/files/agent.log",
            trouble(TroubleTarget::LogFile(LogFileName::present())),
            "GET, DELETE",
        ),
        row(
            "logs/files/agent.log/lines",
            trouble(TroubleTarget::LogFilePage(LogFileName::present())),
            "GET",
        ),
        row("probes", trouble(TroubleTarget::Probes), "GET"),
        row("traces", trouble(TroubleTarget::Traces), "GET, POST"),
        row("traces/7", trouble(TroubleTarget::Trace(7)), "GET, DELETE"),
        row(
            "traces/7/approve",
            trouble(TroubleTarget::TraceApproval(7)),
            "POST",
        ),
        row(
            "traces/7/refuse",
            trouble(TroubleTarget::TraceRefusal(7)),
            "POST",
        ),
        row("traces/7/stop", trouble(TroubleTarget::TraceEnd(7)), "POST"),
        row(
            "traces/7/content",
            trouble(TroubleTarget::TraceContent(7)),
            "GET",
        ),
        row("securityStatus", Target::SecurityStatus, "GET"),
        row("auditLog/records", audit(AuditTarget::Records), "GET"),
        row("auditLog/records.csv", audit(AuditTarget::Csv), "GET"),
        row("auditLog/records.jsonl", audit(AuditTarget::Lines), "GET"),
        row(
            "auditLog/verification",
            audit(AuditTarget::Verification),
            "GET",
        ),
        row("pairing", operators(OperatorTarget::Pair), "POST"),
        row("operator", operators(OperatorTarget::Own), "GET"),
        row(
            "operator/certificate",
            operators(OperatorTarget::Certificate),
            "POST",
        ),
    ]
}

pub(super) fn of_migrations() -> impl Iterator<Item = Row> {
    use MigrationTarget::{Abort, Accept, Csr, Handovers, Preflight, Ready, Release, Vouch};
    let acts = [Csr, Vouch, Accept, Ready, Release, Abort, Preflight].into_iter();
    let names = "csr vouch accept ready release abort preflight".split(' ');
    let acts = names.zip(acts).map(|(name, target)| {
        let path = format!("migration/{name}");
        (path, Target::Migration(target), "POST")
    });
    let list = Target::Migration(Handovers);
    acts.chain([("migration".to_owned(), list, "GET")])
}
