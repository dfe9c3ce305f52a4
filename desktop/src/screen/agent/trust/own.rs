//! The agent's own certificates: what they are, and what can be done with them.

use egui::{Align, Layout, Ui};
use lucide_icons::Icon;
use underpass_fleet::Reply;
use underpass_fleet::api::Call;
use underpass_fleet::slot::Slot;
use underpass_shared::api::management::{CertificateTarget, Target, Verb};
use underpass_shared::config::{Certificate, OwnCertificate};
use underpass_shared::pki::chain::CertificateUse;
use underpass_shared::rights::Access;

use super::super::edit::{act_into, prevented};
use super::import::Import;
use super::make::{Made, Make};
use super::request::{Signed, Written};
use crate::cx::Cx;
use crate::text;
use crate::theme::{State, Text, Themed as _, size, space};
use crate::widget::{
    Answer, Banner, Button, ConfirmName, IconButton, Words as _, copyable, key_text, keys, menu,
    menu_item, menu_rule, validity,
};

/// The dialogs of the three certificates; at most one is open.
#[derive(Default)]
pub(super) struct OwnDialogs {
    make: Option<Make>,
    written: Option<Written>,
    signed: Option<Signed>,
    import: Option<Import>,
    remove: Option<(CertificateUse, ConfirmName)>,
}

/// What a certificate is called here.
pub(super) const fn title(one: CertificateUse) -> &'static str {
    match one {
        CertificateUse::System => "System certificate",
        CertificateUse::PpCa => "CA for principal propagation",
        CertificateUse::Ui => "Management API certificate",
    }
}

const fn purpose(one: CertificateUse) -> &'static str {
    match one {
        CertificateUse::System => "Shown to back ends that ask for one",
        CertificateUse::PpCa => "Signs the short-lived certificates of users",
        CertificateUse::Ui => "Shown to whoever manages this agent",
    }
}

/// Shows one of them.
pub(super) fn card(
    ui: &mut Ui,
    cx: &Cx<'_>,
    one: CertificateUse,
    own: &OwnCertificate,
    dialogs: &mut OwnDialogs,
) {
    let role = prevented(cx, Access::Connector);
    let found = own
        .certificate()
        .and_then(|(chain, _)| chain.first().map(|first| (first, chain.len())));
    crate::widget::card(ui, |ui| {
        ui.spacing_mut().item_spacing.y = space::XS;
        ui.horizontal(|ui| {
            ui.set_min_height(size::CONTROL_SMALL);
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                let name = format!("More for the {}", title(one).to_lowercase());
                let button = ui.add(IconButton::new(Icon::Ellipsis, &name).small());
                let pem = own
                    .certificate()
                    .map(|(chain, _)| chain.iter().map(Certificate::to_string).collect::<String>());
                menu(&button, |ui| {
                    entries(ui, one, own, role.as_deref(), pem.as_deref(), dialogs)
                });
                ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                    drop(ui.title(title(one)))
                });
            });
        });
        let text = egui::RichText::new(purpose(one))
            .font(crate::theme::font(Text::Small))
            .color(ui.tokens().text_3);
        ui.add(egui::Label::new(text).wrap());
        ui.add_space(space::XS);
        if own.pending_key().is_some() {
            let banner = Banner::new(State::Pending, "A request waits");
            let banner = if role.is_none() {
                banner.action("Import…")
            } else {
                banner
            };
            if banner.show(ui) {
                dialogs.signed = Some(Signed::new(one));
            }
        }
        match found {
            Some((first, len)) => facts(ui, cx, first, len),
            None => {
                ui.add_space(space::S);
                ui.body("There is none");
                ui.add_space(space::XS);
                ui.horizontal(|ui| {
                    let why = role.as_deref().unwrap_or_default();
                    if ui
                        .add(
                            Button::secondary("Make…")
                                .small()
                                .enabled_if(role.is_none(), why),
                        )
                        .clicked()
                    {
                        dialogs.make = Some(Make::new(one, ""));
                    }
                    if ui
                        .add(
                            Button::secondary("Import…")
                                .small()
                                .enabled_if(role.is_none(), why),
                        )
                        .clicked()
                    {
                        dialogs.import = Some(Import::new(one));
                    }
                });
            }
        }
    });
}

fn facts(ui: &mut Ui, cx: &Cx<'_>, first: &Certificate, len: usize) {
    let summary = first.summary();
    validity(ui, cx.now_ms, summary.not_before_ms, summary.not_after_ms);
    ui.add_space(space::S);
    keys(ui, |ui| {
        stacked(ui, "Subject", &text::clean(&summary.subject));
        let issuer = if summary.issuer == summary.subject {
            "Itself (self-signed)".to_owned()
        } else {
            text::clean(&summary.issuer)
        };
        stacked(ui, "Issuer", &issuer);
        key_text(ui, "Key", &summary.key, false, false);
        let names: Vec<String> = summary
            .alt_names
            .iter()
            .map(|(kind, name)| format!("{kind} {name}"))
            .collect();
        if names.is_empty() {
            key_text(ui, "Also named", "Nothing else", false, false);
        } else {
            key_text(
                ui,
                "Also named",
                &text::clean(&names.join(", ")),
                false,
                true,
            );
        }
        let chain = if len == 1 {
            "This one alone".to_owned()
        } else {
            format!("{len} certificates")
        };
        key_text(ui, "Chain", &chain, false, false);
        key_text(
            ui,
            "Serial number",
            &text::clean(&summary.serial_number),
            true,
            true,
        );
    });
}

/// A name above its value: names of certificates are long.
fn stacked(ui: &mut Ui, name: &str, value: &str) {
    ui.quiet(name);
    ui.horizontal(|ui| {
        ui.set_min_height(size::CONTROL_SMALL);
        copyable(ui, Text::Body, value, name);
    });
}

fn entries(
    ui: &mut Ui,
    one: CertificateUse,
    own: &OwnCertificate,
    role: Option<&str>,
    pem: Option<&str>,
    dialogs: &mut OwnDialogs,
) {
    let present = own
        .certificate()
        .and_then(|(chain, _)| chain.first())
        .map(|first| first.summary().subject);
    let item = |ui: &mut Ui, icon, word: &str, fits: bool| {
        ui.scope(|ui| {
            if role.is_some() || !fits {
                ui.disable();
            }
            let why = role.unwrap_or("There is nothing to do it with");
            let response = menu_item(ui, Some(icon), word, "");
            response.on_disabled_hover_text(why).clicked()
        })
        .inner
    };
    let pending = own.pending_key().is_some();
    if item(ui, Icon::FilePlus2, "Make or request…", true) {
        dialogs.make = Some(Make::new(one, present.as_deref().unwrap_or_default()));
    }
    if item(ui, Icon::FileCheck2, "Import the answer…", pending) {
        dialogs.signed = Some(Signed::new(one));
    }
    if item(ui, Icon::Upload, "Import with its key…", true) {
        dialogs.import = Some(Import::new(one));
    }
    if let Some(pem) = pem
        && menu_item(ui, Some(Icon::Copy), "Copy as PEM", "").clicked()
    {
        ui.copy_text(pem.to_owned());
    }
    menu_rule(ui);
    if item(ui, Icon::Trash2, "Remove…", present.is_some() || pending) {
        dialogs.remove = Some((one, ConfirmName::default()));
    }
}

impl OwnDialogs {
    /// Shows the dialog that is open.
    pub(super) fn show(&mut self, ui: &Ui, cx: &mut Cx<'_>) {
        if let Some(make) = &mut self.make {
            match make.show(ui, cx) {
                Made::Open => {}
                Made::Over => self.make = None,
                Made::Request(written) => {
                    self.make = None;
                    self.written = Some(written);
                }
            }
        }
        if let Some(written) = &mut self.written
            && written.show(ui, cx)
        {
            self.written = None;
        }
        if let Some(signed) = &mut self.signed
            && signed.show(ui, cx)
        {
            self.signed = None;
        }
        if let Some(import) = &mut self.import
            && import.show(ui, cx)
        {
            self.import = None;
        }
        if let Some((one, confirm)) = &mut self.remove {
            let one = *one;
            let loss = "The certificate, its private key and a request that waits are gone; undo does not bring the key back. What needs the certificate stops working.";
            let name = title(one).to_lowercase();
            let heading = format!(
                "Remove the {}",
                if one == CertificateUse::PpCa {
                    title(one)
                } else {
                    &name
                }
            );
            let answer = confirm.show(ui.ctx(), &heading, "Remove", loss, one.as_str());
            if answer == Answer::Confirmed {
                let remove = Call::new(
                    Verb::Delete,
                    Target::Certificates(CertificateTarget::Own(one)),
                );
                act_into(cx, remove, heading, &Slot::<Reply>::default());
            }
            if answer != Answer::Open {
                self.remove = None;
            }
        }
    }
}
