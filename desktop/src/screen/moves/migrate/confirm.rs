//! The last word before a migration begins.

use egui::{ScrollArea, Ui};
use underpass_fleet::migrate::plan::Mode;

use super::{Migrate, words};
use crate::cx::Cx;
use crate::text;
use crate::theme::{State, size, space};
use crate::widget::{Banner, Field, Words as _, card_titled, key_text, keys, segmented};

impl Migrate {
    pub(super) fn confirm(&mut self, ui: &mut Ui, cx: &mut Cx<'_>) {
        ui.spacing_mut().item_spacing.y = space::M;
        let found = self.rehearsed.get();
        let Some(rehearsed) = found.value() else {
            return;
        };
        let plan = &rehearsed.migration.plan;
        if let Some(reason) = self.done.get().reason() {
            Banner::new(State::Error, &text::sentence(reason)).show(ui);
        }
        let source = self.source_name(cx);
        ScrollArea::vertical()
            .id_salt("confirm")
            .auto_shrink([false, false])
            .show(ui, |ui| {
                ui.spacing_mut().item_spacing.y = space::M;
                ui.paragraph(match plan.mode {
                    _ if plan.source().is_none() => "The target takes the place of the agent in the backup, with its keys. Its tunnels open as soon as the gateways believe that the agent before is gone; if that one still runs, they carry nothing until it has ended.",
                    Mode::Move => "Applications go on calling: new requests go to a target when its tunnel is up, and those that run finish at the source. Its configuration stays there, closed, until you remove it.",
                    Mode::Copy => "The source goes on as it is. The targets get certificates of their own for the new location IDs.",
                });
                keys(ui, |ui| {
                    key_text(ui, "From", &source, false, false);
                    for target in &plan.targets {
                        let mappings: usize = target.subaccounts.iter().map(|one| one.mappings).sum();
                        let what = format!(
                            "{} · {}, {}",
                            words::label(cx.fleet, target.agent),
                            text::plural(target.subaccounts.len(), "subaccount"),
                            text::plural(mappings, "mapping"),
                        );
                        key_text(ui, "To", &what, false, false);
                    }
                    let tests = plan.targets.iter().filter_map(|one| one.tests.as_ref());
                    let tests = match tests.map(Vec::len).sum::<usize>() {
                        0 => "None".to_owned(),
                        some => format!("{}, after the cut-over", text::count(some)),
                    };
                    key_text(ui, "Test requests", &tests, false, false);
                    let settings = if plan.settings { "Come along" } else { "Stay as the target has them" };
                    key_text(ui, "Settings", settings, false, false);
                });
                let ways = [(true, "Roll all back"), (false, "Stop and let me decide")];
                ui.bold("When a step fails");
                segmented(ui, "When a step fails", &mut self.back_on_failure, &ways);
                if !self.takes_nothing() {
                    let label = format!("Type {source} to confirm");
                    Field::new(&label, &mut self.typed)
                        .hint(&source)
                        .mono()
                        .width(size::FORM)
                        .show(ui);
                }
                steps(ui, cx, rehearsed);
            });
    }
}

/// What will be done, and what takes it back.
fn steps(ui: &mut Ui, cx: &Cx<'_>, rehearsed: &underpass_fleet::migrate::rehearsal::Rehearsed) {
    let several = rehearsed.migration.plan.targets.len() > 1;
    card_titled(
        ui,
        "Steps",
        |ui| {
            ui.quiet("Each can be taken back");
        },
        |ui| {
            ui.spacing_mut().item_spacing.y = 0.0;
            for (number, record) in rehearsed.migration.records.iter().enumerate() {
                let act = text::sentence(record.step.act.title());
                ui.horizontal(|ui| {
                    ui.spacing_mut().item_spacing.x = space::S;
                    ui.set_min_height(size::CONTROL_SMALL);
                    ui.bold(format!("{}. {act}", number + 1));
                    if several {
                        ui.quiet(words::label(cx.fleet, record.step.target));
                    }
                });
            }
        },
    );
}
