//! The parts of the running agent that others are given handles of.

use std::io;
use std::path::{Path, PathBuf};

use underpass_runtime::clock;
use underpass_runtime::tasks::Tasks;
use underpass_runtime::telemetry::LogFiles;
use underpass_shared::audit::{Category, Record};

use super::{Administration, log};
use crate::audit::{self, Audit, Present};
use crate::control::Control;
use crate::credentials::CredentialStore;
use crate::diagnosis::Diagnoses;
use crate::forward::{Forward, OwnListeners};
use crate::measure::Meter;
use crate::probes::{self, Probes};
use crate::secrets::SecretStore;
use crate::status::StatusBoard;
use crate::store::Store;
use crate::trace::Traces;
use crate::tunnel::{self, Tunnels};

/// Handles of everything; each clone of one is the same.
pub(super) struct Parts {
    pub(super) data_dir: PathBuf,
    pub(super) store: Store,
    pub(super) board: StatusBoard,
    pub(super) control: Control,
    pub(super) audit: Audit,
    pub(super) diagnoses: Diagnoses,
    pub(super) traces: Traces,
    pub(super) log_files: Option<LogFiles>,
    pub(super) probes: Probes,
    pub(super) listeners: OwnListeners,
    pub(super) meter: Meter,
}

impl Parts {
    /// Opens what is kept, and makes ready to forward; connections to back ends belong to
    /// `backends`.
    pub(super) fn open(
        data_dir: &Path,
        store: Store,
        administration: &Administration,
        backends: &Tasks,
    ) -> io::Result<(Self, Forward)> {
        let board = StatusBoard::default();
        let audit = begin_audit(data_dir, &store, &board)?;
        let (diagnoses, traces) = (Diagnoses::open(data_dir), Traces::open(data_dir));
        let forward = Forward::new(
            store.snapshot(),
            SecretStore::new(data_dir),
            backends,
            audit.clone(),
            (diagnoses.clone(), traces.clone()),
        );
        let parts = Self {
            log_files: log::into_files(data_dir, &administration.recent, &store),
            data_dir: data_dir.to_owned(),
            store,
            board,
            control: Control::new(administration.is_restarted),
            audit,
            diagnoses,
            traces,
            probes: Probes::default(),
            listeners: forward.own_listeners().clone(),
            meter: forward.meter().clone(),
        };
        Ok((parts, forward))
    }

    /// Opens tunnels as they are wanted.
    pub(super) fn open_tunnels(&self, forward: Forward, tunnels: &Tasks) {
        let reconciled = Tunnels {
            credentials: CredentialStore::new(&self.data_dir),
            secrets: SecretStore::new(&self.data_dir),
            board: self.board.clone(),
            diagnoses: self.diagnoses.clone(),
            drain: self.control.drain(),
            tasks: tunnels.clone(),
        };
        let wanted = self.store.snapshot();
        tunnels.spawn("reconcile", tunnel::run(reconciled, forward, wanted));
    }

    /// What probes of back ends need; their connections belong to `backends`.
    pub(super) fn means(&self, backends: &Tasks) -> probes::Means {
        probes::Means {
            secrets: SecretStore::new(&self.data_dir),
            own: self.listeners.clone(),
            diagnoses: self.diagnoses.clone(),
            meter: self.meter.clone(),
            tasks: backends.clone(),
        }
    }
}

/// Opens the audit log and records the start.
fn begin_audit(data_dir: &Path, store: &Store, board: &StatusBoard) -> io::Result<Audit> {
    let audit = Audit::open(
        data_dir,
        clock::wall_ms,
        Present::following(store.snapshot()),
    )?;
    let started = format!(
        "version {} started with revision {}",
        env!("CARGO_PKG_VERSION"),
        store.current().revision().number
    );
    audit.record(Record::of_agent(
        audit.now_ms(),
        Category::ServiceStart,
        &started,
    ));
    board.on_tunnel(audit::tunnels::recorder(audit.clone(), store.snapshot()));
    Ok(audit)
}

/// Records the end and closes the audit log.
pub(super) fn end_audit(audit: &Audit) {
    let (time_ms, category) = (audit.now_ms(), Category::ServiceStop);
    audit.record(Record::of_agent(time_ms, category, "stopped"));
    audit.close();
}
