//! Plots over time: lines, areas and bands that share their time axis with the others of a page.

mod bars;
mod draw;
mod group;
mod hover;
mod marks;
mod reduce;
mod ticks;
mod unit;

use std::sync::Arc;

use egui::{Align, Color32, Id, Layout, Rect, Role, Sense, Ui, Vec2, WidgetInfo};
use lucide_icons::Icon;

pub use self::bars::{Bar, Slice, histogram, slices};
pub use self::group::PlotGroup;
pub use self::marks::{Mark, Threshold};
pub use self::reduce::{Dot, at, reduce};
pub use self::unit::Unit;
use super::{Button, IconButton, Words as _, card, galley, menu, menu_item};
use crate::theme::{State, Text, Themed as _, Tokens, size, space};

/// The colour of a line.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Hue {
    /// One of the colours of lines.
    Series(usize),
    /// The colour of a state.
    State(State),
}

impl Hue {
    /// The colour in a theme.
    pub fn color(self, tokens: &Tokens) -> Color32 {
        match self {
            Self::Series(at) => tokens.series[at % tokens.series.len()],
            Self::State(state) => tokens.state(state),
        }
    }
}

/// How a line is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Look {
    /// A line, with the reach of each step around it.
    Line,
    /// The same with the room below it filled.
    Area,
    /// A line of dashes: what another agent had.
    Dashed,
    /// The upper edge of a part of a whole: tracks stand in order from the greatest sum.
    Stack,
    /// The upper edge of a band of percentiles, from the greatest down; the number is its depth.
    Band(u8),
}

/// A line of a plot.
#[derive(Clone, Debug)]
pub struct Track {
    /// What it shows.
    pub name: String,
    /// In which colour.
    pub hue: Hue,
    /// How it is drawn.
    pub look: Look,
    /// Its points, the oldest first.
    pub dots: Arc<[Dot]>,
    /// Its own values, where the points are sums of several; else the same as `dots`.
    pub values: Arc<[Dot]>,
}

impl Track {
    /// A track whose points are its values.
    pub fn new(name: impl Into<String>, hue: Hue, look: Look, dots: Arc<[Dot]>) -> Self {
        Self {
            name: name.into(),
            hue,
            look,
            values: Arc::clone(&dots),
            dots,
        }
    }
}

/// What the operator wants of a plot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlotAct {
    /// Its picture as a file; where it is.
    Picture,
    /// Its points as a file.
    Table,
}

/// What came of a plot in a frame.
pub struct PlotOut {
    /// Where the card is.
    pub rect: Rect,
    /// What the operator wants.
    pub act: Option<PlotAct>,
    /// The place of the line that he chose.
    pub line: Option<usize>,
}

/// A plot on a card of its own.
#[must_use = "a plot is shown by `show`"]
pub struct Plot<'a> {
    title: &'a str,
    unit: Unit,
    tracks: &'a [Track],
    step_ms: i64,
    thresholds: &'a [Threshold],
    marks: &'a [Mark],
    height: f32,
    empty: &'a str,
    least_top: f64,
    choice: Option<(&'a [&'a str], usize)>,
}

impl<'a> Plot<'a> {
    /// A plot of tracks whose points are so many milliseconds apart.
    pub fn new(title: &'a str, unit: Unit, tracks: &'a [Track], step_ms: i64) -> Self {
        Self {
            title,
            unit,
            tracks,
            step_ms,
            thresholds: &[],
            marks: &[],
            height: 150.0,
            empty: "No data in this range",
            least_top: 0.0,
            choice: None,
        }
    }

    /// Of several lines one is shown, and the operator may choose which.
    pub fn choice(mut self, choice: Option<(&'a [&'a str], usize)>) -> Self {
        self.choice = choice;
        self
    }

    /// Limits, shown as dashed lines.
    pub fn thresholds(mut self, thresholds: &'a [Threshold]) -> Self {
        self.thresholds = thresholds;
        self
    }

    /// What happened meanwhile.
    pub fn marks(mut self, marks: &'a [Mark]) -> Self {
        self.marks = marks;
        self
    }

    /// The height of the picture with its time axis.
    pub fn height(mut self, height: f32) -> Self {
        self.height = height;
        self
    }

    /// What is said where no point is.
    pub fn empty(mut self, text: &'a str) -> Self {
        self.empty = text;
        self
    }

    /// The value axis goes at least so far.
    pub fn at_least(mut self, top: f64) -> Self {
        self.least_top = top;
        self
    }

    /// Shows the plot over the width that is left.
    pub fn show(self, ui: &mut Ui, group: &mut PlotGroup) -> PlotOut {
        let (mut act, mut line) = (None, None);
        let shown = card(ui, |ui| {
            ui.spacing_mut().item_spacing.y = space::XS;
            ui.horizontal(|ui| {
                ui.set_min_height(size::CONTROL_SMALL);
                ui.title(self.title);
                ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                    act = self.actions(ui);
                    line = self.choose(ui);
                });
            });
            self.legend(ui, group);
            let has_data = self.tracks.iter().any(|track| !track.dots.is_empty());
            if has_data {
                draw::plot(ui, group, &self);
            } else {
                self.nothing(ui);
            }
        });
        PlotOut {
            rect: shown.response.rect,
            act,
            line,
        }
    }

    fn actions(&self, ui: &mut Ui) -> Option<PlotAct> {
        let name = format!("Export {}", self.title);
        let button = ui.add(IconButton::new(Icon::Ellipsis, &name).small());
        menu(&button, |ui| {
            let mut act = None;
            if menu_item(ui, Some(Icon::Image), "Picture as PNG…", "").clicked() {
                act = Some(PlotAct::Picture);
            }
            if menu_item(ui, Some(Icon::Sheet), "Points as CSV…", "").clicked() {
                act = Some(PlotAct::Table);
            }
            act
        })
        .flatten()
    }

    /// The line that is shown, in place of which another one may be.
    fn choose(&self, ui: &mut Ui) -> Option<usize> {
        let (lines, place) = self.choice?;
        let button = Button::ghost(lines.get(place)?)
            .trailing(Icon::ChevronDown)
            .small();
        let button = ui.add(button.name(&format!("Line of {}", self.title)));
        let chosen = menu(&button, |ui| {
            let mut chosen = None;
            for (at, line) in lines.iter().enumerate() {
                let icon = (at == place).then_some(Icon::Check);
                if menu_item(ui, icon, line, "").clicked() {
                    chosen = Some(at);
                }
            }
            chosen
        });
        chosen.flatten()
    }

    /// The names of the tracks with their values: under the pointer, or the newest.
    fn legend(&self, ui: &mut Ui, group: &mut PlotGroup) {
        let time = group.cursor();
        let room = ui.available_width();
        ui.horizontal(|ui| {
            ui.set_min_height(LEGEND);
            ui.set_max_width(room);
            ui.spacing_mut().item_spacing.x = space::M;
            for track in self.tracks {
                let value = self.value(track, time);
                let left = ui.available_width();
                if left < 60.0 {
                    break;
                }
                let key = self.key(track);
                let on = !group.is_hidden(&key);
                if entry(ui, track, &value, on, left).clicked() {
                    group.toggle(key);
                }
            }
        });
    }

    fn key(&self, track: &Track) -> String {
        format!("{}/{}", self.title, track.name)
    }

    /// The value of a track at a time, or its newest.
    fn value(&self, track: &Track, time: Option<f64>) -> String {
        let dot = match time {
            Some(time) => at(&track.values, time, self.step_ms),
            None => track.values.last(),
        };
        dot.map_or("–".to_owned(), |dot| self.unit.tell(dot.value))
    }

    fn nothing(&self, ui: &mut Ui) {
        let tokens = ui.tokens();
        let area = Vec2::new(ui.available_width(), self.height);
        let (rect, response) = ui.allocate_exact_size(area, Sense::hover());
        response.widget_info(|| {
            WidgetInfo::labeled(Role::Image, true, format!("{}: {}", self.title, self.empty))
        });
        let text = galley(ui, Text::Small, tokens.text_3, self.empty, rect.width());
        let place = rect.center() - text.size() / 2.0;
        ui.painter().galley(place, text, tokens.text_3);
    }

    fn id(&self, ui: &Ui) -> Id {
        ui.scope_id().with("plot").with(self.title)
    }
}

const LEGEND: f32 = 18.0;
const SWATCH: f32 = 10.0;

/// A name with its colour and value; it can be switched off.
fn entry(ui: &mut Ui, track: &Track, value: &str, on: bool, room: f32) -> egui::Response {
    let tokens = ui.tokens();
    let color = track.hue.color(tokens);
    let (name_color, value_color) = if on {
        (tokens.text_3, tokens.text)
    } else {
        (tokens.text_off, tokens.text_off)
    };
    let value = galley(ui, Text::Caption, value_color, value, 120.0);
    let width = room - SWATCH - value.size().x - 2.0 * space::XS;
    let name = galley(ui, Text::Small, name_color, &track.name, width.max(24.0));
    let total = SWATCH + name.size().x + value.size().x + 2.0 * space::XS;
    let (rect, response) = ui.allocate_exact_size(Vec2::new(total, LEGEND), Sense::click());
    response.widget_info(|| {
        WidgetInfo::selected(Role::CheckBox, true, on, format!("Line {}", track.name))
    });
    let middle = rect.center().y;
    let line = egui::Stroke::new(
        size::STROKE_STRONG,
        if on { color } else { tokens.text_off },
    );
    let (from, to) = (rect.left(), rect.left() + SWATCH);
    if track.look == Look::Dashed {
        let points = [egui::pos2(from, middle), egui::pos2(to, middle)];
        ui.painter()
            .extend(egui::Shape::dashed_line(&points, line, 3.0, 2.0));
    } else if let Look::Band(depth) = track.look {
        let band = Rect::from_x_y_ranges(from..=to, middle - 4.0..=middle + 4.0);
        let share = 0.3 + 0.3 * f32::from(depth);
        let fill = line.color.gamma_multiply(share.min(1.0));
        ui.painter().rect_filled(band, 2.0, fill);
    } else {
        ui.painter().hline(from..=to, middle, line);
    }
    let place = |text: &Arc<egui::Galley>, x: f32| egui::pos2(x, middle - text.size().y / 2.0);
    let left = to + space::XS;
    let right = left + name.size().x + space::XS;
    ui.painter().galley(place(&name, left), name, name_color);
    ui.painter()
        .galley(place(&value, right), value, value_color);
    super::focus_ring(ui, &response, 4);
    response
}
