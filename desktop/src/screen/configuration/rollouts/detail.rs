//! One rollout: how far it is, and what can be done with it.

use std::num::NonZeroUsize;

use egui::{Align, Layout, Ui};
use lucide_icons::Icon;
use underpass_fleet::bulk::{Act, Ended, Options, State as PartState, Stopped};
use underpass_fleet::command::{Bulk, Command};
use underpass_fleet::remote::Remote;
use underpass_fleet::slot::Slot;
use underpass_fleet::snapshot::RolloutSnapshot;

use super::parts::Parts;
use super::state_of;
use crate::cx::Cx;
use crate::text;
use crate::theme::{State, Text, Themed as _, size, space};
use crate::widget::{
    Answer, Banner, Button, Dialog, IconButton, Words as _, menu, menu_item, menu_rule, pill,
    progress, toggle,
};

/// What is asked before it is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Asked {
    Apply { leave_out: bool },
    Undo,
    Forget,
}

/// What is remembered of the rollout that is shown.
#[derive(Default)]
pub(super) struct Detail {
    of: Option<NonZeroUsize>,
    parts: Parts,
    asked: Option<Asked>,
    /// What came of the last act.
    done: Slot<Ended>,
}

impl Detail {
    pub(super) fn ui(&mut self, ui: &mut Ui, cx: &mut Cx<'_>, one: &RolloutSnapshot) {
        if self.of != Some(one.number) {
            *self = Self {
                of: Some(one.number),
                ..Self::default()
            };
        }
        self.head(ui, cx, one);
        ui.add_space(space::XS);
        ui.quiet(about(&one.options, one.parts.len()));
        ui.add_space(space::S);
        self.told(ui, cx, one);
        self.parts.ui(ui, cx, one);
        self.ask(ui, cx, one);
    }

    fn act(&self, cx: &mut Cx<'_>, one: &RolloutSnapshot, act: Act) {
        cx.send(Command::Bulk(Bulk {
            rollout: Box::new(one.rollout()),
            act,
            ends_by_signal: false,
            done: self.done.clone(),
        }));
    }

    fn head(&mut self, ui: &mut Ui, cx: &mut Cx<'_>, one: &RolloutSnapshot) {
        let counts = one.counts();
        let (apply, undo) = (one.todo(Act::Apply), one.todo(Act::Undo));
        let again = one.todo(Act::Plan { again: true });
        let idle = one.running.is_none();
        let begun = counts.done > 0 || one.parts.iter().any(|part| part.state.is_open());
        ui.horizontal(|ui| {
            ui.set_min_height(size::CONTROL);
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                ui.spacing_mut().item_spacing.x = space::S;
                let more = ui.add(IconButton::new(Icon::Ellipsis, "More"));
                menu(&more, |ui| {
                    if again > 0
                        && idle
                        && menu_item(ui, Some(Icon::RefreshCw), "Plan the others again", "")
                            .clicked()
                    {
                        self.act(cx, one, Act::Plan { again: true });
                    }
                    menu_rule(ui);
                    if menu_item(ui, Some(Icon::Trash2), "Forget this rollout…", "").clicked() {
                        self.asked = Some(Asked::Forget);
                    }
                });
                if let Some((job, _)) = one.running {
                    let stop = Button::secondary("Stop")
                        .icon(Icon::CircleStop)
                        .tooltip("Begin with no further agent; those under way come to their end");
                    if ui.add(stop).clicked() {
                        cx.send(Command::Cancel(job));
                    }
                    return;
                }
                if apply > 0 {
                    let word = if begun { "Go on…" } else { "Start…" };
                    if ui.add(Button::primary(word).icon(Icon::Play)).clicked() {
                        self.asked = Some(Asked::Apply { leave_out: false });
                    }
                } else if again > 0 && undo == 0 {
                    let plan = Button::primary("Plan again").icon(Icon::RefreshCw);
                    if ui.add(plan).clicked() {
                        self.act(cx, one, Act::Plan { again: true });
                    }
                }
                if undo > 0 {
                    let back = Button::secondary("Undo all…").icon(Icon::Undo2);
                    if ui.add(back).clicked() {
                        self.asked = Some(Asked::Undo);
                    }
                }
                ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                    let (state, word) = state_of(one);
                    pill(ui, state, word);
                    let title = format!("{} · {}", one.number, text::clean(&one.title));
                    ui.words(Text::Title, ui.tokens().text, title);
                });
            });
        });
    }

    /// How far it is, and why it went no further.
    fn told(&self, ui: &mut Ui, cx: &mut Cx<'_>, one: &RolloutSnapshot) {
        if let Remote::Unavailable { reason, .. } = &*self.done.get() {
            Banner::new(State::Error, &text::sentence(reason)).show(ui);
            ui.add_space(space::S);
        }
        if let Some((job, act)) = one.running {
            let all = cx
                .fleet
                .job(job)
                .map(|job| (job.finished(), job.parts.len()));
            let (over, all) = all.unwrap_or_default();
            let name = match act {
                Act::Plan { .. } => "Asking the agents",
                Act::Apply => "Changing the agents",
                Act::Undo => "Taking the change back",
            };
            let share = over as f32 / all.max(1) as f32;
            let detail = format!("{over} of {}", text::plural(all, "agent"));
            progress(ui, name, &detail, Some(share), false);
            ui.add_space(space::S);
            return;
        }
        let open = |part: &&std::sync::Arc<underpass_fleet::bulk::Part>| part.state.is_open();
        let interrupted = one.parts.iter().filter(open).count();
        let told = match &one.stopped {
            Some(stopped) => Some((State::Warn, stop_word(stopped), String::new())),
            None if interrupted > 0 => Some((
                State::Warn,
                format!(
                    "It was interrupted at {}",
                    text::plural(interrupted, "agent")
                ),
                "Go on, or undo: each agent is asked first what became of the change".to_owned(),
            )),
            None => None,
        };
        if let Some((state, words, detail)) = told {
            Banner::new(state, &words).detail(&detail).show(ui);
            ui.add_space(space::S);
        }
    }

    fn ask(&mut self, ui: &Ui, cx: &mut Cx<'_>, one: &RolloutSnapshot) {
        let Some(asked) = &mut self.asked else {
            return;
        };
        let answer = match asked {
            Asked::Apply { leave_out } => apply(ui, one, leave_out),
            Asked::Undo => {
                let agents = text::plural(one.todo(Act::Undo), "agent");
                let title = format!("Take the change back on {agents}");
                Dialog::new("rollout-undo", &title, "Undo all")
                    .danger()
                    .show(ui.ctx(), |ui| {
                        ui.paragraph(
                            "Only what the rollout changed becomes what it was. What others \
                             changed since stays; where they changed the same, the agent says so.",
                        );
                    })
            }
            Asked::Forget => Dialog::new("rollout-forget", "Forget this rollout", "Forget")
                .danger()
                .show(ui.ctx(), |ui| {
                    ui.paragraph(
                        "The agents stay as they are. It can then no longer be gone on with, nor \
                         taken back as a whole.",
                    );
                }),
        };
        match (answer, *asked) {
            (Answer::Open, _) => return,
            (Answer::Dismissed, _) => {}
            (Answer::Confirmed, Asked::Apply { .. }) => self.act(cx, one, Act::Apply),
            (Answer::Confirmed, Asked::Undo) => self.act(cx, one, Act::Undo),
            (Answer::Confirmed, Asked::Forget) => {
                cx.send(Command::ForgetRollout(one.number));
            }
        }
        self.asked = None;
    }
}

/// Asks whether the change is to be made.
fn apply(ui: &Ui, one: &RolloutSnapshot, leave_out: &mut bool) -> Answer {
    let is_out =
        |state: &PartState| matches!(state, PartState::Refused { .. } | PartState::Unplanned);
    let out = one.parts.iter().filter(|part| is_out(&part.state)).count();
    let agents = text::plural(one.todo(Act::Apply), "agent");
    let title = format!("Change {agents}");
    let first = one.options.canary.min(one.todo(Act::Apply));
    Dialog::new("rollout-apply", &title, "Change them")
        .enabled_if(
            out == 0 || *leave_out,
            "Some agents do not take the change; leave them out, or plan again",
        )
        .show(ui.ctx(), |ui| {
            ui.paragraph(format!("“{}”", text::clean(&one.title)));
            ui.paragraph(match first {
                0 => "All agents get it at once.".to_owned(),
                first => format!(
                    "First {}; the others only when all is well there. {}",
                    text::plural(first, "agent"),
                    "It stops when something goes wrong."
                ),
            });
            if out > 0 {
                ui.add_space(space::S);
                let label = format!(
                    "Leave out {} that will not be changed",
                    text::plural(out, "agent")
                );
                toggle(ui, leave_out, &label, None);
            }
        })
}

fn stop_word(stopped: &Stopped) -> String {
    match stopped {
        Stopped::Wanted => "It was stopped; go on when you like".to_owned(),
        Stopped::Canary => {
            "Stopped: it went wrong on one of the first agents; no other was changed".to_owned()
        }
        Stopped::Failures => "Stopped: more agents failed than may".to_owned(),
        Stopped::Unkept(reason) => format!(
            "Stopped: what came of it cannot be written down: {}",
            text::clean(reason)
        ),
    }
}

/// How it goes about, in one line.
fn about(options: &Options, agents: usize) -> String {
    let mut words = vec![text::plural(agents, "agent")];
    words.push(match options.canary {
        0 => "all from the beginning".to_owned(),
        canary => format!("{canary} first"),
    });
    words.push(format!("{} at a time", options.at_once));
    words.push(match options.failures {
        0 => "stops at the first failure".to_owned(),
        failures => format!("stops behind {}", text::plural(failures, "failure")),
    });
    if options.pause_seconds > 0 {
        words.push(format!("{} s pause", options.pause_seconds));
    }
    if options.watch_seconds > 0 {
        words.push(format!("tunnels watched for {} s", options.watch_seconds));
    }
    if let Some(within) = options.confirm_within {
        words.push(format!("taken back unless well within {within} s"));
    }
    words.join(" · ")
}
