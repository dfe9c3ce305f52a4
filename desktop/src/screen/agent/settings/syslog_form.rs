//! The form of a syslog server.

use egui::{Context, Ui};
use underpass_shared::config::{Alias, DeliveryTrust, Number, SyslogServer, SyslogTransport};
use underpass_shared::host::{InternalHost, Port};

use super::webhook_form::TRUST;
use crate::screen::agent::form::{Form, number, pair, parse};
use crate::theme::{State, space};
use crate::widget::{Answer, Banner, Dialog, Field, select, toggle};

/// A facility of RFC 5424.
type Facility = Number<0, 23>;

/// What was filled in so far.
pub(super) struct SyslogDialog {
    is_new: bool,
    name: String,
    host: String,
    port: String,
    transport: SyslogTransport,
    facility: String,
    trust: DeliveryTrust,
    enabled: bool,
}

impl Default for SyslogDialog {
    fn default() -> Self {
        Self {
            is_new: true,
            name: String::new(),
            host: String::new(),
            port: String::new(),
            transport: SyslogTransport::default(),
            facility: "3".to_owned(),
            trust: DeliveryTrust::default(),
            enabled: true,
        }
    }
}

impl SyslogDialog {
    /// One that is there.
    pub(super) fn of(one: &SyslogServer) -> Self {
        Self {
            is_new: false,
            name: one.name.to_string(),
            host: one.host.to_string(),
            port: one.port.map(|port| port.to_string()).unwrap_or_default(),
            transport: one.transport,
            facility: one.facility.get().to_string(),
            trust: one.trust,
            enabled: one.enabled,
        }
    }

    /// Shows the form, and the server once it is filled in.
    pub(super) fn show(
        &mut self,
        ctx: &Context,
        all: &[SyslogServer],
    ) -> (Answer, Option<SyslogServer>) {
        // Checked before it is drawn, since the button stands below what says whether it may be used.
        let made = self.server(all);
        let problem = made.as_ref().err().cloned();
        let (title, action) = if self.is_new {
            ("Add syslog server", "Add to the draft")
        } else {
            ("Edit syslog server", "Save to the draft")
        };
        let answer = Dialog::new("syslog", title, action)
            .wide()
            .enabled_if(problem.is_none(), problem.as_deref().unwrap_or_default())
            .show(ctx, |ui| {
                ui.spacing_mut().item_spacing.y = space::M;
                self.fields(ui);
            });
        (answer, made.ok())
    }

    fn fields(&mut self, ui: &mut Ui) {
        let mut form = Form::default();
        let is_new = self.is_new;
        pair(ui, |ui, at, width| match at {
            0 => {
                ui.add_enabled_ui(is_new, |ui| {
                    form.text::<Alias>(ui, "Server name", &mut self.name, |field| {
                        wide(field).mono().hint("siem")
                    });
                });
            }
            _ => {
                let transports = [
                    (SyslogTransport::Tls, "TLS".to_owned()),
                    (SyslogTransport::Tcp, "Plain TCP".to_owned()),
                ];
                select(ui, "Transport", &mut self.transport, &transports, width);
            }
        });
        let usual = match self.transport {
            SyslogTransport::Tls => "Empty: 6514",
            SyslogTransport::Tcp => "Empty: 601",
        };
        pair(ui, |ui, at, _| match at {
            0 => drop(
                form.text::<InternalHost>(ui, "Server host", &mut self.host, |field| {
                    wide(field).mono().hint("siem.corp.example")
                }),
            ),
            _ => drop(
                form.optional::<Port>(ui, "Server port", &mut self.port, |field| {
                    wide(field).mono().limit(5).help(usual)
                }),
            ),
        });
        let is_tls = self.transport == SyslogTransport::Tls;
        pair(ui, |ui, at, width| match at {
            0 => drop(
                form.number::<Facility>(ui, "Facility", &mut self.facility, |field| {
                    wide(field).help("0 to 23; 3 is daemon, 16 to 23 are local0 to local7")
                }),
            ),
            _ => {
                let trust = TRUST.map(|(trust, word)| (trust, word.to_owned()));
                ui.add_enabled_ui(is_tls, |ui| {
                    select(ui, "Trust in the server", &mut self.trust, &trust, width);
                });
            }
        });
        if !is_tls {
            let detail = "Everybody on the way can read and change what is sent";
            Banner::new(State::Warn, "Plain TCP protects nothing")
                .detail(detail)
                .show(ui);
        }
        toggle(ui, &mut self.enabled, "Send alerts there", None);
    }

    /// The server as it is filled in, or what is missing.
    fn server(&self, all: &[SyslogServer]) -> Result<SyslogServer, String> {
        if self.name.trim().is_empty() {
            return Err("Fill in the name".to_owned());
        }
        let name: Alias = parse(self.name.trim())?;
        if self.is_new && all.iter().any(|one| one.name == name) {
            return Err(format!("There is a server {name} already"));
        }
        if self.host.trim().is_empty() {
            return Err("Fill in the host".to_owned());
        }
        let port = Some(self.port.trim()).filter(|port| !port.is_empty());
        Ok(SyslogServer {
            name,
            enabled: self.enabled,
            host: parse(self.host.trim())?,
            port: port.map(parse::<Port>).transpose()?,
            transport: self.transport,
            facility: number(self.facility.trim())?,
            trust: self.trust,
        })
    }
}

fn wide(field: Field<'_>) -> Field<'_> {
    field.width(f32::INFINITY)
}
