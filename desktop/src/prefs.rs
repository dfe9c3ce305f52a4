//! What the app remembers between starts, apart from its window.

use std::collections::BTreeSet;

use egui::ThemePreference;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize};

use underpass_shared::id::AgentId;

use crate::measured::Span;
use crate::nav::Nav;
use crate::screen::fleet::{Col, SavedView};
use crate::theme::size;
use crate::times::ShownClock;

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
    /// How large everything is.
    pub zoom: Zoom,
    /// By which clock moments are told.
    #[serde(deserialize_with = "known")]
    pub clock: ShownClock,
    /// The range of time of plots.
    #[serde(deserialize_with = "known")]
    pub span: Span,
    /// What is being set up.
    pub setup: Setup,
    /// The page that was shown.
    #[serde(deserialize_with = "known")]
    pub nav: Nav,
    /// Columns of the list that are not shown.
    #[serde(deserialize_with = "known")]
    pub hidden: Vec<Col>,
    /// Views of the list that have a name.
    #[serde(deserialize_with = "known")]
    pub views: Vec<SavedView>,
    /// How agents are compared.
    #[serde(deserialize_with = "known")]
    pub drift: DriftPrefs,
}

/// How agents are compared with a baseline.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct DriftPrefs {
    /// The group that is compared; all agents where there is none.
    pub group: Option<String>,
    /// Paths that are not compared, one a line.
    pub rules: String,
    /// Whether what belongs to one agent alone is compared too.
    pub own: bool,
    /// Whether subaccounts are compared whatever their location ID.
    pub any_location: bool,
}

impl Default for DriftPrefs {
    fn default() -> Self {
        Self {
            group: None,
            rules: String::new(),
            own: false,
            // Agents of a group usually serve the same tenants, each at its own location.
            any_location: true,
        }
    }
}

impl Default for Prefs {
    fn default() -> Self {
        Self {
            theme: ThemePreference::System,
            compact: false,
            peek: true,
            zoom: Zoom::default(),
            clock: ShownClock::default(),
            span: Span::default(),
            setup: Setup::default(),
            nav: Nav::default(),
            hidden: Vec::new(),
            views: Vec::new(),
            drift: DriftPrefs::default(),
        }
    }
}

/// How large everything is, in percent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "u16", into = "u16")]
pub struct Zoom(u16);

impl Zoom {
    /// What can be chosen.
    pub const ALL: [Self; 6] = [
        Self(80),
        Self(90),
        Self(100),
        Self(110),
        Self(125),
        Self(150),
    ];

    /// The percent.
    pub const fn percent(self) -> u16 {
        self.0
    }

    /// The factor.
    pub fn factor(self) -> f32 {
        f32::from(self.0) / 100.0
    }

    /// The choice that is nearest to a factor.
    pub fn near(factor: f32) -> Self {
        let off = |one: &Self| (one.factor() - factor).abs();
        let nearest = Self::ALL
            .into_iter()
            .min_by(|one, other| off(one).total_cmp(&off(other)));
        nearest.unwrap_or_default()
    }
}

impl Default for Zoom {
    fn default() -> Self {
        Self(100)
    }
}

impl From<u16> for Zoom {
    fn from(percent: u16) -> Self {
        Self::near(f32::from(percent) / 100.0)
    }
}

impl From<Zoom> for u16 {
    fn from(zoom: Zoom) -> Self {
        zoom.0
    }
}

/// Agents that are being set up, and how far that is where they do not tell it themselves.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Setup {
    shown: BTreeSet<AgentId>,
    tested: BTreeSet<AgentId>,
}

impl Setup {
    /// Shows what is left to do on an agent.
    pub fn begin(&mut self, agent: AgentId) {
        self.shown.insert(agent);
    }

    /// Shows it no longer.
    pub fn end(&mut self, agent: AgentId) {
        self.shown.remove(&agent);
    }

    /// Whether it is shown.
    pub fn is_shown(&self, agent: AgentId) -> bool {
        self.shown.contains(&agent)
    }

    /// A system of the agent answered.
    pub fn test(&mut self, agent: AgentId) {
        self.tested.insert(agent);
    }

    /// Whether one did.
    pub fn is_tested(&self, agent: AgentId) -> bool {
        self.tested.contains(&agent)
    }
}

/// Reads a part as far as this app knows it; the rest of the choices stays.
fn known<'de, D: Deserializer<'de>, T: Default + DeserializeOwned>(from: D) -> Result<T, D::Error> {
    let value = serde_json::Value::deserialize(from)?;
    Ok(serde_json::from_value(value).unwrap_or_default())
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
        let prefs: Prefs = serde_json::from_str(
            r#"{"compact":true,"hologram":1,"nav":{"current":"compare"},"hidden":["aura"]}"#,
        )
        .unwrap();
        assert!(prefs.compact);
        assert!(prefs.peek);
        let prefs: Prefs = serde_json::from_str(r#"{"zoom":5000}"#).unwrap();
        assert_eq!(prefs.zoom.percent(), 150);
    }

    #[test]
    fn zoom_and_set_up_survive_a_restart() {
        let mut prefs = Prefs {
            zoom: Zoom::near(1.24),
            ..Prefs::default()
        };
        let agent = AgentId::of_authority(&[1; 32]);
        prefs.setup.begin(agent);
        prefs.setup.test(agent);
        let text = serde_json::to_string(&prefs).unwrap();
        let again: Prefs = serde_json::from_str(&text).unwrap();
        assert_eq!((again.zoom.percent(), &again.setup), (125, &prefs.setup));
        assert!(again.setup.is_shown(agent) && again.setup.is_tested(agent));
    }
}
