//! What the program does: opens the window, or runs a command.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result};
use egui::ViewportBuilder;
use jiff::tz::TimeZone;
use underpass_fleet::keys::KeyChoice;
use underpass_fleet::{Fleet, Source, Wake, demo};
use underpass_runtime::clock;

use crate::app::App;
use crate::cli::{self, Cli, Common};
use crate::prefs::Prefs;
use crate::theme::size;
use crate::widget::ICON;

/// How old may be what a window shows that has not the keyboard: a fleet has news all the time, and
/// drawing each of them costs more than all the rest of this program.
const BESIDE: Duration = Duration::from_secs(2);

/// Does what the command line says.
///
/// # Errors
/// When it cannot be done.
pub fn start(cli: Cli) -> Result<ExitCode> {
    match cli.command {
        Some(command) => cli::run(&cli.common, command),
        None => window(&cli.common).map(|()| ExitCode::SUCCESS),
    }
}

/// Opens the window and returns when it is closed.
fn window(common: &Common) -> Result<()> {
    display()?;
    let profile = common.folder();
    let (title, name) = if common.demo {
        // What is remembered of made-up agents does not mix with the real ones.
        ("Underpass – demo", "underpass-demo")
    } else {
        ("Underpass", "underpass")
    };
    let mut options = eframe::NativeOptions {
        viewport: ViewportBuilder::default()
            .with_title(title)
            .with_app_id("underpass")
            .with_inner_size(size::WINDOW)
            .with_min_inner_size(size::WINDOW_MIN)
            .with_icon(eframe::icon_data::from_png_bytes(ICON)?),
        ..eframe::NativeOptions::default()
    };
    let source = if common.demo {
        made_up()
    } else {
        let folder = profile
            .as_ref()
            .map_err(|error| anyhow::anyhow!("{error:#}"))?;
        options.persistence_path = Some(folder.join("window.ron"));
        let keys = common.passphrase()?.map(KeyChoice::Passphrase);
        Source::Profile {
            folder: folder.clone(),
            keys: keys.unwrap_or_else(|| underpass_fleet::keys::usual(folder)),
        }
    };
    let profile: Option<PathBuf> = profile.ok();
    eframe::run_native(
        name,
        options,
        Box::new(move |creation| {
            let ctx = &creation.egui_ctx;
            let fleet = Fleet::start(source, wake(ctx))?;
            let prefs = Prefs::load(creation.storage);
            let mut app = App::new(ctx, Box::new(fleet), Box::new(clock::wall_ms), prefs);
            app.set_zone(TimeZone::system());
            let demo = |ctx: &egui::Context| {
                let fleet = Fleet::start(made_up(), wake(ctx))?;
                Ok(Box::new(fleet) as Box<dyn crate::source::Source>)
            };
            Ok(Box::new(
                app.with_profile(profile).with_demo(Box::new(demo)),
            ))
        }),
    )
    .map_err(|error| anyhow::anyhow!("cannot open a window: {error}"))
}

fn made_up() -> Source {
    Source::Demo {
        seed: demo::SEED,
        clock: Arc::new(clock::wall_ms),
    }
}

/// Draws anew: at once where somebody works, soon where somebody may be looking.
fn wake(ctx: &egui::Context) -> Wake {
    let ctx = ctx.clone();
    Arc::new(move || {
        if ctx.input(|input| input.focused) {
            ctx.request_repaint();
        } else {
            ctx.request_repaint_after(BESIDE);
        }
    })
}

/// Whether there is something to open a window on; the libraries below say it less clearly.
fn display() -> Result<()> {
    const NAMES: [&str; 3] = ["WAYLAND_DISPLAY", "WAYLAND_SOCKET", "DISPLAY"];
    if !cfg!(all(unix, not(target_os = "macos"))) {
        return Ok(());
    }
    let found = NAMES
        .iter()
        .find_map(|name| std::env::var_os(name).filter(|value| !value.is_empty()));
    found.map(drop).context(
        "there is no display: neither WAYLAND_DISPLAY nor DISPLAY is set; start it in a graphical \
         session, or use `underpass fleet`, whose commands need no window",
    )
}
