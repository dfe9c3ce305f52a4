//! The wizard that adds a mapping.

use egui::{Context, Ui};
use underpass_shared::config::{
    BackendType, Invalid, Mapping, MappingFields, Protocol, ProtocolFamily, Resource,
};
use underpass_shared::host::VirtualAddress;

use super::edit::Here;
use super::form::{Faults, Form};
use super::naming;
use super::resources::Entry;
use super::settings::Editing;
use super::words::{
    BACKENDS, backend, judge, port, principal, protocol, protocols, reach, sentence,
};
use crate::theme::{State, Text, Themed as _, space};
use crate::widget::{Banner, Turn, Wizard, Words as _, key_text, keys, option_card, segmented};

const STEPS: [&str; 4] = ["Back end", "Addresses", "Access", "Summary"];

/// A mapping that is being made.
pub(super) struct Add {
    step: usize,
    form: Form,
    host: String,
    port: String,
    /// Whether the virtual address is still that of the internal one.
    follows: bool,
    entry: Entry,
}

impl Default for Add {
    fn default() -> Self {
        Self {
            step: 0,
            form: Form::empty(BackendType::Abap, Protocol::Https),
            host: String::new(),
            port: port(Protocol::Https).to_owned(),
            follows: true,
            entry: Entry::default(),
        }
    }
}

impl Add {
    fn family(&self) -> ProtocolFamily {
        self.form.protocol.family()
    }

    fn has_paths(&self) -> bool {
        matches!(self.family(), ProtocolFamily::Http | ProtocolFamily::Rfc)
    }

    /// The first resource; nothing where none was typed.
    fn resource(&self) -> Result<Option<Resource>, Invalid> {
        if !self.has_paths() || self.entry.path.trim().is_empty() {
            return Ok(None);
        }
        self.entry.read().map(Some)
    }

    fn settings(&self, here: &Here<'_>) -> Result<MappingFields, Faults> {
        let mut faults = Faults::default();
        let address = naming::read(here, (&self.host, &self.port), &mut faults);
        let stand_in = || "x:1".parse::<VirtualAddress>().ok();
        let Some(known) = address.clone().or_else(stand_in) else {
            return Err(faults);
        };
        let form = self.form.clone().with_virtual_port(&self.port);
        match form.read(&known) {
            Ok(fields) if address.is_some() => Ok(fields),
            Ok(_) => Err(faults),
            Err(more) => Err(faults.with(more)),
        }
    }

    fn whole(&self, here: &Here<'_>) -> Result<Mapping, Faults> {
        let mut fields = self.settings(here)?;
        fields.resources.extend(self.resource()?);
        Ok(Mapping::try_from(fields)?)
    }

    /// Shows the wizard. The mapping, when it is made; nothing more when it is left.
    pub(super) fn ui(&mut self, ctx: &Context, here: &Here<'_>) -> (Turn, Option<Mapping>) {
        let settings = self.settings(here);
        let whole = self.whole(here);
        let reason = match (self.step, &settings, &whole) {
            (1, Err(faults), _) | (3, _, Err(faults)) => faults.first().unwrap_or_default(),
            (2, _, Err(faults)) => faults.first().unwrap_or_default(),
            _ => String::new(),
        };
        let faults = whole.as_ref().err().cloned().unwrap_or_default();
        let last = self.step + 1 == STEPS.len();
        let wizard = Wizard::new("add mapping", "Add mapping", &STEPS, self.step);
        let wizard = wizard.next(if last { "Add to the draft" } else { "Continue" });
        let turn = wizard
            .enabled_if(reason.is_empty(), &reason)
            .show(ctx, |ui| {
                ui.spacing_mut().item_spacing.y = space::M;
                match self.step {
                    0 => self.kind(ui),
                    1 => self.addresses(ui, &faults),
                    2 => self.access(ui, &faults),
                    _ => {
                        if let Ok(mapping) = &whole {
                            overview(ui, mapping);
                        }
                    }
                }
            });
        match turn {
            Turn::Next if last => return (turn, whole.ok()),
            Turn::Next => self.step += 1,
            Turn::Back => self.step = self.step.saturating_sub(1),
            Turn::Stay | Turn::Cancel => {}
        }
        (turn, None)
    }

    fn kind(&mut self, ui: &mut Ui) {
        const COLUMNS: usize = 3;
        let before = self.form.protocol;
        let width = (ui.available_width() - 2.0 * space::S) / COLUMNS as f32;
        ui.spacing_mut().item_spacing = egui::vec2(space::S, space::S);
        for row in BACKENDS.chunks(COLUMNS) {
            ui.horizontal(|ui| {
                for kind in row {
                    let names: Vec<&str> = protocols(*kind).into_iter().map(protocol).collect();
                    let on = self.form.backend == *kind;
                    if option_card(ui, on, backend(*kind), &names.join(", "), width) {
                        self.form.backend = *kind;
                        self.form.fit();
                    }
                }
            });
        }
        ui.add_space(space::XS);
        ui.words(Text::Caption, ui.tokens().text_2, "Protocol");
        let known: Vec<_> = protocols(self.form.backend)
            .into_iter()
            .map(|one| (one, protocol(one)))
            .collect();
        segmented(ui, "Protocol", &mut self.form.protocol, &known);
        if self.form.protocol != before {
            self.form.fit();
            port(self.form.protocol).clone_into(&mut self.form.port);
            if self.follows {
                self.port.clone_from(&self.form.port);
            }
        }
    }

    fn addresses(&mut self, ui: &mut Ui, faults: &Faults) {
        // Nothing is wrong with what nobody typed yet.
        let blank = Faults::default();
        let shown = if self.form.host.is_empty() {
            &blank
        } else {
            faults
        };
        ui.paragraph("Where the system is in your network");
        let mut editing = Editing {
            form: &mut self.form,
            faults: shown,
            refused: None,
            changed: None,
        };
        editing.internal(ui);
        if editing.changed.is_some() && self.follows {
            self.host = self.form.host.trim().to_lowercase();
            self.port.clone_from(&self.form.port);
        }
        ui.add_space(space::XS);
        ui.paragraph("What cloud applications call it. It need not exist anywhere, and should tell nothing of your network");
        if naming::fields(ui, &mut self.host, &mut self.port, faults) {
            self.follows = false;
        }
    }

    fn access(&mut self, ui: &mut Ui, faults: &Faults) {
        egui::ScrollArea::vertical().id_salt("add access").auto_shrink([false, true]).show(ui, |ui| {
            let inside = egui::Frame::new().inner_margin(egui::Margin { left: 0, right: 12, top: 0, bottom: 0 });
            inside.show(ui, |ui| {
                ui.spacing_mut().item_spacing.y = space::M;
                let mut editing = Editing { form: &mut self.form, faults, refused: None, changed: None };
                editing.principal(ui);
                editing.rfc(ui);
                if self.has_paths() {
                    ui.bold("First resource");
                    let wrong = self.resource().err();
                    self.entry.fields(ui, self.family(), wrong.as_ref());
                } else {
                    let text = "This protocol has no paths: whoever reaches the virtual system reaches all of it";
                    Banner::new(State::Warn, text).show(ui);
                }
                let mut editing = Editing { form: &mut self.form, faults, refused: None, changed: None };
                editing.notes(ui);
            });
        });
    }
}

fn overview(ui: &mut Ui, mapping: &Mapping) {
    keys(ui, |ui| {
        let kind = format!(
            "{}, {}",
            backend(mapping.backend_type),
            protocol(mapping.protocol)
        );
        key_text(ui, "Back end", &kind, false, false);
        key_text(
            ui,
            "Virtual system",
            &mapping.virtual_address.to_string(),
            true,
            false,
        );
        key_text(
            ui,
            "Internal system",
            &mapping.internal_address.to_string(),
            true,
            false,
        );
        if mapping.further_ports > 0 {
            key_text(
                ui,
                "Further ports",
                &mapping.further_ports.to_string(),
                false,
                false,
            );
        }
        key_text(
            ui,
            "Principal type",
            principal(mapping.authentication_mode),
            false,
            false,
        );
        for one in &mapping.resources {
            let words = format!("{}, {}", one.path, reach(one).to_lowercase());
            key_text(ui, "Resource", &words, true, false);
        }
        if !mapping.description.is_empty() {
            key_text(ui, "Description", &mapping.description, false, false);
        }
    });
    if let (_, Some(why)) = judge(mapping) {
        Banner::new(State::Warn, &sentence(&why)).show(ui);
    }
    ui.paragraph("Nothing is open before you review and apply the draft.");
}
