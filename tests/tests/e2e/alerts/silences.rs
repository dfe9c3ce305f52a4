//! Silences, as those see them who are told of alerts.

use crate::faketime::FakeClock;
use crate::posts::Posts;
use crate::process::{run, until};
use crate::world::World;

const SHORT: &str = "thresholds.freeDiskSpaceMb=10000000";
const ENOUGH: &str = "thresholds.freeDiskSpaceMb=1";

#[test]
fn what_is_silenced_reaches_nobody_until_the_silence_is_over() {
    let world = World::start();
    let (clock, posts) = (FakeClock::new(&world), Posts::default());
    let mut agent = world.enrol("", &clock.prefix());
    agent.run();
    agent.until_up();
    agent.posts_to(&posts.listen());
    let told = || {
        let told = posts.told("Disk").into_iter();
        told.map(|(happening, _)| happening).collect::<Vec<_>>()
    };
    let until_told = |expected: &[&str]| {
        until(&format!("{expected:?} of the disk is told"), || {
            (told() == expected).then_some(())
        });
    };
    agent.rules(&["delays.resolution=1", SHORT]);
    let number = agent.until_alert("Disk")["number"].to_string();
    until_told(&["raised"]);
    run(agent.command(&["alert", "silence", &number, "--for", "30m"]));
    // Who knows that it was raised gets to know that it is over.
    agent.rules(&[ENOUGH]);
    until_told(&["raised", "resolved"]);
    agent.rules(&[SHORT]);
    let again = agent.until_alert("Disk");
    assert!(again["silencedUntilMs"].is_number(), "{again}");
    // Receivers get all in order: what came after it is there, and it is not.
    agent.rules(&["thresholds.freeDiscForAuditLogMb=10000000"]);
    until("another alert is told", || {
        (!posts.told("AuditDisk").is_empty()).then_some(())
    });
    assert_eq!(told(), ["raised", "resolved"]);
    // Half an hour later it still stands.
    clock.set("+31m");
    until_told(&["raised", "resolved", "raised"]);
    let still = agent.until_alert("Disk");
    assert_eq!(still.get("silencedUntilMs"), None);
    assert_eq!(still["number"], again["number"]);
}
