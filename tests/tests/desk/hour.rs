//! Pictures of the plots with what a real agent measured of an hour of varied load. The agent's time
//! passes faster, so the hour takes some minutes.

use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use egui::Theme;
use egui::accesskit::Role;
use serde_json::json;
use underpass_desktop::nav::{AgentTab, Route};
use underpass_runtime::clock;

use crate::agent::Agent;
use crate::crowd::Crowd;
use crate::desk::Desk;
use crate::faketime::library;
use crate::process::run;
use crate::world::World;

/// How fast the agent's time passes.
const TIMES: u32 = 20;
const MINUTES: usize = 62;
/// In each part of a minute some of its calls are made; how long one takes.
const PARTS: usize = 6;
const PART: Duration = Duration::from_millis(60_000 / 6 / TIMES as u64);
const CONSUMERS: usize = 6;

/// What happens in a minute.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Minute {
    /// Calls as usual, so many.
    Calls(usize),
    /// A back end takes long.
    Slow(usize),
    /// A third of the calls lead where nobody listens.
    Failing(usize),
    /// The agent stands still.
    Stopped,
    /// The gateway is gone.
    Cut,
}

fn minute(at: usize) -> Minute {
    // A wave of 24 minutes with some unrest.
    let wave = [40, 52, 66, 84, 96, 100, 96, 84, 66, 52, 40, 34];
    let usual = wave[at / 2 % wave.len()] + at * 7_919 % 13;
    match at {
        18..25 => Minute::Slow(usual),
        28..32 => Minute::Failing(usual),
        36..40 => Minute::Calls(usual * 2),
        44..47 => Minute::Stopped,
        53..56 => Minute::Cut,
        _ => Minute::Calls(usual),
    }
}

/// The calls of a minute, for each consumer in their order.
fn calls(world: &World, at: usize, minute: Minute) -> Vec<Vec<String>> {
    let token = world.tenant.authorization();
    let get = |host: &str, path: &str| {
        format!("GET http://{host}{path} HTTP/1.1\r\nHost: {host}\r\n{token}\r\n\r\n")
    };
    let call = |number: usize| match (number % 16, minute) {
        (0, _) => get("erp.virtual", "/secret"),
        (one, Minute::Failing(_)) if one % 3 == 0 => get("crm.virtual", "/hello"),
        (one, Minute::Slow(_)) if one % 2 == 0 => get("erp.virtual", "/slow/40"),
        (1, _) => get("erp.virtual", "/bytes/200000"),
        (2 | 3, _) => get("erp.virtual", "/bytes/5000"),
        (one, _) => get("erp.virtual", &format!("/slow/{}", 1 + (one + at) % 5)),
    };
    let (Minute::Calls(count) | Minute::Slow(count) | Minute::Failing(count)) = minute else {
        return vec![];
    };
    let of = |consumer: usize| (consumer..count).step_by(CONSUMERS).map(call).collect();
    (0..CONSUMERS).map(of).collect()
}

/// The part of a list.
fn of(list: &[String], part: usize) -> Vec<String> {
    list.iter().skip(part).step_by(PARTS).cloned().collect()
}

fn signal(agent: &mut Agent, name: &str) {
    let kill = format!("kill -{name} {}", agent.process().pid());
    run(Command::new("bash").args(["-c", &kill]));
}

/// Lets the hour pass.
fn live(world: &mut World, agent: &mut Agent) {
    let crowd = Crowd::new(world);
    let begun = clock::monotonic();
    for at in 0..MINUTES {
        let now = minute(at);
        let before = at.checked_sub(1).map(minute);
        let began = |what: Minute| now == what && before != Some(what);
        let ended = |what: Minute| now != what && before == Some(what);
        if began(Minute::Stopped) {
            signal(agent, "STOP");
        } else if ended(Minute::Stopped) {
            signal(agent, "CONT");
            agent.until_up();
        } else if began(Minute::Cut) {
            world.gateway.kill();
        } else if ended(Minute::Cut) {
            world.restart_gateway();
            agent.until_up();
        }
        if at == 12 {
            run(agent.command(&["mapping", "add", "new.virtual:80", "10.0.0.1:80"]));
        }
        for part in 0..PARTS {
            let all = calls(world, at, now);
            let share = all.iter().map(|list| of(list, part)).collect::<Vec<_>>();
            crowd.play(&share);
            let parts = at * PARTS + part + 1;
            let next = begun + PART * u32::try_from(parts).unwrap();
            std::thread::sleep(next.saturating_sub(clock::monotonic()));
        }
    }
}

#[test]
#[ignore = "it takes minutes and writes pictures to the folder UNDERPASS_SHOTS"]
fn pictures_of_an_hour_of_load() {
    let folder = PathBuf::from(std::env::var_os("UNDERPASS_SHOTS").expect("UNDERPASS_SHOTS"));
    std::fs::create_dir_all(&folder).unwrap();
    let mut world = World::start();
    let (_backend, address) = world.sample_backend(&[]);
    let preload = format!("LD_PRELOAD={}", library().display());
    let speed = format!("FAKETIME=+0 x{TIMES}");
    let prefix = ["env", &preload, &speed, "NO_FAKE_STAT=1"];
    let mut agent = world.enrol("", &prefix);
    agent.expose(&[
        ("erp.virtual:80", &address),
        ("crm.virtual:80", "127.0.0.1:1"),
    ]);
    let mut document = agent.document();
    document["connector"]["alertRules"] = json!({
        "thresholds": {"latencyMs": 500, "leastRequests": 5, "backendWindowSec": 60,
                       "errorRatePercent": 10},
        "delays": {"backends": 0}});
    run(agent.command(&["document", "apply", &agent.write(&document)]));
    let begun_ms = clock::wall_ms();
    let mut desk = Desk::new(&mut agent);
    agent.until_up();
    live(&mut world, &mut agent);
    let passed = (clock::wall_ms() - begun_ms) * i64::from(TIMES);
    let now_ms = begun_ms + passed;
    for (theme, name) in [(Theme::Dark, "dark"), (Theme::Light, "light")] {
        desk.pictured(theme, now_ms);
        let take = |desk: &mut Desk, what: &str| {
            let slug = what.to_lowercase().replace(' ', "-");
            // What a page asks for comes after some frames.
            for _ in 0..20 {
                desk.frames();
                std::thread::sleep(Duration::from_millis(50));
            }
            desk.picture(&folder.join(format!("hour-{slug}-{name}.png")));
        };
        desk.tab(AgentTab::Monitoring);
        desk.sees("1h");
        desk.press(Role::RadioButton, "1h");
        desk.sees("Requests: All");
        for section in [
            "Overview",
            "Requests",
            "Recent requests",
            "Back ends",
            "Usage",
            "Host",
            "Tunnels",
        ] {
            desk.press(Role::RadioButton, section);
            take(&mut desk, section);
        }
        desk.go(Route::Alerts);
        desk.press(Role::RadioButton, "History");
        take(&mut desk, "Alerts");
        desk.go(Route::Fleet);
        desk.press(Role::RadioButton, "Dashboard");
        desk.press(Role::RadioButton, "1h");
        take(&mut desk, "Dashboard");
    }
}
