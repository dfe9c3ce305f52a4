//! Text of a table that is edited where it stands.

use egui::{CornerRadius, Frame, Id, Key, Margin, Stroke, TextEdit, Ui};

use super::galley;
use crate::theme::{Text, Themed as _, font, inset, radius, size};

/// The one text that is being edited, until it is taken or left.
#[derive(Clone, Debug, Default)]
pub struct Inline {
    at: Option<(Id, String)>,
}

/// A text that can be edited where it stands. Enter, or leaving it, takes what was typed; Esc drops
/// it. Tells the new text once.
pub fn inline(
    ui: &mut Ui,
    name: &str,
    value: &str,
    role: Text,
    refused: Option<&str>,
    edit: &mut Inline,
) -> Option<String> {
    let tokens = ui.tokens();
    let id = ui.make_persistent_id(("inline", name));
    let mut text = match &edit.at {
        Some((at, typed)) if *at == id => typed.clone(),
        Some(_) | None => value.to_owned(),
    };
    let focused = ui.memory(|memory| memory.has_focus(id));
    if !focused {
        text = fitting(ui, role, value);
    }
    let (fill, border, line) = if focused {
        (tokens.field, tokens.accent_text, size::FOCUS)
    } else {
        (
            egui::Color32::TRANSPARENT,
            egui::Color32::TRANSPARENT,
            size::LINE,
        )
    };
    let response = Frame::new()
        .fill(fill)
        .stroke(Stroke::new(line, border))
        .corner_radius(CornerRadius::same(radius::CONTROL - 2))
        .inner_margin(inset::INLINE)
        .show(ui, |ui| {
            ui.spacing_mut().interact_size.y = 0.0;
            let color = if refused.is_some() {
                tokens.text_2
            } else {
                tokens.text
            };
            let field = TextEdit::singleline(&mut text)
                .id(id)
                .font(font(role))
                .text_color(color)
                .frame(Frame::NONE)
                .margin(Margin::ZERO)
                .interactive(refused.is_none())
                .desired_width(ui.available_width());
            ui.add(field)
        })
        .inner
        .accessible_name(name);
    let response = match refused {
        Some(reason) => response.on_hover_text(reason),
        None if focused => response,
        None => response.on_hover_text(value),
    };
    if response.gained_focus() {
        edit.at = Some((id, value.to_owned()));
        return None;
    }
    if response.has_focus() {
        edit.at = Some((id, text));
        return None;
    }
    if !response.lost_focus() {
        return None;
    }
    let typed = edit.at.take_if(|(at, _)| *at == id)?.1;
    let dropped = ui.input(|input| input.key_pressed(Key::Escape));
    (!dropped && typed != value).then_some(typed)
}

/// As much of a text as the room has, with `…` where it goes on.
fn fitting(ui: &Ui, role: Text, value: &str) -> String {
    let room = ui.available_width() - 10.0;
    let line = galley(ui, role, ui.tokens().text, value, room);
    if !line.elided {
        return value.to_owned();
    }
    let letters = line.rows.iter().flat_map(|row| &row.glyphs);
    letters.map(|glyph| glyph.chr).collect()
}
