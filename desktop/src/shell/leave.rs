//! Leaving the app: work that would be stopped by it is named before.

use std::sync::Arc;

use egui::{Context, ViewportCommand};
use underpass_fleet::snapshot::{FleetSnapshot, JobSnapshot, JobState};

use crate::text;
use crate::theme::space;
use crate::widget::{Answer, Dialog, Words as _};

/// How many tasks are named; of more the number is told.
const NAMED: usize = 6;

/// Whether the operator is asked, and what he said.
#[derive(Debug, Default)]
pub enum Leave {
    /// Nothing asks for it.
    #[default]
    Stay,
    /// He is being asked.
    Ask,
    /// He wants to, whatever runs.
    Sure,
}

impl Leave {
    /// Keeps the window open if it is about to close while something runs, and asks.
    pub fn watch(&mut self, ctx: &Context, fleet: &FleetSnapshot) {
        let closes = ctx.input(|input| input.viewport().close_requested());
        if closes && !matches!(self, Self::Sure) && fleet.running() > 0 {
            ctx.send_viewport_cmd(ViewportCommand::CancelClose);
            *self = Self::Ask;
        }
    }

    /// Shows the question while it is open and something runs.
    pub fn show(&mut self, ctx: &Context, fleet: &FleetSnapshot) {
        if !matches!(self, Self::Ask) {
            return;
        }
        let running = |job: &&Arc<JobSnapshot>| job.state == JobState::Running;
        let jobs: Vec<_> = fleet.jobs.iter().filter(running).collect();
        if jobs.is_empty() {
            *self = Self::Stay;
            return;
        }
        let title = format!("Quit while {} running?", tasks(jobs.len()));
        let answer = Dialog::new("leave", &title, "Stop and quit")
            .danger()
            .way_out("Stay")
            .without_enter()
            .show(ctx, |ui| {
                ui.paragraph(
                    "What runs ends where it is. Rollouts and migrations are written down step by \
                     step and can be continued at the next start; all else has to be begun anew.",
                );
                ui.add_space(space::S);
                for job in jobs.iter().take(NAMED) {
                    ui.bold(text::clean(&job.title));
                    let total = text::plural(job.parts.len(), "agent");
                    ui.quiet(format!("{} of {total} done", job.finished()));
                    ui.add_space(space::XS);
                }
                if let Some(more) = jobs.len().checked_sub(NAMED).filter(|more| *more > 0) {
                    ui.quiet(format!("and {}", text::plural(more, "other task")));
                }
            });
        match answer {
            Answer::Open => {}
            Answer::Dismissed => *self = Self::Stay,
            Answer::Confirmed => {
                *self = Self::Sure;
                ctx.send_viewport_cmd(ViewportCommand::Close);
            }
        }
    }
}

fn tasks(count: usize) -> String {
    let verb = if count == 1 { "is" } else { "are" };
    format!("{} {verb}", text::plural(count, "task"))
}
