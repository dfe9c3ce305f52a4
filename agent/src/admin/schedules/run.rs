//! Follows the schedules: makes each backup in its time, and sees that it is good.

use std::io::{Read, Seek};
use std::sync::Arc;
use std::time::Duration;

use tokio::task::spawn_blocking;
use tokio::time::{sleep, timeout};
use underpass_runtime::archive::{Identity, Key, Lock, Recipient};
use underpass_runtime::clock;
use underpass_runtime::pieces::Again;
use underpass_runtime::tasks::Tasks;
use underpass_shared::api::management::ScheduleState;
use underpass_shared::audit::{Actor, Category, Outcome, Record};
use underpass_shared::backup::{Absent, ScheduledBackup};
use underpass_shared::config::{
    BackupDestination, BackupDirectory, BackupSchedule, BackupUpload, Document,
};
use underpass_shared::policy::target;

use crate::admin::Admin;
use crate::backup::{self, OpenError, Spooled, Wanted};
use crate::schedules::{self, Due, FileName, Tempo, Way};
use crate::tunnel::Route;

/// How often it is looked for what is due at least: the host may sleep, and its clock be set.
const LOOK_EVERY: Duration = Duration::from_secs(30);
/// How long a folder may take to store a backup and to give it back.
const STORE_TIME: Duration = Duration::from_secs(15 * 60);
/// How long folders may take at the start to be looked at for what was never finished.
const SWEEP_TIME: Duration = Duration::from_secs(30);

impl Admin {
    /// Follows the schedules until told to stop.
    pub(crate) async fn run_schedules(self, tasks: Tasks) {
        self.schedules.resume(clock::wall_ms());
        let mut snapshot = self.store.snapshot();
        tokio::select! {
            () = self.sweep_folders() => {}
            () = tasks.stopped() => return,
        }
        loop {
            let current = Arc::clone(&snapshot.borrow_and_update());
            let mut wait = LOOK_EVERY;
            if current.problem().is_none() {
                let (document, now) = (current.document(), clock::wall_ms());
                let list = &document.connector().backup_schedules;
                self.schedules.follow(list, now);
                if let Some(due) = self.schedules.due(list, now) {
                    tokio::select! {
                        () = self.follow_schedule(&due, document) => continue,
                        () = tasks.stopped() => return,
                    }
                }
                wait = self.schedules.wait(now).unwrap_or(wait).min(wait);
            }
            tokio::select! {
                () = sleep(wait) => {}
                () = self.schedules.asked() => {}
                changed = snapshot.changed() => if changed.is_err() { return },
                () = tasks.stopped() => return,
            }
        }
    }

    /// Deletes what a run left in its folder that the end of the process broke off.
    async fn sweep_folders(&self) {
        let current = self.store.current();
        if current.problem().is_some() {
            return;
        }
        let (operators, document) = (self.operators.clone(), Arc::clone(current.document()));
        let sweeping = spawn_blocking(move || {
            for one in document.connector().backup_schedules.as_slice() {
                let BackupDestination::Directory(folder) = &one.target else {
                    continue;
                };
                let Ok(agent) = operators.identity() else {
                    return;
                };
                let files = FileName::of(agent.id(), &one.name);
                if let Err(error) = schedules::tidy(&folder.path, &files, usize::MAX, None) {
                    tracing::debug!(%error, schedule = %one.name, "a folder cannot be looked at");
                }
            }
        });
        // A share that is away must not hold up the other schedules.
        drop(timeout(SWEEP_TIME, sweeping).await);
    }

    /// Makes the backup that is due, and tells how that ended.
    async fn follow_schedule(&self, due: &Due, document: &Document) {
        let name = &due.schedule.name;
        self.schedules.begin(due, clock::wall_ms());
        let made = self.recorded_run(due, document).await;
        match &made {
            Ok(made) => {
                let (file, bytes, remark) = (&made.file, made.bytes, made.remark.as_deref());
                tracing::info!(schedule = %name, file, bytes, remark, "scheduled backup made");
            }
            Err(error) => {
                tracing::warn!(schedule = %name, error, "a scheduled backup was not made");
            }
        }
        self.schedules.end(name, made, clock::wall_ms());
    }

    /// Records the run before it begins and after its end.
    async fn recorded_run(
        &self,
        due: &Due,
        document: &Document,
    ) -> Result<ScheduledBackup, String> {
        let schedule = &due.schedule;
        let keys = schedule.recipients.iter().map(ToString::to_string);
        let keys: Vec<String> = keys.collect();
        let reason = format!(
            "backup by the schedule {}{}, sealed to {}, for {}",
            schedule.name,
            match &due.asked_by {
                Some(by) => format!(", asked for by {by}"),
                None => String::new(),
            },
            keys.join(", "),
            schedule.target,
        );
        let record = |outcome, intent, message: &str| {
            let (time_ms, actor) = (self.audit.now_ms(), Actor::agent());
            Record {
                intent,
                ..Record::new(time_ms, Category::Backup, outcome, actor, message)
            }
        };
        let intent = self
            .audit
            .intent_soon(record(Outcome::Intent, None, &reason));
        let intent = intent.await;
        let intent = intent.map_err(|error| format!("{:#}", anyhow::Error::from(error)))?;
        let made = self.scheduled_backup(schedule, document).await;
        let (outcome, message) = match &made {
            Ok(made) => (Outcome::Done, format!("{reason}: {}", made.file)),
            Err(why) => (Outcome::Refused, format!("{reason}: {why}")),
        };
        self.audit.record(record(outcome, Some(intent), &message));
        made
    }

    /// Makes a backup and puts it where it belongs. It is sealed to one key more, which exists here
    /// alone and for this run alone: by it the backup is opened again and checked as a restore
    /// would.
    async fn scheduled_backup(
        &self,
        schedule: &BackupSchedule,
        document: &Document,
    ) -> Result<ScheduledBackup, String> {
        let identity = Identity::generate();
        let recipients = schedule.recipients.iter().map(|one| {
            let parsed = one.as_str().parse::<Recipient>();
            parsed.map_err(|rule| format!("the public key {one} cannot be used: it {rule}"))
        });
        let mut recipients: Vec<Recipient> = recipients.collect::<Result<_, _>>()?;
        recipients.push(identity.recipient());
        let wanted = Wanted {
            history: usize::try_from(schedule.history.get()).unwrap_or(usize::MAX),
            machine: schedule.include_machine,
        };
        let lock = Lock::Recipients(recipients);
        let made = self.make_backup(wanted, lock).await;
        let (manifest, archive) = made.map_err(|refusal| refusal.body.message)?;
        let agent = self.operators.identity();
        let agent = agent.map_err(|error| format!("{error:#}"))?.id();
        let files = FileName::of(agent, &schedule.name);
        let sealed = Sealed {
            name: files.at(manifest.created_at_ms),
            archive,
            key: Key::Identity(identity),
        };
        let (file, bytes) = (sealed.name.clone(), sealed.archive.len);
        let remarks = match &schedule.target {
            BackupDestination::Directory(folder) => self.to_folder(folder, files, sealed).await?,
            BackupDestination::Url(upload) => self.to_address(upload, sealed, document).await?,
        };
        Ok(ScheduledBackup {
            file,
            target: schedule.target.to_string(),
            bytes,
            revision: manifest.revision.map_or(0, |head| head.number),
            remark: (!remarks.is_empty()).then(|| remarks.join("; ")),
        })
    }

    async fn to_folder(
        &self,
        folder: &BackupDirectory,
        files: FileName,
        sealed: Sealed,
    ) -> Result<Vec<String>, String> {
        self.schedules.step(ScheduleState::Storing);
        let place = self.schedules.thread();
        let place = place.ok_or("earlier backups still wait for folders that do not answer")?;
        let (schedules, folder) = (self.schedules.clone(), folder.clone());
        let shown = folder.path.to_string();
        let stored = spawn_blocking(move || {
            let _place = place;
            let Sealed { name, archive, key } = sealed;
            let stored = schedules::store(&folder.path, &name, archive, |written| {
                schedules.step(ScheduleState::Verifying);
                open(written, &key)
            });
            let absent = stored.map_err(|error| format!("{:#}", anyhow::Error::from(error)))?;
            let keep = usize::try_from(folder.keep.get()).unwrap_or(usize::MAX);
            let mut remarks = lacking(&absent);
            if let Err(error) = schedules::tidy(&folder.path, &files, keep, Some(&name)) {
                remarks.push(format!("old backups cannot be deleted: {error}"));
            }
            Ok(remarks)
        });
        // A share that is away must not hold up the other schedules.
        let stored = timeout(STORE_TIME, stored).await;
        let stored = stored.map_err(|_elapsed| {
            let minutes = STORE_TIME.as_secs() / 60;
            format!(
                "the folder {shown} did not answer within {minutes} minutes; is the share there?"
            )
        });
        stored?.map_err(|error| error.to_string())?
    }

    async fn to_address(
        &self,
        upload: &BackupUpload,
        sealed: Sealed,
        document: &Document,
    ) -> Result<Vec<String>, String> {
        let way = self.way_of(upload, document)?;
        self.schedules.step(ScheduleState::Verifying);
        let Sealed {
            name,
            mut archive,
            key,
        } = sealed;
        let checked =
            spawn_blocking(move || open(&mut archive, &key).map(|found| (found, archive)));
        let checked = checked.await.map_err(|error| error.to_string())?;
        let (absent, archive) =
            checked.map_err(|error| format!("what was made cannot be restored: {error}"))?;
        self.schedules.step(ScheduleState::Storing);
        let len = archive.len;
        let put = schedules::put(upload, &name, Again::of(archive), len, &way).await;
        put.map_err(|error| {
            let url = &upload.url;
            format!("PUT to {url}: {:#}", anyhow::Error::from(error))
        })?;
        Ok(lacking(&absent))
    }

    /// How an address is reached.
    fn way_of(&self, upload: &BackupUpload, document: &Document) -> Result<Way, String> {
        let connector = document.connector();
        let route = match upload.via_proxy {
            true => Route::of(connector.proxy(), &self.secrets),
            false => Ok(Route::Direct),
        };
        let login = upload.login.as_ref().map(|login| {
            let secret = self.secrets.load(login.credential);
            secret.map(|secret| (login.user.clone(), secret))
        });
        let login = login.transpose();
        let allowed = connector.allowed_targets().to_vec();
        let own = self.live.as_ref().map(|live| live.own.clone());
        let own = own.unwrap_or_default();
        let mail = connector.email_trust.as_slice().iter();
        Ok(Way {
            route: route.map_err(|error| format!("the proxy cannot be used: {error:#}"))?,
            guard: Box::new(move |address| {
                let checked = target::check(address.ip(), address.port(), &allowed, &own);
                checked.map_err(|denied| denied.to_string())
            }),
            login: login.map_err(|error| format!("the login cannot be used: {error:#}"))?,
            trusted: mail.map(|one| one.certificate.clone()).collect(),
            tempo: Tempo::default(),
        })
    }
}

/// A backup with what opens it.
struct Sealed {
    name: String,
    archive: Spooled,
    key: Key,
}

/// Opens a backup and checks all of it; answers what was missing when it was made.
fn open(archive: &mut (impl Read + Seek), key: &Key) -> Result<Absent, OpenError> {
    backup::open_from(archive, key).map(|opened| opened.content.absent)
}

/// What a backup lacks.
fn lacking(absent: &Absent) -> Vec<String> {
    let remark = |count: usize, what: &str| {
        (count > 0).then(|| format!("{count} {what} were missing on this host and are not in it"))
    };
    let values = remark(absent.values.len(), "passwords or private keys");
    let enrolments = remark(
        absent.enrolments.len(),
        "client certificates of subaccounts",
    );
    values.into_iter().chain(enrolments).collect()
}
