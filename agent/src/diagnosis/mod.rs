//! What the agent sees going wrong: told by the parts that see it, kept in one bounded list.

mod look;
mod outdated;
mod tunnel;
mod used;

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use underpass_runtime::clock;
use underpass_shared::alert::{Alert, Code, Condition};
use underpass_shared::config::SubaccountKey;
use underpass_shared::diagnosis::{Diagnoses as Shown, Diagnosis, Kind, Register};
use underpass_shared::host::VirtualAddress;
use underpass_shared::id::RegionHost;
use underpass_shared::monitor::Entity;

pub(crate) use self::look::run;
use self::used::Used;
use crate::alerts;
use crate::tunnel::Route;
use crate::tunnel::dial::DialError;

/// How far the clocks may be apart: tokens and certificates of a few minutes still work then.
const SKEW_MAX: Duration = Duration::from_secs(30);
/// What a connection to a back end that works has solved, of its mapping.
const OF_CONNECTIONS: &[Kind] = &[
    Kind::BackendName,
    Kind::BackendGuarded,
    Kind::BackendRefuses,
    Kind::BackendTls,
    Kind::BackendSlow,
    Kind::MappingUnused,
];
/// And what a probe has solved that was answered well.
const OF_PROBES: &[Kind] = &[
    Kind::BackendName,
    Kind::BackendGuarded,
    Kind::BackendRefuses,
    Kind::BackendTls,
    Kind::BackendSlow,
];
/// What a tunnel that is up has solved of its gateway.
const OF_TUNNELS: &[Kind] = &[Kind::GatewayName, Kind::GatewayAway, Kind::GatewayTls];
/// And of the proxy that it goes through.
const OF_PROXIES: &[Kind] = &[Kind::ProxyAway, Kind::ProxyLogin, Kind::ProxyRefuses];

/// The diagnoses of this agent. Clones are the same.
#[derive(Clone, Debug, Default)]
pub struct Diagnoses(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    register: Mutex<Register>,
    /// How many there are of back ends, so that new connections need not look while there are none.
    backends: AtomicUsize,
    used: Mutex<Used>,
}

impl Diagnoses {
    /// Of an agent with a data directory, which remembers what mappings were used.
    pub fn open(data_dir: &Path) -> Self {
        let used = Used::open(data_dir, clock::wall_ms());
        Self(Arc::new(Inner {
            used: Mutex::new(used),
            ..Inner::default()
        }))
    }

    /// Takes up what was wrong when the agent ended, by the alerts that stand: it is so until it is
    /// seen to be over, or was not seen for a day.
    pub(crate) fn recall(&self, standing: &[Alert]) {
        let mut register = self.register();
        for alert in standing.iter().filter(|one| one.id.code == Code::Diagnosis) {
            let told = alert.id.entity.as_str();
            let (kind, entity) = told.split_once(' ').unwrap_or((told, ""));
            let Some(kind) = Kind::ALL.iter().find(|one| one.name() == kind) else {
                continue;
            };
            let title = format!("{}: ", kind.title());
            let message = alert.text.strip_prefix(&title).unwrap_or(&alert.text);
            for _ in 0..kind.after() {
                register.happened(*kind, entity, message, clock::now());
            }
        }
        self.count(&register);
    }

    /// All of them.
    pub fn list(&self) -> Shown {
        let mut register = self.register();
        register.age(clock::now());
        register.list()
    }

    /// Deletes one; whether it was there.
    pub fn delete(&self, id: u64) -> bool {
        self.register().delete(id)
    }

    /// What alerts are to be raised of: one condition for each diagnosis, unless there are alerts
    /// of its own. What is behind a tunnel or a system that is down is told with that.
    pub(crate) fn conditions(&self, down: &[SubaccountKey]) -> Vec<Condition> {
        let list = self.list().diagnoses;
        let told = list.iter().filter(|one| one.kind != Kind::CertificateEnds);
        told.map(|one| condition(one, down)).collect()
    }

    /// A back end was not reached, or did not answer.
    pub(crate) fn backend_failed(
        &self,
        kind: Kind,
        key: &SubaccountKey,
        address: &VirtualAddress,
        message: &str,
    ) {
        self.0.used().used(key, address);
        let entity = Entity::Mapping(key.clone(), address.clone()).to_string();
        self.tell(kind, &entity, message);
    }

    /// A new connection to a back end works.
    pub(crate) fn backend_connected(&self, key: &SubaccountKey, address: &VirtualAddress) {
        self.0.used().used(key, address);
        self.works(OF_CONNECTIONS, key, address);
    }

    /// The same by a probe, which is no use.
    pub(crate) fn probe_failed(
        &self,
        kind: Kind,
        key: &SubaccountKey,
        address: &VirtualAddress,
        message: &str,
    ) {
        let entity = Entity::Mapping(key.clone(), address.clone()).to_string();
        self.tell(kind, &entity, message);
    }

    /// A probe was answered well.
    pub(crate) fn probe_answered(&self, key: &SubaccountKey, address: &VirtualAddress) {
        self.works(OF_PROBES, key, address);
    }

    fn works(&self, solved: &[Kind], key: &SubaccountKey, address: &VirtualAddress) {
        if self.0.backends.load(Ordering::Relaxed) == 0 {
            return;
        }
        let entity = Entity::Mapping(key.clone(), address.clone()).to_string();
        let mut register = self.register();
        register.solved(solved, &entity);
        self.count(&register);
    }

    /// A path of a system that is mapped was denied.
    pub(crate) fn path_denied(&self, key: &SubaccountKey, address: VirtualAddress) {
        let message = "requests for paths that no resource allows are denied";
        let entity = Entity::Mapping(key.clone(), address).to_string();
        self.tell(Kind::PathDenied, &entity, message);
    }

    /// A gateway was not reached by a tunnel.
    pub(crate) fn tunnel_failed(&self, error: &DialError) {
        let (kind, entity) = tunnel::of(error);
        let message = tunnel::words(error);
        self.tell(kind, &entity, &message);
    }

    /// A tunnel is up, and its gateway told its time.
    pub(crate) fn tunnel_up(&self, host: &RegionHost, route: &Route, gateway_ms: Option<i64>) {
        let host = host.to_string();
        let mut register = self.register();
        register.solved(OF_TUNNELS, &host);
        if let Route::Proxy(proxy) = route {
            register.solved(OF_PROXIES, &proxy.to_string());
        }
        let Some(off) = gateway_ms.map(|gateway_ms| clock::wall_ms().saturating_sub(gateway_ms))
        else {
            return;
        };
        if Duration::from_millis(off.unsigned_abs()) <= SKEW_MAX {
            register.solved(&[Kind::ClockSkew], &host);
            return;
        }
        let direction = if off > 0 { "ahead of" } else { "behind" };
        let seconds = off.unsigned_abs() / 1_000;
        let message = format!("this host's clock is {seconds} s {direction} that of {host}");
        register.happened(Kind::ClockSkew, &host, &message, clock::now());
    }

    fn tell(&self, kind: Kind, entity: &str, message: &str) {
        let mut register = self.register();
        register.happened(kind, entity, message, clock::now());
        self.count(&register);
    }

    fn count(&self, register: &Register) {
        let count = register.count(OF_CONNECTIONS);
        self.0.backends.store(count, Ordering::Relaxed);
    }

    fn register(&self) -> MutexGuard<'_, Register> {
        let register = self.0.register.lock();
        register.unwrap_or_else(PoisonError::into_inner)
    }
}

/// The alert of a diagnosis, while the tunnels of some subaccounts are down.
fn condition(one: &Diagnosis, down: &[SubaccountKey]) -> Condition {
    let entity = match one.entity.as_str() {
        "" => one.kind.to_string(),
        entity => format!("{} {entity}", one.kind),
    };
    let text = format!("{}: {}", one.title, one.message);
    let told = alerts::condition(Code::Diagnosis, entity, text);
    let mut down = down.iter();
    let tunnel = if OF_TUNNELS.contains(&one.kind) {
        down.find(|key| key.region_host.to_string() == one.entity)
    } else if OF_PROXIES.contains(&one.kind) {
        down.next()
    } else {
        None
    };
    match tunnel {
        Some(key) => alerts::without_tunnel(key, told),
        None if OF_PROBES.contains(&one.kind) => alerts::without_backend(&one.entity, told),
        None => told,
    }
}

impl Inner {
    fn used(&self) -> MutexGuard<'_, Used> {
        self.used.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> SubaccountKey {
        SubaccountKey {
            region_host: "gate.example".parse().unwrap(),
            subaccount: "0190a5a2-6d0e-7cc0-8000-000000000001".parse().unwrap(),
            location_id: "".parse().unwrap(),
        }
    }

    fn kinds(diagnoses: &Diagnoses) -> Vec<Kind> {
        let list = diagnoses.list().diagnoses;
        list.iter().map(|one| one.kind).collect()
    }

    #[test]
    fn a_connection_that_works_solves_what_was_wrong_with_its_mapping() {
        let diagnoses = Diagnoses::default();
        let (erp, crm) = ("erp:443".parse().unwrap(), "crm:443".parse().unwrap());
        diagnoses.backend_failed(Kind::BackendRefuses, &key(), &erp, "refused");
        diagnoses.backend_connected(&key(), &crm);
        assert_eq!(kinds(&diagnoses), [Kind::BackendRefuses]);
        let conditions = diagnoses.conditions(&[]);
        let id = &conditions[0].id;
        assert_eq!(id.code, Code::Diagnosis);
        assert!(
            id.entity
                .starts_with("backendRefuses mapping:gate.example/")
                && id.entity.ends_with("/erp:443"),
            "{id}"
        );
        // A system that is down is told once.
        let cause = conditions[0].because_of.as_ref().unwrap();
        assert_eq!(cause.code, Code::BackendDown);
        assert!(id.entity.ends_with(&cause.entity), "{cause}");
        diagnoses.backend_connected(&key(), &erp);
        assert!(kinds(&diagnoses).is_empty());
        assert_eq!(diagnoses.0.backends.load(Ordering::Relaxed), 0);
    }

    #[test]
    fn what_was_wrong_before_a_restart_is_so_until_it_is_seen_to_be_over() {
        let (erp, before) = ("erp:443".parse().unwrap(), Diagnoses::default());
        before.backend_failed(Kind::BackendTls, &key(), &erp, "no trust");
        for _ in 0..Kind::PathDenied.after() {
            before.path_denied(&key(), erp.clone());
        }
        let conditions = before.conditions(&[]);
        let alerts: Vec<Alert> = conditions.iter().map(alert).collect();
        let after = Diagnoses::default();
        after.recall(&alerts);
        // The order is that of the clock, which may tick between two of them.
        let sorted = |mut all: Vec<Condition>| {
            all.sort_by(|one, other| one.id.entity.cmp(&other.id.entity));
            all
        };
        assert_eq!(sorted(after.conditions(&[])), sorted(conditions));
        after.backend_connected(&key(), &erp);
        assert_eq!(kinds(&after), [Kind::PathDenied]);
    }

    /// The alert of a condition.
    fn alert(of: &Condition) -> Alert {
        let alert = serde_json::json!({
            "number": 1, "code": of.id.code, "entity": of.id.entity, "text": of.text,
            "category": of.id.code.category(), "severity": of.id.code.severity(),
            "title": "", "remedy": "", "sinceMs": 0, "hides": 0,
        });
        serde_json::from_value(alert).unwrap()
    }

    #[test]
    fn what_is_behind_a_tunnel_that_is_down_follows_from_it() {
        let diagnoses = Diagnoses::default();
        let host = key().region_host;
        let source = std::io::Error::other("refused");
        diagnoses.tunnel_failed(&DialError::Connect { host, source });
        let proxy = "proxy.corp:3128".to_owned();
        let source = std::io::Error::other("refused");
        diagnoses.tunnel_failed(&DialError::ConnectProxy { proxy, source });
        let causes = |down: &[SubaccountKey]| {
            let conditions = diagnoses.conditions(down).into_iter();
            let causes = conditions.filter_map(|one| Some(one.because_of?.entity));
            causes.collect::<Vec<_>>()
        };
        let tunnel = Entity::Tunnel(key()).to_string();
        assert_eq!(causes(&[]), [""; 0]);
        assert_eq!(causes(&[key()]), [tunnel.clone(), tunnel]);
        // Another gateway's tunnel has no part in this one.
        let other = SubaccountKey {
            region_host: "other.example".parse().unwrap(),
            ..key()
        };
        assert_eq!(causes(&[other]).len(), 1);
    }

    #[test]
    fn clocks_may_be_apart_by_half_a_minute_in_both_directions() {
        let diagnoses = Diagnoses::default();
        let host: RegionHost = "gate.example".parse().unwrap();
        let up = |off: i64| {
            let gateway_ms = clock::wall_ms() + off;
            diagnoses.tunnel_up(&host, &Route::Direct, Some(gateway_ms));
            let list = diagnoses.list().diagnoses;
            list.first().map(|one| one.message.clone())
        };
        assert_eq!(up(-20_000), None);
        let ahead = up(-100_000).unwrap();
        assert!(ahead.contains("100 s ahead of"), "{ahead}");
        assert_eq!(up(25_000), None, "it is right again");
        let behind = up(86_400_000).unwrap();
        assert!(behind.contains(" s behind"), "{behind}");
        diagnoses.tunnel_up(&host, &Route::Direct, None);
        assert_eq!(
            kinds(&diagnoses),
            [Kind::ClockSkew],
            "an old gateway tells no time"
        );
    }
}
