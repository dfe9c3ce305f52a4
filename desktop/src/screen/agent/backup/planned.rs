//! What a restore would do, as the agent planned it.

use std::sync::Arc;

use egui::Ui;
use lucide_icons::Icon;
use underpass_shared::api::management::RestorePlanShown;
use underpass_shared::config::ChangeKind;
use underpass_shared::restore::{RestoreMode, RestorePart, SecretCounts};

use super::super::common::changed_parts;
use super::adapt::Adaptations;
use super::choose::part_word;
use crate::changes::{self, Part};
use crate::text;
use crate::theme::{State, Text, Themed as _, size, space};
use crate::times::Timed as _;
use crate::widget::{Banner, Button, Empty, Words as _, card, flow};

/// Changed parts that are shown at first, and further ones with each click.
const SHOWN: usize = 40;
/// The room of one number.
const FIGURE: f32 = 128.0;

/// A plan with what is drawn of it.
pub(super) struct Planned {
    pub(super) plan: Arc<RestorePlanShown>,
    parts: Vec<Part>,
    shown: usize,
    adaptations: Adaptations,
}

impl Planned {
    pub(super) fn new(plan: Arc<RestorePlanShown>) -> Self {
        Self {
            parts: changes::parts(&plan.changes),
            plan,
            shown: SHOWN,
            adaptations: Adaptations::default(),
        }
    }

    /// Whether something that is here goes or becomes another, or others come in.
    pub(super) fn destroys(&self) -> bool {
        let plan = &self.plan;
        let lost = |kind: ChangeKind| matches!(kind, ChangeKind::Removed | ChangeKind::Changed);
        let replaced = plan.changes.iter().any(|one| lost(one.change));
        let opens = [RestorePart::Identity, RestorePart::Operators];
        (plan.choice.mode == RestoreMode::Replace && replaced)
            || plan.parts.iter().any(|part| opens.contains(part))
    }

    /// Why it cannot be applied any more, if so.
    pub(super) fn stale(&self, now_ms: i64, revision: Option<u64>) -> Option<String> {
        if now_ms >= self.plan.expires_time_stamp {
            return Some("The plan is too old; make it anew".to_owned());
        }
        let other = revision.filter(|revision| *revision != self.plan.revision)?;
        Some(format!(
            "The configuration has revision {other} meanwhile; make the plan anew"
        ))
    }

    /// Shows it.
    pub(super) fn ui(&mut self, ui: &mut Ui) {
        ui.spacing_mut().item_spacing.y = space::M;
        if let Some(refused) = &self.plan.refused {
            Banner::new(State::Error, "It cannot be restored this way")
                .detail(&text::sentence(refused))
                .show(ui);
        }
        card(ui, |ui| summary(ui, &self.plan));
        let (found, more) = (&self.plan.adaptations, self.plan.more_adaptations);
        self.adaptations.ui(ui, found, more);
        if self.parts.is_empty() {
            Empty {
                icon: Icon::Equal,
                title: "The configuration would not change",
                text: "It is already as in the backup, in the parts that are chosen",
                action: None,
            }
            .show(ui);
            return;
        }
        ui.title("Changes of the configuration");
        let limit = self.shown.min(self.parts.len());
        if let Some(seen) = self.parts.get_mut(..limit) {
            changed_parts(ui, seen);
        }
        let left = self.parts.len() - limit;
        if left > 0 {
            let words = format!("Show more of {} further parts", text::count(left));
            if ui.add(Button::secondary(&words).small()).clicked() {
                self.shown += SHOWN;
            }
        }
    }
}

fn summary(ui: &mut Ui, plan: &RestorePlanShown) {
    let of = |kind: ChangeKind| plan.changes.iter().filter(move |one| one.change == kind);
    let SecretCounts {
        written,
        present,
        renamed,
        missing,
        enrolments,
    } = plan.secrets;
    let tokens = ui.tokens();
    let figures = [
        (of(ChangeKind::Added).count(), "parts added", tokens.ok),
        (
            of(ChangeKind::Changed).count(),
            "parts changed",
            tokens.info,
        ),
        (
            of(ChangeKind::Removed).count(),
            "parts removed",
            tokens.error,
        ),
        (enrolments, "enrolments", tokens.text),
        (written, "secrets written", tokens.text),
        (present, "secrets here", tokens.text_3),
        (renamed, "secrets renamed", tokens.text_3),
        (missing, "secrets missing", tokens.error),
    ];
    let parts: Vec<&str> = plan.parts.iter().map(|part| part_word(*part)).collect();
    let (backup, times) = (&plan.backup, ui.times());
    let agent: String = backup.agent.to_string().chars().take(8).collect();
    let made = backup.created_time_stamp;
    ui.quiet(format!(
        "Revision {} of agent {agent}, made {}",
        backup.revision,
        times.when(made)
    ))
    .on_hover_text(times.both(made));
    ui.add_space(space::XS);
    flow(ui, |flow| {
        for (count, word, color) in figures {
            let is_plain = count == 0;
            flow.cell(FIGURE, |ui| {
                ui.vertical(|ui| {
                    ui.set_width(FIGURE);
                    ui.set_min_height(size::LABELLED);
                    ui.spacing_mut().item_spacing.y = 0.0;
                    let color = if is_plain { tokens.text_3 } else { color };
                    ui.words(Text::Title, color, text::count(count));
                    ui.words(Text::Caption, tokens.text_3, word);
                });
            });
        }
    });
    ui.quiet(parts.join(" · "));
}
