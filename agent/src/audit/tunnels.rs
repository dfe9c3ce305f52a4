//! Records of tunnels that open and end.

use std::sync::Arc;

use tokio::sync::watch;
use underpass_shared::audit::{Category, Record};

use super::Audit;
use crate::store::Snapshot;
use crate::tunnel::Wanted;

/// Records tunnels as the levels in the configuration say.
pub fn recorder(
    audit: Audit,
    snapshot: watch::Receiver<Arc<Snapshot>>,
) -> impl Fn(&Wanted, Option<&str>) + Send + Sync + 'static {
    move |link, ended| {
        let key = link.key();
        let current = Arc::clone(&snapshot.borrow());
        let document = current.document();
        let level = match document.subaccount(&key) {
            Some(subaccount) => subaccount.own().audit_level,
            None => document.connector().audit.level,
        };
        if !level.records_security() {
            return;
        }
        let (category, message) = match ended {
            None => (
                Category::TunnelStart,
                format!("the tunnel to {} is open", key.region_host),
            ),
            Some(reason) => (
                Category::TunnelEnd,
                format!("the tunnel to {} ended: {reason}", key.region_host),
            ),
        };
        audit.event(Record::of_agent(audit.now_ms(), category, &message).of(key));
    }
}
