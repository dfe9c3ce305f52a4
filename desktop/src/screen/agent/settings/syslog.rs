//! Syslog servers that alerts are sent to.

use egui::{Context, Ui};
use lucide_icons::Icon;
use underpass_shared::config::limits::SYSLOG_SERVERS_MAX;
use underpass_shared::config::{Document, SyslogServer, SyslogTransport};
use underpass_shared::rights::Access;

use super::receiver::{Receiver, Wish};
use super::syslog_form::SyslogDialog;
use crate::cx::Cx;
use crate::screen::agent::edit::{edit_connector, refused};
use crate::text;
use crate::theme::{Text, Themed as _};
use crate::widget::{Answer, Button, Words as _, card_titled};

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
    let receiver = Receiver {
        what: "syslog server",
        name: one.name.as_str(),
        enabled: one.enabled,
    };
    receiver.row(ui, why, |ui| {
        let tokens = ui.tokens();
        let (kind, color) = match one.transport {
            SyslogTransport::Tls => ("TLS", tokens.text_3),
            SyslogTransport::Tcp => ("plain TCP", tokens.warn),
        };
        ui.words(Text::Small, color, kind);
        let place = format!("{}:{}", one.host, one.port());
        ui.words(Text::Mono, tokens.text_3, text::clean(&place));
    })
}
