//! How mappings and their resources are used; what never was can be removed at once, in the draft.

use std::cmp::Ordering;

use egui::{Align, Id, Layout, Ui};
use lucide_icons::Icon;
use underpass_fleet::slot::Slot;
use underpass_shared::api::management::monitoring::UsagesShown;
use underpass_shared::api::management::{MappingAddress, MonitoringTarget, Query, Target};
use underpass_shared::config::{Document, Invalid, Mapping, MappingFields, SubaccountKey};
use underpass_shared::host::VirtualAddress;
use underpass_shared::rights::Access;

use crate::cx::Cx;
use crate::screen::agent::common::loaded;
use crate::screen::agent::edit::{edit, refused};
use crate::text;
use crate::theme::{State, Text, Themed as _, size};
use crate::times::Timed as _;
use crate::widget::{
    Button, Column, Empty, Sort, Table, TableState, Unit, Width, Words as _, chip, pill, search,
};

/// The list.
pub(super) struct Usage {
    all: Slot<UsagesShown>,
    filter: String,
    unused: bool,
    table: TableState,
    focus_filter: bool,
}

impl Default for Usage {
    fn default() -> Self {
        let sort = Some(Sort {
            column: 3,
            descending: true,
        });
        Self {
            all: Slot::default(),
            filter: String::new(),
            unused: false,
            table: TableState {
                sort,
                ..TableState::default()
            },
            focus_filter: false,
        }
    }
}

/// A resource, or a mapping that has none.
#[derive(Clone, Debug, PartialEq)]
struct Row {
    key: SubaccountKey,
    address: VirtualAddress,
    /// None for a mapping as a whole.
    resource: Option<String>,
    calls: u64,
    received: u64,
    sent: u64,
    last_ms: Option<i64>,
}

const COLUMNS: [Column; 7] = [
    Column::text("VIRTUAL HOST", Width::AtLeast(140.0)),
    Column::text("RESOURCE", Width::AtLeast(200.0)),
    Column::text("LAST ACCESS", Width::Exact(112.0)),
    Column::number("CALLS", 96.0),
    Column::number("RECEIVED", 92.0).spare(1),
    Column::number("SENT", 92.0).spare(2),
    Column::text("", Width::Exact(140.0)).fixed(),
];

impl Usage {
    /// Sends the keyboard to the filter.
    pub(super) const fn focus_filter(&mut self) {
        self.focus_filter = true;
    }

    /// Asks anew.
    pub(super) fn refresh(&self) {
        self.all.refresh();
    }

    /// Shows the section.
    pub(super) fn ui(&mut self, ui: &mut Ui, cx: &mut Cx<'_>, document: &Document) {
        let Some(agent) = cx.agent else { return };
        let target = Target::Monitoring(MonitoringTarget::Usage);
        self.all
            .request(cx.commands, agent.id, &target, &Query::default());
        let known = self.all.get();
        let rows = known.value().map(rows).unwrap_or_default();
        self.bar(ui, &rows, known.value().map(|all| all.since_ms));
        let Some(_all) = loaded(ui, cx.now_ms, &self.all) else {
            return;
        };
        let mut seen: Vec<&Row> = rows.iter().filter(|row| self.finds(row)).collect();
        if let Some(sort) = self.table.sort {
            seen.sort_by(|one, other| ordered(one, other, sort));
        }
        if seen.is_empty() {
            self.nothing(ui, rows.is_empty());
            return;
        }
        self.list(ui, cx, &seen, document);
    }

    fn finds(&self, row: &Row) -> bool {
        let wanted = self.filter.trim().to_lowercase();
        let has = |text: &str| text.to_lowercase().contains(&wanted);
        let named = has(&row.address.to_string()) || row.resource.as_deref().is_some_and(has);
        named && (!self.unused || row.last_ms.is_none())
    }

    fn bar(&mut self, ui: &mut Ui, rows: &[Row], since_ms: Option<i64>) {
        ui.horizontal(|ui| {
            ui.set_min_height(size::CONTROL);
            let id = Id::unique("filter-usage");
            if std::mem::take(&mut self.focus_filter) {
                ui.memory_mut(|memory| memory.request_focus(id));
            }
            search(
                ui,
                id,
                &mut self.filter,
                "Filter hosts and resources",
                240.0,
            );
            let unused = rows.iter().filter(|row| row.last_ms.is_none()).count();
            if chip(ui, !self.unused, None, "All", rows.len()).clicked() {
                self.unused = false;
            }
            if chip(ui, self.unused, Some(State::Warn), "Never used", unused).clicked() {
                self.unused = true;
            }
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                if let Some(since) = since_ms {
                    let times = ui.times();
                    ui.quiet(format!("Counted since {}", times.day(since)))
                        .on_hover_text(times.both(since));
                }
            });
        });
    }

    fn nothing(&mut self, ui: &mut Ui, is_empty: bool) {
        let empty = if is_empty {
            Empty {
                icon: Icon::ChartColumn,
                title: "Nothing to count",
                text: "Resources are counted from the first system mapping on",
                action: None,
            }
        } else {
            Empty {
                icon: Icon::SearchX,
                title: "No resource matches",
                text: "Type fewer letters to see more; perhaps nothing is unused",
                action: Some("Clear the filter"),
            }
        };
        if empty.show(ui) {
            self.filter.clear();
            self.unused = false;
        }
    }

    fn list(&mut self, ui: &mut Ui, cx: &mut Cx<'_>, rows: &[&Row], document: &Document) {
        let name = |row: usize| named(rows[row]);
        let refused = refused(cx, Access::Subaccounts);
        let now_ms = cx.now_ms;
        let mut removed = None;
        Table::new("usage", &COLUMNS, rows.len(), &name)
            .row_height(size::ROW_COMPACT + 2.0)
            .framed()
            .show(ui, &mut self.table, |ui, row, column| {
                let one = rows[row];
                if column < 6 {
                    cell(ui, one, column, now_ms);
                } else if action(ui, one, document, refused.as_deref()) {
                    removed = Some(one.clone());
                }
            });
        if let Some(row) = removed {
            remove(cx, row);
        }
    }
}

fn named(row: &Row) -> String {
    let of = row.resource.as_deref().unwrap_or("the whole mapping");
    format!("{} {}", row.address, text::clean(of))
}

fn rows(all: &UsagesShown) -> Vec<Row> {
    let mut rows = vec![];
    for one in &all.mappings {
        let key = one.key();
        let told = &one.told;
        let address = MappingAddress {
            host: told.virtual_host.clone(),
            ports: told.virtual_port.0.into(),
        }
        .key();
        let row = |resource, calls, received, sent, last_ms| Row {
            key: key.clone(),
            address: address.clone(),
            resource,
            calls,
            received,
            sent,
            last_ms,
        };
        // What nobody ever asked for goes as a whole.
        if told.resources.is_empty() || told.never_used {
            let last = told.last_access_ms;
            rows.push(row(None, told.calls, told.received, told.sent, last));
            continue;
        }
        rows.extend(told.resources.iter().map(|one| {
            let path = Some(one.path.clone());
            row(path, one.calls, one.received, one.sent, one.last_access_ms)
        }));
    }
    rows
}

fn ordered(one: &Row, other: &Row, sort: Sort) -> Ordering {
    let order = match sort.column {
        0 => one.address.cmp(&other.address),
        1 => one.resource.cmp(&other.resource),
        2 => one.last_ms.cmp(&other.last_ms),
        3 => one.calls.cmp(&other.calls),
        4 => one.received.cmp(&other.received),
        _ => one.sent.cmp(&other.sent),
    };
    let order = if sort.descending {
        order.reverse()
    } else {
        order
    };
    order.then_with(|| (&one.address, &one.resource).cmp(&(&other.address, &other.resource)))
}

fn cell(ui: &mut Ui, row: &Row, column: usize, now_ms: i64) {
    let tokens = ui.tokens();
    match column {
        0 => drop(ui.words(Text::Mono, tokens.text, row.address.to_string())),
        1 => match &row.resource {
            Some(path) => drop(ui.mono(text::clean(path))),
            None => drop(ui.quiet("the whole mapping")),
        },
        2 => match row.last_ms {
            None => drop(pill(ui, State::Warn, "Never used")),
            Some(at) => {
                let age = text::age(now_ms, at);
                let told = if age == "now" {
                    age
                } else {
                    format!("{age} ago")
                };
                ui.words(Text::Small, tokens.text_2, told)
                    .on_hover_text(ui.times().both(at));
            }
        },
        3 => {
            let calls = usize::try_from(row.calls).unwrap_or(usize::MAX);
            ui.words(Text::Strong, tokens.text, text::count(calls));
        }
        4 => drop(ui.quiet(Unit::Bytes.tell(row.received as f64))),
        _ => drop(ui.quiet(Unit::Bytes.tell(row.sent as f64))),
    }
}

/// What can be done with what was never used; true when it shall be removed.
fn action(ui: &mut Ui, row: &Row, document: &Document, refused: Option<&str>) -> bool {
    if row.last_ms.is_some() {
        return false;
    }
    if !is_there(row, document) {
        ui.quiet("Removed in the draft");
        return false;
    }
    let name = format!("Remove {}", named(row));
    let button = Button::ghost("Remove")
        .icon(Icon::Trash2)
        .small()
        .name(&name)
        .enabled_if(refused.is_none(), refused.unwrap_or_default())
        .tooltip("Takes it out of the draft; nothing happens before the draft is applied");
    ui.add(button).clicked()
}

fn is_there(row: &Row, document: &Document) -> bool {
    let address = &row.address;
    let mapping = document
        .subaccount(&row.key)
        .and_then(|one| one.mapping(address.host.as_str(), address.port.get()));
    mapping.is_some_and(|mapping| match &row.resource {
        None => true,
        Some(path) => mapping
            .resources
            .iter()
            .any(|one| one.path.to_string() == *path),
    })
}

fn remove(cx: &mut Cx<'_>, row: Row) {
    let what = format!("Remove {}", named(&row));
    edit(cx, what, move |document| without(document, &row));
}

/// A document without what a row is about.
fn without(document: &Document, row: &Row) -> Result<Document, Invalid> {
    let address = &row.address;
    let Some(path) = &row.resource else {
        return document.without_mapping(row.key.clone(), address.clone());
    };
    let found = document
        .subaccount(&row.key)
        .and_then(|one| one.mapping(address.host.as_str(), address.port.get()));
    let found =
        found.ok_or_else(|| Invalid::new("mapping", format!("{address} is no longer there")))?;
    let mut fields = MappingFields::clone(found);
    fields.resources.retain(|one| one.path.to_string() != *path);
    document.with_mapping(row.key.clone(), Mapping::try_from(fields)?)
}
