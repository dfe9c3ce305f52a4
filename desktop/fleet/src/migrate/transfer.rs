//! The way of configuration and secrets: a backup that the target alone can open.

use std::path::Path;
use std::time::Duration;

use underpass_runtime::clock;
use underpass_runtime::form::Form;
use underpass_shared::api::management::{
    BackupInput, BackupTarget, Connection, RecipientShown, RestoreApplied, RestorePlanShown,
    RestoreTarget, Status, Target, Verb,
};
use underpass_shared::config::Document;
use underpass_shared::id::PlanId;
use underpass_shared::restore::{Choice, LocationRule, RegionRule, RestoreMode, RestorePart};

use super::calls::{Fault, Party, Told};
use super::handover::seconds;
use super::plan::{Plan, TargetPlan};
use crate::Reply;
use crate::api::Call;
use crate::backup::{FILE_LEN_MAX, Opener, configuration, with_file};
use crate::slot::FromReply as _;
use crate::snapshot::Configuration;

/// How long the tunnels of a restored agent may take: until the gateways believe that the old one
/// is gone.
const PATIENCE: Duration = Duration::from_secs(120);
/// How often is looked.
const LOOK: Duration = Duration::from_millis(200);

/// One transfer.
pub(super) struct Transfer<'a> {
    pub(super) plan: &'a Plan,
    pub(super) target_plan: &'a TargetPlan,
    pub(super) target: &'a Party<'a>,
    /// What opens a backup in a file.
    pub(super) opener: Option<&'a Opener>,
}

impl Transfer<'_> {
    /// From a running agent, sealed to a key that the target makes for this and keeps in memory.
    pub(super) async fn of_agent(
        &self,
        source: &Party<'_>,
    ) -> Result<(String, Vec<String>), Fault> {
        let key: RecipientShown = {
            let target = Target::Restores(RestoreTarget::Recipient);
            self.target.post(target, &serde_json::json!({})).await?
        };
        let recipient = key.recipient.parse();
        let recipient = recipient.or(Err(Fault::new("the target gave no key to seal to")))?;
        let wanted = BackupInput {
            recipients: vec![recipient],
            ..BackupInput::default()
        };
        let call = Call::new(Verb::Post, Target::Backup(BackupTarget::Archive));
        let call = call
            .with(&wanted)
            .map_err(|error| Fault::new(error.reason()))?;
        let backup = source.send(&call).await?.body;
        let form = self.form()?.file("backup", "backup.zip", &backup);
        self.stage(planning().form(form)).await
    }

    /// From a file.
    pub(super) async fn of_backup(&self, file: &Path) -> Result<(String, Vec<String>), Fault> {
        let opener = opened(file, self.opener)?;
        let call = with_file(planning(), self.form()?, file.to_owned(), opener);
        self.stage(call).await
    }

    /// A form with what of a backup is wanted.
    fn form(&self) -> Result<Form, Fault> {
        let choice = serde_json::to_string(&self.choice());
        let choice = choice.map_err(|error| Fault::new(error.to_string()))?;
        Ok(Form::new().text("choice", &choice))
    }

    /// Has the target say what it would change.
    async fn stage(&self, call: Call) -> Result<(String, Vec<String>), Fault> {
        let reply = self.target.send(&call).await?;
        let shown: RestorePlanShown = read(self.target, &reply)?;
        let seen = told(&shown);
        match shown.refused {
            Some(reason) => Err(Fault::Failed { reason, seen }),
            None => Ok((shown.id.to_string(), seen)),
        }
    }

    fn choice(&self) -> Choice {
        let mut parts = vec![
            RestorePart::Subaccounts,
            RestorePart::Mappings,
            RestorePart::Trust,
        ];
        if self.plan.settings {
            parts.push(RestorePart::Settings);
        }
        let is_live = self.plan.source().is_some();
        let subaccounts = &self.target_plan.subaccounts;
        let relocated = subaccounts.iter().filter(|one| one.from != one.to);
        let (mut location_ids, mut region_hosts) = (vec![], vec![]);
        for one in relocated {
            let rule = RegionRule {
                find: one.from.region_host.clone(),
                replace: one.to.region_host.clone(),
            };
            if rule.find != rule.replace && !region_hosts.contains(&rule) {
                region_hosts.push(rule);
            }
            let rule = LocationRule {
                find: one.from.location_id.clone(),
                replace: one.to.location_id.clone(),
            };
            if rule.find != rule.replace && !location_ids.contains(&rule) {
                location_ids.push(rule);
            }
        }
        Choice {
            parts: Some(parts.into_iter().collect()),
            mode: RestoreMode::Merge,
            // Plans of earlier versions did not know what is in a backup.
            only: (is_live || !subaccounts.is_empty())
                .then(|| subaccounts.iter().map(|one| one.from.clone()).collect()),
            only_mappings: None,
            // A running source keeps its keys; the target makes its own.
            enrolments: !is_live,
            hosts: self.target_plan.hosts.clone(),
            location_ids,
            region_hosts,
            names: self.target_plan.names.clone(),
        }
    }
}

/// What opens a backup, whose file is not too large.
fn opened<'a>(file: &Path, opener: Option<&'a Opener>) -> Result<&'a Opener, Fault> {
    let told =
        |what: &str| Fault::new(format!("cannot read the backup {}: {what}", file.display()));
    let about = std::fs::metadata(file).map_err(|error| told(&error.to_string()))?;
    if about.len() > FILE_LEN_MAX {
        return Err(told(&format!("it has more than {FILE_LEN_MAX} bytes")));
    }
    opener.ok_or_else(|| told("its passphrase or private key is missing"))
}

/// The configuration in a backup, as of its revision: the target opens it.
pub(super) async fn backed_up(
    target: &Party<'_>,
    file: &Path,
    opener: Option<&Opener>,
) -> Result<(u64, Document), Fault> {
    let opener = opened(file, opener)?;
    let reply = target.send(&configuration(file.to_owned(), opener)).await?;
    let found = Configuration::from_reply(&reply);
    let found =
        found.map_err(|error| Fault::new(format!("{}: {}", target.label, error.reason())))?;
    Ok((found.revision, Document::clone(&found.document)))
}

/// Asks for the plan of a restore; the form is missing.
fn planning() -> Call {
    Call::new(Verb::Post, Target::Restores(RestoreTarget::Plans))
}

fn told(shown: &RestorePlanShown) -> Vec<String> {
    let counts = &shown.secrets;
    let mut seen = vec![format!(
        "{} changes, {} passwords and keys",
        shown.changes.len(),
        counts.written
    )];
    seen.extend(
        shown
            .adaptations
            .iter()
            .map(|one| format!("{}: {}; {}", one.place, one.text, one.remedy)),
    );
    let changes = shown.changes.iter();
    seen.extend(changes.map(|one| format!("{} {}", one.change.sign(), one.part)));
    seen
}

fn read<T: serde::de::DeserializeOwned>(party: &Party<'_>, reply: &Reply) -> Result<T, Fault> {
    let read = reply.read();
    read.map_err(|error| Fault::new(format!("{}: {}", party.label, error.reason())))
}

fn id(text: &str) -> Result<PlanId, Fault> {
    text.parse()
        .or(Err(Fault::new("the journal names no plan of a restore")))
}

/// Has the target make a staged configuration its own.
pub(super) async fn apply(target: &Party<'_>, plan: &str) -> Result<Told<Vec<String>>, Fault> {
    let address = Target::Restores(RestoreTarget::Apply(id(plan)?));
    let applied = target.try_post(address, &serde_json::json!({})).await?;
    Ok(match applied {
        Told::Unknown => Told::Unknown,
        Told::Done(RestoreApplied { revision, .. }) => {
            Told::Done(vec![format!("revision {revision} of the target")])
        }
    })
}

/// Has the target forget a staged configuration.
pub(super) async fn forget(target: &Party<'_>, plan: &str) -> Result<(), Fault> {
    let address = Target::Restores(RestoreTarget::Plan(id(plan)?));
    let call = Call::new(Verb::Delete, address);
    target.try_send(&call).await.map(drop)
}

/// Has the target take back what it made its own.
pub(super) async fn roll_back(
    target: &Party<'_>,
    plan: Option<&str>,
) -> Result<Vec<String>, Fault> {
    let Some(plan) = plan else {
        return Ok(vec![]);
    };
    let shown: underpass_shared::api::management::RestoreShown =
        target.get(Target::Restores(RestoreTarget::Last)).await?;
    let is_ours = shown.last.and_then(|last| last.plan) == Some(id(plan)?);
    if !is_ours || shown.rollback.is_none() {
        return Ok(vec!["the target has nothing of it to take back".to_owned()]);
    }
    let address = Target::Restores(RestoreTarget::Rollback);
    let back: RestoreApplied = target.post(address, &serde_json::json!({})).await?;
    Ok(vec![format!("revision {} of the target", back.revision)])
}

/// Waits until each subaccount of a restored agent has a tunnel.
pub(super) async fn connected(target: &Party<'_>) -> Result<String, Fault> {
    let began = clock::monotonic();
    loop {
        let status: Status = target.get(Target::Status).await?;
        let down = status
            .links
            .iter()
            .filter(|link| !link.connections.contains(&Connection::Up));
        let down: Vec<String> = down
            .map(|link| {
                format!(
                    "{}/{}/{} has no tunnel",
                    link.region_host, link.subaccount, link.location_id
                )
            })
            .collect();
        let took = clock::monotonic().saturating_sub(began);
        if down.is_empty() {
            return Ok(format!("all tunnels up after {}", seconds(took)));
        }
        if took > PATIENCE {
            return Err(Fault::Failed {
                reason: format!("waited {} s for tunnels of the target", PATIENCE.as_secs()),
                seen: down,
            });
        }
        target.pause(LOOK).await?;
    }
}
