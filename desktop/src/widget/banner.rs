//! Banners: something about this page that the operator must know.

use egui::{Align, CornerRadius, Frame, Label, Layout, RichText, Role, Stroke, Ui, WidgetInfo};
use lucide_icons::Icon;

use super::{Button, Words as _};
use crate::theme::{State, Text, Themed as _, font, inset, radius, size, space};

/// A line over the page's width, in the colour of a state.
#[must_use = "a banner is shown by `show`"]
#[derive(Debug)]
pub struct Banner<'a> {
    state: State,
    text: &'a str,
    detail: &'a str,
    action: Option<&'a str>,
}

impl<'a> Banner<'a> {
    /// A banner in the colour of a state.
    pub fn new(state: State, text: &'a str) -> Self {
        Self {
            state,
            text,
            detail: "",
            action: None,
        }
    }

    /// More about it, below.
    pub fn detail(mut self, detail: &'a str) -> Self {
        self.detail = detail;
        self
    }

    /// What can be done about it.
    pub fn action(mut self, action: &'a str) -> Self {
        self.action = Some(action);
        self
    }

    /// Shows the banner; true when the action was taken.
    pub fn show(self, ui: &mut Ui) -> bool {
        let tokens = ui.tokens();
        let color = tokens.state(self.state);
        let icon = match self.state {
            State::Ok => Icon::CircleCheck,
            State::Warn | State::Error => Icon::TriangleAlert,
            State::Info | State::Off => Icon::Info,
            State::Pending => Icon::LoaderCircle,
        };
        let shown = Frame::new()
            .fill(tokens.state_fill(self.state))
            .stroke(Stroke::new(size::LINE, color.gamma_multiply(0.45)))
            .corner_radius(CornerRadius::same(radius::CARD))
            .inner_margin(inset::BANNER)
            .show(ui, |ui| {
                let mut taken = false;
                ui.horizontal(|ui| {
                    ui.set_width(ui.available_width());
                    ui.set_min_height(size::CONTROL_SMALL);
                    ui.icon(icon, size::ICON, color);
                    ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                        if let Some(action) = self.action {
                            taken = ui.add(Button::secondary(action).small()).clicked();
                            ui.add_space(space::S);
                        }
                        if self.detail.is_empty() {
                            let text = RichText::new(self.text)
                                .font(font(Text::Strong))
                                .color(tokens.text);
                            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                                ui.add(Label::new(text).wrap())
                            });
                            return;
                        }
                        ui.with_layout(Layout::top_down(Align::Min), |ui| {
                            ui.spacing_mut().item_spacing.y = space::XXS;
                            let text = RichText::new(self.text)
                                .font(font(Text::Strong))
                                .color(tokens.text);
                            ui.add(Label::new(text).wrap());
                            let text = RichText::new(self.detail)
                                .font(font(Text::Small))
                                .color(tokens.text_2);
                            ui.add(Label::new(text).wrap());
                        });
                    });
                });
                taken
            });
        shown
            .response
            .widget_info(|| WidgetInfo::labeled(Role::Alert, true, self.text));
        shown.inner
    }
}
