//! The task that looks, again and again and whenever something changes.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use underpass_runtime::clock;
use underpass_runtime::tasks::Tasks;
use underpass_shared::alert::{Code, Look};
use underpass_shared::api::management::Drain;
use underpass_shared::hash::Hash256;
use underpass_shared::monitor::Sample;
use underpass_shared::pki::expiry::Expiry;

use super::certificates::{self, Ending};
use super::disks::Volume;
use super::look::{Looker, View};
use super::{Alerts, rules};
use crate::audit::Audit;
use crate::operators::Operators;
use crate::status::StatusBoard;
use crate::store::Snapshot;

/// How often it is looked when nothing changes.
const LOOK_EVERY: Duration = Duration::from_secs(5);
/// Several changes within this time are one look.
const PAUSE: Duration = Duration::from_millis(200);
/// How often the register is kept when nothing has to be delivered, such as after other figures.
const SAVE_EVERY: Duration = Duration::from_secs(60);
/// What was measured longer ago says nothing; four times the interval of measuring.
const SAMPLE_AGE_MAX: Duration = Duration::from_secs(60);

/// Somebody else who looks.
pub(crate) type Source = Box<dyn Fn() -> Look + Send + Sync>;

/// What is looked at.
pub(crate) struct Inputs {
    /// The data directory.
    pub(crate) data_dir: PathBuf,
    /// The folder of traces.
    pub(crate) traces: PathBuf,
    /// The configuration.
    pub(crate) snapshot: watch::Receiver<Arc<Snapshot>>,
    /// Tunnels and the ends of certificates.
    pub(crate) board: StatusBoard,
    /// Whether somebody has all tunnels closed.
    pub(crate) drain: watch::Receiver<Option<Drain>>,
    /// The audit log.
    pub(crate) audit: Audit,
    /// The certificates of operators.
    pub(crate) desk: Operators,
    /// What was measured last.
    pub(crate) sample: watch::Receiver<Arc<Sample>>,
    /// Others who find something.
    pub(crate) sources: Vec<Source>,
}

impl Alerts {
    /// Looks until told to stop.
    pub(crate) async fn run(self, inputs: Inputs, tasks: Tasks) {
        let mut sample = inputs.sample.clone();
        let mut snapshot = inputs.snapshot.clone();
        let (mut links, mut failure) = (inputs.board.subscribe(), inputs.audit.failure());
        let (mut looker, mut seen) = (Looker::new(clock::now()), Seen::default());
        let mut saved = Duration::ZERO;
        loop {
            links.mark_unchanged();
            failure.mark_unchanged();
            let current = Arc::clone(&snapshot.borrow_and_update());
            if sample.has_changed().unwrap_or(false) {
                let sample = Arc::clone(&sample.borrow_and_update());
                seen.sample = Some((sample, clock::monotonic()));
            }
            if current.problem().is_none() {
                self.look(&inputs, &current, &mut looker, &mut seen).await;
            }
            let time = clock::monotonic();
            if self.owes() || time.saturating_sub(saved) >= SAVE_EVERY {
                self.try_save().await;
                saved = time;
            }
            tokio::select! {
                () = tokio::time::sleep(LOOK_EVERY) => {}
                Ok(()) = links.changed() => {}
                Ok(()) = snapshot.changed() => {}
                Ok(()) = sample.changed() => sample.mark_changed(),
                Ok(()) = failure.changed() => {}
                () = self.0.acted.notified() => {}
                () = tasks.stopped() => break,
            }
            tokio::select! {
                () = tokio::time::sleep(PAUSE) => {}
                () = tasks.stopped() => break,
            }
        }
        self.try_save().await;
    }

    async fn look(
        &self,
        inputs: &Inputs,
        current: &Arc<Snapshot>,
        looker: &mut Looker,
        seen: &mut Seen,
    ) {
        let document = current.document();
        seen.update(inputs, current).await;
        let now = clock::now();
        let operators = document.connector().operators().as_slice().iter();
        let operators = operators.filter_map(|one| {
            let end = inputs.desk.records.get(one.id).not_after_ms?;
            Some(Ending::operator(&one.name, end))
        });
        let endings: Vec<Ending> = seen.endings.iter().cloned().chain(operators).collect();
        let sample = seen
            .sample
            .as_ref()
            .filter(|(_, at)| now.monotonic.saturating_sub(*at) <= SAMPLE_AGE_MAX);
        let failure = inputs.audit.failure().borrow().clone();
        let links = inputs.board.links();
        let is_drained = inputs.drain.borrow().is_some();
        let mut others = Look::default();
        for find in &inputs.sources {
            others.join(find());
        }
        let look = looker.look(View {
            now,
            document,
            links: &links,
            is_drained,
            sample: sample.map(|(sample, _)| &**sample),
            volumes: &seen.volumes,
            endings: &endings,
            audit_failure: failure.as_deref(),
            others,
        });
        self.step(now, look, &rules::rules(document.connector()));
    }

    async fn try_save(&self) {
        if let Err(error) = self.save().await {
            let error = format!("{error:#}");
            tracing::warn!(error, "alerts cannot be kept now; it is tried again");
        }
    }
}

/// What is not read anew at each look.
#[derive(Default)]
struct Seen {
    /// With the time when it came.
    sample: Option<(Arc<Sample>, Duration)>,
    volumes: Vec<Volume>,
    endings: Vec<Ending>,
    /// Of what the endings are.
    of: Option<(Hash256, Vec<Expiry>)>,
}

impl Seen {
    async fn update(&mut self, inputs: &Inputs, current: &Arc<Snapshot>) {
        let certificates = inputs.board.certificates();
        let of = (current.document().connector().hash(), certificates);
        let again = self.of.as_ref() != Some(&of);
        let (data_dir, audit) = (inputs.data_dir.clone(), inputs.audit.dir().to_owned());
        let (traces, current) = (inputs.traces.clone(), Arc::clone(current));
        let known = of.1.clone();
        let looked = tokio::task::spawn_blocking(move || {
            let endings = again.then(|| certificates::all(current.document(), &known));
            (volumes(&data_dir, &audit, &traces), endings)
        });
        let Ok((volumes, endings)) = looked.await else {
            // A panic there is told by its hook.
            return;
        };
        self.volumes = volumes;
        if let Some(endings) = endings {
            self.endings = endings;
            self.of = Some(of);
        }
    }
}

fn volumes(data_dir: &Path, audit: &Path, traces: &Path) -> Vec<Volume> {
    vec![
        Volume::look(Code::DiskSpace, data_dir),
        Volume::look(Code::AuditDiskSpace, audit),
        Volume::look(Code::TraceDiskSpace, traces),
    ]
}
