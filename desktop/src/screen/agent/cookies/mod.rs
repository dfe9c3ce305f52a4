//! Domains of cookies: which of the back ends' become which towards the cloud.

mod form;

use std::sync::Arc;

use egui::Ui;
use lucide_icons::Icon;
use underpass_fleet::snapshot::AgentSnapshot;
use underpass_shared::config::{Document, DomainMapping, DomainMappings, SubaccountKey};
use underpass_shared::host::CookieDomain;

use self::form::DomainForm;
use super::edit::{choices, document, edit_subaccount, name_of};
use super::parts::{adding, list_bar, locked, no_match, unknown};
use crate::cx::Cx;
use crate::screen::fixed_page;
use crate::theme::{Text, Themed as _, size, space};
use crate::widget::{
    Column, Empty, IconButton, Sort, Table, TableState, Width, Words as _, menu, menu_item,
};

/// What the tab remembers from frame to frame.
#[derive(Default)]
pub struct CookiesState {
    filter: String,
    table: TableState,
    form: Option<DomainForm>,
}

const COLUMNS: [Column; 4] = [
    Column::text("INTERNAL DOMAIN", Width::AtLeast(220.0)),
    Column::text("VIRTUAL DOMAIN", Width::AtLeast(220.0)),
    Column::text("SUBACCOUNT", Width::AtLeast(160.0)).spare(1),
    Column::text("", Width::Exact(24.0)).fixed(),
];

struct Row<'a> {
    key: &'a SubaccountKey,
    of: String,
    managed: bool,
    pair: &'a DomainMapping,
    changed: bool,
}

impl Row<'_> {
    fn has(&self, filter: &str) -> bool {
        let DomainMapping {
            internal_domain,
            virtual_domain,
        } = self.pair;
        let text = format!("{internal_domain} {virtual_domain} {}", self.of).to_lowercase();
        let filter = filter.to_lowercase();
        filter.split_whitespace().all(|word| text.contains(word))
    }
}

/// Shows the tab.
pub fn ui(ui: &mut Ui, cx: &mut Cx<'_>, state: &mut CookiesState) {
    let Some(agent) = cx.agent.map(Arc::clone) else {
        return;
    };
    fixed_page(ui, |ui| {
        ui.spacing_mut().item_spacing.y = space::M;
        match document(&agent) {
            Some(document) => contents(ui, cx, &agent, document, state),
            None => unknown(ui, cx, &agent),
        }
    });
    let Some(document) = document(&agent) else {
        return;
    };
    let choices = choices(document);
    let shown = |form: &mut DomainForm| form.show(ui.ctx(), cx, document, &choices);
    if state.form.as_mut().is_some_and(shown) {
        state.form = None;
    }
}

fn contents(
    ui: &mut Ui,
    cx: &mut Cx<'_>,
    agent: &AgentSnapshot,
    document: &Document,
    state: &mut CookiesState,
) {
    let mut rows = rows(agent, document);
    let refused = adding(cx, document);
    if rows.is_empty() {
        let empty = Empty {
            icon: Icon::Cookie,
            title: "No cookie domains",
            text: "Back ends set cookies for their own domain. A mapping gives such cookies the domain that browsers see in the cloud",
            action: refused.is_none().then_some("Add domain…"),
        };
        if empty.show(ui) {
            state.form = DomainForm::new(document);
        }
        return;
    }
    let (filter, action) = ("Filter domains", "Add domain…");
    if list_bar(ui, &mut state.filter, filter, action, refused.as_deref()) {
        state.form = DomainForm::new(document);
    }
    rows.retain(|row| row.has(&state.filter));
    sort(&mut rows, state.table.sort);
    if rows.is_empty() {
        no_match(ui, "No domain matches", &mut state.filter);
        return;
    }
    if let Some((at, act)) = list(ui, cx, &rows, &mut state.table) {
        run(cx, &rows[at], act, &mut state.form);
    }
}

fn rows<'a>(agent: &AgentSnapshot, document: &'a Document) -> Vec<Row<'a>> {
    let base = agent.configuration.value().map(|one| &one.document);
    let mut rows = vec![];
    for subaccount in document.subaccounts() {
        let old = base.and_then(|base| base.subaccount(subaccount.key()));
        let known = old.map_or(&[][..], |old| old.own().domain_mappings.as_slice());
        for pair in subaccount.own().domain_mappings.as_slice() {
            rows.push(Row {
                key: subaccount.key(),
                of: name_of(subaccount.own()),
                managed: subaccount.own().managed,
                pair,
                changed: !known.contains(pair),
            });
        }
    }
    rows
}

fn sort(rows: &mut [Row<'_>], sort: Option<Sort>) {
    let Some(Sort { column, descending }) = sort else {
        return;
    };
    rows.sort_by(|a, b| {
        let order = match column {
            0 => a.pair.internal_domain.cmp(&b.pair.internal_domain),
            1 => a.pair.virtual_domain.cmp(&b.pair.virtual_domain),
            _ => a.of.cmp(&b.of),
        };
        if descending { order.reverse() } else { order }
    });
}

#[derive(Clone, Copy)]
enum Act {
    Edit,
    Delete,
}

fn list(
    ui: &mut Ui,
    cx: &Cx<'_>,
    rows: &[Row<'_>],
    table: &mut TableState,
) -> Option<(usize, Act)> {
    let name = |at: usize| {
        format!(
            "{} to {}",
            rows[at].pair.internal_domain, rows[at].pair.virtual_domain
        )
    };
    let mut wanted = None;
    let out = Table::new("domains", &COLUMNS, rows.len(), &name)
        .row_height(cx.prefs.row_height())
        .framed()
        .show(ui, table, |ui, at, column| {
            let row = &rows[at];
            let tokens = ui.tokens();
            match column {
                0 => {
                    ui.words(Text::Mono, tokens.text, row.pair.internal_domain.as_str());
                    if row.changed {
                        ui.icon(Icon::PencilLine, size::ICON_TINY, tokens.info);
                    }
                }
                1 => {
                    ui.icon(Icon::ArrowRight, size::ICON_TINY, tokens.text_3);
                    ui.words(Text::Mono, tokens.text, row.pair.virtual_domain.as_str());
                }
                2 => drop(ui.words(Text::Small, tokens.text_2, row.of.as_str())),
                _ => {
                    if let Some(act) = row_menu(ui, row, locked(cx, row.managed).as_deref()) {
                        wanted = Some((at, act));
                    }
                }
            }
        });
    if let Some(at) = out.opened
        && locked(cx, rows[at].managed).is_none()
    {
        wanted = Some((at, Act::Edit));
    }
    wanted
}

fn run(cx: &mut Cx<'_>, row: &Row<'_>, act: Act, form: &mut Option<DomainForm>) {
    match act {
        Act::Edit => *form = Some(DomainForm::of(row.key, row.pair)),
        Act::Delete => {
            let internal = row.pair.internal_domain.clone();
            let what = format!("Delete cookie domain {internal}");
            edit_subaccount(cx, row.key, what, move |own| {
                own.domain_mappings = without(&own.domain_mappings, &internal).try_into()?;
                Ok(())
            });
        }
    }
}

/// The pairs but that of a domain.
fn without(all: &DomainMappings, internal: &CookieDomain) -> Vec<DomainMapping> {
    let mut all = all.as_slice().to_vec();
    all.retain(|one| one.internal_domain != *internal);
    all
}

fn row_menu(ui: &mut Ui, row: &Row<'_>, locked: Option<&str>) -> Option<Act> {
    let name = format!("Actions for {}", row.pair.internal_domain);
    let button = IconButton::new(Icon::Ellipsis, &name).small();
    let button = ui.add(button.enabled_if(locked.is_none(), locked.unwrap_or_default()));
    menu(&button, |ui| {
        let mut act = None;
        if menu_item(ui, Some(Icon::Pencil), "Edit…", "Enter").clicked() {
            act = Some(Act::Edit);
        }
        if menu_item(ui, Some(Icon::Trash2), "Delete in the draft", "").clicked() {
            act = Some(Act::Delete);
        }
        act
    })
    .flatten()
}
