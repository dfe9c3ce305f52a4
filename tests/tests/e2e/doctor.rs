//! What `underpass-agent doctor` sees and says.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::SystemTime;

use serde_json::Value;

use crate::agent::Agent;
use crate::process::json;
use crate::world::World;

/// Outcome and words of each check; several of one name are joined.
fn examine(agent: &Agent, arguments: &[&str]) -> (bool, BTreeMap<String, (String, String)>) {
    let mut command = agent.command(&[&["doctor", "--json"], arguments].concat());
    let output = command.output().unwrap();
    let report = json(&String::from_utf8(output.stdout).unwrap());
    assert_eq!(report["ok"], output.status.success());
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let mut checks = BTreeMap::new();
    for check in report["checks"].as_array().unwrap() {
        let words = format!("{} {}", text(&check["seen"]), text(&check["advice"]));
        checks.insert(text(&check["name"]), (text(&check["outcome"]), words));
    }
    (output.status.success(), checks)
}

fn files(dir: &Path) -> BTreeMap<String, SystemTime> {
    let entries = std::fs::read_dir(dir).unwrap().map(Result::unwrap);
    entries
        .map(|entry| {
            let changed = entry.metadata().unwrap().modified().unwrap();
            (entry.file_name().into_string().unwrap(), changed)
        })
        .collect()
}

#[test]
fn doctor_sees_what_is_well_and_changes_nothing() {
    let world = World::start();
    let mut agent = world.enrol("", &[]);
    let before = files(&agent.dir);
    let (well, checks) = examine(&agent, &[]);
    assert!(well, "{checks:?}");
    for name in [
        "data directory",
        "rights",
        "disk space",
        "file descriptors",
        "client certificate",
        "name resolution",
        "connection to the gateway",
        "TLS with the gateway",
        "clock",
    ] {
        assert_eq!(checks[name].0, "ok", "{name}: {checks:?}");
    }
    assert_eq!(files(&agent.dir), before);
    agent.run();
    agent.until_up();
    let (well, checks) = examine(&agent, &[]);
    assert!(well, "{checks:?}");
    assert!(checks["tunnel"].1.contains("2 of 2 up"), "{checks:?}");
    // Anybody may look at the way to a gateway before there is an agent.
    let nobody = Agent::new(world.path("nobody"), "", &[]);
    let host = world.text("tunnel");
    let (well, checks) = examine(&nobody, &["--host", &host]);
    assert!(well, "{checks:?}");
    let tls = &checks["TLS with the gateway"];
    assert_eq!(tls.0, "warn");
    assert!(
        tls.1.contains("issued by \"CN=Underpass gateway CA"),
        "{tls:?}"
    );
    assert!(!nobody.dir.exists());
}

#[test]
fn doctor_names_what_is_wrong() {
    let mut world = World::start();
    let agent = world.enrol("", &[]);
    let secret = std::fs::read_dir(agent.dir.join("secrets")).unwrap();
    let secret = secret.last().unwrap().unwrap().path();
    let open = |mode| std::fs::set_permissions(&secret, PermissionsExt::from_mode(mode)).unwrap();
    open(0o644);
    let (well, checks) = examine(&agent, &[]);
    assert!(!well);
    assert_eq!(checks["rights"].0, "fail");
    assert!(checks["rights"].1.contains("chmod"), "{checks:?}");
    open(0o600);

    // A gateway that was made anew has another authority.
    world.gateway.kill();
    std::fs::remove_dir_all(world.path("gateway/tls")).unwrap();
    world.restart_gateway();
    let (well, checks) = examine(&agent, &[]);
    assert!(!well);
    let (outcome, words) = &checks["TLS with the gateway"];
    assert_eq!(outcome, "fail");
    assert!(
        words.contains("issued by") && words.contains("invalid peer certificate"),
        "{words}"
    );
    assert_eq!(checks["connection to the gateway"].0, "ok");

    world.gateway.kill();
    let (well, checks) = examine(&agent, &[]);
    assert!(!well);
    let (outcome, words) = &checks["connection to the gateway"];
    assert_eq!(outcome, "fail");
    assert!(words.contains("firewall"), "{words}");
    let (well, checks) = examine(&agent, &["--host", "gateway.invalid:443"]);
    assert!(!well);
    assert_eq!(checks["name resolution"].0, "fail");
}
