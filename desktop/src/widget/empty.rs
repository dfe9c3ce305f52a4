//! Pages and lists with nothing in them, and those that are still being fetched.

use egui::{CornerRadius, Rect, Role, Sense, Ui, Vec2, WidgetInfo};
use lucide_icons::Icon;

use super::{Button, Words as _};
use crate::theme::{Text, Themed as _, radius, size, space};

/// What a page says when there is nothing: what it is for, and the one thing to do.
#[derive(Debug)]
pub struct Empty<'a> {
    /// A picture of what is missing.
    pub icon: Icon,
    /// What is missing.
    pub title: &'a str,
    /// What one would find here.
    pub text: &'a str,
    /// What to do about it.
    pub action: Option<&'a str>,
}

impl Empty<'_> {
    /// Shows it in the middle of the room that is left; true when the action was taken.
    pub fn show(&self, ui: &mut Ui) -> bool {
        let tokens = ui.tokens();
        let room = ui.available_height();
        let height = 150.0
            + if self.action.is_some() {
                size::CONTROL
            } else {
                0.0
            };
        let mut taken = false;
        ui.vertical_centered(|ui| {
            ui.add_space(((room - height) / 2.0).clamp(space::XXL, 220.0));
            ui.icon(self.icon, size::ICON_LARGE, tokens.text_3);
            ui.add_space(space::XS);
            ui.words(Text::Title, tokens.text, self.title);
            ui.scope(|ui| {
                ui.set_max_width(size::DIALOG);
                let text = egui::RichText::new(self.text)
                    .font(crate::theme::font(Text::Body))
                    .color(tokens.text_3);
                ui.add(egui::Label::new(text).wrap().halign(egui::Align::Center));
            });
            if let Some(action) = self.action {
                ui.add_space(space::S);
                taken = ui.add(Button::primary(action)).clicked();
            }
            ui.add_space(space::XL);
        });
        taken
    }
}

/// Grey bars in the place of rows that are being fetched. They do not move: moving costs power.
pub fn skeleton(ui: &mut Ui, rows: usize) {
    let tokens = ui.tokens();
    for row in 0..rows {
        let (rect, response) = ui.allocate_exact_size(
            Vec2::new(ui.available_width(), size::ROW_COMPACT),
            Sense::hover(),
        );
        if row == 0 {
            response.widget_info(|| WidgetInfo::labeled(Role::Status, true, "Loading"));
        }
        let share = [0.62, 0.48, 0.7, 0.4][row % 4];
        let bar = Rect::from_min_size(
            egui::pos2(rect.left(), rect.center().y - 5.0),
            Vec2::new(rect.width() * share, 10.0),
        );
        ui.painter()
            .rect_filled(bar, CornerRadius::same(radius::CONTROL - 1), tokens.pressed);
    }
}
