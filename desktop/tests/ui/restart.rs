//! What the app remembers from one start to the next.

use std::collections::BTreeMap;

use eframe::{App as _, Storage};
use egui::{Key, Modifiers, Theme, ThemePreference};
use underpass_desktop::nav::{AgentTab, Route};
use underpass_desktop::prefs::Prefs;
use underpass_fleet::snapshot::Health;

use crate::stage::{Stage, WINDOW};

/// What is written to the disk when the app ends.
#[derive(Default)]
struct Kept(BTreeMap<String, String>);

impl Storage for Kept {
    fn get_string(&self, key: &str) -> Option<String> {
        self.0.get(key).cloned()
    }

    fn set_string(&mut self, key: &str, value: String) {
        self.0.insert(key.to_owned(), value);
    }

    fn remove_string(&mut self, key: &str) {
        self.0.remove(key);
    }

    fn flush(&mut self) {}
}

#[test]
fn page_theme_rows_and_views_survive_a_restart() {
    let id = Stage::agent(Health::Online).id;
    let page = Route::Agent {
        id,
        tab: AgentTab::Logs,
    };
    let mut stage = Stage::new(Theme::Dark, WINDOW);
    stage.click("Compact rows");
    stage.click("Views");
    stage.click("Save this view…");
    stage.letters("Night shift");
    stage.key(Modifiers::NONE, Key::Enter);
    stage.click("Light theme");
    stage.key(Modifiers::COMMAND, Key::B);
    stage.go(page);
    let mut kept = Kept::default();
    stage.harness.state_mut().save(&mut kept);
    drop(stage);

    let prefs = Prefs::load(Some(&kept));
    assert_eq!(prefs.nav.current(), page);
    assert_eq!(prefs.theme, ThemePreference::Light);
    assert!(prefs.compact && !prefs.peek);
    assert_eq!(
        prefs
            .views
            .iter()
            .map(|view| view.name.as_str())
            .collect::<Vec<_>>(),
        ["Night shift"]
    );

    // What cannot be read is not the end of the rest.
    for text in kept.0.values_mut() {
        *text = text.replace("\"nav\":{", "\"nav\":[],\"old\":{");
    }
    let prefs = Prefs::load(Some(&kept));
    assert_eq!(prefs.nav.current(), Route::Fleet);
    assert!(prefs.compact && prefs.views.len() == 1);
}
