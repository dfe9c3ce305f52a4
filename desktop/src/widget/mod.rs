//! The house widgets. Screens build from these and paint nothing themselves.

mod banner;
mod button;
mod card;
mod choice;
mod code;
mod copy;
mod dialog;
mod diff;
mod empty;
mod field;
mod file;
mod flow;
mod highlight;
mod inline;
mod keys;
mod logo;
mod menu;
mod option;
mod passphrase;
mod pill;
mod plot;
mod progress;
mod score;
mod side;
mod spark;
mod table;
mod tabs;
mod text;
mod validity;
mod wizard;

pub use banner::Banner;
pub use button::{Button, IconButton, Kind};
pub use card::{Kpi, Level, card, card_titled, section};
pub use choice::{checkbox, chip, picker, segmented, select, toggle};
pub use code::code;
pub use copy::{copy_button, copyable};
pub use dialog::{Answer, ConfirmName, Dialog};
pub use diff::{DiffKind, DiffRow, diff};
pub use empty::{Empty, skeleton};
pub use field::{Field, search};
pub use file::{FilePath, file_field, folder_field};
pub use flow::{Flow, flow};
pub use highlight::highlighted;
pub use inline::{Inline, inline};
pub use keys::{key_aged, key_day, key_moment, key_row, key_text, keys};
pub use logo::{ICON, logo};
pub use menu::{context_menu, menu, menu_item, menu_rule};
pub use option::option_card;
pub use passphrase::NewPassphrase;
pub use pill::{dot, pill, shape};
pub use plot::{
    Bar, Dot, Hue, Look, Mark, Plot, PlotAct, PlotGroup, PlotOut, Slice, Threshold, Track, Unit,
    at, histogram, reduce, slices,
};
pub use progress::{meter, progress};
pub use score::score;
pub use side::{Widths, side_panel};
pub use spark::{sparkline, tunnels};
pub use table::{Align, Column, Outcome, Sort, Table, TableState, Width};
pub use tabs::{Tab, tabs};
pub use text::{Words, galley, paint_icon};
pub use validity::{Span, days_word, ending, timeline, validity};
pub use wizard::{Turn, Wizard};

use egui::{CornerRadius, Response, Stroke, StrokeKind, Ui};

use crate::theme::{Themed as _, size};

/// Paints the ring of what has the keyboard, unless it is not `response`.
pub fn focus_ring(ui: &Ui, response: &Response, radius: u8) {
    if response.has_focus() {
        let stroke = Stroke::new(size::FOCUS, ui.tokens().accent_text);
        ui.painter().rect_stroke(
            response.rect.expand(1.0),
            CornerRadius::same(radius + 1),
            stroke,
            StrokeKind::Outside,
        );
    }
}
