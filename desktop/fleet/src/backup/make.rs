//! One backup, from the agent to the verified file.

use std::io::Seek as _;
use std::path::{Path, PathBuf};

use tokio_util::sync::CancellationToken;
use underpass_runtime::clock;
use underpass_runtime::file::Fresh;
use underpass_runtime::pieces::hash;
use underpass_shared::api::management::{BackupInput, BackupTarget, BackupVerified, Target, Verb};
use underpass_shared::backup::{KeptSecret, Manifest};
use underpass_shared::hash::Hash256;
use underpass_shared::id::AgentId;

use super::{Checked, Disk, Made, Opener, Stage, disk, inspect, verification};
use crate::FleetError;
use crate::api::{Api, Call};

/// What is told of an answer on its way: each of so many parts of it.
const PARTS: u64 = 50;
/// Or each of so many bytes, where its length is not known.
const PIECE: u64 = 1024 * 1024;

/// A backup that is wanted.
pub(crate) struct Order<'a> {
    pub(crate) api: &'a dyn Api,
    pub(crate) agent: AgentId,
    pub(crate) input: &'a BackupInput,
    pub(crate) path: PathBuf,
    pub(crate) replace: bool,
    pub(crate) disk: Disk,
}

/// Why there is none.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Missed {
    /// The user stopped it; no file was written.
    Stopped,
    /// It failed; why.
    Failed(String),
}

impl From<FleetError> for Missed {
    fn from(error: FleetError) -> Self {
        Self::Failed(error.reason())
    }
}

/// Makes it, and tells how far it is.
pub(crate) async fn make(
    order: Order<'_>,
    stop: &CancellationToken,
    told: &(dyn Fn(Stage) + Send + Sync),
) -> Result<Made, Missed> {
    let Order {
        api,
        agent,
        input,
        path,
        replace,
        disk,
    } = order;
    told(Stage::Making);
    let place = path.clone();
    let fresh = disk.run(move || disk::fresh(&place, replace));
    let mut fresh = fresh.await.map_err(Missed::Failed)?;
    let call = Call::new(Verb::Post, Target::Backup(BackupTarget::Archive)).with(input)?;
    let pace = Pace::default();
    let came = move |received, total| {
        if pace.is_worth_telling(received, total) {
            told(Stage::Receiving { received, total });
        }
    };
    tokio::select! {
        biased;
        () = stop.cancelled() => return Err(Missed::Stopped),
        reply = api.save(&call, fresh.file(), &came) => drop(reply?),
    };
    // From here on there is a file: what was begun is brought to its end.
    told(Stage::Writing);
    let place = path.clone();
    let kept = disk.run(move || keep(fresh, &place, agent, replace));
    let Kept {
        manifest,
        sha256,
        len,
    } = kept.await.map_err(Missed::Failed)?;
    told(Stage::Verifying);
    let checked = match &input.password {
        None => Checked::Sealed,
        Some(password) => tokio::select! {
            biased;
            () = stop.cancelled() => Checked::Unopened("its verification was stopped".to_owned()),
            checked = verify(api, password, &manifest, &path) => checked?,
        },
    };
    Ok(Made {
        len,
        path,
        sha256,
        manifest,
        checked,
        at_ms: clock::wall_ms(),
    })
}

/// What was written, as it was read back.
struct Kept {
    manifest: Manifest,
    sha256: Hash256,
    len: u64,
}

fn keep(mut fresh: Fresh, path: &Path, agent: AgentId, replace: bool) -> Result<Kept, String> {
    let file = fresh.file();
    let manifest = inspect(file);
    let manifest = manifest.map_err(|error| format!("the agent's answer is no backup: {error}"))?;
    if manifest.instance != agent.to_string() {
        return Err("the agent's answer is the backup of another agent".to_owned());
    }
    let shown = path.display();
    let written = file.rewind().and_then(|()| hash(file));
    let written = written.map_err(|error| format!("cannot read {shown} back: {error}"))?;
    let (sha256, len) = disk::keep(fresh, path, replace)?;
    if (sha256, len) != written {
        return Err(format!("{shown} does not hold what was written to it"));
    }
    Ok(Kept {
        manifest,
        sha256,
        len,
    })
}

/// Has the agent open what was written.
async fn verify(
    api: &dyn Api,
    password: &KeptSecret,
    manifest: &Manifest,
    path: &Path,
) -> Result<Checked, Missed> {
    let opener = Opener::Passphrase(password.0.clone());
    let call = verification(path.to_owned(), &opener);
    let shown = path.display();
    match api.call(&call).await {
        Ok(reply) => {
            let found: BackupVerified = reply.read()?;
            let head = manifest.revision.as_ref();
            if head.is_none_or(|head| head.hash != found.revision.hash) {
                let reason = format!("{shown} holds another revision than it says");
                return Err(Missed::Failed(reason));
            }
            Ok(Checked::Opened(Box::new(found)))
        }
        Err(error @ FleetError::Refused { .. }) => Err(Missed::Failed(format!(
            "{shown} was written, and cannot be restored: {}",
            error.reason()
        ))),
        Err(error) => Ok(Checked::Unopened(error.reason())),
    }
}

/// Tells of an answer on its way only as often as somebody could see it.
#[derive(Debug, Default)]
struct Pace(std::sync::atomic::AtomicU64);

impl Pace {
    fn is_worth_telling(&self, received: u64, total: Option<u64>) -> bool {
        use std::sync::atomic::Ordering::Relaxed;
        let step = total.map_or(PIECE, |total| (total / PARTS).max(1));
        let is_last = total == Some(received);
        let worth = is_last || received.saturating_sub(self.0.load(Relaxed)) >= step;
        if worth {
            self.0.store(received, Relaxed);
        }
        worth
    }
}
