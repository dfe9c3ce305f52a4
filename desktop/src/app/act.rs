//! What the operator asks for is done.

use egui::Context;
use underpass_fleet::api::Call;
use underpass_fleet::command::{Change, Command, DraftAct};
use underpass_fleet::slot::Slot;
use underpass_shared::api::management::{DocumentTarget, Target, Verb};
use underpass_shared::id::AgentId;

use super::App;
use crate::command::UiCommand;
use crate::cx::Effect;
use crate::nav::{AgentTab, ConfigurationTab, Route};
use crate::screen;
use crate::screen::configuration::Wish;
use crate::shell::Pending;
use crate::theme::{self, State};

impl App {
    /// Does what the operator asked for.
    pub fn run(&mut self, ctx: &Context, command: UiCommand) {
        match command {
            UiCommand::OpenFleet => self.go(Route::Fleet),
            UiCommand::OpenConfiguration => self.go_configuration(ConfigurationTab::Drift),
            UiCommand::OpenTemplates => self.go_configuration(ConfigurationTab::Templates),
            UiCommand::OpenSearch => self.go_configuration(ConfigurationTab::Search),
            UiCommand::OpenRollouts => self.go_configuration(ConfigurationTab::Rollouts),
            UiCommand::NewRollout => self.roll_out(Wish::default()),
            UiCommand::OpenAlerts => self.go(Route::Alerts),
            UiCommand::OpenAudit => self.go(Route::Audit),
            UiCommand::OpenMoves => self.go(Route::Moves),
            UiCommand::OpenSettings => self.go(Route::Settings),
            UiCommand::Back => self.prefs.nav.back(),
            UiCommand::Forward => self.prefs.nav.forward(),
            UiCommand::Palette => self.palette.open(),
            UiCommand::Shortcuts => self.sheet = !self.sheet,
            UiCommand::Filter => self.focus_filter(),
            UiCommand::AddAgent => {
                self.pair("");
            }
            UiCommand::MigrateAgent => self.migrate(None, &[]),
            UiCommand::ImportScc => {
                self.go(Route::Moves);
                self.screens.moves.import();
            }
            UiCommand::Refresh => self.refresh(),
            UiCommand::SelectAll => self.with_cx(|app, cx| app.fleet.select_all(cx)),
            UiCommand::SelectNone => self.screens.fleet.selected.clear(),
            UiCommand::Peek => self.prefs.peek = !self.prefs.peek,
            UiCommand::Density => self.prefs.compact = !self.prefs.compact,
            UiCommand::Theme => {
                let dark = ctx.theme() == egui::Theme::Dark;
                self.prefs.theme = if dark {
                    egui::ThemePreference::Light
                } else {
                    egui::ThemePreference::Dark
                };
                theme::set_theme(ctx, self.prefs.theme);
            }
            UiCommand::ThemeSystem => {
                self.prefs.theme = egui::ThemePreference::System;
                theme::set_theme(ctx, self.prefs.theme);
            }
            UiCommand::Notices => self.toasts.open_history = true,
            UiCommand::Tasks => self.open_tasks = true,
            UiCommand::Keep => self.answer_trial(Verb::Post, "Keep the changes"),
            UiCommand::Revert => self.answer_trial(Verb::Delete, "Revert the changes"),
            UiCommand::DraftUndo => self.act_on_draft(DraftAct::Undo),
            UiCommand::DraftRedo => self.act_on_draft(DraftAct::Redo),
            UiCommand::DraftReview => {
                if self.has_draft() {
                    self.screens.agent.draft.open();
                } else {
                    let now = (self.clock)();
                    self.toasts.tell(now, State::Info, "Nothing is changed");
                }
            }
            UiCommand::Unlock => self.unlock.reopen(),
            UiCommand::Demo => self.toggle_demo(ctx),
            UiCommand::Quit => ctx.send_viewport_cmd(egui::ViewportCommand::Close),
        }
    }

    fn go_configuration(&mut self, tab: ConfigurationTab) {
        self.go(Route::Configuration { tab });
    }

    /// Begins to change many agents.
    fn roll_out(&mut self, wish: Wish) {
        self.go_configuration(ConfigurationTab::Rollouts);
        self.with_cx(|screens, cx| screens.configuration.roll_out(cx, wish));
    }

    /// The filter of the page; that of the fleet where it has none.
    fn focus_filter(&mut self) {
        if let Route::Agent { tab, .. } = self.route()
            && self.screens.agent.focus_filter(tab)
        {
            return;
        }
        if let Route::Configuration { tab } = self.route()
            && self.screens.configuration.focus_filter(tab)
        {
            return;
        }
        if self.route() == Route::Audit {
            self.screens.audit.focus_filter();
            return;
        }
        if self.route() == Route::Alerts {
            self.screens.alerts.focus_filter();
            return;
        }
        self.go(Route::Fleet);
        self.screens.fleet.focus_filter();
    }

    /// Whether the agent of the page has changes that are not applied.
    fn has_draft(&self) -> bool {
        let agent = self.route().agent().and_then(|id| self.fleet.agent(id));
        agent.is_some_and(|agent| screen::agent::draft::of(agent).is_some())
    }

    fn act_on_draft(&mut self, act: DraftAct) {
        if let Some(agent) = self.route().agent().filter(|_| self.has_draft()) {
            let done = Slot::default();
            self.commands.push(Command::Draft { agent, act, done });
        }
    }

    fn migrate(&mut self, source: Option<AgentId>, targets: &[AgentId]) {
        self.go(Route::Moves);
        self.screens.moves.migrate(source, targets);
    }

    /// Begins to pair; keys that are not open could not be kept.
    fn pair(&mut self, link: &str) {
        self.unlock.reopen();
        self.screens.pairing.open(link);
    }

    fn refresh(&mut self) {
        if self.route() == Route::Audit {
            self.screens.audit.refresh();
            return;
        }
        if let Route::Configuration { tab } = self.route() {
            return self.with_cx(|screens, cx| screens.configuration.refresh(cx, tab));
        }
        let agents = match self.route().agent() {
            Some(id) => vec![id],
            None => self.fleet.agents.iter().map(|agent| agent.id).collect(),
        };
        self.commands
            .extend(agents.into_iter().map(Command::Refresh));
    }

    fn answer_trial(&mut self, verb: Verb, title: &str) {
        let agent = self.with_cx(|_, cx| Pending::of(cx).map(|pending| pending.agent.id));
        if let Some(agent) = agent {
            self.commands.push(Command::Call(Change {
                agent,
                call: Call::new(verb, Target::Document(DocumentTarget::PendingConfirm)),
                title: title.to_owned(),
                done: Slot::default(),
            }));
        }
    }

    /// Goes to a tab of an agent that is to show a part of it at once.
    fn go_to(&mut self, id: AgentId, tab: AgentTab) {
        self.go(Route::Agent { id, tab });
        self.screens.agent.turn_to(id);
    }

    /// Does what the page wanted, after the frame is drawn.
    pub(super) fn settle(&mut self, ctx: &Context) {
        for effect in std::mem::take(&mut self.effects) {
            match effect {
                Effect::Run(command) => self.run(ctx, command),
                Effect::Go(route) => self.go(route),
                Effect::Mapping {
                    agent: id,
                    subaccount,
                    address,
                } => {
                    self.go_to(id, AgentTab::AccessControl);
                    self.screens.agent.access.choose(subaccount, address);
                }
                Effect::Migrate { source, targets } => self.migrate(source, &targets),
                Effect::RollOut(wish) => self.roll_out(*wish),
                Effect::Traces(id) => {
                    self.go_to(id, AgentTab::Trouble);
                    self.screens.agent.trouble.show_traces();
                }
                Effect::Delivery(id) => {
                    self.go_to(id, AgentTab::Settings);
                    self.screens.agent.settings.show_delivery();
                }
                Effect::Pair(link) => self.pair(link.expose()),
                Effect::Described { text, before } => {
                    self.toasts.described((self.clock)(), text, before)
                }
                Effect::TemplateRemoved(kept) => self.toasts.removed((self.clock)(), kept),
                Effect::Results(job) => self.results = Some(job),
                Effect::Tell { state, text } => self.toasts.tell((self.clock)(), state, text),
            }
            ctx.request_repaint();
        }
        if !self.commands.is_empty() {
            // Fleets that stand still answer at once and wake nobody.
            ctx.request_repaint();
        }
        for command in std::mem::take(&mut self.commands) {
            if let Err(error) = self.source.send(command) {
                self.toasts
                    .tell((self.clock)(), State::Error, error.to_string());
            }
        }
    }
}
