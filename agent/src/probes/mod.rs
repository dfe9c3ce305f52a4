//! Back ends that are asked from time to time, as their mappings say: by the same guard and the same
//! trust as requests, few at once, spread in time.

mod schedule;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Semaphore, watch};
use tokio::time::timeout;
use underpass_runtime::clock;
use underpass_runtime::tasks::Tasks;
use underpass_shared::alert::{AlertId, Code, Condition, Look};
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
/// Failures in a row before a diagnosis and an alert: one may be a restart.
const FAILURES: u32 = 2;

/// Which mapping.
pub(crate) type Name = (SubaccountKey, VirtualAddress);

/// What back ends answered last. Clones are the same.
#[derive(Clone, Debug, Default)]
pub struct Probes(Arc<Mutex<Book>>);

/// Who is asked, and what was answered.
#[derive(Debug, Default)]
struct Book {
    wanted: BTreeSet<Name>,
    answers: BTreeMap<Name, ProbeShown>,
}

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
        self.book().answers.values().cloned().collect()
    }

    /// What alerts are to be raised of: back ends that failed more than once in a row. Those that
    /// were not asked yet, or not often enough, may be well or not.
    pub fn look(&self) -> Look {
        let mut look = Look::default();
        let book = self.book();
        for (key, address) in &book.wanted {
            let id = AlertId {
                code: Code::BackendDown,
                entity: Entity::Mapping(key.clone(), address.clone()).to_string(),
            };
            match book.answers.get(&(key.clone(), address.clone())) {
                Some(one) if one.up => {}
                Some(one) if one.failures >= FAILURES => {
                    let (failures, message) = (one.failures, &one.message);
                    look.conditions.push(Condition {
                        id,
                        text: format!("it failed {failures} times in a row: {message}"),
                        because_of: None,
                        days_left: None,
                    });
                }
                Some(_) | None => drop(look.undecided.insert(id)),
            }
        }
        look
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Follows who is asked, and forgets those that are asked no more.
    fn follow(&self, schedule: &Schedule, meter: &Meter) {
        let mut book = self.book();
        book.wanted = schedule.names().cloned().collect();
        book.answers.retain(|name, _| {
            let stays = schedule.has(name);
            if !stays {
                let (key, address) = name;
                meter.probed(key, address, None);
            }
            stays
        });
    }

    /// Takes an answer down; how many failures in a row there are now.
    fn answered(&self, name: &Name, (up, message): (bool, String), millis: u64) -> u32 {
        let (key, virtual_address) = name.clone();
        let now_ms = clock::wall_ms();
        let mut book = self.book();
        let before = book.answers.get(name);
        let since_ms = before.filter(|one| one.up == up).map(|one| one.since_ms);
        let failures = match before {
            _ if up => 0,
            Some(one) => one.failures.saturating_add(1),
            None => 1,
        };
        let shown = ProbeShown {
            key,
            virtual_address,
            up,
            since_ms: since_ms.unwrap_or(now_ms),
            checked_ms: now_ms,
            millis,
            failures,
            message,
        };
        book.answers.insert(name.clone(), shown);
        failures
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
    probes.follow(&schedule, &means.meter);
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
                probes.follow(&schedule, &means.meter);
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
        self.means.meter.probed(key, address, Some(result.0));
        let millis = u64::try_from(took).unwrap_or(u64::MAX);
        let failures = self.probes.answered(&name, result.clone(), millis);
        let diagnoses = &self.means.diagnoses;
        match kind {
            Some(kind) if failures >= FAILURES => {
                diagnoses.probe_failed(kind, key, address, &result.1);
            }
            Some(_) => {}
            None => diagnoses.probe_answered(key, address),
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_failure_is_no_alert_and_who_was_not_asked_may_be_well_or_not() {
        let probes = Probes::default();
        let key = SubaccountKey {
            region_host: "gate.example".parse().unwrap(),
            subaccount: "0190a5a2-6d0e-7cc0-8000-000000000001".parse().unwrap(),
            location_id: "".parse().unwrap(),
        };
        let name: Name = (key, "erp:443".parse().unwrap());
        probes.book().wanted.insert(name.clone());
        let answer = |up: bool| probes.answered(&name, (up, "it refuses".to_owned()), 7);
        let look = || {
            let look = probes.look();
            (look.conditions.len(), look.undecided.len())
        };
        assert_eq!(look(), (0, 1));
        answer(false);
        assert_eq!(look(), (0, 1));
        answer(false);
        assert_eq!(look(), (1, 0));
        let text = probes.look().conditions.remove(0).text;
        assert_eq!(text, "it failed 2 times in a row: it refuses");
        answer(true);
        assert_eq!(look(), (0, 0));
        answer(false);
        assert_eq!(look(), (0, 1));
        probes.book().wanted.clear();
        assert_eq!(look(), (0, 0));
    }
}
