//! A list of things of one kind, and the chosen one beside it.

use egui::{Align, Layout, Ui};

use crate::text;
use crate::theme::{State, Text, Themed as _, size, space};
use crate::times::Timed as _;
use crate::widget::{Column, Table, TableState, Width, Words as _, dot, select};

/// Below this width the list is one line above what is chosen.
const WIDE: f32 = 860.0;
/// The width of the list.
const LIST: f32 = 300.0;

/// One thing of the list.
pub(super) struct Line {
    /// What it is called by who cannot see the list.
    pub(super) name: String,
    /// How it is, if that is to be seen.
    pub(super) mark: Option<(State, &'static str)>,
    /// What it is called.
    pub(super) title: String,
    /// More about it, below.
    pub(super) detail: String,
    /// When it was made, milliseconds UTC, if that is to be seen.
    pub(super) at_ms: Option<i64>,
}

/// What is drawn of a list.
pub(super) struct Listed<'a> {
    /// What one of them is called, in small letters.
    pub(super) one: &'static str,
    /// The same as a heading.
    pub(super) head: &'static str,
    /// All of them.
    pub(super) lines: &'a [Line],
    /// The place of the chosen one.
    pub(super) chosen: Option<usize>,
    /// The time, milliseconds UTC.
    pub(super) now_ms: i64,
}

impl Listed<'_> {
    /// Shows the list, with `add` above it, and what is chosen; gives the place that was chosen now.
    pub(super) fn show(
        &self,
        ui: &mut Ui,
        table: &mut TableState,
        add: impl FnOnce(&mut Ui),
        shown: impl FnOnce(&mut Ui),
    ) -> Option<usize> {
        if ui.available_width() < WIDE {
            self.head(ui, add);
            let taken = self.line(ui);
            ui.add_space(space::S);
            shown(ui);
            return taken;
        }
        ui.horizontal_top(|ui| {
            ui.spacing_mut().item_spacing.x = space::L;
            let taken = ui.vertical(|ui| {
                ui.set_width(LIST);
                self.head(ui, add);
                ui.add_space(space::S);
                self.table(ui, table)
            });
            ui.vertical(shown);
            taken.inner
        })
        .inner
    }

    /// What makes a new one, and how many there are.
    fn head(&self, ui: &mut Ui, add: impl FnOnce(&mut Ui)) {
        ui.horizontal(|ui| {
            ui.set_min_height(size::CONTROL);
            add(ui);
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                ui.quiet(text::plural(self.lines.len(), self.one));
            });
        });
    }

    /// Where there is no room for the list: one line of it.
    fn line(&self, ui: &mut Ui) -> Option<usize> {
        let choice = |(at, line): (usize, &Line)| {
            let word = match line.mark {
                Some((_, word)) => format!("{} · {word}", line.title),
                None => line.title.clone(),
            };
            (Some(at), word)
        };
        let choices: Vec<_> = self.lines.iter().enumerate().map(choice).collect();
        let mut chosen = self.chosen;
        let label = text::sentence(self.one);
        let taken = select(ui, &label, &mut chosen, &choices, size::FORM);
        chosen.filter(|_| taken)
    }

    fn table(&self, ui: &mut Ui, table: &mut TableState) -> Option<usize> {
        let lines = self.lines;
        let mut columns = vec![Column::text(self.head, Width::AtLeast(160.0)).fixed()];
        if lines.iter().any(|line| line.at_ms.is_some()) {
            columns.push(Column::text("WHEN", Width::Exact(48.0)).fixed());
        }
        let name = |row: usize| lines[row].name.clone();
        let selected = |row: usize| Some(row) == self.chosen;
        let out = Table::new(self.one, &columns, lines.len(), &name)
            .row_height(size::LABELLED)
            .selected(&selected)
            .framed()
            .show(ui, table, |ui, row, column| {
                let (line, tokens) = (&lines[row], ui.tokens());
                if column == 1 {
                    if let Some(at_ms) = line.at_ms {
                        ui.quiet(text::age(self.now_ms, at_ms))
                            .on_hover_text(ui.times().both(at_ms));
                    }
                    return;
                }
                if let Some((state, word)) = line.mark {
                    dot(ui, state, word);
                }
                ui.vertical(|ui| {
                    ui.spacing_mut().item_spacing.y = size::LINE;
                    ui.add_space(space::XS);
                    ui.words(Text::Strong, tokens.text, line.title.as_str());
                    ui.words(Text::Small, tokens.text_3, line.detail.as_str());
                });
            });
        out.chosen.or(out.opened)
    }
}
