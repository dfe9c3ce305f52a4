//! The table of channels, and what is done with them.

use egui::Ui;
use lucide_icons::Icon;
use underpass_shared::config::{ChannelId, Channels, SubaccountKey};

use super::form::ChannelForm;
use super::kinds;
use super::rows::Row;
use crate::cx::Cx;
use crate::screen::agent::edit::edit_subaccount;
use crate::screen::agent::parts::locked;
use crate::text;
use crate::theme::{Text, Themed as _, size};
use crate::widget::{
    Answer, Column, Dialog, IconButton, Table, TableState, Width, Words as _, menu, menu_item,
    menu_rule, pill, toggle,
};

const COLUMNS: [Column; 9] = [
    Column::text("ON", Width::Exact(36.0)).fixed(),
    Column::text("STATE", Width::Exact(104.0)),
    Column::text("KIND", Width::Exact(124.0)),
    Column::text("LEADS TO", Width::AtLeast(200.0)),
    Column::text("SUBACCOUNT", Width::AtLeast(110.0)).spare(1),
    Column::text("COMMENT", Width::AtLeast(140.0)).spare(2),
    Column::number("CONN.", 48.0).spare(3),
    Column::number("LOCAL PORT", 80.0),
    Column::text("", Width::Exact(24.0)).fixed(),
];

/// What is to be done with a channel.
#[derive(Clone, Copy)]
pub(super) enum Act {
    Edit,
    Enable(bool),
    Delete,
}

/// Shows the table; tells what is to be done with which row.
pub(super) fn list(
    ui: &mut Ui,
    cx: &Cx<'_>,
    rows: &[Row<'_>],
    table: &mut TableState,
) -> Vec<(usize, Act)> {
    let name = |at: usize| format!("{}, {}", rows[at].channel.service, rows[at].word);
    let locked = |row: &Row<'_>| locked(cx, row.managed);
    let mut wanted = vec![];
    let out = Table::new("channels", &COLUMNS, rows.len(), &name)
        .row_height(cx.prefs.row_height())
        .framed()
        .show(ui, table, |ui, at, column| {
            let row = &rows[at];
            match column {
                0 => {
                    let mut on = row.channel.enabled;
                    let name = format!("Enable {}", row.channel.service);
                    if switch(ui, &mut on, &name, locked(row).as_deref()) {
                        wanted.push((at, Act::Enable(on)));
                    }
                }
                8 => wanted.extend(row_menu(ui, row, locked(row).as_deref()).map(|act| (at, act))),
                _ => cell(ui, row, column),
            }
        });
    if let Some(at) = out.opened
        && locked(&rows[at]).is_none()
    {
        wanted.push((at, Act::Edit));
    }
    wanted
}

/// A switch without a word, for rows.
fn switch(ui: &mut Ui, on: &mut bool, name: &str, locked: Option<&str>) -> bool {
    let clicked = toggle(ui, on, "", locked);
    clicked.widget_info(|| {
        egui::WidgetInfo::selected(egui::Role::Switch, locked.is_none(), *on, name)
    });
    clicked.changed()
}

fn cell(ui: &mut Ui, row: &Row<'_>, column: usize) {
    let tokens = ui.tokens();
    let quiet = |ui: &mut Ui, text: &str| drop(ui.words(Text::Small, tokens.text_2, text));
    match column {
        1 => {
            let shown = pill(ui, row.state, row.word);
            if let Some(reason) = &row.reason {
                shown.on_hover_text(reason);
            }
        }
        2 => quiet(ui, kinds::name(row.channel.service.kind())),
        3 => {
            ui.words(
                Text::Strong,
                tokens.text,
                text::clean(&row.channel.service.to_string()),
            );
            if row.changed {
                ui.icon(Icon::PencilLine, size::ICON_TINY, tokens.info);
            }
        }
        4 => quiet(ui, &row.of),
        5 => quiet(ui, &text::clean(&row.channel.comment)),
        6 => quiet(ui, &row.channel.connections.get().to_string()),
        _ => drop(ui.words(
            Text::Mono,
            tokens.text,
            row.channel.service.local_port().to_string(),
        )),
    }
}

fn row_menu(ui: &mut Ui, row: &Row<'_>, locked: Option<&str>) -> Option<Act> {
    let name = format!("Actions for {}", row.channel.service);
    let button = IconButton::new(Icon::Ellipsis, &name).small();
    let button = ui.add(button.enabled_if(locked.is_none(), locked.unwrap_or_default()));
    menu(&button, |ui| {
        let mut act = None;
        if menu_item(ui, Some(Icon::Pencil), "Edit…", "Enter").clicked() {
            act = Some(Act::Edit);
        }
        let (icon, word) = if row.channel.enabled {
            (Icon::PowerOff, "Disable")
        } else {
            (Icon::Power, "Enable")
        };
        if menu_item(ui, Some(icon), word, "").clicked() {
            act = Some(Act::Enable(!row.channel.enabled));
        }
        menu_rule(ui);
        if menu_item(ui, Some(Icon::Trash2), "Delete…", "").clicked() {
            act = Some(Act::Delete);
        }
        act
    })
    .flatten()
}

/// The channel that is about to be deleted.
pub(super) type Doomed = Option<(SubaccountKey, ChannelId, String)>;

/// Does something with a channel.
pub(super) fn run(
    cx: &mut Cx<'_>,
    row: &Row<'_>,
    act: Act,
    form: &mut Option<ChannelForm>,
    doomed: &mut Doomed,
) {
    let name = text::clean(&row.channel.service.to_string());
    match act {
        Act::Edit => *form = Some(ChannelForm::of(row.key, row.channel)),
        Act::Delete => *doomed = Some((row.key.clone(), row.channel.id, name)),
        Act::Enable(enabled) => {
            let verb = if enabled { "Enable" } else { "Disable" };
            let id = row.channel.id;
            edit_subaccount(cx, row.key, format!("{verb} channel {name}"), move |own| {
                let mut all = own.channels.as_slice().to_vec();
                for one in all.iter_mut().filter(|one| one.id == id) {
                    one.enabled = enabled;
                }
                own.channels = Channels::try_from(all)?;
                Ok(())
            });
        }
    }
}

/// Asks before a channel is deleted.
pub(super) fn delete(ui: &Ui, cx: &mut Cx<'_>, doomed: &mut Doomed) {
    let Some((key, id, name)) = doomed else {
        return;
    };
    let answer = Dialog::new("delete channel", "Delete channel", "Delete in the draft").danger().show(ui.ctx(), |ui| {
        ui.paragraph(format!(
            "The local port of the channel to {name} closes once the draft is applied. Programs that use it lose their connections."
        ));
    });
    if answer == Answer::Confirmed {
        let id = *id;
        edit_subaccount(cx, key, format!("Delete channel {name}"), move |own| {
            let mut all = own.channels.as_slice().to_vec();
            all.retain(|one| one.id != id);
            own.channels = Channels::try_from(all)?;
            Ok(())
        });
    }
    if answer != Answer::Open {
        *doomed = None;
    }
}
