//! The panel beside the list that shows the chosen agent.

use std::sync::Arc;

use egui::{Align, Layout, ScrollArea, Ui, Vec2};
use lucide_icons::Icon;
use underpass_fleet::command::Command;
use underpass_fleet::snapshot::{AgentSnapshot, Link, Sample};
use underpass_shared::id::AgentId;

use super::list::subaccounts;
use super::open;
use crate::cx::Cx;
use crate::digest::{certificate_days, state_of, trouble_of, tunnels, word_of};
use crate::text;
use crate::theme::{Text, Themed as _, size, space};
use crate::widget::{
    Banner, Button, IconButton, Widths, Words as _, key_text, keys, pill, side_panel, sparkline,
};

/// Shows the panel while an agent is chosen.
pub(super) fn panel(ui: &mut Ui, cx: &mut Cx<'_>, chosen: &mut Option<AgentId>) {
    let Some(agent) = chosen.and_then(|id| cx.fleet.agent(id)).map(Arc::clone) else {
        return;
    };
    let widths = Widths {
        least: 260.0,
        usual: size::PEEK,
        most: ui.available_width() * 0.45,
    };
    side_panel(ui, "peek", widths, |ui| {
        ScrollArea::vertical()
            .auto_shrink([false, false])
            .show(ui, |ui| {
                contents(ui, cx, &agent, chosen);
            });
    });
}

fn contents(ui: &mut Ui, cx: &mut Cx<'_>, agent: &AgentSnapshot, chosen: &mut Option<AgentId>) {
    let tokens = ui.tokens();
    ui.horizontal(|ui| {
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            if ui
                .add(IconButton::new(Icon::X, "Close the side panel").small())
                .clicked()
            {
                *chosen = None;
            }
            pill(ui, state_of(agent.health), word_of(agent.health));
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                ui.words(Text::Heading, tokens.text, text::clean(&agent.label));
            });
        });
    });
    ui.add_space(space::XS);
    if let Some(problem) = &agent.problem {
        let state = trouble_of(agent.health);
        let away = !agent.link.is_online();
        let (problem, detail) = (text::sentence(problem), next_try(agent, cx.now_ms));
        let mut banner = Banner::new(state, &problem).detail(&detail);
        if away {
            banner = banner.action("Retry now");
        }
        if banner.show(ui) {
            cx.send(Command::Retry(agent.id));
        }
        ui.add_space(space::S);
    }
    facts(ui, cx, agent);
    ui.add_space(space::M);
    plot(ui, agent, "Requests per second", 0, |sample| {
        sample.requests
    });
    plot(ui, agent, "CPU", 2, |sample| {
        sample.cpu.map(|cpu| cpu * 100.0)
    });
    ui.add_space(space::M);
    ui.horizontal_wrapped(|ui| {
        if ui
            .add(Button::primary("Open agent").icon(Icon::ArrowRight))
            .clicked()
        {
            open(cx, agent.id);
        }
        if ui
            .add(Button::secondary("Refresh").icon(Icon::RefreshCw))
            .clicked()
        {
            cx.send(Command::Refresh(agent.id));
        }
    });
}

fn next_try(agent: &AgentSnapshot, now_ms: i64) -> String {
    match &agent.link {
        Link::Away { next_try_ms, .. } => {
            format!("Next attempt in {}", text::countdown(now_ms, *next_try_ms))
        }
        Link::Connecting { .. }
        | Link::Online { .. }
        | Link::Refused { .. }
        | Link::KeyChanged { .. } => String::new(),
    }
}

fn facts(ui: &mut Ui, cx: &Cx<'_>, agent: &AgentSnapshot) {
    let known = |value: Option<String>| value.unwrap_or_else(|| "–".to_owned());
    let document = agent
        .configuration
        .value()
        .map(|configuration| &configuration.document);
    let mappings = document.map(|document| {
        let own = |one: &Arc<underpass_shared::config::Subaccount>| one.mappings().len();
        text::count(document.subaccounts().iter().map(own).sum())
    });
    keys(ui, |ui| {
        key_text(
            ui,
            "Address",
            &text::clean(&agent.address.to_string()),
            true,
            true,
        );
        key_text(
            ui,
            "Group",
            &known(agent.group.as_deref().map(text::clean)),
            false,
            false,
        );
        if !agent.tags.is_empty() {
            key_text(
                ui,
                "Tags",
                &text::clean(&agent.tags.join(", ")),
                false,
                false,
            );
        }
        let version = agent
            .version
            .value()
            .map(|version| text::clean(&version.version));
        key_text(ui, "Version", &known(version), false, false);
        let (up, total) = tunnels(agent);
        key_text(ui, "Tunnels", &format!("{up} of {total} up"), false, false);
        key_text(
            ui,
            "Subaccounts",
            &known(subaccounts(agent).map(text::count)),
            false,
            false,
        );
        key_text(ui, "Mappings", &known(mappings), false, false);
        let days = certificate_days(agent).map(|days| format!("{days} days left"));
        key_text(ui, "First certificate", &known(days), false, false);
        let revision = agent
            .configuration
            .value()
            .map(|configuration| configuration.revision.to_string());
        key_text(ui, "Revision", &known(revision), false, false);
        let seen = agent
            .last_seen_ms
            .map(|at| match text::age(cx.now_ms, at).as_str() {
                "now" => "just now".to_owned(),
                age => format!("{age} ago"),
            });
        key_text(ui, "Last answer", &known(seen), false, false);
        key_text(ui, "Identity", &agent.id.to_string(), true, true);
    });
}

fn plot(
    ui: &mut Ui,
    agent: &AgentSnapshot,
    name: &str,
    color: usize,
    value: impl Fn(&Sample) -> Option<f32>,
) {
    let tokens = ui.tokens();
    let values: Vec<f32> = agent
        .series
        .samples
        .iter()
        .map(|sample| value(sample).unwrap_or(f32::NAN))
        .collect();
    if values.iter().filter(|value| value.is_finite()).count() < 2 {
        return;
    }
    let last = values
        .iter()
        .rev()
        .find(|value| value.is_finite())
        .copied()
        .unwrap_or_default();
    ui.horizontal(|ui| {
        ui.words(Text::Small, tokens.text_3, format!("{name}, last hour"));
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            ui.words(Text::Strong, tokens.text, text::rate(last));
        });
    });
    let size = Vec2::new(ui.available_width(), 48.0);
    sparkline(ui, size, &values, tokens.series[color], name);
}
