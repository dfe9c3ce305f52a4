//! The agents of a rollout, and what it does with the chosen one.

use std::sync::Arc;

use egui::{ScrollArea, Ui};
use lucide_icons::Icon;
use underpass_fleet::bulk::{Part, State as PartState};
use underpass_fleet::slot::Slot;
use underpass_fleet::snapshot::{AgentSnapshot, RolloutSnapshot};
use underpass_fleet::template::About;
use underpass_shared::api::management::{DocumentTarget, Query, RevisionDetail, Target};
use underpass_shared::config::{changes, diff};
use underpass_shared::id::AgentId;

use crate::changes::{self as rows, Part as Changed};
use crate::cx::Cx;
use crate::nav::{AgentTab, Route};
use crate::screen::agent::common::{changed_parts, loaded};
use crate::text;
use crate::theme::{State, Text, Themed as _, size, space};
use crate::widget::{
    Button, Column, Empty, Table, TableState, Width, Words as _, card, pill, segmented,
};

/// Which agents are listed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Shown {
    #[default]
    All,
    Wrong,
}

/// What the list remembers.
#[derive(Default)]
pub(super) struct Parts {
    table: TableState,
    shown: Shown,
    chosen: Option<AgentId>,
    /// The change of the chosen agent, by what it follows from.
    change: Option<(Key, Result<Vec<Changed>, String>)>,
    made: Slot<RevisionDetail>,
}

/// What the shown change follows from: the agent, its revision, and whether it was made already.
type Key = (AgentId, Option<u64>, bool);

const COLUMNS: [Column; 4] = [
    Column::number("NO.", 26.0).fixed(),
    Column::text("AGENT", Width::AtLeast(120.0)).fixed(),
    Column::text("STATE", Width::Exact(104.0)).fixed(),
    Column::text("WHAT", Width::AtLeast(220.0)).fixed(),
];

/// How an agent is, as state and word.
pub(super) const fn pill_of(state: &PartState) -> (State, &'static str) {
    match state {
        PartState::Unplanned => (State::Off, "Not planned"),
        PartState::Unchanged => (State::Off, "Has it already"),
        PartState::Refused { .. } => (State::Error, "Refused"),
        PartState::Ready => (State::Info, "Ready"),
        PartState::Running => (State::Pending, "Under way"),
        PartState::Done { .. } => (State::Ok, "Done"),
        PartState::Failed { .. } => (State::Error, "Failed"),
        PartState::Unwell { .. } => (State::Warn, "Unwell"),
        PartState::Unknown { .. } => (State::Warn, "Unknown"),
        PartState::Undoing { .. } => (State::Pending, "Going back"),
        PartState::Undone { .. } => (State::Off, "Taken back"),
        PartState::NotUndone { .. } => (State::Error, "Not undone"),
    }
}

/// What there is to say of an agent, in one line.
fn what(part: &Part) -> String {
    if let Some(fault) = part.state.fault() {
        let field = fault.field.as_deref().map(|field| format!("{field}: "));
        return text::clean(&format!("{}{}", field.unwrap_or_default(), fault.message));
    }
    let planned = part
        .plan
        .as_ref()
        .map(|plan| text::plural(plan.changes.len() + plan.more, "part"));
    match (&part.state, planned) {
        (PartState::Done { revision }, _) => format!("revision {revision}"),
        (PartState::Undone { revision }, _) => format!("as before, revision {revision}"),
        (PartState::Ready, Some(planned)) => format!("{planned} would change"),
        (_, Some(planned)) => format!("{planned} to change"),
        (_, None) => String::new(),
    }
}

impl Parts {
    pub(super) fn ui(&mut self, ui: &mut Ui, cx: &mut Cx<'_>, one: &RolloutSnapshot) {
        let wrong = one.counts().wrong();
        if wrong == 0 {
            self.shown = Shown::All;
        }
        ui.horizontal(|ui| {
            ui.set_min_height(size::CONTROL);
            let words = one.counts().words();
            let words = words.iter().map(|(count, word)| format!("{count} {word}"));
            ui.words(
                Text::Small,
                ui.tokens().text_2,
                words.collect::<Vec<_>>().join(" · "),
            );
            if wrong > 0 {
                let word = format!("Wrong {wrong}");
                let choices = [(Shown::All, "All"), (Shown::Wrong, word.as_str())];
                segmented(ui, "Agents", &mut self.shown, &choices);
            }
        });
        ui.add_space(space::XS);
        let rows: Vec<(usize, &Arc<Part>)> = one
            .parts
            .iter()
            .enumerate()
            .filter(|(_, part)| self.shown == Shown::All || part.state.fault().is_some())
            .collect();
        let is_shown = |id: AgentId| rows.iter().any(|(_, part)| part.agent == id);
        if !self.chosen.is_some_and(is_shown) {
            self.chosen = rows.first().map(|(_, part)| part.agent);
        }
        let height = ui.available_height();
        let needed = size::HEAD + rows.len() as f32 * cx.prefs.row_height() + 4.0;
        ui.scope(|ui| {
            ui.set_max_height(needed.min(height * 0.5));
            self.table(ui, cx, one, &rows);
        });
        ui.add_space(space::M);
        let chosen = self.chosen;
        if let Some((_, part)) = rows.iter().find(|(_, part)| Some(part.agent) == chosen) {
            ScrollArea::vertical()
                .id_salt("rollout-changes")
                .auto_shrink([false, false])
                .show(ui, |ui| self.of_agent(ui, cx, one, part));
        }
    }

    fn table(
        &mut self,
        ui: &mut Ui,
        cx: &Cx<'_>,
        one: &RolloutSnapshot,
        rows: &[(usize, &Arc<Part>)],
    ) {
        let name = |row: usize| {
            let part = rows[row].1;
            let (_, word) = pill_of(&part.state);
            format!("{}, {word} {}", text::clean(&part.label), what(part))
        };
        let chosen = self.chosen;
        let selected = |row: usize| Some(rows[row].1.agent) == chosen;
        let canary = one.options.canary;
        let out = Table::new("rollout-parts", &COLUMNS, rows.len(), &name)
            .row_height(cx.prefs.row_height())
            .selected(&selected)
            .without_keyboard()
            .framed()
            .show(ui, &mut self.table, |ui, row, column| {
                let ((at, part), tokens) = (rows[row], ui.tokens());
                match column {
                    0 => drop(ui.words(Text::Mono, tokens.text_3, (at + 1).to_string())),
                    1 => {
                        ui.bold(text::clean(&part.label));
                        if at < canary {
                            ui.words(Text::Caption, tokens.accent_text, "FIRST");
                        }
                    }
                    2 => {
                        let (state, word) = pill_of(&part.state);
                        pill(ui, state, word);
                    }
                    _ => {
                        let words = what(part);
                        ui.words(Text::Small, tokens.text_2, words.as_str())
                            .on_hover_text(words);
                    }
                }
            });
        if let Some(row) = out.chosen {
            self.chosen = Some(rows[row].1.agent);
        }
    }

    /// What the rollout does with one agent, or did.
    fn of_agent(&mut self, ui: &mut Ui, cx: &mut Cx<'_>, one: &RolloutSnapshot, part: &Part) {
        ui.horizontal(|ui| {
            ui.set_min_height(size::CONTROL_SMALL);
            ui.title(text::clean(&part.label));
            let open = Button::ghost("Open").icon(Icon::ArrowRight).small();
            if ui.add(open).clicked() {
                cx.go(Route::Agent {
                    id: part.agent,
                    tab: AgentTab::Revisions,
                });
            }
        });
        ui.add_space(space::XS);
        if let Some(fault) = part.state.fault() {
            card(ui, |ui| {
                ui.horizontal_top(|ui| {
                    ui.icon(Icon::TriangleAlert, size::ICON, ui.tokens().error);
                    ui.vertical(|ui| {
                        if let Some(field) = &fault.field {
                            ui.mono(text::clean(field));
                        }
                        ui.paragraph(text::sentence(&fault.message));
                    });
                });
            });
            ui.add_space(space::S);
        }
        if let PartState::Done { revision } | PartState::Unwell { revision, .. } = &part.state {
            let target = Target::Document(DocumentTarget::Revision(*revision));
            self.made
                .request(cx.commands, part.agent, &target, &Query::default());
            if let Some(found) = loaded(ui, cx.now_ms, &self.made) {
                let key = (part.agent, Some(*revision), true);
                if self.change.as_ref().is_none_or(|(of, _)| *of != key) {
                    self.change = Some((key, Ok(rows::parts(&found.changes))));
                }
                self.changes(ui);
            }
            return;
        }
        let agent = cx.fleet.agent(part.agent);
        let known = agent.and_then(|agent| agent.configuration.value());
        let key = (part.agent, known.map(|known| known.revision), false);
        if self.change.as_ref().is_none_or(|(of, _)| *of != key) {
            let change = agent.map_or_else(
                || Err("This program does not know the agent any more".to_owned()),
                |agent| planned(agent, one),
            );
            self.change = Some((key, change));
        }
        self.changes(ui);
    }

    fn changes(&mut self, ui: &mut Ui) {
        let empty = |ui: &mut Ui, icon, title, text: &str| {
            Empty {
                icon,
                title,
                text,
                action: None,
            }
            .show(ui)
        };
        match &mut self.change {
            None => {}
            Some((_, Err(reason))) => {
                empty(ui, Icon::CircleSlash, "Nothing to show", reason);
            }
            Some((_, Ok(parts))) if parts.is_empty() => {
                empty(ui, Icon::Equal, "No difference", "The agent has all of it");
            }
            Some((_, Ok(parts))) => changed_parts(ui, parts),
        }
    }
}

/// What the change would make of the agent as it is known now.
fn planned(agent: &AgentSnapshot, one: &RolloutSnapshot) -> Result<Vec<Changed>, String> {
    let known = agent.configuration.value();
    let known = known.ok_or("The agent's configuration is not known")?;
    let template = one.change_of(agent.id);
    let wanted = template.render(one.values(), &About::of(agent), &known.document);
    let wanted = wanted.map_err(|invalid| text::sentence(&invalid.to_string()))?;
    let all = changes(
        &diff(&known.document, &wanted),
        &diff(&wanted, &known.document),
    );
    Ok(rows::parts(&all))
}
