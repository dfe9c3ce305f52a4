//! The subaccounts of a backup and their mappings, to choose from.

use std::sync::Arc;

use egui::{Align, Layout, Ui};
use lucide_icons::Icon;
use underpass_fleet::backup::configuration;
use underpass_fleet::command::{Command, Trial};
use underpass_fleet::remote::Remote;
use underpass_fleet::slot::Slot;
use underpass_fleet::snapshot::Configuration;
use underpass_shared::config::{Document, MappingPart, Subaccount, SubaccountKey};
use underpass_shared::id::AgentId;
use underpass_shared::restore::Choice;

use super::opening::{Archive, Opening};
use super::picked::Picked;
use crate::cx::Cx;
use crate::screen::agent::edit::name_of;
use crate::screen::filtered::filtered;
use crate::text;
use crate::theme::{State, Text, Themed as _, size, space};
use crate::widget::{Banner, Button, IconButton, Words as _, card, checkbox, segmented, skeleton};

/// What is to be restored of the subaccounts.
#[derive(Default)]
pub(super) struct Contents {
    /// Whether one chooses from them.
    some: bool,
    /// The archive whose configuration is shown.
    of: Option<Arc<Archive>>,
    found: Slot<Configuration>,
    picked: Option<Picked>,
    /// The subaccount whose mappings are shown.
    open: Option<SubaccountKey>,
    filter: String,
}

impl Contents {
    /// Puts what is meant into a choice, or says what is missing.
    pub(super) fn put(&self, choice: &mut Choice) -> Result<(), &'static str> {
        if !self.some {
            return Ok(());
        }
        match (self.found.get().value(), &self.picked) {
            (Some(found), Some(picked)) => picked.put(&found.document, choice),
            (Some(_) | None, _) => Err("Read what is in the backup first"),
        }
    }

    /// Shows the card.
    pub(super) fn ui(&mut self, ui: &mut Ui, cx: &mut Cx<'_>, agent: AgentId, opening: &Opening) {
        let archive = opening.archive();
        let same = match (&archive, &self.of) {
            (Some(one), Some(other)) => Arc::ptr_eq(one, other),
            (None, _) | (_, None) => false,
        };
        if !same && self.of.is_some() {
            self.of = None;
            self.found.clear();
            self.picked = None;
        }
        card(ui, |ui| {
            ui.title("Which subaccounts");
            let ways = [(false, "All of the backup"), (true, "Choose…")];
            segmented(ui, "Which subaccounts", &mut self.some, &ways);
            if !self.some {
                ui.quiet("With all their system mappings");
                return;
            }
            ui.quiet("What is not chosen stays as it is here");
            let found = self.found.get();
            match &*found {
                Remote::Loading { .. } => skeleton(ui, 3),
                Remote::Ready(stamped) => self.list(ui, &stamped.value.document),
                Remote::NotRequested | Remote::Unavailable { .. } => {
                    if let Some(reason) = found.reason() {
                        Banner::new(State::Error, "It could not be read")
                            .detail(&text::sentence(reason))
                            .show(ui);
                    }
                    self.read(ui, cx, agent, opening);
                }
            }
        });
    }

    /// The button that has the agent open the file.
    fn read(&mut self, ui: &mut Ui, cx: &mut Cx<'_>, agent: AgentId, opening: &Opening) {
        let ready = opening.ready();
        let reason = ready.as_ref().err().copied().unwrap_or_default();
        let button = Button::secondary("Read what is in it").icon(Icon::ListTree);
        if ui
            .add(button.enabled_if(reason.is_empty(), reason))
            .clicked()
            && let Ok((archive, opener)) = ready
        {
            let call = configuration(archive.path.clone(), &opener);
            self.of = Some(archive);
            self.picked = None;
            cx.send(Command::Try(Trial::ask(agent, call, &self.found)));
        }
    }

    fn list(&mut self, ui: &mut Ui, document: &Document) {
        if document.subaccounts().is_empty() {
            ui.quiet("There is no subaccount in it");
        }
        let mut picked = self.picked.take().unwrap_or_else(|| Picked::all(document));
        ui.spacing_mut().item_spacing.y = space::XS;
        for one in document.subaccounts() {
            self.row(ui, one, &mut picked);
            if self.open.as_ref() == Some(one.key()) {
                self.mappings(ui, one, &mut picked);
            }
        }
        self.picked = Some(picked);
    }

    fn row(&mut self, ui: &mut Ui, one: &Subaccount, picked: &mut Picked) {
        let (key, name) = (one.key(), name_of(one.own()));
        let is_open = self.open.as_ref() == Some(key);
        ui.horizontal(|ui| {
            ui.spacing_mut().item_spacing.x = space::S;
            ui.set_min_height(size::CONTROL_SMALL);
            let box_name = format!("Subaccount {name}");
            if checkbox(ui, picked.of(key), &box_name).clicked() {
                picked.turn(key);
            }
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                let all = one.mappings().len();
                if all > 0 {
                    let (icon, verb) = if is_open {
                        (Icon::ChevronUp, "Hide")
                    } else {
                        (Icon::ChevronDown, "Show")
                    };
                    let label = format!("{verb} the mappings of {name}");
                    if ui.add(IconButton::new(icon, &label).small()).clicked() {
                        self.open = (!is_open).then(|| key.clone());
                        self.filter.clear();
                    }
                }
                let some = text::count(picked.count(one));
                ui.quiet(format!("{some} of {}", text::plural(all, "mapping")));
                ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                    let place = text::clean(&key.to_string());
                    ui.bold(name.as_str())
                        .on_hover_text(place.trim_end_matches('/'));
                    if !key.location_id.as_str().is_empty() {
                        ui.quiet(text::clean(key.location_id.as_str()));
                    }
                });
            });
        });
    }

    fn mappings(&mut self, ui: &mut Ui, one: &Subaccount, picked: &mut Picked) {
        const INDENT: f32 = 24.0;
        let key = one.key();
        ui.horizontal_top(|ui| {
            ui.spacing_mut().item_spacing.x = 0.0;
            ui.add_space(INDENT);
            ui.vertical(|ui| {
                ui.spacing_mut().item_spacing.y = space::XXS;
                let text_of = |mapping: &Arc<MappingPart>| {
                    let address = &mapping.virtual_address;
                    format!("{address} → {}", mapping.internal_address)
                };
                let (name, all) = ("Filter mappings", one.mappings());
                filtered(ui, name, &mut self.filter, all, text_of, |ui, mapping| {
                    let address = &mapping.virtual_address;
                    ui.horizontal(|ui| {
                        ui.spacing_mut().item_spacing.x = space::S;
                        ui.set_min_height(size::CONTROL_SMALL);
                        let on = picked.has(key, address);
                        if checkbox(ui, Some(on), &format!("Mapping {address}")).clicked() {
                            picked.turn_mapping(one, address);
                        }
                        let shown = text::clean(&text_of(mapping));
                        ui.words(Text::Mono, ui.tokens().text_2, shown.as_str())
                            .on_hover_text(shown);
                    });
                });
            });
        });
    }
}
