//! What came of the test requests after the cut-over.

use egui::{Align, Layout, Ui};
use underpass_fleet::migrate::machine::Migration;
use underpass_fleet::migrate::tried::{Tried, Went};
use underpass_shared::id::AgentId;

use super::words;
use crate::cx::Cx;
use crate::text;
use crate::theme::{State, Text, Themed as _, size, space};
use crate::widget::{Button, Words as _, card_titled, dot};

/// Requests that are shown until one wants all.
const SHOWN: usize = 6;

/// What the card remembers.
#[derive(Default)]
pub(super) struct TriedCard {
    whole: bool,
}

const fn mark(went: Went) -> (State, &'static str) {
    match went {
        Went::Passed => (State::Ok, "Passed"),
        Went::Noted => (State::Warn, "Noted"),
        Went::Failed => (State::Error, "Failed"),
    }
}

const fn rank(went: Went) -> u8 {
    match went {
        Went::Failed => 0,
        Went::Noted => 1,
        Went::Passed => 2,
    }
}

impl TriedCard {
    /// Shows it where anything was tried: what failed first.
    pub(super) fn ui(&mut self, ui: &mut Ui, cx: &Cx<'_>, migration: &Migration) {
        let mut all: Vec<(AgentId, &Tried)> = migration.tried().collect();
        if all.is_empty() {
            return;
        }
        all.sort_by_key(|(_, one)| rank(one.went));
        let passed = all.iter().filter(|(_, one)| one.went == Went::Passed);
        let passed = format!("{} of {} passed", passed.count(), all.len());
        let several = migration.plan.targets.len() > 1;
        card_titled(
            ui,
            "Test requests",
            |ui| {
                ui.quiet(passed);
            },
            |ui| {
                ui.spacing_mut().item_spacing.y = size::LINE;
                // Lines of words are no higher than these.
                ui.spacing_mut().interact_size.y = 0.0;
                let shown = if self.whole { all.len() } else { SHOWN };
                for (agent, one) in all.iter().take(shown) {
                    let target = several.then(|| words::label(cx.fleet, *agent));
                    row(ui, one, target.as_deref());
                }
                let more = all.len().saturating_sub(SHOWN);
                if more > 0 {
                    let word = if self.whole {
                        "Show less".to_owned()
                    } else {
                        format!("Show {} more", text::count(more))
                    };
                    let name = format!("{word} of the test requests");
                    if ui.add(Button::ghost(&word).small().name(&name)).clicked() {
                        self.whole = !self.whole;
                    }
                }
            },
        );
    }
}

fn row(ui: &mut Ui, one: &Tried, target: Option<&str>) {
    const INDENT: f32 = 20.0;
    let tokens = ui.tokens();
    let (state, word) = mark(one.went);
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = space::S;
        ui.set_min_height(size::CONTROL_SMALL);
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            ui.words(Text::Caption, tokens.text_3, text::millis(one.millis));
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                dot(ui, state, word);
                let request = text::clean(&one.request.to_string());
                ui.words(Text::Mono, tokens.text, request.as_str())
                    .on_hover_text(text::sentence(&one.seen));
                if let Some(target) = target {
                    ui.quiet(target);
                }
            });
        });
    });
    let mut line = |color, words: &str| {
        let words = text::sentence(words);
        ui.horizontal(|ui| {
            ui.add_space(INDENT);
            ui.words(Text::Small, color, words.as_str())
                .on_hover_text(words);
        });
    };
    match one.went {
        Went::Passed => return,
        Went::Noted => line(tokens.warn, &one.seen),
        Went::Failed => line(tokens.error, &one.seen),
    }
    if let Some(hint) = &one.hint {
        line(tokens.text_2, hint);
    }
}
