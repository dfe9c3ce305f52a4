//! Where agents are otherwise than they shall be.

mod detail;
mod form;
mod matrix;
mod rules;
mod values;

use std::collections::BTreeSet;
use std::sync::Arc;

use egui::{Align, Layout, Ui};
use lucide_icons::Icon;
use underpass_fleet::command::{Command, Compare, Settle, Survey};
use underpass_fleet::drift::{Comparison, Pairing, Settled};
use underpass_fleet::remote::Remote;
use underpass_fleet::slot::Slot;
use underpass_runtime::clock;
use underpass_shared::id::AgentId;

use self::detail::Detail;
use self::form::Form;
use self::rules::RulesDialog;
use super::{Wish, WishedChange};
use crate::cx::{Cx, Effect};
use crate::screen::save::Save;
use crate::text;
use crate::theme::{State, size, space};
use crate::widget::{Banner, Button, Empty, TableState, chip, menu, menu_item, skeleton};

/// Below this width what differs stands below the matrix.
const WIDE: f32 = 1_000.0;

/// Which agents are listed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Shown {
    #[default]
    All,
    Well,
    Drifted,
    Unknown,
}

/// What the tab remembers from frame to frame.
#[derive(Default)]
pub(super) struct DriftState {
    form: Form,
    /// What came of the newest comparison.
    made: Slot<Comparison>,
    shown: Shown,
    table: TableState,
    chosen: Option<AgentId>,
    detail: Detail,
    rules: Option<RulesDialog>,
    /// What brings agents in line, on its way to a rollout.
    settled: Slot<Settled>,
    save: Option<Save>,
}

impl DriftState {
    /// Compares again, where something was compared.
    pub(super) fn refresh(&mut self, cx: &mut Cx<'_>) {
        if !matches!(*self.made.get(), Remote::NotRequested) {
            self.compare(cx);
        }
    }

    fn compare(&mut self, cx: &mut Cx<'_>) {
        let (Some(basis), Ok(rules)) = (self.form.basis(cx), rules::read(cx.prefs)) else {
            return;
        };
        let pairing = if cx.prefs.drift.any_location {
            Pairing::Tenant
        } else {
            Pairing::Exact
        };
        self.shown = Shown::All;
        cx.send(Command::Survey(Survey::Compare(Compare {
            agents: self.form.agents(cx),
            basis,
            rules,
            pairing,
            done: self.made.clone(),
        })));
    }
}

/// Shows the tab.
pub(super) fn ui(ui: &mut Ui, cx: &mut Cx<'_>, state: &mut DriftState) {
    state.roll_out(cx);
    let mut compare = state.form.ui(ui, cx, &mut state.rules);
    compare |= state.form.values(ui, cx);
    ui.add_space(space::M);
    match &*state.made.get() {
        Remote::NotRequested => {
            let ready = state.form.basis(cx).is_some();
            let empty = Empty {
                icon: Icon::GitCompare,
                title: "Nothing was compared yet",
                text: "Choose which agents to compare, and an agent or a template that is as all \
                       of them shall be",
                action: ready.then_some("Compare now"),
            };
            compare |= empty.show(ui);
        }
        Remote::Loading { previous: None } => skeleton(ui, 8),
        Remote::Unavailable { reason, .. } => {
            let reason = text::sentence(reason);
            let empty = Empty {
                icon: Icon::CloudOff,
                title: "This cannot be compared",
                text: &reason,
                action: Some("Try again"),
            };
            compare |= empty.show(ui);
        }
        Remote::Ready(made)
        | Remote::Loading {
            previous: Some(made),
        } => {
            let made = Arc::clone(&made.value);
            body(ui, cx, state, &made);
        }
    }
    if let Some(dialog) = &mut state.rules {
        let answer = dialog.show(ui.ctx(), cx);
        if answer != rules::Answered::Open {
            state.rules = None;
        }
        // Other rules find other differences.
        if answer == rules::Answered::Changed {
            state.refresh(cx);
        }
    }
    if let Some(save) = &mut state.save
        && save.show(ui.ctx(), cx)
    {
        state.save = None;
    }
    if compare {
        state.compare(cx);
    }
}

fn body(ui: &mut Ui, cx: &mut Cx<'_>, state: &mut DriftState, made: &Arc<Comparison>) {
    strip(ui, cx, state, made);
    ui.add_space(space::S);
    if made.agents.is_empty() {
        Empty {
            icon: Icon::Server,
            title: "There is nobody to compare",
            text: "The baseline itself is left out; choose a larger group",
            action: None,
        }
        .show(ui);
        return;
    }
    let rows: Vec<usize> = (0..made.agents.len())
        .filter(|at| is_shown(state.shown, made, *at))
        .collect();
    let chosen = state.chosen.and_then(|id| {
        let found = rows.iter().find(|at| made.agents[**at].agent == id);
        found.map(|at| &made.agents[*at])
    });
    let Some(one) = chosen else {
        matrix::ui(ui, cx, state, made, &rows);
        return;
    };
    let one = one.clone();
    let (room, height) = (ui.available_width(), ui.available_height());
    let out = if room < WIDE {
        ui.scope(|ui| {
            ui.set_max_height(height * 0.42);
            matrix::ui(ui, cx, state, made, &rows);
        });
        ui.add_space(space::M);
        state.detail.ui(ui, cx, made, &one)
    } else {
        ui.horizontal_top(|ui| {
            ui.spacing_mut().item_spacing.x = space::L;
            ui.vertical(|ui| {
                ui.set_width(room * 0.46);
                matrix::ui(ui, cx, state, made, &rows);
            });
            ui.vertical(|ui| state.detail.ui(ui, cx, made, &one)).inner
        })
        .inner
    };
    match out {
        detail::Out::Nothing => {}
        detail::Out::Close => state.chosen = None,
        detail::Out::Take(places) => state.settle(cx, made, vec![one.agent], places),
    }
}

fn is_shown(shown: Shown, made: &Comparison, at: usize) -> bool {
    let one = &made.agents[at];
    match shown {
        Shown::All => true,
        Shown::Well => one.is_well(),
        Shown::Drifted => one.report.is_ok() && !one.is_well(),
        Shown::Unknown => one.report.is_err(),
    }
}

/// How many are how, and what can be done with all of it.
fn strip(ui: &mut Ui, cx: &mut Cx<'_>, state: &mut DriftState, made: &Arc<Comparison>) {
    let (well, drifted, unknown) = made.counts();
    ui.horizontal(|ui| {
        ui.set_min_height(size::CONTROL);
        ui.spacing_mut().item_spacing.x = space::S;
        let chips = [
            (Shown::All, None, "All", made.agents.len()),
            (Shown::Well, Some(State::Ok), "As it shall be", well),
            (Shown::Drifted, Some(State::Warn), "Drifted", drifted),
            (Shown::Unknown, Some(State::Off), "Not compared", unknown),
        ];
        for (shown, mark, word, count) in chips {
            if chip(ui, state.shown == shown, mark, word, count).clicked() {
                state.shown = shown;
            }
        }
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            ui.spacing_mut().item_spacing.x = space::S;
            let bring = Button::primary("Bring in line…")
                .icon(Icon::Rocket)
                .tooltip("Plan a rollout that gives the drifted agents what the baseline has")
                .enabled_if(drifted > 0, "No agent differs");
            if ui.add(bring).clicked() {
                let all = made.agents.iter().map(|one| one.agent).collect();
                state.settle(cx, made, all, None);
            }
            let save = ui.add(Button::secondary("Save").icon(Icon::Download));
            menu(&save, |ui| {
                let words = "The drift report as it is shown now.";
                if menu_item(ui, Some(Icon::FileText), "As Markdown…", "").clicked() {
                    let text = made.to_markdown(&clock::rfc3339(made.made_ms));
                    let name = ("drift-report", "md");
                    state.save = Some(Save::new("Save the drift report", words, name, text));
                }
                if menu_item(ui, Some(Icon::Braces), "As JSON…", "").clicked() {
                    let text = format!("{:#}\n", made.to_json());
                    let name = ("drift-report", "json");
                    state.save = Some(Save::new("Save the drift report", words, name, text));
                }
            });
        });
    });
    let compared = made.agents.iter().filter(|one| one.report.is_ok());
    let stale = compared.filter(|one| one.is_stale).count();
    if stale > 0 {
        ui.add_space(space::S);
        let words = format!(
            "{} away: compared with what was known last",
            text::plural(stale, "agent")
        );
        Banner::new(State::Info, &words).show(ui);
    }
}

impl DriftState {
    /// Has the changes found that bring agents in line at these places; at all where none are named.
    fn settle(
        &self,
        cx: &mut Cx<'_>,
        made: &Arc<Comparison>,
        agents: Vec<AgentId>,
        places: Option<BTreeSet<String>>,
    ) {
        cx.send(Command::Survey(Survey::Settle(Settle {
            comparison: Arc::clone(made),
            agents,
            places,
            done: self.settled.clone(),
        })));
    }

    /// Begins a rollout with the changes that were found.
    fn roll_out(&self, cx: &mut Cx<'_>) {
        let Some(settled) = self.settled.take() else {
            return;
        };
        let Settled {
            own,
            left_out,
            failed,
        } = Settled::clone(&settled.value);
        if let [first, rest @ ..] = failed.as_slice() {
            let more = match rest.len() {
                0 => String::new(),
                more => format!(" and {more} more"),
            };
            cx.tell(State::Error, format!("{}{more}", text::clean(first)));
        }
        if left_out > 0 {
            let words = format!(
                "{} left out: it belongs to one agent alone, or needs an enrolment",
                text::plural(left_out, "difference")
            );
            cx.tell(State::Warn, words);
        }
        if own.is_empty() {
            if left_out == 0 && failed.is_empty() {
                cx.tell(State::Info, "There is nothing to bring in line");
            }
            return;
        }
        let baseline = match &*self.made.get() {
            Remote::Ready(made) => made.value.baseline.clone(),
            Remote::NotRequested | Remote::Loading { .. } | Remote::Unavailable { .. } => {
                "the baseline".to_owned()
            }
        };
        let title = format!("Bring in line with {baseline}");
        cx.effects.push(Effect::RollOut(Box::new(Wish {
            agents: own.keys().copied().collect(),
            change: Some(WishedChange::Each { title, own }),
        })));
    }
}
