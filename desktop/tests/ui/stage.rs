//! The stage of a test: the app over a made-up fleet, at a time that stands still.

use std::path::PathBuf;
use std::sync::Arc;

use egui::{Key, Modifiers, Theme, ThemePreference};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use underpass_desktop::app::App;
use underpass_desktop::nav::Route;
use underpass_desktop::prefs::Prefs;
use underpass_desktop::source::{Source, Staged};
use underpass_fleet::demo::{SEED, Still};
use underpass_fleet::snapshot::{AgentSnapshot, Health};

use crate::raster::Raster;

/// When everything happens: 2026-03-02 09:30 UTC.
pub(crate) const NOW_MS: i64 = 1_772_443_800_000;
/// The window that pictures are taken of.
pub(crate) const WINDOW: [f32; 2] = [1280.0, 800.0];
/// The smallest window.
pub(crate) const SMALL: [f32; 2] = [800.0, 600.0];

/// The app on its stage.
pub(crate) struct Stage {
    pub(crate) harness: Harness<'static, App>,
    theme: Theme,
}

/// Which letters of what is shown the fonts have.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Letters {
    All,
    Some,
}

/// Where pictures go, when pictures are wanted.
pub(crate) fn shots() -> Option<PathBuf> {
    std::env::var_os("UNDERPASS_SHOTS").map(PathBuf::from)
}

impl Stage {
    /// The app over the made-up fleet.
    pub(crate) fn new(theme: Theme, size: [f32; 2]) -> Self {
        Self::over(theme, size, Box::new(Staged::new(Still::new(SEED, NOW_MS))))
    }

    /// The same with a renderer, for what takes pictures itself.
    pub(crate) fn rendered(theme: Theme, size: [f32; 2]) -> Self {
        let source = Box::new(Staged::new(Still::new(SEED, NOW_MS)));
        Self::build(theme, size, source, Letters::All, true)
    }

    /// The app over another source.
    pub(crate) fn over(theme: Theme, size: [f32; 2], source: Box<dyn Source>) -> Self {
        Self::build(theme, size, source, Letters::All, shots().is_some())
    }

    /// The same over a source whose texts have letters that no font has; the app draws boxes.
    pub(crate) fn over_strange(theme: Theme, size: [f32; 2], source: Box<dyn Source>) -> Self {
        Self::build(theme, size, source, Letters::Some, shots().is_some())
    }

    fn build(
        theme: Theme,
        size: [f32; 2],
        source: Box<dyn Source>,
        letters: Letters,
        renders: bool,
    ) -> Self {
        let prefs = Prefs {
            theme: match theme {
                Theme::Dark => ThemePreference::Dark,
                Theme::Light => ThemePreference::Light,
            },
            ..Prefs::default()
        };
        let builder = Harness::builder()
            .with_render_cursor(false)
            .with_size(size)
            .with_theme(theme)
            .with_max_steps(16);
        let builder = if letters == Letters::Some {
            builder.allow_missing_glyphs()
        } else {
            builder
        };
        // Pictures need a renderer; everything else does without.
        let builder = if renders {
            builder.renderer(Raster::default())
        } else {
            builder
        };
        let mut harness = builder.build_eframe(move |creation| {
            App::new(&creation.egui_ctx, source, Box::new(|| NOW_MS), prefs)
        });
        harness.run();
        Self { harness, theme }
    }

    /// Both themes in the usual window.
    pub(crate) fn both() -> [Self; 2] {
        [Theme::Dark, Theme::Light].map(|theme| Self::new(theme, WINDOW))
    }

    /// Draws until nothing moves.
    pub(crate) fn run(&mut self) {
        self.harness.run();
    }

    /// Goes to a page.
    pub(crate) fn go(&mut self, route: Route) {
        self.harness.state_mut().go(route);
        self.run();
    }

    /// Clicks what has this name.
    pub(crate) fn click(&mut self, name: &str) {
        self.harness.get_by_label(name).click();
        self.run();
    }

    /// Presses a key.
    pub(crate) fn key(&mut self, modifiers: Modifiers, key: Key) {
        self.harness.key_press_modifiers(modifiers, key);
        self.run();
    }

    /// Types letters to whatever has the keyboard.
    pub(crate) fn letters(&mut self, text: &str) {
        self.harness.event(egui::Event::Text(text.to_owned()));
        self.run();
    }

    /// Whether something has this name.
    pub(crate) fn shows(&self, name: &str) -> bool {
        self.harness.query_all_by_label(name).next().is_some()
    }

    /// How many have this name.
    pub(crate) fn count(&self, name: &str) -> usize {
        self.harness.query_all_by_label(name).count()
    }

    /// Whether something has a name with these words.
    pub(crate) fn mentions(&self, words: &str) -> bool {
        self.harness
            .query_all_by_label_contains(words)
            .next()
            .is_some()
    }

    /// The whole of the first name with these words.
    pub(crate) fn name_with(&self, words: &str) -> String {
        let mut found = self.harness.query_all_by_label_contains(words);
        let found = found.next().unwrap_or_else(|| panic!("no {words}"));
        found.accesskit_node().label().unwrap_or_default()
    }

    /// The first agent that is so.
    pub(crate) fn agent(health: Health) -> Arc<AgentSnapshot> {
        let fleet = Still::new(SEED, NOW_MS).snapshot();
        Arc::clone(
            fleet
                .agents
                .iter()
                .find(|agent| agent.health == health)
                .unwrap(),
        )
    }

    /// Takes a picture where pictures are wanted.
    pub(crate) fn shot(&mut self, name: &str) {
        let Some(folder) = shots() else { return };
        std::fs::create_dir_all(&folder).unwrap();
        let theme = if self.theme == Theme::Dark {
            "dark"
        } else {
            "light"
        };
        let image = self.harness.render().unwrap();
        image
            .save(folder.join(format!("{name}-{theme}.png")))
            .unwrap();
    }
}
