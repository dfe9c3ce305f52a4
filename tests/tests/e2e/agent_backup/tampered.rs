//! Backups in which anything was changed, given to a running agent to restore: each is refused before
//! anything happens.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde_json::Value;
use sha2::{Digest as _, Sha256};
use underpass_fleet::FleetError;
use underpass_fleet::api::Call;
use underpass_fleet::client::AgentClient;
use underpass_fleet::pairing::pair;
use underpass_runtime::clock;
use underpass_runtime::form::Form;
use underpass_runtime::tasks::Tasks;
use underpass_shared::api::management::{RestoreTarget, Target, Verb};
use underpass_shared::pairing::PairingLink;

use super::{MEMORY_MAX, key_pair};
use crate::agent::Agent;
use crate::process::{in_full, json as parse, until};
use crate::world::World;

/// Every so many bytes of a backup are tried; in full, every one.
const STEP: usize = 41;

/// What a restore could change: the document with its revision, and all values.
fn state(agent: &Agent) -> (Value, Value, BTreeMap<PathBuf, Vec<u8>>) {
    let secrets = std::fs::read_dir(agent.dir.join("secrets")).unwrap();
    let hashed = secrets.map(|one| {
        let path = one.unwrap().path();
        let hash = Sha256::digest(std::fs::read(&path).unwrap()).to_vec();
        (path, hash)
    });
    let revisions = agent.tell(&["revision", "list"]);
    (agent.document(), revisions, hashed.collect())
}

/// Somebody who asks an agent for plans of restores.
struct Asking {
    client: AgentClient,
    runtime: tokio::runtime::Runtime,
    identity: String,
    _tasks: Tasks,
}

impl Asking {
    fn new(agent: &Agent, identity: String) -> Self {
        let addresses = agent.dir.join("addresses.json");
        let told = until("the management API is reachable", || {
            std::fs::read_to_string(&addresses).ok()
        });
        let address = parse(&told)["management"][0].as_str().unwrap().to_owned();
        let words = ["pair", "--host", "127.0.0.1", "--role", "Administrator"];
        let told = agent.tell(&words);
        let link: PairingLink = told["pairing"].as_str().unwrap().parse().unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let tasks = Tasks::new();
        let paired = runtime.block_on(pair(&link, None, &tasks)).unwrap();
        let client = {
            let _inside = runtime.enter();
            AgentClient::new(address.parse().unwrap(), &paired.known, &tasks).unwrap()
        };
        Self {
            client,
            runtime,
            identity,
            _tasks: tasks,
        }
    }

    /// Why an archive is not restored; none where it would be.
    fn refusal(&self, archive: &[u8]) -> Option<String> {
        let form = Form::new().text("identity", &self.identity);
        let form = form.file("backup", "backup.zip", archive);
        let call = Call::new(Verb::Post, Target::Restores(RestoreTarget::Plans)).form(form);
        match self.runtime.block_on(self.client.execute(&call)) {
            Ok(_plan) => None,
            Err(FleetError::Refused { status, body }) => {
                assert_eq!(status.as_u16(), 400, "{body:?}");
                assert_eq!(body.field.as_deref(), Some("backup"), "{body:?}");
                Some(body.message)
            }
            Err(error) => panic!("{error:?}"),
        }
    }
}

#[test]
fn a_backup_that_was_changed_or_cut_anywhere_is_refused_by_a_running_agent() {
    let world = World::start();
    let mut agent = world.enrol("site", &[]);
    let (key, public) = key_pair(&world, "key.txt");
    agent.run();
    agent.until_up();
    let path = world.path("small.zip");
    agent.backup_to(&public, &path);
    let good = std::fs::read(&path).unwrap();
    let asking = Asking::new(&agent, std::fs::read_to_string(key).unwrap());
    let before = state(&agent);
    let step = if in_full() { 1 } else { STEP };
    let (began, mut reasons) = (clock::monotonic(), BTreeMap::<String, usize>::new());
    for at in (0..good.len()).step_by(step) {
        let mut flipped = good.clone();
        flipped[at] ^= 1 << (at % 8);
        for (how, bytes) in [("flipped", &flipped[..]), ("cut", &good[..at])] {
            let reason = asking.refusal(bytes);
            let reason = reason.unwrap_or_else(|| panic!("{how} at {at}: it would be restored"));
            assert!(!reason.is_empty(), "{how} at {at}");
            // What it holds instead is told behind that.
            let reason = reason.split(", but it holds").next().unwrap();
            *reasons.entry(reason.to_owned()).or_default() += 1;
        }
    }
    let took = clock::monotonic() - began;
    let most = agent.process().number("status", "VmHWM:");
    println!(
        "{} bytes, every {step}: {took:?}, {most} KiB, {reasons:#?}",
        good.len()
    );
    assert_eq!(state(&agent), before);
    assert!(most < MEMORY_MAX, "{most} KiB");
    assert_eq!(asking.refusal(&good), None);
}
