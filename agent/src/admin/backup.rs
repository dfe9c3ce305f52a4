//! Backups: made for a caller, and opened to be looked at.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use http::header::CONTENT_DISPOSITION;
use http::{HeaderValue, StatusCode};
use http_body_util::BodyExt as _;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;
use underpass_runtime::archive::{ArchiveError, Identity, Key, Lock, Recipient};
use underpass_runtime::pieces::Pieces;
use underpass_runtime::{clock, file};
use underpass_shared::api::management::{
    BackupInput, BackupTarget, BackupVerified, ErrorType, PASSPHRASE_LEN_MAX, PASSPHRASE_LEN_MIN,
    Refusal, Verb,
};
use underpass_shared::audit::Category;
use underpass_shared::backup::{KeptSecret, Manifest, RecipientText};
use underpass_shared::policy::throttle::Throttle;
use underpass_shared::restore::Choice;
use underpass_shared::secret::Secret;

use super::call::{Call, blocking};
use super::multipart::{self, Form};
use super::{Admin, Answer, Live, answer, body};
use crate::backup::{
    self, BackupError, NoPlace, OpenError, Opened, Sources, Spool, Spooled, Wanted,
};

/// Wrong passphrases and identities of one caller in [`WINDOW`].
const FAILURES_MAX: u32 = 5;
/// Within which they are counted.
const WINDOW: Duration = Duration::from_secs(60);
/// How long one waits for a turn; each takes 256 MiB and some seconds at most.
const TURN_TIME: Duration = Duration::from_secs(60);
/// When somebody who got no turn should come again.
const BUSY_TIME: Duration = Duration::from_secs(29);

/// Where backups are made and opened, one at a time. Clones are the same.
#[derive(Clone)]
pub(super) struct Desk {
    turn: Arc<Semaphore>,
    tries: Arc<Mutex<Throttle<String>>>,
    /// Where they lie on their way.
    pub(super) spool: Spool,
}

impl Desk {
    /// Of a data directory.
    pub(super) fn new(data_dir: &Path) -> Self {
        Self {
            turn: Arc::new(Semaphore::new(1)),
            tries: Arc::new(Mutex::new(Throttle::new(FAILURES_MAX, WINDOW))),
            spool: Spool::new(data_dir),
        }
    }

    async fn turn(&self) -> Result<OwnedSemaphorePermit, Refusal> {
        let turn = Arc::clone(&self.turn).acquire_owned();
        let Ok(Ok(turn)) = timeout(TURN_TIME, turn).await else {
            return Err(busy("other backups are being made or opened"));
        };
        Ok(turn)
    }

    fn tries<T>(&self, look: impl FnOnce(&mut Throttle<String>) -> T) -> T {
        let mut tries = self.tries.lock().unwrap_or_else(PoisonError::into_inner);
        look(&mut tries)
    }
}

impl Admin {
    pub(super) async fn of_backup(&self, call: Call, verb: Verb, target: BackupTarget) -> Answer {
        match target {
            BackupTarget::Archive if verb == Verb::Put => self.restore_backup(call).await,
            BackupTarget::Archive => self.give_backup(&call).await,
            BackupTarget::Verification => self.verify_backup(call).await,
            BackupTarget::Configuration => self.show_backup(call).await,
        }
    }

    /// What backups are collected from.
    pub(super) fn sources(&self) -> Sources {
        let listening = |live: &Live| live.board.managed(|one| one.listening.clone());
        Sources {
            store: self.store.clone(),
            secrets: self.secrets.clone(),
            credentials: self.credentials.clone(),
            operators: self.operators.clone(),
            vault: self.vault.clone(),
            audit: self.audit.clone(),
            listen: self.live.as_deref().map(listening).unwrap_or_default(),
        }
    }

    async fn give_backup(&self, call: &Call) -> Answer {
        let input: BackupInput = call.read()?;
        let wanted = Wanted {
            history: usize::try_from(input.history.get()).unwrap_or(usize::MAX),
            machine: input.include_machine.0,
        };
        let lock = lock(input.password, &input.recipients)?;
        let reason = format!("made a backup, {}", sealed(&lock));
        let recording = self.recording(call.caller(), Category::Backup, &reason);
        recording.intend_act().await?;
        let made = self.make_backup(wanted, lock).await;
        recording.acted(&made);
        let (manifest, archive) = made?;
        let number = manifest.revision.map_or(0, |head| head.number);
        let mut response = answer::bytes(vec![], "application/zip", number);
        let headers = response.headers_mut();
        let name = "attachment; filename=\"underpass-agent-backup.zip\"";
        headers.insert(CONTENT_DISPOSITION, HeaderValue::from_static(name));
        let len = archive.len;
        body::stream(&mut response, Pieces::of(archive, len).boxed_unsync());
        Ok(response)
    }

    /// Makes a backup in a file, and warns of what it lacks.
    pub(super) async fn make_backup(
        &self,
        wanted: Wanted,
        lock: Lock,
    ) -> Result<(Manifest, Spooled), Refusal> {
        let place = self.backups.spool.place().await;
        let mut place = place.map_err(|error| unplaced(&error))?;
        let turn = self.backups.turn().await?;
        let content = self.sources().collect(wanted).await;
        let content = content.map_err(|error| unmade(&error))?;
        if !content.absent.is_empty() {
            let values = content.absent.values.len();
            let enrolments = content.absent.enrolments.len();
            tracing::warn!(
                values,
                enrolments,
                "a backup lacks secrets that were on this host no longer"
            );
        }
        let made = tokio::task::spawn_blocking(move || {
            // The work goes on without a client that left, and so does its turn.
            let _turn = turn;
            let (manifest, len) = backup::seal_to(&content, &lock, &mut place)?;
            let archive = place.written(len).map_err(BackupError::Write)?;
            Ok((manifest, archive))
        });
        let made = made.await.unwrap_or(Err(BackupError::Panicked));
        made.map_err(|error| unmade(&error))
    }

    async fn verify_backup(&self, mut call: Call) -> Answer {
        let (archive, key) = self.read_form(&mut call).await?;
        let reason = "opened a backup to verify it";
        let recording = self.recording(call.caller(), Category::Backup, reason);
        recording.intend_act().await?;
        let opened = self.open_backup(&call, archive, key).await;
        recording.acted(&opened);
        let own = self.operators.identity();
        let own = own.map_err(|error| Refusal::failure(format!("{error:#}")))?;
        let opened = opened?;
        let report = opened.report(own.id());
        let drawn = self
            .draw(opened.content, opened.document, &Choice::default())
            .await?;
        let report = BackupVerified {
            changes: drawn.plan.changes.len(),
            adaptations: drawn.plan.adaptations,
            refused: drawn.plan.refused,
            ..report
        };
        answer::ok(&report, self.store.current().revision().number)
    }

    /// The configuration in an archive, as of the revision that it has.
    async fn show_backup(&self, mut call: Call) -> Answer {
        let (archive, key) = self.read_form(&mut call).await?;
        let reason = "opened a backup to see its configuration";
        let recording = self.recording(call.caller(), Category::Backup, reason);
        recording.intend_act().await?;
        let opened = self.open_backup(&call, archive, key).await;
        recording.acted(&opened);
        let Opened {
            content, document, ..
        } = opened?;
        let number = content.revision.number;
        blocking(move || Ok(answer::json_text(document.to_json().into(), number))).await
    }

    /// Opens an archive for a caller, who may be wrong only so often.
    pub(super) async fn open_backup(
        &self,
        call: &Call,
        mut archive: Spooled,
        key: Key,
    ) -> Result<Opened, Refusal> {
        let caller = call.caller().to_string();
        let now = clock::monotonic();
        let begun = self.backups.tries(|tries| tries.begin(&caller, now));
        begun.map_err(later)?;
        let turn = self.backups.turn().await;
        let turn =
            turn.inspect_err(|_busy| self.backups.tries(|tries| tries.succeeded(&caller)))?;
        let opened = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            backup::open_from(&mut archive, &key)
        });
        let opened = opened.await;
        let opened = opened.map_err(|_panic| Refusal::failure("opening ended in a panic"))?;
        if !matches!(&opened, Err(OpenError::Archive(error)) if is_guess(error)) {
            self.backups.tries(|tries| tries.succeeded(&caller));
        }
        opened.map_err(|error| unopened(&error))
    }

    /// The archive of a form, and what opens it.
    async fn read_form(&self, call: &mut Call) -> Result<(Spooled, Key), Refusal> {
        if !multipart::is_form(call) {
            let message = "the body must be multipart/form-data with the parts backup and password";
            let (status, kind) = (
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                ErrorType::InvalidRequest,
            );
            return Err(Refusal::new(status, kind, message));
        }
        let known = &["backup", "password", "identity"];
        let mut form = Form::take(call, known, &self.backups.spool).await?;
        let archive = form.backup()?;
        let key = key(form.text("password")?, form.text("identity")?)?;
        Ok((archive, key))
    }
}

/// What opens an archive: a passphrase or a private key, as forms have them.
pub(super) fn key(password: Option<String>, identity: Option<String>) -> Result<Key, Refusal> {
    match (password.map(Secret::new), identity.map(Secret::new)) {
        (Some(password), None) => Ok(Key::Passphrase(password)),
        (None, Some(identity)) => {
            let identity = Identity::of_file(identity.expose());
            let identity = identity.map_err(|rule| Refusal::invalid("identity", rule.to_string()));
            identity.map(Key::Identity)
        }
        (Some(_), Some(_)) => Err(Refusal::invalid("identity", "goes without a password")),
        (None, None) => Err(Refusal::invalid("password", "is missing")),
    }
}

fn lock(password: Option<KeptSecret>, recipients: &[RecipientText]) -> Result<Lock, Refusal> {
    match password {
        Some(_) if !recipients.is_empty() => {
            Err(Refusal::invalid("recipients", "go without a password"))
        }
        Some(KeptSecret(password)) => {
            let characters = password.expose().chars().count();
            if characters < PASSPHRASE_LEN_MIN {
                let rule = format!("must have at least {PASSPHRASE_LEN_MIN} characters");
                return Err(Refusal::invalid("password", rule));
            }
            if password.expose().len() > PASSPHRASE_LEN_MAX {
                let rule = format!("must have at most {PASSPHRASE_LEN_MAX} bytes");
                return Err(Refusal::invalid("password", rule));
            }
            Ok(Lock::Passphrase(password))
        }
        None if recipients.is_empty() => Err(Refusal::invalid("password", "is missing")),
        None => {
            let parsed = recipients.iter().enumerate().map(|(at, text)| {
                let parsed = text.as_str().parse::<Recipient>();
                parsed
                    .map_err(|rule| Refusal::invalid(format!("recipients[{at}]"), rule.to_string()))
            });
            parsed.collect::<Result<_, Refusal>>().map(Lock::Recipients)
        }
    }
}

/// How a backup is sealed, for the audit log.
fn sealed(lock: &Lock) -> String {
    match lock {
        Lock::Passphrase(_) => "sealed with a passphrase".to_owned(),
        Lock::Recipients(all) => {
            let all: Vec<String> = all.iter().map(ToString::to_string).collect();
            format!("sealed to {}", all.join(", "))
        }
    }
}

/// Whether it is what a guess ends in.
const fn is_guess(error: &ArchiveError) -> bool {
    matches!(error, ArchiveError::Passphrase | ArchiveError::Identity)
}

fn unmade(error: &BackupError) -> Refusal {
    match error {
        BackupError::TooLarge => Refusal::invalid("history", error.to_string()),
        BackupError::Archive(inner @ ArchiveError::Recipients { .. }) => {
            Refusal::invalid("recipients", inner.to_string())
        }
        BackupError::Restless => Refusal::illegal_state(error.to_string()),
        BackupError::Problem(_)
        | BackupError::History(_)
        | BackupError::Secret(_)
        | BackupError::Audit(_)
        | BackupError::AuditKey(_)
        | BackupError::Content(_)
        | BackupError::Archive(_)
        | BackupError::DiskFull
        | BackupError::Write(_)
        | BackupError::Panicked => Refusal::failure(format!("no backup was made: {error}")),
    }
}

fn unopened(error: &OpenError) -> Refusal {
    use ArchiveError::{Identity, Passphrase, WantsIdentity, WantsPassphrase};
    if let OpenError::Archive(ArchiveError::Read(why)) = error {
        return Refusal::failure(format!("{error}: {why}"));
    }
    let field = match error {
        OpenError::Archive(Passphrase | WantsIdentity) => "password",
        OpenError::Archive(Identity | WantsPassphrase) => "identity",
        OpenError::Archive(_)
        | OpenError::Content(_)
        | OpenError::Fault(_)
        | OpenError::Identity => "backup",
    };
    // The causes of content that does not parse may quote it.
    Refusal::invalid(field, error.to_string())
}

fn later(wait: Duration) -> Refusal {
    let kind = ErrorType::ForbiddenRequest;
    Refusal::later(kind, "too many wrong passphrases", wait)
}

fn busy(what: &str) -> Refusal {
    Refusal::later(ErrorType::IllegalState, what, BUSY_TIME)
}

/// Why there is no file for an archive, as the API says it.
pub(super) fn unplaced(error: &NoPlace) -> Refusal {
    match error {
        NoPlace::Busy => busy(&error.to_string()),
        NoPlace::File(error) if file::is_full(error) => {
            Refusal::failure(BackupError::DiskFull.to_string())
        }
        NoPlace::File(error) => Refusal::failure(format!("there is no file for it: {error}")),
    }
}
