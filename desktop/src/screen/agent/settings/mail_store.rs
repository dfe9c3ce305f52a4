//! Which certificates of mail servers, webhooks and syslog servers are trusted.

use egui::{Align, Layout, Ui};
use lucide_icons::Icon;
use underpass_shared::config::{Document, TrustedCertificate};
use underpass_shared::rights::Access;

use crate::cx::Cx;
use crate::screen::agent::edit::{edit_connector, refused};
use crate::screen::agent::trust::{Add, Store};
use crate::text;
use crate::theme::{Text, Themed as _, size};
use crate::widget::{Button, IconButton, Words as _, card_titled, days_word, ending, pill};

/// The card of the store.
#[derive(Default)]
pub(super) struct MailStore {
    add: Option<Add>,
}

impl MailStore {
    pub(super) fn card(&mut self, ui: &mut Ui, cx: &mut Cx<'_>, document: &Document) {
        let locked = refused(cx, Access::Connector);
        let locked = locked.as_deref();
        let all = document.connector().email_trust.as_slice();
        let mut adds = false;
        card_titled(
            ui,
            "Trusted receivers",
            |ui| {
                let button = Button::secondary("Add certificate…")
                    .icon(Icon::Plus)
                    .small();
                let button = button.enabled_if(locked.is_none(), locked.unwrap_or_default());
                adds = ui.add(button).clicked();
            },
            |ui| {
                ui.paragraph("Certificates that mail servers, webhooks and syslog servers may show, beside those that the host trusts.");
                if all.is_empty() {
                    ui.quiet("None of your own");
                }
                for one in all {
                    row(ui, cx, one, locked);
                }
            },
        );
        if adds {
            self.add = Some(Add::to(Store::Delivery));
        }
    }

    /// Shows what stands above the page.
    pub(super) fn dialogs(&mut self, ui: &Ui, cx: &mut Cx<'_>) {
        if self.add.as_mut().is_some_and(|add| add.show(ui, cx)) {
            self.add = None;
        }
    }
}

fn row(ui: &mut Ui, cx: &mut Cx<'_>, one: &TrustedCertificate, locked: Option<&str>) {
    let tokens = ui.tokens();
    let summary = one.certificate.summary();
    let name = text::clean(one.alias.as_str());
    ui.horizontal(|ui| {
        ui.set_min_height(size::CONTROL_SMALL);
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let word = format!("Remove {name}");
            let button = IconButton::new(Icon::Trash2, &word).small();
            let button = button.enabled_if(locked.is_none(), locked.unwrap_or_default());
            if ui.add(button).clicked() {
                let alias = one.alias.clone();
                let what = format!("Trust the receiver {name} no more");
                edit_connector(cx, what, move |fields| {
                    let mut all: Vec<TrustedCertificate> = fields.email_trust.clone().into();
                    all.retain(|one| one.alias != alias);
                    fields.email_trust = all.try_into()?;
                    Ok(())
                });
            }
            let ends = days_word(cx.now_ms, summary.not_after_ms);
            pill(ui, ending(cx.now_ms, summary.not_after_ms), &ends);
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                ui.bold(name.as_str());
                ui.words(Text::Small, tokens.text_3, text::clean(&summary.subject));
            });
        });
    });
}
