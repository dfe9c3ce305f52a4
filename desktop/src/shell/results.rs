//! What came of a job, agent by agent.

use egui::{Align, Context, Layout, ScrollArea};
use underpass_fleet::backup::Checked;
use underpass_fleet::command::{Command, Each};
use underpass_fleet::snapshot::{JobId, JobPart, JobSnapshot, JobState, PartState, Progress};

use crate::cx::{Cx, Effect};
use crate::text;
use crate::theme::{State, size, space};
use crate::widget::{Answer, Dialog, Words as _, pill, progress};

/// Shows the job that is chosen, in a dialog.
pub fn results(ctx: &Context, cx: &mut Cx<'_>, shown: &mut Option<JobId>) {
    let Some(job) = shown.and_then(|id| cx.fleet.job(id)).cloned() else {
        *shown = None;
        return;
    };
    let title = text::clean(&job.title);
    let can_undo = can_undo(&job);
    let (action, way_out) = if can_undo {
        ("Undo", "Close")
    } else {
        ("Close", "")
    };
    let answer = Dialog::new("job", &title, action)
        .wide()
        .way_out(way_out)
        .without_enter()
        .show(ctx, |ui| {
            let total = job.parts.len();
            let count = |is: fn(&PartState) -> bool| {
                job.parts.iter().filter(|part| is(&part.state)).count()
            };
            let failed = count(|state| matches!(state, PartState::Failed(_)));
            let done = count(|state| matches!(state, PartState::Done { .. }));
            if job.state == JobState::Running {
                let share = job.finished() as f32 / total.max(1) as f32;
                let detail = format!("{} of {}", job.finished(), text::plural(total, "agent"));
                if progress(ui, "Under way", &detail, Some(share), true) {
                    cx.send(Command::Cancel(job.id));
                }
            } else {
                let cancelled = total - done - failed;
                let mut words = format!("Done on {}", text::plural(done, "agent"));
                for (count, word) in [(failed, "failed"), (cancelled, "cancelled")] {
                    if count > 0 {
                        words.push_str(&format!(", {word} on {}", text::count(count)));
                    }
                }
                ui.paragraph(words);
            }
            ui.add_space(space::S);
            // Failed ones first: they are what one looks for.
            let mut parts: Vec<&JobPart> = job.parts.iter().collect();
            parts.sort_by_key(|part| !matches!(part.state, PartState::Failed(_)));
            let room = ScrollArea::vertical()
                .max_height(size::RESULTS)
                .auto_shrink([false, true]);
            room.show_rows(ui, size::ROW_COMPACT, parts.len(), |ui, range| {
                for part in &parts[range] {
                    one(ui, cx, job.id, part);
                }
            });
        });
    match answer {
        Answer::Open => {}
        Answer::Confirmed if can_undo => {
            cx.commands.push(undo(&job));
            *shown = None;
        }
        Answer::Confirmed | Answer::Dismissed => *shown = None,
    }
}

fn one(ui: &mut egui::Ui, cx: &Cx<'_>, job: JobId, part: &JobPart) {
    let (state, word, message) = match &part.state {
        PartState::Waiting => (State::Off, "Waiting", String::new()),
        PartState::Running => (State::Pending, "Under way", String::new()),
        PartState::Done { revision } => {
            let revision = || revision.map(|number| format!("revision {number}"));
            let told = saved(cx, job, part).or_else(revision);
            (State::Ok, "Done", told.unwrap_or_default())
        }
        PartState::Failed(failure) => (State::Error, "Failed", text::clean(&failure.message)),
        PartState::Cancelled => (State::Off, "Cancelled", String::new()),
    };
    let label = cx.fleet.agent(part.agent).map_or_else(
        || "Unknown agent".to_owned(),
        |agent| text::clean(&agent.label),
    );
    ui.horizontal(|ui| {
        ui.set_height(size::ROW_COMPACT);
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            pill(ui, state, word);
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                ui.bold(label);
                ui.quiet(message.as_str()).on_hover_text(message);
            });
        });
    });
}

/// The file of a backup, where that is what was done.
fn saved(cx: &Cx<'_>, job: JobId, part: &JobPart) -> Option<String> {
    let work = cx.fleet.works.backups.get(&part.agent);
    let Progress::Done(made) = &work.filter(|work| work.job == job)?.progress else {
        return None;
    };
    let name = made.path.file_name().unwrap_or_default();
    let checked = match made.checked {
        Checked::Opened(_) => "verified",
        Checked::Sealed => "as it was sealed",
        Checked::Unopened(_) => "not verified",
    };
    Some(format!(
        "{}, {checked}",
        text::clean(&name.to_string_lossy())
    ))
}

/// Whether a job is over and can be taken back.
pub(super) fn can_undo(job: &JobSnapshot) -> bool {
    job.state != JobState::Running && !job.undoing().is_empty()
}

/// What takes a job back.
pub(super) fn undo(job: &JobSnapshot) -> Command {
    Command::Each(Each {
        title: format!("Undo: {}", job.title),
        calls: job.undoing(),
        undo: Vec::new(),
    })
}

/// Whether there is more to show of a job than one word.
pub(super) fn has_results(job: &JobSnapshot) -> bool {
    job.parts.len() > 1
}

/// Shows what came of a job.
pub(super) fn open(effects: &mut Vec<Effect>, job: JobId) {
    effects.push(Effect::Results(job));
}
