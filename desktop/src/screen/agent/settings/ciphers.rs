//! Which cipher suites the management API takes.

use egui::Ui;
use underpass_shared::config::{CipherSuite, CipherSuites, Document};
use underpass_shared::rights::Access;

use crate::cx::Cx;
use crate::screen::agent::edit::{edit_connector, refused};
use crate::screen::agent::form::{Buffer, Form, foot};
use crate::theme::{State, Text, Themed as _, space};
use crate::widget::{Banner, Words as _, card_titled, checkbox};

/// The card of cipher suites.
#[derive(Default)]
pub(super) struct Ciphers {
    chosen: Buffer<Vec<CipherSuite>>,
}

impl Ciphers {
    pub(super) fn card(&mut self, ui: &mut Ui, cx: &mut Cx<'_>, document: &Document) {
        let configured = document.connector().cipher_suites.as_slice();
        self.chosen.follow(configured.to_vec());
        card_titled(
            ui,
            "Cipher suites",
            |_| {},
            |ui| {
                let mut form = Form::new(refused(cx, Access::Administration));
                ui.paragraph("What clients of the management API may use. All are on by default.");
                ui.add_enabled_ui(form.locked().is_none(), |ui| self.list(ui));
                let next = CipherSuites::try_from(self.chosen.now.clone());
                if let Err(rule) = &next {
                    form.fail(rule.rule.as_str());
                    Banner::new(State::Error, &rule.rule).show(ui);
                }
                if foot(ui, &mut self.chosen, &form, "Save to the draft")
                    && let Ok(next) = next
                {
                    edit_connector(cx, "Change the cipher suites", |fields| {
                        fields.cipher_suites = next;
                        Ok(())
                    });
                }
            },
        );
    }

    fn list(&mut self, ui: &mut Ui) {
        let tokens = ui.tokens();
        ui.spacing_mut().item_spacing.y = space::XXS;
        ui.spacing_mut().interact_size.y = space::XL;
        for suite in CipherSuite::ALL {
            let name = name(suite);
            let on = self.chosen.now.contains(&suite);
            ui.horizontal(|ui| {
                if checkbox(ui, Some(on), &name).clicked() {
                    if on {
                        self.chosen.now.retain(|one| *one != suite);
                    } else {
                        self.chosen.now.push(suite);
                        self.chosen.now.sort_unstable();
                    }
                }
                ui.words(Text::Mono, tokens.text, name.as_str());
            });
        }
    }
}

fn name(suite: CipherSuite) -> String {
    let name = serde_json::to_value(suite).ok();
    name.and_then(|name| name.as_str().map(str::to_owned))
        .unwrap_or_default()
}
