//! Access control, and the draft with its review.

mod edit;
mod look;
mod review;
mod tools;

use std::rc::Rc;
use std::sync::Arc;

use egui::accesskit::Role;
use egui::{Key, Modifiers, Theme};
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use underpass_desktop::nav::{AgentTab, Route};
use underpass_desktop::source::{Source, Staged};
use underpass_fleet::command::{Command, DraftAct, NotSent};
use underpass_fleet::demo::{SEED, Still};
use underpass_fleet::slot::Slot;
use underpass_fleet::snapshot::{AgentSnapshot, FleetSnapshot, Health};
use underpass_shared::config::{BackendType, Document, Mapping, MappingFields, Protocol, Resource};
use underpass_shared::id::AgentId;

use crate::stage::{NOW_MS, Stage};

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
