//! The picture of a plot: axes, lines and areas.

use std::sync::Arc;

use egui::{Color32, Id, Role, Sense, Ui, Vec2b, WidgetInfo};
use egui_plot::{
    AxisHints, FilledArea, GridMark, Line, LineStyle, PlotPoint, PlotPoints, PlotUi, Points,
};

use super::group::PlotGroup;
use super::reduce::Dot;
use super::{Look, Plot, Track, hover, marks, ticks};
use crate::theme::{Text, Themed as _, Tokens, font};
use crate::times::Timed as _;

/// The room of the value axis, the same for all plots of a page, so that their times align.
const AXIS: f32 = 58.0;
/// Lines of the value axis.
const LINES: usize = 3;

/// A line as it is drawn.
struct Drawn<'a> {
    track: &'a Track,
    runs: Arc<[Vec<Dot>]>,
}

pub(super) fn plot(ui: &mut Ui, group: &mut PlotGroup, plot: &Plot<'_>) {
    let (tokens, id) = (ui.tokens(), plot.id(ui));
    let (from, to) = group.view();
    let width = (ui.available_width() - AXIS).max(1.0);
    let drawn = reduced(group, plot, id, width);
    let most = greatest(&drawn, (from, to)).max(plot.least_top);
    let near = |one: &&super::Threshold| one.value <= most * 2.0;
    let limit = plot.thresholds.iter().filter(near);
    let most = limit.map(|one| one.value * 1.05).fold(most, f64::max);
    let (step, top) = ticks::values(plot.unit, most, LINES);
    let shown = canvas(ui, id, plot, group.view(), (step, top), width).show(ui, |inner| {
        inner.set_plot_bounds_x(from..=to);
        // A line at the very top or bottom is to be seen in its whole width.
        inner.set_plot_bounds_y(-top * 0.01..=top * 1.02);
        for (at, one) in drawn.iter().enumerate() {
            areas(inner, one, drawn.get(at + 1), tokens, at == 0);
        }
        for one in &drawn {
            lines(inner, one, tokens);
        }
    });
    let transform = shown.transform;
    marks::grounds(ui, plot.marks, &transform);
    marks::thresholds(ui, plot.thresholds, &transform, top);
    marks::marks(ui, plot.marks, &transform, id);
    let response = shown.response;
    response.widget_info(|| WidgetInfo::labeled(Role::Image, true, told(plot, group.cursor())));
    hover::act(ui, group, &response, &transform);
    hover::paint(ui, group, plot, &response, &transform);
    super::super::focus_ring(ui, &response, 4);
}

/// The empty picture with its axes. What the pointer does is our own: plots of a page move together.
fn canvas(
    ui: &Ui,
    id: Id,
    plot: &Plot<'_>,
    (from, to): (f64, f64),
    (step, top): (f64, f64),
    width: f32,
) -> egui_plot::Plot<'static> {
    let (tokens, unit) = (ui.tokens(), plot.unit);
    let clock = ui.times();
    let (time_step, times) = ticks::times(&clock, from, to, width);
    let mark = |value: f64, step_size: f64| GridMark { value, step_size };
    let grid = times.iter().map(|at| mark(*at as f64, time_step as f64));
    let grid: Vec<GridMark> = grid.collect();
    let count = (top / step).round().max(1.0);
    let places = (0..=LINES + 3).map(|at| at as f64);
    let levels = places
        .filter(|at| *at <= count)
        .map(|at| mark(at * step, step));
    let levels: Vec<GridMark> = levels.collect();
    let axis = |hints: AxisHints<'static>| {
        hints
            .tick_label_color(tokens.text_3)
            .tick_label_font(font(Text::Caption))
            .label_spacing(egui::Rangef::new(8.0, 9.0))
    };
    let x = axis(AxisHints::new_x())
        .formatter(move |mark, _| ticks::time_label(&clock, whole(mark.value), time_step))
        .min_thickness(18.0);
    let y = axis(AxisHints::new_y())
        .formatter(move |mark, _| unit.short(mark.value))
        .min_thickness(AXIS);
    egui_plot::Plot::new(id)
        .height(plot.height)
        .width(ui.available_width())
        .allow_zoom(false)
        .allow_drag(false)
        .allow_scroll(false)
        .allow_boxed_zoom(false)
        .allow_double_click_reset(false)
        .allow_axis_zoom_drag(Vec2b::FALSE)
        .show_x(false)
        .show_y(false)
        .show_crosshair(false)
        .show_background(false)
        .show_grid([false, true])
        .grid_color(tokens.border)
        .grid_fade(0.0)
        .sense(Sense::click_and_drag())
        .custom_x_axes(vec![x])
        .custom_y_axes(vec![y])
        .x_grid_spacer(move |_| grid.clone())
        .y_grid_spacer(move |_| levels.clone())
        .set_margin_fraction(egui::Vec2::ZERO)
}

/// What a screen reader says of a plot: the values under the pointer, or the newest, and its limits.
fn told(plot: &Plot<'_>, time: Option<f64>) -> String {
    let value = |track: &Track| format!("{} {}", track.name, plot.value(track, time));
    let limits = plot.thresholds.iter().map(|one| one.label.clone());
    let all: Vec<String> = plot.tracks.iter().map(value).chain(limits).collect();
    format!("{}: {}", plot.title, all.join(", "))
}

/// The lines that are shown, with as many points as there are columns for.
fn reduced<'a>(group: &mut PlotGroup, plot: &'a Plot<'_>, id: Id, width: f32) -> Vec<Drawn<'a>> {
    let columns = columns(width);
    let mut all: Vec<Drawn<'a>> = vec![];
    for (at, track) in plot.tracks.iter().enumerate() {
        if group.is_hidden(&plot.key(track)) {
            continue;
        }
        // What lies on each other needs its points at the same times.
        let above = all
            .last()
            .filter(|above| is_layer(above.track) && is_layer(track));
        let runs = match above {
            Some(above) => at_times(&track.dots, &above.runs).into(),
            None => group.reduced(id.with(at), &track.dots, columns, plot.step_ms),
        };
        all.push(Drawn { track, runs });
    }
    all
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a window has some thousand columns"
)]
fn columns(width: f32) -> usize {
    width.max(1.0) as usize
}

const fn is_layer(track: &Track) -> bool {
    matches!(track.look, Look::Stack | Look::Band(_))
}

/// The points of a track at the times of others.
fn at_times(dots: &[Dot], times: &[Vec<Dot>]) -> Vec<Vec<Dot>> {
    let find = |time: &Dot| {
        let found = dots.binary_search_by_key(&time.at_ms, |dot| dot.at_ms);
        found.map_or(Dot::of(time.at_ms, 0.0), |at| dots[at])
    };
    let run = |run: &Vec<Dot>| run.iter().map(find).collect();
    times.iter().map(run).collect()
}

/// The greatest value that is seen.
fn greatest(drawn: &[Drawn<'_>], (from, to): (f64, f64)) -> f64 {
    let dots = drawn.iter().flat_map(|one| one.runs.iter().flatten());
    let seen = dots.filter(|dot| (from..=to).contains(&(dot.at_ms as f64)));
    seen.map(|dot| dot.value.max(dot.high)).fold(0.0, f64::max)
}

/// The room below or around a line.
fn areas(
    plot: &mut PlotUi<'_>,
    one: &Drawn<'_>,
    below: Option<&Drawn<'_>>,
    tokens: &Tokens,
    is_whole: bool,
) {
    let color = one.track.hue.color(tokens);
    let below = below.filter(|below| is_layer(one.track) && is_layer(below.track));
    for (at, run) in one.runs.iter().enumerate() {
        let xs: Vec<f64> = run.iter().map(|dot| dot.at_ms as f64).collect();
        let ys: Vec<f64> = run.iter().map(|dot| dot.value).collect();
        let foot: Vec<f64> = match below.and_then(|below| below.runs.get(at)) {
            Some(below) => below.iter().map(|dot| dot.value).collect(),
            None => vec![0.0; run.len()],
        };
        let share = match one.track.look {
            Look::Area => 0.13,
            // The whole is only the ground of what did not go well.
            Look::Stack if is_whole => 0.16,
            Look::Stack => 0.5,
            Look::Band(depth) => 0.16 + 0.14 * f32::from(depth),
            Look::Line | Look::Dashed => 0.0,
        };
        if share > 0.0 {
            fill(plot, &xs, &foot, &ys, color.gamma_multiply(share));
        }
        let reaches = run.iter().any(|dot| dot.high > dot.low);
        if reaches && matches!(one.track.look, Look::Area | Look::Line) {
            let low: Vec<f64> = run.iter().map(|dot| dot.low).collect();
            let high: Vec<f64> = run.iter().map(|dot| dot.high).collect();
            fill(plot, &xs, &low, &high, color.gamma_multiply(0.22));
        }
    }
}

fn fill(plot: &mut PlotUi<'_>, xs: &[f64], low: &[f64], high: &[f64], color: Color32) {
    if xs.len() > 1 {
        plot.add(
            FilledArea::new("", xs, low, high)
                .fill_color(color)
                .allow_hover(false),
        );
    }
}

fn lines(plot: &mut PlotUi<'_>, one: &Drawn<'_>, tokens: &Tokens) {
    let color = one.track.hue.color(tokens);
    let width = match one.track.look {
        Look::Line | Look::Area => 1.6,
        Look::Stack | Look::Dashed => 1.3,
        Look::Band(depth) => 1.0 + 0.3 * f32::from(depth),
    };
    for run in one.runs.iter() {
        let points = || {
            let points = run
                .iter()
                .map(|dot| PlotPoint::new(dot.at_ms as f64, dot.value));
            PlotPoints::Owned(points.collect())
        };
        // What stands alone has no line.
        if run.len() == 1 {
            let alone = Points::new("", points()).radius(2.0).color(color);
            plot.points(alone.allow_hover(false));
            continue;
        }
        let style = match one.track.look {
            Look::Dashed => LineStyle::dashed_dense(),
            Look::Line | Look::Area | Look::Stack | Look::Band(_) => LineStyle::Solid,
        };
        let line = Line::new("", points()).color(color).width(width);
        plot.line(line.style(style).allow_hover(false));
    }
}

#[expect(clippy::cast_possible_truncation, reason = "times are whole")]
const fn whole(value: f64) -> i64 {
    value as i64
}
