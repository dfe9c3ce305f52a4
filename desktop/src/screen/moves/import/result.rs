//! What came of an import, and what is left to do.

use egui::{ScrollArea, Ui};
use lucide_icons::Icon;

use super::{Import, findings};
use crate::cx::Cx;
use crate::nav::{AgentTab, Route};
use crate::screen::moves::report::Report;
use crate::theme::{State, space};
use crate::widget::{Banner, Button, Words as _};

impl Import {
    pub(super) fn result(&mut self, ui: &mut Ui, cx: &mut Cx<'_>) {
        ui.spacing_mut().item_spacing.y = space::M;
        let label = self.apply.label(cx);
        let title = match self.apply.revision {
            Some(number) => format!("{label} has it as revision {number}"),
            None => format!("{label} has it"),
        };
        let detail = "One undo of this revision takes all of it back";
        Banner::new(State::Ok, &title).detail(detail).show(ui);
        ui.horizontal(|ui| {
            ui.spacing_mut().item_spacing.x = space::S;
            let save = Button::primary("Save the report…").icon(Icon::Download);
            if ui.add(save).clicked() {
                self.report = Some(Report::default());
            }
            let Some(id) = self.apply.agent() else {
                return;
            };
            let show = Button::secondary("Show its subaccounts").icon(Icon::ArrowRight);
            if ui.add(show).clicked() {
                let tab = AgentTab::Subaccounts;
                cx.go(Route::Agent { id, tab });
            }
            let show = Button::secondary("Show the revision").icon(Icon::History);
            if ui.add(show).clicked() {
                let tab = AgentTab::Revisions;
                cx.go(Route::Agent { id, tab });
            }
        });
        let Some(planned) = self.apply.planned() else {
            return;
        };
        ui.title("Left to do");
        ScrollArea::vertical()
            .id_salt("left-to-do")
            .auto_shrink([false, false])
            .show(ui, |ui| findings::todo(ui, &planned.report));
    }
}
