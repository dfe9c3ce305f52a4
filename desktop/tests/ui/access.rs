//! Access control, and the draft with its review.

use std::rc::Rc;
use std::sync::Arc;

use egui::accesskit::Role;
use egui::{Key, Modifiers, Theme};
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use underpass_desktop::nav::{AgentTab, Route};
use underpass_desktop::source::{Frozen, Source, Staged};
use underpass_fleet::api::Call;
use underpass_fleet::command::{Change, Command, DraftAct, NotSent};
use underpass_fleet::demo::{SEED, Still};
use underpass_fleet::remote::Remote;
use underpass_fleet::slot::Slot;
use underpass_fleet::snapshot::{AgentSnapshot, FleetSnapshot, Health};
use underpass_shared::api::management::{DocumentTarget, PendingConfirm, Target, Verb};
use underpass_shared::config::{BackendType, Document, Mapping, MappingFields, Protocol, Resource};
use underpass_shared::id::AgentId;
use underpass_shared::rights::Role as Rights;

use crate::stage::{NOW_MS, SMALL, Stage, WINDOW};

/// How often a test looks for what a thread does, 10 milliseconds apart.
const TRIES: usize = 500;

/// A source that the test can use too.
struct Shared(Rc<Staged>);

impl Source for Shared {
    fn snapshot(&self) -> Arc<FleetSnapshot> {
        self.0.snapshot()
    }

    fn send(&self, command: Command) -> Result<(), NotSent> {
        self.0.send(command)
    }
}

struct Play {
    stage: Stage,
    source: Rc<Staged>,
    agent: AgentId,
}

impl Play {
    fn new(theme: Theme, size: [f32; 2]) -> Self {
        let source = Rc::new(Staged::new(Still::new(SEED, NOW_MS)));
        let agent = Stage::agent(Health::Online).id;
        let mut stage = Stage::over(theme, size, Box::new(Shared(Rc::clone(&source))));
        stage.go(Route::Agent {
            id: agent,
            tab: AgentTab::AccessControl,
        });
        Self {
            stage,
            source,
            agent,
        }
    }

    fn snapshot(&self) -> Arc<AgentSnapshot> {
        Arc::clone(self.source.snapshot().agent(self.agent).unwrap())
    }

    fn document(&self) -> Arc<Document> {
        Arc::clone(&self.snapshot().configuration.value().unwrap().document)
    }

    fn wanted(&self) -> Arc<Document> {
        let snapshot = self.snapshot();
        snapshot
            .draft
            .as_ref()
            .map_or_else(|| self.document(), |draft| Arc::clone(draft.document()))
    }

    fn mapping(document: &Document, address: &str) -> Option<MappingFields> {
        let mut all = document.subaccounts()[0].mappings().iter();
        let found = all.find(|one| one.virtual_address.to_string() == address)?;
        Some(MappingFields::clone(found))
    }

    /// The first mapping of HTTP with a resource.
    fn first(&self) -> MappingFields {
        let document = self.document();
        let mut all = document.subaccounts()[0].mappings().iter();
        let found = all.find(|one| one.protocol == Protocol::Https && !one.resources.is_empty());
        MappingFields::clone(found.unwrap())
    }

    fn choose(&mut self, address: &str) {
        let row = format!("{address} to ");
        self.stage
            .harness
            .get_by(|node| {
                node.role() == Role::Row && node.label().is_some_and(|name| name.starts_with(&row))
            })
            .click();
        self.stage.run();
    }

    fn edit(&self, what: &str, edit: impl FnOnce(&Document) -> Document + Send + 'static) {
        let edit = Box::new(move |document: &Document| Ok(edit(document)));
        let act = DraftAct::Edit {
            what: what.to_owned(),
            edit,
        };
        let (agent, done) = (self.agent, Slot::default());
        self.source
            .send(Command::Draft { agent, act, done })
            .unwrap();
    }

    /// Types into a field in the place of what is there.
    fn fill(&mut self, name: &str, text: &str) {
        let stage = &mut self.stage;
        let field = stage.harness.get_by_role_and_label(Role::TextInput, name);
        field.focus();
        stage.run();
        stage.key(Modifiers::COMMAND, Key::A);
        stage.letters(text);
    }

    /// Waits for what a thread does beside the frames.
    fn wait(&mut self, words: &str) {
        for _try in 0..TRIES {
            self.stage.run();
            if self.stage.mentions(words) {
                return;
            }
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
        panic!("{words} is not shown");
    }

    fn press(&mut self, role: Role, name: &str) {
        self.stage.harness.get_by_role_and_label(role, name).click();
        self.stage.run();
    }
}

fn mapping(address: &str, internal: &str, paths: &[&str]) -> Mapping {
    let closed = MappingFields::closed(
        address.parse().unwrap(),
        internal.parse().unwrap(),
        Protocol::Https,
        BackendType::NonSap,
    );
    let resources = paths.iter().map(|path| Resource {
        enabled: true,
        ..Resource::closed(path.parse().unwrap())
    });
    Mapping::try_from(MappingFields {
        resources: resources.collect(),
        ..closed
    })
    .unwrap()
}

fn put(document: &Document, mapping: Mapping) -> Document {
    document
        .with_mapping(document.subaccounts()[0].key().clone(), mapping)
        .unwrap()
}

#[test]
fn mappings_and_one_of_them_in_both_themes() {
    for theme in [Theme::Dark, Theme::Light] {
        let mut play = Play::new(theme, WINDOW);
        let first = play.first();
        let address = first.virtual_address.to_string();
        assert!(play.stage.shows("Filter mappings") && play.stage.shows("Add mapping"));
        play.stage.shot("access");
        play.choose(&address);
        assert!(
            play.stage
                .mentions(&format!("Path {}", first.resources[0].path))
        );
        play.stage.shot("access-resources");
        play.press(Role::Tab, "Properties");
        play.stage
            .harness
            .get_by_role_and_label(Role::TextInput, "Internal host");
        play.stage.shot("access-properties");
        play.press(Role::Tab, "Connection");
        assert!(play.stage.shows("Not checked yet"));
        play.stage.click("Check");
        assert!(play.stage.shows("Allowed targets"));
        play.stage.shot("access-connection");
        play.stage.key(Modifiers::NONE, Key::Escape);
        assert!(!play.stage.shows("Connection"));
    }
}

#[test]
fn a_small_window_shows_the_list_or_the_mapping() {
    let mut play = Play::new(Theme::Dark, SMALL);
    play.stage.shot("access-small");
    let address = play.first().virtual_address.to_string();
    play.choose(&address);
    assert!(!play.stage.shows("Filter mappings"));
    play.stage.shot("access-small-mapping");
    play.stage.key(Modifiers::NONE, Key::Escape);
    assert!(play.stage.shows("Filter mappings"));
}

#[test]
fn a_mapping_is_added_reviewed_and_applied() {
    let mut play = Play::new(Theme::Light, WINDOW);
    play.press(Role::Button, "Add mapping");
    play.stage.click("Non-SAP system");
    play.stage.shot("access-add-1");
    play.stage.click("Continue");
    play.fill("Internal host", "MES.plant.example");
    play.stage.shot("access-add-2");
    // The virtual address follows until somebody types another one.
    play.fill("Virtual host", "mes new");
    assert!(play.stage.mentions("Host must be a name"));
    play.fill("Virtual host", "mes-new");
    play.stage.click("Continue");
    play.fill("Path", "/api/../x");
    play.stage.shot("access-add-3");
    play.stage.click("Continue");
    assert!(
        play.stage.shows("First resource"),
        "a wrong path must not pass"
    );
    play.fill("Path", "/api");
    play.stage.click("Path and all sub-paths");
    play.stage.click("Continue");
    assert!(play.stage.shows("mes.plant.example:443"));
    play.stage.shot("access-add-4");
    play.stage.click("Add to the draft");
    let added = Play::mapping(&play.wanted(), "mes-new:443").unwrap();
    assert_eq!(added.internal_address.to_string(), "mes.plant.example:443");
    assert!(added.resources[0].enabled && !added.resources[0].exact_match_only);
    assert!(
        Play::mapping(&play.document(), "mes-new:443").is_none(),
        "nothing is applied yet"
    );
    assert!(play.stage.shows("1 change"));
    play.stage.shot("access-draft");
    play.stage.click("Review…");
    assert!(play.stage.mentions("Added Mapping mes-new:443"));
    play.stage.shot("review");
    play.press(Role::Button, "Apply");
    assert_eq!(
        Play::mapping(&play.document(), "mes-new:443").as_ref(),
        Some(&added)
    );
    assert!(!play.stage.shows("1 change"));
}

#[test]
fn fields_are_edited_in_place_and_taken_back() {
    let mut play = Play::new(Theme::Dark, WINDOW);
    let first = play.first();
    let address = first.virtual_address.to_string();
    play.choose(&address);
    play.press(Role::Tab, "Properties");
    // A wrong host is told and not sent.
    play.fill("Internal host", "a b");
    assert!(play.stage.mentions("Host must be a name"));
    assert!(play.snapshot().draft.is_none());
    play.stage.shot("access-wrong");
    play.fill("Internal host", "other.corp.example");
    play.fill("Description", "Moved");
    let changed = Play::mapping(&play.wanted(), &address).unwrap();
    assert_eq!(changed.internal_address.host.as_str(), "other.corp.example");
    assert_eq!(&*changed.description, "Moved");
    assert_eq!(changed.resources, first.resources);
    // A resource, in its row.
    play.press(Role::Tab, "Resources");
    let path = first.resources[0].path.to_string();
    let was = first.resources[0].enabled;
    play.stage.click(&format!("Enable {path}"));
    let one = |play: &Play| Play::mapping(&play.wanted(), &address).unwrap().resources[0].enabled;
    assert_eq!(one(&play), !was);
    play.fill(&format!("Path {path}"), "/a/renamed");
    play.stage.key(Modifiers::NONE, Key::Enter);
    let renamed = Play::mapping(&play.wanted(), &address).unwrap();
    assert!(
        renamed
            .resources
            .iter()
            .any(|one| one.path.as_str() == "/a/renamed")
    );
    // Undo takes back one field after the other, also by the keyboard.
    play.stage.key(Modifiers::COMMAND, Key::Z);
    play.stage.key(Modifiers::COMMAND, Key::Z);
    assert_eq!(one(&play), was);
    play.stage
        .key(Modifiers::COMMAND | Modifiers::SHIFT, Key::Z);
    assert_eq!(one(&play), !was);
    for _step in 0..3 {
        play.stage.key(Modifiers::COMMAND, Key::Z);
    }
    assert_eq!(play.wanted().hash(), play.document().hash());
    assert!(play.stage.shows("No change left"));
}

#[test]
fn what_others_changed_meanwhile_is_decided_place_by_place() {
    for theme in [Theme::Dark, Theme::Light] {
        let mut play = Play::new(theme, WINDOW);
        let first = play.first();
        let address = first.virtual_address.to_string();
        let moved = |to: &str| {
            let fields = MappingFields {
                internal_address: to.parse().unwrap(),
                ..first.clone()
            };
            Mapping::try_from(fields).unwrap()
        };
        let mine = moved("mine:1");
        play.edit("Move it", move |document| put(document, mine));
        play.edit("Add another", |document| {
            put(document, mapping("only-mine:80", "x:80", &["/"]))
        });
        let theirs = put(
            &put(&play.document(), moved("theirs:1")),
            mapping("only-theirs:80", "y:80", &["/"]),
        );
        let call = Call {
            body: theirs.to_json().into(),
            ..Call::new(Verb::Put, Target::Document(DocumentTarget::Whole))
        };
        let change = Change {
            agent: play.agent,
            call,
            title: "x".to_owned(),
            done: Slot::default(),
        };
        play.source.send(Command::Call(change)).unwrap();
        play.stage.run();
        play.stage.key(Modifiers::COMMAND, Key::S);
        assert!(play.stage.mentions("Somebody else changed one place too"));
        assert!(play.stage.shows("theirs:1") && play.stage.shows("mine:1"));
        play.stage.shot("review-conflict");
        play.stage.click("Keep mine");
        assert!(play.stage.mentions("Changed Mapping"));
        play.stage.shot("review-merged");
        play.press(Role::Button, "Apply");
        let document = play.document();
        assert_eq!(
            Play::mapping(&document, &address)
                .unwrap()
                .internal_address
                .to_string(),
            "mine:1"
        );
        assert!(Play::mapping(&document, "only-mine:80").is_some());
        assert!(Play::mapping(&document, "only-theirs:80").is_some());
    }
}

#[test]
fn a_trial_counts_down_until_it_is_kept() {
    let mut play = Play::new(Theme::Dark, WINDOW);
    let gone = play.first().virtual_address;
    let address = gone.to_string();
    play.choose(&address);
    play.stage.key(Modifiers::NONE, Key::Delete);
    assert!(Play::mapping(&play.wanted(), &address).is_none());
    play.stage.click("Review…");
    play.press(Role::Switch, "Revert by itself unless confirmed within");
    play.stage.click("5 min");
    play.stage.shot("review-trial");
    play.press(Role::Button, "Apply on trial");
    assert!(play.stage.mentions("are reverted in 5:00"));
    play.stage.shot("trial");
    play.stage.click("Keep");
    assert!(play.snapshot().pending.is_none());
    assert!(Play::mapping(&play.document(), &address).is_none());
}

/// A fleet in which one agent is otherwise.
fn with(change: impl FnOnce(&mut AgentSnapshot)) -> (Stage, AgentId) {
    let mut fleet = FleetSnapshot::clone(&Still::new(SEED, NOW_MS).snapshot());
    let id = Stage::agent(Health::Online).id;
    let mut change = Some(change);
    let agents = fleet.agents.iter().map(|agent| {
        let mut agent = Arc::clone(agent);
        if agent.id == id {
            change.take().unwrap()(Arc::make_mut(&mut agent));
        }
        agent
    });
    fleet.agents = agents.collect();
    let mut stage = Stage::over(Theme::Dark, WINDOW, Box::new(Frozen(Arc::new(fleet))));
    stage.go(Route::Agent {
        id,
        tab: AgentTab::AccessControl,
    });
    (stage, id)
}

#[test]
fn what_cannot_be_had_says_why_and_what_to_do() {
    let (mut stage, _) =
        with(|agent| agent.configuration = Remote::NotRequested.failed("the connection timed out"));
    assert!(stage.shows("The configuration cannot be had") && stage.shows("Retry"));
    stage.shot("access-unavailable");
    let (stage, _) = with(|agent| agent.configuration = Remote::Loading { previous: None });
    assert!(stage.shows("Loading"));
}

#[test]
fn who_may_not_change_reads_and_is_told_which_role_it_takes() {
    let (mut stage, _) = with(|agent| {
        let mut own = agent.own.value().unwrap().clone();
        own.role = Rights::Display;
        agent.own = Remote::ready(own, NOW_MS);
        agent.pending = Some(PendingConfirm {
            author: "operator:m.okafor".parse().unwrap(),
            first_revision: 3,
            last_revision: 3,
            until_ms: NOW_MS + 42_000,
            seconds_left: 42,
        });
    });
    assert!(
        stage
            .harness
            .get_by_label("Add mapping")
            .accesskit_node()
            .is_disabled()
    );
    assert!(stage.mentions("Changes of m.okafor"));
    assert!(
        stage
            .harness
            .get_by_label("Keep")
            .accesskit_node()
            .is_disabled()
    );
    stage.shot("access-read-only");
}

#[test]
fn five_thousand_mappings_draw_as_few_rows_as_fifty() {
    let mut play = Play::new(Theme::Dark, WINDOW);
    play.edit("Import", |document| {
        let all = (0..5_000).map(|n| {
            mapping(
                &format!("system-{n:04}:443"),
                &format!("host-{n}:8443"),
                &["/a", "/b"],
            )
        });
        let key = document.subaccounts()[0].key();
        document
            .import(key, all.collect(), Default::default())
            .unwrap()
            .0
    });
    play.stage.run();
    let rows = |play: &Play| play.stage.harness.query_all_by_role(Role::Row).count();
    assert!((5..60).contains(&rows(&play)), "{}", rows(&play));
    play.stage.shot("access-many");
    play.stage.letters("/");
    play.stage.letters("4711");
    assert_eq!(rows(&play), 1);
    play.stage.key(Modifiers::NONE, Key::Escape);
    play.stage.click("Review…");
    assert!(rows(&play) < 100, "{}", rows(&play));
    play.stage.shot("review-many");
}

#[test]
fn a_request_is_tried_before_it_is_made() {
    let mut play = Play::new(Theme::Dark, WINDOW);
    let first = play.first();
    play.choose(&first.virtual_address.to_string());
    play.stage.click("More for this mapping");
    play.stage.click("Test access…");
    play.press(Role::Button, "Ask the agent");
    assert!(play.stage.shows("Passes"));
    play.stage.shot("tester");
    // With another address the answer is no longer one.
    play.fill("URL", "http://nowhere:1/x");
    assert!(play.stage.mentions("not asked yet") && !play.stage.shows("Passes"));
    play.fill("URL", "ftp://x");
    assert!(play.stage.mentions("Must begin with http://"));
    let ask = play
        .stage
        .harness
        .get_by_role_and_label(Role::Button, "Ask the agent");
    assert!(ask.accesskit_node().is_disabled());
}

#[test]
fn mappings_are_duplicated_and_moved_to_another_address() {
    let mut play = Play::new(Theme::Light, WINDOW);
    let first = play.first();
    let address = first.virtual_address.to_string();
    play.choose(&address);
    play.stage.click("More for this mapping");
    play.stage.click("Duplicate…");
    play.fill("Virtual host", &first.virtual_address.host.to_string());
    assert!(play.stage.mentions("is mapped already"));
    play.fill("Virtual host", "twin");
    play.stage.shot("access-duplicate");
    play.press(Role::Button, "Duplicate");
    let port = first.virtual_address.port.get();
    let twin = Play::mapping(&play.wanted(), &format!("twin:{port}")).unwrap();
    assert_eq!(twin.resources, first.resources);
    play.choose(&address);
    play.stage.click("More for this mapping");
    play.stage.click("Change virtual address…");
    play.fill("Virtual port", "1");
    play.press(Role::Button, "Change");
    let host = &first.virtual_address.host;
    assert!(Play::mapping(&play.wanted(), &address).is_none());
    let moved = Play::mapping(&play.wanted(), &format!("{host}:1")).unwrap();
    assert_eq!(moved.resources, first.resources);
}

#[test]
fn a_file_is_planned_before_it_is_taken() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mappings.json").display().to_string();
    let mut play = Play::new(Theme::Dark, WINDOW);
    let first = play.first();
    play.stage.click("More for all mappings");
    play.stage.click("Export…");
    play.fill("File", &path);
    play.stage.shot("export");
    play.press(Role::Button, "Export");
    play.wait("Exported to");
    // What differs is left out by a merge, and replaced by an overwrite.
    let address = first.virtual_address.to_string();
    let mut fields = first;
    fields.internal_address = "moved:1".parse().unwrap();
    let moved = Mapping::try_from(fields).unwrap();
    play.edit("Move it", move |document| put(document, moved));
    play.stage.click("More for all mappings");
    play.stage.click("Import…");
    play.fill("File", "/there/is/no/such/file");
    play.stage.key(Modifiers::NONE, Key::Tab);
    play.wait("Cannot read");
    play.fill("File", &path);
    play.stage.key(Modifiers::NONE, Key::Tab);
    play.wait("1 left out");
    play.stage.shot("import");
    play.stage.click("Overwrite");
    assert!(play.stage.shows("1 changed"));
    play.press(Role::Button, "Add to the draft");
    assert_eq!(play.wanted().hash(), play.document().hash());
    assert!(Play::mapping(&play.wanted(), &address).is_some());
}
