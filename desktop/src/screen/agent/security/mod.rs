//! What weakens an agent, and where to make it better.

mod meaning;

use std::sync::Arc;

use egui::{Align, Layout, Ui};
use lucide_icons::Icon;
use underpass_fleet::slot::Slot;
use underpass_shared::api::management::{Query, Rating, SecurityEntry, SecurityStatus, Target};

use self::meaning::{Meaning, meaning};
use super::common::{Newer, loaded};
use crate::cx::Cx;
use crate::nav::Route;
use crate::screen::page;
use crate::text;
use crate::theme::{State, Text, Themed as _, size, space};
use crate::widget::{Button, Words as _, card, chip, pill, score};

/// What the tab remembers from frame to frame.
#[derive(Default)]
pub struct SecurityState {
    status: Slot<SecurityStatus>,
    newer: Newer,
    only: Option<Rating>,
}

/// Shows the tab.
pub fn ui(ui: &mut Ui, cx: &mut Cx<'_>, state: &mut SecurityState) {
    let Some(agent) = cx.agent.map(Arc::clone) else {
        return;
    };
    if state.newer.came(&agent) {
        state.status.refresh();
    }
    state.status.request(
        cx.commands,
        agent.id,
        &Target::SecurityStatus,
        &Query::default(),
    );
    page(ui, "security", |ui| {
        ui.spacing_mut().item_spacing.y = space::M;
        let Some(status) = loaded(ui, cx.now_ms, &state.status) else {
            return;
        };
        summary(ui, &status, &mut state.only);
        for rating in [Rating::Risk, Rating::Warning, Rating::Ok] {
            let entries: Vec<&SecurityEntry> = status
                .entries
                .iter()
                .filter(|one| one.rating == rating)
                .collect();
            let hidden = state.only.is_some_and(|only| only != rating);
            if entries.is_empty() || hidden {
                continue;
            }
            card(ui, |ui| {
                ui.spacing_mut().item_spacing.y = space::XS;
                for (at, entry) in entries.into_iter().enumerate() {
                    if at > 0 {
                        rule(ui);
                    }
                    one(ui, cx, entry);
                }
            });
        }
    });
}

fn summary(ui: &mut Ui, status: &SecurityStatus, only: &mut Option<Rating>) {
    let count = |rating| {
        status
            .entries
            .iter()
            .filter(|one| one.rating == rating)
            .count()
    };
    let (ok, total) = (count(Rating::Ok), status.entries.len());
    let tokens = ui.tokens();
    card(ui, |ui| {
        ui.horizontal(|ui| {
            score(ui, ok, total, state_of(status.rating), "Security score");
            ui.add_space(space::M);
            ui.vertical(|ui| {
                ui.spacing_mut().item_spacing.y = space::XS;
                ui.words(Text::Title, tokens.text, sentence(status.rating));
                ui.quiet(format!(
                    "{} of {} are as they should be",
                    text::count(ok),
                    text::plural(total, "check")
                ));
                ui.add_space(space::XS);
                ui.horizontal(|ui| {
                    for rating in [Rating::Risk, Rating::Warning, Rating::Ok] {
                        let on = *only == Some(rating);
                        if chip(
                            ui,
                            on,
                            Some(state_of(rating)),
                            word_of(rating),
                            count(rating),
                        )
                        .clicked()
                        {
                            *only = if on { None } else { Some(rating) };
                        }
                    }
                });
            });
        });
    });
}

fn rule(ui: &mut Ui) {
    let width = ui.available_width();
    let (rect, _) = ui.allocate_exact_size(egui::vec2(width, space::M), egui::Sense::hover());
    let line = egui::Stroke::new(size::LINE, ui.tokens().border);
    ui.painter().hline(rect.x_range(), rect.center().y, line);
}

fn one(ui: &mut Ui, cx: &mut Cx<'_>, entry: &SecurityEntry) {
    let Meaning { title, why, fix } = meaning(&entry.id);
    let title = if title.is_empty() {
        crate::changes::words(&entry.id)
    } else {
        title.to_owned()
    };
    let tokens = ui.tokens();
    ui.horizontal(|ui| {
        ui.set_min_height(size::CONTROL_SMALL);
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            if let (Some((tab, word)), Some(agent)) = (fix, cx.agent) {
                let id = agent.id;
                if ui
                    .add(Button::secondary(word).trailing(Icon::ArrowRight).small())
                    .clicked()
                {
                    cx.go(Route::Agent { id, tab });
                }
            }
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                pill(ui, state_of(entry.rating), word_of(entry.rating));
                ui.bold(title);
            });
        });
    });
    ui.scope(|ui| {
        ui.set_max_width((size::PARAGRAPH + 160.0).min(ui.available_width()));
        ui.paragraph(text::sentence(&entry.text));
        if entry.rating != Rating::Ok {
            if !why.is_empty() {
                ui.paragraph(why);
            }
            if let Some(remedy) = &entry.remedy {
                let remedy = format!("What to do: {}", text::clean(remedy));
                let text = egui::RichText::new(remedy)
                    .font(crate::theme::font(Text::Strong))
                    .color(tokens.text);
                ui.add(egui::Label::new(text).wrap());
            }
        }
    });
}

const fn sentence(rating: Rating) -> &'static str {
    match rating {
        Rating::Ok => "This agent is set up safely",
        Rating::Warning => "This agent could be set up safer",
        Rating::Risk => "An attacker could use how this agent is set up",
    }
}

const fn state_of(rating: Rating) -> State {
    match rating {
        Rating::Ok => State::Ok,
        Rating::Warning => State::Warn,
        Rating::Risk => State::Error,
    }
}

const fn word_of(rating: Rating) -> &'static str {
    match rating {
        Rating::Ok => "OK",
        Rating::Warning => "Advice",
        Rating::Risk => "Warning",
    }
}
