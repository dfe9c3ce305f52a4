//! Words at the corner of the window, and the list of all that happened behind the bell.

use std::collections::BTreeSet;
use std::sync::Arc;

use egui::{
    Align, Align2, Area, CornerRadius, Frame, Id, Label, Layout, Order, RichText, Role, Stroke, Ui,
    Vec2, WidgetInfo,
};
use lucide_icons::Icon;
use underpass_fleet::api::Call;
use underpass_fleet::command::{Change, Command, Described, TemplateAct};
use underpass_fleet::slot::Slot;
use underpass_fleet::snapshot::{
    FleetSnapshot, JobId, JobSnapshot, JobState, KeptTemplate, PartState, Severity,
};
use underpass_shared::api::management::{DocumentTarget, Target, Verb};
use underpass_shared::id::AgentId;

use super::results;
use crate::cx::Cx;
use crate::nav::{AgentTab, Route};
use crate::text;
use crate::theme::{State, Text, Themed as _, font, inset, radius, size, space};
use crate::widget::{Button, IconButton, Words as _, dot};

/// How long a word stays that is not an error, in milliseconds: long enough to read and to undo.
const STAYS_MS: i64 = 8_000;
/// Words at once; the oldest goes first. All of them are behind the bell.
const SHOWN: usize = 4;
const WIDTH: f32 = 360.0;

/// How what is told can be taken back.
enum Undo {
    Nothing,
    /// A revision of an agent.
    Revision(AgentId, u64),
    /// A job on several agents.
    Job(Arc<JobSnapshot>),
    /// How agents were called before.
    Described(Vec<(AgentId, Described)>),
    /// A template that was removed.
    Template(Arc<KeptTemplate>),
}

impl Undo {
    const fn is_possible(&self) -> bool {
        !matches!(self, Self::Nothing)
    }

    fn commands(&self) -> Vec<Command> {
        match self {
            Self::Nothing => Vec::new(),
            Self::Revision(agent, revision) => vec![undo(*agent, *revision)],
            Self::Job(job) => vec![results::undo(job)],
            Self::Described(all) => {
                let back = |(agent, described): &(AgentId, Described)| Command::Describe {
                    agent: *agent,
                    described: described.clone(),
                };
                all.iter().map(back).collect()
            }
            Self::Template(kept) => vec![Command::Template(TemplateAct::Keep {
                id: Some(kept.id),
                template: Box::new(kept.template.clone()),
                done: Slot::default(),
            })],
        }
    }
}

struct Toast {
    state: State,
    text: String,
    detail: String,
    undo: Undo,
    /// The job whose parts can be looked at.
    results: Option<JobId>,
    born_ms: i64,
}

/// The words that are shown now, and what was told before.
#[derive(Default)]
pub struct Toasts {
    toasts: Vec<Toast>,
    told: BTreeSet<JobId>,
    notice: u64,
    read: u64,
    started: bool,
    /// Opens the list behind the bell in the next frame.
    pub open_history: bool,
}

impl Toasts {
    /// Shows a word.
    pub fn tell(&mut self, now_ms: i64, state: State, text: impl Into<String>) {
        self.push(Toast {
            state,
            text: text.into(),
            detail: String::new(),
            undo: Undo::Nothing,
            results: None,
            born_ms: now_ms,
        });
    }

    /// Tells that agents were called otherwise, which can be taken back.
    pub fn described(&mut self, now_ms: i64, text: String, before: Vec<(AgentId, Described)>) {
        self.push(Toast {
            state: State::Ok,
            text,
            detail: String::new(),
            undo: Undo::Described(before),
            results: None,
            born_ms: now_ms,
        });
    }

    /// Tells that a template was removed, which can be taken back.
    pub fn removed(&mut self, now_ms: i64, kept: Arc<KeptTemplate>) {
        self.push(Toast {
            state: State::Ok,
            text: format!("Deleted {}", text::clean(&kept.template.name)),
            detail: String::new(),
            undo: Undo::Template(kept),
            results: None,
            born_ms: now_ms,
        });
    }

    fn push(&mut self, toast: Toast) {
        self.toasts.push(toast);
        if self.toasts.len() > SHOWN {
            self.toasts.remove(0);
        }
    }

    /// Takes what a new snapshot tells. What was so at the start is history.
    pub fn follow(&mut self, fleet: &FleetSnapshot, now_ms: i64) {
        let started = std::mem::replace(&mut self.started, true);
        for job in fleet.jobs.iter().rev() {
            if job.state != JobState::Running && self.told.insert(job.id) && started {
                self.push(of_job(job, now_ms));
            }
        }
        let known: BTreeSet<_> = fleet.jobs.iter().map(|job| job.id).collect();
        self.told.retain(|id| known.contains(id));
        for notice in fleet.notices.iter().rev() {
            if notice.id > self.notice && started && notice.severity >= Severity::Warning {
                self.push(Toast {
                    state: state_of(notice.severity),
                    text: text::sentence(&notice.text),
                    detail: notice.agent.map(|id| label(fleet, id)).unwrap_or_default(),
                    undo: Undo::Nothing,
                    results: None,
                    born_ms: now_ms,
                });
            }
            self.notice = self.notice.max(notice.id);
        }
        self.toasts
            .retain(|toast| toast.state == State::Error || now_ms - toast.born_ms < STAYS_MS);
    }

    /// Notices that were told since the list was read last.
    pub fn unread(&self, fleet: &FleetSnapshot) -> usize {
        fleet
            .notices
            .iter()
            .filter(|notice| notice.id > self.read)
            .count()
    }

    /// All notices are read.
    pub fn read_all(&mut self, fleet: &FleetSnapshot) {
        self.read = fleet
            .notices
            .iter()
            .map(|notice| notice.id)
            .max()
            .unwrap_or_default()
            .max(self.read);
    }

    /// Shows the words, the newest at the bottom, above a bar of this height.
    pub fn show(&mut self, ctx: &egui::Context, cx: &mut Cx<'_>, bar: f32) {
        if self.toasts.is_empty() {
            return;
        }
        let mut closed = None;
        let margin = Vec2::new(-space::L, -size::STATUS - space::M - bar);
        Area::new(Id::unique("toasts"))
            .order(Order::Foreground)
            .anchor(Align2::RIGHT_BOTTOM, margin)
            .show(ctx, |ui| {
                ui.set_width(WIDTH);
                ui.spacing_mut().item_spacing.y = space::S;
                for (at, toast) in self.toasts.iter().enumerate() {
                    if one(ui, toast, cx) {
                        closed = Some(at);
                    }
                }
            });
        if let Some(at) = closed {
            self.toasts.remove(at);
        }
        ctx.request_repaint_after_secs(1.0);
    }
}

fn of_job(job: &Arc<JobSnapshot>, now_ms: i64) -> Toast {
    let done = |part: &underpass_fleet::snapshot::JobPart| match part.state {
        PartState::Done { revision } => revision.map(|revision| (part.agent, revision)),
        PartState::Waiting | PartState::Running | PartState::Failed(_) | PartState::Cancelled => {
            None
        }
    };
    let (state, detail) = match &job.state {
        JobState::Failed(failure) => {
            let message = text::clean(&failure.message);
            match &failure.field {
                Some(field) => (State::Error, format!("{}: {message}", text::clean(field))),
                None => (State::Error, message),
            }
        }
        JobState::Cancelled => (State::Off, "Cancelled".to_owned()),
        JobState::Running | JobState::Done => (State::Ok, String::new()),
    };
    let undo = match &*job.parts {
        _ if results::can_undo(job) => Undo::Job(Arc::clone(job)),
        [part] if state == State::Ok => match done(part) {
            Some((agent, revision)) => Undo::Revision(agent, revision),
            None => Undo::Nothing,
        },
        _ => Undo::Nothing,
    };
    Toast {
        state,
        text: text::clean(&job.title),
        detail,
        undo,
        results: results::has_results(job).then_some(job.id),
        born_ms: now_ms,
    }
}

const fn state_of(severity: Severity) -> State {
    match severity {
        Severity::Info => State::Info,
        Severity::Warning => State::Warn,
        Severity::Error => State::Error,
    }
}

fn label(fleet: &FleetSnapshot, id: AgentId) -> String {
    fleet
        .agent(id)
        .map(|agent| text::clean(&agent.label))
        .unwrap_or_default()
}

/// One word; true when it shall go.
fn one(ui: &mut Ui, toast: &Toast, cx: &mut Cx<'_>) -> bool {
    let tokens = ui.tokens();
    let mut close = false;
    let color = tokens.state(toast.state);
    let icon = match toast.state {
        State::Ok => Icon::CircleCheck,
        State::Warn | State::Error => Icon::TriangleAlert,
        State::Info | State::Off | State::Pending => Icon::Info,
    };
    let shown = Frame::new()
        .fill(tokens.raised)
        .stroke(Stroke::new(size::LINE, tokens.border_strong))
        .corner_radius(CornerRadius::same(radius::CARD))
        .shadow(ui.visuals().popup_shadow)
        .inner_margin(inset::BANNER)
        .show(ui, |ui| {
            ui.horizontal_top(|ui| {
                ui.set_width(ui.available_width());
                ui.icon(icon, size::ICON, color);
                ui.with_layout(Layout::right_to_left(Align::Min), |ui| {
                    close |= ui
                        .add(IconButton::new(Icon::X, "Dismiss").small())
                        .clicked();
                    if toast.undo.is_possible() && undo_button(ui, &toast.undo) {
                        cx.commands.extend(toast.undo.commands());
                        close = true;
                    }
                    if let Some(job) = toast.results
                        && ui.add(Button::ghost("Details").small()).clicked()
                    {
                        results::open(cx.effects, job);
                        close = true;
                    }
                    ui.with_layout(Layout::top_down(Align::Min), |ui| {
                        ui.spacing_mut().item_spacing.y = space::XXS;
                        let text = RichText::new(&toast.text)
                            .font(font(Text::Strong))
                            .color(tokens.text);
                        ui.add(Label::new(text).wrap());
                        if !toast.detail.is_empty() {
                            let text = RichText::new(&toast.detail)
                                .font(font(Text::Small))
                                .color(tokens.text_2);
                            ui.add(Label::new(text).wrap());
                        }
                    });
                });
            });
        });
    shown.response.widget_info(|| {
        WidgetInfo::labeled(
            Role::Status,
            true,
            format!("{} {}", toast.text, toast.detail),
        )
    });
    close
}

/// A button that is named after what it takes back: several may stand above one another.
fn undo_button(ui: &mut Ui, undo: &Undo) -> bool {
    let button = ui.add(Button::ghost("Undo").small());
    let name = match undo {
        Undo::Revision(_, revision) => format!("Undo revision {revision}"),
        Undo::Nothing | Undo::Job(_) | Undo::Described(_) | Undo::Template(_) => "Undo".to_owned(),
    };
    button.widget_info(|| WidgetInfo::labeled(Role::Button, true, &name));
    button.clicked()
}

/// Takes a revision back.
fn undo(agent: AgentId, revision: u64) -> Command {
    Command::Call(Change {
        agent,
        call: Call::new(Verb::Post, Target::Document(DocumentTarget::Undo(revision))),
        title: format!("Undo revision {revision}"),
        done: Slot::default(),
    })
}

/// All that was told, the newest first.
pub(super) fn history(ui: &mut Ui, cx: &mut Cx<'_>) {
    ui.set_width(WIDTH);
    ui.spacing_mut().item_spacing.y = space::XS;
    ui.title("Notifications");
    if cx.fleet.notices.is_empty() {
        ui.add_space(space::S);
        ui.quiet("Nothing happened yet");
        ui.add_space(space::S);
        return;
    }
    let fleet = cx.fleet;
    egui::ScrollArea::vertical()
        .max_height(size::LIST_LONG)
        .show(ui, |ui| {
            for notice in fleet.notices.iter() {
                ui.horizontal_top(|ui| {
                    ui.set_width(ui.available_width());
                    let words = text::sentence(&notice.text);
                    dot(ui, state_of(notice.severity), &words);
                    ui.vertical(|ui| {
                        ui.spacing_mut().item_spacing.y = space::XXS;
                        let text = RichText::new(words)
                            .font(font(Text::Body))
                            .color(ui.tokens().text);
                        ui.add(Label::new(text).wrap());
                        ui.horizontal(|ui| {
                            if let Some(id) = notice.agent
                                && ui.add(Button::ghost(&label(fleet, id)).small()).clicked()
                            {
                                cx.go(Route::Agent {
                                    id,
                                    tab: AgentTab::Overview,
                                });
                            }
                            ui.quiet(text::age(cx.now_ms, notice.at_ms));
                        });
                    });
                });
            }
        });
}
