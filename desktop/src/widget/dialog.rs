//! Dialogs: one question, its answer, and a way out.

use egui::{
    Align, Context, CornerRadius, Frame, Id, Key, Layout, Modal, Modifiers, Role, Stroke, Ui,
    WidgetInfo,
};
use lucide_icons::Icon;

use super::{Button, Field, IconButton, Kind, Words as _};
use crate::theme::{Text, Themed as _, inset, radius, size, space};

/// What the operator did with a dialog in this frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "an answer that is dropped leaves the dialog open"]
pub enum Answer {
    /// Nothing yet.
    Open,
    /// Took the action.
    Confirmed,
    /// Left by Esc, the cross, the way out or a click beside it.
    Dismissed,
}

/// A dialog with a title, a body and one action.
#[must_use = "a dialog is shown by `show`"]
#[derive(Debug)]
pub struct Dialog<'a> {
    id: &'a str,
    title: &'a str,
    action: &'a str,
    kind: Kind,
    way_out: &'a str,
    refused: Option<&'a str>,
    enter: bool,
    width: f32,
}

impl<'a> Dialog<'a> {
    /// A dialog whose action is named by a verb, never by "OK".
    pub fn new(id: &'a str, title: &'a str, action: &'a str) -> Self {
        Self {
            id,
            title,
            action,
            kind: Kind::Primary,
            way_out: "Cancel",
            refused: None,
            enter: true,
            width: size::DIALOG,
        }
    }

    /// The action destroys something.
    pub fn danger(mut self) -> Self {
        self.kind = Kind::Danger;
        self
    }

    /// The action cannot be taken unless `allowed`; the tooltip then tells `reason`.
    pub fn enabled_if(mut self, allowed: bool, reason: &'a str) -> Self {
        self.refused = (!allowed).then_some(reason);
        self
    }

    /// Room for a form.
    pub fn wide(mut self) -> Self {
        self.width = size::DIALOG_WIDE;
        self
    }

    /// Room for a list of its own.
    pub fn page(mut self) -> Self {
        self.width = size::DIALOG_PAGE;
        self
    }

    /// Enter belongs to the body, as with fields of several lines.
    pub fn without_enter(mut self) -> Self {
        self.enter = false;
        self
    }

    /// Another word for the way out; none where the action itself is one.
    pub fn way_out(mut self, word: &'a str) -> Self {
        self.way_out = word;
        self
    }

    /// Shows the dialog above the page.
    pub fn show(self, ctx: &Context, body: impl FnOnce(&mut Ui)) -> Answer {
        let mut answer = Answer::Open;
        let dismissed = frame(ctx, self.id, self.title, self.width, |ui, closed| {
            body(ui);
            ui.add_space(space::L);
            ui.horizontal(|ui| {
                ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                    let action = Button::new(self.kind, self.action);
                    let action =
                        action.enabled_if(self.refused.is_none(), self.refused.unwrap_or_default());
                    if ui.add(action).clicked() {
                        answer = Answer::Confirmed;
                    }
                    if !self.way_out.is_empty() && ui.add(Button::secondary(self.way_out)).clicked()
                    {
                        *closed = true;
                    }
                });
            });
            if self.enter && self.refused.is_none() && enters(ui) {
                answer = Answer::Confirmed;
            }
        });
        // Who leaves wants nothing, whatever else came in this frame.
        if dismissed { Answer::Dismissed } else { answer }
    }
}

/// Whether Enter is pressed for the dialog as a whole. It is not where it opened the dialog, belongs
/// to another one above, or presses what has the focus, such as the way out.
pub(super) fn enters(ui: &Ui) -> bool {
    let (top, focused) = ui.memory(|memory| (memory.top_modal_layer(), memory.focused()));
    // The top layer is that of the frame before.
    top == Some(ui.layer_id())
        && (focused.is_none() || ui.text_edit_focused())
        && ui.input_mut(|input| input.consume_key(Modifiers::NONE, Key::Enter))
}

/// The frame of every dialog; true when it shall close. The body may close it too.
pub(super) fn frame(
    ctx: &Context,
    id: &str,
    title: &str,
    width: f32,
    body: impl FnOnce(&mut Ui, &mut bool),
) -> bool {
    let tokens = ctx.tokens();
    let width = width.min(ctx.content_rect().width() - 2.0 * space::XXL);
    let height = ctx.content_rect().height() - 220.0;
    let mut closed = false;
    let shown = Modal::new(Id::unique(("dialog", id)))
        .backdrop_color(tokens.scrim)
        .frame(
            Frame::new()
                .fill(tokens.surface)
                .stroke(Stroke::new(size::LINE, tokens.border_strong))
                .corner_radius(CornerRadius::same(radius::MODAL))
                .shadow(ctx.global_style().visuals.window_shadow)
                .inner_margin(inset::DIALOG),
        )
        .show(ctx, |ui| {
            ui.set_width(width - 40.0);
            ui.horizontal(|ui| {
                ui.words(Text::Title, tokens.text, title);
                ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                    closed |= ui.add(IconButton::new(Icon::X, "Close").small()).clicked();
                });
            });
            ui.add_space(space::S);
            ui.scope(|ui| {
                ui.set_max_height(height);
                body(ui, &mut closed);
            });
        });
    shown
        .response
        .widget_info(|| WidgetInfo::labeled(Role::Dialog, true, title));
    closed || shown.should_close()
}

/// A dialog for what cannot be undone: the operator types the name of the thing.
#[derive(Debug, Default)]
pub struct ConfirmName {
    typed: String,
}

impl ConfirmName {
    /// Asks for `name`; `loss` tells what is lost.
    pub fn show(
        &mut self,
        ctx: &Context,
        title: &str,
        action: &str,
        loss: &str,
        name: &str,
    ) -> Answer {
        let right = self.typed.trim() == name;
        let answer = Dialog::new(title, title, action)
            .danger()
            .enabled_if(right, "Type the name first")
            .show(ctx, |ui| {
                ui.paragraph(loss);
                ui.add_space(space::S);
                let label = format!("Type {name} to confirm");
                let field = Field::new(&label, &mut self.typed)
                    .hint(name)
                    .mono()
                    .width(f32::INFINITY)
                    .show(ui);
                if ui.memory(|memory| memory.focused().is_none()) {
                    field.request_focus();
                }
            });
        if answer != Answer::Open {
            self.typed.clear();
        }
        answer
    }
}
