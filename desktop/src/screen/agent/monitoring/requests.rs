//! The newest requests, and those that took longest.

use egui::{Align, Id, Layout, Ui};
use lucide_icons::Icon;
use underpass_fleet::Reply;
use underpass_fleet::api::Call;
use underpass_fleet::slot::Slot;
use underpass_shared::api::management::monitoring::{
    RequestOutcome, RequestPage, RequestSearch, RequestShown, TopShown,
};
use underpass_shared::api::management::{MonitoringTarget, Query, Target, Verb};
use underpass_shared::rights::Access;

use super::detail;
use crate::cx::Cx;
use crate::screen::agent::common::{escaped, loaded};
use crate::screen::agent::edit::{act_into, prevented};
use crate::text;
use crate::theme::{State, Text, Themed as _, size, space};
use crate::times::Timed as _;
use crate::widget::{
    Answer, Button, Column, Dialog, Empty, IconButton, Table, TableState, Unit, Width, Words as _,
    pill, search, segmented,
};

/// Requests that are fetched at once.
const PAGE_LEN: usize = 500;
/// Below this width the chosen request stands below the list.
const WIDE: f32 = 900.0;
/// The width of the chosen request.
const DETAIL: f32 = 340.0;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Order {
    #[default]
    Newest,
    Longest,
}

/// The list.
#[derive(Default)]
pub(super) struct Recent {
    order: Order,
    page: Slot<RequestPage>,
    top: Slot<TopShown>,
    host: String,
    path: String,
    outcome: Option<RequestOutcome>,
    table: TableState,
    chosen: Option<RequestShown>,
    emptied: Slot<Reply>,
    /// Whether it is asked if the agent shall forget them.
    forgetting: bool,
    focus_filter: bool,
}

const COLUMNS: [Column; 7] = [
    Column::text("TIME", Width::Exact(96.0)).fixed(),
    Column::text("RESULT", Width::Exact(104.0)).fixed(),
    Column::text("HOST", Width::AtLeast(110.0)).fixed(),
    Column::text("REQUEST", Width::AtLeast(190.0)).fixed(),
    Column::text("USER", Width::Exact(90.0)).fixed().spare(2),
    Column::number("SENT", 84.0).fixed().spare(1),
    Column::number("TOOK", 78.0).fixed(),
];

impl Recent {
    /// Sends the keyboard to the filter.
    pub(super) const fn focus_filter(&mut self) {
        self.focus_filter = true;
    }

    /// Asks anew.
    pub(super) fn refresh(&self) {
        self.page.refresh();
        self.top.refresh();
    }

    fn fetch(&self, cx: &mut Cx<'_>) {
        let Some(agent) = cx.agent else { return };
        let query = Query {
            limit: Some(PAGE_LEN),
            requests: RequestSearch {
                outcome: self.outcome,
                ..RequestSearch::default()
            },
            ..Query::default()
        };
        let target = Target::Monitoring(MonitoringTarget::Requests);
        self.page.request(cx.commands, agent.id, &target, &query);
        let target = Target::Monitoring(MonitoringTarget::Top);
        self.top
            .request(cx.commands, agent.id, &target, &Query::default());
    }

    /// Shows the section.
    pub(super) fn ui(&mut self, ui: &mut Ui, cx: &mut Cx<'_>) {
        if self.chosen.is_some() && !cx.held && escaped(ui) {
            self.chosen = None;
        }
        if self.emptied.take().is_some() {
            self.refresh();
        }
        self.fetch(cx);
        self.bar(ui, cx);
        self.forget(ui, cx);
        let (all, dropped) = match self.order {
            Order::Newest => match loaded(ui, cx.now_ms, &self.page) {
                Some(page) => (page.requests.clone(), page.dropped),
                None => return,
            },
            Order::Longest => match loaded(ui, cx.now_ms, &self.top) {
                Some(top) => (top.requests.clone(), 0),
                None => return,
            },
        };
        let rows: Vec<&RequestShown> = all.iter().filter(|one| self.finds(one)).collect();
        self.strip(ui, rows.len(), all.len(), dropped);
        if rows.is_empty() {
            self.nothing(ui, all.is_empty());
            return;
        }
        self.body(ui, &rows);
    }

    fn finds(&self, one: &RequestShown) -> bool {
        let has = |text: &str, wanted: &str| {
            let wanted = wanted.trim().to_lowercase();
            wanted.is_empty() || text.to_lowercase().contains(&wanted)
        };
        let host = format!("{}:{}", one.virtual_host, one.virtual_port);
        let outcome = self.outcome.is_none_or(|wanted| wanted == one.outcome);
        outcome
            && has(&host, &self.host)
            && (has(&one.path, &self.path) || has(&one.resource, &self.path))
    }

    fn bar(&mut self, ui: &mut Ui, cx: &mut Cx<'_>) {
        ui.horizontal(|ui| {
            ui.set_min_height(size::CONTROL);
            let orders = [(Order::Newest, "Newest"), (Order::Longest, "Longest")];
            if segmented(ui, "Order", &mut self.order, &orders) {
                self.chosen = None;
                self.table = TableState::default();
            }
            let id = Id::unique("filter-requests-host");
            if std::mem::take(&mut self.focus_filter) {
                ui.memory_mut(|memory| memory.request_focus(id));
            }
            search(ui, id, &mut self.host, "Filter hosts", 170.0);
            let id = Id::unique("filter-requests-path");
            search(ui, id, &mut self.path, "Filter paths", 200.0);
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                let prevented = prevented(cx, Access::Subaccounts);
                let forget = IconButton::new(Icon::Trash2, "Delete these requests…").enabled_if(
                    prevented.is_none(),
                    prevented.as_deref().unwrap_or_default(),
                );
                self.forgetting |= ui.add(forget).clicked();
            });
        });
    }

    /// Asks whether the agent shall forget them, for everybody.
    fn forget(&mut self, ui: &Ui, cx: &mut Cx<'_>) {
        let Some(agent) = cx.agent.filter(|_| self.forgetting) else {
            return;
        };
        let (target, which) = match self.order {
            Order::Newest => (MonitoringTarget::Requests, "newest requests"),
            Order::Longest => (MonitoringTarget::Top, "requests that took longest"),
        };
        let label = text::clean(&agent.label);
        let answer = Dialog::new("forget-requests", "Delete requests", "Delete")
            .danger()
            .show(ui.ctx(), |ui| {
                ui.paragraph(format!(
                    "{label} forgets the list of the {which}, for everybody who looks at it. \
                     Figures, history and audit log stay. It cannot be undone."
                ));
            });
        if answer == Answer::Confirmed {
            let call = Call::new(Verb::Delete, Target::Monitoring(target));
            act_into(cx, call, "Delete requests", &self.emptied);
        }
        self.forgetting = answer == Answer::Open;
    }

    fn strip(&mut self, ui: &mut Ui, shown: usize, all: usize, dropped: u64) {
        ui.horizontal(|ui| {
            for outcome in RequestOutcome::ALL {
                let on = self.outcome == Some(outcome);
                let (state, word) = said(outcome);
                if chip_plain(ui, on, state, word) {
                    self.outcome = if on { None } else { Some(outcome) };
                }
            }
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                let mut told =
                    format!("{} of {}", text::count(shown), text::plural(all, "request"));
                if dropped > 0 {
                    let dropped = usize::try_from(dropped).unwrap_or(usize::MAX);
                    told.push_str(&format!("; {} older ones are gone", text::count(dropped)));
                }
                ui.quiet(told);
            });
        });
    }

    fn nothing(&mut self, ui: &mut Ui, is_empty: bool) {
        let empty = if is_empty && self.outcome.is_none() {
            Empty {
                icon: Icon::Activity,
                title: "No requests yet",
                text: "The newest requests are shown here as they end",
                action: None,
            }
        } else {
            Empty {
                icon: Icon::SearchX,
                title: "No request matches",
                text: "Type fewer letters, or choose other results",
                action: Some("Clear the filter"),
            }
        };
        if empty.show(ui) {
            self.host.clear();
            self.path.clear();
            self.outcome = None;
        }
    }

    fn body(&mut self, ui: &mut Ui, rows: &[&RequestShown]) {
        let Some(chosen) = self.chosen.clone() else {
            self.list(ui, rows);
            return;
        };
        if ui.available_width() < WIDE {
            let height = ui.available_height();
            ui.scope(|ui| {
                ui.set_max_height(height * 0.45);
                self.list(ui, rows);
            });
            ui.add_space(space::M);
            self.detail(ui, &chosen);
            return;
        }
        let room = ui.available_size();
        let list = egui::vec2(room.x - DETAIL - space::M, room.y);
        let side = egui::vec2(DETAIL, room.y);
        let down = Layout::top_down(Align::Min);
        ui.horizontal_top(|ui| {
            ui.spacing_mut().item_spacing.x = space::M;
            ui.allocate_ui_with_layout(list, down, |ui| {
                self.list(ui, rows);
            });
            ui.allocate_ui_with_layout(side, down, |ui| self.detail(ui, &chosen));
        });
    }

    fn detail(&mut self, ui: &mut Ui, chosen: &RequestShown) {
        if detail::detail(ui, chosen) {
            self.chosen = None;
        }
    }

    fn list(&mut self, ui: &mut Ui, rows: &[&RequestShown]) {
        let name = |row: usize| {
            let one = rows[row];
            format!("{} {}", text::clean(&one.method), text::clean(&one.path))
        };
        let chosen = self.chosen.as_ref();
        let selected = |row: usize| chosen == Some(rows[row]);
        let out = Table::new("requests", &COLUMNS, rows.len(), &name)
            .row_height(size::ROW_COMPACT)
            .selected(&selected)
            .framed()
            .show(ui, &mut self.table, |ui, row, column| {
                cell(ui, rows[row], column);
            });
        if let Some(row) = out.chosen.or(out.opened) {
            self.chosen = Some(rows[row].clone());
            self.table.reveal = Some(row);
        }
    }
}

fn chip_plain(ui: &mut Ui, on: bool, state: State, word: &str) -> bool {
    let mut button = Button::ghost(word).small().selected(on);
    button = match state {
        State::Ok => button.icon(Icon::CircleCheck),
        State::Warn => button.icon(Icon::Ban),
        State::Error => button.icon(Icon::CircleX),
        State::Info | State::Off | State::Pending => button.icon(Icon::CircleSlash),
    };
    ui.add(button).clicked()
}

fn cell(ui: &mut Ui, one: &RequestShown, column: usize) {
    let tokens = ui.tokens();
    match column {
        0 => {
            let times = ui.times();
            ui.words(Text::Mono, tokens.text_3, times.clock(one.begun_ms))
                .on_hover_text(times.both(one.begun_ms));
        }
        1 => result(ui, one),
        2 => {
            let host = format!("{}:{}", text::clean(&one.virtual_host), one.virtual_port);
            ui.words(Text::Mono, tokens.text_2, host);
        }
        3 => {
            let what = format!("{} {}", text::clean(&one.method), text::clean(&one.path));
            ui.words(Text::Mono, tokens.text, what);
        }
        4 => {
            let user = one.user.as_deref().map(text::clean).unwrap_or_default();
            ui.words(Text::Small, tokens.text_3, user);
        }
        5 => {
            let sent = Unit::Bytes.tell(one.sent as f64);
            ui.words(Text::Small, tokens.text_2, sent);
        }
        _ => {
            let took = Unit::Seconds.tell(one.split.total_us as f64 / 1e6);
            ui.words(Text::Strong, tokens.text, took);
        }
    }
}

/// How a request ended, as a pill.
pub(super) fn result(ui: &mut Ui, one: &RequestShown) {
    let (state, word) = said(one.outcome);
    let state = match one.status {
        Some(500..) => State::Error,
        Some(400..) if one.outcome == RequestOutcome::Answered => State::Warn,
        _ => state,
    };
    let word = match (one.outcome, one.status) {
        (RequestOutcome::Answered, Some(status)) => status.to_string(),
        (_, Some(status)) => format!("{word} {status}"),
        (_, None) => word.to_owned(),
    };
    pill(ui, state, &word);
}

const fn said(outcome: RequestOutcome) -> (State, &'static str) {
    match outcome {
        RequestOutcome::Answered => (State::Ok, "Answered"),
        RequestOutcome::Denied => (State::Warn, "Denied"),
        RequestOutcome::Failed => (State::Error, "Failed"),
        RequestOutcome::Aborted => (State::Off, "Aborted"),
    }
}
