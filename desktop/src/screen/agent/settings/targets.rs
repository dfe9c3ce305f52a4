//! Guarded addresses that mappings may lead to.

use egui::{Align, Layout, Ui};
use lucide_icons::Icon;
use underpass_shared::config::Document;
use underpass_shared::policy::target::TargetRule;
use underpass_shared::rights::Access;

use crate::cx::Cx;
use crate::screen::agent::edit::{edit_connector, refused};
use crate::screen::agent::form::Form;
use crate::theme::{self, Themed as _, size};
use crate::widget::{Button, IconButton, Words as _, card_titled};

const MEANING: &str = "Loopback, link-local and metadata addresses and the agent's own ports are \
                       guarded: services there often trust whoever calls them. System mappings, \
                       webhooks and uploads lead to them only where they stand here.";

/// The card of allowed targets.
#[derive(Default)]
pub(super) struct TargetsCard {
    target: String,
}

impl TargetsCard {
    pub(super) fn card(&mut self, ui: &mut Ui, cx: &mut Cx<'_>, document: &Document) {
        card_titled(
            ui,
            "Allowed targets",
            |_| {},
            |ui| {
                let known = document.connector().allowed_targets();
                let mut form = Form::new(refused(cx, Access::Administration));
                ui.paragraph(MEANING);
                for target in known {
                    row(ui, cx, *target, form.locked());
                }
                let target = form.read(
                    ui,
                    "Address to allow",
                    &mut self.target,
                    |field| field.mono().hint("127.0.0.1:8080").width(f32::INFINITY),
                    |text| match text.parse::<TargetRule>() {
                        Ok(target) if known.contains(&target) => Err("is allowed already".into()),
                        Ok(target) => Ok(target),
                        Err(rule) => Err(rule.to_string()),
                    },
                );
                self.add(ui, cx, &form, target);
            },
        );
    }

    fn add(&mut self, ui: &mut Ui, cx: &mut Cx<'_>, form: &Form, target: Option<TargetRule>) {
        ui.horizontal(|ui| {
            ui.set_min_height(size::CONTROL);
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                let reason = form.problem();
                let button = Button::secondary("Allow target").icon(Icon::Plus);
                let clicked = ui
                    .add(button.enabled_if(reason.is_none(), reason.unwrap_or_default()))
                    .clicked();
                if let (true, Some(target)) = (clicked, target) {
                    edit_connector(cx, format!("Allow the target {target}"), move |fields| {
                        fields.allowed_targets.push(target);
                        Ok(())
                    });
                    *self = Self::default();
                }
            });
        });
    }
}

fn row(ui: &mut Ui, cx: &mut Cx<'_>, target: TargetRule, locked: Option<&str>) {
    let tokens = ui.tokens();
    ui.horizontal(|ui| {
        ui.set_min_height(size::CONTROL_SMALL);
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let word = format!("Guard {target} again");
            let button = IconButton::new(Icon::Trash2, &word).small();
            if ui
                .add(button.enabled_if(locked.is_none(), locked.unwrap_or_default()))
                .clicked()
            {
                edit_connector(cx, word.clone(), move |fields| {
                    fields.allowed_targets.retain(|one| *one != target);
                    Ok(())
                });
            }
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                ui.words(theme::Text::Mono, tokens.text, target.to_string());
            });
        });
    });
}
