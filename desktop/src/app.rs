//! The app: takes the newest snapshot, draws a frame from it, and sends what the operator wants.

mod demo;

use std::sync::Arc;

use egui::{CentralPanel, Context, Frame, Key, Margin, Modifiers, Panel, Stroke, Ui};
use underpass_fleet::api::Call;
use underpass_fleet::command::{Change, Command, DraftAct};
use underpass_fleet::slot::Slot;
use underpass_fleet::snapshot::{FleetSnapshot, JobId};
use underpass_shared::api::management::{DocumentTarget, Target, Verb};

pub use self::demo::MakeDemo;
use crate::command::UiCommand;
use crate::cx::{Cx, Effect};
use crate::digest::Digest;
use crate::nav::{AgentTab, Nav, Route};
use crate::prefs::{Prefs, Zoom};
use crate::screen::{self, Screens};
use crate::shell::palette::Palette;
use crate::shell::toasts::Toasts;
use crate::shell::{Pending, Rail, Unlock, rail, results, sheet, status, top};
use crate::source::Source;
use crate::theme::{self, State, Themed as _, size};

/// Tells the time, milliseconds UTC.
pub type Clock = Box<dyn Fn() -> i64>;

/// The app.
pub struct App {
    source: Box<dyn Source>,
    /// The real agents, while made-up ones are shown.
    set_aside: Option<Box<dyn Source>>,
    demo: Option<MakeDemo>,
    clock: Clock,
    fleet: Arc<FleetSnapshot>,
    digest: Digest,
    /// What the operator chose.
    pub prefs: Prefs,
    /// The pages.
    pub screens: Screens,
    toasts: Toasts,
    palette: Palette,
    unlock: Unlock,
    sheet: bool,
    open_tasks: bool,
    results: Option<JobId>,
    commands: Vec<Command>,
    effects: Vec<Effect>,
    /// Whether something had the keyboard at the end of the last frame.
    held: bool,
}

impl App {
    /// An app over a source of data; `prefs` is what was kept from the last time.
    pub fn new(ctx: &Context, source: Box<dyn Source>, clock: Clock, prefs: Prefs) -> Self {
        theme::install(ctx);
        theme::set_theme(ctx, prefs.theme);
        ctx.set_zoom_factor(prefs.zoom.factor());
        let fleet = source.snapshot();
        let digest = Digest::of(&fleet);
        Self {
            source,
            set_aside: None,
            demo: None,
            clock,
            fleet,
            digest,
            prefs,
            screens: Screens::default(),
            toasts: Toasts::default(),
            palette: Palette::default(),
            unlock: Unlock::default(),
            sheet: false,
            open_tasks: false,
            results: None,
            commands: Vec::new(),
            effects: Vec::new(),
            held: false,
        }
    }

    /// The page that is shown.
    pub const fn route(&self) -> Route {
        self.prefs.nav.current()
    }

    /// What is known of the fleet.
    pub const fn fleet(&self) -> &Arc<FleetSnapshot> {
        &self.fleet
    }

    /// Goes to a page.
    pub fn go(&mut self, route: Route) {
        self.prefs.nav.go(route);
    }

    /// Does what the operator asked for.
    pub fn run(&mut self, ctx: &Context, command: UiCommand) {
        match command {
            UiCommand::OpenFleet => self.go(Route::Fleet),
            UiCommand::OpenAlerts => self.go(Route::Alerts),
            UiCommand::OpenAudit => self.go(Route::Audit),
            UiCommand::OpenSettings => self.go(Route::Settings),
            UiCommand::Back => self.prefs.nav.back(),
            UiCommand::Forward => self.prefs.nav.forward(),
            UiCommand::Palette => self.palette.open(),
            UiCommand::Shortcuts => self.sheet = !self.sheet,
            UiCommand::Filter => self.focus_filter(),
            UiCommand::AddAgent => {
                self.pair("");
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

    /// The filter of the page; that of the fleet where it has none.
    fn focus_filter(&mut self) {
        if let Route::Agent { tab, .. } = self.route()
            && self.screens.agent.focus_filter(tab)
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

    /// Runs something with what screens are given, outside of a frame.
    fn with_cx<R>(&mut self, act: impl FnOnce(&mut Screens, &mut Cx<'_>) -> R) -> R {
        let fleet = Arc::clone(&self.fleet);
        let agent = self.route().agent().and_then(|id| fleet.agent(id));
        let mut cx = Cx {
            fleet: &fleet,
            digest: &self.digest,
            agent,
            now_ms: (self.clock)(),
            held: self.held,
            prefs: &mut self.prefs,
            commands: &mut self.commands,
            effects: &mut self.effects,
        };
        act(&mut self.screens, &mut cx)
    }

    /// The keys that belong to no widget.
    fn keys(&mut self, ctx: &Context) {
        let typing = ctx.text_edit_focused();
        for command in UiCommand::ALL {
            let Some(shortcut) = command.shortcut() else {
                continue;
            };
            // While one types, letters are letters, and Ctrl+A chooses text.
            let plain = shortcut.modifiers.is_none() && shortcut.logical_key != Key::F5;
            if typing && (plain || command.is_of_text()) {
                continue;
            }
            let modal = ctx.memory(|memory| memory.top_modal_layer().is_some());
            if modal
                && !matches!(
                    command,
                    UiCommand::Shortcuts | UiCommand::Palette | UiCommand::Quit
                )
            {
                continue;
            }
            let pressed = match command.letter() {
                Some(letter) => typed(ctx, letter),
                None => ctx.input_mut(|input| input.consume_shortcut(&shortcut)),
            };
            if pressed {
                self.run(ctx, command);
            }
        }
    }

    /// Esc that nothing on the page took.
    fn escape(&mut self, ctx: &Context) {
        let taken = self.held
            || ctx
                .memory(|memory| memory.top_modal_layer().is_some() || memory.focused().is_some())
            || egui::Popup::is_any_open(ctx);
        if taken || !ctx.input_mut(|input| input.consume_key(Modifiers::NONE, Key::Escape)) {
            return;
        }
        if self.route() == Route::Fleet {
            self.screens.fleet.escape();
        } else if self.prefs.nav.can_go_back() {
            self.prefs.nav.back();
        } else {
            self.go(Route::Fleet);
        }
    }

    fn draw(&mut self, ui: &mut Ui) {
        let ctx = ui.ctx().clone();
        let fleet = Arc::clone(&self.fleet);
        let route = self.prefs.nav.current();
        let nav = self.prefs.nav.clone();
        let Self {
            screens,
            toasts,
            palette,
            unlock,
            open_tasks,
            results: shown_job,
            sheet: sheet_open,
            ..
        } = self;
        let mut cx = Cx {
            fleet: &fleet,
            digest: &self.digest,
            agent: route.agent().and_then(|id| fleet.agent(id)),
            now_ms: (self.clock)(),
            held: self.held,
            prefs: &mut self.prefs,
            commands: &mut self.commands,
            effects: &mut self.effects,
        };
        around(ui, &mut cx, &nav, screens, toasts, open_tasks);
        let ground = Frame::new().fill(ui.tokens().canvas);
        CentralPanel::no_frame()
            .frame(ground)
            .show(ui, |ui| show(ui, &mut cx, screens, route));
        if let Some(link) = screen::welcome::pasted(&ctx) {
            cx.pair(link);
        }
        screens.pairing.show(&ctx, &mut cx);
        unlock.show(&ctx, &mut cx);
        palette.show(&ctx, &mut cx);
        sheet(&ctx, sheet_open);
        results(&ctx, &mut cx, shown_job);
        let lift = lift(&cx, screens, route);
        toasts.show(&ctx, &mut cx, lift);
        let soon = Pending::of(&cx).is_some();
        // Ages and countdowns move by themselves, but only where someone looks.
        if ctx.input(|input| input.focused) {
            ctx.request_repaint_after_secs(if soon { 1.0 } else { 5.0 });
        }
    }

    /// Does what the page wanted, after the frame is drawn.
    fn settle(&mut self, ctx: &Context) {
        for effect in std::mem::take(&mut self.effects) {
            match effect {
                Effect::Run(command) => self.run(ctx, command),
                Effect::Go(route) => self.go(route),
                Effect::Mapping {
                    agent: id,
                    subaccount,
                    address,
                } => {
                    let tab = AgentTab::AccessControl;
                    self.go(Route::Agent { id, tab });
                    self.screens.agent.access.choose(subaccount, address);
                }
                Effect::Pair(link) => self.pair(link.expose()),
                Effect::Described { text, before } => {
                    self.toasts.described((self.clock)(), text, before)
                }
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

/// The height of the bar at the foot of the page, which words at the corner leave free.
fn lift(cx: &Cx<'_>, screens: &Screens, route: Route) -> f32 {
    let has_draft = cx
        .agent
        .is_some_and(|agent| screen::agent::draft::of(agent).is_some());
    if has_draft {
        screen::agent::draft::HEIGHT
    } else if route == Route::Fleet {
        screens.fleet.foot()
    } else {
        0.0
    }
}

/// What is around the page: rail, status bar, top bar.
fn around(
    ui: &mut Ui,
    cx: &mut Cx<'_>,
    nav: &Nav,
    screens: &mut Screens,
    toasts: &mut Toasts,
    open_tasks: &mut bool,
) {
    let tokens = ui.tokens();
    let route = nav.current();
    let narrow = ui.content_rect().width() < size::NARROW;
    let bar = |fill| Frame::new().fill(fill);
    let side = Panel::left("rail")
        .exact_size(if narrow {
            size::RAIL_NARROW
        } else {
            size::RAIL
        })
        .resizable(false)
        .show_separator_line(false)
        .frame(bar(tokens.rail).inner_margin(Margin {
            left: 10,
            right: 10,
            top: 13,
            bottom: 10,
        }))
        .show(ui, |ui| {
            let group = &mut screens.fleet.group;
            rail(
                ui,
                cx,
                Rail {
                    route,
                    narrow,
                    group,
                },
            );
        });
    let line = Stroke::new(size::LINE, tokens.border);
    let edge = side.response.rect;
    ui.painter().vline(edge.right() - 0.5, edge.y_range(), line);
    let foot = Panel::bottom("status")
        .exact_size(size::STATUS)
        .resizable(false)
        .show_separator_line(false)
        .frame(bar(tokens.rail).inner_margin(Margin::symmetric(12, 0)))
        .show(ui, |ui| status(ui, cx, open_tasks));
    let edge = foot.response.rect;
    ui.painter().hline(edge.x_range(), edge.top() + 0.5, line);
    Panel::top("top")
        .exact_size(size::TOP)
        .resizable(false)
        .show_separator_line(false)
        .frame(bar(tokens.canvas).inner_margin(Margin::symmetric(18, 0)))
        .show(ui, |ui| top(ui, cx, nav, toasts));
}

fn typed(ctx: &Context, letter: &str) -> bool {
    let typed = |event: &egui::Event| matches!(event, egui::Event::Text(text) if text == letter);
    ctx.input_mut(|input| {
        let found = input.events.iter().any(typed);
        input.events.retain(|event| !typed(event));
        found
    })
}

fn show(ui: &mut Ui, cx: &mut Cx<'_>, screens: &mut Screens, route: Route) {
    match route {
        Route::Fleet if cx.fleet.agents.is_empty() => {
            screen::welcome::ui(ui, cx, &mut screens.welcome);
        }
        Route::Fleet => screen::fleet::ui(ui, cx, &mut screens.fleet),
        Route::Agent { id, tab } => screen::agent::ui(ui, cx, &mut screens.agent, id, tab),
        Route::Alerts => screen::alerts::ui(ui, cx, &mut screens.alerts),
        Route::Audit => screen::audit::ui(ui, cx, &mut screens.audit),
        Route::Settings => screen::settings::ui(ui, cx, &mut screens.settings),
    }
}

impl eframe::App for App {
    fn logic(&mut self, ctx: &Context, _frame: &mut eframe::Frame) {
        let fleet = self.source.snapshot();
        if !Arc::ptr_eq(&fleet, &self.fleet) {
            self.fleet = fleet;
            self.digest = Digest::of(&self.fleet);
        }
        // Its own keys change the zoom too.
        self.prefs.zoom = Zoom::near(ctx.zoom_factor());
        let now = (self.clock)();
        self.toasts.follow(&self.fleet, now);
    }

    fn ui(&mut self, ui: &mut Ui, _frame: &mut eframe::Frame) {
        let ctx = ui.ctx().clone();
        self.keys(&ctx);
        self.draw(ui);
        self.escape(&ctx);
        self.held = ctx.memory(|memory| memory.focused().is_some());
        self.settle(&ctx);
    }

    fn save(&mut self, storage: &mut dyn eframe::Storage) {
        self.prefs.save(storage);
    }

    fn clear_color(&self, visuals: &egui::Visuals) -> [f32; 4] {
        visuals.panel_fill.to_normalized_gamma_f32()
    }
}
