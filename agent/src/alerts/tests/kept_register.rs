//! How the register is kept.

use std::sync::atomic::{AtomicBool, Ordering};

use underpass_runtime::tasks::Tasks;

use super::*;

/// A disk that may be full.
#[derive(Default)]
struct Disk {
    is_full: AtomicBool,
    state: Mutex<Option<String>>,
    delivered: Mutex<Vec<u64>>,
}

fn keep(disk: &Arc<Disk>) -> Keep {
    let (from, to) = (Arc::clone(disk), Arc::clone(disk));
    Keep::new(
        move || {
            let state = from.state.lock().unwrap().clone();
            Box::pin(std::future::ready(Ok(state)))
        },
        move |state, notices| {
            let kept = if to.is_full.load(Ordering::Relaxed) {
                Err(anyhow::anyhow!("no space"))
            } else {
                *to.state.lock().unwrap() = Some(state);
                let numbers = notices.iter().map(|one| one.alert.number);
                to.delivered.lock().unwrap().extend(numbers);
                Ok(())
            };
            Box::pin(std::future::ready(kept))
        },
    )
}

#[tokio::test]
async fn nothing_is_lost_or_doubled_by_a_full_disk_and_a_restart() {
    let disk = Arc::new(Disk::default());
    let events = Events::new(&Tasks::new());
    let alerts = Alerts::open(keep(&disk), events.clone()).await;
    let (rules, mut now) = (Rules::default(), clock::now());
    let mut step = |alerts: &Alerts, entities: &[&str]| {
        now.monotonic += Duration::from_secs(61);
        let conditions = entities.iter();
        let conditions = conditions.map(|one| condition(Code::DiskSpace, *one, "is short"));
        let look = Look {
            conditions: conditions.collect(),
            ..Look::default()
        };
        alerts.step(now, look, &rules);
    };
    step(&alerts, &["a"]);
    alerts.save().await.unwrap();
    disk.is_full.store(true, Ordering::Relaxed);
    step(&alerts, &["a", "b"]);
    assert!(alerts.save().await.is_err() && alerts.owes());
    step(&alerts, &["a", "b", "c"]);
    assert!(alerts.save().await.is_err());
    disk.is_full.store(false, Ordering::Relaxed);
    alerts.save().await.unwrap();
    assert!(!alerts.owes());
    assert_eq!(*disk.delivered.lock().unwrap(), [1, 2, 3]);
    // What stood before the restart stands, and nobody is told again.
    let again = Alerts::open(keep(&disk), events.clone()).await;
    assert_eq!(
        again.list(AlertState::Active, 2),
        alerts.list(AlertState::All, 2)
    );
    step(&again, &["a", "b", "c"]);
    again.save().await.unwrap();
    assert_eq!(disk.delivered.lock().unwrap().len(), 3);
    // A state that nobody can read is no reason to tell nothing.
    *disk.state.lock().unwrap() = Some("{".to_owned());
    let anew = Alerts::open(keep(&disk), events).await;
    step(&anew, &["a"]);
    anew.save().await.unwrap();
    assert_eq!(*disk.delivered.lock().unwrap(), [1, 2, 3, 1]);
}
