//! Backups that an agent makes by itself: verified, opened by Debian's `age`, kept and sent; and
//! what it says when they cannot be made.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};
use underpass_runtime::clock;
use underpass_runtime::file::replace;
use underpass_runtime::pki::Authority;

use crate::agent::Agent;
use crate::agent_backup::{key_pair, opened};
use crate::disk::SmallDisk;
use crate::faketime::FakeClock;
use crate::process::{json as parse, refuse, run, until};
use crate::trust::{authority, by_name, server};
use crate::world::World;

/// The variable that the password of an address is taken from.
const PASSWORD: &str = "UNDERPASS_BACKUP_TARGET_PASSWORD";

impl Agent {
    /// Sets the schedule `nightly`.
    fn schedule(&self, recipient: &str, more: &[&str]) -> Command {
        let mut command = self.command(&["backup", "schedule", "set", "nightly"]);
        command.args(["--cron", &daily()]);
        command.args(["--recipient", recipient]).args(more);
        command
    }

    fn run_now(&self) -> Command {
        self.command(&["backup", "schedule", "run", "nightly", "--json"])
    }

    /// What the agent tells of its only schedule.
    fn shown(&self) -> Value {
        let all = run(self.command(&["backup", "schedule", "list", "--json"]));
        parse(&all)[0].clone()
    }

    fn alert_codes(&self) -> Vec<String> {
        let told = parse(&run(self.command(&["alert", "list", "--json"])));
        let all = told["alerts"].as_array().unwrap().iter();
        let codes = all.map(|one| one["code"].as_str().unwrap().to_owned());
        codes.collect()
    }
}

/// Once a day, half a day from now: never while a test runs.
fn daily() -> String {
    let hour = clock::wall_ms() / 3_600_000 + 12;
    format!("30 {} * * *", hour % 24)
}

/// The backups in a folder, the oldest first, and whatever else is there.
fn listed(folder: &Path) -> Vec<String> {
    let names = std::fs::read_dir(folder).unwrap().map(|entry| {
        let name = entry.unwrap().file_name();
        name.into_string().unwrap()
    });
    let mut names: Vec<String> = names.collect();
    names.sort();
    names
}

fn folder(world: &World, name: &str) -> (PathBuf, String) {
    let path = world.path(name);
    std::fs::create_dir(&path).unwrap();
    let text = path.display().to_string();
    (path, text)
}

#[test]
fn backups_are_verified_kept_and_opened_by_age() {
    let world = World::start();
    let mut agent = world.enrol("", &[]);
    let (identity, public) = key_pair(&world, "safe.txt");
    let (backups, path) = folder(&world, "backups");
    replace(&backups.join("agent.zip"), b"of somebody else").unwrap();
    let keep = ["--directory", &path, "--keep", "2", "--history", "3"];
    let wrong = refuse(agent.schedule(&public.replace("age1", "age1q"), &keep));
    assert!(wrong.contains("must be a public key of age"), "{wrong}");
    let last = if public.ends_with('q') { 'p' } else { 'q' };
    let checksum = format!("{}{last}", public.get(..61).unwrap());
    let checksum = refuse(agent.schedule(&checksum, &keep));
    assert!(checksum.contains("recipients[0]"), "{checksum}");
    run(agent.schedule(&public, &keep));
    let stopped = refuse(agent.run_now());
    assert!(stopped.contains("the agent does not run"), "{stopped}");
    agent.run();
    agent.until_up();
    assert!(agent.shown()["status"]["nextMs"].is_i64());

    let made: Vec<Value> = (0..3).map(|_| parse(&run(agent.run_now()))).collect();
    let files: Vec<&str> = made
        .iter()
        .map(|one| one["made"]["file"].as_str().unwrap())
        .collect();
    // The oldest is gone, and nothing that is not the schedule's own.
    assert_eq!(listed(&backups), ["agent.zip", files[1], files[2]]);
    let newest = backups.join(files[2]);
    let content = opened(&world, &newest, Some(&identity));
    assert_eq!(content["document"], agent.document());
    let verified = agent.verify(&newest, Some(&identity));
    assert_eq!(parse(&run(verified))["own"], true);
    let status = agent.shown()["status"].clone();
    assert_eq!(status["lastGood"]["made"]["file"], files[2]);
    assert_eq!(
        (&status["state"], &status["failures"]),
        (&json!("waiting"), &json!(0))
    );
    assert!(
        status["last"]["askedBy"]
            .as_str()
            .unwrap()
            .starts_with("os:")
    );
    let recorded = run(agent.command(&["audit", "list", "--category", "Backup", "--json"]));
    let done = format!("backup by the schedule nightly, asked for by os:root, sealed to {public}");
    assert!(
        recorded.contains(&done) && recorded.contains(files[2]),
        "{recorded}"
    );
    without_the_folder(&agent, &backups, &world.path("away"));
    run(agent.command(&["backup", "schedule", "remove", "nightly"]));
    assert_eq!(agent.shown(), Value::Null);
    assert_eq!(listed(&backups).len(), 3);
}

/// There is a reason, an alert, and the good ones are as they were.
fn without_the_folder(agent: &Agent, backups: &Path, away: &Path) {
    std::fs::rename(backups, away).unwrap();
    let reason = refuse(agent.run_now());
    assert!(
        reason.contains("backups cannot be used: No such file"),
        "{reason}"
    );
    until("an alert tells of it", || {
        agent
            .alert_codes()
            .contains(&"BackupRun".to_owned())
            .then_some(())
    });
    assert_eq!(agent.shown()["status"]["failures"], 1);
    assert_eq!(listed(away).len(), 3);
    let recorded = run(agent.command(&["audit", "list", "--category", "Backup", "--json"]));
    assert!(
        recorded.contains("cannot be used: No such file"),
        "{recorded}"
    );
    std::fs::rename(away, backups).unwrap();
    run(agent.run_now());
    assert_eq!(agent.shown()["status"]["failures"], 0);
}

#[test]
fn a_full_disk_leaves_nothing_half_written() {
    let world = World::start();
    let (_, public) = key_pair(&world, "safe.txt");
    let (backups, path) = folder(&world, "backups");
    let disk = SmallDisk::mount(&backups);
    let mut agent = world.enrol("", &[]);
    run(agent.schedule(&public, &["--directory", &path]));
    agent.run();
    agent.until_up();
    run(agent.run_now());
    let before = listed(&backups);
    disk.fill();
    let full = refuse(agent.run_now());
    assert!(full.contains("cannot write to the folder"), "{full}");
    assert!(full.contains("No space left on device"), "{full}");
    disk.free();
    assert_eq!(listed(&backups), before);
    run(agent.run_now());
    assert_eq!(listed(&backups).len(), before.len() + 1);
}

#[test]
fn backups_are_put_to_nginx_and_its_refusals_are_told() {
    let world = World::start();
    let (identity, public) = key_pair(&world, "safe.txt");
    let (ca, other) = (authority("Right"), authority("Other"));
    let (certificate, key) = server(&ca, 0);
    let users = world.path("users");
    let hash = run(Command::new("openssl").args(["passwd", "-apr1", "correct"]));
    replace(&users, format!("agent:{hash}").as_bytes()).unwrap();
    let how = format!(
        "dav_methods PUT; client_max_body_size 64m; auth_basic x; auth_basic_user_file {};",
        users.display()
    );
    let (mut nginx, address) = world.nginx_tls_with("nginx", &certificate, &key, &how);
    let file = |name: &str, ca: &Authority| {
        let path = world.path(name);
        replace(&path, ca.certificate().as_bytes()).unwrap();
        path.display().to_string()
    };
    let (right, wrong) = (file("right.pem", &ca), file("wrong.pem", &other));
    let mut agent = world.enrol("", &[]);
    let url = format!("https://{}/open/", by_name(&address));
    let set = |agent: &Agent, ca: &str, password: &str| {
        let more = ["--url", &url, "--user", "agent", "--ca", ca];
        let mut command = agent.schedule(&public, &more);
        run(command.env(PASSWORD, password));
    };
    set(&agent, &right, "correct");
    agent.run();
    agent.until_up();
    let guarded = refuse(agent.run_now());
    assert!(guarded.contains("must not be dialled"), "{guarded}");
    agent.expose(&[]);
    let made = parse(&run(agent.run_now()));
    let name = made["made"]["file"].as_str().unwrap();
    let arrived = world.path("nginx/files/open").join(name);
    let content = opened(&world, &arrived, Some(&identity));
    assert_eq!(content["document"], agent.document());
    // The password is nowhere but in the secret store.
    let shown = agent.shown();
    assert_eq!(shown["target"]["url"]["login"]["password"], "***");
    assert!(!agent.document().to_string().contains("correct"));
    keeps_its_password(&agent, &public, &url, &right);

    let puts = listed(&world.path("nginx/files/open"));
    set(&agent, &right, "incorrect");
    let login = refuse(agent.run_now());
    assert!(
        login.contains("401 Unauthorized: the login is missing or wrong"),
        "{login}"
    );
    set(&agent, &wrong, "correct");
    let untrusted = refuse(agent.run_now());
    assert!(
        untrusted.contains("TLS with localhost failed"),
        "{untrusted}"
    );
    assert!(untrusted.contains("certificate"), "{untrusted}");
    set(&agent, &right, "correct");
    nginx.kill();
    let away = refuse(agent.run_now());
    assert!(away.contains("cannot be reached"), "{away}");
    assert_eq!(listed(&world.path("nginx/files/open")), puts);
    assert!(agent.shown()["status"]["failures"].as_u64().unwrap() >= 3);
    let log = std::fs::read_to_string(agent.dir.with_extension("log")).unwrap();
    assert!(!log.contains("correct"), "{log}");
}

/// What is shown keeps it, but leads it nowhere else.
fn keeps_its_password(agent: &Agent, public: &str, url: &str, ca: &str) {
    let keep = [
        "--url",
        url,
        "--user",
        "agent",
        "--ca",
        ca,
        "--keep-password",
    ];
    run(agent.schedule(public, &keep));
    run(agent.run_now());
    let elsewhere = keep.map(|word| {
        if word == url {
            "https://other.corp/"
        } else {
            word
        }
    });
    let elsewhere = refuse(agent.schedule(public, &elsewhere));
    assert!(
        elsewhere.contains("target.url.login.password"),
        "{elsewhere}"
    );
}

#[test]
fn what_was_missed_is_made_up_for_once_and_what_is_too_old_is_told() {
    let world = World::start();
    let clock = FakeClock::new(&world);
    let mut agent = world.enrol("", &clock.prefix());
    let (_, public) = key_pair(&world, "safe.txt");
    let (backups, path) = folder(&world, "backups");
    run(agent.schedule(&public, &["--directory", &path, "--wanted-within", "36"]));
    agent.run();
    agent.until_up();
    run(agent.run_now());
    assert_eq!(agent.alert_codes(), Vec::<String>::new());
    // Three times pass while it is away.
    agent.process().kill();
    clock.set("+3d");
    agent.run();
    agent.until_up();
    until("the missed backup is made", || {
        (listed(&backups).len() == 2).then_some(())
    });
    until("it is told as good", || {
        let status = agent.shown()["status"].clone();
        (status["state"] == "waiting" && status["lastGood"] == status["last"]).then_some(())
    });
    let next = agent.shown()["status"]["nextMs"].as_i64().unwrap();
    let last = agent.shown()["status"]["last"].clone();
    assert_eq!(last["askedBy"], Value::Null);
    let ahead = next - last["endedMs"].as_i64().unwrap();
    assert!((0..=24 * 3_600_000).contains(&ahead), "{ahead}");

    agent.process().kill();
    std::fs::rename(&backups, world.path("away")).unwrap();
    clock.set("+6d");
    agent.run();
    agent.until_up();
    until("alerts tell of it", || {
        let told = agent.alert_codes();
        let both = ["Backup", "BackupRun"].map(str::to_owned);
        both.iter().all(|code| told.contains(code)).then_some(())
    });
    assert_eq!(agent.shown()["status"]["overdue"], true);
    std::fs::rename(world.path("away"), &backups).unwrap();
    run(agent.run_now());
    assert_eq!(agent.shown()["status"]["overdue"], false);
    // Once, however often it was missed.
    assert_eq!(listed(&backups).len(), 3);
}
