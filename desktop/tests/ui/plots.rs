//! Plots by themselves: how much they draw, and what they say.

use std::sync::Arc;

use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;
use underpass_desktop::theme::{self, State};
use underpass_desktop::widget::{Dot, Hue, Look, Mark, Plot, PlotGroup, Threshold, Track, Unit};

/// Lines of a plot.
const LINES: usize = 4;
const STEP_MS: i64 = 15_000;

/// Lines with so many points together, and the time after the last.
pub(crate) fn waves(points: i64) -> (Vec<Track>, i64) {
    let each = points / i64::try_from(LINES).unwrap();
    let wave = |line: usize| -> Arc<[Dot]> {
        let value = |at: i64| ((at * 7_919) % 1_000) as f64 + 100.0 * line as f64;
        (0..each)
            .map(|at| Dot::of(at * STEP_MS, value(at)))
            .collect()
    };
    let track = |line: usize| {
        let name = format!("line {line}");
        Track::new(name, Hue::Series(line), Look::Area, wave(line))
    };
    ((0..LINES).map(track).collect(), each * STEP_MS)
}

/// What a plot is made of.
#[derive(Default)]
struct Made {
    tracks: Vec<Track>,
    end_ms: i64,
    thresholds: Vec<Threshold>,
    marks: Vec<Mark>,
    group: PlotGroup,
    is_ready: bool,
}

/// A plot in a window of its own.
fn shown(made: Made) -> Harness<'static, Made> {
    let draw = |ui: &mut egui::Ui, made: &mut Made| {
        if !std::mem::replace(&mut made.is_ready, true) {
            theme::install(ui.ctx());
            return;
        }
        made.group.begin(0, made.end_ms);
        let plot = Plot::new("Load", Unit::Rate, &made.tracks, STEP_MS);
        let plot = plot.thresholds(&made.thresholds).marks(&made.marks);
        let out = plot.show(ui, &mut made.group);
        assert!(out.rect.is_positive());
    };
    let mut harness = Harness::builder()
        .with_size([1280.0, 400.0])
        .build_ui_state(draw, made);
    harness.run_steps(4);
    harness
}

/// Corners of the triangles of a frame.
fn corners(points: i64) -> usize {
    let (tracks, end_ms) = waves(points);
    let harness = shown(Made {
        tracks,
        end_ms,
        ..Made::default()
    });
    let shapes = harness.output().shapes.clone();
    let all = harness.ctx.tessellate(shapes, 1.0);
    let of = |one: &egui::ClippedPrimitive| match &one.primitive {
        egui::epaint::Primitive::Mesh(mesh) => mesh.vertices.len(),
        egui::epaint::Primitive::Callback(_) => 0,
    };
    all.iter().map(of).sum()
}

/// What the plot says to those who do not see it.
fn said(harness: &Harness<'static, Made>) -> String {
    use egui_kittest::kittest::NodeT as _;
    let plot = harness.get_by_label_contains("Load: ");
    plot.accesskit_node().label().unwrap_or_default()
}

#[test]
fn a_hundred_thousand_points_are_drawn_as_many_as_the_window_is_wide() {
    let (many, more) = (corners(100_000), corners(400_000));
    // Four points in each column make some twenty corners of each line.
    assert!((10_000..120_000).contains(&many), "{many}");
    assert!(more <= many + many / 20, "{more} corners after {many}");
}

#[test]
fn the_pointer_tells_values_and_where_there_are_none() {
    // Measured for 100 steps, away for 100, and measured again.
    let times = (0..100).chain(200..300);
    let dots: Arc<[Dot]> = times
        .map(|at: i64| Dot::of(at * STEP_MS, at as f64))
        .collect();
    let tracks = vec![Track::new("All", Hue::Series(0), Look::Line, dots)];
    let mut harness = shown(Made {
        tracks,
        end_ms: 300 * STEP_MS,
        ..Made::default()
    });
    assert_eq!(said(&harness), "Load: All 299/s");
    let plot = harness.get_by_label_contains("Load: ").rect();
    let mut at = |share: f32| {
        let x = plot.left() + plot.width() * share;
        harness.hover_at(egui::pos2(x, plot.center().y));
        harness.run_steps(3);
        said(&harness)
    };
    let value = |said: String| -> f64 {
        let told = said.strip_prefix("Load: All ").unwrap().strip_suffix("/s");
        told.unwrap().parse().unwrap()
    };
    assert!((40.0..60.0).contains(&value(at(1.0 / 6.0))));
    assert_eq!(at(0.5), "Load: All –");
    assert!((240.0..260.0).contains(&value(at(5.0 / 6.0))));
}

#[test]
fn limits_and_what_happened_are_told() {
    let (tracks, end_ms) = waves(400);
    let mark = |at_ms: i64, title: &str| Mark {
        at_ms,
        until_ms: None,
        state: State::Info,
        title: title.to_owned(),
        text: String::new(),
    };
    let threshold = Threshold {
        value: 700.0,
        label: "Alert above 700".to_owned(),
        state: State::Warn,
    };
    let harness = shown(Made {
        tracks,
        end_ms,
        thresholds: vec![threshold],
        // Two at once are one sign, and what is outside is none.
        marks: vec![
            mark(end_ms / 4, "Revision 7"),
            mark(end_ms / 2, "Tunnel is down"),
            mark(end_ms / 2, "Revision 8"),
            mark(end_ms * 2, "Revision 9"),
        ],
        ..Made::default()
    });
    assert!(said(&harness).ends_with(", Alert above 700"));
    let count = |name: &str| harness.query_all_by_label(name).count();
    assert_eq!((count("Revision 7"), count("2 events")), (1, 1));
    assert_eq!((count("Revision 8"), count("Revision 9")), (0, 0));
}
