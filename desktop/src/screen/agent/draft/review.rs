//! The review: what the agent would change, and applying it.

use std::sync::Arc;

use egui::{Context, CornerRadius, ScrollArea, Sense, Ui, Vec2, WidgetInfo};
use lucide_icons::Icon;
use underpass_fleet::command::DraftAct;
use underpass_fleet::draft::Draft;
use underpass_fleet::remote::Remote;
use underpass_fleet::slot::Slot;
use underpass_fleet::snapshot::AgentSnapshot;
use underpass_shared::api::management::Preview;
use underpass_shared::rights::{self, Role};

use super::act;
use super::lines::{Line, lines};
use super::merge::merge;
use super::warnings::warning;
use crate::cx::Cx;
use crate::text;
use crate::theme::{State, Text, Themed as _, size, space};
use crate::widget::{
    Answer, Banner, Dialog, DiffKind, Empty, Words as _, diff, galley, paint_icon, segmented,
    skeleton, toggle,
};

/// The times that changes can be on trial, in seconds.
const TIMES: [(&str, &str); 5] = [
    ("30", "30 s"),
    ("60", "1 min"),
    ("300", "5 min"),
    ("900", "15 min"),
    ("3600", "1 h"),
];

/// What the review remembers.
pub(super) struct Review {
    on_trial: bool,
    within: &'static str,
    /// The lines of the answer that they were made of.
    told: Option<(Arc<Preview>, Vec<Line>)>,
    warnings: usize,
    /// What the role allows of a draft.
    judged: Option<(Arc<Draft>, Role, Option<String>)>,
    done: Slot<()>,
}

impl Default for Review {
    fn default() -> Self {
        Self {
            on_trial: false,
            within: "60",
            told: None,
            warnings: 0,
            judged: None,
            done: Slot::default(),
        }
    }
}

impl Review {
    /// Shows the dialog; true when it is over.
    pub(super) fn ui(
        &mut self,
        ctx: &Context,
        cx: &mut Cx<'_>,
        agent: &Arc<AgentSnapshot>,
        draft: Option<&Arc<Draft>>,
    ) -> bool {
        let Some(draft) = draft else {
            return true;
        };
        let undecided = draft.disputes().any(|one| one.mine.is_none());
        // Whatever was said before of a draft that has changed since is gone: it is asked anew.
        if matches!(draft.review, Remote::NotRequested)
            && !undecided
            && !draft.is_applying
            && draft.is_changed()
        {
            act(cx, agent, DraftAct::Review, &self.done);
        }
        self.gather(draft);
        let refused = self.refused(cx, agent, draft);
        let title = format!("Review changes to {}", text::clean(&agent.label));
        let action = if self.on_trial {
            "Apply on trial"
        } else {
            "Apply"
        };
        let dialog = Dialog::new("review", &title, action).page().without_enter();
        let reason = refused.as_deref().unwrap_or_default();
        let answer = dialog
            .enabled_if(refused.is_none(), reason)
            .show(ctx, |ui| {
                ui.spacing_mut().item_spacing.y = space::S;
                self.head(ui, cx, agent, draft);
                let foot = size::CONTROL + space::L;
                let room = (ui.available_height() - foot).max(120.0);
                ui.allocate_ui(Vec2::new(ui.available_width(), room), |ui| {
                    ui.set_min_height(room);
                    if undecided {
                        merge(ui, cx, agent, draft, &self.done);
                    } else {
                        self.body(ui, draft);
                    }
                });
                self.foot(ui);
            });
        match answer {
            Answer::Confirmed => {
                let confirm_within = self.within.parse().ok().filter(|_| self.on_trial);
                act(cx, agent, DraftAct::Apply { confirm_within }, &self.done);
                false
            }
            Answer::Dismissed => true,
            Answer::Open => false,
        }
    }

    /// Makes lines of what the agent said.
    fn gather(&mut self, draft: &Draft) {
        let Some(stamped) = draft.review.stamped() else {
            return;
        };
        if self
            .told
            .as_ref()
            .is_some_and(|(of, _)| Arc::ptr_eq(of, &stamped.value))
        {
            return;
        }
        let changes = &stamped.value.changes;
        self.warnings = changes
            .iter()
            .filter(|change| !warning(change).is_empty())
            .count();
        let lines = lines(changes, draft.document(), warning);
        self.told = Some((Arc::clone(&stamped.value), lines));
    }

    /// Why it cannot be applied now.
    fn refused(
        &mut self,
        cx: &Cx<'_>,
        agent: &AgentSnapshot,
        draft: &Arc<Draft>,
    ) -> Option<String> {
        if let Err(why) = draft.is_ready() {
            return Some(super::super::access::sentence(&why.to_string()));
        }
        if !matches!(draft.review, Remote::Ready(_)) {
            return Some("Wait for what the agent would change".to_owned());
        }
        if !agent.link.is_online() {
            return Some("The agent is away; the draft is kept".to_owned());
        }
        self.forbidden(cx.role()?, draft)
    }

    /// What the operator's role does not allow; judged once for each draft.
    fn forbidden(&mut self, role: Role, draft: &Arc<Draft>) -> Option<String> {
        if let Some((of, by, why)) = &self.judged
            && Arc::ptr_eq(of, draft)
            && *by == role
        {
            return why.clone();
        }
        let found = rights::check(role, &draft.base().document, draft.document()).err();
        let why = found.map(|found| {
            let (place, needed) = (text::clean(&found.place), found.needed);
            format!("{place} needs the role {needed}")
        });
        self.judged = Some((Arc::clone(draft), role, why.clone()));
        why
    }

    fn head(&self, ui: &mut Ui, cx: &mut Cx<'_>, agent: &AgentSnapshot, draft: &Draft) {
        let count = draft
            .review
            .value()
            .map_or(0, |preview| preview.changes.len());
        ui.horizontal(|ui| {
            let base = format!("On top of revision {}", draft.base().revision);
            let words = if count > 0 {
                format!("{} · {base}", text::plural(count, "change"))
            } else {
                base
            };
            ui.quiet(words);
            if self.warnings > 0 {
                let tokens = ui.tokens();
                ui.icon(Icon::TriangleAlert, size::ICON_SMALL, tokens.warn);
                ui.words(
                    Text::Small,
                    tokens.warn,
                    text::plural(self.warnings, "warning"),
                );
            }
        });
        let failure = match (&draft.refused, self.done.get().reason()) {
            (Some(failure), _) => match &failure.field {
                Some(field) => Some(format!(
                    "{}: {}",
                    text::clean(field),
                    text::clean(&failure.message)
                )),
                None => Some(text::clean(&failure.message)),
            },
            (None, reason) => reason.map(text::clean),
        };
        if let Some(failure) = failure {
            let banner = Banner::new(State::Error, "The agent does not take this").detail(&failure);
            if banner.action("Ask again").show(ui) {
                act(cx, agent, DraftAct::Review, &self.done);
            }
        }
    }

    fn body(&mut self, ui: &mut Ui, draft: &Draft) {
        if !draft.is_changed() {
            Empty {
                icon: Icon::CircleCheck,
                title: "Nothing would change",
                text: "The agent has all of this already",
                action: None,
            }
            .show(ui);
            return;
        }
        match (&draft.review, &mut self.told) {
            (Remote::Ready(_), Some((_, lines))) => list(ui, lines),
            (Remote::Unavailable { .. }, _) => {}
            (Remote::NotRequested | Remote::Loading { .. } | Remote::Ready(_), _) => {
                skeleton(ui, 6)
            }
        }
    }

    /// The choice of a trial.
    fn foot(&mut self, ui: &mut Ui) {
        ui.horizontal(|ui| {
            ui.set_min_height(size::CONTROL);
            toggle(
                ui,
                &mut self.on_trial,
                "Revert by itself unless confirmed within",
                None,
            );
            if self.on_trial {
                segmented(ui, "Confirm within", &mut self.within, &TIMES);
            }
        });
    }
}

fn list(ui: &mut Ui, lines: &mut [Line]) {
    let tokens = ui.tokens();
    egui::Frame::new()
        .stroke(egui::Stroke::new(size::LINE, tokens.border))
        .corner_radius(CornerRadius::same(crate::theme::radius::CARD))
        .inner_margin(1.0)
        .show(ui, |ui| {
            ui.spacing_mut().item_spacing.y = 0.0;
            let area = ScrollArea::vertical()
                .id_salt("changes")
                .auto_shrink([false, true]);
            area.show_rows(ui, size::ROW, lines.len(), |ui, seen| {
                for line in &mut lines[seen] {
                    match line {
                        Line::Of(of) => band(ui, of),
                        Line::Part { kind, title, note } => part(ui, *kind, title, note),
                        Line::Field(row) => {
                            ui.horizontal(|ui| {
                                ui.spacing_mut().item_spacing.x = 0.0;
                                ui.add_space(space::XXL - space::S);
                                ui.vertical(|ui| {
                                    ui.spacing_mut().item_spacing.x = space::S;
                                    diff(ui, std::slice::from_mut(row));
                                });
                            });
                        }
                    }
                }
            });
        });
}

/// What the parts below belong to.
fn band(ui: &mut Ui, of: &str) {
    let tokens = ui.tokens();
    let (rect, response) =
        ui.allocate_exact_size(Vec2::new(ui.available_width(), size::ROW), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(egui::Role::Heading, true, of));
    ui.painter()
        .rect_filled(rect, CornerRadius::ZERO, tokens.canvas);
    let text = galley(
        ui,
        Text::Caption,
        tokens.text_2,
        of,
        rect.width() - 2.0 * space::M,
    );
    let at = egui::pos2(
        rect.left() + space::M,
        rect.center().y - text.size().y / 2.0,
    );
    ui.painter().galley(at, text, tokens.text_2);
}

/// A changed part, with what deserves a second look.
fn part(ui: &mut Ui, kind: DiffKind, title: &str, note: &str) {
    let tokens = ui.tokens();
    let (rect, response) =
        ui.allocate_exact_size(Vec2::new(ui.available_width(), size::ROW), Sense::hover());
    let (word, color) = match kind {
        DiffKind::Added => ("Added", tokens.ok),
        DiffKind::Removed => ("Removed", tokens.error),
        DiffKind::Changed => ("Changed", tokens.info),
    };
    response.widget_info(|| {
        WidgetInfo::labeled(
            egui::Role::Row,
            true,
            format!("{word} {title} {note}").trim_end(),
        )
    });
    let line = egui::Stroke::new(size::LINE, tokens.border);
    ui.painter()
        .hline(rect.x_range(), rect.bottom() - 0.5, line);
    let warned = galley(ui, Text::Caption, tokens.warn, note, 260.0);
    let mut right = rect.right() - space::M - warned.size().x;
    ui.painter().galley(
        egui::pos2(right, rect.center().y - warned.size().y / 2.0),
        warned,
        tokens.warn,
    );
    if !note.is_empty() {
        right -= space::M;
        let at = egui::pos2(right, rect.center().y);
        paint_icon(
            ui.painter(),
            Icon::TriangleAlert,
            at,
            size::ICON_SMALL,
            tokens.warn,
        );
        right -= space::M;
    }
    let word = galley(ui, Text::Caption, color, word, 80.0);
    let left = rect.left() + space::M;
    ui.painter().galley(
        egui::pos2(left, rect.center().y - word.size().y / 2.0),
        word,
        color,
    );
    let left = left + 64.0;
    let title = galley(ui, Text::Strong, tokens.text, title, right - left);
    ui.painter().galley(
        egui::pos2(left, rect.center().y - title.size().y / 2.0),
        title,
        tokens.text,
    );
}
