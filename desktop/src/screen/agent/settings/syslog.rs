//! Syslog servers that alerts are sent to.

use egui::{Align, Context, Layout, Ui};
use lucide_icons::Icon;
use underpass_shared::config::limits::SYSLOG_SERVERS_MAX;
use underpass_shared::config::{Document, SyslogServer, SyslogTransport};
use underpass_shared::rights::Access;

use super::syslog_form::SyslogDialog;
use crate::cx::Cx;
use crate::screen::agent::edit::{edit_connector, refused};
use crate::text;
use crate::theme::{State, Text, Themed as _, size};
use crate::widget::{Answer, Button, IconButton, Words as _, card_titled, pill};

/// The card of syslog servers.
#[derive(Default)]
pub(super) struct SyslogCard {
    all: Vec<SyslogServer>,
    form: Option<SyslogDialog>,
}

impl SyslogCard {
    pub(super) fn card(&mut self, ui: &mut Ui, cx: &mut Cx<'_>, document: &Document) {
        self.all = document.connector().syslog.as_slice().to_vec();
        let why = refused(cx, Access::Connector);
        let why = why.as_deref();
        let full =
            (self.all.len() >= SYSLOG_SERVERS_MAX).then_some("There are as many as an agent takes");
        let mut adds = false;
        let mut wish = None;
        card_titled(
            ui,
            "Syslog",
            |ui| {
                let refused = why.or(full);
                let button = Button::secondary("Add server…").icon(Icon::Plus).small();
                let button = button.enabled_if(refused.is_none(), refused.unwrap_or_default());
                adds = ui.add(button).clicked();
            },
            |ui| {
                ui.paragraph("Alerts are sent to these servers as messages of RFC 5424.");
                if self.all.is_empty() {
                    ui.quiet("Alerts are sent to no syslog server");
                }
                for (at, one) in self.all.iter().enumerate() {
                    if let Some(wanted) = row(ui, one, why) {
                        wish = Some((at, wanted));
                    }
                }
            },
        );
        if adds {
            self.form = Some(SyslogDialog::default());
        }
        if let Some((at, wanted)) = wish
            && let Some(one) = self.all.get(at)
        {
            match wanted {
                Wish::Edit => self.form = Some(SyslogDialog::of(one)),
                Wish::Switch => switch(cx, one),
                Wish::Remove => remove(cx, one),
            }
        }
    }

    /// Shows what stands above the page.
    pub(super) fn dialogs(&mut self, ctx: &Context, cx: &mut Cx<'_>) {
        let Some(form) = &mut self.form else { return };
        let (answer, server) = form.show(ctx, &self.all);
        if let (Answer::Confirmed, Some(server)) = (answer, server) {
            let what = format!("Send alerts to the syslog server {}", server.name);
            put(cx, what, server);
        }
        if answer != Answer::Open {
            self.form = None;
        }
    }
}

/// What is done with a row.
#[derive(Clone, Copy)]
enum Wish {
    Edit,
    Switch,
    Remove,
}

/// Puts a server into the draft in the place of the one of its name.
fn put(cx: &mut Cx<'_>, what: String, server: SyslogServer) {
    edit_connector(cx, what, move |fields| {
        let mut all = fields.syslog.as_slice().to_vec();
        all.retain(|one| one.name != server.name);
        all.push(server);
        fields.syslog = all.try_into()?;
        Ok(())
    });
}

fn switch(cx: &mut Cx<'_>, one: &SyslogServer) {
    let enabled = !one.enabled;
    let verb = if enabled { "on" } else { "off" };
    let what = format!("Switch the syslog server {} {verb}", one.name);
    let server = SyslogServer {
        enabled,
        ..one.clone()
    };
    put(cx, what, server);
}

fn remove(cx: &mut Cx<'_>, one: &SyslogServer) {
    let name = one.name.clone();
    edit_connector(
        cx,
        format!("Remove the syslog server {name}"),
        move |fields| {
            let mut all = fields.syslog.as_slice().to_vec();
            all.retain(|one| one.name != name);
            fields.syslog = all.try_into()?;
            Ok(())
        },
    );
}

fn row(ui: &mut Ui, one: &SyslogServer, why: Option<&str>) -> Option<Wish> {
    let tokens = ui.tokens();
    let name = text::clean(one.name.as_str());
    let mut wish = None;
    ui.horizontal(|ui| {
        ui.set_min_height(size::CONTROL_SMALL);
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let switch = if one.enabled {
                "Switch off"
            } else {
                "Switch on"
            };
            let actions = [
                (Icon::Trash2, "Remove", Wish::Remove),
                (Icon::Power, switch, Wish::Switch),
                (Icon::Pencil, "Edit", Wish::Edit),
            ];
            for (icon, verb, wanted) in actions {
                let word = format!("{verb} syslog server {name}");
                let button = IconButton::new(icon, &word).small();
                let button = button.enabled_if(why.is_none(), why.unwrap_or_default());
                if ui.add(button).clicked() {
                    wish = Some(wanted);
                }
            }
            let (state, word) = if one.enabled {
                (State::Ok, "On")
            } else {
                (State::Off, "Off")
            };
            pill(ui, state, word);
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                ui.bold(name.as_str());
                let (kind, color) = match one.transport {
                    SyslogTransport::Tls => ("TLS", tokens.text_3),
                    SyslogTransport::Tcp => ("plain TCP", tokens.warn),
                };
                ui.words(Text::Small, color, kind);
                let place = format!("{}:{}", one.host, one.port());
                ui.words(Text::Mono, tokens.text_3, text::clean(&place));
            });
        });
    });
    wish
}
