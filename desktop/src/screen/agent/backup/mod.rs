//! Backups of an agent, and the way back from one.

mod adapt;
mod choose;
mod contents;
mod last;
pub(in crate::screen) mod make;
pub(in crate::screen) mod opening;
mod picked;
mod planned;
mod restore;
mod rules;
mod schedule_form;
mod schedules;
pub(in crate::screen) mod seal;
mod verify;

use std::sync::Arc;

use egui::{Align, Id, Layout, Ui};
use underpass_fleet::slot::Slot;
use underpass_fleet::snapshot::{AgentSnapshot, JobId};
use underpass_shared::api::management::{Query, RestoreShown, RestoreTarget, Target};

use self::last::Wanted;
use self::make::Make;
use self::opening::{Opening, dropped};
use self::restore::{Restoring, Went};
use self::schedules::Schedules;
use self::verify::{Verified, Verify};
use super::common::Newer;
use crate::cx::Cx;
use crate::screen::{fixed_page, page};
use crate::text;
use crate::theme::space;
use crate::widget::Level;

/// From this width on the cards stand side by side.
const WIDE: f32 = 860.0;

/// What the tab remembers from frame to frame.
#[derive(Default)]
pub struct BackupState {
    last: Slot<RestoreShown>,
    newer: Newer,
    /// The work whose end was seen.
    ended: Option<JobId>,
    make: Option<Make>,
    verify: Option<Verify>,
    restoring: Option<Box<Restoring>>,
    rolling_back: bool,
    schedules: Schedules,
}

/// How long ago something was, as a sentence says it.
fn ago(now_ms: i64, then_ms: i64) -> String {
    match text::age(now_ms, then_ms) {
        now if now == "now" => "just now".to_owned(),
        age => format!("{age} ago"),
    }
}

/// Shows the tab.
pub fn ui(ui: &mut Ui, cx: &mut Cx<'_>, state: &mut BackupState) {
    let Some(agent) = cx.agent.map(Arc::clone) else {
        return;
    };
    state.ask(cx, &agent);
    state.dropped(ui);
    match &mut state.restoring {
        Some(restoring) => match fixed_page(ui, |ui| restoring.ui(ui, cx, &agent)) {
            Went::Nowhere => {}
            Went::Back | Went::Applied => state.restoring = None,
        },
        None => page(ui, "backup", |ui| overview(ui, cx, state, &agent)),
    }
    dialogs(ui, cx, state, &agent);
}

impl BackupState {
    /// Asks what was restored, and asks again whenever that may have changed.
    fn ask(&mut self, cx: &mut Cx<'_>, agent: &AgentSnapshot) {
        let work = cx.fleet.works.restores.get(&agent.id);
        let ended = work
            .filter(|work| work.stage().is_none())
            .map(|work| work.job);
        let news = ended != self.ended && ended.is_some();
        self.ended = ended;
        if self.newer.came(agent) || news {
            self.last.refresh();
        }
        let target = Target::Restores(RestoreTarget::Last);
        let query = Query::default();
        self.last.request(cx.commands, agent.id, &target, &query);
    }

    /// Takes a file that was dropped on the window.
    fn dropped(&mut self, ui: &Ui) {
        let busy = self.verify.is_some() || self.make.is_some();
        let Some(path) = dropped(ui.ctx()).filter(|_| !busy) else {
            return;
        };
        match &mut self.restoring {
            Some(restoring) => restoring.name(&path),
            None => self.verify = Some(Verify::of(&path)),
        }
    }
}

fn overview(ui: &mut Ui, cx: &mut Cx<'_>, state: &mut BackupState, agent: &AgentSnapshot) {
    ui.spacing_mut().item_spacing.y = space::M;
    let shown = state.last.get();
    let shown = &*shown;
    let (mut back_up, mut wanted) = (false, Wanted::Nothing);
    if ui.available_width() < WIDE {
        // One below the other, each is as high as what it says.
        let alone = || Level::new(ui, Id::NULL);
        let (mut first, mut second) = (alone(), alone());
        back_up = make::ui(ui, cx, agent, &mut first);
        wanted = last::ui(ui, cx, agent, shown, &mut second);
    } else {
        let mut level = Level::new(ui, Id::unique("backup-cards"));
        ui.spacing_mut().item_spacing.x = space::M;
        ui.columns_const(|[left, right]| {
            // Columns stretch their text; a card does not.
            let layout = Layout::top_down(Align::Min);
            left.with_layout(layout, |ui| {
                back_up = make::ui(ui, cx, agent, &mut level);
            });
            right.with_layout(layout, |ui| {
                wanted = last::ui(ui, cx, agent, shown, &mut level);
            });
        });
        level.end(ui);
    }
    state.schedules.ui(ui, cx, agent);
    if back_up {
        state.make = Some(Make::new(&agent.label, cx.now_ms));
    }
    match wanted {
        Wanted::Nothing => {}
        Wanted::Restore => state.restoring = Some(Box::default()),
        Wanted::Verify => state.verify = Some(Verify::default()),
        Wanted::RollBack => state.rolling_back = true,
    }
}

fn dialogs(ui: &Ui, cx: &mut Cx<'_>, state: &mut BackupState, agent: &AgentSnapshot) {
    if let Some(make) = &mut state.make
        && make.show(ui, cx, agent)
    {
        state.make = None;
    }
    if let Some(verify) = &mut state.verify {
        match verify.show(ui, cx) {
            Verified::Open => {}
            Verified::Over => state.verify = None,
            Verified::Restore(opening) => {
                state.verify = None;
                let opening: Opening = *opening;
                state.restoring = Some(Box::new(Restoring::of(opening)));
            }
        }
    }
    state.schedules.dialogs(ui, cx);
    let shown = state.last.get();
    let offer = shown.value().and_then(|shown| shown.rollback.as_ref());
    if state.rolling_back && offer.is_none_or(|offer| last::roll_back(ui, cx, agent, offer)) {
        state.rolling_back = false;
    }
}
