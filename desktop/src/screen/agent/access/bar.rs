//! The bar above the list: subaccount, filter, chips, actions.

use egui::{Align, Id, Layout, Popup, Role, Sense, Stroke, StrokeKind, Ui, Vec2, WidgetInfo};
use lucide_icons::Icon;
use underpass_shared::config::Subaccount;

use super::edit::Here;
use super::tester::Tester;
use super::view::Show;
use super::{AccessState, Open};
use crate::screen::agent::edit::document;
use crate::text;
use crate::theme::{State, Text, Themed as _, radius, size, space};
use crate::widget::{
    Button, IconButton, chip, focus_ring, galley, menu, menu_item, paint_icon, search,
};

/// Room of the buttons at the right.
const ACTIONS: f32 = 176.0;

/// How a subaccount is called.
fn name(one: &Subaccount) -> String {
    let own = one.own();
    let name = if own.display_name.is_empty() {
        own.key.subaccount.to_string()
    } else {
        own.display_name.to_string()
    };
    let name = text::clean(&name);
    match own.key.location_id.as_str() {
        "" => name,
        location => format!("{name} · {}", text::clean(location)),
    }
}

pub(super) fn bar(ui: &mut Ui, here: &Here<'_>, state: &mut AccessState) {
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = space::S - 2.0;
        picker(ui, here, state);
        let id = Id::unique("mappings filter");
        let room = (ui.available_width() - ACTIONS).clamp(90.0, 220.0);
        search(ui, id, &mut state.filter, "Filter mappings", room);
        if std::mem::take(&mut state.focus_filter) {
            ui.memory_mut(|memory| memory.request_focus(id));
        }
        chips(ui, here, state);
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            actions(ui, here, state)
        });
    });
}

fn chips(ui: &mut Ui, here: &Here<'_>, state: &mut AccessState) {
    let all = here.subaccount.mappings().len();
    for (show, mark, word, count) in [
        (Show::All, None, "All", all),
        (
            Show::Changed,
            Some(State::Info),
            "Changed",
            state.view.changed,
        ),
        (Show::Idle, Some(State::Warn), "Not open", state.view.idle),
    ] {
        let on = state.show == show;
        let wanted = count > 0 || on || show == Show::All;
        if wanted
            && ui.available_width() > ACTIONS + 110.0
            && chip(ui, on, mark, word, count).clicked()
        {
            state.show = if on { Show::All } else { show };
        }
    }
}

fn actions(ui: &mut Ui, here: &Here<'_>, state: &mut AccessState) {
    let refused = here.refused.as_deref();
    let add = Button::primary("Add mapping").icon(Icon::Plus);
    if ui
        .add(add.enabled_if(refused.is_none(), refused.unwrap_or_default()))
        .clicked()
    {
        state.open = Some(Open::Add(Box::default()));
    }
    let button = ui.add(IconButton::new(Icon::Ellipsis, "More for all mappings"));
    menu(&button, |ui| {
        if menu_item(ui, Some(Icon::FlaskConical), "Test access…", "").clicked() {
            let chosen = state
                .chosen
                .as_ref()
                .and_then(|address| here.mapping(address));
            let first = here.subaccount.mappings().first();
            let part = chosen.or(first).map(|part| &**part);
            state.open = Some(Open::Tester(Box::new(Tester::new(part))));
        }
        ui.add_enabled_ui(refused.is_none(), |ui| {
            if menu_item(ui, Some(Icon::FileInput), "Import…", "").clicked() {
                state.open = Some(Open::Import(Box::default()));
            }
        });
        if menu_item(ui, Some(Icon::FileOutput), "Export…", "").clicked() {
            state.open = Some(Open::Export(Box::default()));
        }
    });
}

/// The choice of the subaccount: its name, and how many mappings each has.
fn picker(ui: &mut Ui, here: &Here<'_>, state: &mut AccessState) {
    let tokens = ui.tokens();
    let word = name(here.subaccount);
    let most = (ui.available_width() * 0.4).clamp(120.0, 230.0);
    let text = galley(ui, Text::Strong, tokens.text, &word, most - 58.0);
    let width = text.size().x + 58.0;
    let (rect, response) = ui.allocate_exact_size(Vec2::new(width, size::CONTROL), Sense::click());
    response.widget_info(|| WidgetInfo {
        current_text_value: Some(word.clone()),
        ..WidgetInfo::labeled(Role::ComboBox, ui.is_enabled(), "Subaccount")
    });
    let border = if response.hovered() {
        tokens.accent_text
    } else {
        tokens.border_strong
    };
    let line = Stroke::new(size::LINE, border);
    ui.painter().rect(
        rect,
        f32::from(radius::CONTROL),
        tokens.surface,
        line,
        StrokeKind::Inside,
    );
    let icon = egui::pos2(rect.left() + 16.0, rect.center().y);
    paint_icon(
        ui.painter(),
        Icon::Cloud,
        icon,
        size::ICON_MEDIUM,
        tokens.text_3,
    );
    let at = egui::pos2(rect.left() + 28.0, rect.center().y - text.size().y / 2.0);
    ui.painter().galley(at, text, tokens.text);
    let arrow = egui::pos2(rect.right() - 14.0, rect.center().y);
    paint_icon(
        ui.painter(),
        Icon::ChevronsUpDown,
        arrow,
        size::ICON_SMALL,
        tokens.text_3,
    );
    focus_ring(ui, &response, radius::CONTROL);
    let Some(document) = document(here.agent) else {
        return;
    };
    let response = response.on_hover_text(here.key().to_string());
    Popup::menu(&response).width(size::POPUP).show(|ui| {
        egui::ScrollArea::vertical()
            .max_height(size::LIST)
            .show(ui, |ui| {
                ui.spacing_mut().item_spacing.y = 0.0;
                for one in document.subaccounts() {
                    let on = (one.key() == here.key()).then_some(Icon::Check);
                    if menu_item(ui, on, &name(one), &text::count(one.mappings().len())).clicked() {
                        state.of = Some(one.key().clone());
                        state.chosen = None;
                    }
                }
            });
    });
}
