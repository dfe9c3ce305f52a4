//! The app on a made-up screen, with the engine and a real agent behind it.

use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;

use egui::accesskit::Role;
use egui::{Key, Modifiers, Theme};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use underpass_desktop::app::App;
use underpass_desktop::nav::{AgentTab, Route};
use underpass_desktop::prefs::Prefs;
use underpass_desktop::source::Source as Data;
use underpass_fleet::command::{Command, Described, NotSent};
use underpass_fleet::keys::KeyChoice;
use underpass_fleet::migrate::report::Outcome;
use underpass_fleet::slot::Slot;
use underpass_fleet::snapshot::{AgentSnapshot, FleetSnapshot, Keys, MoveSnapshot};
use underpass_fleet::{Fleet, Source};
use underpass_runtime::clock;
use underpass_shared::id::AgentId;

use crate::agent::Agent;
use crate::process::{json, run, until};
use crate::raster::Raster;

/// Frames that a page takes to come to rest.
const FRAMES: usize = 4;

struct Shared(Rc<Fleet>);

impl Data for Shared {
    fn snapshot(&self) -> Arc<FleetSnapshot> {
        self.0.snapshot()
    }

    fn send(&self, command: Command) -> Result<(), NotSent> {
        self.0.send(command)
    }
}

/// Who sits before the app.
pub(crate) struct Desk {
    harness: Harness<'static, App>,
    fleet: Rc<Fleet>,
    pub(crate) agent: AgentId,
}

impl Desk {
    /// Starts an enrolled agent and pairs a new app with it.
    pub(crate) fn new(agent: &mut Agent) -> Self {
        let mut desk = Self::before(agent);
        desk.agent = pair(&desk.fleet, agent, "plant");
        desk.frames();
        desk
    }

    /// Starts an agent and a new app that knows nobody yet.
    pub(crate) fn before(agent: &mut Agent) -> Self {
        listen(agent);
        let fleet = Rc::new(start_open(agent));
        let shared = Shared(Rc::clone(&fleet));
        let clock = Box::new(clock::wall_ms);
        let harness = Harness::builder()
            .with_size([1280.0, 800.0])
            .build_eframe(move |creation| {
                App::new(
                    &creation.egui_ctx,
                    Box::new(shared),
                    clock,
                    Prefs::default(),
                )
            });
        let mut desk = Self {
            harness,
            fleet,
            agent: AgentId::of_authority(&[0; 32]),
        };
        desk.frames();
        desk
    }

    /// Shows what the engine knows in a window of which pictures are taken, at a time.
    pub(crate) fn pictured(&mut self, theme: Theme, now_ms: i64) {
        let shared = Shared(Rc::clone(&self.fleet));
        let prefs = Prefs {
            theme: theme.into(),
            ..Prefs::default()
        };
        let builder = Harness::builder().with_size([1280.0, 800.0]);
        let builder = builder.with_theme(theme).renderer(Raster::default());
        self.harness = builder.build_eframe(move |creation| {
            let clock = Box::new(move || now_ms);
            App::new(&creation.egui_ctx, Box::new(shared), clock, prefs)
        });
        self.frames();
    }

    /// Takes a picture of it.
    pub(crate) fn picture(&mut self, file: &Path) {
        self.harness.render().unwrap().save(file).unwrap();
    }

    /// Pairs with an agent by its string, as somebody at the screen does.
    pub(crate) fn pair(&mut self, agent: &Agent) {
        self.sees("Welcome to Underpass");
        self.harness.event(egui::Event::Paste(invitation(agent)));
        self.frames();
        self.button("Connect");
        self.button("The words are the same");
        self.button("Add to fleet");
        self.agent = until("the agent is known", || {
            self.frames();
            let fleet = self.fleet.snapshot();
            let known = fleet.agents.first()?;
            known.configuration.value().is_some().then_some(known.id)
        });
    }

    /// Starts another agent, and pairs the app with it too.
    pub(crate) fn also(&mut self, agent: &mut Agent, label: &str) -> AgentId {
        listen(agent);
        let id = pair(&self.fleet, agent, label);
        self.frames();
        id
    }

    /// All that the app knows.
    pub(crate) fn fleet(&self) -> Arc<FleetSnapshot> {
        self.fleet.snapshot()
    }

    pub(crate) fn frames(&mut self) {
        self.harness.run_steps(FRAMES);
    }

    pub(crate) fn go(&mut self, route: Route) {
        self.harness.state_mut().go(route);
        self.frames();
    }

    /// Goes to a tab of the first agent.
    pub(crate) fn tab(&mut self, tab: AgentTab) {
        let id = self.agent;
        self.go(Route::Agent { id, tab });
    }

    /// The agent as the app knows it.
    pub(crate) fn snapshot(&self) -> Arc<AgentSnapshot> {
        Arc::clone(self.fleet.snapshot().agent(self.agent).unwrap())
    }

    pub(crate) fn shows(&self, words: &str) -> bool {
        let mut found = self.harness.query_all_by_label_contains(words);
        found.next().is_some()
    }

    /// Waits until a page shows something.
    pub(crate) fn sees(&mut self, words: &str) {
        until(words, || {
            self.frames();
            self.shows(words).then_some(())
        });
    }

    /// Waits for the agent to be so.
    pub(crate) fn becomes(&mut self, what: &str, look: impl Fn(&AgentSnapshot) -> bool) {
        until(what, || {
            self.frames();
            look(&self.snapshot()).then_some(())
        });
    }

    /// Uses something by its role and name, once it can be used.
    pub(crate) fn press(&mut self, role: Role, name: &str) {
        let usable = |harness: &Harness<'static, App>, is_seen: bool| {
            let found = harness.query_all_by_role_and_label(role, name);
            let mut usable = found.filter(|node| !node.accesskit_node().is_disabled());
            usable.next_back().map(|node| match is_seen {
                true => node.click(),
                false => node.scroll_to_me(),
            })
        };
        // What is below the edge of the window is brought into view before.
        for is_seen in [false, true] {
            until(name, || {
                self.frames();
                usable(&self.harness, is_seen)
            });
        }
        self.frames();
    }

    pub(crate) fn button(&mut self, name: &str) {
        self.press(Role::Button, name);
    }

    /// Uses an entry of a menu.
    pub(crate) fn menu(&mut self, button: &str, entry: &str) {
        self.button(button);
        self.press(Role::MenuItem, entry);
    }

    /// Takes one of several choices.
    pub(crate) fn choose(&mut self, list: &str, choice: &str) {
        self.press(Role::ComboBox, list);
        self.press(Role::MenuItem, choice);
    }

    /// Types into a field in the place of what is there.
    pub(crate) fn fill(&mut self, name: &str, text: &str) {
        self.sees(name);
        let field = self.harness.get_by(|node| {
            let role = matches!(
                node.role(),
                Role::TextInput | Role::MultilineTextInput | Role::PasswordInput
            );
            role && node.label().is_some_and(|label| label == name)
        });
        field.focus();
        self.frames();
        self.key(Modifiers::COMMAND, Key::A);
        self.key(Modifiers::NONE, Key::Delete);
        self.harness.event(egui::Event::Text(text.to_owned()));
        self.frames();
    }

    pub(crate) fn key(&mut self, modifiers: Modifiers, key: Key) {
        self.harness.key_press_modifiers(modifiers, key);
        self.frames();
    }

    /// Chooses the row whose name begins so.
    pub(crate) fn row(&mut self, name: &str) {
        self.sees(name);
        // A row that is new has no place yet.
        self.frames();
        let row = self.harness.get_by(|node| {
            let is_it = |label: String| label.starts_with(name);
            node.role() == Role::Row && node.label().is_some_and(is_it)
        });
        row.click();
        self.frames();
    }

    /// Has the draft shown by the agent and applied.
    pub(crate) fn apply(&mut self, expected: &str) {
        self.becomes("the draft is there", |agent| {
            agent.draft.as_ref().is_some_and(|draft| draft.is_changed())
        });
        self.key(Modifiers::COMMAND, Key::S);
        self.sees(expected);
        let base = self.snapshot().draft.as_ref().unwrap().base().revision;
        self.button("Apply");
        // What is changed next is changed in what the agent has then.
        self.becomes("the draft is applied", |agent| {
            let known = agent.configuration.value();
            agent.draft.is_none() && known.is_some_and(|known| known.revision > base)
        });
    }
}

impl Drop for Desk {
    /// A test that fails tells what it saw last.
    fn drop(&mut self) {
        if !std::thread::panicking() {
            return;
        }
        let named = self.harness.query_all_by(|node| node.label().is_some());
        for node in named.map(|node| node.accesskit_node()) {
            if node.role() != Role::TextRun {
                eprintln!("{:?} {}", node.role(), node.label().unwrap_or_default());
            }
        }
    }
}

/// Starts an agent that can be managed.
fn listen(agent: &mut Agent) {
    agent.run_with(&["run", "--management-listen", "127.0.0.1:0"]);
    let path = agent.dir.join("addresses.json");
    until("the management API is reachable", || {
        let told = json(&std::fs::read_to_string(&path).ok()?);
        told["management"][0].as_str().map(str::to_owned)
    });
}

/// The engine over the profile beside an agent.
pub(crate) fn start(agent: &Agent, keys: KeyChoice) -> Fleet {
    let source = Source::Profile {
        folder: agent.dir.join("profile"),
        keys,
    };
    Fleet::start(source, Arc::new(|| {})).unwrap()
}

/// The same with keys that nobody keeps.
fn start_open(agent: &Agent) -> Fleet {
    let fleet = start(agent, KeyChoice::Memory);
    until("the keys", || {
        matches!(fleet.snapshot().keys, Keys::Open(_)).then_some(())
    });
    fleet
}

/// How the migrations stand that another start of the app finds in the profile.
pub(crate) fn migrations(agent: &Agent) -> Vec<Outcome> {
    let fleet = start_open(agent).snapshot();
    let outcomes = fleet.moves.iter().filter_map(MoveSnapshot::outcome);
    outcomes.collect()
}

/// What an agent tells whom it shall be paired with.
fn invitation(agent: &Agent) -> String {
    let to = ["pair", "--host", "127.0.0.1", "--name", "anna", "--role"];
    let told = agent.command(&[&to[..], &["Administrator", "--json"]].concat());
    let told = json(&run(told));
    told["pairing"].as_str().unwrap().to_owned()
}

/// Pairs, and keeps the agent.
fn pair(fleet: &Fleet, agent: &Agent, label: &str) -> AgentId {
    let paired = Slot::default();
    fleet
        .send(Command::Pair {
            link: invitation(agent),
            name: None,
            done: paired.clone(),
        })
        .unwrap();
    let stranger = until("the pairing", || {
        assert_eq!(paired.get().reason(), None);
        paired.take()
    });
    let described = Described {
        label: label.to_owned(),
        ..Described::default()
    };
    let (agent, done) = (stranger.value.agent, Slot::default());
    fleet
        .send(Command::Admit {
            agent,
            described,
            done: done.clone(),
        })
        .unwrap();
    until("the admission", || {
        assert_eq!(done.get().reason(), None);
        done.take()
    });
    until("all of it is known", || {
        let snapshot = fleet.snapshot();
        let known = snapshot.agent(agent)?;
        (known.link.is_online() && known.configuration.value().is_some()).then_some(())
    });
    agent
}
