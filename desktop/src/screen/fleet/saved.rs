//! Views of the list that have a name: what is shown, in which order and how.

use egui::{Context, Ui};
use lucide_icons::Icon;
use serde::{Deserialize, Serialize};
use underpass_fleet::snapshot::Health;

use super::FleetState;
use super::list::Col;
use crate::cx::Cx;
use crate::digest::word_of;
use crate::text;
use crate::theme::{State, space};
use crate::widget::{Answer, Button, Dialog, Field, Sort, Words as _, menu, menu_item, menu_rule};

/// Most views; a longer menu nobody reads.
const LEN_MAX: usize = 30;
/// The longest name.
const NAME_LEN: usize = 40;

/// A view of the list.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct SavedView {
    /// How the operator calls it.
    pub name: String,
    /// Letters that agents must contain.
    pub filter: String,
    /// The group.
    pub group: Option<String>,
    /// The word of the health.
    pub health: Option<String>,
    /// The column that sorts, and whether its largest come first.
    pub sort: Option<(Col, bool)>,
    /// The columns that are not shown.
    pub hidden: Vec<Col>,
    /// Lower rows.
    pub compact: bool,
}

impl SavedView {
    /// What is shown now.
    fn of(state: &FleetState, cx: &Cx<'_>, name: &str) -> Self {
        let sort = state.table.sort;
        Self {
            name: name.to_owned(),
            filter: state.filter.trim().to_owned(),
            group: state.group.as_ref().map(ToString::to_string),
            health: state.health.map(|health| word_of(health).to_owned()),
            sort: sort.and_then(|sort| Some((Col::at(sort.column)?, sort.descending))),
            hidden: cx.prefs.hidden.clone(),
            compact: cx.prefs.compact,
        }
    }

    /// Shows it.
    fn apply(&self, state: &mut FleetState, cx: &mut Cx<'_>) {
        state.filter.clone_from(&self.filter);
        state.group = self.group.as_deref().map(Into::into);
        let is = |health: &&Health| Some(word_of(**health)) == self.health.as_deref();
        state.health = Health::ALL.iter().find(is).copied();
        let sort = |(column, descending): (Col, bool)| Sort {
            column: column.place(),
            descending,
        };
        state.table.sort = self.sort.map(sort);
        state.table.cursor = None;
        cx.prefs.hidden.clone_from(&self.hidden);
        cx.prefs.compact = self.compact;
    }

    fn is_like(&self, other: &Self) -> bool {
        Self {
            name: String::new(),
            ..self.clone()
        } == Self {
            name: String::new(),
            ..other.clone()
        }
    }
}

/// The menu of views and columns, as a button.
pub(super) fn button(
    ui: &mut Ui,
    cx: &mut Cx<'_>,
    state: &mut FleetState,
    name: &mut Option<String>,
) {
    let now = SavedView::of(state, cx, "");
    let active = cx.prefs.views.iter().position(|view| view.is_like(&now));
    let word = active.map_or_else(
        || "Views".to_owned(),
        |at| text::clean(&cx.prefs.views[at].name),
    );
    let response = ui.add(Button::secondary(&word).icon(Icon::Bookmark));
    let (mut chosen, mut removed, mut toggled) = (None, None, None);
    menu(&response, |ui| {
        for (at, view) in cx.prefs.views.iter().enumerate() {
            let icon = if active == Some(at) {
                Icon::Check
            } else {
                Icon::Bookmark
            };
            if menu_item(ui, Some(icon), &text::clean(&view.name), "").clicked() {
                chosen = Some(at);
            }
        }
        if !cx.prefs.views.is_empty() {
            menu_rule(ui);
        }
        if menu_item(ui, Some(Icon::BookmarkPlus), "Save this view…", "").clicked() {
            *name = Some(String::new());
        }
        if let Some(at) = active {
            let word = format!("Remove the view {}", text::clean(&cx.prefs.views[at].name));
            if menu_item(ui, Some(Icon::BookmarkX), &word, "").clicked() {
                removed = Some(at);
            }
        }
        menu_rule(ui);
        for (column, title) in Col::OPTIONAL {
            let hidden = cx.prefs.hidden.contains(&column);
            let word = if hidden {
                format!("Show {title}")
            } else {
                format!("Hide {title}")
            };
            if menu_item(
                ui,
                Some(if hidden { Icon::EyeOff } else { Icon::Eye }),
                &word,
                "",
            )
            .clicked()
            {
                toggled = Some(column);
            }
        }
    });
    if let Some(at) = chosen {
        cx.prefs.views[at].clone().apply(state, cx);
    }
    if let Some(at) = removed {
        let view = cx.prefs.views.remove(at);
        cx.tell(
            State::Ok,
            format!("Removed the view {}", text::clean(&view.name)),
        );
    }
    if let Some(column) = toggled {
        let hidden = &mut cx.prefs.hidden;
        match hidden.iter().position(|one| *one == column) {
            Some(at) => drop(hidden.remove(at)),
            None => hidden.push(column),
        }
    }
}

/// The dialog that gives what is shown a name.
pub(super) fn dialog(
    ctx: &Context,
    cx: &mut Cx<'_>,
    state: &FleetState,
    name: &mut Option<String>,
) {
    let Some(typed) = name else { return };
    let known = cx
        .prefs
        .views
        .iter()
        .position(|view| view.name == typed.trim());
    let reason = if typed.trim().is_empty() {
        "Type a name first"
    } else if known.is_none() && cx.prefs.views.len() >= LEN_MAX {
        "Remove a view first: there are as many as can be kept"
    } else {
        ""
    };
    let action = if known.is_some() { "Replace" } else { "Save" };
    let answer = Dialog::new("save-view", "Save this view", action)
        .enabled_if(reason.is_empty(), reason)
        .show(ctx, |ui| {
            ui.paragraph(
                "Filter, order, columns and the height of rows, to come back to by its name.",
            );
            ui.add_space(space::S);
            let help = if known.is_some() {
                "The view of this name will be replaced"
            } else {
                ""
            };
            let field = Field::new("Name", typed)
                .limit(NAME_LEN)
                .width(f32::INFINITY)
                .help(help);
            field.show(ui).request_focus();
        });
    if answer == Answer::Confirmed {
        let view = SavedView::of(state, cx, typed.trim());
        match known {
            Some(at) => cx.prefs.views[at] = view,
            None => cx.prefs.views.push(view),
        }
        cx.tell(State::Ok, "The view is saved");
    }
    if answer != Answer::Open {
        *name = None;
    }
}
