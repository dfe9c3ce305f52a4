//! The panel of the chosen subaccount.

use egui::{Align, Layout, ScrollArea, Ui};
use lucide_icons::Icon;
use underpass_fleet::api::Call;
use underpass_shared::api::management::{
    Flag, StateInput, SubaccountCertificate, SubaccountTarget, Target, Verb,
};
use underpass_shared::config::{Mapping, SubaccountFields, SubaccountKey};
use underpass_shared::rights::Access;

use super::dialogs::Dialogs;
use super::rows::{Row, color_of, left};
use crate::cx::Cx;
use crate::screen::agent::edit::{act, at_location, edit, path, prevented, refused};
use crate::text;
use crate::theme::{State, Text, Themed as _, size, space};
use crate::times::Timed as _;
use crate::widget::{
    Banner, Button, IconButton, Widths, Words as _, key_aged, key_day, key_row, key_text, keys,
    menu, menu_item, menu_rule, pill, side_panel, tunnels as bars,
};

/// Shows the panel beside the list.
pub(super) fn panel(
    ui: &mut Ui,
    cx: &mut Cx<'_>,
    row: &Row<'_>,
    chosen: &mut Option<SubaccountKey>,
    dialogs: &mut Dialogs,
) {
    let widths = Widths {
        least: 280.0,
        usual: size::PEEK,
        most: ui.available_width() * 0.5,
    };
    side_panel(ui, "subaccount", widths, |ui| {
        ScrollArea::vertical()
            .auto_shrink([false, false])
            .show(ui, |ui| {
                contents(ui, cx, row, chosen, dialogs);
            });
    });
}

fn contents(
    ui: &mut Ui,
    cx: &mut Cx<'_>,
    row: &Row<'_>,
    chosen: &mut Option<SubaccountKey>,
    dialogs: &mut Dialogs,
) {
    let tokens = ui.tokens();
    ui.horizontal(|ui| {
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            if ui
                .add(IconButton::new(Icon::X, "Close the side panel").small())
                .clicked()
            {
                *chosen = None;
            }
            pill(ui, row.state, row.word);
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                ui.words(Text::Heading, tokens.text, row.name.as_str());
            });
        });
    });
    if let Some(reason) = row.failure().filter(|_| row.own.connected && !row.removed) {
        let state = if row.state == State::Warn {
            State::Warn
        } else {
            State::Error
        };
        Banner::new(state, &text::clean(reason)).show(ui);
        ui.add_space(space::XS);
    }
    actions(ui, cx, row, dialogs);
    ui.add_space(space::S);
    facts(ui, cx, row);
    if let Some(certificate) = row
        .tunnel
        .and_then(|tunnel| tunnel.subaccount_certificate.as_ref())
    {
        ui.add_space(space::M);
        ui.title("Client certificate");
        of_certificate(ui, row, certificate);
    }
    let applications = row
        .tunnel
        .map_or(&[][..], |tunnel| tunnel.application_connections.as_slice());
    if !applications.is_empty() {
        ui.add_space(space::M);
        ui.title("Cloud applications");
        keys(ui, |ui| {
            for one in applications {
                let count = usize::try_from(one.connection_count).unwrap_or(usize::MAX);
                key_text(
                    ui,
                    &text::clean(&one.name),
                    &text::plural(count, "connection"),
                    false,
                    false,
                );
            }
        });
    }
}

fn actions(ui: &mut Ui, cx: &mut Cx<'_>, row: &Row<'_>, dialogs: &mut Dialogs) {
    if row.removed {
        let banner = Banner::new(
            State::Warn,
            "The draft removes this subaccount with all in it",
        );
        if banner.action("Keep it").show(ui) {
            restore(cx, row);
        }
        return;
    }
    let changes = if row.own.managed {
        Access::Administration
    } else {
        Access::Subaccounts
    };
    let now = prevented(cx, Access::Subaccounts);
    let renew = prevented(cx, changes);
    let draft = refused(cx, changes);
    let (now, renew, draft) = (now.as_deref(), renew.as_deref(), draft.as_deref());
    ui.horizontal(|ui| {
        let switch = if row.own.connected {
            Button::secondary("Disconnect").icon(Icon::Unplug)
        } else {
            Button::primary("Connect").icon(Icon::PlugZap)
        };
        if ui
            .add(switch.enabled_if(now.is_none(), now.unwrap_or_default()))
            .clicked()
        {
            connect(cx, row, !row.own.connected);
        }
        let button = Button::secondary("Edit…").icon(Icon::Pencil);
        if ui
            .add(button.enabled_if(draft.is_none(), draft.unwrap_or_default()))
            .clicked()
        {
            dialogs.edit(row.own);
        }
        let button = ui.add(IconButton::new(
            Icon::Ellipsis,
            "More actions for the subaccount",
        ));
        menu(&button, |ui| {
            ui.add_enabled_ui(renew.is_none(), |ui| {
                if menu_item(ui, Some(Icon::RefreshCw), "Renew the certificate", "").clicked() {
                    dialogs.renew(cx, &row.key);
                }
                if menu_item(ui, Some(Icon::KeyRound), "Renew with a token…", "").clicked() {
                    dialogs.ask_token(&row.key);
                }
            });
            menu_rule(ui);
            ui.add_enabled_ui(draft.is_none(), |ui| {
                if menu_item(ui, Some(Icon::Trash2), "Delete…", "").clicked() {
                    dialogs.delete(&row.key, &row.name, row.mappings);
                }
            });
        });
    });
}

fn connect(cx: &mut Cx<'_>, row: &Row<'_>, connected: bool) {
    let input = StateInput {
        connected: Flag(connected),
    };
    let call = Call::new(
        Verb::Put,
        Target::Of(path(&row.key), SubaccountTarget::State),
    )
    .query(at_location(&row.key))
    .with(&input);
    let verb = if connected { "Connect" } else { "Disconnect" };
    match call {
        Ok(call) => drop(act(cx, format!("{verb} {}", row.name), call)),
        Err(error) => cx.tell(State::Error, error.reason()),
    }
}

/// Takes the removal of a subaccount out of the draft.
fn restore(cx: &mut Cx<'_>, row: &Row<'_>) {
    let base = cx.agent.and_then(|agent| agent.configuration.value());
    let Some(before) = base
        .and_then(|base| base.document.subaccount(&row.key))
        .cloned()
    else {
        return;
    };
    edit(cx, format!("Keep {}", row.name), move |document| {
        let key = before.key();
        let mut next = document.with_subaccount(SubaccountFields::clone(before.own()))?;
        for mapping in before.mappings() {
            next = next.with_mapping(key.clone(), Mapping::clone(mapping))?;
        }
        Ok(next)
    });
}

fn facts(ui: &mut Ui, cx: &Cx<'_>, row: &Row<'_>) {
    let live = cx.agent.is_some_and(|agent| agent.link.is_online());
    keys(ui, |ui| {
        key_text(
            ui,
            "Region host",
            &text::clean(&row.key.region_host.to_string()),
            true,
            true,
        );
        key_text(
            ui,
            "Subaccount",
            &row.key.subaccount.to_string(),
            true,
            true,
        );
        match row.key.location_id.as_str() {
            "" => key_text(ui, "Location ID", "default", false, false),
            some => key_text(ui, "Location ID", some, true, true),
        }
        if !row.own.description.is_empty() {
            key_text(
                ui,
                "Description",
                &text::clean(&row.own.description),
                false,
                false,
            );
        }
        key_row(ui, "Connections", |ui| {
            let (up, total) = row.connections();
            bars(ui, up, total, live);
        });
        match row.since_ms {
            Some(at) => key_aged(ui, "Connected since", at, cx.now_ms),
            None => key_text(ui, "Connected since", "–", false, false),
        }
        if let Some(version) = row.link.and_then(|link| link.gateway_version.as_ref()) {
            key_text(ui, "Gateway version", version, false, false);
        }
        key_text(
            ui,
            "System mappings",
            &text::count(row.mappings),
            false,
            false,
        );
        key_text(
            ui,
            "Channels",
            &text::count(row.own.channels.as_slice().len()),
            false,
            false,
        );
        let managed = if row.own.managed {
            "Administrators"
        } else {
            "Subaccount administrators"
        };
        key_text(ui, "Changed by", managed, false, false);
        key_text(ui, "Instance", &row.own.instance.to_string(), true, true);
    });
}

fn of_certificate(ui: &mut Ui, row: &Row<'_>, certificate: &SubaccountCertificate) {
    let tokens = ui.tokens();
    keys(ui, |ui| {
        key_row(ui, "Good until", |ui| {
            let (times, until) = (ui.times(), certificate.not_after_time_stamp);
            ui.words(Text::Body, tokens.text, times.day(until))
                .on_hover_text(times.both(until));
            if let Some(days) = row.days {
                ui.words(Text::Small, color_of(tokens, days), left(days));
            }
        });
        key_day(ui, "Good from", certificate.not_before_time_stamp);
        key_text(
            ui,
            "Subject",
            &text::clean(&certificate.subject_dn),
            true,
            false,
        );
        key_text(ui, "Issuer", &text::clean(&certificate.issuer), true, false);
        key_text(
            ui,
            "Serial number",
            &text::clean(&certificate.serial_number),
            true,
            true,
        );
        key_text(ui, "Renewal", "By itself, before it ends", false, false);
    });
}
