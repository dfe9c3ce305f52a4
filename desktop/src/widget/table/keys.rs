//! The keys that a table takes.

use egui::{Key, Modifiers, Ui};

use super::{Outcome, Table, TableState};

impl Table<'_> {
    pub(super) fn keys(&self, ui: &Ui, state: &mut TableState, outcome: &mut Outcome) {
        const PAGE: usize = 15;
        let busy = ui.text_edit_focused() || ui.memory(|memory| memory.top_modal_layer().is_some());
        if busy || self.rows == 0 || egui::Popup::is_any_open(ui.ctx()) {
            return;
        }
        let pressed = |key| ui.input_mut(|input| input.consume_key(Modifiers::NONE, key));
        let last = self.rows - 1;
        let moved = if pressed(Key::ArrowDown) || pressed(Key::J) {
            Some(state.cursor.map_or(0, |at| (at + 1).min(last)))
        } else if pressed(Key::ArrowUp) || pressed(Key::K) {
            Some(state.cursor.map_or(0, |at| at.saturating_sub(1)))
        } else if pressed(Key::PageDown) {
            Some(state.cursor.map_or(0, |at| (at + PAGE).min(last)))
        } else if pressed(Key::PageUp) {
            Some(state.cursor.map_or(0, |at| at.saturating_sub(PAGE)))
        } else if pressed(Key::Home) {
            Some(0)
        } else if pressed(Key::End) {
            Some(last)
        } else {
            None
        };
        if let Some(at) = moved {
            state.cursor = Some(at);
            state.reveal = Some(at);
            outcome.chosen = Some(at);
        }
        // What has the keyboard itself takes Enter and Space.
        if ui.memory(|memory| memory.focused().is_some()) {
            return;
        }
        if let Some(at) = state.cursor {
            if pressed(Key::Enter) {
                outcome.opened = Some(at);
            }
            if self.ticks.is_some() && pressed(Key::Space) {
                outcome.ticked = Some(at);
            }
        }
    }
}
