//! Watches the ends of certificates, and tells of those that are near.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use underpass_runtime::clock;
use underpass_runtime::tasks::Tasks;
use underpass_shared::config::Document;
use underpass_shared::pki::expiry::{Enrolled, Expiry, ExpiryLevel, expiries};

use crate::credentials::CredentialStore;
use crate::status::StatusBoard;
use crate::store::Snapshot;

/// How often it is looked, beside after every change that may concern a certificate.
const LOOK_EVERY: Duration = Duration::from_secs(60 * 60);

/// Looks until told to stop.
pub(crate) async fn run(
    mut snapshot: watch::Receiver<Arc<Snapshot>>,
    credentials: CredentialStore,
    board: StatusBoard,
    tasks: Tasks,
) {
    let mut told: Vec<Expiry> = vec![];
    loop {
        let current = Arc::clone(&snapshot.borrow_and_update());
        let all = look(current.document(), &credentials, clock::wall_ms());
        board.known(all.clone());
        let near: Vec<Expiry> = all
            .into_iter()
            .filter(|one| one.level != ExpiryLevel::Ok)
            .collect();
        for one in &near {
            let same = |other: &Expiry| {
                (other.kind, other.level, &other.name) == (one.kind, one.level, &one.name)
            };
            if !told.iter().any(same) {
                tracing::warn!(certificate = %one, "a certificate ends");
            }
        }
        told.clone_from(&near);
        board.expiring(near);
        let again = tokio::time::sleep(LOOK_EVERY);
        tokio::pin!(again);
        while same_certificates(current.document(), snapshot.borrow_and_update().document()) {
            tokio::select! {
                changed = snapshot.changed() => if changed.is_err() { return },
                () = &mut again => break,
                () = tasks.stopped() => return,
            }
        }
    }
}

/// Whether a change can have concerned no certificate: most concern mappings.
fn same_certificates(old: &Document, new: &Document) -> bool {
    let (before, after) = (old.subaccounts(), new.subaccounts());
    Arc::ptr_eq(old.connector(), new.connector())
        && before.len() == after.len()
        && before
            .iter()
            .zip(after)
            .all(|(before, after)| Arc::ptr_eq(before.own(), after.own()))
}

/// All certificates with their ends. What an enrolment cannot show its links tell.
fn look(document: &Document, credentials: &CredentialStore, now_ms: i64) -> Vec<Expiry> {
    let enrolled = document.subaccounts().iter().filter_map(|one| {
        let own = one.own();
        let credentials = credentials.load(own.instance).ok()?;
        let info = credentials.info().ok()?;
        Some(Enrolled {
            key: own.key.clone(),
            subject_dn: format!("CN={}", own.instance),
            not_before_ms: info.not_before_ms,
            not_after_ms: info.not_after_ms,
        })
    });
    let enrolled: Vec<Enrolled> = enrolled.collect();
    expiries(document, &enrolled, now_ms)
}
