//! Places that two people changed: what it was, what each made of it, and the choice.

use std::sync::Arc;

use egui::{Align, Layout, ScrollArea, Ui};
use underpass_fleet::command::DraftAct;
use underpass_fleet::draft::{Dispute, Draft};
use underpass_fleet::slot::Slot;
use underpass_fleet::snapshot::AgentSnapshot;

use super::act;
use crate::changes;
use crate::cx::Cx;
use crate::text;
use crate::theme::{State, Text, Themed as _, size, space};
use crate::widget::{Banner, Button, DiffRow, Words as _, card};

/// Shows the conflicts of a draft.
pub(super) fn merge(
    ui: &mut Ui,
    cx: &mut Cx<'_>,
    agent: &AgentSnapshot,
    draft: &Arc<Draft>,
    done: &Slot<()>,
) {
    let all: Vec<&Dispute> = draft.disputes().collect();
    let open = all.iter().filter(|one| one.mine.is_none()).count();
    let words = format!(
        "Somebody else changed {} too; {} left to decide",
        text::plural(all.len(), "place").replace("1 place", "one place"),
        open
    );
    Banner::new(State::Warn, &words)
        .detail("Everything else was brought together. What you do not keep stays as the other made it.")
        .show(ui);
    ui.horizontal(|ui| {
        for (mine, word) in [(true, "Keep all mine"), (false, "Keep all theirs")] {
            if ui.add(Button::secondary(word).small()).clicked() {
                for one in &all {
                    let place = one.conflict.place.clone();
                    act(cx, agent, DraftAct::Resolve { place, mine }, done);
                }
            }
        }
    });
    ScrollArea::vertical()
        .id_salt("conflicts")
        .auto_shrink([false, false])
        .show(ui, |ui| {
            ui.spacing_mut().item_spacing.y = space::M;
            for one in all {
                dispute(ui, cx, agent, one, done);
            }
        });
}

fn dispute(ui: &mut Ui, cx: &mut Cx<'_>, agent: &AgentSnapshot, one: &Dispute, done: &Slot<()>) {
    let conflict = &one.conflict;
    let (title, of) = changes::title(&conflict.place.to_string());
    let mut chosen = None;
    card(ui, |ui| {
        ui.spacing_mut().item_spacing.y = space::XS;
        ui.horizontal(|ui| {
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                for (mine, word, other) in [
                    (true, "Keep mine", "Mine is kept"),
                    (false, "Keep theirs", "Theirs is kept"),
                ] {
                    let on = one.mine == Some(mine);
                    let button = Button::secondary(if on { other } else { word })
                        .small()
                        .selected(on);
                    if ui.add(button).clicked() {
                        chosen = Some(mine);
                    }
                }
                ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                    ui.bold(title.as_str());
                    ui.quiet(of);
                });
            });
        });
        ui.horizontal_top(|ui| {
            ui.spacing_mut().item_spacing.x = space::L;
            let half = (ui.available_width() - space::L) / 2.0;
            let sides = [("Theirs", &conflict.theirs), ("Mine", &conflict.mine)];
            for (name, value) in sides {
                ui.allocate_ui(egui::vec2(half, 0.0), |ui| {
                    ui.set_width(half);
                    side(
                        ui,
                        name,
                        &changes::rows(conflict.base.as_ref(), value.as_ref()),
                        value.is_none(),
                    );
                });
            }
        });
    });
    if let Some(mine) = chosen {
        let place = conflict.place.clone();
        act(cx, agent, DraftAct::Resolve { place, mine }, done);
    }
}

/// What one of the two made of it.
fn side(ui: &mut Ui, name: &str, rows: &[DiffRow], removed: bool) {
    let tokens = ui.tokens();
    ui.vertical(|ui| {
        ui.spacing_mut().item_spacing.y = space::XXS;
        ui.words(Text::Caption, tokens.text_3, name);
        if removed {
            ui.words(Text::Body, tokens.error, "Removed");
            return;
        }
        for row in rows {
            ui.horizontal(|ui| {
                ui.set_min_height(size::CONTROL_SMALL);
                let room = ui.available_width() * 0.42;
                ui.allocate_ui_with_layout(
                    egui::vec2(room, size::CONTROL_SMALL),
                    Layout::left_to_right(Align::Center),
                    |ui| {
                        ui.set_min_width(room);
                        ui.words(Text::Small, tokens.text_3, super::lines::named(&row.path));
                    },
                );
                let (color, words) = if row.after.is_empty() {
                    (tokens.error, "removed".to_owned())
                } else {
                    (tokens.text, row.after.clone())
                };
                ui.words(Text::Mono, color, words);
            });
        }
    });
}
