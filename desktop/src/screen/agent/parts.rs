//! Parts that several tabs of an agent have.

use egui::{Align, Id, Layout, Ui};
use lucide_icons::Icon;
use underpass_fleet::command::Command;
use underpass_fleet::snapshot::AgentSnapshot;
use underpass_shared::config::Document;
use underpass_shared::rights::Access;

use super::edit::refused;
use crate::cx::Cx;
use crate::theme::{State, space};
use crate::widget::{Banner, Button, Empty, search, skeleton};

/// In the place of a configuration that is on its way, or cannot be had.
pub(super) fn unknown(ui: &mut Ui, cx: &mut Cx<'_>, agent: &AgentSnapshot) {
    let Some(reason) = agent.configuration.reason() else {
        skeleton(ui, 6);
        return;
    };
    let banner = Banner::new(State::Error, "The configuration cannot be read").detail(reason);
    if banner.action("Retry").show(ui) {
        cx.send(Command::Refresh(agent.id));
    }
}

/// Filter and first action of a list; true when the action was taken.
pub(super) fn list_bar(
    ui: &mut Ui,
    filter: &mut String,
    name: &str,
    action: &str,
    refused: Option<&str>,
) -> bool {
    const WIDTH: f32 = 260.0;
    let mut taken = false;
    ui.horizontal(|ui| {
        search(ui, Id::unique(name), filter, name, WIDTH);
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let button = Button::primary(action).icon(Icon::Plus);
            let button = button.enabled_if(refused.is_none(), refused.unwrap_or_default());
            taken = ui.add(button).clicked();
        });
    });
    taken
}

/// In the place of a list of which nothing has the letters of the filter.
pub(super) fn no_match(ui: &mut Ui, title: &str, filter: &mut String) {
    let empty = Empty {
        icon: Icon::SearchX,
        title,
        text: "Type fewer letters to see more",
        action: Some("Clear the filter"),
    };
    if empty.show(ui) {
        filter.clear();
    }
}

/// A list, and what was chosen of it: beside it where there is room, else below. `show` is called
/// for the list with false, then for what was chosen with true.
pub(super) fn list_and_chosen(ui: &mut Ui, mut show: impl FnMut(&mut Ui, bool)) {
    /// Below this width what was chosen stands below.
    const WIDE: f32 = 900.0;
    /// The width of what was chosen.
    const SIDE: f32 = 380.0;
    let room = ui.available_size();
    if room.x < WIDE {
        ui.scope(|ui| {
            ui.set_max_height(room.y * 0.42);
            show(ui, false);
        });
        ui.add_space(space::S);
        show(ui, true);
        return;
    }
    let list = egui::vec2(room.x - SIDE - space::M, room.y);
    let side = egui::vec2(SIDE, room.y);
    let down = Layout::top_down(Align::Min);
    ui.horizontal_top(|ui| {
        ui.spacing_mut().item_spacing.x = space::M;
        ui.allocate_ui_with_layout(list, down, |ui| show(ui, false));
        ui.allocate_ui_with_layout(side, down, |ui| show(ui, true));
    });
}

/// Why nothing can be added to subaccounts, if so.
pub(super) fn adding(cx: &Cx<'_>, document: &Document) -> Option<String> {
    match document.subaccounts() {
        [] => Some("Add a subaccount first".to_owned()),
        [..] => refused(cx, Access::Subaccounts),
    }
}

/// Why something of a subaccount cannot be changed, if so.
pub(super) fn locked(cx: &Cx<'_>, managed: bool) -> Option<String> {
    refused(
        cx,
        if managed {
            Access::Administration
        } else {
            Access::Subaccounts
        },
    )
}
