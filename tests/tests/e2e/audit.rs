//! The audit log of an agent: what is in it, and that nobody can change it unseen.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use serde_json::{Value, json};
use underpass_runtime::random;

use crate::agent::Agent;
use crate::http::{BACKEND, HELLO};
use crate::process::{Process, json as parse, program, refuse, run, until};
use crate::world::World;

/// How often the writer is killed.
const KILLS: u32 = 30;
/// The longest that it lives after it opened, in microseconds.
const LIFE_US: u32 = 80_000;

impl Agent {
    /// Records of the audit log, the newest first.
    fn recorded(&self, arguments: &[&str]) -> Vec<Value> {
        let list = ["audit", "list", "--limit=100000"];
        let found = self.tell(&[&list, arguments].concat());
        found.as_array().unwrap().clone()
    }

    /// A call of the API over the socket; answers its body.
    fn call(&self, arguments: &[&str], path: &str) -> String {
        let mut command = Command::new("curl");
        command
            .args([
                "-sS",
                "--fail-with-body",
                "--max-time",
                "30",
                "--unix-socket",
            ])
            .arg(self.dir.join("admin.sock"))
            .args(arguments)
            .arg(format!("http://localhost/api/v1/{path}"));
        run(command)
    }

    fn set_level(&self, world: &World, level: &str) {
        let region = world.text("tunnel");
        let region = self.document()["subaccounts"][0]["regionHost"]
            .as_str()
            .map_or(region, str::to_owned);
        let path = format!(
            "configuration/connector/auditLog/subaccounts/{region}/{}",
            world.tenant.subaccount
        );
        let body = json!({ "level": level }).to_string();
        self.call(&["-X", "PATCH", "--json", &body], &path);
        let links = json!({"self": {"href": format!("/api/v1/{path}")}});
        let wanted = json!({"level": level, "_links": links});
        assert_eq!(parse(&self.call(&[], &path)), wanted);
    }
}

fn outcomes(records: &[Value]) -> Vec<&str> {
    let outcomes = records.iter().map(|one| one["outcome"].as_str().unwrap());
    outcomes.collect()
}

#[test]
fn who_did_what_is_recorded() {
    let world = World::start();
    let (_backend, backend) = world.sample_backend(&[]);
    let mut agent = world.enrol("", &[]);
    let enrolled = agent.recorded(&["--category", "Enrolment"]);
    assert_eq!(outcomes(&enrolled), ["Done", "Intent"]);
    assert!(
        !enrolled[0].to_string().contains("undp"),
        "no token: {enrolled:?}"
    );
    agent.expose(&[("backend.virtual:80", &backend)]);
    agent.run();
    agent.until_up();

    run(agent.command(&["mapping", "add", "other.virtual:80", "10.0.0.1:80"]));
    refuse(agent.command(&["mapping", "add", "other.virtual:80", "10.0.0.1:80"]));
    let about = ["--text", "added system mapping other.virtual:80"];
    let records = agent.recorded(&about);
    assert_eq!(outcomes(&records), ["Refused", "Done", "Intent"]);
    let (done, intent) = (&records[1], &records[2]);
    assert_eq!(done["intent"], intent["sequence"]);
    assert_eq!(done["revision"], intent["revision"]);
    assert_eq!(intent["category"], "BackendMapping");
    let user = run(Command::new("id").arg("-un"));
    assert_eq!(intent["actor"]["name"], format!("os:{}", user.trim()));
    assert_eq!(intent["actor"]["role"], "Administrator");
    assert_eq!(intent["subaccount"]["subaccount"], world.tenant.subaccount);
    let edits = intent["edits"].to_string();
    assert!(
        edits.contains("internalAddress") && edits.contains("10.0.0.1:80"),
        "{edits}"
    );

    let started = agent.recorded(&["--category", "ServiceStart"]);
    assert_eq!(started.len(), 1, "{started:?}");
    let tunnels = agent.recorded(&["--category", "TunnelStart"]);
    assert_eq!(tunnels.len(), 1, "{tunnels:?}");
    agent.process().terminate();
    assert!(agent.process().wait().success());
    let stopped = agent.recorded(&["--category", "ServiceStop"]);
    assert_eq!(stopped.len(), 1, "{stopped:?}");
    // A change while the agent is stopped.
    run(agent.command(&["mapping", "remove", "other.virtual:80"]));
    let removed = agent.recorded(&["--text", "removed system mapping other*", "--since", "1h"]);
    assert_eq!(outcomes(&removed), ["Done", "Intent"]);
    assert_eq!(
        removed[0]["actor"]["from"],
        "this host, while the agent is stopped"
    );
    assert_eq!(agent.tell(&["audit", "verify"])["openIntents"], 0);
}

#[test]
fn requests_are_recorded_as_the_level_of_their_subaccount_says() {
    let world = World::start();
    let (_backend, backend) = world.sample_backend(&[]);
    let agent = world.agent("", &backend);
    let denied = format!("{BACKEND}/secret");
    let requests = |path: &str| -> Vec<Value> {
        let all = agent.recorded(&["--text", path]);
        let of_requests = all.into_iter().filter(|one| !one["request"].is_null());
        of_requests.collect()
    };
    let ask = |mark: &str| {
        assert_eq!(world.get(&format!("{denied}/{mark}?secret=1")).status, 403);
        // Allowed, though the back end has no such page.
        assert_eq!(world.get(&format!("{HELLO}/{mark}?secret=1")).status, 404);
        requests(mark)
    };
    let security = ask("security");
    assert_eq!(security.len(), 1, "{security:?}");
    let one = &security[0];
    assert_eq!(one["category"], "AccessDenied");
    assert_eq!(one["message"], "resource is not accessible");
    assert_eq!(one["request"]["path"], "/secret/security");
    assert_eq!(one["request"]["host"], "backend.virtual");
    assert_eq!(one["subaccount"]["subaccount"], world.tenant.subaccount);

    agent.set_level(&world, "ALL");
    let all = ask("everything");
    let categories: Vec<&Value> = all.iter().map(|one| &one["category"]).collect();
    assert_eq!(categories, ["AccessAllowed", "AccessDenied"]);
    agent.set_level(&world, "OFF");
    assert_eq!(ask("nothing"), Vec::<Value>::new());
    // Changes are recorded whatever the level is, and so is the change of the level.
    let levels = agent.recorded(&["--category", "AuditLogLevel"]);
    assert_eq!(outcomes(&levels), ["Done", "Intent", "Done", "Intent"]);
}

#[test]
fn settings_and_exports_are_served() {
    let world = World::start();
    let (_backend, backend) = world.sample_backend(&[]);
    let agent = world.agent("", &backend);
    let settings = "configuration/connector/auditLog";
    let shown = parse(&agent.call(&[], settings));
    let log_path = agent.dir.join("audit").display().to_string();
    let links = json!({"self": {"href": format!("/api/v1/{settings}")}});
    let wanted = json!({"level": "SECURITY", "cleanup": 0, "logPath": log_path, "_links": links});
    assert_eq!(shown, wanted);
    agent.call(&["-X", "PATCH", "--json", r#"{"cleanup":"30"}"#], settings);
    assert_eq!(parse(&agent.call(&[], settings))["cleanup"], 30);
    let body = ["-X", "PATCH", "--json", r#"{"cleanup":31}"#];
    let path = format!("http://localhost/api/v1/{settings}");
    let mut wrong = Command::new("curl");
    wrong
        .args(["-sS", "--unix-socket"])
        .arg(agent.dir.join("admin.sock"));
    let answer = parse(&run(wrong.args(body).arg(path)));
    assert_eq!(answer["field"], "cleanup", "{answer}");

    let count = agent.recorded(&[]).len();
    assert!(count > 5);
    let csv = agent.call(&[], "auditLog/records.csv");
    assert!(csv.starts_with("sequence,time,category,"), "{csv}");
    assert_eq!(csv.matches("\r\n").count(), count + 1, "{csv}");
    let lines = agent.call(&[], "auditLog/records.jsonl");
    let newest = parse(lines.lines().next().unwrap());
    assert_eq!(newest, agent.recorded(&[])[0]);
    assert_eq!(run(agent.command(&["audit", "export"])), csv);
    // Page by page, and nothing twice.
    let mut seen = BTreeSet::new();
    let mut cursor = String::new();
    loop {
        let page = parse(&agent.call(&[], &format!("auditLog/records?limit=2{cursor}")));
        for one in page["records"].as_array().unwrap() {
            assert!(seen.insert(one["sequence"].as_u64().unwrap()), "{one}");
        }
        let Some(next) = page["cursor"].as_str() else {
            break;
        };
        cursor = format!("&cursor={next}");
    }
    assert_eq!(seen.len(), count);
}

fn copy(agent: &Agent, to: &Path) {
    run(Command::new("cp")
        .arg("-r")
        .arg(agent.dir.join("audit"))
        .arg(to));
}

fn segments(dir: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(dir).unwrap();
    let paths = entries.map(|entry| entry.unwrap().path());
    let mut paths: Vec<PathBuf> = paths
        .filter(|path| path.extension().is_some_and(|end| end == "jsonl"))
        .collect();
    paths.sort();
    paths
}

#[test]
fn a_copy_verifies_without_the_agent_and_a_changed_one_does_not() {
    let world = World::start();
    let agent = world.enrol("", &[]);
    run(agent.command(&["mapping", "add", "a.virtual:80", "10.0.0.1:80"]));
    let report = agent.tell(&["audit", "verify"]);
    let key = report["publicKey"].as_str().unwrap();
    let anchor = format!(
        "{}:{}",
        report["last"],
        report["lastHash"].as_str().unwrap()
    );
    let dir = world.path("copy");
    copy(&agent, &dir);
    let verify = |more: &[&str]| {
        let mut command = Command::new(program("underpass-agent"));
        command
            .args(["audit", "verify", "--dir"])
            .arg(&dir)
            .args(more);
        command
    };
    let known = ["--key", key, "--anchor", &anchor];
    let told = run(verify(&known));
    assert!(told.contains(key) && told.contains(&anchor), "{told}");

    let path = &segments(&dir)[0];
    let text = std::fs::read_to_string(path).unwrap();
    let change = |from: &str, to: &str| {
        let changed = text.replacen(from, to, 1);
        assert_ne!(changed, text);
        underpass_runtime::file::replace(path, changed.as_bytes()).unwrap();
        refuse(verify(&known))
    };
    let told = change("a.virtual", "b.virtual");
    let line = text
        .lines()
        .position(|line| line.contains("a.virtual"))
        .unwrap()
        + 1;
    assert!(told.contains(&format!("segment 1, line {line}")), "{told}");
    // Cut at the end of a record: only who knows what was there can tell.
    let (first, _) = text.split_once("\n{").unwrap();
    underpass_runtime::file::replace(path, format!("{first}\n").as_bytes()).unwrap();
    run(verify(&["--key", key]));
    let told = refuse(verify(&known));
    assert!(told.contains("was given as known"), "{told}");
    underpass_runtime::file::replace(path, text.as_bytes()).unwrap();
    run(verify(&known));
    let other = "0".repeat(64);
    let told = refuse(verify(&["--key", &other]));
    assert!(told.contains("not the key of this log"), "{told}");
}

/// The revisions of the lines of a kind.
fn numbers(output: &str, kind: &str) -> Vec<u64> {
    // The last line may be torn.
    let complete = output
        .rsplit_once('\n')
        .map_or("", |(complete, _)| complete);
    let lines = complete.lines().filter_map(|line| line.strip_prefix(kind));
    lines.map(|number| number.trim().parse().unwrap()).collect()
}

#[test]
fn a_killed_agent_has_every_acknowledged_change_in_its_log() {
    let folder = tempfile::tempdir().unwrap();
    let agent = Agent::new(folder.path().join("agent"), "", &[]);
    let mut acknowledged = BTreeSet::new();
    for round in 0..KILLS {
        let mut command = Command::new(program("underpass-audited-writer"));
        let log = folder.path().join("writer.log");
        let mut writer = Process::start(command.arg(&agent.dir), log);
        // Some are killed while they open the log, the others at work.
        let kind = if round % 5 == 0 { "open" } else { "done" };
        until("the writer is at work", || {
            let ready = writer.ended().is_some() || !numbers(&writer.output(), kind).is_empty();
            ready.then_some(())
        });
        std::thread::sleep(Duration::from_micros((random::number() % LIFE_US).into()));
        let ended = writer.ended();
        writer.kill();
        let output = writer.output();
        assert!(ended.is_none(), "round {round}: {output}");
        acknowledged.extend(numbers(&output, "done"));
    }
    assert!(
        acknowledged.len() > 30,
        "killed too early: {}",
        acknowledged.len()
    );
    // One that ends in order leaves nothing open.
    let mut last = Command::new(program("underpass-audited-writer"));
    let told = run(last.arg(&agent.dir).args(["--changes", "1"]));
    acknowledged.extend(numbers(&told, "done"));
    let report = agent.tell(&["audit", "verify"]);
    assert_eq!(report["openIntents"], 0, "{report}");
    assert_eq!(report["unsealed"], 0, "{report}");
    let records = agent.recorded(&[]);
    let done: BTreeSet<u64> = records
        .iter()
        .filter(|one| one["outcome"] == "Done")
        .filter_map(|one| one["revision"].as_u64())
        .collect();
    let missing: Vec<&u64> = acknowledged.difference(&done).collect();
    assert!(missing.is_empty(), "not recorded: {missing:?}");
    let head = agent.tell(&["revision", "list", "--limit", "1"])[0]["number"].as_u64();
    assert_eq!(done.last().copied(), head);
    println!("{} changes, {} records", done.len(), records.len());
}
