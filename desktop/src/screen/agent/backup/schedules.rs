//! Backups that the agent makes by itself: when, where to, and how they are doing.

use std::sync::Arc;

use egui::{Ui, Vec2};
use lucide_icons::Icon;
use underpass_fleet::Reply;
use underpass_fleet::api::Call;
use underpass_fleet::slot::Slot;
use underpass_fleet::snapshot::AgentSnapshot;
use underpass_shared::api::management::{
    DestinationShown, Query, ScheduleShown, ScheduleState, ScheduleTarget, Target, Verb,
};
use underpass_shared::config::ScheduleName;
use underpass_shared::rights::Access;

use super::super::common::{Newer, loaded};
use super::super::edit::{act_into, prevented};
use super::ago;
use super::schedule_form::Edit;
use crate::cx::Cx;
use crate::text;
use crate::theme::{State, Text, Themed as _, size, space};
use crate::times::Timed as _;
use crate::widget::{
    Answer, Button, Column, Dialog, IconButton, Table, TableState, Width, Words as _, card_titled,
    pill,
};

/// What the card remembers.
#[derive(Default)]
pub(super) struct Schedules {
    list: Slot<Vec<ScheduleShown>>,
    newer: Newer,
    table: TableState,
    edit: Option<Edit>,
    removing: Option<ScheduleName>,
    ran: Slot<Reply>,
}

const COLUMNS: [Column; 6] = [
    Column::text("NAME", Width::AtLeast(90.0)).fixed(),
    Column::text("STATE", Width::Exact(120.0)).fixed(),
    Column::text("NEXT", Width::Exact(152.0)).fixed().spare(2),
    Column::text("NEWEST GOOD", Width::Exact(104.0)).fixed(),
    Column::text("WHERE TO", Width::AtLeast(140.0))
        .fixed()
        .spare(1),
    Column::text("", Width::Exact(92.0)).fixed(),
];

/// What is done with one of them.
enum Wanted {
    Run(ScheduleName),
    Edit(Box<ScheduleShown>),
    Remove(ScheduleName),
}

impl Schedules {
    /// Shows the card.
    pub(super) fn ui(&mut self, ui: &mut Ui, cx: &mut Cx<'_>, agent: &AgentSnapshot) {
        if self.newer.came(agent) || self.ran.take().is_some() {
            self.list.refresh();
        }
        let target = Target::Schedules(ScheduleTarget::All);
        let query = Query::default();
        self.list.request(cx.commands, agent.id, &target, &query);
        let prevented = prevented(cx, Access::Administration);
        let mut add = false;
        let (free, why) = (
            prevented.is_none(),
            prevented.as_deref().unwrap_or_default(),
        );
        let mut wanted = None;
        card_titled(
            ui,
            "Scheduled backups",
            |ui| {
                let button = Button::secondary("Add a schedule…")
                    .icon(Icon::Plus)
                    .small();
                add = ui.add(button.enabled_if(free, why)).clicked();
                let again = IconButton::new(Icon::RefreshCw, "Fetch the schedules anew").small();
                if ui.add(again).clicked() {
                    self.list.refresh();
                }
            },
            |ui| {
                let Some(all) = loaded(ui, cx.now_ms, &self.list) else {
                    return;
                };
                if all.is_empty() {
                    ui.quiet("None. The agent can back itself up: sealed to a public key, into a folder or to an address that takes PUT, each one verified.");
                    return;
                }
                // A table takes all the height there is, which a page that scrolls has without end.
                let rows = u16::try_from(all.len()).unwrap_or(u16::MAX);
                let height = size::HEAD + f32::from(rows) * size::ROW;
                ui.allocate_ui(Vec2::new(ui.available_width(), height), |ui| {
                    let state = &mut self.table;
                    wanted = table(ui, cx.now_ms, state, &all, prevented.as_deref());
                });
            },
        );
        if add {
            self.edit = Some(Edit::new());
        }
        match wanted {
            None => {}
            Some(Wanted::Run(name)) => {
                let title = format!("Back up by the schedule {name}");
                let target = Target::Schedules(ScheduleTarget::Run(name));
                act_into(cx, Call::new(Verb::Post, target), title, &self.ran);
            }
            Some(Wanted::Edit(one)) => self.edit = Some(Edit::of(&one)),
            Some(Wanted::Remove(name)) => self.removing = Some(name),
        }
    }

    /// Shows the dialog that is open.
    pub(super) fn dialogs(&mut self, ui: &Ui, cx: &mut Cx<'_>) {
        if let Some(edit) = &mut self.edit
            && edit.show(ui, cx)
        {
            self.edit = None;
            self.list.refresh();
        }
        let Some(name) = self.removing.clone() else {
            return;
        };
        let title = format!("Remove the schedule {name}");
        let answer = Dialog::new("remove-schedule", &title, "Remove")
            .danger()
            .show(ui.ctx(), |ui| {
                ui.paragraph(
                    "No backups are made by it any more. Those that it made stay where they are.",
                );
            });
        if answer == Answer::Confirmed {
            let target = Target::Schedules(ScheduleTarget::One(name));
            act_into(cx, Call::new(Verb::Delete, target), title, &self.ran);
        }
        if answer != Answer::Open {
            self.removing = None;
        }
    }
}

fn table(
    ui: &mut Ui,
    now_ms: i64,
    state: &mut TableState,
    all: &Arc<Vec<ScheduleShown>>,
    prevented: Option<&str>,
) -> Option<Wanted> {
    let mut wanted = None;
    let name = |row: usize| format!("Schedule {}", all[row].name);
    Table::new("schedules", &COLUMNS, all.len(), &name)
        .row_height(size::ROW)
        .show(ui, state, |ui, row, column| {
            let (one, tokens) = (&all[row], ui.tokens());
            match column {
                0 => {
                    ui.bold(one.name.as_str())
                        .on_hover_text(one.cron.to_string());
                }
                1 => {
                    let (state, word) = state_of(one);
                    let shown = pill(ui, state, &word);
                    if let Some(problem) = problem(one) {
                        shown.on_hover_text(text::sentence(problem));
                    }
                }
                2 => {
                    let times = ui.times();
                    if let Some(next) = one.status.next_ms {
                        ui.words(Text::Mono, tokens.text_2, times.minute(next))
                            .on_hover_text(times.both(next));
                    }
                }
                3 => {
                    let good = one.status.last_good.as_ref();
                    let good = good.map(|run| ago(now_ms, run.ended_ms));
                    ui.quiet(good.unwrap_or_else(|| "Never".to_owned()));
                }
                4 => {
                    let place = place(&one.target);
                    ui.words(Text::Mono, tokens.text_2, place.as_str())
                        .on_hover_text(place);
                }
                _ => wanted = actions(ui, one, prevented).or(wanted.take()),
            }
        });
    wanted
}

fn actions(ui: &mut Ui, one: &ScheduleShown, prevented: Option<&str>) -> Option<Wanted> {
    let mut wanted = None;
    ui.spacing_mut().item_spacing.x = space::XXS;
    let busy = one.status.state.is_busy().then_some("It runs already");
    let name = &one.name;
    let run = format!("Back up by {name} now");
    let run = IconButton::new(Icon::Play, &run).small();
    let why = prevented.or(busy);
    if ui
        .add(run.enabled_if(why.is_none(), why.unwrap_or_default()))
        .clicked()
    {
        wanted = Some(Wanted::Run(name.clone()));
    }
    let (free, why) = (prevented.is_none(), prevented.unwrap_or_default());
    let edit = format!("Change {name}");
    let edit = IconButton::new(Icon::Pencil, &edit).small();
    if ui.add(edit.enabled_if(free, why)).clicked() {
        wanted = Some(Wanted::Edit(Box::new(one.clone())));
    }
    let remove = format!("Remove {name}");
    let remove = IconButton::new(Icon::Trash2, &remove).small();
    if ui.add(remove.enabled_if(free, why)).clicked() {
        wanted = Some(Wanted::Remove(name.clone()));
    }
    wanted
}

/// Why the newest run left no good backup, or what somebody should look at.
fn problem(one: &ScheduleShown) -> Option<&str> {
    let last = one.status.last.as_ref()?;
    let remark = || last.made.as_ref()?.remark.as_deref();
    last.problem.as_deref().or_else(remark)
}

fn state_of(one: &ScheduleShown) -> (State, String) {
    let status = &one.status;
    match status.state {
        ScheduleState::Off => (State::Off, "Off".to_owned()),
        ScheduleState::Asked => (State::Pending, "Its turn comes".to_owned()),
        ScheduleState::Making => (State::Pending, "Making".to_owned()),
        ScheduleState::Storing => (State::Pending, "Storing".to_owned()),
        ScheduleState::Verifying => (State::Pending, "Verifying".to_owned()),
        ScheduleState::Waiting if status.overdue => (State::Error, "Overdue".to_owned()),
        ScheduleState::Waiting if status.failures > 0 => {
            (State::Warn, format!("Failed {} ×", status.failures))
        }
        ScheduleState::Waiting if status.last.is_none() => (State::Info, "New".to_owned()),
        ScheduleState::Waiting => (State::Ok, "Good".to_owned()),
    }
}

fn place(target: &DestinationShown) -> String {
    match target {
        DestinationShown::Directory(folder) => {
            format!("{}, {} kept", folder.path, folder.keep.get())
        }
        DestinationShown::Url(upload) => upload.url.to_string(),
    }
}
