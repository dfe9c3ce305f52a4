//! The fields of a mapping on the page.

use egui::Ui;
use underpass_shared::config::{BackendType, HostInHeader, Protocol, ProtocolFamily};

use super::form::{Faults, Form};
use super::naming::PORT_LEN;
use super::words::{BACKENDS, backend, modes, principal, principal_help, protocol, protocols};
use crate::theme::{Text, Themed as _, space};
use crate::widget::{Field, Words as _, segmented, select, toggle};

/// Room for a port.
const PORT: f32 = 84.0;

/// Fields whose errors stand below them.
pub(super) const SHOWN: [&str; 9] = [
    "host",
    "port",
    "furtherPorts",
    "systemId",
    "description",
    "rfcOptions.sapRouter",
    "rfcOptions.sncPartnerName",
    "rfcOptions.allowedClients",
    "rfcOptions.blockedUsers",
];

/// What is edited, what is wrong with it, and why it cannot be edited at all.
pub(super) struct Editing<'a> {
    pub(super) form: &'a mut Form,
    pub(super) faults: &'a Faults,
    pub(super) refused: Option<&'a str>,
    /// What was changed in this frame.
    pub(super) changed: Option<&'static str>,
}

impl Editing<'_> {
    fn field(
        &mut self,
        ui: &mut Ui,
        (label, field): (&'static str, &str),
        value: impl FnOnce(&mut Form) -> &mut String,
        dress: impl FnOnce(Field<'_>) -> Field<'_>,
    ) {
        let error = self.faults.of(field);
        let reason = self.refused.unwrap_or_default();
        let input = Field::new(label, value(self.form)).error(error.as_deref());
        let input = dress(input.width(f32::INFINITY)).enabled_if(self.refused.is_none(), reason);
        if input.show(ui).changed() {
            self.changed = Some(label);
        }
    }

    fn toggle(
        &mut self,
        ui: &mut Ui,
        label: &'static str,
        value: impl FnOnce(&mut Form) -> &mut bool,
    ) {
        if toggle(ui, value(self.form), label, self.refused).changed() {
            self.changed = Some(label);
        }
    }

    /// Where the system is.
    pub(super) fn internal(&mut self, ui: &mut Ui) {
        let ranges = self.form.protocol.family() == ProtocolFamily::Tcp;
        ui.horizontal_top(|ui| {
            ui.spacing_mut().item_spacing.x = space::S;
            let ports = if ranges { 2.0 } else { 1.0 };
            let room = ui.available_width() - ports * (PORT + space::S);
            ui.allocate_ui(egui::vec2(room, 0.0), |ui| {
                self.field(
                    ui,
                    ("Internal host", "host"),
                    |form| &mut form.host,
                    |field| field.mono().hint("erp01.corp.example"),
                );
            });
            ui.allocate_ui(egui::vec2(PORT, 0.0), |ui| {
                self.field(
                    ui,
                    ("Internal port", "port"),
                    |form| &mut form.port,
                    |field| field.mono().limit(PORT_LEN),
                );
            });
            if ranges {
                ui.allocate_ui(egui::vec2(PORT, 0.0), |ui| {
                    self.field(
                        ui,
                        ("Last port", "furtherPorts"),
                        |form| &mut form.last_port,
                        |field| field.mono().limit(5).hint("same"),
                    );
                });
            }
        });
    }

    /// What it is and what is spoken to it.
    pub(super) fn kind(&mut self, ui: &mut Ui) {
        let enabled = self.refused.is_none();
        ui.add_enabled_ui(enabled, |ui| {
            ui.horizontal_top(|ui| {
                ui.spacing_mut().item_spacing.x = space::S;
                let half = (ui.available_width() - space::S) / 2.0;
                let kinds = BACKENDS.map(|kind| (kind, backend(kind).to_owned()));
                if select(ui, "Back-end type", &mut self.form.backend, &kinds, half) {
                    self.changed = Some("Back-end type");
                }
                self.protocols(ui, half);
            });
        });
        if self.changed.is_some() {
            self.form.fit();
        }
    }

    fn protocols(&mut self, ui: &mut Ui, width: f32) {
        let known = protocols(self.form.backend)
            .into_iter()
            .map(|one| (one, protocol(one).to_owned()));
        let known: Vec<(Protocol, String)> = known.collect();
        if select(ui, "Protocol", &mut self.form.protocol, &known, width) {
            self.changed = Some("Protocol");
        }
    }

    /// How the user and the host are told to it.
    pub(super) fn principal(&mut self, ui: &mut Ui) {
        let known = modes(self.form.backend, self.form.protocol);
        ui.add_enabled_ui(self.refused.is_none(), |ui| {
            let choices: Vec<_> = known
                .into_iter()
                .map(|one| (one, principal(one).to_owned()))
                .collect();
            if select(
                ui,
                "Principal type",
                &mut self.form.mode,
                &choices,
                f32::INFINITY,
            ) {
                self.changed = Some("Principal type");
            }
        });
        let help = egui::RichText::new(principal_help(self.form.mode));
        let help = help
            .font(crate::theme::font(Text::Small))
            .color(ui.tokens().text_3);
        ui.add(egui::Label::new(help).wrap());
        if self.form.protocol.family() != ProtocolFamily::Http {
            return;
        }
        ui.add_space(space::XS);
        ui.words(Text::Caption, ui.tokens().text_2, "Host in the request");
        ui.add_enabled_ui(self.refused.is_none(), |ui| {
            let choices = [
                (HostInHeader::Virtual, "Virtual host"),
                (HostInHeader::Internal, "Internal host"),
            ];
            if segmented(
                ui,
                "Host in the request",
                &mut self.form.host_in_header,
                &choices,
            ) {
                self.changed = Some("Host in the request");
            }
        });
    }

    /// What only RFC has.
    pub(super) fn rfc(&mut self, ui: &mut Ui) {
        if self.form.protocol.family() != ProtocolFamily::Rfc {
            return;
        }
        if self.form.protocol == Protocol::Rfcs {
            let label = ("SNC partner name", "rfcOptions.sncPartnerName");
            self.field(
                ui,
                label,
                |form| &mut form.snc_partner,
                |field| field.mono().hint("p:CN=ERP, O=Example"),
            );
        }
        let label = ("SAProuter string", "rfcOptions.sapRouter");
        self.field(
            ui,
            label,
            |form| &mut form.sap_router,
            |field| field.mono().optional().hint("/H/router/S/3299"),
        );
        let label = ("Allowed clients", "rfcOptions.allowedClients");
        self.field(
            ui,
            label,
            |form| &mut form.clients,
            |field| {
                field
                    .mono()
                    .optional()
                    .hint("100, 200")
                    .help("Only these clients may be logged on to; all where none is named")
            },
        );
        let label = ("Blocked users", "rfcOptions.blockedUsers");
        self.field(
            ui,
            label,
            |form| &mut form.blocked,
            |field| {
                field
                    .mono()
                    .optional()
                    .hint("100:DDIC")
                    .help("Client and user, apart by commas")
            },
        );
    }

    /// Exceptions from the strict rules.
    pub(super) fn exceptions(&mut self, ui: &mut Ui) {
        if self.form.protocol.family() == ProtocolFamily::Http {
            self.toggle(ui, "Allow encoded slashes (%2F) in paths", |form| {
                &mut form.paths.encoded_slashes
            });
            self.toggle(ui, "Allow empty segments (//) in paths", |form| {
                &mut form.paths.empty_segments
            });
            if matches!(self.form.backend, BackendType::Abap | BackendType::Gateway) {
                self.toggle(ui, "Allow the session in the URL (BSP mangling)", |form| {
                    &mut form.paths.bsp_mangling
                });
            }
        }
        if self.form.protocol.uses_tls() {
            self.toggle(ui, "Accept the common name of old certificates", |form| {
                &mut form.by_common_name
            });
        }
    }

    /// What is for people.
    pub(super) fn notes(&mut self, ui: &mut Ui) {
        let label = ("System ID", "systemId");
        self.field(
            ui,
            label,
            |form| &mut form.system_id,
            |field| field.optional().hint("PRD"),
        );
        self.field(
            ui,
            ("Description", "description"),
            |form| &mut form.description,
            |field| field.optional(),
        );
    }
}
