//! The courier: keeps one lane for each channel that is on.

mod lane;
mod states;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinHandle;
use underpass_runtime::clock;
use underpass_runtime::tasks::Tasks;
use underpass_shared::alert::DeliveryState;

use self::lane::Lane;
use self::states::States;
use crate::channel::Channel;
use crate::failure::{Failure, Outcome};
use crate::parcel::Parcel;
use crate::settings::{Route, Settings, Way};
use crate::store::Store;
use crate::surroundings::Surroundings;
use crate::tempo::Tempo;
use crate::{mail, syslog, webhook};

/// How long whoever tests a channel waits.
const TEST_MAX: Duration = Duration::from_secs(30);
/// How long to wait before a store that refuses is asked again.
const STORE_PAUSE: Duration = Duration::from_secs(5);

/// Delivers what is in the outboxes. Clones are the same.
#[derive(Clone, Debug)]
pub struct Courier {
    store: Store,
    settings: watch::Receiver<Arc<Settings>>,
    surroundings: Surroundings,
    tempo: Tempo,
    states: States,
}

/// A lane that runs.
struct Running {
    route: Route,
    tasks: Tasks,
    handle: JoinHandle<Option<()>>,
}

impl Courier {
    /// A courier that follows the settings.
    pub fn new(
        store: Store,
        settings: watch::Receiver<Arc<Settings>>,
        surroundings: Surroundings,
    ) -> Self {
        Self {
            store,
            settings,
            surroundings,
            tempo: Tempo::default(),
            states: States::default(),
        }
    }

    /// The same at another pace; for tests.
    #[must_use]
    pub fn with_tempo(self, tempo: Tempo) -> Self {
        Self { tempo, ..self }
    }

    /// How each channel that is on is doing.
    pub fn states(&self) -> Vec<DeliveryState> {
        self.states.all()
    }

    /// Whether a channel is configured, whether it is on or not.
    ///
    /// # Errors
    /// Says in words what is missing.
    pub fn is_configured(&self, channel: &Channel) -> Result<(), String> {
        self.settings.borrow().route(channel).map(drop)
    }

    /// Sends a test by a channel now, whether it is on or not, past its outbox.
    ///
    /// # Errors
    /// Says in words which step failed, and why.
    pub async fn test(&self, channel: &Channel) -> Result<(), String> {
        let route = self.settings.borrow().route(channel)?;
        let parcel = Parcel::test(&channel.to_string(), clock::wall_ms());
        let limit = TEST_MAX.min(self.tempo.attempt);
        let sent = send(&route, &parcel, &self.surroundings, &self.tempo);
        let sent = tokio::time::timeout(limit, sent).await;
        match sent.unwrap_or_else(|_late| Failure::late("the test", limit).into()) {
            Outcome::Delivered { remark: None } => Ok(()),
            Outcome::Delivered {
                remark: Some(remark),
            } => Err(remark),
            Outcome::Partly { failure, .. } | Outcome::Failed(failure) => Err(failure.to_string()),
        }
    }

    /// Delivers until the tasks are told to stop.
    pub async fn run(mut self, tasks: Tasks) {
        let mut running: BTreeMap<Channel, Running> = BTreeMap::new();
        loop {
            let wanted = self.settings.borrow_and_update().routes();
            let wanted: BTreeMap<Channel, Route> = wanted.into_iter().collect();
            self.end(&mut running, &wanted).await;
            let failed = self.keep_channels(&wanted).await;
            self.begin(&mut running, wanted, &tasks);
            tokio::select! {
                changed = self.settings.changed() => if changed.is_err() { break },
                () = tokio::time::sleep(STORE_PAUSE), if failed => {}
                () = tasks.stopped() => break,
            }
        }
        self.end(&mut running, &BTreeMap::new()).await;
    }

    /// Ends the lanes whose channel is off or changed, and waits for their ends, so that no parcel
    /// is on two lanes.
    async fn end(
        &self,
        running: &mut BTreeMap<Channel, Running>,
        wanted: &BTreeMap<Channel, Route>,
    ) {
        let over: Vec<(Channel, Running)> = running
            .extract_if(.., |channel, lane| wanted.get(channel) != Some(&lane.route))
            .collect();
        for (_, lane) in &over {
            lane.tasks.stop();
        }
        for (channel, lane) in over {
            // A panic was logged by its task.
            drop(lane.handle.await);
            if !wanted.contains_key(&channel) {
                self.states.forget(&channel);
            }
        }
    }

    /// Tells the store which channels are on. True when it has to be told again.
    async fn keep_channels(&self, wanted: &BTreeMap<Channel, Route>) -> bool {
        let names = wanted.keys().map(ToString::to_string).collect();
        match self.store.set_channels(names).await {
            Ok(()) => false,
            Err(error) => {
                let error: &dyn std::error::Error = &error;
                tracing::warn!(error, "cannot tell the outbox which channels are on");
                true
            }
        }
    }

    /// Delivers on a channel until told to stop. A panic costs an attempt and not the channel.
    async fn keep(self, channel: Channel, route: Route, tasks: Tasks) {
        loop {
            let lane = Lane::new(&self, &channel, route.clone(), tasks.clone());
            // A panic there was logged by its task.
            let Ok(None) = tasks.spawn("alert-delivery", lane.run()).await else {
                return;
            };
            let (wait, now_ms) = (self.tempo.retry_most, clock::wall_ms());
            let next_ms = i64::try_from(wait.as_millis()).unwrap_or(i64::MAX);
            let next_ms = now_ms.saturating_add(next_ms);
            let error = "the attempt ended in a panic; this is a defect of this program";
            self.states
                .failed(&channel, error.to_owned(), now_ms, next_ms);
            tokio::select! {
                () = tokio::time::sleep(wait) => {}
                () = tasks.stopped() => return,
            }
        }
    }

    fn begin(
        &self,
        running: &mut BTreeMap<Channel, Running>,
        wanted: BTreeMap<Channel, Route>,
        tasks: &Tasks,
    ) {
        for (channel, route) in wanted {
            if running.contains_key(&channel) {
                continue;
            }
            let own = tasks.child();
            let kept = self
                .clone()
                .keep(channel.clone(), route.clone(), own.clone());
            let handle = own.spawn("alert-channel", kept);
            let lane = Running {
                route,
                tasks: own,
                handle,
            };
            running.insert(channel, lane);
        }
    }
}

/// One attempt.
async fn send(
    route: &Route,
    parcel: &Parcel,
    surroundings: &Surroundings,
    tempo: &Tempo,
) -> Outcome {
    match &route.way {
        Way::Mail(fields) => mail::send(fields, route, parcel, surroundings, tempo).await,
        Way::Webhook(one) => webhook::send(one, route, parcel, surroundings, tempo).await,
        Way::Syslog(server) => syslog::send(server, route, parcel, surroundings, tempo).await,
    }
}
