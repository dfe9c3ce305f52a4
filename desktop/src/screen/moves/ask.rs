//! Going on with a migration, and taking one back: what that does is told before it is done.

use egui::{Context, ScrollArea, Ui};
use underpass_fleet::command::{Command, Migrate};
use underpass_fleet::migrate::engine::Ended;
use underpass_fleet::migrate::machine::{Direction, Migration, Next};
use underpass_fleet::migrate::plan::Origin;
use underpass_fleet::migrate::report::Outcome;
use underpass_fleet::slot::Slot;
use underpass_fleet::snapshot::MoveSnapshot;

use super::words;
use crate::cx::Cx;
use crate::screen::agent::backup::opening::Opening;
use crate::text;
use crate::theme::{State, size, space};
use crate::widget::{Answer, Banner, Dialog, Words as _};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum What {
    Resume,
    RollBack,
}

/// The dialogs.
#[derive(Default)]
pub(super) struct Ask {
    what: Option<What>,
    opening: Opening,
    done: Slot<Ended>,
}

impl Ask {
    pub(super) const fn resume(&mut self) {
        self.what = Some(What::Resume);
    }

    pub(super) const fn roll_back(&mut self) {
        self.what = Some(What::RollBack);
    }

    /// Why what was asked for last was not done.
    pub(super) fn failed(&self) -> Option<String> {
        self.done.get().reason().map(text::sentence)
    }

    pub(super) fn show(
        &mut self,
        ctx: &Context,
        cx: &mut Cx<'_>,
        one: &MoveSnapshot,
        migration: &Migration,
    ) {
        let Some(what) = self.what else {
            return;
        };
        let forward = migration.direction == Direction::Forward;
        let from_file = matches!(migration.plan.origin, Origin::Backup { .. });
        let wants = what == What::Resume && forward && from_file;
        let missing = self.opening.opener().err().filter(|_| wants);
        let answer = match what {
            What::Resume => Dialog::new("resume", "Resume the migration", "Resume")
                .enabled_if(missing.is_none(), missing.unwrap_or_default())
                .show(ctx, |ui| self.go_on(ui, cx, migration, wants)),
            What::RollBack => Dialog::new("roll-back", "Roll the migration back", "Roll back")
                .danger()
                .show(ctx, |ui| back(ui, cx, migration)),
        };
        match (answer, what) {
            (Answer::Open, _) => return,
            (Answer::Dismissed, _) => {}
            (Answer::Confirmed, What::Resume) => cx.send(Command::Migrate(Migrate::Resume {
                id: one.id,
                opener: self.opening.opener().ok().filter(|_| wants),
                done: self.done.clone(),
            })),
            (Answer::Confirmed, What::RollBack) => cx.send(Command::Migrate(Migrate::Rollback {
                id: one.id,
                done: self.done.clone(),
            })),
        }
        self.what = None;
        self.opening = Opening::default();
    }

    fn go_on(&mut self, ui: &mut Ui, cx: &Cx<'_>, migration: &Migration, wants: bool) {
        let (done, all) = migration.progress();
        let step = match migration.next() {
            Next::Do(number, _) | Next::Undo(number, _) => migration.records.get(number),
            Next::Stopped | Next::Done | Next::Undone => None,
        };
        let failed = migration.failure().map(|(step, _)| step);
        let step = step.map(|record| record.step).or(failed);
        ui.paragraph(format!("{done} of {all} steps are behind it."));
        if let Some(step) = step {
            let target = words::label(cx.fleet, step.target);
            ui.paragraph(format!("It goes on with “{}” for {target}.", step.act));
        }
        if wants {
            ui.add_space(space::S);
            self.opening.key(ui);
        }
    }
}

fn back(ui: &mut Ui, cx: &Cx<'_>, migration: &Migration) {
    ui.paragraph("The source carries requests again before a target stops, so that none is lost.");
    if Outcome::of(migration) == Outcome::Done {
        Banner::new(State::Info, "It is done already")
            .detail("After an hour the target vouches for the source in its place.")
            .show(ui);
    }
    ui.add_space(space::S);
    let several = migration.plan.targets.len() > 1;
    let steps = words::way_back(migration);
    if steps.is_empty() {
        ui.paragraph("Nothing was changed yet.");
    }
    ScrollArea::vertical()
        .id_salt("way-back")
        .max_height(size::RESULTS)
        .auto_shrink([false, true])
        .show(ui, |ui| {
            for (number, (target, what)) in steps.iter().enumerate() {
                let what = text::sentence(what);
                let target = words::label(cx.fleet, *target);
                let line = if several {
                    format!("{}. {what} ({target})", number + 1)
                } else {
                    format!("{}. {what}", number + 1)
                };
                ui.body(line);
            }
        });
}
