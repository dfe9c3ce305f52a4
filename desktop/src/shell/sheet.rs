//! The sheet of shortcuts.

use egui::{CornerRadius, Rect, Sense, Ui, Vec2};

use crate::command::{Section, UiCommand};
use crate::theme::{Text, Themed as _, radius, size, space};
use crate::widget::{Answer, Dialog, Words as _, galley};

const OTHERS: [(&str, &str); 5] = [
    ("Move in a list", "↑ ↓  J K"),
    ("Open", "Enter"),
    ("Select a row", "Space"),
    ("Close, or back", "Esc"),
    ("Next control", "Tab"),
];

/// Shows the sheet while it is open.
pub fn sheet(ctx: &egui::Context, open: &mut bool) {
    if !*open {
        return;
    }
    let answer = Dialog::new("shortcuts", "Keyboard shortcuts", "Done")
        .wide()
        .way_out("")
        .show(ctx, |ui| {
            ui.spacing_mut().item_spacing.x = space::XXL;
            ui.columns(2, |columns| {
                section(&mut columns[0], Section::Go);
                column(
                    &mut columns[0],
                    "Lists",
                    OTHERS
                        .iter()
                        .map(|(text, keys)| (*text, (*keys).to_owned())),
                );
                section(&mut columns[1], Section::Act);
                section(&mut columns[1], Section::View);
            });
        });
    if answer != Answer::Open {
        *open = false;
    }
}

fn section(ui: &mut Ui, section: Section) {
    let commands = UiCommand::ALL
        .into_iter()
        .filter(|command| command.section() == section);
    let ctx = ui.ctx().clone();
    let rows = commands.map(|command| (command.text(), command.keys(&ctx)));
    column(
        ui,
        section.title(),
        rows.filter(|(_, keys)| !keys.is_empty()),
    );
}

fn column<'a>(ui: &mut Ui, title: &str, rows: impl Iterator<Item = (&'a str, String)>) {
    let tokens = ui.tokens();
    ui.spacing_mut().item_spacing.y = space::XS;
    ui.words(Text::Caption, tokens.text_3, title.to_uppercase());
    for (text, keys) in rows {
        ui.horizontal(|ui| {
            ui.set_min_height(size::CONTROL_SMALL);
            ui.words(Text::Body, tokens.text_2, text);
            ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                cap(ui, &keys)
            });
        });
    }
    ui.add_space(space::M);
}

/// A key as it looks on a keyboard.
pub(super) fn cap(ui: &mut Ui, keys: &str) {
    let tokens = ui.tokens();
    let text = galley(ui, Text::Caption, tokens.text_2, keys, 140.0);
    let (rect, _) = ui.allocate_exact_size(Vec2::new(text.size().x + 12.0, 20.0), Sense::hover());
    paint_cap(ui, rect, keys);
}

/// The same in a place.
pub(super) fn paint_cap(ui: &Ui, rect: Rect, keys: &str) {
    let tokens = ui.tokens();
    let text = galley(ui, Text::Caption, tokens.text_2, keys, 140.0);
    ui.painter().rect(
        rect,
        CornerRadius::same(radius::SMALL),
        tokens.hover,
        egui::Stroke::new(size::LINE, tokens.border),
        egui::StrokeKind::Inside,
    );
    ui.painter()
        .galley(rect.center() - text.size() / 2.0, text, tokens.text_2);
}
