//! The configurations of all agents: where they drift, what they have in common, who has what, and
//! changes on many of them.

mod drift;
mod listed;
mod rollouts;
mod search;
mod templates;
mod wish;

use egui::Ui;

pub use self::wish::{Wish, WishedChange};
use crate::cx::Cx;
use crate::nav::{ConfigurationTab, Route};
use crate::theme::space;
use crate::widget::{Tab, tabs};

/// What the page remembers from frame to frame.
#[derive(Default)]
pub struct ConfigurationState {
    drift: drift::DriftState,
    templates: templates::TemplatesState,
    search: search::SearchState,
    rollouts: rollouts::RolloutsState,
}

impl ConfigurationState {
    /// Begins to change many agents.
    pub fn roll_out(&mut self, cx: &mut Cx<'_>, wish: Wish) {
        self.rollouts.begin(cx, wish);
    }

    /// Puts the keyboard into the filter of a tab; false where it has none.
    pub const fn focus_filter(&mut self, tab: ConfigurationTab) -> bool {
        if matches!(tab, ConfigurationTab::Search) {
            self.search.focus();
            return true;
        }
        false
    }

    /// Finds out anew what a tab shows.
    pub fn refresh(&mut self, cx: &mut Cx<'_>, tab: ConfigurationTab) {
        match tab {
            ConfigurationTab::Drift => self.drift.refresh(cx),
            ConfigurationTab::Search => self.search.refresh(cx),
            ConfigurationTab::Templates | ConfigurationTab::Rollouts => {}
        }
    }
}

/// Shows the page.
pub fn ui(ui: &mut Ui, cx: &mut Cx<'_>, state: &mut ConfigurationState, tab: ConfigurationTab) {
    let running = cx.fleet.rollouts.iter();
    let running = running.filter(|one| one.running.is_some()).count();
    let all = ConfigurationTab::ALL.map(|target| Tab {
        target,
        word: target.title(),
        count: if target == ConfigurationTab::Rollouts {
            running
        } else {
            0
        },
    });
    let mut chosen = tab;
    super::fixed_page(ui, |ui| {
        if tabs(ui, &mut chosen, &all) {
            cx.go(Route::Configuration { tab: chosen });
        }
        ui.add_space(space::M);
        match tab {
            ConfigurationTab::Drift => drift::ui(ui, cx, &mut state.drift),
            ConfigurationTab::Templates => templates::ui(ui, cx, &mut state.templates),
            ConfigurationTab::Search => search::ui(ui, cx, &mut state.search),
            ConfigurationTab::Rollouts => rollouts::ui(ui, cx, &mut state.rollouts),
        }
    });
}
