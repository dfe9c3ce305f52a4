//! Buttons: the primary action, the others, and those that are an icon alone.

use std::sync::Arc;

use egui::{
    Color32, CornerRadius, Galley, Rect, Response, Role, Sense, Stroke, StrokeKind, Ui, Vec2,
    Widget, WidgetInfo,
};
use lucide_icons::Icon;

use super::{focus_ring, galley, paint_icon};
use crate::theme::{Text, Themed as _, Tokens, radius, size, space};

/// How much a button asks for attention.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The one action of a page or dialog.
    Primary,
    /// Any other action.
    Secondary,
    /// An action inside text or rows, without a frame.
    Ghost,
    /// An action that destroys.
    Danger,
}

/// A button with a word, and perhaps an icon.
#[must_use = "a button is shown by `ui.add`"]
pub struct Button<'a> {
    text: &'a str,
    kind: Kind,
    icon: Option<Icon>,
    trailing: Option<Icon>,
    refused: Option<&'a str>,
    tooltip: Option<&'a str>,
    name: Option<&'a str>,
    small: bool,
    selected: bool,
}

impl<'a> Button<'a> {
    /// A button of a kind.
    pub fn new(kind: Kind, text: &'a str) -> Self {
        Self {
            text,
            kind,
            icon: None,
            trailing: None,
            refused: None,
            tooltip: None,
            name: None,
            small: false,
            selected: false,
        }
    }

    /// The one action of a page or dialog.
    pub fn primary(text: &'a str) -> Self {
        Self::new(Kind::Primary, text)
    }

    /// Any other action.
    pub fn secondary(text: &'a str) -> Self {
        Self::new(Kind::Secondary, text)
    }

    /// An action inside text or rows.
    pub fn ghost(text: &'a str) -> Self {
        Self::new(Kind::Ghost, text)
    }

    /// An action that destroys.
    pub fn danger(text: &'a str) -> Self {
        Self::new(Kind::Danger, text)
    }

    /// An icon before the word.
    pub fn icon(mut self, icon: Icon) -> Self {
        self.icon = Some(icon);
        self
    }

    /// An icon after the word, as menus have it.
    pub fn trailing(mut self, icon: Icon) -> Self {
        self.trailing = Some(icon);
        self
    }

    /// Shown but not usable unless `allowed`; the tooltip then tells `reason`.
    pub fn enabled_if(mut self, allowed: bool, reason: &'a str) -> Self {
        self.refused = (!allowed).then_some(reason);
        self
    }

    /// What the button does, when the word alone does not say it.
    pub fn tooltip(mut self, text: &'a str) -> Self {
        self.tooltip = Some(text);
        self
    }

    /// What screen readers call it, where several have the same word.
    pub fn name(mut self, name: &'a str) -> Self {
        self.name = Some(name);
        self
    }

    /// The size for rows and cards.
    pub fn small(mut self) -> Self {
        self.small = true;
        self
    }

    /// Shown as chosen.
    pub fn selected(mut self, selected: bool) -> Self {
        self.selected = selected;
        self
    }

    fn paint(
        &self,
        ui: &Ui,
        rect: Rect,
        look: &Look,
        text: Arc<Galley>,
        padding: f32,
        (icon_size, gap): (f32, f32),
    ) {
        let corners = CornerRadius::same(radius::CONTROL);
        ui.painter().rect(
            rect,
            corners,
            look.fill,
            Stroke::new(size::LINE, look.border),
            StrokeKind::Inside,
        );
        let mut x = rect.left() + padding;
        if let Some(icon) = self.icon {
            let center = egui::pos2(x + icon_size / 2.0, rect.center().y);
            paint_icon(ui.painter(), icon, center, icon_size, look.icon);
            x += icon_size + gap;
        }
        let top = rect.center().y - text.size().y / 2.0;
        let end = x + text.size().x + gap;
        ui.painter().galley(egui::pos2(x, top), text, look.text);
        if let Some(icon) = self.trailing {
            let center = egui::pos2(end + icon_size / 2.0, rect.center().y);
            paint_icon(ui.painter(), icon, center, icon_size, look.icon);
        }
    }
}

impl Widget for Button<'_> {
    fn ui(self, ui: &mut Ui) -> Response {
        let tokens = ui.tokens();
        let height = if self.small {
            size::CONTROL_SMALL
        } else {
            size::CONTROL
        };
        let icon_size = if self.small {
            size::ICON_SMALL
        } else {
            size::ICON - 1.0
        };
        let role = if self.small {
            Text::Caption
        } else {
            Text::Strong
        };
        let text = galley(
            ui,
            role,
            Color32::PLACEHOLDER,
            self.text,
            ui.available_width().max(size::CONTROL),
        );
        let gap = if self.small {
            space::XS
        } else {
            space::S - 1.0
        };
        let icons = [self.icon, self.trailing].iter().flatten().count() as f32;
        let padding = match (self.kind, self.small) {
            (Kind::Ghost, _) | (_, true) => space::S,
            (_, false) => space::M,
        };
        let width = text.size().x + icons * (icon_size + gap) + 2.0 * padding;
        let enabled = ui.is_enabled() && self.refused.is_none();
        let sense = if enabled {
            Sense::click()
        } else {
            Sense::hover()
        };
        let (rect, mut response) = ui.allocate_exact_size(Vec2::new(width, height), sense);
        response.widget_info(|| {
            WidgetInfo::labeled(Role::Button, enabled, self.name.unwrap_or(self.text))
        });
        if ui.is_rect_visible(rect) {
            let look = look(tokens, self.kind, enabled, self.selected, &response);
            self.paint(ui, rect, &look, text, padding, (icon_size, gap));
            focus_ring(ui, &response, radius::CONTROL);
        }
        if let Some(text) = self.refused.or(self.tooltip) {
            response = response.on_hover_text(text);
        }
        response
    }
}

struct Look {
    fill: Color32,
    border: Color32,
    text: Color32,
    icon: Color32,
}

fn look(tokens: &Tokens, kind: Kind, enabled: bool, selected: bool, response: &Response) -> Look {
    let hovered = response.hovered() || response.has_focus();
    let pressed = response.is_pointer_button_down_on();
    if !enabled {
        let (fill, border) = match kind {
            Kind::Ghost => (Color32::TRANSPARENT, Color32::TRANSPARENT),
            Kind::Primary | Kind::Secondary | Kind::Danger => (tokens.hover, tokens.border),
        };
        let text = tokens.text_off;
        return Look {
            fill,
            border,
            text,
            icon: text,
        };
    }
    let solid = |fill, hover| {
        let fill = if hovered { hover } else { fill };
        let text = tokens.on_accent;
        Look {
            fill,
            border: fill,
            text,
            icon: text,
        }
    };
    let ground = |rest: Color32| match (pressed, hovered, selected) {
        (true, _, _) => tokens.pressed,
        (_, true, _) => tokens.hover,
        (_, _, true) => tokens.selected,
        (false, false, false) => rest,
    };
    match kind {
        Kind::Primary => solid(tokens.accent, tokens.accent_hover),
        Kind::Danger => solid(tokens.danger, tokens.danger_hover),
        Kind::Secondary => Look {
            fill: ground(tokens.surface),
            border: if selected {
                tokens.accent
            } else {
                tokens.border_strong
            },
            text: tokens.text,
            icon: tokens.text_2,
        },
        Kind::Ghost => Look {
            fill: ground(Color32::TRANSPARENT),
            border: Color32::TRANSPARENT,
            text: if selected { tokens.text } else { tokens.text_2 },
            icon: if selected {
                tokens.accent_text
            } else {
                tokens.text_3
            },
        },
    }
}

/// A button that is an icon alone; its name is its tooltip too.
#[must_use = "a button is shown by `ui.add`"]
pub struct IconButton<'a> {
    icon: Icon,
    name: &'a str,
    refused: Option<&'a str>,
    badge: Option<Color32>,
    small: bool,
    selected: bool,
}

impl<'a> IconButton<'a> {
    /// A button with an icon, named for the tooltip and for screen readers.
    pub fn new(icon: Icon, name: &'a str) -> Self {
        Self {
            icon,
            name,
            refused: None,
            badge: None,
            small: false,
            selected: false,
        }
    }

    /// Shown but not usable unless `allowed`; the tooltip then tells `reason`.
    pub fn enabled_if(mut self, allowed: bool, reason: &'a str) -> Self {
        self.refused = (!allowed).then_some(reason);
        self
    }

    /// The size for rows.
    pub fn small(mut self) -> Self {
        self.small = true;
        self
    }

    /// Shown as chosen.
    pub fn selected(mut self, selected: bool) -> Self {
        self.selected = selected;
        self
    }

    /// A dot at the corner: something is new.
    pub fn badge(mut self, color: Option<Color32>) -> Self {
        self.badge = color;
        self
    }
}

impl Widget for IconButton<'_> {
    fn ui(self, ui: &mut Ui) -> Response {
        let tokens = ui.tokens();
        let side = if self.small {
            size::CONTROL_SMALL
        } else {
            size::CONTROL
        };
        let icon = if self.small {
            size::ICON_MEDIUM
        } else {
            size::ICON + 1.0
        };
        let enabled = ui.is_enabled() && self.refused.is_none();
        let sense = if enabled {
            Sense::click()
        } else {
            Sense::hover()
        };
        let (rect, response) = ui.allocate_exact_size(Vec2::splat(side), sense);
        response.widget_info(|| WidgetInfo::labeled(Role::Button, enabled, self.name));
        if ui.is_rect_visible(rect) {
            let look = look(tokens, Kind::Ghost, enabled, self.selected, &response);
            ui.painter()
                .rect_filled(rect, CornerRadius::same(radius::CONTROL), look.fill);
            let color = if response.hovered() && enabled {
                tokens.text
            } else {
                look.text
            };
            paint_icon(ui.painter(), self.icon, rect.center(), icon, color);
            if let Some(badge) = self.badge {
                let at = rect.right_top() + Vec2::new(-space::S, space::S);
                ui.painter()
                    .circle(at, 4.0, badge, Stroke::new(size::STROKE, tokens.canvas));
            }
            focus_ring(ui, &response, radius::CONTROL);
        }
        response.on_hover_text(self.refused.unwrap_or(self.name))
    }
}
