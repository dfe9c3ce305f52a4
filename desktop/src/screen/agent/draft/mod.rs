//! What is changed and not applied yet: the bar below the tabs of an agent, and its review.

mod lines;
mod merge;
mod review;
mod warnings;

use std::sync::Arc;

use egui::{Align, Frame, Layout, Panel, Role, Stroke, Ui, WidgetInfo};
use lucide_icons::Icon;
use underpass_fleet::command::{Command, DraftAct};
use underpass_fleet::draft::Draft;
use underpass_fleet::slot::Slot;
use underpass_fleet::snapshot::AgentSnapshot;

use self::review::Review;
use crate::cx::Cx;
use crate::text;
use crate::theme::{State, Text, Themed as _, inset, size, space};
use crate::widget::{Answer, Button, Dialog, IconButton, Words as _};

/// The height of the bar.
pub const HEIGHT: f32 = 48.0;

/// What the bar remembers from frame to frame.
#[derive(Default)]
pub struct DraftState {
    /// The draft that was counted last, and how many parts it changes.
    counted: Option<(Arc<Draft>, usize)>,
    review: Option<Box<Review>>,
    discard: bool,
    done: Slot<()>,
}

impl DraftState {
    /// Opens the review.
    pub fn open(&mut self) {
        self.review = Some(Box::default());
    }

    /// How many parts of the configuration the draft changes.
    fn count(&mut self, draft: &Arc<Draft>) -> usize {
        if let Some((counted, count)) = &self.counted
            && Arc::ptr_eq(counted, draft)
        {
            return *count;
        }
        let count = draft.changes().len();
        self.counted = Some((Arc::clone(draft), count));
        count
    }
}

/// The draft of an agent, while it changes something or waits for a decision.
pub fn of(agent: &AgentSnapshot) -> Option<&Arc<Draft>> {
    let wanted = |draft: &&Arc<Draft>| {
        draft.is_changed() || draft.redo_what().is_some() || draft.disputes().next().is_some()
    };
    agent.draft.as_ref().filter(wanted)
}

/// Shows the bar while something is changed, and what is open above it.
pub fn ui(ui: &mut Ui, cx: &mut Cx<'_>, state: &mut DraftState) {
    let Some(agent) = cx.agent.map(Arc::clone) else {
        return;
    };
    let draft = of(&agent).map(Arc::clone);
    if let Some(draft) = &draft {
        let count = state.count(draft);
        bar(ui, cx, state, (&agent, draft, count));
        discard(ui, cx, state, &agent, count);
    }
    if let Some(mut review) = state.review.take()
        && !review.ui(ui.ctx(), cx, &agent, draft.as_ref())
    {
        state.review = Some(review);
    }
}

fn act(cx: &mut Cx<'_>, agent: &AgentSnapshot, act: DraftAct, done: &Slot<()>) {
    cx.send(Command::Draft {
        agent: agent.id,
        act,
        done: done.clone(),
    });
}

type Shown<'a> = (&'a Arc<AgentSnapshot>, &'a Arc<Draft>, usize);

fn bar(ui: &mut Ui, cx: &mut Cx<'_>, state: &mut DraftState, (agent, draft, count): Shown<'_>) {
    let tokens = ui.tokens();
    let frame = Frame::new().fill(tokens.surface).inner_margin(inset::FOOT);
    let shown = Panel::bottom("draft")
        .exact_size(HEIGHT)
        .resizable(false)
        .show_separator_line(false)
        .frame(frame)
        .show(ui, |ui| {
            ui.horizontal_centered(|ui| {
                ui.spacing_mut().item_spacing.x = space::S;
                ui.icon(Icon::PencilLine, size::ICON, tokens.info);
                let words = match count {
                    0 => "No change left".to_owned(),
                    count => text::plural(count, "change"),
                };
                let label = ui.words(Text::Strong, tokens.text, words.as_str());
                label.widget_info(|| WidgetInfo::labeled(Role::Status, true, words.as_str()));
                ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                    buttons(ui, cx, state, agent, draft);
                    ui.with_layout(Layout::left_to_right(Align::Center), |ui| note(ui, draft));
                });
            });
        });
    let rect = shown.response.rect;
    ui.painter().hline(
        rect.x_range(),
        rect.top() + 0.5,
        Stroke::new(size::LINE, tokens.border),
    );
    ui.painter().rect_filled(
        egui::Rect::from_min_size(rect.min, egui::vec2(3.0, rect.height())),
        0.0,
        tokens.info,
    );
}

fn buttons(
    ui: &mut Ui,
    cx: &mut Cx<'_>,
    state: &mut DraftState,
    agent: &AgentSnapshot,
    draft: &Draft,
) {
    let busy = draft.is_applying;
    let reason = "The changes are being applied";
    let review = Button::primary("Review…")
        .icon(Icon::ListChecks)
        .tooltip("See what would change, and apply it");
    if ui.add(review.enabled_if(!busy, reason)).clicked() {
        state.open();
    }
    if ui
        .add(Button::secondary("Discard…").enabled_if(!busy, reason))
        .clicked()
    {
        state.discard = true;
    }
    ui.add_space(space::XS);
    let steps = [
        (Icon::Redo2, "Redo", draft.redo_what(), DraftAct::Redo),
        (Icon::Undo2, "Undo", draft.undo_what(), DraftAct::Undo),
    ];
    for (icon, word, what, step) in steps {
        let name = what.map_or_else(
            || word.to_owned(),
            |what| format!("{word}: {}", text::clean(what)),
        );
        let reason = if busy {
            reason
        } else {
            "There is nothing to go to"
        };
        let button = IconButton::new(icon, &name).enabled_if(what.is_some() && !busy, reason);
        if ui.add(button).clicked() {
            act(cx, agent, step, &state.done);
        }
    }
}

/// What the operator should know of the draft.
fn note(ui: &mut Ui, draft: &Draft) {
    let tokens = ui.tokens();
    let open = draft.disputes().filter(|one| one.mine.is_none()).count();
    let (color, words) = if draft.is_applying {
        (tokens.pending, "Being applied…".to_owned())
    } else if open > 0 {
        (
            tokens.warn,
            format!("{} to decide", text::plural(open, "conflict")),
        )
    } else if let Some(refused) = &draft.refused {
        (
            tokens.error,
            format!("Not applied: {}", text::clean(&refused.message)),
        )
    } else if let Some(what) = draft.undo_what() {
        (tokens.text_3, text::clean(what))
    } else {
        return;
    };
    if ui.available_width() > 60.0 {
        ui.words(Text::Small, color, words);
    }
}

fn discard(ui: &Ui, cx: &mut Cx<'_>, state: &mut DraftState, agent: &AgentSnapshot, count: usize) {
    if !state.discard {
        return;
    }
    let title = format!("Discard {}?", text::plural(count, "change"));
    let answer = Dialog::new("discard", &title, "Discard")
        .danger()
        .way_out("Keep the draft")
        .show(ui.ctx(), |ui| {
            ui.paragraph(format!(
                "The agent {} stays as it is. The draft cannot be brought back.",
                text::clean(&agent.label)
            ));
        });
    if answer == Answer::Confirmed {
        act(cx, agent, DraftAct::Discard, &state.done);
        cx.tell(State::Info, "The draft was discarded");
    }
    state.discard = answer == Answer::Open;
}
