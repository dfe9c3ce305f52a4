//! Opens the window.

use std::sync::Arc;

use anyhow::Result;
use clap::Parser;
use egui::ViewportBuilder;
use underpass_fleet::{Fleet, Source, Wake, demo};
use underpass_runtime::clock;

use crate::app::App;
use crate::prefs::Prefs;
use crate::theme::size;

/// Manages a fleet of Underpass agents.
#[derive(Debug, Parser)]
#[command(name = "underpass", version)]
pub struct Args {
    /// Shows made-up agents; needs no network and changes nothing.
    #[arg(long)]
    pub demo: bool,
}

/// Opens the window and returns when it is closed.
///
/// # Errors
/// When no window can be opened.
pub fn start(args: &Args) -> Result<()> {
    anyhow::ensure!(
        args.demo,
        "real agents cannot be managed yet; try `underpass --demo`"
    );
    let title = if args.demo {
        "Underpass – demo"
    } else {
        "Underpass"
    };
    let viewport = ViewportBuilder::default()
        .with_title(title)
        .with_app_id("underpass")
        .with_inner_size(size::WINDOW)
        .with_min_inner_size(size::WINDOW_MIN);
    let options = eframe::NativeOptions {
        viewport,
        ..eframe::NativeOptions::default()
    };
    // What is remembered of made-up agents does not mix with the real ones.
    let name = if args.demo {
        "underpass-demo"
    } else {
        "underpass"
    };
    eframe::run_native(
        name,
        options,
        Box::new(|creation| {
            let ctx = creation.egui_ctx.clone();
            let wake: Wake = Arc::new(move || ctx.request_repaint());
            let source = Source::Demo {
                seed: demo::SEED,
                clock: Arc::new(clock::wall_ms),
            };
            let fleet = Fleet::start(source, wake)?;
            let prefs = Prefs::load(creation.storage);
            Ok(Box::new(App::new(
                &creation.egui_ctx,
                Box::new(fleet),
                Box::new(clock::wall_ms),
                prefs,
            )))
        }),
    )
    .map_err(|error| anyhow::anyhow!("cannot open a window: {error}"))
}
