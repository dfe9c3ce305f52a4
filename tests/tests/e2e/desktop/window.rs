//! The window under an X server without a monitor: real keys, a real pointer, a real agent.

use super::screen::Screen;
use super::{Desk, invite};
use crate::process::{Process, until};
use crate::world::World;

#[test]
fn serial_an_operator_pairs_by_keyboard_and_sees_the_agent_live_and_die() {
    let world = World::start();
    let (_backend, address) = world.sample_backend(&[]);
    let mut agent = world.agent("", &address);
    agent.until_up();
    let screen = Screen::start(&world);
    let desk = Desk::new(&world);
    let mut command = desk.command(&[]);
    screen.put(&mut command);
    let mut window = Process::start(&mut command, world.path("window.log"));
    screen.take_window();
    screen.until("Welcome to Underpass");

    screen.key("ctrl+n");
    screen.until("Step 1 of 3");
    screen.letters(&invite(&agent));
    screen.key("Return");
    screen.until("Step 2 of 3");
    let paired = until("the agent tells its words", || {
        let log = agent.process().output();
        let mut lines = log.lines();
        let said = lines.find(|line| line.contains("an operator was paired"));
        said.map(str::to_owned)
    });
    let names = screen.names();
    let shown = names.lines().filter_map(|line| line.strip_prefix("label "));
    let common = shown.filter(|name| {
        let is_word = name.len() > 2 && name.bytes().all(|one| one.is_ascii_lowercase());
        is_word && paired.contains(name)
    });
    assert!(common.count() >= 6, "{paired}\n{names}");
    // An Enter without looking does not say that they are the same.
    screen.key("Return");
    screen.walk_to("The words are the same");
    screen.key("Return");
    screen.until("Step 3 of 3");
    screen.key("Return");
    // By now it is known, and the app is where its set-up is shown.
    screen.until("Set up this agent");
    screen.until("Subaccount, done");
    screen.until("First mapping, done");

    screen.click("Settings");
    screen.until("Your certificates");
    screen.click("Fleet");
    screen.until("1 of 1 agents answer");
    agent.process().kill();
    screen.until("0 of 1 agents answer");
    screen.key("ctrl+q");
    assert!(window.wait().success(), "{}", window.output());
    // What was paired with is still known without the window.
    let listed = desk.tell(&["fleet", "list"]);
    assert_eq!(listed.as_array().unwrap().len(), 1, "{listed}");
}
