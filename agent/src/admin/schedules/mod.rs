//! Schedules of backups: shown, set, removed, and followed at once.

mod run;

use underpass_runtime::archive::Recipient;
use underpass_runtime::{clock, random};
use underpass_shared::alert::Condition;
use underpass_shared::api::management::{
    DestinationInput, LoginInput, MASKED, Refusal, ScheduleInput, ScheduleShown, ScheduleTarget,
    UploadInput, Verb,
};
use underpass_shared::audit::Category;
use underpass_shared::config::{
    BackupDestination, BackupSchedule, BackupUpload, ScheduleName, UploadLogin,
};
use underpass_shared::id::CredentialId;
use underpass_shared::secret::Secret;

use super::call::Call;
use super::connector::edit;
use super::{Admin, Answer, answer};
use crate::secrets;

/// A secret that a request brings, with the id that it gets.
type Added = Option<(CredentialId, Secret)>;

fn missing(name: &ScheduleName) -> Refusal {
    Refusal::not_found(format!("there is no schedule {name}"))
}

/// The schedule that a request wants, and its new secret.
fn wanted(
    name: ScheduleName,
    present: Option<&BackupSchedule>,
    input: ScheduleInput,
) -> Result<(BackupSchedule, Added), Refusal> {
    for (at, recipient) in input.recipients.iter().enumerate() {
        let parsed = recipient.as_str().parse::<Recipient>();
        parsed.map_err(|rule| Refusal::invalid(format!("recipients[{at}]"), rule.to_string()))?;
    }
    let mut added = None;
    let fields = input.into_fields(name, |target| match target {
        DestinationInput::Directory(folder) => Ok(BackupDestination::Directory(folder)),
        DestinationInput::Url(upload) => {
            let (upload, secret) = wanted_upload(present, upload)?;
            added = secret;
            Ok(BackupDestination::Url(upload))
        }
    })?;
    Ok((fields.try_into()?, added))
}

fn wanted_upload(
    present: Option<&BackupSchedule>,
    input: UploadInput,
) -> Result<(BackupUpload, Added), Refusal> {
    let present = present.and_then(|one| match &one.target {
        BackupDestination::Url(upload) => Some(upload),
        BackupDestination::Directory(_) => None,
    });
    let (login, added) = match &input.login {
        None => (None, None),
        Some(login) => {
            let (credential, added) = wanted_secret(present, &input, login)?;
            let user = login.user.clone();
            (Some(UploadLogin { user, credential }), added)
        }
    };
    let upload = BackupUpload {
        url: input.url,
        login,
        ca: input.ca,
        via_proxy: input.via_proxy.0,
    };
    Ok((upload, added))
}

/// The secret of a login: a new one, or the present one. That goes to no other host: whoever could
/// lead it elsewhere would learn it.
fn wanted_secret(
    present: Option<&BackupUpload>,
    input: &UploadInput,
    login: &LoginInput,
) -> Result<(CredentialId, Added), Refusal> {
    let field = "target.url.login.password";
    if let Some(text) = login.password.as_deref().filter(|text| *text != MASKED) {
        let secret = Secret::new(text.to_owned());
        let checked = secrets::check(&secret);
        checked.map_err(|rule| Refusal::invalid(field, format!("{rule:#}")))?;
        let id = CredentialId::from_uuid(random::id());
        return Ok((id, Some((id, secret))));
    }
    let same = present.filter(|one| {
        let whom = (one.url.origin(), &one.ca);
        whom == (input.url.origin(), &input.ca)
    });
    let kept = same.and_then(|one| one.login.as_ref());
    let kept = kept.filter(|one| one.user == login.user);
    let kept = kept.map(|one| (one.credential, None));
    kept.ok_or_else(|| {
        let rule = "is missing: there is none yet for this host, port, CA and user";
        Refusal::invalid(field, rule)
    })
}

impl Admin {
    pub(super) async fn of_schedules(
        &self,
        call: &Call,
        verb: Verb,
        target: ScheduleTarget,
    ) -> Answer {
        match (target, verb) {
            (ScheduleTarget::All, _) => self.list_schedules(),
            (ScheduleTarget::One(name), Verb::Put) => self.put_schedule(call, name).await,
            (ScheduleTarget::One(name), Verb::Delete) => self.remove_schedule(call, name).await,
            (ScheduleTarget::One(name), Verb::Get | Verb::Post | Verb::Patch) => {
                self.show_schedule(&name)
            }
            (ScheduleTarget::Run(name), _) => self.run_schedule(call, &name).await,
        }
    }

    fn list_schedules(&self) -> Answer {
        let current = self.readable()?;
        let all = &current.document().connector().backup_schedules;
        let shown = all.as_slice().iter().map(|one| self.schedule_shown(one));
        let shown: Vec<ScheduleShown> = shown.collect();
        answer::ok(&shown, current.revision().number)
    }

    fn show_schedule(&self, name: &ScheduleName) -> Answer {
        let current = self.readable()?;
        let all = &current.document().connector().backup_schedules;
        let one = all.get(name).ok_or_else(|| missing(name))?;
        answer::ok(&self.schedule_shown(one), current.revision().number)
    }

    fn schedule_shown(&self, schedule: &BackupSchedule) -> ScheduleShown {
        let status = self.schedules.status(schedule, clock::wall_ms());
        ScheduleShown::show(schedule, status)
    }

    async fn put_schedule(&self, call: &Call, name: ScheduleName) -> Answer {
        let current = self.readable()?;
        let all = &current.document().connector().backup_schedules;
        let present = all.get(&name).cloned();
        let input: ScheduleInput = call.read()?;
        let (schedule, added) = wanted(name.clone(), present.as_ref(), input)?;
        if let Some((id, secret)) = &added {
            let saved = self.secrets.save(*id, secret);
            saved.map_err(|error| Refusal::failure(format!("{error:#}")))?;
        }
        let reason = match &present {
            Some(_) => format!("changed the schedule of backups {name}"),
            None => format!("added the schedule of backups {name}"),
        };
        let edit = edit(move |fields| {
            // What is kept of it was looked up there.
            if fields.backup_schedules.get(&name) != present.as_ref() {
                let message =
                    format!("the schedule {name} was changed meanwhile; nothing was done");
                return Err(Refusal::illegal_state(message));
            }
            let mut list: Vec<BackupSchedule> = fields.backup_schedules.clone().into();
            list.retain(|one| one.name != name);
            list.push(schedule);
            fields.backup_schedules = list.try_into()?;
            Ok(())
        });
        let changed = self.change(call, &reason, edit, answer::done).await;
        if changed.is_err() || call.query.dry_run {
            self.drop_password(added.map(|(id, _)| id));
        }
        changed
    }

    async fn remove_schedule(&self, call: &Call, name: ScheduleName) -> Answer {
        let reason = format!("removed the schedule of backups {name}");
        let edit = edit(move |fields| {
            let mut list: Vec<BackupSchedule> = fields.backup_schedules.clone().into();
            let before = list.len();
            list.retain(|one| one.name != name);
            if list.len() == before {
                return Err(missing(&name));
            }
            fields.backup_schedules = list.try_into()?;
            Ok(())
        });
        self.change(call, &reason, edit, answer::done).await
    }

    async fn run_schedule(&self, call: &Call, name: &ScheduleName) -> Answer {
        self.live()?;
        let current = self.readable()?;
        let all = &current.document().connector().backup_schedules;
        all.get(name).ok_or_else(|| missing(name))?;
        let reason = format!("asked for a backup by the schedule {name}");
        let recording = self.recording(call.caller(), Category::Backup, &reason);
        recording.intend_act().await?;
        let asked = match self.schedules.ask(name, call.caller().to_string()) {
            true => Ok(()),
            false => {
                let message = format!("a backup by the schedule {name} is being made already");
                Err(Refusal::illegal_state(message))
            }
        };
        recording.acted(&asked);
        asked.map(|()| answer::done(current.revision().number))
    }

    /// What is wrong with scheduled backups.
    pub(crate) fn backup_conditions(&self) -> Vec<Condition> {
        let current = self.store.current();
        if current.problem().is_some() {
            return vec![];
        }
        let all = &current.document().connector().backup_schedules;
        self.schedules.conditions(all, clock::wall_ms())
    }
}
