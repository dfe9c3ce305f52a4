//! Backups of an agent: Debian's `age` opens them, nobody else reads them, and what was changed is
//! refused before anything happens.

mod tampered;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use serde_json::{Value, json};
use sha2::Digest as _;

use crate::agent::Agent;
use crate::process::{json as parse, refuse, run};
use crate::world::World;

const PASSPHRASE: &str = "correct horse battery";
const HOSTILE: &str = include_str!("agent_backup/hostile.py");
/// What an agent may take at most, KiB. Trying a passphrase of the right archive takes 256 MiB for
/// itself.
const MEMORY_MAX: u64 = 300 * 1024;

impl Agent {
    /// Makes a backup that is sealed with the passphrase.
    fn backup(&self, out: &Path) -> Value {
        let mut command = self.command(&["backup", "--json"]);
        command.env("UNDERPASS_BACKUP_PASSPHRASE", PASSPHRASE);
        parse(&run(command.arg("--out").arg(out)))
    }

    /// Makes a backup that is sealed to a key.
    fn backup_to(&self, recipient: &str, out: &Path) {
        let mut command = self.command(&["backup", "--recipient", recipient]);
        run(command.arg("--out").arg(out));
    }

    pub(crate) fn verify(&self, archive: &Path, identity: Option<&Path>) -> Command {
        let mut command = self.command(&["backup", "verify", "--json"]);
        command.env("UNDERPASS_BACKUP_PASSPHRASE", PASSPHRASE);
        if let Some(identity) = identity {
            command.arg("--identity").arg(identity);
        }
        command.arg(archive);
        command
    }
}

/// A key pair of Debian's `age-keygen`: the file, and the public key.
pub(crate) fn key_pair(world: &World, name: &str) -> (PathBuf, String) {
    let file = world.path(name);
    run(Command::new("age-keygen").arg("-o").arg(&file));
    let public = run(Command::new("age-keygen").arg("-y").arg(&file));
    (file, public.trim().to_owned())
}

/// What Debian's `age` finds in an archive, with the passphrase or a private key.
pub(crate) fn opened(world: &World, archive: &Path, identity: Option<&Path>) -> Value {
    let (payload, content) = (world.path("payload.age"), world.path("content.json"));
    drop(std::fs::remove_file(&content));
    let script = "import sys, zipfile; z = zipfile.ZipFile(sys.argv[1]); \
        assert z.namelist() == ['MANIFEST.json', 'payload.age']; \
        open(sys.argv[2], 'wb').write(z.read('payload.age'))";
    let mut unpack = Command::new("python3");
    run(unpack.args(["-c", script]).args([archive, &payload]));
    let mut age;
    if let Some(identity) = identity {
        age = Command::new("age");
        age.arg("-d").arg("-i").arg(identity);
        age.arg("-o").args([&content, &payload]);
    } else {
        // `age` asks a terminal, which Python has for it.
        let ask = "import os, pty, sys\n\
            def read(fd):\n    \
                data = os.read(fd, 1024)\n    \
                if b'passphrase' in data: os.write(fd, (sys.argv[1] + '\\n').encode())\n    \
                return data\n\
            sys.exit(os.waitstatus_to_exitcode(pty.spawn(['age', '-d', '-o', sys.argv[3], sys.argv[2]], read)))";
        age = Command::new("python3");
        age.args(["-c", ask, PASSPHRASE]).args([&payload, &content]);
        age.stdin(Stdio::null());
    }
    run(&mut age);
    parse(&std::fs::read_to_string(content).unwrap())
}

/// A text that stands nowhere by accident.
fn canary(number: usize) -> String {
    let words = sha2::Sha256::digest(number.to_string().as_bytes());
    let hex: String = words.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("canary{}", hex.get(..18).unwrap())
}

/// The ways in which a text could stand in a file and be read back.
fn spellings(text: &str) -> Vec<Vec<u8>> {
    let plain = text.as_bytes();
    let hex = |form: fn(&u8) -> String| plain.iter().map(form).collect::<String>().into_bytes();
    let utf16: Vec<u16> = text.encode_utf16().collect();
    let mut all = vec![
        plain.to_vec(),
        text.to_uppercase().into_bytes(),
        plain.iter().rev().copied().collect(),
        hex(|byte| format!("{byte:02x}")),
        hex(|byte| format!("{byte:02X}")),
        utf16.iter().flat_map(|unit| unit.to_le_bytes()).collect(),
        utf16.iter().flat_map(|unit| unit.to_be_bytes()).collect(),
    ];
    // Wherever its first byte stands in a group of three. The letters at both ends have bits of
    // the neighbours.
    for before in 0..3 {
        let padded = [&vec![0; before][..], plain].concat();
        let coded = STANDARD_NO_PAD.encode(padded).into_bytes();
        let (first, last) = (2 * before, coded.len() - 2);
        all.push(coded.get(first..last).unwrap().to_vec());
    }
    all
}

fn holds(bytes: &[u8], text: &[u8]) -> bool {
    bytes.windows(text.len()).any(|window| window == text)
}

/// Puts 200 canaries into everything that has a place for text.
fn plant(agent: &Agent) -> Vec<String> {
    let canaries: Vec<String> = (0..200).map(canary).collect();
    let mut document = agent.document();
    let mappings: Vec<Value> = canaries
        .get(2..)
        .unwrap()
        .chunks(2)
        .enumerate()
        .map(|(at, pair)| {
            json!({"virtualAddress": format!("virtual{at}:80"), "protocol": "HTTP",
                   "internalAddress": format!("{}.corp.example:80", pair[0]),
                   "backendType": "nonSAPsys", "description": pair[1]})
        })
        .collect();
    document["subaccounts"][0]["mappings"] = json!(mappings);
    document["subaccounts"][0]["description"] = json!(canaries[0]);
    run(agent.command(&["document", "apply", &agent.write(&document)]));
    let mut proxy = agent.command(&["proxy", "set", "http://user@127.0.0.1:9"]);
    run(proxy.env("UNDERPASS_PROXY_PASSWORD", &canaries[1]));
    canaries
}

#[test]
fn debians_age_opens_a_backup_in_which_nobody_else_reads_anything() {
    let world = World::start();
    let mut agent = world.enrol("site", &[]);
    let canaries = plant(&agent);
    agent.run();
    let archive = world.path("agent.zip");
    let told = agent.backup(&archive);
    let bytes = std::fs::read(&archive).unwrap();
    assert_eq!(told["bytes"], bytes.len());
    let content = opened(&world, &archive, None);
    let text = content.to_string();
    for canary in &canaries {
        assert!(text.contains(canary), "{canary} is not in the content");
    }
    let secret = [PASSPHRASE.to_owned(), "PRIVATE KEY".to_owned()];
    for canary in canaries.iter().chain(&secret) {
        for spelling in spellings(canary) {
            assert!(!holds(&bytes, &spelling), "{canary} as {spelling:?}");
        }
    }
    // With the keys, and the way back through the history.
    let enrolment = &content["enrolments"][agent.instance_now()];
    assert!(enrolment["key"].as_str().unwrap().contains("PRIVATE KEY"));
    let identity = content["identity"]["key"].as_str().unwrap();
    assert!(identity.contains("PRIVATE KEY"));
    assert_eq!(content["document"], agent.document());
    let revisions = content["revisions"].as_array().unwrap();
    assert_eq!(revisions[0]["revision"]["number"], told["revision"]);
    // Neither the log nor the audit log tells the passphrase.
    let recorded = run(agent.command(&["audit", "list", "--category", "Backup", "--json"]));
    assert!(recorded.contains("sealed with a passphrase"), "{recorded}");
    assert!(!recorded.contains(PASSPHRASE));
    assert!(!agent.process().output().contains(PASSPHRASE));
    let again = refuse(agent.command(&["backup"]).arg("--out").arg(&archive));
    assert!(again.contains("exists"), "{again}");
    let short = world.path("short.zip");
    let mut command = agent.command(&["backup"]);
    command.env("UNDERPASS_BACKUP_PASSPHRASE", "short");
    let error = refuse(command.arg("--out").arg(&short));
    assert!(error.contains("at least 12 characters"), "{error}");
    assert!(!short.exists());
}

impl Agent {
    /// Its instance id in its only subaccount.
    fn instance_now(&self) -> String {
        let document = self.document();
        let id = document["subaccounts"][0]["instance"].as_str();
        id.unwrap().to_owned()
    }
}

#[test]
fn a_backup_to_a_public_key_is_made_and_verified_whether_the_agent_runs_or_not() {
    let world = World::start();
    let mut agent = world.enrol("site", &[]);
    let (key, public) = key_pair(&world, "key.txt");
    let stopped = world.path("stopped.zip");
    agent.backup_to(&public, &stopped);
    agent.run();
    agent.until_up();
    let running = world.path("running.zip");
    agent.backup_to(&public, &running);
    for archive in [&stopped, &running] {
        let found = parse(&run(agent.verify(archive, Some(&key))));
        assert_eq!(
            (&found["own"], &found["subaccounts"]),
            (&json!(true), &json!(1))
        );
        assert_eq!(found["warnings"], json!([]), "{found}");
        let content = opened(&world, archive, Some(&key));
        assert_eq!(content["instance"], found["instance"]);
    }
    let wrong = refuse(agent.verify(&running, None));
    assert!(wrong.contains("sealed to recipients"), "{wrong}");
    // Who guesses hears always the same, and then has to wait.
    let (stranger, _) = key_pair(&world, "stranger.txt");
    let guesses: Vec<String> = (0..6)
        .map(|_| refuse(agent.verify(&running, Some(&stranger))))
        .collect();
    let (last, first) = guesses.split_last().unwrap();
    assert!(first.iter().all(|one| *one == first[0]), "{first:?}");
    assert!(
        first[0].contains("is not sealed to this identity"),
        "{first:?}"
    );
    assert!(
        last.contains("too many wrong passphrases; come again in"),
        "{last}"
    );
}

#[test]
fn hostile_archives_are_refused_with_the_reason_and_cost_little_memory() {
    let world = World::start();
    let mut agent = world.enrol("site", &[]);
    let (key, public) = key_pair(&world, "key.txt");
    let (good, sealed) = (world.path("good.zip"), world.path("sealed.zip"));
    agent.backup(&sealed);
    agent.run();
    agent.until_up();
    agent.backup_to(&public, &good);
    let folder = world.path("hostile");
    std::fs::create_dir(&folder).unwrap();
    let mut script = Command::new("python3");
    script.args(["-c", HOSTILE]).args([&good, &sealed]);
    let made = parse(&run(script.arg(&public).arg(&folder)));
    let before = agent.document();
    let made = made.as_array().unwrap();
    assert!(made.len() >= 40, "{}", made.len());
    for one in made {
        let (name, says) = (one[0].as_str().unwrap(), one[1].as_str().unwrap());
        // What asks for work is sealed with a passphrase.
        let key = (!name.starts_with("work-")).then_some(key.as_path());
        let error = refuse(agent.verify(&folder.join(name), key));
        assert!(
            error.contains("cannot be restored: backup: "),
            "{name}: {error}"
        );
        assert!(error.contains(says), "{name}: {error}");
    }
    assert_eq!(agent.document(), before);
    run(agent.verify(&good, Some(&key)));
    let most = agent.process().number("status", "VmHWM:");
    assert!(most < MEMORY_MAX, "{most} KiB");
    run(agent.verify(&sealed, None));
}
