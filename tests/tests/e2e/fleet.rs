//! The engine of the desktop app with a real agent.

mod trust;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tempfile::TempDir;
use underpass_fleet::command::{Command, Described, DraftAct};
use underpass_fleet::keys::KeyChoice;
use underpass_fleet::slot::Slot;
use underpass_fleet::snapshot::{AgentSnapshot, FleetSnapshot, Link};
use underpass_fleet::{Fleet, Source};
use underpass_runtime::clock;
use underpass_shared::config::{Connector, ConnectorFields};
use underpass_shared::id::AgentId;
use underpass_shared::secret::Secret;

use crate::agent::Agent;
use crate::process::{json as parse, run, until};

/// An agent that is reached at one address, however often it is started.
struct Reached {
    agent: Agent,
    address: String,
    folder: TempDir,
}

impl Reached {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut reached = Self {
            agent: Agent::new(folder.path().join("agent"), "", &[]),
            address: "127.0.0.1:0".to_owned(),
            folder,
        };
        reached.run();
        reached
    }

    /// Starts the agent where it was.
    fn run(&mut self) {
        let path = self.agent.dir.join("addresses.json");
        // A killed one left it behind.
        drop(std::fs::remove_file(&path));
        let arguments = ["run", "--management-listen", &self.address];
        self.agent.run_with(&arguments);
        let told = until("the management API is reachable", || {
            std::fs::read_to_string(&path).ok()
        });
        let address = parse(&told)["management"][0].clone();
        self.address = address.as_str().unwrap().to_owned();
    }

    /// An engine with a new profile that was paired with the agent.
    fn pair(&self, name: &str) -> Desk {
        let desk = Desk::open(self.folder.path().join(name));
        let arguments = ["pair", "--host", "127.0.0.1", "--role", "Administrator"];
        let told = self
            .agent
            .tell(&[&arguments[..], &["--name", name]].concat());
        let paired = Slot::default();
        desk.send(Command::Pair {
            link: told["pairing"].as_str().unwrap().to_owned(),
            name: None,
            done: paired.clone(),
        });
        let stranger = until("the pairing", || {
            assert_eq!(paired.get().reason(), None);
            paired.take()
        });
        assert_eq!(stranger.value.words.len(), 6);
        assert_eq!(stranger.value.operator.name, name);
        let admitted = Slot::default();
        desk.send(Command::Admit {
            agent: stranger.value.agent,
            described: Described {
                label: "plant".to_owned(),
                ..Described::default()
            },
            done: admitted.clone(),
        });
        until("the admission", || {
            assert_eq!(admitted.get().reason(), None);
            admitted.take()
        });
        desk
    }
}

/// An engine and its profile.
struct Desk {
    fleet: Fleet,
    profile: PathBuf,
}

impl Desk {
    fn open(profile: PathBuf) -> Self {
        let source = Source::Profile {
            folder: profile.clone(),
            keys: KeyChoice::Passphrase(Secret::new("correct horse".to_owned())),
        };
        let fleet = Fleet::start(source, Arc::new(|| {})).unwrap();
        let desk = Self { fleet, profile };
        desk.until("the keys", |snapshot| match &snapshot.keys {
            underpass_fleet::snapshot::Keys::Open(_) => Some(()),
            underpass_fleet::snapshot::Keys::Opening => None,
            underpass_fleet::snapshot::Keys::Locked { reason, .. } => panic!("{reason}"),
        });
        desk
    }

    fn send(&self, command: Command) {
        self.fleet.send(command).unwrap();
    }

    fn until<T>(&self, what: &str, look: impl Fn(&FleetSnapshot) -> Option<T>) -> T {
        until(what, || look(&self.fleet.snapshot()))
    }

    /// Waits for the only agent to be so.
    fn agent<T>(&self, what: &str, look: impl Fn(&AgentSnapshot) -> Option<T>) -> T {
        self.until(what, |snapshot| look(snapshot.agents.first()?))
    }

    fn online(&self) -> AgentId {
        self.agent("it is online and all of it known", |agent| {
            let known = agent.configuration.value().is_some() && agent.status.value().is_some();
            (agent.link.is_online() && known).then_some(agent.id)
        })
    }

    fn act(&self, act: DraftAct) {
        let agent = self.online();
        let done = Slot::default();
        self.send(Command::Draft {
            agent,
            act,
            done: done.clone(),
        });
        until("the draft", || {
            assert_eq!(done.get().reason(), None);
            done.take()
        });
    }

    /// Has another text describe the agent, in the draft.
    fn describe(&self, text: &'static str) {
        let edit = Box::new(move |old: &underpass_shared::config::Document| {
            let mut fields: ConnectorFields = Connector::clone(old.connector()).into();
            fields.description = text.parse().ok();
            old.with_connector(fields.try_into()?)
        });
        let what = "Describe".to_owned();
        self.act(DraftAct::Edit { what, edit });
    }

    fn apply(&self) {
        let confirm_within = None;
        self.act(DraftAct::Apply { confirm_within });
    }

    /// How the agent is described, as far as is known.
    fn description(agent: &AgentSnapshot) -> Option<String> {
        let known = agent.configuration.value()?;
        Some(known.document.connector().description.as_ref()?.to_string())
    }

    fn is_described(&self, text: &str) {
        self.agent(text, |agent| {
            (Self::description(agent)? == text).then_some(())
        });
    }
}

/// Whether a file below a folder holds a text.
fn holds(folder: &Path, text: &str) -> bool {
    std::fs::read_dir(folder).unwrap().any(|entry| {
        let path = entry.unwrap().path();
        if path.is_dir() {
            return holds(&path, text);
        }
        let bytes = std::fs::read(path).unwrap();
        bytes
            .windows(text.len())
            .any(|part| part == text.as_bytes())
    })
}

#[test]
fn a_paired_agent_is_followed_through_changes_and_restarts() {
    let mut reached = Reached::start();
    let desk = reached.pair("anna");
    desk.online();
    assert!(!holds(&desk.profile, "PRIVATE KEY"));
    // What others change is told by an event, long before anybody asks again.
    let mut document = reached.agent.document();
    document["connector"]["description"] = "told".into();
    let path = reached.agent.write(&document);
    run(reached.agent.command(&["document", "apply", &path]));
    let changed = clock::monotonic();
    desk.is_described("told");
    let took = clock::monotonic() - changed;
    // Unloaded it is some milliseconds; the status is asked for every 15 seconds.
    assert!(took < Duration::from_secs(5), "{took:?}");
    reached.agent.process().kill();
    let reason = desk.agent("it is away", |agent| match &agent.link {
        Link::Away { reason, .. } => Some(Arc::clone(reason)),
        Link::Connecting { .. }
        | Link::Online { .. }
        | Link::Refused { .. }
        | Link::KeyChanged { .. } => None,
    });
    assert!(!reason.is_empty());
    desk.agent("what was known stays", |agent| {
        agent.configuration.is_stale().then_some(())
    });
    reached.run();
    let agent = desk.agent("it is known", |agent| Some(agent.id));
    desk.send(Command::Retry(agent));
    desk.online();
    // Another program start knows it again, and has the draft.
    desk.describe("draft");
    let profile = desk.profile.clone();
    desk.fleet.stop();
    let desk = Desk::open(profile);
    desk.online();
    desk.agent("the draft is there", |agent| {
        agent.draft.as_ref()?.is_changed().then_some(())
    });
    desk.apply();
    desk.is_described("draft");
    desk.agent("the draft is gone", |agent| {
        agent.draft.is_none().then_some(())
    });
}

#[test]
fn two_who_change_the_same_decide_what_holds() {
    let reached = Reached::start();
    let (anna, bob) = (reached.pair("anna"), reached.pair("bob"));
    // Pairing is a change too, of which both hear.
    let told = reached.agent.tell(&["status"])["revision"].clone();
    let before = told.as_u64().unwrap();
    for desk in [&anna, &bob] {
        desk.agent("the newest revision", |agent| {
            let known = agent.configuration.value()?.revision;
            (known == before).then_some(())
        });
    }
    bob.describe("of bob");
    anna.describe("of anna");
    anna.apply();
    anna.is_described("of anna");
    bob.apply();
    let place = bob.agent("the conflict", |agent| {
        let draft = agent.draft.as_ref()?;
        Some(draft.disputes().next()?.conflict.place.clone())
    });
    assert_eq!(place.to_string(), "connector.description");
    bob.act(DraftAct::Resolve { place, mine: true });
    bob.act(DraftAct::Review);
    bob.agent("what it would change", |agent| {
        let review = agent.draft.as_ref()?.review.value()?;
        (review.changes.len() == 1).then_some(())
    });
    bob.apply();
    for desk in [&anna, &bob] {
        desk.is_described("of bob");
    }
    let after = anna.agent("it is known", |agent| {
        agent.configuration.value().map(|known| known.revision)
    });
    assert!(after > before + 1);
}

#[test]
fn another_agent_at_the_same_address_is_a_loud_stop() {
    let mut reached = Reached::start();
    let desk = reached.pair("anna");
    let agent = desk.online();
    reached.agent.process().kill();
    let other = reached.folder.path().join("other");
    reached.agent = Agent::new(other, "", &[]);
    reached.run();
    desk.send(Command::Retry(agent));
    desk.agent("the other identity", |agent| {
        matches!(agent.link, Link::KeyChanged { .. }).then_some(())
    });
}
