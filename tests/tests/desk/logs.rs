//! The log of an agent as the app follows it.

use underpass_desktop::nav::{AgentTab, Route};

use crate::desk::Desk;
use crate::process::{json, until};
use crate::world::World;

#[test]
fn lines_come_as_they_are_written_also_after_the_agent_started_again() {
    let world = World::start();
    let mut agent = world.enrol("", &[]);
    agent.expose(&[]);
    let mut desk = Desk::new(&mut agent);
    agent.until_up();
    let (id, tab) = (desk.agent, AgentTab::Logs);
    desk.go(Route::Agent { id, tab });
    desk.sees("Following");
    // What was written before is there too.
    assert!(desk.shows("INFO "));
    let denied = |desk: &mut Desk, host: &str| {
        let answer = world.get(&format!("http://{host}.virtual/hello"));
        assert_eq!(answer.status, 403);
        desk.sees(host);
    };
    denied(&mut desk, "nowhere");
    let addresses = std::fs::read_to_string(agent.dir.join("addresses.json")).unwrap();
    let listens = json(&addresses)["management"][0]
        .as_str()
        .unwrap()
        .to_owned();
    agent.process().kill();
    desk.sees("New lines do not come");
    agent.run_with(&["run", "--management-listen", &listens]);
    agent.until_up();
    desk.sees("Following");
    until("nothing is wrong any more", || {
        desk.frames();
        (!desk.shows("New lines do not come")).then_some(())
    });
    denied(&mut desk, "elsewhere");
}
