//! What is found by looking, from time to time: certificates that end, mappings that nobody uses,
//! a history that is not kept, gateways of a newer version.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use underpass_runtime::clock;
use underpass_runtime::tasks::Tasks;
use underpass_shared::config::Document;
use underpass_shared::diagnosis::Kind;

use super::{Diagnoses, outdated, used};
use crate::history::Trouble;
use crate::status::StatusBoard;
use crate::store::Snapshot;
use crate::utc::utc;

/// How often it is looked; both change by days.
const LOOK_EVERY: Duration = Duration::from_secs(60);
/// Several changes within this time are looked at once.
const PAUSE: Duration = Duration::from_secs(1);
/// How long a mapping may be there without being used; some are for the end of a month.
const UNUSED_MS: i64 = 35 * 24 * 60 * 60 * 1_000;
/// Mappings that are told as unused; who has more does not read them one by one.
const UNUSED_TOLD: usize = 100;

/// Looks until told to stop.
pub(crate) async fn run(
    diagnoses: Diagnoses,
    mut snapshot: watch::Receiver<Arc<Snapshot>>,
    board: StatusBoard,
    tasks: Tasks,
) {
    let mut told = board.subscribe();
    loop {
        let current = Arc::clone(&snapshot.borrow_and_update());
        told.mark_unchanged();
        if let Some(document) = current.known().cloned() {
            let (look, at) = (diagnoses.clone(), board.clone());
            let looking = tokio::task::spawn_blocking(move || look.look(&document, &at));
            if let Err(error) = looking.await {
                tracing::error!(%error, "looking for diagnoses failed");
            }
        }
        tokio::select! {
            () = tokio::time::sleep(LOOK_EVERY) => {}
            Ok(()) = told.changed() => {}
            changed = snapshot.changed() => if changed.is_err() { return },
            () = tasks.stopped() => break,
        }
        // Tunnels that come and go need not be followed at once.
        tokio::time::sleep(PAUSE).await;
    }
    let current = Arc::clone(&snapshot.borrow());
    if let Some(document) = current.known() {
        diagnoses.keep(document);
    }
}

impl Diagnoses {
    fn look(&self, document: &Document, board: &StatusBoard) {
        let ends = board.ends().into_iter();
        let ends = ends.map(|one| (format!("{:?} {}", one.kind, one.name), one.to_string()));
        let ends: BTreeMap<String, String> = ends.collect();
        let never = self.0.used().never(document, clock::wall_ms(), UNUSED_MS);
        let message = |since| format!("nobody has used it since {} UTC", utc(since));
        let never = never.into_iter().take(UNUSED_TOLD);
        let never = never.map(|(entity, since)| (entity, message(since)));
        let never: BTreeMap<String, String> = never.collect();
        let Trouble { stopped, damaged } = board.history_trouble();
        // It is of no entity but the agent.
        let of_agent = |text: Option<String>| text.map(|text| (String::new(), text));
        let outdated = outdated::of(&board.links(), env!("CARGO_PKG_VERSION"));
        let stopped = of_agent(stopped).into_iter().collect();
        let damaged = of_agent(damaged).into_iter().collect();
        {
            let mut register = self.register();
            register.stands(Kind::HistoryStopped, &stopped, clock::now());
            register.stands(Kind::HistoryDamaged, &damaged, clock::now());
            register.stands(Kind::CertificateEnds, &ends, clock::now());
            register.stands(Kind::MappingUnused, &never, clock::now());
            register.stands(Kind::AgentOutdated, &outdated, clock::now());
            register.age(clock::now());
            self.count(&register);
        }
        self.keep(document);
    }

    /// Keeps what mappings were used, if there is something new.
    fn keep(&self, document: &Document) {
        let new = self.0.used().due(document);
        if new.is_some_and(|new| !used::write(&new)) {
            self.0.used().again();
        }
    }
}
