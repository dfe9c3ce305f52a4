//! A lost gateway: restored elsewhere its agents come back, and a damaged archive changes nothing.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use crate::http::HELLO;
use crate::process::{json as parse, program, refuse, run, until};
use crate::world::World;

const PASSPHRASE: &str = "correct horse battery";

impl World {
    fn backup(&self, name: &str) -> (PathBuf, Value) {
        let secret = self.path("passphrase");
        underpass_runtime::file::replace(&secret, format!("{PASSPHRASE}\n").as_bytes()).unwrap();
        let archive = self.path(name);
        let mut command = self.command(&["backup", "--json", "--passphrase-file"]);
        let told = parse(&run(command.arg(secret).arg(&archive)));
        (archive, told)
    }

    fn restore(&self, archive: &Path, passphrase: &str, more: &[&str]) -> Command {
        let mut command = self.command(&["restore"]);
        command.env("UNDERPASS_BACKUP_PASSPHRASE", passphrase);
        command.args(more).arg(archive);
        command
    }
}

/// Every file below a folder, with its content.
fn files(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    let entries = std::fs::read_dir(folder).into_iter().flatten();
    for path in entries.map(|entry| entry.unwrap().path()) {
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push((path.clone(), std::fs::read(path).unwrap()));
        }
    }
    found.sort();
    found
}

#[test]
fn agents_come_back_to_a_restored_gateway_without_enrolling_again() {
    let mut world = World::start();
    let (_backend, address) = world.sample_backend(&[]);
    let agent = world.agent("site", &address);
    // While it runs and carries requests.
    assert_eq!(world.get_at(HELLO, "site").status, 200);
    let (archive, told) = world.backup("gateway.zip");
    assert_eq!(told["product"], "underpass-gateway");
    assert_eq!(told["format"], 1);
    assert_eq!(world.get_at(HELLO, "site").status, 200);
    let again = refuse(world.command(&["backup"]).arg(&archive));
    assert!(again.contains("exists"), "{again}");
    let running = refuse(world.restore(&archive, PASSPHRASE, &["--force"]));
    assert!(running.contains("a gateway runs in"), "{running}");

    let addresses = std::fs::read(world.path("gateway/addresses.json")).unwrap();
    world.gateway.kill();
    std::fs::remove_dir_all(world.path("gateway")).unwrap();
    run(world.restore(&archive, PASSPHRASE, &[]));
    // The ports are the operator's to give; here they are read from the lost one.
    underpass_runtime::file::replace(&world.path("gateway/addresses.json"), &addresses).unwrap();
    world.restart_gateway();
    until("the agent is back", || {
        (world.get_at(HELLO, "site").status == 200).then_some(())
    });
    assert_eq!(agent.up(), 2);
    // The binding is as good as before, and so is its token.
    let form = format!(
        "grant_type=client_credentials&client_id={}&client_secret={}",
        world.tenant.credential("clientid"),
        world.tenant.credential("clientsecret")
    );
    let token = world.token_endpoint("/oauth/token", &["-d", &form]);
    assert!(token["access_token"].is_string(), "{token}");
    let status = parse(&run(world.command(&["status", "--json"])));
    assert_eq!(status["subaccounts"][0]["name"], "test");
}

/// A good archive, and a directory to which others are restored.
struct Archives {
    world: World,
    good: PathBuf,
    target: PathBuf,
}

impl Archives {
    fn new() -> Self {
        let world = World::start();
        let (good, _) = world.backup("good.zip");
        let target = world.path("target");
        Self {
            world,
            good,
            target,
        }
    }

    fn restore(&self, archive: &Path, passphrase: &str) -> Command {
        let mut command = Command::new(program("underpass-gateway"));
        command.env("UNDERPASS_BACKUP_PASSPHRASE", passphrase);
        command.arg("restore").arg("--data-dir").arg(&self.target);
        command.arg(archive);
        command
    }

    fn refused(&self, name: &str, bytes: &[u8], passphrase: &str, says: &str) {
        let path = self.world.path(name);
        underpass_runtime::file::replace(&path, bytes).unwrap();
        let error = refuse(self.restore(&path, passphrase));
        assert!(error.contains(says), "{name}: {error}");
        assert!(
            error.contains("nothing changed") || says.contains("characters"),
            "{error}"
        );
        assert!(!self.target.exists(), "{name}");
    }

    /// Made of the good one by Python's zip, which is no part of ours.
    fn remade(&self, name: &str, script: &str) -> Vec<u8> {
        let path = self.world.path(name);
        let script = format!(
            "import sys, zipfile, json\n\
             old = zipfile.ZipFile(sys.argv[1])\n\
             m, p = old.read('MANIFEST.json'), old.read('payload.age')\n\
             out = zipfile.ZipFile(sys.argv[2], 'w')\n{script}\nout.close()"
        );
        run(Command::new("python3")
            .args(["-c", &script])
            .args([&self.good, &path]));
        std::fs::read(path).unwrap()
    }
}

#[test]
fn damaged_archives_are_refused_by_name_and_nothing_changes() {
    let archives = Archives::new();
    let good = std::fs::read(&archives.good).unwrap();
    let flip = |at: usize| {
        let mut bytes = good.clone();
        bytes[at] ^= 1;
        bytes
    };
    let find = |text: &[u8]| {
        good.windows(text.len())
            .position(|found| found == text)
            .unwrap()
    };
    let cut = "no backup archive, or it was cut";
    for (name, bytes) in [
        ("empty.zip", b"".as_slice()),
        ("half.zip", &good[..good.len() / 2]),
        ("last.zip", &good[..good.len() - 1]),
        ("text.zip", b"PK is no archive"),
    ] {
        archives.refused(name, bytes, PASSPHRASE, cut);
    }
    let wrong = "the passphrase is wrong";
    archives.refused("wrong.zip", &good, "incorrect horse", wrong);
    archives.refused("none.zip", &good, "", "1 to 1024 characters");
    let sealed = flip(find(b"age-encryption.org") + 400);
    let damaged = "payload.age is damaged";
    archives.refused("payload.zip", &sealed, PASSPHRASE, damaged);
    let clear = flip(find(b"\"createdAtMs\"") + 2);
    let damaged = "MANIFEST.json is damaged";
    archives.refused("manifest.zip", &clear, PASSPHRASE, damaged);
}

#[test]
fn archives_of_other_content_are_refused_and_whole_ones_taken_whoever_zipped_them() {
    let archives = Archives::new();
    let both = "out.writestr('MANIFEST.json', m); out.writestr('payload.age', p)";
    for (name, script, says) in [
        (
            "extra",
            format!("{both}; out.writestr('../evil', 'x')"),
            "must hold exactly MANIFEST.json and payload.age",
        ),
        (
            "bomb",
            "out.writestr('MANIFEST.json', m); \
             out.writestr('payload.age', b'0' * 200_000_000, zipfile.ZIP_DEFLATED)"
                .to_owned(),
            "payload.age is compressed",
        ),
        (
            "newer",
            "d = json.loads(m); d['format'] = 2; \
             out.writestr('MANIFEST.json', json.dumps(d)); out.writestr('payload.age', p)"
                .to_owned(),
            "has format 2",
        ),
        (
            "forged",
            "d = json.loads(m); d['createdAtMs'] += 1; \
             out.writestr('MANIFEST.json', json.dumps(d)); out.writestr('payload.age', p)"
                .to_owned(),
            "does not belong to payload.age",
        ),
    ] {
        let bytes = archives.remade(&format!("made-{name}.zip"), &script);
        archives.refused(&format!("{name}.zip"), &bytes, PASSPHRASE, says);
    }
    archives.remade("same.zip", both);
    run(archives.restore(&archives.world.path("same.zip"), PASSPHRASE));
    // A gateway that is there stays as it is.
    let before = files(&archives.target);
    let error = refuse(archives.restore(&archives.good, PASSPHRASE));
    assert!(error.contains("is not empty"), "{error}");
    assert_eq!(files(&archives.target), before);
}

#[test]
fn the_age_of_the_distribution_opens_the_payload() {
    let world = World::start();
    let (archive, _) = world.backup("gateway.zip");
    let payload = world.path("payload.age");
    let script = "import sys, zipfile; z = zipfile.ZipFile(sys.argv[1]); \
        assert z.namelist() == ['MANIFEST.json', 'payload.age']; \
        open(sys.argv[2], 'wb').write(z.read('payload.age'))";
    run(Command::new("python3")
        .args(["-c", script])
        .args([&archive, &payload]));
    // `age` asks a terminal, which Python has for it.
    let content = world.path("content.json");
    let ask = "import os, pty, sys\n\
        def read(fd):\n    \
            data = os.read(fd, 1024)\n    \
            if b'passphrase' in data: os.write(fd, (sys.argv[1] + '\\n').encode())\n    \
            return data\n\
        sys.exit(os.waitstatus_to_exitcode(pty.spawn(['age', '-d', '-o', sys.argv[3], sys.argv[2]], read)))";
    let mut age = Command::new("python3");
    age.args(["-c", ask, PASSPHRASE]).args([&payload, &content]);
    age.stdin(std::process::Stdio::null());
    run(&mut age);
    let content = parse(&std::fs::read_to_string(content).unwrap());
    assert!(
        content["files"]["tls/ca-key.pem"]
            .as_str()
            .unwrap()
            .contains("PRIVATE KEY")
    );
    let rows = content["rows"].as_array().unwrap();
    let subaccount = json!(format!("subaccount/{}", world.tenant.subaccount));
    assert!(rows.iter().any(|row| row[0] == subaccount));
}
