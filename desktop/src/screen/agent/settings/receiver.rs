//! One receiver of alerts in its card: its name, whether it is on, and what can be done with it.

use egui::{Align, Layout, Ui};
use lucide_icons::Icon;

use crate::text;
use crate::theme::{State, size};
use crate::widget::{IconButton, Words as _, pill};

/// What is done with a receiver.
#[derive(Clone, Copy)]
pub(super) enum Wish {
    Edit,
    Switch,
    Remove,
}

/// A receiver as its row names it.
pub(super) struct Receiver<'a> {
    /// What it is, such as “webhook”.
    pub(super) what: &'a str,
    pub(super) name: &'a str,
    pub(super) enabled: bool,
}

impl Receiver<'_> {
    /// Shows the row; `why` tells why nothing can be done, `more` stands behind the name.
    pub(super) fn row(
        &self,
        ui: &mut Ui,
        why: Option<&str>,
        more: impl FnOnce(&mut Ui),
    ) -> Option<Wish> {
        let name = text::clean(self.name);
        let (switch, state, word) = if self.enabled {
            ("Switch off", State::Ok, "On")
        } else {
            ("Switch on", State::Off, "Off")
        };
        let actions = [
            (Icon::Trash2, "Remove", Wish::Remove),
            (Icon::Power, switch, Wish::Switch),
            (Icon::Pencil, "Edit", Wish::Edit),
        ];
        let mut wish = None;
        ui.horizontal(|ui| {
            ui.set_min_height(size::CONTROL_SMALL);
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                for (icon, verb, wanted) in actions {
                    let word = format!("{verb} {} {name}", self.what);
                    let button = IconButton::new(icon, &word).small();
                    let button = button.enabled_if(why.is_none(), why.unwrap_or_default());
                    if ui.add(button).clicked() {
                        wish = Some(wanted);
                    }
                }
                pill(ui, state, word);
                ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                    ui.bold(name.as_str());
                    more(ui);
                });
            });
        });
        wish
    }
}
