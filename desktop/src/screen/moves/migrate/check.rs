//! What the targets find: one row for each system, and what would change.

use egui::{Align, Layout, ScrollArea, Ui};
use lucide_icons::Icon;
use underpass_fleet::migrate::machine::{Migration, State as Step};
use underpass_fleet::migrate::reach::{Looked, Verdict};
use underpass_fleet::migrate::rehearsal::Rehearsed;
use underpass_fleet::migrate::step::Act;
use underpass_shared::api::management::{CheckOutcome, CheckStep};
use underpass_shared::id::AgentId;

use super::{Migrate, words};
use crate::cx::Cx;
use crate::screen::agent::access::words::protocol;
use crate::text;
use crate::theme::{State, Text, Themed as _, size, space};
use crate::widget::{
    Banner, Button, Words as _, card_titled, dot, pill, progress, skeleton, toggle,
};

impl Migrate {
    pub(super) fn check(&mut self, ui: &mut Ui, cx: &mut Cx<'_>) {
        ui.spacing_mut().item_spacing.y = space::M;
        let found = self.rehearsed.get();
        if found.is_loading() {
            self.looking(ui, cx);
            return;
        }
        if let Some(reason) = found.reason() {
            let reason = text::sentence(reason);
            if Banner::new(State::Error, &reason)
                .action("Check again")
                .show(ui)
            {
                self.rehearse(cx);
            }
            return;
        }
        let Some(rehearsed) = found.value() else {
            if ui.add(Button::primary("Check now")).clicked() {
                self.rehearse(cx);
            }
            return;
        };
        let mut again = false;
        ScrollArea::vertical()
            .id_salt("check")
            .auto_shrink([false, false])
            .show(ui, |ui| {
                ui.spacing_mut().item_spacing.y = space::M;
                again = verdict(ui, cx, rehearsed);
                if self.tolerant || blocks(rehearsed) {
                    let label = "Go on although systems are not reached";
                    again |= toggle(ui, &mut self.tolerant, label, None).clicked();
                }
                for (agent, all) in &rehearsed.looked {
                    looked(ui, cx, *agent, all);
                }
                changes(ui, cx, &rehearsed.migration);
            });
        if again {
            self.rehearse(cx);
        }
    }

    /// How far the targets are.
    fn looking(&mut self, ui: &mut Ui, cx: &Cx<'_>) {
        let steps = self.steps.get();
        let now = steps.value().and_then(|migration| {
            let now = migration
                .records
                .iter()
                .find(|one| one.state == Step::Begun);
            now.map(|record| record.step)
        });
        let (detail, share) = match (now, steps.value()) {
            (Some(step), Some(migration)) => {
                let target = words::label(cx.fleet, step.target);
                let (done, _) = migration.progress();
                let harmless = migration.records.iter();
                let all = harmless.filter(|one| one.step.act.is_harmless()).count();
                let share = done as f32 / all.max(1) as f32;
                (format!("{target}: {}", step.act), Some(share))
            }
            _ => ("The configurations are fetched".to_owned(), None),
        };
        if progress(ui, "Check from the targets", &detail, share, true) {
            self.forget();
        }
        skeleton(ui, 5);
    }
}

/// Whether it is systems alone that stand in the way.
fn blocks(rehearsed: &Rehearsed) -> bool {
    let mut all = rehearsed.looked.iter().flat_map(|(_, all)| all);
    all.any(|one| one.protocol.is_some() && matches!(one.verdict, Verdict::Bad(_)))
}

/// What it comes to; true when it shall be tried again.
fn verdict(ui: &mut Ui, cx: &Cx<'_>, rehearsed: &Rehearsed) -> bool {
    let migration = &rehearsed.migration;
    for warning in &migration.plan.warnings {
        Banner::new(State::Warn, &text::sentence(warning)).show(ui);
    }
    match migration.failure() {
        Some((step, reason)) => {
            let target = words::label(cx.fleet, step.target);
            let title = format!("It would fail at “{}” for {target}", step.act);
            let reason = text::sentence(reason);
            Banner::new(State::Error, &title)
                .detail(&reason)
                .action("Check again")
                .show(ui)
        }
        None => {
            let detail = "Nothing is changed yet";
            Banner::new(State::Ok, "The targets find what they need")
                .detail(detail)
                .show(ui);
            false
        }
    }
}

/// What one target reaches: what it does not, first.
fn looked(ui: &mut Ui, cx: &Cx<'_>, agent: AgentId, all: &[Looked]) {
    let label = words::label(cx.fleet, agent);
    let good = all
        .iter()
        .filter(|one| one.verdict == Verdict::Good)
        .count();
    let title = format!("What {label} reaches");
    card_titled(
        ui,
        &title,
        |ui| {
            ui.quiet(format!("{good} of {}", all.len()));
        },
        |ui| {
            ui.spacing_mut().item_spacing.y = space::XXS;
            // Lines of words are no higher than these.
            ui.spacing_mut().interact_size.y = 0.0;
            let mut rows: Vec<&Looked> = all.iter().collect();
            rows.sort_by_key(|one| rank(&one.verdict));
            for one in rows {
                row(ui, one);
            }
            if all.is_empty() {
                ui.quiet("There is nothing that it would have to reach");
            }
        },
    );
}

const fn rank(verdict: &Verdict) -> u8 {
    match verdict {
        Verdict::Bad(_) => 0,
        Verdict::Dead { .. } => 1,
        Verdict::Noted(_) => 2,
        Verdict::Good => 3,
    }
}

const fn mark(verdict: &Verdict) -> (State, &'static str) {
    match verdict {
        Verdict::Good => (State::Ok, "Reached"),
        Verdict::Noted(_) => (State::Info, "Looked at again later"),
        Verdict::Dead { .. } => (State::Warn, "Not reached by the source either"),
        Verdict::Bad(_) => (State::Error, "Not reached"),
    }
}

const fn name(step: CheckStep) -> &'static str {
    match step {
        CheckStep::NameResolution => "Name",
        CheckStep::TargetGuard => "Allowed",
        CheckStep::Connection => "Connection",
        CheckStep::Tls => "TLS",
        CheckStep::Http => "Answer",
    }
}

fn row(ui: &mut Ui, one: &Looked) {
    const INDENT: f32 = 20.0;
    let tokens = ui.tokens();
    let (state, word) = mark(&one.verdict);
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = space::S;
        ui.set_min_height(size::CONTROL_SMALL);
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            for step in one.check.steps.iter().rev() {
                let (state, word) = match step.outcome {
                    CheckOutcome::Ok => (State::Ok, name(step.step)),
                    CheckOutcome::Warning => (State::Warn, name(step.step)),
                    CheckOutcome::Failed => (State::Error, name(step.step)),
                };
                let seen = format!(
                    "{} · {}",
                    text::sentence(&step.seen),
                    text::millis(step.millis)
                );
                pill(ui, state, word).on_hover_text(seen);
            }
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                dot(ui, state, word);
                ui.words(Text::Mono, tokens.text, text::clean(&one.address));
                let kind = one
                    .protocol
                    .map_or("Gateway".to_owned(), |one| protocol(one).to_owned());
                ui.quiet(kind);
            });
        });
    });
    let mut line = |color, words: String| {
        ui.horizontal(|ui| {
            ui.add_space(INDENT);
            ui.words(Text::Small, color, words.as_str())
                .on_hover_text(words);
        });
    };
    match &one.verdict {
        Verdict::Good => {}
        Verdict::Noted(seen) => line(tokens.text_3, text::sentence(seen)),
        Verdict::Bad(seen) => line(tokens.error, text::sentence(seen)),
        Verdict::Dead { reason, at_source } => {
            let both = format!(
                "{}; the source neither: {at_source}",
                text::sentence(reason)
            );
            line(tokens.warn, text::clean(&both));
        }
    }
    let advice = one
        .check
        .steps
        .iter()
        .filter_map(|step| step.advice.as_deref());
    for advice in advice {
        line(tokens.text_2, text::sentence(advice));
    }
}

/// What the targets say they would change.
fn changes(ui: &mut Ui, cx: &Cx<'_>, migration: &Migration) {
    let told = migration.records.iter();
    let told = told.filter(|one| one.step.act == Act::Transfer && !one.seen.is_empty());
    for record in told {
        let label = words::label(cx.fleet, record.step.target);
        let title = format!("What would change on {label}");
        card_titled(
            ui,
            &title,
            |_ui| {},
            |ui| {
                let tokens = ui.tokens();
                ui.spacing_mut().item_spacing.y = space::XS;
                for seen in &record.seen {
                    ui.horizontal(|ui| {
                        ui.spacing_mut().item_spacing.x = space::S;
                        ui.icon(Icon::Dot, size::ICON, tokens.text_3);
                        let seen = text::sentence(seen);
                        ui.body(seen.as_str()).on_hover_text(seen);
                    });
                }
            },
        );
    }
}
