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
        let secret = format!("--passphrase-file={}", secret.display());
        let mut command = self.command(&["backup", "--json", &secret]);
        let told = parse(&run(command.arg(&archive)));
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
    agent.until_up();
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

/// A good archive and a place where nothing is yet.
struct Archive {
    world: World,
    path: PathBuf,
    good: Vec<u8>,
}

impl Archive {
    fn new() -> Self {
        let world = World::start();
        let (path, _) = world.backup("good.zip");
        let good = std::fs::read(&path).unwrap();
        Self { world, path, good }
    }

    fn target(&self) -> PathBuf {
        self.world.path("target")
    }

    fn restore(&self, archive: &Path, passphrase: &str) -> Command {
        let mut command = Command::new(program("underpass-gateway"));
        command.env("UNDERPASS_BACKUP_PASSPHRASE", passphrase);
        command.args(["restore", "--data-dir"]);
        command.arg(self.target()).arg(archive);
        command
    }

    /// Bytes that are refused with these words, leaving nothing behind.
    fn refused(&self, name: &str, bytes: &[u8], passphrase: &str, says: &str) {
        let path = self.world.path(name);
        underpass_runtime::file::replace(&path, bytes).unwrap();
        let error = refuse(&mut self.restore(&path, passphrase));
        assert!(error.contains(says), "{name}: {error}");
        assert!(!self.target().exists(), "{name}");
    }

    /// Zipped again by Python, which is no part of ours; `m` and `p` are the two entries.
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
            .args([&self.path, &path]));
        std::fs::read(path).unwrap()
    }
}

#[test]
fn damaged_archives_are_refused_by_name_and_nothing_changes() {
    let archive = Archive::new();
    let good = &archive.good;
    let cut = "no backup archive, or it was cut";
    archive.refused("empty.zip", b"", PASSPHRASE, cut);
    archive.refused("half.zip", &good[..good.len() / 2], PASSPHRASE, cut);
    archive.refused("last.zip", &good[..good.len() - 1], PASSPHRASE, cut);
    archive.refused("text.zip", b"PK is no archive", PASSPHRASE, cut);
    let wrong = "not restored, nothing changed: the passphrase is wrong";
    archive.refused("wrong.zip", good, "incorrect horse", wrong);
    archive.refused("none.zip", good, "", "1 to 1024 characters");
    let flip = |at: usize| {
        let mut bytes = good.clone();
        bytes[at] ^= 1;
        bytes
    };
    let find = |text: &[u8]| {
        let mut windows = good.windows(text.len());
        windows.position(|found| found == text).unwrap()
    };
    let sealed = flip(find(b"age-encryption.org") + 400);
    archive.refused("payload.zip", &sealed, PASSPHRASE, "payload.age is damaged");
    let clear = flip(find(b"\"createdAtMs\"") + 2);
    archive.refused("clear.zip", &clear, PASSPHRASE, "MANIFEST.json is damaged");
}

#[test]
fn archives_that_others_made_are_refused_unless_they_hold_the_same() {
    let archive = Archive::new();
    let both = "out.writestr('MANIFEST.json', m); out.writestr('payload.age', p)";
    let edited = |edit: &str| {
        format!(
            "d = json.loads(m); {edit}; out.writestr('MANIFEST.json', json.dumps(d)); \
             out.writestr('payload.age', p)"
        )
    };
    let bomb = "out.writestr('MANIFEST.json', m); \
        out.writestr('payload.age', b'0' * 200_000_000, zipfile.ZIP_DEFLATED)";
    for (name, script, says) in [
        (
            "extra.zip",
            format!("{both}; out.writestr('../evil', 'x')"),
            "must hold exactly MANIFEST.json and payload.age",
        ),
        ("bomb.zip", bomb.to_owned(), "payload.age is compressed"),
        ("newer.zip", edited("d['format'] = 2"), "has format 2"),
        (
            "forged.zip",
            edited("d['createdAtMs'] += 1"),
            "does not belong to payload.age",
        ),
        (
            "agent.zip",
            edited("d['product'] = 'underpass-agent'"),
            "is a backup of underpass-agent",
        ),
    ] {
        let remade = archive.remade(&format!("{name}.made"), &script);
        archive.refused(name, &remade, PASSPHRASE, says);
    }
    // What holds the same is taken, whoever zipped it.
    archive.remade("same.zip", both);
    let same = archive.world.path("same.zip");
    run(archive.restore(&same, PASSPHRASE));
    // A gateway that is there stays as it is.
    let before = files(&archive.target());
    let error = refuse(&mut archive.restore(&same, PASSPHRASE));
    assert!(error.contains("is not empty"), "{error}");
    assert_eq!(files(&archive.target()), before);
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
