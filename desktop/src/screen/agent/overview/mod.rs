//! How an agent is.

mod setup;

use std::sync::Arc;

use egui::{Ui, Vec2};
use underpass_fleet::snapshot::{AgentSnapshot, Link, Sample};

use crate::cx::Cx;
use crate::digest::tunnels;
use crate::screen::page;
use crate::text;
use crate::theme::{Text, Themed as _, space};
use crate::widget::{Words as _, card_titled, key_text, keys, skeleton, sparkline};

/// What the tab remembers from frame to frame.
#[derive(Default)]
pub struct OverviewState {
    setup: setup::Setup,
}

/// Shows the tab.
pub fn ui(ui: &mut Ui, cx: &mut Cx<'_>, state: &mut OverviewState) {
    let Some(agent) = cx.agent.map(Arc::clone) else {
        return;
    };
    page(ui, "overview", |ui| {
        state.setup.ui(ui, cx, &agent);
        let wide = ui.available_width() > 700.0;
        let (left, right) = if wide { (0, 1) } else { (0, 0) };
        ui.spacing_mut().item_spacing = Vec2::splat(space::M);
        ui.columns(if wide { 2 } else { 1 }, |columns| {
            card_titled(
                &mut columns[left],
                "Agent",
                |_| {},
                |ui| facts(ui, cx, &agent),
            );
            card_titled(&mut columns[right], "Load", |_| {}, |ui| load(ui, &agent));
        });
    });
}

fn facts(ui: &mut Ui, cx: &Cx<'_>, agent: &AgentSnapshot) {
    if agent.status.value().is_none() {
        if matches!(agent.link, Link::Connecting { .. } | Link::Online { .. }) {
            skeleton(ui, 6);
        } else {
            ui.quiet("It told nothing yet");
        }
        return;
    }
    let known = |value: Option<String>| value.unwrap_or_else(|| "–".to_owned());
    keys(ui, |ui| {
        key_text(ui, "Identity", &agent.id.to_string(), true, true);
        let version = agent
            .version
            .value()
            .map(|version| text::clean(&version.version));
        key_text(ui, "Version", &known(version), false, false);
        key_text(
            ui,
            "Group",
            &known(agent.group.as_deref().map(text::clean)),
            false,
            false,
        );
        let (up, total) = tunnels(agent);
        key_text(ui, "Tunnels", &format!("{up} of {total} up"), false, false);
        let revision = agent
            .configuration
            .value()
            .map(|configuration| configuration.revision.to_string());
        key_text(ui, "Revision", &known(revision), false, false);
        let seen = agent.last_seen_ms.map(|at| text::age(cx.now_ms, at));
        key_text(ui, "Last answer", &known(seen), false, false);
    });
}

fn load(ui: &mut Ui, agent: &AgentSnapshot) {
    line(ui, agent, "Requests per second", 0, |sample| {
        sample.requests
    });
    line(ui, agent, "CPU, percent", 2, |sample| {
        sample.cpu.map(|cpu| cpu * 100.0)
    });
}

fn line(
    ui: &mut Ui,
    agent: &AgentSnapshot,
    name: &str,
    color: usize,
    value: impl Fn(&Sample) -> Option<f32>,
) {
    let tokens = ui.tokens();
    let samples = &agent.series.samples;
    let values: Vec<f32> = samples
        .iter()
        .map(|sample| value(sample).unwrap_or(f32::NAN))
        .collect();
    ui.words(Text::Small, tokens.text_3, name);
    if values.len() < 2 {
        ui.quiet("Nothing known yet");
        return;
    }
    sparkline(
        ui,
        Vec2::new(ui.available_width(), 56.0),
        &values,
        tokens.series[color],
        name,
    );
}
