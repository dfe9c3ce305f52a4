//! An agent inside the test, whose configuration the test changes while it runs.

use std::sync::mpsc;
use std::thread::JoinHandle;
use std::time::Duration;

use serde_json::Value;
use underpass_agent::audit::{Audit, Present};
use underpass_agent::credentials::CredentialStore;
use underpass_agent::diagnosis::Diagnoses;
use underpass_agent::forward::Forward;
use underpass_agent::measure::Meter;
use underpass_agent::secrets::SecretStore;
use underpass_agent::status::StatusBoard;
use underpass_agent::store::Store;
use underpass_agent::trace::Traces;
use underpass_agent::tunnel::{self, Tunnels};
use underpass_runtime::clock;
use underpass_runtime::tasks::Tasks;
use underpass_shared::api::management::Connection;
use underpass_shared::config::Document;

use crate::agent::Agent;
use crate::process::{json, until};

/// How long a stopping agent may take.
const END: Duration = Duration::from_secs(10);

/// A running agent.
pub(crate) struct Live {
    pub(crate) store: Store,
    pub(crate) meter: Meter,
    board: StatusBoard,
    tasks: Tasks,
    thread: Option<JoinHandle<()>>,
}

impl Live {
    /// Runs an enrolled agent.
    pub(crate) fn start(agent: &Agent) -> Self {
        let (send, started) = mpsc::channel();
        let dir = agent.dir.clone();
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build();
            runtime.unwrap().block_on(async {
                let store = Store::open(&dir, clock::wall_ms).unwrap();
                let (board, tasks, backends) = (StatusBoard::default(), Tasks::new(), Tasks::new());
                let present = Present::following(store.snapshot());
                let audit = Audit::open(&dir, clock::wall_ms, present).unwrap();
                let secrets = SecretStore::new(&dir);
                let forward = Forward::new(
                    store.snapshot(),
                    secrets,
                    &backends,
                    audit,
                    (Diagnoses::default(), Traces::open(&dir)),
                );
                let meter = forward.meter().clone();
                let tunnels = Tunnels {
                    diagnoses: Diagnoses::default(),
                    credentials: CredentialStore::new(&dir),
                    secrets: SecretStore::new(&dir),
                    board: board.clone(),
                    tasks: tasks.clone(),
                    drain: tokio::sync::watch::Sender::new(None).subscribe(),
                };
                let reconciled = tunnel::run(tunnels, forward, store.snapshot());
                tasks.spawn("reconcile", reconciled);
                send.send((store, board, tasks.clone(), meter)).unwrap();
                tasks.stopped().await;
                let ended = tasks.join(END).await & backends.join(END).await;
                assert!(ended, "tunnels and connections to back ends end");
            });
        });
        let (store, board, tasks, meter) = started.recv().unwrap();
        Self {
            store,
            meter,
            board,
            tasks,
            thread: Some(thread),
        }
    }

    /// Changes the document; on return the change is published.
    pub(crate) fn change(&self, edit: impl FnOnce(&mut Value)) {
        let mut document = json(&self.store.current().document().to_json());
        edit(&mut document);
        let document = Document::from_json(&document.to_string()).unwrap();
        let changed = self
            .store
            .change_blocking("test", "test", None, move |_| Ok(document));
        changed.unwrap();
    }

    /// The state of its tunnel connections.
    pub(crate) fn connections(&self) -> Vec<Connection> {
        let links = self.board.links();
        links
            .into_iter()
            .flat_map(|link| link.connections)
            .collect()
    }

    pub(crate) fn until_up(&self) {
        until("the tunnels are up", || {
            (self.connections() == [Connection::Up, Connection::Up]).then_some(())
        });
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        self.tasks.stop();
        if let Some(thread) = self.thread.take() {
            let ended = thread.join();
            assert!(ended.is_ok() || std::thread::panicking(), "{ended:?}");
        }
    }
}
