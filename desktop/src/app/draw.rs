//! A frame: the page, and what is around and over it.

use std::sync::Arc;

use egui::{CentralPanel, Frame, Panel, Stroke, Ui};

use super::App;
use crate::cx::Cx;
use crate::nav::{Nav, Route};
use crate::screen::{self, Screens};
use crate::shell::toasts::Toasts;
use crate::shell::{Pending, Rail, rail, results, sheet, status, top};
use crate::theme::{Themed as _, inset, size};

impl App {
    pub(super) fn draw(&mut self, ui: &mut Ui) {
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
        .frame(bar(tokens.rail).inner_margin(inset::SIDE))
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
        .frame(bar(tokens.rail).inner_margin(inset::STATUS))
        .show(ui, |ui| status(ui, cx, open_tasks));
    let edge = foot.response.rect;
    ui.painter().hline(edge.x_range(), edge.top() + 0.5, line);
    Panel::top("top")
        .exact_size(size::TOP)
        .resizable(false)
        .show_separator_line(false)
        .frame(bar(tokens.canvas).inner_margin(inset::TOP))
        .show(ui, |ui| top(ui, cx, nav, toasts));
}

fn show(ui: &mut Ui, cx: &mut Cx<'_>, screens: &mut Screens, route: Route) {
    match route {
        Route::Fleet if cx.fleet.agents.is_empty() => {
            screen::welcome::ui(ui, cx, &mut screens.welcome);
        }
        Route::Fleet => screen::fleet::ui(ui, cx, &mut screens.fleet),
        Route::Agent { id, tab } => screen::agent::ui(ui, cx, &mut screens.agent, id, tab),
        Route::Configuration { tab } => {
            screen::configuration::ui(ui, cx, &mut screens.configuration, tab);
        }
        Route::Alerts => screen::alerts::ui(ui, cx, &mut screens.alerts),
        Route::Audit => screen::audit::ui(ui, cx, &mut screens.audit),
        Route::Moves => screen::moves::ui(ui, cx, &mut screens.moves),
        Route::Settings => screen::settings::ui(ui, cx, &mut screens.settings),
    }
}
