//! What goes wrong: since when, how often, what may be behind it, and what to do.

use std::sync::Arc;

use egui::{Align, Id, Layout, ScrollArea, Ui};
use lucide_icons::Icon;
use underpass_fleet::Reply;
use underpass_fleet::api::Call;
use underpass_fleet::slot::Slot;
use underpass_fleet::snapshot::AgentSnapshot;
use underpass_shared::api::management::{Query, Target, TroubleTarget, Verb};
use underpass_shared::config::Document;
use underpass_shared::diagnosis::{Diagnoses, Diagnosis};
use underpass_shared::rights::Access;

use super::entity::{mapping, named};
use super::kinds;
use crate::cx::{Cx, Effect};
use crate::nav::{AgentTab, Route};
use crate::screen::agent::common::loaded;
use crate::screen::agent::edit::{act, document, prevented};
use crate::screen::agent::parts::{list_and_chosen, no_match};
use crate::text;
use crate::theme::{State, Text, Themed as _, space};
use crate::widget::{
    Banner, Button, Column, Empty, IconButton, Table, TableState, Width, Words as _, card, dot,
    key_moment, key_text, keys, pill, search,
};

/// The diagnoses of an agent, asked for whenever the agent tells how it is.
#[derive(Default)]
pub(in super::super) struct Seen {
    slot: Slot<Diagnoses>,
    told_ms: Option<i64>,
}

impl Seen {
    /// Asks for them where they may have changed.
    pub(in super::super) fn want(&mut self, cx: &mut Cx<'_>, agent: &AgentSnapshot) {
        let told = agent.status.stamped().map(|status| status.at_ms);
        if self.told_ms != told {
            self.told_ms = told;
            self.slot.refresh();
        }
        let target = Target::Trouble(TroubleTarget::Diagnoses);
        self.slot
            .request(cx.commands, agent.id, &target, &Query::default());
    }

    /// What is known.
    pub(in super::super) fn known(&self) -> Option<Arc<Diagnoses>> {
        self.slot.get().shared()
    }
}

/// How bad a diagnosis is.
pub(in super::super) const fn state_of(one: &Diagnosis) -> State {
    kinds::state(one.kind)
}

/// What the part remembers from frame to frame.
#[derive(Default)]
pub(super) struct Diagnosed {
    seen: Seen,
    table: TableState,
    filter: String,
    focus_filter: bool,
    chosen: Option<u64>,
    deleted: Slot<Reply>,
}

const COLUMNS: [Column; 5] = [
    Column::text("AREA", Width::Exact(116.0)).fixed(),
    Column::text("WHAT IS SEEN", Width::AtLeast(240.0)).fixed(),
    Column::text("OF", Width::AtLeast(130.0)).fixed().spare(1),
    Column::number("TIMES", 64.0).fixed().spare(2),
    Column::number("LAST", 72.0).fixed(),
];

impl Diagnosed {
    /// Sends the keyboard to the filter.
    pub(super) const fn focus_filter(&mut self) {
        self.focus_filter = true;
    }

    /// Closes what was chosen.
    pub(super) const fn close(&mut self) {
        self.chosen = None;
    }

    pub(super) fn refresh(&self) {
        self.seen.slot.refresh();
    }

    /// The filter, in the bar above the list.
    pub(super) fn search(&mut self, ui: &mut Ui) {
        let id = Id::unique("filter-diagnoses");
        if std::mem::take(&mut self.focus_filter) {
            ui.memory_mut(|memory| memory.request_focus(id));
        }
        search(ui, id, &mut self.filter, "Filter diagnoses", 260.0);
    }

    /// Shows the list and what was chosen of it.
    pub(super) fn ui(&mut self, ui: &mut Ui, cx: &mut Cx<'_>) {
        let Some(agent) = cx.agent.map(Arc::clone) else {
            return;
        };
        if self.deleted.take().is_some() {
            self.chosen = None;
            self.seen.slot.refresh();
        }
        self.seen.want(cx, &agent);
        if let Some(reason) = self.deleted.get().reason() {
            Banner::new(State::Error, &text::sentence(reason)).show(ui);
        }
        let Some(known) = loaded(ui, cx.now_ms, &self.seen.slot) else {
            return;
        };
        if known.diagnoses.is_empty() {
            Empty {
                icon: Icon::Stethoscope,
                title: "Nothing goes wrong",
                text: "What the agent sees going wrong is listed here, with what may be behind it and what to do",
                action: None,
            }
            .show(ui);
            return;
        }
        if known.dropped > 0 {
            let dropped = usize::try_from(known.dropped).unwrap_or(usize::MAX);
            let text = format!("{} are not listed", text::plural(dropped, "older one"));
            Banner::new(State::Info, &text).show(ui);
        }
        let document = document(&agent).map(Arc::as_ref);
        let words = self.filter.trim().to_lowercase();
        let has = |one: &&Diagnosis| {
            let of = named(&one.entity, document);
            let all = format!("{} {} {of}", one.title, one.message).to_lowercase();
            words.split_whitespace().all(|word| all.contains(word))
        };
        let rows: Vec<&Diagnosis> = known.diagnoses.iter().filter(has).collect();
        if rows.is_empty() {
            no_match(ui, "No diagnosis matches", &mut self.filter);
            return;
        }
        let chosen = rows.iter().find(|one| self.chosen == Some(one.id)).copied();
        let Some(chosen) = chosen else {
            self.list(ui, cx, &rows, document);
            return;
        };
        list_and_chosen(ui, |ui, is_chosen| {
            if is_chosen {
                self.detail(ui, cx, chosen, document);
            } else {
                self.list(ui, cx, &rows, document);
            }
        });
    }

    fn list(&mut self, ui: &mut Ui, cx: &Cx<'_>, rows: &[&Diagnosis], document: Option<&Document>) {
        let name = |row: usize| {
            let of = named(&rows[row].entity, document);
            format!("{}, {of}", text::clean(&rows[row].title))
        };
        let chosen = self.chosen;
        let selected = |row: usize| chosen == Some(rows[row].id);
        let out = Table::new("diagnoses", &COLUMNS, rows.len(), &name)
            .row_height(cx.prefs.row_height())
            .selected(&selected)
            .framed()
            .show(ui, &mut self.table, |ui, row, column| {
                cell(ui, rows[row], column, document, cx.now_ms);
            });
        if let Some(row) = out.chosen.or(out.opened) {
            self.chosen = Some(rows[row].id);
            self.table.reveal = Some(row);
        }
    }

    fn detail(
        &mut self,
        ui: &mut Ui,
        cx: &mut Cx<'_>,
        one: &Diagnosis,
        document: Option<&Document>,
    ) {
        card(ui, |ui| {
            ui.horizontal(|ui| {
                ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                    let close = IconButton::new(Icon::X, "Close the diagnosis").small();
                    if ui.add(close).clicked() {
                        self.chosen = None;
                    }
                    ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                        pill(ui, state_of(one), kinds::area(one.category));
                    });
                });
            });
            ScrollArea::vertical()
                .id_salt("diagnosis")
                .auto_shrink([false, true])
                .show(ui, |ui| {
                    ui.title(text::clean(&one.title));
                    ui.paragraph(text::sentence(&one.message));
                    ui.add_space(space::XS);
                    causes(ui, one);
                    ui.add_space(space::XS);
                    facts(ui, one, document);
                    ui.add_space(space::S);
                    self.actions(ui, cx, one);
                });
        });
    }

    fn actions(&mut self, ui: &mut Ui, cx: &mut Cx<'_>, one: &Diagnosis) {
        let Some(id) = cx.agent.map(|agent| agent.id) else {
            return;
        };
        ui.horizontal_wrapped(|ui| {
            ui.spacing_mut().item_spacing = egui::vec2(space::S, space::S);
            for tab in kinds::pages(one.kind).iter().copied() {
                let button = Button::secondary(tab.title()).trailing(Icon::ArrowRight);
                let name = if tab == AgentTab::AccessControl {
                    "Open the mapping"
                } else {
                    tab.title()
                };
                let button = button.name(name);
                if !ui.add(button).clicked() {
                    continue;
                }
                match mapping(&one.entity).filter(|_| tab == AgentTab::AccessControl) {
                    Some((subaccount, address)) => cx.effects.push(Effect::Mapping {
                        agent: id,
                        subaccount,
                        address,
                    }),
                    None => cx.go(Route::Agent { id, tab }),
                }
            }
            let prevented = prevented(cx, Access::Trace);
            let delete = IconButton::new(Icon::Trash2, "Delete the diagnosis").enabled_if(
                prevented.is_none(),
                prevented.as_deref().unwrap_or_default(),
            );
            if ui.add(delete).clicked() {
                let target = Target::Trouble(TroubleTarget::Diagnosis(one.id));
                let title = format!("Delete the diagnosis: {}", text::clean(&one.title));
                self.deleted = act(cx, title, Call::new(Verb::Delete, target));
            }
        });
    }
}

fn cell(ui: &mut Ui, one: &Diagnosis, column: usize, document: Option<&Document>, now_ms: i64) {
    let tokens = ui.tokens();
    match column {
        0 => drop(pill(ui, state_of(one), kinds::area(one.category))),
        1 => {
            let message = text::sentence(&one.message);
            ui.body(text::clean(&one.title)).on_hover_text(&message);
            ui.quiet(message);
        }
        2 => {
            let of = named(&one.entity, document);
            ui.words(Text::Small, tokens.text_2, of.as_str())
                .on_hover_text(of);
        }
        3 => drop(ui.words(Text::Small, tokens.text_3, times(one.occurrences))),
        _ => drop(ui.words(Text::Small, tokens.text_3, text::age(now_ms, one.last_ms))),
    }
}

fn times(number: u64) -> String {
    text::count(usize::try_from(number).unwrap_or(usize::MAX))
}

/// What may be behind it, each with what to do about it.
fn causes(ui: &mut Ui, one: &Diagnosis) {
    let tokens = ui.tokens();
    ui.words(
        Text::Caption,
        tokens.text_2,
        "What may be behind it, and what to do",
    );
    for (at, cause) in one.causes.iter().enumerate() {
        ui.horizontal_top(|ui| {
            ui.spacing_mut().item_spacing.x = space::S;
            ui.add_space(space::XXS);
            let state = if at == 0 { state_of(one) } else { State::Off };
            dot(ui, state, "Cause");
            ui.vertical(|ui| {
                ui.spacing_mut().item_spacing.y = space::XXS;
                strong(ui, &text::clean(cause));
                if let Some(fix) = one.fixes.get(at) {
                    ui.paragraph(text::clean(fix));
                }
            });
        });
    }
    // There may be fewer causes than what can be done.
    for fix in one.fixes.iter().skip(one.causes.len()) {
        ui.paragraph(text::clean(fix));
    }
}

fn strong(ui: &mut Ui, words: &str) {
    let words = egui::RichText::new(words)
        .font(crate::theme::font(Text::Strong))
        .color(ui.tokens().text);
    ui.add(egui::Label::new(words).wrap());
}

fn facts(ui: &mut Ui, one: &Diagnosis, document: Option<&Document>) {
    keys(ui, |ui| {
        key_text(ui, "Of", &named(&one.entity, document), false, true);
        key_moment(ui, "First seen", one.first_ms);
        key_moment(ui, "Last seen", one.last_ms);
        key_text(ui, "Happened", &plural(one.occurrences), false, false);
        if let Some(again) = one.recurrence {
            let words = format!(
                "{} (from {} to {})",
                text::span(again.mean_ms),
                text::span(again.min_ms),
                text::span(again.max_ms)
            );
            key_text(ui, "Again after", &words, false, false);
        }
    });
}

fn plural(number: u64) -> String {
    if number == 1 {
        "Once".to_owned()
    } else {
        format!("{} times", times(number))
    }
}
