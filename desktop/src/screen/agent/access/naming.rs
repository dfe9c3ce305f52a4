//! The dialog that gives a mapping another virtual address, or a second one.

use egui::{Context, Ui};
use underpass_shared::config::{MappingPart, PortName};
use underpass_shared::host::{Port, VirtualAddress, VirtualHost};

use super::edit::Here;
use super::form::Faults;
use crate::theme::State;
use crate::theme::space;
use crate::widget::{Answer, Banner, Dialog, Field, Words as _};

/// Characters of a port: those of the longest name, such as `sapgw00s`.
pub(super) const PORT_LEN: usize = 8;

/// What the new address is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    Rename,
    Duplicate,
}

/// An address as it is typed.
pub(super) struct Naming {
    pub(super) purpose: Purpose,
    pub(super) of: VirtualAddress,
    host: String,
    port: String,
}

/// Reads a virtual address that must be free.
pub(super) fn read(
    here: &Here<'_>,
    (host, port): (&str, &str),
    faults: &mut Faults,
) -> Option<VirtualAddress> {
    let host = faults.read::<VirtualHost>("virtualHost", host);
    let port = match port.trim().parse::<PortName>() {
        Ok(name) => name.port(),
        Err(_) => faults.read::<Port>("virtualPort", port),
    };
    let address = VirtualAddress {
        host: host?,
        port: port?,
    };
    if here.mapping(&address).is_some() {
        faults.add("virtualHost", format!("{address} is mapped already"));
        return None;
    }
    Some(address)
}

/// The two fields of a virtual address.
pub(super) fn fields(ui: &mut Ui, host: &mut String, port: &mut String, faults: &Faults) -> bool {
    const PORT: f32 = 96.0;
    let (wrong_host, wrong_port) = (faults.of("virtualHost"), faults.of("virtualPort"));
    let mut changed = false;
    ui.horizontal_top(|ui| {
        ui.spacing_mut().item_spacing.x = space::S;
        let room = ui.available_width() - PORT - space::S;
        ui.allocate_ui(egui::vec2(room, 0.0), |ui| {
            let wrong = wrong_host.filter(|_| !host.is_empty());
            let field = Field::new("Virtual host", host)
                .mono()
                .hint("erp")
                .error(wrong.as_deref());
            changed |= field.width(f32::INFINITY).show(ui).changed();
        });
        ui.allocate_ui(egui::vec2(PORT, 0.0), |ui| {
            let wrong = wrong_port.filter(|_| !port.is_empty());
            let field = Field::new("Virtual port", port)
                .mono()
                .limit(PORT_LEN)
                .error(wrong.as_deref());
            changed |= field.width(f32::INFINITY).show(ui).changed();
        });
    });
    changed
}

impl Naming {
    pub(super) fn new(purpose: Purpose, part: &MappingPart) -> Self {
        let VirtualAddress { host, port } = &part.virtual_address;
        let host = match purpose {
            Purpose::Rename => host.to_string(),
            Purpose::Duplicate => format!("{host}-copy"),
        };
        Self {
            purpose,
            of: part.virtual_address.clone(),
            host,
            port: port.get().to_string(),
        }
    }

    /// Shows the dialog; the address when it is taken.
    pub(super) fn ui(
        &mut self,
        ctx: &Context,
        here: &Here<'_>,
    ) -> (Answer, Option<VirtualAddress>) {
        let mut faults = Faults::default();
        let address = read(here, (&self.host, &self.port), &mut faults);
        let (title, action) = match self.purpose {
            Purpose::Rename => ("Change the virtual address", "Change"),
            Purpose::Duplicate => ("Duplicate the mapping", "Duplicate"),
        };
        let same = self.purpose == Purpose::Rename && address.is_none() && {
            let typed = format!("{}:{}", self.host.trim().to_lowercase(), self.port.trim());
            typed == self.of.to_string()
        };
        let shown = if same { &Faults::default() } else { &faults };
        let reason = if same {
            "Type another address first"
        } else {
            "Correct the address first"
        };
        let answer = Dialog::new("naming", title, action)
            .enabled_if(address.is_some(), reason)
            .show(ctx, |ui| {
                ui.spacing_mut().item_spacing.y = space::S;
                match self.purpose {
                    Purpose::Rename => {
                        let text =
                            "Cloud applications that use the old address no longer get through";
                        Banner::new(State::Warn, text).show(ui);
                    }
                    Purpose::Duplicate => {
                        ui.paragraph(format!(
                            "All settings and resources of {} are taken over",
                            self.of
                        ));
                    }
                }
                fields(ui, &mut self.host, &mut self.port, shown);
            });
        (answer, address)
    }
}
