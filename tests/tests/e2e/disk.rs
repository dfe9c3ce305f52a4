//! Real file systems without room: traffic goes on, changes are refused, and all heals.

use std::fs::File;
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::process::Command;

use nix::sched::{CloneFlags, unshare};
use serde_json::{Value, json};
use underpass_shared::config::Document;

use crate::agent::Agent;
use crate::http::{BACKEND, HELLO};
use crate::process::{json as parse, refuse, run, until};
use crate::world::World;

/// Room for a data directory with its reserve, and little to fill.
const SIZE: &str = "size=32m,mode=0700";

/// A small file system that this thread and its children see, and that goes with them.
pub(crate) struct SmallDisk {
    filler: PathBuf,
}

impl SmallDisk {
    /// Needs root; without it the test fails and says so.
    pub(crate) fn mount(dir: &Path) -> Self {
        unshare(CloneFlags::CLONE_NEWNS).expect("an own mount namespace needs root");
        run(Command::new("mount").args(["--make-rprivate", "/"]));
        run(Command::new("mount")
            .args(["-t", "tmpfs", "-o", SIZE, "tmpfs"])
            .arg(dir));
        Self {
            filler: dir.join("filler"),
        }
    }

    /// An agent that runs, exposes a back end, and has its data on a small disk.
    pub(crate) fn with_agent(world: &World, backend: &str) -> (Self, Agent) {
        let dir = world.path("agent-");
        std::fs::create_dir(&dir).unwrap();
        let disk = Self::mount(&dir);
        let mut agent = world.enrol("", &[]);
        assert_eq!(agent.dir, dir);
        agent.expose(&[("backend.virtual:80", backend)]);
        agent.run();
        agent.until_up();
        (disk, agent)
    }

    /// Takes the last byte, also after something was set free.
    pub(crate) fn fill(&self) {
        let mut filler = File::options();
        let mut file = filler.append(true).create(true).open(&self.filler).unwrap();
        // Small pieces at last, so that nothing is left.
        for size in [64 * 1024, 1] {
            let piece = vec![7; size];
            let full = loop {
                if let Err(error) = file.write_all(&piece) {
                    break error;
                }
            };
            assert_eq!(full.kind(), ErrorKind::StorageFull);
        }
    }

    pub(crate) fn free(&self) {
        std::fs::remove_file(&self.filler).unwrap();
    }
}

/// `document apply` of a document that lies elsewhere.
fn apply(world: &World, agent: &Agent, document: &Value) -> Command {
    let path = world.path("document.json");
    underpass_runtime::file::replace(&path, document.to_string().as_bytes()).unwrap();
    agent.command(&["document", "apply", path.to_str().unwrap()])
}

fn answers(world: &World) {
    until("requests pass", || {
        (world.get(HELLO).status == 200).then_some(())
    });
}

/// A text that no compression makes small.
fn incompressible() -> String {
    let bytes: [u8; 500] = underpass_runtime::random::bytes();
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The document with more resources, each of about 1 KiB.
fn with_resources(document: &Value, count: usize, name: &str) -> Value {
    let resource = |index: usize| {
        json!({"path": format!("/{name}/{index}"), "enabled": true, "exactMatchOnly": false,
               "websocketUpgradeAllowed": false, "description": incompressible()})
    };
    let mut document = document.clone();
    let resources = &mut document["subaccounts"][0]["mappings"][0]["resources"];
    resources
        .as_array_mut()
        .unwrap()
        .extend((0..count).map(resource));
    document
}

/// A document as an agent takes it, in whatever order its parts are written.
fn read(document: &Value) -> Document {
    Document::from_json(&document.to_string()).unwrap()
}

#[test]
fn an_agent_on_a_full_disk_forwards_and_can_be_repaired_through_itself() {
    let world = World::start();
    let (_backend, address) = world.sample_backend(&[]);
    let (disk, mut agent) = SmallDisk::with_agent(&world, &address);
    let dir = agent.dir.clone();
    answers(&world);
    let reserve = || std::fs::metadata(dir.join("state.reserve")).unwrap().len();
    assert_eq!(reserve(), 4 * 1024 * 1024);

    disk.fill();
    assert_eq!(world.get(HELLO).status, 200);
    // It starts on the full disk, after a crash as after an orderly end.
    agent.process().kill();
    agent.run();
    answers(&world);
    agent.process().terminate();
    assert!(agent.process().wait().success());
    agent.run();
    answers(&world);
    agent.process().terminate();
    assert!(agent.process().wait().success());

    // A permission can be taken away on the full disk, with space from a reserve: the audit log may
    // have taken some of its own first, and left enough of it.
    // What was measured and logged leaves some room behind when it is closed.
    disk.fill();
    let mut repaired = agent.document();
    let resources = &mut repaired["subaccounts"][0]["mappings"][0]["resources"];
    let resources = resources.as_array_mut().unwrap();
    resources.retain(|resource| resource["path"] != "/secret" && resource["path"] != "/headers");
    let told = run(apply(&world, &agent, &repaired));
    assert!(told.contains("revision"), "{told}");
    let audit_reserve = std::fs::metadata(dir.join("audit/reserve")).unwrap().len();
    assert!(reserve() < 4 * 1024 * 1024 || audit_reserve < 1024 * 1024);
    agent.run();
    answers(&world);
    assert_eq!(world.get(&format!("{BACKEND}/headers")).status, 403);
    agent.process().terminate();
    assert!(agent.process().wait().success());

    // A large change is refused at once, others when the reserve is gone.
    let large = with_resources(&repaired, 1_500, "large");
    let before = agent.document();
    let refused = refuse(apply(&world, &agent, &large));
    assert!(refused.contains("the disk is full"), "{refused}");
    assert_eq!(agent.document(), before);
    assert_ne!(reserve(), 0);
    let mut last = before.clone();
    let refused = (0..500).find_map(|number| {
        let next = with_resources(&before, 40, &number.to_string());
        let output = apply(&world, &agent, &next).output().unwrap();
        if output.status.success() {
            last = next;
            return None;
        }
        Some(String::from_utf8(output.stderr).unwrap())
    });
    let refused = refused.unwrap();
    assert!(refused.contains("the disk is full"), "{refused}");
    assert_eq!(read(&agent.document()), read(&last));
    agent.run();
    answers(&world);
    agent.process().terminate();
    assert!(agent.process().wait().success());

    disk.free();
    run(apply(&world, &agent, &large));
    let resources = &agent.document()["subaccounts"][0]["mappings"][0]["resources"];
    assert!(resources.as_array().unwrap().len() > 1_500);
    assert_eq!(reserve(), 4 * 1024 * 1024);
}

/// The audit log's own reserve is taken away, so that it is the first to refuse.
#[test]
fn a_change_that_cannot_be_recorded_is_refused_and_traffic_goes_on() {
    let world = World::start();
    let (_backend, address) = world.sample_backend(&[]);
    let (disk, agent) = SmallDisk::with_agent(&world, &address);
    answers(&world);
    std::fs::remove_file(agent.dir.join("audit/reserve")).unwrap();
    agent.until_alert("Disk");
    agent.rules(&["delays.resolution=1", "thresholds.freeDiskSpaceMb=5"]);
    agent.until_resolved("Disk");

    disk.fill();
    let text = agent.until_alert("Disk")["text"].to_string();
    assert!(text.contains("the limit is 5 MB"), "{text}");
    let change = |number: usize| {
        let name = format!("m{number}.virtual:80");
        let mut command = agent.command(&["mapping", "add", &name, "10.0.0.1:80"]);
        let output = command.output().unwrap();
        let told = String::from_utf8(output.stderr).unwrap();
        (!output.status.success()).then_some(told)
    };
    let mut made = 0;
    let refused = (0..300).find_map(|number| {
        let Some(told) = change(number) else {
            made += 1;
            // What the store set free for its change is not for the audit log.
            disk.fill();
            return None;
        };
        assert!(told.contains("the disk is full"), "{told}");
        told.contains("audit log").then_some(told)
    });
    let refused = refused.expect("a change that is refused because it cannot be recorded");
    assert!(refused.contains("nothing was changed"), "{refused}");
    let told = agent.until_alert("Audit");
    let text = told["text"].as_str().unwrap();
    assert!(
        text.starts_with("the audit log cannot be written"),
        "{text}"
    );
    assert_eq!(world.get(HELLO).status, 200);
    let denied = "http://denied.virtual/on-a-full-disk";
    assert_eq!(world.get(denied).status, 403);
    let mappings = agent.tell(&["mapping", "list"]);
    assert_eq!(mappings.as_array().unwrap().len(), made + 1);

    disk.free();
    until("changes are made again", || {
        change(1_000).is_none().then_some(())
    });
    let found = until("what waited is recorded", || {
        let found = agent.tell(&["audit", "list", "--category", "AccessDenied"]);
        (!found.as_array().unwrap().is_empty()).then_some(found)
    });
    assert_eq!(found[0]["request"]["path"], "/on-a-full-disk");
    agent.until_resolved("Audit");
    agent.until_resolved("Disk");
    let verified = agent.tell(&["audit", "verify"]);
    assert_eq!(verified["openIntents"], 0, "{verified}");
    // Every change that was made, and none that was refused, is there as done.
    let done = agent.tell(&[
        "audit",
        "list",
        "--text",
        "added system mapping m",
        "--limit",
        "1000",
    ]);
    let done = done.as_array().unwrap().iter();
    let done = done.filter(|one| one["outcome"] == "Done").count();
    assert_eq!(done, made + 1);
}

/// Moves the gateway's data to a small disk.
fn move_gateway(world: &mut World) -> SmallDisk {
    world.gateway.terminate();
    assert!(world.gateway.wait().success());
    let (dir, aside) = (world.path("gateway"), world.path("gateway-aside"));
    std::fs::rename(&dir, &aside).unwrap();
    std::fs::create_dir(&dir).unwrap();
    let disk = SmallDisk::mount(&dir);
    let script = format!("cp -a {}/. {}/", aside.display(), dir.display());
    run(Command::new("bash").args(["-c", &script]));
    disk
}

#[test]
fn a_gateway_on_a_full_disk_serves_and_refuses_changes() {
    let mut world = World::start();
    let (_backend, address) = world.sample_backend(&[]);
    let disk = move_gateway(&mut world);
    world.restart_gateway();
    let _agent = world.agent("", &address);
    answers(&world);

    disk.fill();
    let names = |world: &World| {
        let listed = parse(&run(world.command(&["subaccount", "list", "--json"])));
        listed["subaccounts"].as_array().unwrap().len()
    };
    // What the log has room for may still succeed.
    let added = (0..2000).find(|number| {
        let add = ["subaccount", "add", &format!("{number}{}", "n".repeat(50))];
        let output = world.command(&add).output().unwrap();
        let told = String::from_utf8(output.stderr).unwrap();
        assert!(
            output.status.success() || told.contains("the disk is full"),
            "{told}"
        );
        !output.status.success()
    });
    let count = 1 + added.unwrap();
    assert_eq!(names(&world), count);
    assert_eq!(world.get(HELLO).status, 200);
    let form = format!(
        "grant_type=client_credentials&client_id={}&client_secret={}",
        world.tenant.credential("clientid"),
        world.tenant.credential("clientsecret")
    );
    let answer = world.token_endpoint("/oauth/token", &["-d", &form]);
    assert!(answer["access_token"].is_string(), "{answer}");

    disk.free();
    run(world.command(&["subaccount", "add", "later"]));
    assert_eq!(names(&world), count + 1);
    world.gateway.kill();
    world.restart_gateway();
    assert_eq!(names(&world), count + 1);
    answers(&world);
}
