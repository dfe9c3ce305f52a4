//! Looks at what may be wrong, again and again.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::time::timeout;
use underpass_alerting::Courier;
use underpass_runtime::clock;
use underpass_shared::alert::{AlertId, Code, Condition, Look};
use underpass_shared::instant::Now;

use super::settings::AlertSettings;
use super::{Alerts, Incidents, WatchedSettings, conditions};
use crate::directory::Directory;
use crate::metrics::{Host, Metrics};
use crate::presence::Presences;

/// How often is looked.
const EVERY: Duration = Duration::from_secs(5);
/// How often the store is written to, to see whether it can be: each time the disk has to work.
const WRITE_EVERY: Duration = Duration::from_secs(60);
/// How long the store may take.
const STORE_TIME: Duration = Duration::from_secs(5);

/// What is looked at.
pub(crate) struct Looks {
    pub(crate) directory: Directory,
    pub(crate) presences: Presences,
    pub(crate) incidents: Incidents,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) host: Host,
    pub(crate) data_dir: PathBuf,
    pub(crate) courier: Courier,
}

/// Looks, and tells the register what it found.
pub(crate) struct Looker {
    looks: Looks,
    settings: WatchedSettings,
    alerts: Alerts,
    began: Now,
    wrote: Option<Now>,
    store_error: Option<String>,
}

impl Looker {
    pub(crate) fn new(looks: Looks, settings: WatchedSettings, alerts: Alerts) -> Self {
        Self {
            looks,
            settings,
            alerts,
            began: clock::now(),
            wrote: None,
            store_error: None,
        }
    }

    /// Looks until it is dropped.
    pub(crate) async fn run(mut self) {
        loop {
            self.settings.look();
            let settings = self.settings.present();
            let look = self.look(&settings, clock::now()).await;
            let counts = &self.looks.metrics.alerts;
            self.alerts.step(look, &settings.rules, counts).await;
            tokio::time::sleep(EVERY).await;
        }
    }

    async fn look(&mut self, settings: &AlertSettings, now: Now) -> Look {
        let mut look = Look::default();
        self.store(now, &mut look).await;
        self.agents(settings, now, &mut look);
        self.incidents(settings, now, &mut look);
        self.certificates(now, &mut look);
        let data_dir = self.looks.data_dir.display().to_string();
        match self.looks.host.free_bytes() {
            Some(free) => {
                let short = conditions::disk(data_dir, free, settings.free_disk);
                look.conditions.extend(short);
            }
            None => drop(look.unknown.insert(Code::DiskSpace)),
        }
        look.conditions.extend(self.delivery());
        look
    }

    async fn store(&mut self, now: Now, look: &mut Look) {
        let directory = &self.looks.directory;
        let writes = self
            .wrote
            .is_none_or(|wrote| now.since(wrote) >= WRITE_EVERY);
        // A store that fails is tried with every look, to see that it is well again.
        let tried = if writes || self.store_error.is_some() {
            self.wrote = Some(now);
            timeout(STORE_TIME, directory.try_write()).await
        } else {
            timeout(STORE_TIME, directory.probe()).await
        };
        self.store_error = match tried {
            Ok(Ok(())) => None,
            Ok(Err(error)) => Some(error.to_string()),
            Err(_elapsed) => Some("it does not answer".to_owned()),
        };
        look.conditions
            .extend(self.store_error.as_deref().map(conditions::store));
    }

    fn agents(&self, settings: &AlertSettings, now: Now, look: &mut Look) {
        if now.since(self.began) < settings.absent_after {
            // Agents may be on their way back, or away since before the gateway started.
            look.unknown.insert(Code::AgentAbsent);
            return;
        }
        let index = self.looks.directory.index();
        let absent = self.looks.presences.all().into_iter().filter_map(|one| {
            let subaccount = index.subaccount(&one.0.subaccount)?;
            conditions::absent(&one, &subaccount.name, now, settings.absent_after)
        });
        look.conditions.extend(absent);
    }

    fn incidents(&self, settings: &AlertSettings, now: Now, look: &mut Look) {
        let (count, last, claims) = self.looks.incidents.fresh(now);
        let refused = conditions::refused(count, last.as_ref(), settings.enrolment_refusals);
        look.conditions.extend(refused);
        look.conditions
            .extend(claims.iter().map(conditions::claimed));
    }

    fn certificates(&self, now: Now, look: &mut Look) {
        let ends = &self.looks.metrics.certificates;
        let all = [
            ("ca", &ends.ca_ms),
            ("server", &ends.server_ms),
            ("token", &ends.token_ms),
        ];
        let near = all.into_iter().filter_map(|(name, end)| {
            conditions::ends(name, end.load(Ordering::Relaxed), now.wall_ms)
        });
        look.conditions.extend(near);
    }

    /// Channels that alerts cannot be delivered on.
    fn delivery(&self) -> Vec<Condition> {
        let failing = self.looks.courier.states().into_iter().filter_map(|state| {
            let failing = state.failing?;
            Some(Condition {
                id: AlertId {
                    code: Code::DeliveryFailing,
                    entity: state.channel.clone(),
                },
                text: format!(
                    "Alerts are not delivered by {}: {}",
                    state.channel, failing.error
                ),
                because_of: None,
                days_left: None,
            })
        });
        failing.collect()
    }
}
