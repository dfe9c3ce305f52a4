//! The wizard that moves an agent to other hosts: from where to where, what differs there, what the
//! targets find, and the word to begin.

mod agents;
mod check;
mod confirm;
mod differences;
mod goal;
mod origin;
mod trials;

use std::sync::Arc;

use egui::Context;
use underpass_fleet::backup::Opener;
use underpass_fleet::command::{Command, Migrate as Act, Stop};
use underpass_fleet::migrate::engine::{Ended, Engine};
use underpass_fleet::migrate::machine::Migration;
use underpass_fleet::migrate::plan::{MigrationId, Mode, Origin, Wish};
use underpass_fleet::migrate::rehearsal::Rehearsed;
use underpass_fleet::slot::Slot;
use underpass_shared::config::Document;
use underpass_shared::id::AgentId;

use self::goal::Goal;
use self::origin::FromBackup;
use super::words;
use crate::cx::Cx;
use crate::text;
use crate::widget::{Turn, Wizard};

const STEPS: [&str; 4] = ["Agents", "What goes where", "Check", "Confirm"];

/// Where one is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Step {
    #[default]
    Agents,
    Goals,
    Check,
    Confirm,
}

/// How the wizard was left.
pub(super) enum Way {
    /// Nothing is done.
    Away,
    /// The migration goes on by itself.
    Begun(MigrationId),
}

/// The wizard.
pub(super) struct Migrate {
    step: Step,
    source: Option<AgentId>,
    /// The backup of an agent that is no more, in place of a source.
    backup: Option<Box<FromBackup>>,
    goals: Vec<Goal>,
    filter: String,
    copy: bool,
    settings: bool,
    tolerant: bool,
    /// The target whose differences are shown.
    shown: usize,
    rehearsed: Slot<Rehearsed>,
    steps: Slot<Migration>,
    stop: Stop,
    typed: String,
    back_on_failure: bool,
    done: Slot<Ended>,
    begun: Option<MigrationId>,
}

impl Drop for Migrate {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

impl Migrate {
    pub(super) fn new(source: Option<AgentId>, targets: &[AgentId]) -> Self {
        Self {
            step: Step::Agents,
            source,
            backup: None,
            goals: targets.iter().map(|id| Goal::of(*id)).collect(),
            filter: String::new(),
            copy: false,
            settings: false,
            tolerant: false,
            shown: 0,
            rehearsed: Slot::default(),
            steps: Slot::default(),
            stop: Engine::stopper(),
            typed: String::new(),
            back_on_failure: true,
            done: Slot::default(),
            begun: None,
        }
    }

    /// Shows the wizard; tells when it is over.
    pub(super) fn show(&mut self, ctx: &Context, cx: &mut Cx<'_>) -> Option<Way> {
        self.came(cx);
        let next = match self.step {
            Step::Agents | Step::Goals | Step::Check => "Continue",
            Step::Confirm if self.backup.is_some() => "Bring back now",
            Step::Confirm if self.copy => "Copy now",
            Step::Confirm => "Move now",
        };
        let refused = self.refused(cx).map(|rule| text::sentence(&rule));
        let wizard = Wizard::new("migrate", "Migrate an agent", &STEPS, self.step as usize);
        let turn = wizard
            .page()
            .next(next)
            .enabled_if(refused.is_none(), refused.as_deref().unwrap_or_default())
            .show(ctx, |ui| match self.step {
                Step::Agents => self.agents(ui, cx),
                Step::Goals => self.differences(ui, cx),
                Step::Check => self.check(ui, cx),
                Step::Confirm => self.confirm(ui, cx),
            });
        match turn {
            Turn::Stay => {}
            Turn::Cancel => return Some(Way::Away),
            Turn::Back => self.back(),
            Turn::Next => self.next(cx),
        }
        // It is begun when the engine says that it did not refuse.
        let begun = self.begun?;
        if self.done.get().reason().is_some() {
            self.begun = None;
            return None;
        }
        cx.fleet.migration(begun).map(|_| Way::Begun(begun))
    }

    /// Why this step is not complete.
    fn refused(&self, cx: &Cx<'_>) -> Option<String> {
        match self.step {
            Step::Agents => self.incomplete(cx),
            Step::Goals => self.goals.iter().find_map(|goal| {
                let rule = goal.broken(self.copy)?;
                let label = words::label(cx.fleet, goal.agent);
                Some(format!("{label}: {rule}"))
            }),
            Step::Check => match &*self.rehearsed.get() {
                found if found.is_loading() => Some("the targets are looking".to_owned()),
                found => match found.value() {
                    Some(rehearsed) if rehearsed.ended == Ended::Done => None,
                    Some(_) => Some("a target does not find what it needs".to_owned()),
                    None => Some("there is no plan yet".to_owned()),
                },
            },
            Step::Confirm if self.begun.is_some() => Some("it begins".to_owned()),
            Step::Confirm => {
                let name = self.source_name(cx);
                let right = self.takes_nothing() || self.typed.trim() == name;
                (!right).then(|| "type the name first".to_owned())
            }
        }
    }

    /// How the source is called.
    fn source_name(&self, cx: &Cx<'_>) -> String {
        match (&self.backup, self.source) {
            (Some(backup), _) => backup.name(),
            (None, Some(id)) => words::label(cx.fleet, id),
            (None, None) => String::new(),
        }
    }

    /// Whether nobody loses anything by it: the source stays, or is no more.
    const fn takes_nothing(&self) -> bool {
        self.copy || self.backup.is_some()
    }

    /// The configuration that goes.
    fn document(&self, cx: &Cx<'_>) -> Option<Arc<Document>> {
        if let Some(backup) = &self.backup {
            return backup.document();
        }
        let agent = cx.fleet.agent(self.source?)?;
        Some(Arc::clone(&agent.configuration.value()?.document))
    }

    /// Goes on once the backup is read.
    fn came(&mut self, cx: &Cx<'_>) {
        let came = self.backup.as_mut().is_some_and(|backup| backup.came());
        if came && self.step == Step::Agents {
            self.share(cx);
            self.step = Step::Goals;
        }
    }

    fn next(&mut self, cx: &mut Cx<'_>) {
        match self.step {
            Step::Agents => match (&mut self.backup, self.goals.first()) {
                (Some(backup), Some(first)) => backup.read(cx, first.agent),
                (Some(_), None) => {}
                (None, _) => {
                    self.share(cx);
                    self.step = Step::Goals;
                }
            },
            Step::Goals => {
                self.step = Step::Check;
                self.rehearse(cx);
            }
            Step::Check => self.step = Step::Confirm,
            Step::Confirm => self.begin(cx),
        }
    }

    fn back(&mut self) {
        self.step = match self.step {
            Step::Agents | Step::Goals => Step::Agents,
            Step::Check => {
                self.forget();
                Step::Goals
            }
            Step::Confirm => Step::Check,
        };
    }

    /// What was found counts no longer.
    fn forget(&mut self) {
        self.stop.cancel();
        self.stop = Engine::stopper();
        self.rehearsed.clear();
        self.steps.clear();
    }

    /// Has the targets look.
    fn rehearse(&mut self, cx: &mut Cx<'_>) {
        self.forget();
        let origin = match (&self.backup, self.source) {
            (Some(backup), _) => backup.origin(),
            (None, Some(agent)) => Some(Origin::Agent { agent }),
            (None, None) => None,
        };
        let Some(origin) = origin else {
            return;
        };
        let wish = Wish {
            origin,
            mode: if self.copy { Mode::Copy } else { Mode::Move },
            settings: self.settings,
            tolerant: self.tolerant,
            targets: self.goals.iter().map(|goal| goal.wish(self.copy)).collect(),
        };
        cx.send(Command::Migrate(Act::Rehearse {
            wish: Box::new(wish),
            opener: self.opener(),
            stop: self.stop.clone(),
            steps: self.steps.clone(),
            done: self.rehearsed.clone(),
        }));
    }

    /// What opens the backup, where the source is one.
    fn opener(&self) -> Option<Opener> {
        self.backup.as_ref()?.opener()
    }

    fn begin(&mut self, cx: &mut Cx<'_>) {
        let found = self.rehearsed.get();
        let Some(rehearsed) = found.value() else {
            return;
        };
        let plan = Arc::clone(&rehearsed.migration.plan);
        self.begun = Some(plan.id);
        cx.send(Command::Migrate(Act::Run {
            plan,
            opener: self.opener(),
            back_on_failure: self.back_on_failure,
            done: self.done.clone(),
        }));
    }
}
