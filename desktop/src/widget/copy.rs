//! Values that can be copied.

use egui::{Response, Ui};
use lucide_icons::Icon;

use super::{IconButton, Words as _};
use crate::theme::{Text, Themed as _, size, space};

/// How long the button shows that the value was copied, in seconds.
const SHOWN: f64 = 1.5;

/// Copies a value; `name` says which.
pub fn copy_button(ui: &mut Ui, value: &str, name: &str) -> Response {
    let id = ui.make_persistent_id(("copied", name, value.len()));
    let now = ui.input(|input| input.time);
    let copied = ui
        .data(|data| data.get_temp::<f64>(id))
        .is_some_and(|at| now - at < SHOWN);
    let (icon, word) = if copied {
        (Icon::Check, "Copied".to_owned())
    } else {
        (Icon::Copy, format!("Copy {}", name.to_lowercase()))
    };
    let response = ui.add(IconButton::new(icon, &word).small());
    if response.clicked() {
        ui.copy_text(value.to_owned());
        ui.data_mut(|data| data.insert_temp(id, now));
        ui.request_repaint_after_secs(1.6);
    }
    response
}

/// A value with its button; the value is cut before the button is.
pub fn copyable(ui: &mut Ui, role: Text, value: &str, name: &str) {
    ui.spacing_mut().item_spacing.x = space::XS;
    let room = ui.available_width() - size::CONTROL_SMALL - space::XS;
    ui.scope(|ui| {
        ui.set_max_width(room.max(0.0));
        ui.words(role, ui.tokens().text, value);
    });
    copy_button(ui, value, name);
}
