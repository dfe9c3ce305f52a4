//! Gateways by name, offered where a region host is asked for.

use egui::{Align, Layout, Ui};
use lucide_icons::Icon;
use underpass_shared::config::limits::DISPLAY_NAME_LEN_MAX;
use underpass_shared::config::{Document, Region, Regions, Text};
use underpass_shared::id::RegionHost;
use underpass_shared::rights::Access;

use crate::cx::Cx;
use crate::screen::agent::edit::{edit, refused, with_connector};
use crate::screen::agent::form::{Form, pair};
use crate::text;
use crate::theme::{self, State, Themed as _, size};
use crate::widget::{Banner, Button, IconButton, Words as _, card_titled};

/// The card of regions.
#[derive(Default)]
pub(super) struct RegionsCard {
    name: String,
    host: String,
}

impl RegionsCard {
    pub(super) fn card(&mut self, ui: &mut Ui, cx: &mut Cx<'_>, document: &Document) {
        card_titled(
            ui,
            "Regions",
            |_| {},
            |ui| {
                let known = document.connector().regions.as_slice();
                let mut form = Form::new(refused(cx, Access::Administration));
                if known.is_empty() {
                    ui.paragraph("Names for gateways, offered where a region host is asked for. There are none of your own.");
                }
                for region in known {
                    row(ui, cx, region, form.locked());
                }
                let (mut name, mut host) = (None, None);
                pair(ui, |ui, at, _| match at {
                    0 => {
                        name = form.text::<Text<DISPLAY_NAME_LEN_MAX>>(
                            ui,
                            "Region name",
                            &mut self.name,
                            |field| field.hint("Europe (Frankfurt)").width(f32::INFINITY),
                        );
                    }
                    _ => {
                        host =
                            form.text::<RegionHost>(ui, "Region host", &mut self.host, |field| {
                                field
                                    .mono()
                                    .hint("connect.eu10.example.com")
                                    .width(f32::INFINITY)
                            });
                    }
                });
                let next = name.zip(host).map(|(name, region_host)| {
                    let one = Region { name, region_host };
                    let all = known.iter().cloned().chain([one]).collect::<Vec<_>>();
                    Regions::try_from(all)
                });
                if let Some(Err(rule)) = &next {
                    form.fail(rule.rule.as_str());
                    Banner::new(State::Error, &rule.rule).show(ui);
                }
                self.add(ui, cx, &form, next.and_then(Result::ok));
            },
        );
    }

    fn add(&mut self, ui: &mut Ui, cx: &mut Cx<'_>, form: &Form, next: Option<Regions>) {
        ui.horizontal(|ui| {
            ui.set_min_height(size::CONTROL);
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                let reason = form.problem();
                let button = Button::secondary("Add region").icon(Icon::Plus);
                let clicked = ui
                    .add(button.enabled_if(reason.is_none(), reason.unwrap_or_default()))
                    .clicked();
                if let (true, Some(regions)) = (clicked, next) {
                    let what = format!("Add region {}", self.name.trim());
                    edit(cx, what, move |document| {
                        with_connector(document, |fields| {
                            fields.regions = regions;
                            Ok(())
                        })
                    });
                    *self = Self::default();
                }
            });
        });
    }
}

fn row(ui: &mut Ui, cx: &mut Cx<'_>, region: &Region, locked: Option<&str>) {
    let tokens = ui.tokens();
    let name = text::clean(&region.name);
    ui.horizontal(|ui| {
        ui.set_min_height(size::CONTROL_SMALL);
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let word = format!("Remove region {name}");
            let button = IconButton::new(Icon::Trash2, &word).small();
            if ui
                .add(button.enabled_if(locked.is_none(), locked.unwrap_or_default()))
                .clicked()
            {
                let host = region.region_host.clone();
                edit(cx, word.clone(), move |document| {
                    let mut all: Vec<Region> = document.connector().regions.clone().into();
                    all.retain(|one| one.region_host != host);
                    let all = Regions::try_from(all)?;
                    with_connector(document, |fields| {
                        fields.regions = all;
                        Ok(())
                    })
                });
            }
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                ui.body(name.as_str());
                ui.words(
                    theme::Text::Mono,
                    tokens.text_3,
                    text::clean(&region.region_host.to_string()),
                );
            });
        });
    });
}
