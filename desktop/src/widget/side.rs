//! The panel at the right of a list, which shows in full what is chosen there.

use egui::{Frame, Panel, Stroke, Ui};

use crate::theme::{Themed as _, inset, size};

/// How wide a panel may be made.
#[derive(Clone, Copy, Debug)]
pub struct Widths {
    /// At least.
    pub least: f32,
    /// Until the operator chooses.
    pub usual: f32,
    /// At most.
    pub most: f32,
}

/// Shows the panel; the rest of the room is left to the list.
pub fn side_panel(ui: &mut Ui, id: &'static str, widths: Widths, contents: impl FnOnce(&mut Ui)) {
    let tokens = ui.tokens();
    let most = widths.most.max(widths.least);
    let frame = Frame::new().fill(tokens.surface).inner_margin(inset::CARD);
    let shown = Panel::right(id)
        .frame(frame)
        .resizable(true)
        .show_separator_line(false)
        .default_size(widths.usual.clamp(widths.least, most))
        .min_size(widths.least)
        .max_size(most)
        .show(ui, contents);
    let rect = shown.response.rect;
    let line = Stroke::new(size::LINE, tokens.border);
    ui.painter().vline(rect.left() + 0.5, rect.y_range(), line);
    ui.painter().hline(rect.x_range(), rect.top() + 0.5, line);
}
