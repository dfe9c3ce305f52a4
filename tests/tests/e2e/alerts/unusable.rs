//! Alerts of an agent whose configuration cannot be used for a while.

use std::fs;
use std::path::Path;

use crate::agent::Agent;
use crate::posts::Posts;
use crate::process::until;
use crate::world::World;

/// Nobody listens here.
const DEAD: &str = "http://127.0.0.1:1/hook";
/// What the state is made of; the second only while it is open, or after a crash.
const STATE: [&str; 3] = ["state.db", "state.db-wal", "state.db-shm"];

/// Moves the files of the state that there are.
fn move_state(from: &Path, to: &Path) {
    for name in STATE {
        if from.join(name).exists() {
            fs::rename(from.join(name), to.join(name)).unwrap();
        }
    }
}

fn stop(agent: &mut Agent) {
    agent.process().terminate();
    assert!(agent.process().wait().success());
}

#[test]
fn what_waits_to_be_told_is_still_told_when_the_configuration_is_mended() {
    let world = World::start();
    let mut agent = world.enrol("", &[]);
    agent.run();
    agent.until_up();
    agent.posts_to(DEAD);
    agent.rules(&["thresholds.freeDiskSpaceMb=10000000"]);
    agent.until_alert("Disk");
    stop(&mut agent);

    let (dir, aside) = (agent.dir.clone(), tempfile::tempdir().unwrap());
    move_state(&dir, aside.path());
    underpass_runtime::file::replace(&dir.join("state.db"), b"no database").unwrap();
    agent.run();
    until("the agent tells what is wrong", || {
        let status = fs::read_to_string(dir.join("status.json")).ok()?;
        status.contains("\"problem\":").then_some(())
    });
    stop(&mut agent);

    move_state(aside.path(), &dir);
    agent.run();
    agent.until_up();
    let posts = Posts::default();
    agent.posts_instead_to(&posts.listen());
    let told = until("the alert is told", || {
        let told = posts.told("Disk");
        (!told.is_empty()).then_some(told)
    });
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!(told[0].0, "raised");
}
