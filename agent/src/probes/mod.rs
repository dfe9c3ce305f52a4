//! Back ends that are asked from time to time, as their mappings say: by the same guard and the same
//! trust as requests, few at once, spread in time.

mod schedule;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Semaphore, watch};
use tokio::time::timeout;
use underpass_runtime::clock;
use underpass_runtime::tasks::Tasks;
use underpass_shared::alert::{AlertId, Code, Condition};
use underpass_shared::api::management::{CheckOutcome, CheckStep, ConnectionCheck, ProbeShown};
use underpass_shared::config::{MappingPart, Probe, SubaccountKey};
use underpass_shared::diagnosis::Kind;
use underpass_shared::host::VirtualAddress;
use underpass_shared::monitor::Entity;

use self::schedule::Schedule;
use crate::diagnosis::Diagnoses;
use crate::forward::{OwnListeners, Wanted, check};
use crate::measure::Meter;
use crate::secrets::SecretStore;
use crate::store::Snapshot;

/// Probes at once: each is a connection, most of them short.
const AT_ONCE: usize = 8;
/// How soon it is looked again where all places are taken.
const CROWDED: Duration = Duration::from_millis(100);
/// Failures in a row before an alert: one may be a restart.
const FAILURES: u32 = 2;

/// Which mapping.
pub(crate) type Name = (SubaccountKey, VirtualAddress);

/// What back ends answered last. Clones are the same.
#[derive(Clone, Debug, Default)]
pub struct Probes(Arc<Mutex<BTreeMap<Name, ProbeShown>>>);

/// What asking needs.
pub(crate) struct Means {
    pub(crate) secrets: SecretStore,
    pub(crate) own: OwnListeners,
    pub(crate) diagnoses: Diagnoses,
    pub(crate) meter: Meter,
    pub(crate) tasks: Tasks,
}

impl Probes {
    /// All that were asked, by subaccount and mapping.
    pub fn list(&self) -> Vec<ProbeShown> {
        self.all().values().cloned().collect()
    }

    /// What alerts are to be raised of: back ends that failed more than once in a row.
    pub fn conditions(&self) -> Vec<Condition> {
        let down = self
            .list()
            .into_iter()
            .filter(|one| one.failures >= FAILURES);
        let condition = |one: ProbeShown| {
            let entity = Entity::Mapping(one.key, one.virtual_address).to_string();
            Condition {
                id: AlertId {
                    code: Code::BackendDown,
                    entity,
                },
                text: format!("it failed {} times in a row: {}", one.failures, one.message),
                because_of: None,
                days_left: None,
            }
        };
        down.map(condition).collect()
    }

    fn all(&self) -> MutexGuard<'_, BTreeMap<Name, ProbeShown>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Forgets those that are asked no more.
    fn forget(&self, schedule: &Schedule, meter: &Meter) {
        self.all().retain(|name, _| {
            let stays = schedule.has(name);
            if !stays {
                let (key, address) = name;
                meter.probed(key, address, None);
            }
            stays
        });
    }

    /// Takes an answer down.
    fn answered(&self, name: &Name, (up, message): (bool, String), millis: u64) {
        let (key, virtual_address) = name.clone();
        let now_ms = clock::wall_ms();
        let mut all = self.all();
        let before = all.get(name);
        let since_ms = before.filter(|one| one.up == up).map(|one| one.since_ms);
        let failures = before.map_or(0, |one| one.failures);
        let shown = ProbeShown {
            key,
            virtual_address,
            up,
            since_ms: since_ms.unwrap_or(now_ms),
            checked_ms: now_ms,
            millis,
            failures: if up { 0 } else { failures.saturating_add(1) },
            message,
        };
        all.insert(name.clone(), shown);
    }
}

/// Asks until told to stop.
pub(crate) async fn run(
    probes: Probes,
    mut snapshot: watch::Receiver<Arc<Snapshot>>,
    means: Means,
) {
    let (places, means) = (Arc::new(Semaphore::new(AT_ONCE)), Arc::new(means));
    let mut schedule = Schedule::default();
    let mut current = Arc::clone(&snapshot.borrow_and_update());
    schedule.follow(&current, clock::monotonic());
    loop {
        let mut pause = schedule.next(clock::monotonic());
        if pause.is_some_and(|pause| pause.is_zero()) {
            match Arc::clone(&places).try_acquire_owned() {
                Ok(place) => {
                    if let Some((name, mapping, probe)) = schedule.take(clock::monotonic()) {
                        let asking = Asking {
                            probes: probes.clone(),
                            snapshot: Arc::clone(&current),
                            latest: snapshot.clone(),
                            means: Arc::clone(&means),
                        };
                        means.tasks.spawn("probe", async move {
                            asking.ask(name, &mapping, &probe).await;
                            drop(place);
                        });
                    }
                    continue;
                }
                Err(_taken) => pause = Some(CROWDED),
            }
        }
        let wait = async {
            match pause {
                Some(pause) => tokio::time::sleep(pause).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = wait => {}
            changed = snapshot.changed() => {
                if changed.is_err() {
                    return;
                }
                current = Arc::clone(&snapshot.borrow_and_update());
                schedule.follow(&current, clock::monotonic());
                probes.forget(&schedule, &means.meter);
            }
            () = means.tasks.stopped() => return,
        }
    }
}

/// One probe on its way.
struct Asking {
    probes: Probes,
    snapshot: Arc<Snapshot>,
    latest: watch::Receiver<Arc<Snapshot>>,
    means: Arc<Means>,
}

impl Asking {
    async fn ask(self, name: Name, mapping: &MappingPart, probe: &Probe) {
        let wanted = Wanted {
            mapping,
            connector: self.snapshot.document().connector(),
            secrets: &self.means.secrets,
            own: &self.means.own,
            path: probe.path.as_ref(),
        };
        let begin = clock::monotonic();
        let seconds = probe.timeout_sec.get();
        let time = Duration::from_secs(seconds.into());
        let report = timeout(time, check(wanted, &self.means.tasks)).await;
        let (kind, result) = match report {
            Ok(report) => judge(&report, probe),
            Err(_elapsed) => {
                let message = format!("no answer within {seconds} s");
                (Some(Kind::BackendSlow), (false, message))
            }
        };
        let took = clock::monotonic().saturating_sub(begin).as_millis();
        let (key, address) = &name;
        if !self.is_wanted(&name) {
            return;
        }
        let diagnoses = &self.means.diagnoses;
        match kind {
            Some(kind) => diagnoses.probe_failed(kind, key, address, &result.1),
            None => diagnoses.probe_answered(key, address),
        }
        self.means.meter.probed(key, address, Some(result.0));
        let millis = u64::try_from(took).unwrap_or(u64::MAX);
        self.probes.answered(&name, result, millis);
    }
}

impl Asking {
    /// Whether it is still to be asked.
    fn is_wanted(&self, (key, address): &Name) -> bool {
        let latest = self.latest.borrow();
        let host = address.host.to_string();
        let found = latest.document().subaccount(key);
        let mapping = found.and_then(|one| one.mapping(&host, address.port.get()));
        mapping.is_some_and(|mapping| mapping.probe.is_some())
    }
}

/// Whether it answered well, and else which diagnosis it is.
fn judge(report: &ConnectionCheck, probe: &Probe) -> (Option<Kind>, (bool, String)) {
    let Some(last) = report.steps.last() else {
        return (
            Some(Kind::BackendSlow),
            (false, "nothing was asked".to_owned()),
        );
    };
    // Without a path any answer shows that it is there.
    let is_good = last.outcome == CheckOutcome::Ok || probe.path.is_none();
    if report.reachable && is_good {
        return (None, (true, last.seen.clone()));
    }
    let kind = match last.step {
        CheckStep::NameResolution => Kind::BackendName,
        CheckStep::TargetGuard => Kind::BackendGuarded,
        CheckStep::Connection => Kind::BackendRefuses,
        CheckStep::Tls => Kind::BackendTls,
        CheckStep::Http => Kind::BackendSlow,
    };
    (Some(kind), (false, last.seen.clone()))
}
