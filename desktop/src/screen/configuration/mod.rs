//! The configurations of all agents: where they drift, what they have in common, who has what, and
//! changes on many of them.

mod wish;

use egui::Ui;
use lucide_icons::Icon;

pub use self::wish::{Wish, WishedChange};
use crate::cx::Cx;
use crate::nav::{ConfigurationTab, Route};
use crate::theme::space;
use crate::widget::{Empty, Tab, tabs};

/// What the page remembers from frame to frame.
#[derive(Default)]
pub struct ConfigurationState {
    wish: Option<Wish>,
}

impl ConfigurationState {
    /// Begins to change many agents.
    pub fn roll_out(&mut self, _cx: &mut Cx<'_>, wish: Wish) {
        self.wish = Some(wish);
    }

    /// Puts the keyboard into the filter of a tab; false where it has none.
    pub const fn focus_filter(&mut self, _tab: ConfigurationTab) -> bool {
        false
    }

    /// Finds out anew what a tab shows.
    pub const fn refresh(&mut self, _tab: ConfigurationTab) {}
}

/// Shows the page.
pub fn ui(ui: &mut Ui, cx: &mut Cx<'_>, _state: &mut ConfigurationState, tab: ConfigurationTab) {
    let all = [
        (ConfigurationTab::Drift, "Drift"),
        (ConfigurationTab::Templates, "Templates"),
        (ConfigurationTab::Search, "Search"),
        (ConfigurationTab::Rollouts, "Rollouts"),
    ];
    let all = all.map(|(target, word)| Tab {
        target,
        word,
        count: 0,
    });
    let mut chosen = tab;
    super::fixed_page(ui, |ui| {
        if tabs(ui, &mut chosen, &all) {
            cx.go(Route::Configuration { tab: chosen });
        }
        ui.add_space(space::M);
        Empty {
            icon: Icon::Layers,
            title: "Nothing was compared",
            text: "Compare agents with one that is as all shall be, or with a template",
            action: None,
        }
        .show(ui);
    });
}
