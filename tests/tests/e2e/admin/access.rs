//! Who may administer: root, the agent's own user, the operators' group, and nobody else.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use super::socket::{Answer, answer, curl};
use crate::agent::Agent;
use crate::process::{Process, program, refuse, run};
use crate::world::World;

/// Debian's `nobody` and `nogroup`.
const NOBODY: [&str; 4] = [
    "setpriv",
    "--reuid=65534",
    "--regid=65534",
    "--clear-groups",
];
/// Nobody as a member of a group that every Debian has.
const OPERATOR: [&str; 4] = [
    "setpriv",
    "--reuid=65534",
    "--regid=operator",
    "--clear-groups",
];

/// These tests change the user, which root alone can.
fn as_root() {
    let user = run(std::process::Command::new("id").arg("-u"));
    assert_eq!(
        user.trim(),
        "0",
        "this test changes the user: run it as root"
    );
}

fn open(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

/// Starts an agent below a folder that everybody may pass.
fn started(world: &World, more: &[&str]) -> (Agent, Process) {
    open(&world.path(""), 0o711);
    let agent = world.enrol("", &[]);
    let command = [&["run"], more].concat();
    let process = Process::start(&mut agent.command(&command), world.path("run.log"));
    agent.until_up();
    (agent, process)
}

fn status_as(prefix: &[&str], dir: &Path) -> Answer {
    answer(&run(curl(prefix, dir, "/api/v1/status", &[])))
}

fn socket(agent: &Agent) -> PathBuf {
    agent.dir.join("admin.sock")
}

#[test]
fn a_foreign_user_is_refused_by_the_files_and_by_the_agent() {
    as_root();
    let world = World::start();
    let (agent, _process) = started(&world, &[]);
    assert_eq!(fs::metadata(socket(&agent)).unwrap().mode() & 0o777, 0o600);
    refuse(curl(&NOBODY, &agent.dir, "/api/v1/status", &[]));
    // Also where the files would let everybody in.
    open(&agent.dir, 0o711);
    refuse(curl(&NOBODY, &agent.dir, "/api/v1/status", &[]));
    open(&socket(&agent), 0o666);
    let refused = status_as(&NOBODY, &agent.dir);
    assert_eq!(refused.status, 403);
    assert_eq!(refused.json()["type"], "FORBIDDEN_REQUEST");
    let message = "user nobody may not administer this agent";
    assert_eq!(refused.json()["message"], message);
    assert_eq!(status_as(&[], &agent.dir).status, 200);
}

#[test]
fn a_member_of_the_operators_group_may_do_it_and_leaves_its_name() {
    as_root();
    let world = World::start();
    let (agent, _process) = started(&world, &["--operators-group", "operator"]);
    let found = fs::metadata(socket(&agent)).unwrap();
    assert_eq!((found.mode() & 0o777, found.gid()), (0o660, 37));
    assert_eq!(fs::metadata(&agent.dir).unwrap().mode() & 0o777, 0o710);
    refuse(curl(&NOBODY, &agent.dir, "/api/v1/status", &[]));
    assert_eq!(status_as(&OPERATOR, &agent.dir).status, 200);
    let state = format!("{}/state", agent.subaccount_path());
    let json = ["-H", "Content-Type: application/json"];
    let body = ["-X", "PUT", "-d", r#"{"connected":false}"#];
    let changed = curl(&OPERATOR, &agent.dir, &state, &[&json[..], &body].concat());
    assert_eq!(answer(&run(changed)).status, 204);
    let newest = &agent.tell(&["revision", "list"])[0];
    assert_eq!(newest["author"], "os:nobody");
    // Only the socket is open to the group.
    for name in ["state.db", "state.lock", "status.json", "secrets"] {
        let mode = fs::metadata(agent.dir.join(name)).unwrap().mode();
        assert_eq!(mode & 0o077, 0, "{name}");
    }
}

#[test]
fn a_missing_group_that_was_named_is_loud_and_stops_nothing_else() {
    let world = World::start();
    let (agent, process) = started(&world, &["--operators-group", "no-such-group"]);
    let log = process.output();
    assert!(log.contains("there is no group no-such-group"), "{log}");
    assert!(!socket(&agent).exists());
}

#[test]
fn root_leaves_no_files_in_the_directory_of_another_user() {
    as_root();
    let world = World::start();
    let agent = world.enrol("", &[]);
    let names = || {
        let entries = fs::read_dir(&agent.dir).unwrap();
        let mut names: Vec<_> = entries.map(|one| one.unwrap().file_name()).collect();
        names.sort();
        names
    };
    run(std::process::Command::new("chown")
        .args(["-R", "nobody"])
        .arg(&agent.dir));
    let before = names();
    for arguments in [
        &["mapping", "list"][..],
        &["document", "show"],
        &["subaccount", "remove"],
    ] {
        let refused = refuse(agent.command(arguments));
        assert!(refused.contains("belongs to nobody"), "{refused}");
        assert!(refused.contains("sudo -u nobody"), "{refused}");
    }
    assert_eq!(names(), before);
    // Its user may; the program stands where that user can reach it.
    open(&world.path(""), 0o711);
    let copy = world.path("agent-copy");
    fs::copy(program("underpass-agent"), &copy).unwrap();
    open(&copy, 0o755);
    let mut own = std::process::Command::new(NOBODY[0]);
    own.args(&NOBODY[1..]).arg(copy);
    own.args(["subaccount", "list", "--data-dir"])
        .arg(&agent.dir);
    run(own);
    let owner = fs::metadata(agent.dir.join("state.db")).unwrap().uid();
    assert_eq!(owner, 65_534);
}
