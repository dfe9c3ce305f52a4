//! One backup, from the agent to the verified file.

use std::path::PathBuf;

use bytes::Bytes;
use tokio_util::sync::CancellationToken;
use underpass_runtime::clock;
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
    let ready = disk.run(move || disk::ready(&place, replace));
    ready.await.map_err(Missed::Failed)?;
    let call = Call::new(Verb::Post, Target::Backup(BackupTarget::Archive)).with(input)?;
    let pace = Pace::default();
    let came = move |received, total| {
        if pace.is_worth_telling(received, total) {
            told(Stage::Receiving { received, total });
        }
    };
    let reply = tokio::select! {
        biased;
        () = stop.cancelled() => return Err(Missed::Stopped),
        reply = api.fetch(&call, &came) => reply?,
    };
    // From here on there is a file: what was begun is brought to its end.
    told(Stage::Writing);
    let (place, body) = (path.clone(), reply.body);
    let kept = disk.run(move || keep(&place, &body, agent, replace));
    let Kept {
        manifest,
        sha256,
        bytes,
    } = kept.await.map_err(Missed::Failed)?;
    told(Stage::Verifying);
    let checked = match &input.password {
        None => Checked::Sealed,
        Some(password) => tokio::select! {
            biased;
            () = stop.cancelled() => Checked::Unopened("its verification was stopped".to_owned()),
            checked = verify(api, &bytes, password, &manifest, &path) => checked?,
        },
    };
    Ok(Made {
        len: u64::try_from(bytes.len()).unwrap_or(u64::MAX),
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
    bytes: Vec<u8>,
}

fn keep(
    path: &std::path::Path,
    body: &Bytes,
    agent: AgentId,
    replace: bool,
) -> Result<Kept, String> {
    let manifest = inspect(body);
    let manifest = manifest.map_err(|error| format!("the agent's answer is no backup: {error}"))?;
    if manifest.instance != agent.to_string() {
        return Err("the agent's answer is the backup of another agent".to_owned());
    }
    let sha256 = Hash256::of(body);
    let bytes = disk::keep(path, body, replace)?;
    if Hash256::of(&bytes) != sha256 {
        let shown = path.display();
        return Err(format!("{shown} does not hold what was written to it"));
    }
    Ok(Kept {
        manifest,
        sha256,
        bytes,
    })
}

/// Has the agent open what was written.
async fn verify(
    api: &dyn Api,
    bytes: &[u8],
    password: &KeptSecret,
    manifest: &Manifest,
    path: &std::path::Path,
) -> Result<Checked, Missed> {
    let call = verification(bytes, &Opener::Passphrase(password.0.clone()));
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
