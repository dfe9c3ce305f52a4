//! What the app remembers between starts, apart from its window.

use egui::ThemePreference;
use serde::{Deserialize, Serialize};

use crate::nav::Nav;
use crate::theme::size;

/// The operator's choices. What an older or newer app wrote is read as far as it is known.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Prefs {
    /// Dark, light, or as the system.
    pub theme: ThemePreference,
    /// Lower rows.
    pub compact: bool,
    /// Whether the panel beside the list is shown.
    pub peek: bool,
    /// The page that was shown.
    pub nav: Nav,
}

impl Default for Prefs {
    fn default() -> Self {
        Self {
            theme: ThemePreference::System,
            compact: false,
            peek: true,
            nav: Nav::default(),
        }
    }
}

const KEY: &str = "underpass";

impl Prefs {
    /// Reads what was kept; the usual where there is nothing that can be read.
    pub fn load(storage: Option<&dyn eframe::Storage>) -> Self {
        let text = storage.and_then(|storage| storage.get_string(KEY));
        text.and_then(|text| serde_json::from_str(&text).ok())
            .unwrap_or_default()
    }

    /// Keeps it.
    pub fn save(&self, storage: &mut dyn eframe::Storage) {
        if let Ok(text) = serde_json::to_string(self) {
            storage.set_string(KEY, text);
        }
    }

    /// The height of a table's rows.
    pub const fn row_height(&self) -> f32 {
        if self.compact {
            size::ROW_COMPACT
        } else {
            size::ROW
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_another_version_wrote_is_read_as_far_as_it_is_known() {
        let prefs: Prefs = serde_json::from_str(r#"{"compact":true,"hologram":1}"#).unwrap();
        assert!(prefs.compact);
        assert!(prefs.peek);
    }
}
