//! What was found, with a tab for each kind of what became of it.

use egui::{ScrollArea, Ui};
use lucide_icons::Icon;
use underpass_shared::scc::{Counts, Kind, Report, Tally};

use super::super::{Import, findings};
use super::{Decide, Part};
use crate::cx::Cx;
use crate::screen::moves::report;
use crate::text;
use crate::theme::{State, Text, Themed as _, space};
use crate::widget::{Banner, Button, Tab, Words as _, card_titled, tabs};

impl Import {
    pub(in super::super) fn decisions(&mut self, ui: &mut Ui, cx: &Cx<'_>) {
        ui.spacing_mut().item_spacing.y = space::S;
        if let Some(rule) = self.decide.refused() {
            Banner::new(State::Error, &text::sentence(&rule)).show(ui);
        }
        let Some(planned) = self.decide.planned() else {
            return;
        };
        let report = &planned.report;
        self.found(ui, report);
        let count = |kind| report.of(kind).count();
        let tab = |target, word, count| Tab {
            target,
            word,
            count,
        };
        let all = [
            tab(Part::Decisions, "Decisions", Decide::open(report)),
            tab(
                Part::Of(Kind::NotCarried),
                "Stays behind",
                count(Kind::NotCarried),
            ),
            tab(Part::Of(Kind::NotRead), "Not read", count(Kind::NotRead)),
            tab(
                Part::Of(Kind::Changed),
                "Another form",
                count(Kind::Changed),
            ),
            tab(
                Part::Of(Kind::WithoutEffect),
                "Without effect",
                count(Kind::WithoutEffect),
            ),
            tab(Part::Todo, "Left to do", report.steps.len()),
        ];
        tabs(ui, &mut self.decide.part, &all);
        let part = self.decide.part;
        ScrollArea::vertical()
            .id_salt(("decisions", format!("{part:?}")))
            .auto_shrink([false, false])
            .show(ui, |ui| {
                ui.spacing_mut().item_spacing.y = space::S;
                match part {
                    Part::Decisions => self.decide.rows(ui, cx, report),
                    Part::Of(kind) => findings::of(ui, report, kind),
                    Part::Todo => findings::todo(ui, report),
                }
            });
    }

    /// What was found, and how to keep it.
    fn found(&mut self, ui: &mut Ui, report: &Report) {
        let address = text::clean(&report.source.address);
        let title = format!("Found at {address}");
        card_titled(
            ui,
            &title,
            |ui| {
                let save = Button::secondary("Save the report…")
                    .icon(Icon::Download)
                    .small();
                if ui.add(save).clicked() {
                    self.report = Some(report::Report::default());
                }
                let keep = Button::secondary("Save what was read…")
                    .icon(Icon::Save)
                    .small();
                if ui.add(keep).clicked() {
                    self.keeps = true;
                }
            },
            |ui| tallies(ui, &report.counts),
        );
    }
}

/// How many of everything were found, and are in the plan.
fn tallies(ui: &mut Ui, counts: &Counts) {
    const COLUMNS: usize = 5;
    let all = counts.all();
    for line in all.chunks(COLUMNS) {
        ui.columns(COLUMNS, |columns| {
            for (column, (name, tally)) in columns.iter_mut().zip(line) {
                tallied(column, name, *tally);
            }
        });
    }
}

fn tallied(ui: &mut Ui, name: &str, tally: Tally) {
    let tokens = ui.tokens();
    ui.spacing_mut().item_spacing.y = 0.0;
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = space::XS;
        let found = text::count(tally.found);
        if tally.left() > 0 {
            let carried = text::count(tally.carried);
            ui.words(Text::Strong, tokens.warn, carried);
            ui.words(Text::Small, tokens.text_3, format!("of {found}"));
        } else {
            let color = if tally.found == 0 {
                tokens.text_3
            } else {
                tokens.text
            };
            ui.words(Text::Strong, color, found);
        }
    });
    ui.words(Text::Caption, tokens.text_3, text::sentence(name));
}
