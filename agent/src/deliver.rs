//! Delivery of alerts: the courier with what it needs from the agent.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use tokio::sync::watch;
use underpass_alerting::{Courier, Receiver, Sender, Settings, Store, Surroundings};
use underpass_runtime::net;
use underpass_runtime::tasks::Tasks;
use underpass_shared::alert::{AlertId, Code, Condition, DeliveryState, Look};
use underpass_shared::config::Document;
use underpass_shared::policy::target::{self, TargetDenied};

use crate::forward::OwnListeners;
use crate::secrets::SecretStore;
use crate::store::Snapshot;
use crate::utc::utc;

/// What the product calls itself towards receivers.
const PRODUCT: &str = "underpass-agent";

/// Opens the store of alerts. Without it the agent goes on, but nobody is told of anything.
pub fn open(data_dir: &Path) -> Option<Store> {
    Store::open(data_dir)
        .inspect_err(|error| {
            let error: &dyn std::error::Error = error;
            tracing::error!(error, "alerts are neither kept nor delivered");
        })
        .ok()
}

/// The delivery of a running agent. Clones are the same.
#[derive(Clone, Debug)]
pub struct Delivery {
    store: Store,
    courier: Courier,
    settings: watch::Sender<Arc<Settings>>,
    snapshot: watch::Receiver<Arc<Snapshot>>,
}

impl Delivery {
    /// A courier that follows the configuration.
    pub fn new(
        store: Store,
        snapshot: watch::Receiver<Arc<Snapshot>>,
        secrets: SecretStore,
        listeners: OwnListeners,
    ) -> Self {
        let (settings, followed) = watch::channel(Arc::new(settings(snapshot.borrow().document())));
        let guarded = snapshot.clone();
        let surroundings = Surroundings {
            secrets: Arc::new(move |id| secrets.load(id).map_err(|error| format!("{error:#}"))),
            guard: Arc::new(move |receiver, address| {
                guard(receiver, address, guarded.borrow().document(), &listeners)
            }),
        };
        Self {
            courier: Courier::new(store.clone(), followed, surroundings),
            store,
            settings,
            snapshot,
        }
    }

    /// Where alerts are kept.
    pub const fn store(&self) -> &Store {
        &self.store
    }

    /// The courier.
    pub const fn courier(&self) -> &Courier {
        &self.courier
    }

    /// Delivers until the tasks are told to stop. Where the configuration cannot be used, what waits
    /// goes on waiting: of channels that there are none of, the notices would be deleted.
    pub async fn run(self, tasks: Tasks) {
        if self.snapshot.borrow().known().is_none() {
            return tasks.stopped().await;
        }
        let follow = follow(self.snapshot, self.settings, &tasks);
        tokio::join!(follow, self.courier.run(tasks.clone()));
    }
}

/// Lets the settings follow the configuration.
async fn follow(
    mut snapshot: watch::Receiver<Arc<Snapshot>>,
    settings: watch::Sender<Arc<Settings>>,
    tasks: &Tasks,
) {
    loop {
        let wanted = self::settings(snapshot.borrow_and_update().document());
        settings.send_if_modified(|present| {
            let changed = **present != wanted;
            if changed {
                *present = Arc::new(wanted);
            }
            changed
        });
        tokio::select! {
            changed = snapshot.changed() => if changed.is_err() { return },
            () = tasks.stopped() => return,
        }
    }
}

fn settings(document: &Document) -> Settings {
    let fields = document.connector();
    let description = fields.description.as_ref().map(ToString::to_string);
    Settings {
        sender: Sender {
            product: PRODUCT.to_owned(),
            host: net::host_name().unwrap_or_else(|| "unknown".to_owned()),
            description: description.unwrap_or_default(),
        },
        mail: fields.email.clone(),
        trusted: fields.email_trust.clone(),
        webhooks: fields.webhooks.clone(),
        syslog: fields.syslog.clone(),
    }
}

/// Whether an address may be dialled: as for mappings, but mail and syslog servers may be on the
/// agent's own host, where they often are. A webhook is asked by HTTP and could be anything.
fn guard(
    receiver: Receiver,
    address: SocketAddr,
    document: &Document,
    own: &OwnListeners,
) -> Result<(), String> {
    let allowed = document.connector().allowed_targets();
    match (
        receiver,
        target::check(address.ip(), address.port(), allowed, own),
    ) {
        (_, Ok(())) | (Receiver::Mail | Receiver::Syslog, Err(TargetDenied::Loopback)) => Ok(()),
        (_, Err(denied)) => Err(denied.to_string()),
    }
}

/// A condition for each channel that fails. Nobody knows of those that have something to send, and
/// neither failed nor sent anything since the agent started.
pub fn look(states: &[DeliveryState], started_ms: i64) -> Look {
    let is_new = |state: &&DeliveryState| {
        let sent = state.last_success_ms.is_some_and(|ms| ms >= started_ms);
        state.waiting > 0 && state.failing.is_none() && !sent
    };
    Look {
        conditions: conditions(states),
        undecided: states.iter().filter(is_new).map(id).collect(),
        ..Look::default()
    }
}

fn id(state: &DeliveryState) -> AlertId {
    AlertId {
        code: Code::DeliveryFailing,
        entity: state.channel.clone(),
    }
}

fn conditions(states: &[DeliveryState]) -> Vec<Condition> {
    let failing = states.iter().filter_map(|state| {
        let trouble = state.failing.as_ref()?;
        let text = format!(
            "{} notices wait since {}; {} attempts failed, the last because: {}",
            state.waiting,
            utc(trouble.since_ms),
            trouble.attempts,
            trouble.error
        );
        Some(Condition {
            id: id(state),
            text,
            because_of: None,
            days_left: None,
        })
    });
    failing.collect()
}

#[cfg(test)]
mod tests {
    use underpass_shared::alert::{DeliveryTrouble, Register, Rules};
    use underpass_shared::instant::Now;

    use super::*;

    #[test]
    fn a_channel_that_fails_for_minutes_is_told_until_it_works() {
        let state = |failing: bool| DeliveryState {
            channel: "mail".to_owned(),
            waiting: 7,
            dropped: 0,
            last_success_ms: None,
            remark: None,
            failing: failing.then(|| DeliveryTrouble {
                since_ms: 0,
                attempts: 3,
                error: "login as agent failed".to_owned(),
                next_ms: 9,
            }),
        };
        let mut now = Now {
            monotonic: std::time::Duration::ZERO,
            wall_ms: 0,
        };
        let mut register = Register::new(now);
        let mut look = |seconds: u64, failing: bool| {
            now.monotonic += std::time::Duration::from_secs(seconds);
            let look = conditions(&[state(failing)]).into();
            let told = register.step(now, look, &Rules::default());
            told.first().map(|one| one.notice.alert.text.clone())
        };
        assert_eq!(look(0, true), None);
        assert_eq!(look(299, true), None);
        let text = look(1, true).unwrap();
        assert!(
            text.starts_with("7 notices wait") && text.ends_with("login as agent failed"),
            "{text}"
        );
        assert_eq!(look(1, false), None);
        assert!(look(60, false).is_some());
    }

    #[test]
    fn a_channel_that_tried_nothing_since_the_start_is_not_known_to_work() {
        let state = |waiting, last_success_ms| DeliveryState {
            channel: "mail".to_owned(),
            waiting,
            dropped: 0,
            last_success_ms,
            remark: None,
            failing: None,
        };
        let is_open = |waiting, success| !look(&[state(waiting, success)], 10).undecided.is_empty();
        assert!(is_open(1, None) && is_open(1, Some(9)));
        assert!(!is_open(1, Some(10)) && !is_open(0, None));
    }
}
