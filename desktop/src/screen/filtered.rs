//! Rows that may be many: with a filter, and no more of them than one looks through.

use egui::{Id, Ui};

use crate::text;
use crate::theme::size;
use crate::widget::{Words as _, search};

/// Rows that are shown; others are found by the filter.
const SHOWN: usize = 40;
/// From so many rows on there is a filter.
const FILTERED: usize = 8;

/// Shows the rows whose text has what is typed.
pub(in crate::screen) fn filtered<T>(
    ui: &mut Ui,
    name: &str,
    filter: &mut String,
    all: &[T],
    text_of: impl Fn(&T) -> String,
    mut row: impl FnMut(&mut Ui, &T),
) {
    if all.len() > FILTERED {
        search(ui, Id::unique(name), filter, name, size::FORM);
    }
    let word = filter.trim().to_lowercase();
    let fits = |one: &&T| text_of(one).to_lowercase().contains(&word);
    let found: Vec<&T> = all.iter().filter(fits).collect();
    for one in found.iter().take(SHOWN) {
        row(ui, one);
    }
    let more = found.len().saturating_sub(SHOWN);
    if more > 0 {
        ui.quiet(format!("and {} more; filter for them", text::count(more)));
    }
    if found.is_empty() {
        ui.quiet("None matches");
    }
}
