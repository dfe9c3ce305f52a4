//! Usage over restarts.

use std::path::Path;

use underpass_history::{History, ResourceUse, Usage};
use underpass_shared::monitor::Entity;

use crate::made::{FINE, START, open, requests};

fn used(port: u16, resource: &str, calls: u64, last_ms: i64) -> ResourceUse {
    let id = "0190a5a2-6d0e-7cc0-8000-000000000001";
    let entity = format!("mapping:gw.example/{id}//erp:{port}");
    ResourceUse {
        entity: entity.parse().unwrap(),
        resource: resource.into(),
        usage: Usage {
            calls,
            received: calls * 10,
            sent: calls * 100,
            last_ms,
        },
    }
}

fn push(dir: &Path, used: Vec<ResourceUse>) -> History {
    let history = open(dir);
    history.push(requests(START, 1, 1), used);
    assert!(history.flush());
    history
}

#[test]
fn calls_are_added_up_over_restarts_until_they_are_forgotten() {
    let dir = tempfile::tempdir().unwrap();
    assert_eq!(open(dir.path()).usage().unwrap().since_ms, None);
    push(
        dir.path(),
        vec![used(1, "/a", 2, START), used(2, "", 1, START)],
    );
    let history = push(dir.path(), vec![used(1, "/a", 3, START + FINE)]);
    let all = history.usage().unwrap();
    assert_eq!(all.since_ms, Some(START + FINE));
    assert_eq!(
        all.resources,
        [used(1, "/a", 5, START + FINE), used(2, "", 1, START)]
    );
    let one: Entity = used(1, "", 0, 0).entity;
    assert!(history.forget_usage(Some(one), START));
    assert_eq!(history.usage().unwrap().resources, [used(2, "", 1, START)]);
    assert!(history.forget_usage(None, START + 7));
    let none = history.usage().unwrap();
    assert_eq!((none.since_ms, none.resources.len()), (Some(START + 7), 0));
}
