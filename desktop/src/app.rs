//! The app: takes the newest snapshot, draws a frame from it, and sends what the operator wants.

mod act;
mod demo;
mod draw;
mod keys;

use std::sync::Arc;

use egui::{Context, Ui};
use jiff::tz::TimeZone;
use underpass_fleet::command::Command;
use underpass_fleet::snapshot::{FleetSnapshot, JobId};

pub use self::demo::MakeDemo;
use crate::cx::{Cx, Effect};
use crate::digest::Digest;
use crate::nav::Route;
use crate::prefs::{Prefs, Zoom};
use crate::screen::Screens;
use crate::shell::palette::Palette;
use crate::shell::toasts::Toasts;
use crate::shell::{Leave, Unlock};
use crate::source::Source;
use crate::theme;
use crate::times::{Times, set_times};

/// Tells the time, milliseconds UTC.
pub type Clock = Box<dyn Fn() -> i64>;

/// The app.
pub struct App {
    source: Box<dyn Source>,
    /// The real agents, while made-up ones are shown, and what was told of them.
    set_aside: Option<(Box<dyn Source>, Toasts)>,
    demo: Option<MakeDemo>,
    clock: Clock,
    /// Where this computer is.
    zone: TimeZone,
    fleet: Arc<FleetSnapshot>,
    digest: Digest,
    /// What the operator chose.
    pub prefs: Prefs,
    /// The pages.
    pub screens: Screens,
    toasts: Toasts,
    palette: Palette,
    unlock: Unlock,
    leave: Leave,
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
            zone: TimeZone::UTC,
            fleet,
            digest,
            prefs,
            screens: Screens::default(),
            toasts: Toasts::default(),
            palette: Palette::default(),
            unlock: Unlock::default(),
            leave: Leave::default(),
            sheet: false,
            open_tasks: false,
            results: None,
            commands: Vec::new(),
            effects: Vec::new(),
            held: false,
        }
    }

    /// Where this computer is: moments are told by its clock.
    pub fn set_zone(&mut self, zone: TimeZone) {
        self.zone = zone;
    }

    /// The page that is shown.
    pub const fn route(&self) -> Route {
        self.prefs.nav.current()
    }

    /// What is known of the fleet.
    pub const fn fleet(&self) -> &Arc<FleetSnapshot> {
        &self.fleet
    }

    /// The agents that are none of the made-up ones, where there are some.
    fn real(&self) -> Option<Arc<FleetSnapshot>> {
        match &self.set_aside {
            Some((real, _)) => Some(real.snapshot()),
            None => (!self.fleet.is_demo).then(|| Arc::clone(&self.fleet)),
        }
    }

    /// Goes to a page.
    pub fn go(&mut self, route: Route) {
        self.prefs.nav.go(route);
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
        set_times(ctx, Times::new(self.zone.clone(), self.prefs.clock));
        let now = (self.clock)();
        self.toasts.follow(&self.fleet, now);
        if let Some(real) = self.real() {
            self.leave.watch(ctx, &real);
        }
    }

    fn ui(&mut self, ui: &mut Ui, _frame: &mut eframe::Frame) {
        let ctx = ui.ctx().clone();
        self.keys(&ctx);
        self.draw(ui);
        if let Some(real) = self.real() {
            self.leave.show(&ctx, &real);
        }
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
