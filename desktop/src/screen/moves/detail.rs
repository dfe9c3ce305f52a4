//! One migration: how it stands, its steps, and what can be done with it.

use std::collections::BTreeSet;

use egui::{Align, Layout, ScrollArea, Ui};
use lucide_icons::Icon;
use underpass_fleet::command::Command;
use underpass_fleet::migrate::machine::{Migration, Record, State as Step};
use underpass_fleet::migrate::plan::MigrationId;
use underpass_fleet::migrate::report::Outcome;
use underpass_fleet::migrate::step::Act;
use underpass_fleet::snapshot::MoveSnapshot;

use super::ask::Ask;
use super::report::Report;
use super::tried::TriedCard;
use super::words;
use crate::cx::Cx;
use crate::text;
use crate::theme::{State, Text, Themed as _, size, space};
use crate::widget::{
    Banner, Button, IconButton, Words as _, card_titled, dot, key_moment, key_text, keys, pill,
    progress,
};

/// Lines of a step that are shown until one wants all.
const LINES: usize = 2;

/// What the panel remembers.
#[derive(Default)]
pub(super) struct Detail {
    of: Option<MigrationId>,
    /// Steps whose lines are all shown.
    open: BTreeSet<usize>,
    tried: TriedCard,
    ask: Ask,
    report: Option<Report>,
}

impl Detail {
    pub(super) fn ui(&mut self, ui: &mut Ui, cx: &mut Cx<'_>, one: &MoveSnapshot) {
        if self.of != Some(one.id) {
            *self = Self {
                of: Some(one.id),
                ..Self::default()
            };
        }
        let migration = match &one.migration {
            Ok(migration) => migration,
            Err(reason) => {
                let reason = text::sentence(reason);
                Banner::new(State::Error, "This migration cannot be read")
                    .detail(&reason)
                    .show(ui);
                return;
            }
        };
        self.head(ui, cx, one, migration);
        ui.add_space(space::XS);
        ScrollArea::vertical()
            .id_salt("move")
            .auto_shrink([false, false])
            .show(ui, |ui| {
                ui.spacing_mut().item_spacing.y = space::M;
                if notes(ui, one, migration, self.ask.failed()) {
                    self.ask.roll_back();
                }
                running(ui, cx, one, migration);
                facts(ui, cx, migration);
                self.tried.ui(ui, cx, migration);
                self.steps(ui, cx, migration);
            });
        self.ask.show(ui.ctx(), cx, one, migration);
        if let Some(report) = &mut self.report
            && report.show(ui.ctx(), cx, migration)
        {
            self.report = None;
        }
    }

    fn head(&mut self, ui: &mut Ui, cx: &Cx<'_>, one: &MoveSnapshot, migration: &Migration) {
        let tokens = ui.tokens();
        let plan = &migration.plan;
        let (from, to) = (
            words::source(cx.fleet, plan),
            words::targets(cx.fleet, plan),
        );
        let title = format!("{from} → {to}");
        ui.words(Text::Title, tokens.text, title.as_str())
            .on_hover_text(title);
        ui.horizontal(|ui| {
            ui.spacing_mut().item_spacing.x = space::S;
            ui.set_min_height(size::CONTROL);
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                self.actions(ui, one, migration);
                ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                    let (mark, word) = words::stand(one);
                    pill(ui, mark, word);
                    ui.quiet(words::mode(plan));
                });
            });
        });
    }

    fn actions(&mut self, ui: &mut Ui, one: &MoveSnapshot, migration: &Migration) {
        let report = IconButton::new(Icon::Download, "Save the report…");
        if ui.add(report).clicked() {
            self.report = Some(Report::default());
        }
        if one.job.is_some() {
            return;
        }
        let outcome = Outcome::of(migration);
        if outcome != Outcome::TakenBack {
            let back = Button::secondary("Roll back…").icon(Icon::Undo2);
            if ui.add(back).clicked() {
                self.ask.roll_back();
            }
        }
        if !migration.is_over() {
            let resume = Button::primary("Resume…").icon(Icon::Play);
            if ui.add(resume).clicked() {
                self.ask.resume();
            }
        }
    }

    fn steps(&mut self, ui: &mut Ui, cx: &Cx<'_>, migration: &Migration) {
        let several = migration.plan.targets.len() > 1;
        card_titled(
            ui,
            "Steps",
            |ui| {
                let (done, all) = migration.progress();
                ui.quiet(format!("{done} of {all}"));
            },
            |ui| {
                ui.spacing_mut().item_spacing.y = space::XXS;
                // Lines of words are no higher than these.
                ui.spacing_mut().interact_size.y = 0.0;
                for (number, record) in migration.records.iter().enumerate() {
                    let target = several.then(|| words::label(cx.fleet, record.step.target));
                    step(ui, record, target.as_deref());
                    self.lines(ui, number, record);
                }
            },
        );
    }

    /// What was seen in a step.
    fn lines(&mut self, ui: &mut Ui, number: usize, record: &Record) {
        const INDENT: f32 = 20.0;
        let tokens = ui.tokens();
        let line = |ui: &mut Ui, color, words: &str| {
            let words = text::sentence(words);
            ui.horizontal(|ui| {
                ui.add_space(INDENT);
                ui.words(Text::Small, color, words.as_str())
                    .on_hover_text(words);
            });
        };
        if let Step::Failed { reason } | Step::Stuck { reason } = &record.state {
            line(ui, tokens.error, reason);
        }
        let is_open = self.open.contains(&number);
        let shown = if is_open { record.seen.len() } else { LINES };
        for seen in record.seen.iter().take(shown) {
            line(ui, tokens.text_3, seen);
        }
        let more = record.seen.len().saturating_sub(LINES);
        if more > 0 {
            ui.horizontal(|ui| {
                ui.add_space(INDENT - space::S);
                let word = if is_open {
                    "Show less".to_owned()
                } else {
                    format!("Show {} more", text::count(more))
                };
                let name = format!("{word} of step {}", number + 1);
                if ui.add(Button::ghost(&word).small().name(&name)).clicked() {
                    if is_open {
                        self.open.remove(&number);
                    } else {
                        self.open.insert(number);
                    }
                }
            });
        }
    }
}

/// What stands in the way, or what should be known; true when it shall be rolled back.
fn notes(ui: &mut Ui, one: &MoveSnapshot, migration: &Migration, failed: Option<String>) -> bool {
    let mut back = false;
    if let Some(reason) = failed {
        Banner::new(State::Error, &reason).show(ui);
    }
    if let Some((step, reason)) = migration.failure() {
        let title = format!("{} failed", text::sentence(step.act.title()));
        let reason = text::sentence(reason);
        let mut banner = Banner::new(State::Error, &title).detail(&reason);
        // What failed to be verified serves already; the way back is the first thing one wants.
        if step.act == Act::Verify && one.job.is_none() {
            banner = banner.action("Take it back…");
        }
        back = banner.show(ui);
    } else if one.job.is_none() && Outcome::of(migration) == Outcome::Unfinished {
        Banner::new(State::Warn, "It was stopped in the middle")
            .detail("The agents stay as they are. Resume it, or roll it back.")
            .show(ui);
    }
    if let Some(cause) = &migration.cause {
        let cause = text::sentence(cause);
        Banner::new(State::Warn, "It was rolled back because a step failed")
            .detail(&cause)
            .show(ui);
    }
    for warning in &migration.plan.warnings {
        Banner::new(State::Warn, &text::sentence(warning)).show(ui);
    }
    back
}

fn running(ui: &mut Ui, cx: &mut Cx<'_>, one: &MoveSnapshot, migration: &Migration) {
    let Some(job) = one.job else {
        return;
    };
    let (done, all) = migration.progress();
    let is_now = |record: &&Record| matches!(record.state, Step::Begun | Step::Undoing);
    let now = migration.records.iter().find(is_now);
    let detail = now.map_or_else(String::new, |record| {
        let target = words::label(cx.fleet, record.step.target);
        let what = match record.state {
            Step::Undoing => record
                .step
                .act
                .undoing()
                .unwrap_or_else(|| record.step.act.title()),
            Step::Waiting
            | Step::Begun
            | Step::Done
            | Step::Failed { .. }
            | Step::Undone
            | Step::Stuck { .. } => record.step.act.title(),
        };
        format!("{target}: {what}")
    });
    let share = done as f32 / all.max(1) as f32;
    if progress(ui, "Migration", &detail, Some(share), true) {
        cx.send(Command::Cancel(job));
    }
}

fn facts(ui: &mut Ui, cx: &Cx<'_>, migration: &Migration) {
    let plan = &migration.plan;
    keys(ui, |ui| {
        key_moment(ui, "Planned", plan.created_ms);
        if let Some(at) = words::cut_over_ms(migration) {
            key_moment(ui, "Cut-over", at);
        }
        if let Some(took) = migration.took_ms() {
            key_text(ui, "Took", &words::took(took), false, false);
        }
        for target in &plan.targets {
            let mappings: usize = target.subaccounts.iter().map(|one| one.mappings).sum();
            let what = format!(
                "{}, {}",
                text::plural(target.subaccounts.len(), "subaccount"),
                text::plural(mappings, "mapping")
            );
            let label = words::label(cx.fleet, target.agent);
            if !target.subaccounts.is_empty() {
                key_text(ui, &label, &what, false, false);
            }
        }
    });
}

fn step(ui: &mut Ui, record: &Record, target: Option<&str>) {
    ui.horizontal(|ui| {
        ui.set_min_height(size::CONTROL_SMALL);
        let (mark, word) = words::of_step(&record.state);
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let tokens = ui.tokens();
            let took = words::step_took(record);
            let said = match (&record.state, took) {
                (Step::Done, Some(took)) => took,
                (_, Some(took)) => format!("{word} · {took}"),
                (_, None) => word.to_owned(),
            };
            ui.words(Text::Caption, tokens.text_3, said);
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                ui.spacing_mut().item_spacing.x = space::S;
                dot(ui, mark, word);
                let title = words::act(record);
                let color = if record.state == Step::Waiting {
                    tokens.text_3
                } else {
                    tokens.text
                };
                ui.words(Text::Strong, color, title);
                if let Some(target) = target {
                    ui.quiet(target);
                }
            });
        });
    });
}
