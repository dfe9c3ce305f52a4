//! Text in its roles.

use std::sync::Arc;

use egui::text::{LayoutJob, TextWrapping};
use egui::{Align2, Color32, Galley, Label, Painter, Pos2, Response, RichText, TextFormat, Ui};
use lucide_icons::Icon;

use crate::theme::{Text, Themed as _, font, icon_font};

/// Text in its roles, as calls of [`Ui`].
pub trait Words {
    /// One line in a role and colour; what does not fit is cut with `…` and shown in full as tooltip.
    fn words(&mut self, role: Text, color: Color32, text: impl Into<String>) -> Response;
    /// One line of running text.
    fn body(&mut self, text: impl Into<String>) -> Response;
    /// One line that names something.
    fn bold(&mut self, text: impl Into<String>) -> Response;
    /// One line of secondary text.
    fn quiet(&mut self, text: impl Into<String>) -> Response;
    /// One line of a host, path or hash.
    fn mono(&mut self, text: impl Into<String>) -> Response;
    /// The title of a card or section.
    fn title(&mut self, text: impl Into<String>) -> Response;
    /// Running text over several lines.
    fn paragraph(&mut self, text: impl Into<String>) -> Response;
    /// An icon in a size and colour, silent to screen readers: a word beside it speaks.
    fn icon(&mut self, icon: Icon, size: f32, color: Color32);
}

impl Words for Ui {
    fn words(&mut self, role: Text, color: Color32, text: impl Into<String>) -> Response {
        let text = RichText::new(text).font(font(role)).color(color);
        self.add(Label::new(text).truncate().selectable(false))
    }

    fn body(&mut self, text: impl Into<String>) -> Response {
        self.words(Text::Body, self.tokens().text, text)
    }

    fn bold(&mut self, text: impl Into<String>) -> Response {
        self.words(Text::Strong, self.tokens().text, text)
    }

    fn quiet(&mut self, text: impl Into<String>) -> Response {
        self.words(Text::Small, self.tokens().text_3, text)
    }

    fn mono(&mut self, text: impl Into<String>) -> Response {
        self.words(Text::Mono, self.tokens().text_2, text)
    }

    fn title(&mut self, text: impl Into<String>) -> Response {
        self.words(Text::Title, self.tokens().text, text)
    }

    fn paragraph(&mut self, text: impl Into<String>) -> Response {
        let text = RichText::new(text)
            .font(font(Text::Body))
            .color(self.tokens().text_2);
        self.add(Label::new(text).wrap().selectable(true))
    }

    fn icon(&mut self, icon: Icon, size: f32, color: Color32) {
        let (_, rect) = self.allocate_space(egui::Vec2::splat(size));
        paint_icon(self.painter(), icon, rect.center(), size, color);
    }
}

/// Paints an icon around a point.
pub fn paint_icon(painter: &Painter, icon: Icon, center: Pos2, size: f32, color: Color32) {
    painter.text(
        center,
        Align2::CENTER_CENTER,
        icon.unicode(),
        icon_font(size),
        color,
    );
}

/// Lays one line out, cut with `…` at `width`.
pub fn galley(ui: &Ui, role: Text, color: Color32, text: &str, width: f32) -> Arc<Galley> {
    let mut job = LayoutJob::single_section(text.to_owned(), TextFormat::simple(font(role), color));
    job.wrap = TextWrapping::truncate_at_width(width);
    ui.painter().layout_job(job)
}
