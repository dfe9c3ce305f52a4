//! What goes wrong on an agent, and traces of what passes through it.

mod ask;
mod diagnoses;
mod entity;
mod kinds;
mod save;
mod trace;
mod traces;

use egui::{Align, Layout, Ui};
use lucide_icons::Icon;
use underpass_shared::rights::Access;

pub(super) use self::diagnoses::{Seen, state_of};
pub(super) use self::entity::named;
use super::common::escaped;
use super::edit::forbidden;
use crate::cx::Cx;
use crate::screen::fixed_page;
use crate::theme::{size, space};
use crate::widget::{Empty, IconButton, segmented};

/// A part of the tab.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Section {
    /// What goes wrong, with causes and what to do.
    #[default]
    Diagnoses,
    /// Requests and answers, written down under four eyes.
    Traces,
}

/// What the tab remembers from frame to frame.
#[derive(Default)]
pub struct TroubleState {
    section: Section,
    diagnoses: diagnoses::Diagnosed,
    traces: traces::Traced,
}

impl TroubleState {
    /// Shows the traces.
    pub const fn show_traces(&mut self) {
        self.section = Section::Traces;
    }

    /// Sends the keyboard to the filter; false where there is none.
    pub const fn focus_filter(&mut self) -> bool {
        match self.section {
            Section::Diagnoses => {
                self.diagnoses.focus_filter();
                true
            }
            Section::Traces => false,
        }
    }
}

/// Shows the tab.
pub fn ui(ui: &mut Ui, cx: &mut Cx<'_>, state: &mut TroubleState) {
    if !cx.held && escaped(ui) {
        state.diagnoses.close();
        state.traces.close();
    }
    fixed_page(ui, |ui| {
        ui.spacing_mut().item_spacing.y = space::S;
        bar(ui, cx, state);
        match state.section {
            Section::Diagnoses => state.diagnoses.ui(ui, cx),
            // Who only monitors is told nothing of traces.
            Section::Traces => match forbidden(cx, Access::Inspect) {
                Some(reason) => {
                    Empty {
                        icon: Icon::Lock,
                        title: "Traces cannot be seen",
                        text: &reason,
                        action: None,
                    }
                    .show(ui);
                }
                None => state.traces.ui(ui, cx),
            },
        }
    });
    state.traces.dialogs(ui, cx);
}

fn bar(ui: &mut Ui, cx: &Cx<'_>, state: &mut TroubleState) {
    ui.horizontal(|ui| {
        ui.set_min_height(size::CONTROL);
        let sections = [
            (Section::Diagnoses, "Diagnoses"),
            (Section::Traces, "Traces"),
        ];
        segmented(ui, "Section", &mut state.section, &sections);
        if state.section == Section::Diagnoses {
            state.diagnoses.search(ui);
        }
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let fetch = IconButton::new(Icon::RefreshCw, "Fetch the newest");
            if ui.add(fetch).clicked() {
                state.diagnoses.refresh();
                state.traces.refresh();
            }
            if state.section == Section::Traces {
                state.traces.action(ui, cx);
            }
        });
    });
}
