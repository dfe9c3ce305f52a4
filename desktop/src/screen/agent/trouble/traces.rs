//! Traces of payload: all of them, and the one that was chosen.

use std::sync::Arc;

use egui::Ui;
use lucide_icons::Icon;
use underpass_fleet::Reply;
use underpass_fleet::api::Call;
use underpass_fleet::slot::Slot;
use underpass_shared::api::management::{
    Query, Target, TraceList, TraceShown, TraceState, TroubleTarget, Verb,
};
use underpass_shared::rights::Access;

use super::ask::Ask;
use super::save::Save;
use super::trace;
use crate::cx::Cx;
use crate::screen::agent::common::{Poll, loaded};
use crate::screen::agent::edit::{act, choices, document, name_of, prevented};
use crate::screen::agent::parts::list_and_chosen;
use crate::text;
use crate::theme::{State, Text, Themed as _};
use crate::widget::{
    Answer, Banner, Button, Column, Dialog, Empty, Table, TableState, Width, Words as _, pill,
};

/// How often a list is fetched anew in which something waits or runs, in milliseconds.
const EVERY_MS: i64 = 2_000;
/// The same where nothing does: others may ask for one.
const SELDOM_MS: i64 = 15_000;

/// What the operator wants of a trace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wish {
    Close,
    Approve,
    Refuse,
    Stop,
    Save,
    Delete,
}

/// What the part remembers from frame to frame.
#[derive(Default)]
pub(super) struct Traced {
    list: Slot<TraceList>,
    poll: Poll,
    table: TableState,
    chosen: Option<u64>,
    done: Slot<Reply>,
    ask: Option<Ask>,
    asked: Slot<Reply>,
    save: Option<Save>,
    /// To be approved, or to be deleted.
    sure: Option<(u64, Wish)>,
}

const COLUMNS: [Column; 6] = [
    Column::text("STATE", Width::Exact(104.0)).fixed(),
    Column::text("OF", Width::AtLeast(170.0)).fixed(),
    Column::text("WHY", Width::AtLeast(130.0)).fixed().spare(2),
    Column::text("ASKED BY", Width::AtLeast(110.0))
        .fixed()
        .spare(3),
    Column::number("TRACED", 92.0).fixed().spare(1),
    Column::number("LEFT", 72.0).fixed(),
];

impl Traced {
    pub(super) fn refresh(&self) {
        self.list.refresh();
    }

    /// Closes what was chosen.
    pub(super) const fn close(&mut self) {
        self.chosen = None;
    }

    /// The action of the bar.
    pub(super) fn action(&mut self, ui: &mut Ui, cx: &Cx<'_>) {
        let why = refused(cx);
        let button = Button::primary("Ask for a trace…").icon(Icon::Plus);
        let button = button.enabled_if(why.is_none(), why.as_deref().unwrap_or_default());
        if ui.add(button).clicked() {
            self.begin(cx);
        }
    }

    fn begin(&mut self, cx: &Cx<'_>) {
        let document = cx.agent.and_then(|agent| document(agent));
        self.asked = Slot::default();
        self.ask = document.and_then(|document| Ask::new(document));
    }

    /// Shows the list and what was chosen of it.
    pub(super) fn ui(&mut self, ui: &mut Ui, cx: &mut Cx<'_>) {
        let Some(agent) = cx.agent.map(Arc::clone) else {
            return;
        };
        self.fetch(ui, cx, agent.id);
        if let Some(reason) = self.done.get().reason() {
            Banner::new(State::Error, &text::sentence(reason)).show(ui);
        }
        let Some(known) = loaded(ui, cx.now_ms, &self.list) else {
            return;
        };
        if known.traces.is_empty() {
            let why = refused(cx);
            let empty = Empty {
                icon: Icon::Eye,
                title: "No traces",
                text: "A trace holds requests and answers of a subaccount or of one system for a while. One operator asks for it, another one lets it begin",
                action: why.is_none().then_some("Ask for a trace…"),
            };
            if empty.show(ui) {
                self.begin(cx);
            }
            return;
        }
        let mine = cx.agent.and_then(|agent| agent.own.value());
        let mine = mine.map(|own| own.author.clone()).unwrap_or_default();
        let waits = |one: &&TraceShown| {
            one.state == TraceState::Requested && one.requested_by != mine && !mine.is_empty()
        };
        if let Some(one) = known.traces.iter().find(waits)
            && self.chosen != Some(one.id)
        {
            let text = format!("{} asks for a trace", text::who(&one.requested_by));
            let detail = format!("{}: {}", scope(cx, one), text::clean(&one.reason));
            let banner = Banner::new(State::Pending, &text).detail(&detail);
            if banner.action("Decide").show(ui) {
                self.chosen = Some(one.id);
            }
        }
        let chosen = known.traces.iter().find(|one| self.chosen == Some(one.id));
        let Some(chosen) = chosen else {
            self.rows(ui, cx, &known.traces);
            return;
        };
        let mut wish = None;
        list_and_chosen(ui, |ui, is_chosen| {
            if is_chosen {
                wish = trace::detail(ui, cx, chosen, &scope(cx, chosen));
            } else {
                self.rows(ui, cx, &known.traces);
            }
        });
        if let Some(wish) = wish {
            self.take(cx, chosen, wish);
        }
    }

    fn fetch(&mut self, ui: &Ui, cx: &mut Cx<'_>, agent: underpass_shared::id::AgentId) {
        let answered = self.done.take().is_some() || self.asked.take().is_some();
        let known = self.list.get();
        let lives = |list: &TraceList| {
            let mut all = list.traces.iter();
            all.any(|one| matches!(one.state, TraceState::Requested | TraceState::Running))
        };
        let every = if known.value().is_some_and(lives) {
            EVERY_MS
        } else {
            SELDOM_MS
        };
        let is_due = self.poll.is_due(ui, cx.now_ms, every);
        if answered || (is_due && !known.is_loading()) {
            self.list.refresh();
        }
        let target = Target::Trouble(TroubleTarget::Traces);
        self.list
            .request(cx.commands, agent, &target, &Query::default());
    }

    fn rows(&mut self, ui: &mut Ui, cx: &Cx<'_>, all: &[TraceShown]) {
        let name = |row: usize| {
            let (_, word) = trace::state(all[row].state);
            format!("Trace {} {word}, {}", all[row].id, scope(cx, &all[row]))
        };
        let chosen = self.chosen;
        let selected = |row: usize| chosen == Some(all[row].id);
        let out = Table::new("traces", &COLUMNS, all.len(), &name)
            .row_height(cx.prefs.row_height())
            .selected(&selected)
            .framed()
            .show(ui, &mut self.table, |ui, row, column| {
                cell(ui, cx, &all[row], column);
            });
        if let Some(row) = out.chosen.or(out.opened) {
            self.chosen = Some(all[row].id);
            self.table.reveal = Some(row);
        }
    }

    fn take(&mut self, cx: &mut Cx<'_>, one: &TraceShown, wish: Wish) {
        match wish {
            Wish::Close => self.chosen = None,
            Wish::Save => {
                let label = cx.agent.map(|agent| agent.label.to_string());
                self.save = Some(Save::new(&label.unwrap_or_default(), one.id));
            }
            Wish::Approve | Wish::Delete => self.sure = Some((one.id, wish)),
            Wish::Refuse | Wish::Stop => self.send(cx, one.id, wish),
        }
    }

    fn send(&mut self, cx: &mut Cx<'_>, id: u64, wish: Wish) {
        let (title, verb, target) = match wish {
            Wish::Approve => (
                "Let the trace begin",
                Verb::Post,
                TroubleTarget::TraceApproval(id),
            ),
            Wish::Refuse => (
                "Refuse the trace",
                Verb::Post,
                TroubleTarget::TraceRefusal(id),
            ),
            Wish::Stop => ("Stop the trace", Verb::Post, TroubleTarget::TraceEnd(id)),
            Wish::Delete => ("Delete the trace", Verb::Delete, TroubleTarget::Trace(id)),
            Wish::Close | Wish::Save => return,
        };
        self.done = act(cx, title, Call::new(verb, Target::Trouble(target)));
    }

    /// Shows what stands above the page.
    pub(super) fn dialogs(&mut self, ui: &Ui, cx: &mut Cx<'_>) {
        let Some(document) = cx.agent.and_then(|agent| document(agent)).cloned() else {
            return;
        };
        let choices = choices(&document);
        let asked = &self.asked;
        let over = |ask: &mut Ask| ask.show(ui.ctx(), cx, &document, &choices, asked);
        if self.ask.as_mut().is_some_and(over) {
            self.ask = None;
        }
        let over = |save: &mut Save| save.show(ui, cx);
        if self.save.as_mut().is_some_and(over) {
            self.save = None;
        }
        if let Some((id, wish)) = self.sure {
            match sure(ui, wish) {
                Answer::Open => {}
                Answer::Dismissed => self.sure = None,
                Answer::Confirmed => {
                    self.sure = None;
                    self.send(cx, id, wish);
                }
            }
        }
    }
}

/// Why no trace can be asked for, if so.
fn refused(cx: &Cx<'_>) -> Option<String> {
    let none = || {
        let document = cx.agent.and_then(|agent| document(agent))?;
        let none = document.subaccounts().is_empty();
        none.then(|| "Add a subaccount first".to_owned())
    };
    prevented(cx, Access::Trace).or_else(none)
}

/// Asks whether it is meant.
fn sure(ui: &Ui, wish: Wish) -> Answer {
    let (title, action, text) = if wish == Wish::Approve {
        (
            "Let the trace begin",
            "Let it begin",
            "Requests and answers are written to the agent's disk until the trace ends. Credentials that are recognised are taken out; what else passes is seen by whoever reads the trace. It is in the audit log that you let it begin.",
        )
    } else {
        (
            "Delete the trace",
            "Delete",
            "What was traced is deleted on the agent. That cannot be undone.",
        )
    };
    let dialog = Dialog::new("sure-of-trace", title, action);
    let dialog = if wish == Wish::Approve {
        dialog
    } else {
        dialog.danger()
    };
    dialog.show(ui.ctx(), |ui| drop(ui.paragraph(text)))
}

/// What is traced, for people.
fn scope(cx: &Cx<'_>, one: &TraceShown) -> String {
    let document = cx.agent.and_then(|agent| document(agent));
    let mut all = document.iter().flat_map(|document| document.subaccounts());
    let found = all.find(|found| {
        let key = found.key();
        key.region_host == one.region_host
            && key.subaccount == one.subaccount
            && one
                .location_id
                .as_ref()
                .is_none_or(|id| *id == key.location_id)
    });
    let of = found.map_or_else(|| one.subaccount.to_string(), |found| name_of(found.own()));
    match &one.virtual_address {
        Some(address) => format!("{address} of {of}"),
        None => of,
    }
}

fn cell(ui: &mut Ui, cx: &Cx<'_>, one: &TraceShown, column: usize) {
    let tokens = ui.tokens();
    match column {
        0 => {
            let (state, word) = trace::state(one.state);
            pill(ui, state, word);
        }
        1 => drop(ui.body(scope(cx, one))),
        2 => {
            let reason = text::clean(&one.reason);
            ui.words(Text::Small, tokens.text_2, reason.as_str())
                .on_hover_text(reason);
        }
        3 => drop(ui.words(Text::Small, tokens.text_2, text::who(&one.requested_by))),
        4 => drop(ui.words(Text::Small, tokens.text_3, text::bytes(one.bytes))),
        _ => {
            let left = trace::until_ms(one).map_or_else(
                || {
                    let at = one.ended_ms.unwrap_or(one.requested_ms);
                    format!("{} ago", text::age(cx.now_ms, at)).replace("now ago", "now")
                },
                |until| text::countdown(cx.now_ms, until),
            );
            ui.words(Text::Small, tokens.text_3, left);
        }
    }
}
