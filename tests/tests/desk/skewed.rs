//! An agent whose clock is not that of the computer before which the operator sits.

use egui::{Key, Modifiers};
use underpass_desktop::nav::AgentTab;
use underpass_fleet::snapshot::Health;

use crate::desk::Desk;
use crate::faketime::FakeClock;
use crate::world::World;

#[test]
fn an_agent_of_another_day_is_told_and_can_be_operated() {
    let world = World::start();
    let clock = FakeClock::new(&world);
    let mut agent = world.enrol("", &clock.prefix());
    let mut desk = Desk::new(&mut agent);
    for (offset, words) in [("+3d", "3 days ahead of"), ("-3d", "3 days behind")] {
        clock.set(offset);
        desk.key(Modifiers::NONE, Key::F5);
        desk.becomes("the clock is told", |agent| {
            let problem = agent.problem.as_deref().unwrap_or_default();
            agent.link.is_online() && agent.health == Health::Degraded && problem.contains(words)
        });
        desk.tab(AgentTab::Overview);
        desk.sees(words);
        // It obeys all the same.
        let described = format!("of another day, {offset}");
        desk.tab(AgentTab::Settings);
        desk.fill("Description", &described);
        desk.button("Save to the draft");
        desk.apply(&described);
        assert_eq!(agent.document()["connector"]["description"], described);
        // Once it is right again nothing more is told.
        clock.set("+0");
        desk.key(Modifiers::NONE, Key::F5);
        desk.becomes("the clocks agree", |agent| {
            agent.link.is_online() && agent.health != Health::Degraded
        });
    }
}
