//! Measurements, run by hand: `cargo test --release -p underpass-desktop --test ui bench -- --ignored
//! --nocapture --test-threads 1`. No rasteriser is in them: a frame is the app's own work, egui's
//! layout, and the triangles for the graphics card.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use egui::{Key, Theme};
use underpass_desktop::source::Frozen;
use underpass_desktop::theme;
use underpass_desktop::widget::{Plot, PlotGroup, Unit};
use underpass_fleet::{Fleet, Source, Wake, demo};
use underpass_runtime::clock::{self, monotonic};

use crate::fleet::many;
use crate::plots::waves;
use crate::stage::{Stage, WINDOW};

/// Frames that are measured, and those before that warm caches up.
const FRAMES: usize = 600;
const WARM: usize = 60;

/// The value below which so many of a thousand lie.
fn quantile(times: &mut [Duration], per_mille: usize) -> Duration {
    times.sort_unstable();
    times[(times.len() - 1) * per_mille / 1_000]
}

#[test]
#[ignore = "a measurement, run by hand"]
fn bench_frames_while_ten_thousand_rows_scroll() {
    let mut stage = Stage::over(Theme::Dark, WINDOW, Box::new(Frozen(many(10_000))));
    stage.harness.state_mut().prefs.peek = false;
    let (mut whole, mut painting) = (Vec::new(), Vec::new());
    for frame in 0..WARM + FRAMES {
        stage.harness.key_press(Key::PageDown);
        let begun = monotonic();
        stage.harness.step();
        let laid_out = monotonic();
        let shapes = stage.harness.output().shapes.clone();
        let cloned = monotonic();
        let triangles = stage.harness.ctx.tessellate(shapes, 1.0);
        let done = monotonic();
        assert!(!triangles.is_empty());
        if frame >= WARM {
            whole.push(done - cloned + (laid_out - begun));
            painting.push(done - cloned);
        }
    }
    let mean = |times: &[Duration]| times.iter().sum::<Duration>() / u32::try_from(FRAMES).unwrap();
    let share = mean(&painting).as_secs_f64() / mean(&whole).as_secs_f64() * 100.0;
    println!(
        "frame over 10,000 rows: mean {:?}, p50 {:?}, p99 {:?}; triangles are {share:.0} % of it",
        mean(&whole),
        quantile(&mut whole, 500),
        quantile(&mut whole, 990),
    );
}

/// What a page of plots remembers.
#[derive(Default)]
struct Plots {
    group: PlotGroup,
    ready: bool,
    frame: u32,
}

#[test]
#[ignore = "a measurement, run by hand"]
fn bench_frames_of_plots_with_a_hundred_thousand_points() {
    let (tracks, end) = waves(100_000);
    let draw = move |ui: &mut egui::Ui, plots: &mut Plots| {
        if !std::mem::replace(&mut plots.ready, true) {
            theme::install(ui.ctx());
            return;
        }
        plots.frame += 1;
        plots.group.begin(0, end);
        // Another part in each frame, so that nothing that was made before is of use.
        let (end, by) = (end as f64, f64::from(plots.frame));
        plots.group.zoom_to(by * 1_000.0, end - by * 1_000.0);
        for name in ["one", "two", "three", "four"] {
            let out = Plot::new(name, Unit::Rate, &tracks, 15_000).show(ui, &mut plots.group);
            assert!(out.rect.is_positive());
        }
    };
    let mut harness = egui_kittest::Harness::builder()
        .with_size([1280.0, 1_200.0])
        .build_ui_state(draw, Plots::default());
    let mut times = vec![];
    for frame in 0..WARM + FRAMES {
        let begun = monotonic();
        harness.step();
        let shapes = harness.output().shapes.clone();
        let triangles = harness.ctx.tessellate(shapes, 1.0);
        assert!(!triangles.is_empty());
        if frame >= WARM {
            times.push(monotonic() - begun);
        }
    }
    let mean = times.iter().sum::<Duration>() / u32::try_from(FRAMES).unwrap();
    println!(
        "frame of four plots with 100,000 points each, zooming: mean {mean:?}, p50 {:?}, p99 {:?}",
        quantile(&mut times, 500),
        quantile(&mut times, 990),
    );
    assert!(
        mean < Duration::from_millis(16),
        "{mean:?} is no smooth frame"
    );
}

/// A line of `/proc/self/status`, in KiB.
#[cfg(target_os = "linux")]
fn resident_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status
        .lines()
        .find(|line| line.starts_with("VmRSS:"))
        .unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

/// Hundredths of a second that all threads of this process have worked.
#[cfg(target_os = "linux")]
fn worked() -> u64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let rest = stat.rsplit(')').next().unwrap();
    let fields: Vec<&str> = rest.split_whitespace().collect();
    fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap()
}

#[test]
#[ignore = "a measurement, run by hand"]
#[cfg(target_os = "linux")]
fn bench_memory_with_two_hundred_agents() {
    let before = resident_kib();
    let mut stage = Stage::over(Theme::Dark, WINDOW, Box::new(Frozen(many(200))));
    stage.harness.run_steps(60);
    let after = resident_kib();
    println!(
        "resident with 200 agents: {} MiB, {} MiB of it for app and agents",
        after / 1024,
        (after - before) / 1024
    );
}

#[test]
#[ignore = "a measurement, run by hand"]
#[cfg(target_os = "linux")]
fn bench_idle_with_fifty_sessions() {
    /// Long enough for every session to ask for its status more than once.
    const IDLE: Duration = Duration::from_secs(40);
    let wakes = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&wakes);
    let wake: Wake = Arc::new(move || {
        counted.fetch_add(1, Ordering::Relaxed);
    });
    let source = Source::Demo {
        seed: demo::SEED,
        clock: Arc::new(clock::wall_ms),
    };
    let fleet = Fleet::start(source, wake).unwrap();
    let mut stage = Stage::over(Theme::Dark, WINDOW, Box::new(fleet));
    // Sessions come up in the first seconds.
    let warm = monotonic() + Duration::from_secs(5);
    let mut seen = 0;
    let mut frames = 0_u32;
    let mut idle = |until: Duration, frames: &mut u32| {
        while monotonic() < until {
            let now = wakes.load(Ordering::Relaxed);
            // The window draws a frame for what woke it, and none otherwise.
            if now != seen {
                seen = now;
                stage.harness.step();
                *frames += 1;
            }
            std::thread::sleep(Duration::from_millis(16));
        }
    };
    idle(warm, &mut frames);
    frames = 0;
    let (before, begun) = (worked(), monotonic());
    idle(begun + IDLE, &mut frames);
    let share = (worked() - before) as f64 / IDLE.as_secs_f64();
    println!("idle with 50 sessions: {share:.2} % of a core, {frames} frames in {IDLE:?}");
}
