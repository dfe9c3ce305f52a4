//! egui's own style, made from the tokens.

use egui::style::{ScrollStyle, Selection, WidgetVisuals, Widgets};
use egui::{
    Color32, Context, CornerRadius, CursorIcon, Margin, Shadow, Stroke, Style, TextStyle, Theme,
    ThemePreference, Vec2, Visuals,
};

use super::fonts::{self, Text, font};
use super::tokens::{DARK, LIGHT, Tokens};
use super::{radius, size, space};

/// Loads the fonts and both styles. To be called once, before the first frame.
pub fn install(ctx: &Context) {
    ctx.set_fonts(fonts::definitions());
    ctx.set_style_of(Theme::Dark, style(&DARK));
    ctx.set_style_of(Theme::Light, style(&LIGHT));
}

/// Chooses dark, light, or whatever the system shows.
pub fn set_theme(ctx: &Context, preference: ThemePreference) {
    ctx.set_theme(preference);
}

fn style(tokens: &Tokens) -> Style {
    let mut style = Style {
        visuals: visuals(tokens),
        animation_time: 0.12,
        ..Style::default()
    };
    style.text_styles = [
        (TextStyle::Small, font(Text::Small)),
        (TextStyle::Body, font(Text::Body)),
        (TextStyle::Button, font(Text::Strong)),
        (TextStyle::Heading, font(Text::Heading)),
        (TextStyle::Monospace, font(Text::Mono)),
    ]
    .into();
    style.interaction.selectable_labels = false;
    style.interaction.tooltip_delay = 0.35;
    let spacing = &mut style.spacing;
    spacing.item_spacing = Vec2::new(space::S, space::S);
    spacing.button_padding = Vec2::new(space::M, 6.0);
    spacing.interact_size = Vec2::new(size::CONTROL, size::CONTROL);
    spacing.window_margin = Margin::same(16);
    spacing.menu_margin = Margin::same(6);
    spacing.tooltip_width = 320.0;
    spacing.combo_height = 320.0;
    spacing.scroll = ScrollStyle {
        bar_width: 8.0,
        floating_width: 4.0,
        // Of the colour of texts, which would be too loud.
        active_handle_opacity: 0.3,
        interact_handle_opacity: 0.5,
        ..ScrollStyle::floating()
    };
    spacing.scroll.fade.strength = 0.0;
    style
}

fn visuals(tokens: &Tokens) -> Visuals {
    let mut visuals = if tokens.dark {
        Visuals::dark()
    } else {
        Visuals::light()
    };
    visuals.widgets = widgets(tokens);
    visuals.selection = Selection {
        bg_fill: tokens.selected,
        stroke: Stroke::new(size::LINE, tokens.text),
    };
    visuals.weak_text_color = Some(tokens.text_3);
    visuals.hyperlink_color = tokens.accent_text;
    visuals.faint_bg_color = tokens.hover;
    visuals.extreme_bg_color = tokens.field;
    visuals.code_bg_color = tokens.field;
    visuals.warn_fg_color = tokens.warn;
    visuals.error_fg_color = tokens.error;
    visuals.window_fill = tokens.surface;
    visuals.window_stroke = Stroke::new(size::LINE, tokens.border_strong);
    visuals.window_corner_radius = CornerRadius::same(radius::MODAL);
    visuals.menu_corner_radius = CornerRadius::same(radius::CARD);
    visuals.window_shadow = shadow(tokens, 32);
    visuals.popup_shadow = shadow(tokens, 16);
    visuals.panel_fill = tokens.canvas;
    visuals.text_cursor.stroke = Stroke::new(2.0, tokens.accent_text);
    // A caret that blinks would draw the window anew twice a second.
    visuals.text_cursor.blink = false;
    visuals.interact_cursor = Some(CursorIcon::PointingHand);
    visuals
}

fn shadow(tokens: &Tokens, blur: u8) -> Shadow {
    Shadow {
        offset: [0, 8],
        blur,
        spread: 0,
        color: tokens.shadow,
    }
}

fn widgets(tokens: &Tokens) -> Widgets {
    let look = |fill: Color32, border: Color32, text: Color32| WidgetVisuals {
        bg_fill: fill,
        weak_bg_fill: fill,
        bg_stroke: Stroke::new(size::LINE, border),
        corner_radius: CornerRadius::same(radius::CONTROL),
        fg_stroke: Stroke::new(size::LINE, text),
        expansion: 0.0,
    };
    Widgets {
        noninteractive: look(tokens.surface, tokens.border, tokens.text),
        inactive: look(tokens.raised, tokens.border_strong, tokens.text),
        hovered: look(tokens.hover, tokens.border_strong, tokens.text),
        active: look(tokens.pressed, tokens.accent, tokens.text),
        open: look(tokens.hover, tokens.border_strong, tokens.text),
    }
}
