//! Backups of made-up agents into real files.

use std::sync::{Arc, Mutex};

use bytes::Bytes;
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use tokio_util::sync::CancellationToken;
use underpass_runtime::archive::Identity;
use underpass_shared::backup::KeptSecret;

use super::*;
use crate::api::{Api, Events};
use crate::demo::{Clock, SEED, cast};
use crate::snapshot::Sample;
use crate::{FleetError, Reply};

const PASSPHRASE: &str = "correct horse battery";

/// A made-up agent whose backups arrive as somebody left them.
struct Agent {
    id: AgentId,
    inner: Arc<dyn Api>,
    spoil: fn(&Call, Reply) -> Result<Reply, FleetError>,
}

impl Api for Agent {
    fn call<'a>(&'a self, call: &'a Call) -> BoxFuture<'a, Result<Reply, FleetError>> {
        async move { (self.spoil)(call, self.inner.call(call).await?) }.boxed()
    }

    fn events(&self, after: Option<u64>) -> BoxFuture<'_, Result<Events, FleetError>> {
        self.inner.events(after)
    }

    fn samples(&self, since_ms: i64) -> BoxFuture<'_, Result<Vec<Sample>, FleetError>> {
        self.inner.samples(since_ms)
    }
}

fn agent(spoil: fn(&Call, Reply) -> Result<Reply, FleetError>) -> Agent {
    let clock: Clock = Arc::new(|| 1_767_225_600_000);
    let actor = cast(SEED, &clock).remove(0);
    Agent {
        id: actor.id(),
        inner: actor.api(),
        spoil,
    }
}

/// One whose backups arrive whole.
fn sound() -> Agent {
    agent(|_call, reply| Ok(reply))
}

fn is_archive(call: &Call) -> bool {
    call.target == Target::Backup(BackupTarget::Archive)
}

fn with_password() -> BackupInput {
    BackupInput {
        password: Some(KeptSecret::new(PASSPHRASE.to_owned())),
        ..BackupInput::default()
    }
}

/// What came of a backup, and the stages it went through.
fn run(
    agent: &Agent,
    input: &BackupInput,
    path: &std::path::Path,
    replace: bool,
    stop: &CancellationToken,
) -> (Result<Made, Missed>, Vec<Stage>) {
    let stages = Mutex::new(vec![]);
    let order = Order {
        api: agent,
        agent: agent.id,
        input,
        path: path.to_owned(),
        replace,
        disk: Disk::Here,
    };
    let told = |stage| stages.lock().unwrap().push(stage);
    let made = make(order, stop, &told).now_or_never().unwrap();
    (made, stages.into_inner().unwrap())
}

#[test]
fn a_backup_is_written_and_opened_by_the_agent() {
    let folder = tempfile::tempdir().unwrap();
    let (path, stop) = (folder.path().join("a.zip"), CancellationToken::new());
    let (made, stages) = run(&sound(), &with_password(), &path, false, &stop);
    let made = made.unwrap();
    assert_eq!(stages, [Stage::Making, Stage::Writing, Stage::Verifying]);
    let bytes = std::fs::read(&path).unwrap();
    assert_eq!(made.sha256, Hash256::of(&bytes));
    assert_eq!(
        inspect(&mut std::io::Cursor::new(&bytes)).unwrap(),
        made.manifest
    );
    let Checked::Opened(found) = &made.checked else {
        panic!("{:?}", made.checked);
    };
    assert!(found.own && found.subaccounts > 0 && found.changes == 0);
    // A file that is there stays, and the agent is not asked at all.
    let (again, stages) = run(&sound(), &with_password(), &path, false, &stop);
    assert!(matches!(again, Err(Missed::Failed(reason)) if reason.contains("exists already")));
    assert_eq!(stages, [Stage::Making]);
    let (again, _) = run(&sound(), &with_password(), &path, true, &stop);
    assert_ne!(again.unwrap().sha256, made.sha256);
}

#[test]
fn what_is_sealed_to_a_key_is_opened_by_that_key_alone() {
    let folder = tempfile::tempdir().unwrap();
    let (path, stop) = (folder.path().join("a.zip"), CancellationToken::new());
    let identity = Identity::generate();
    let input = BackupInput {
        recipients: vec![identity.recipient().to_string().parse().unwrap()],
        ..BackupInput::default()
    };
    let agent = sound();
    let (made, _) = run(&agent, &input, &path, false, &stop);
    assert!(matches!(made.unwrap().checked, Checked::Sealed));
    let ask = |opener| {
        let call = verification(path.clone(), &opener);
        let answer = agent.call(&call).now_or_never();
        answer.unwrap()
    };
    assert!(ask(Opener::Identity(identity.to_text())).is_ok());
    let other = ask(Opener::Identity(Identity::generate().to_text()));
    assert!(
        other
            .unwrap_err()
            .reason()
            .contains("not sealed to this identity")
    );
    let none = ask(Opener::Passphrase(Secret::new(PASSPHRASE.to_owned())));
    assert!(none.is_err());
}

#[test]
fn what_is_no_backup_of_the_agent_leaves_no_file() {
    let folder = tempfile::tempdir().unwrap();
    let (path, stop) = (folder.path().join("a.zip"), CancellationToken::new());
    let damaged = agent(|call, mut reply| {
        if is_archive(call) {
            let mut bytes = reply.body.to_vec();
            let at = bytes.len() / 2;
            bytes[at] ^= 1;
            reply.body = Bytes::from(bytes);
        }
        Ok(reply)
    });
    let (made, _) = run(&damaged, &with_password(), &path, false, &stop);
    assert!(matches!(made, Err(Missed::Failed(reason)) if reason.contains("no backup")));
    let mut other = sound();
    other.id = AgentId::of_authority(&[9; 32]);
    let (made, _) = run(&other, &with_password(), &path, false, &stop);
    assert!(matches!(made, Err(Missed::Failed(reason)) if reason.contains("another agent")));
    stop.cancel();
    let (made, _) = run(&sound(), &with_password(), &path, false, &stop);
    assert_eq!(made.unwrap_err(), Missed::Stopped);
    assert!(!path.exists());
}

#[test]
fn a_file_that_cannot_be_opened_is_told_from_one_that_was_not() {
    let folder = tempfile::tempdir().unwrap();
    let (path, stop) = (folder.path().join("a.zip"), CancellationToken::new());
    let lost = agent(|call, reply| {
        if is_archive(call) {
            return Ok(reply);
        }
        Err(FleetError::Silent)
    });
    let (made, _) = run(&lost, &with_password(), &path, false, &stop);
    assert!(
        matches!(made.unwrap().checked, Checked::Unopened(reason) if reason.contains("silent"))
    );
    let refused = agent(|call, reply| {
        if is_archive(call) {
            return Ok(reply);
        }
        let refusal = underpass_shared::api::management::Refusal::invalid("backup", "is broken");
        let (status, body) = (refusal.status, refusal.body);
        Err(FleetError::Refused { status, body })
    });
    let (made, _) = run(&refused, &with_password(), &path, true, &stop);
    assert!(matches!(made, Err(Missed::Failed(reason)) if reason.contains("cannot be restored")));
}
