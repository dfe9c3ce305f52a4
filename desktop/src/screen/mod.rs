//! The pages.

pub mod agent;
pub mod alerts;
pub mod audit;
pub mod configuration;
mod filtered;
pub mod fleet;
pub mod moves;
pub mod pairing;
pub(crate) mod save;
pub mod settings;
pub mod welcome;

use egui::{Frame, ScrollArea, Ui};

use crate::theme::inset;

/// What the pages remember from frame to frame.
#[derive(Default)]
pub struct Screens {
    /// The list of all agents.
    pub fleet: fleet::FleetState,
    /// The page of one agent.
    pub agent: agent::AgentState,
    /// What wants attention.
    pub alerts: alerts::AlertsState,
    /// Who did what.
    pub audit: audit::AuditState,
    /// The configurations of all agents.
    pub configuration: configuration::ConfigurationState,
    /// Agents that move to other hosts, and imports.
    pub moves: moves::MovesState,
    /// Pairing with another agent.
    pub pairing: pairing::PairingState,
    /// What a fleet without agents shows.
    pub welcome: welcome::WelcomeState,
    /// Settings of this app.
    pub settings: settings::SettingsState,
}

/// A page that scrolls as a whole, with its margins.
pub fn page<R>(ui: &mut Ui, id: &str, contents: impl FnOnce(&mut Ui) -> R) -> R {
    ScrollArea::vertical()
        .id_salt(id)
        .auto_shrink([false, false])
        .show(ui, |ui| {
            Frame::new()
                .inner_margin(inset::PAGE)
                .show(ui, contents)
                .inner
        })
        .inner
}

/// A page whose parts scroll by themselves, with its margins.
pub fn fixed_page<R>(ui: &mut Ui, contents: impl FnOnce(&mut Ui) -> R) -> R {
    Frame::new()
        .inner_margin(inset::PAGE_FIXED)
        .show(ui, contents)
        .inner
}
