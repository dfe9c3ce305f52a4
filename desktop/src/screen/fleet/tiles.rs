//! The key numbers above the list.

use egui::Ui;
use underpass_fleet::snapshot::Health;

use crate::cx::Cx;
use crate::text;
use crate::theme::{State, Themed as _, space};
use crate::widget::Kpi;

/// Shows the tiles; a click on one narrows the list to what it counts.
pub(super) fn tiles(ui: &mut Ui, cx: &Cx<'_>, health: &mut Option<Health>) {
    let tokens = ui.tokens();
    let digest = cx.digest;
    let total = cx.fleet.agents.len();
    let online = digest.count(Health::Online);
    let plain = total - online;
    let requests = digest
        .requests
        .iter()
        .rev()
        .find(|value| value.is_finite())
        .copied();
    let (first, days) = digest
        .first_end
        .as_ref()
        .map_or(("", i64::MAX), |(name, days)| (&**name, *days));
    let down = digest.tunnels - digest.tunnels_up;
    let tile = |label, value: String, unit: String| Kpi {
        label,
        value,
        unit,
        note: String::new(),
        state: None,
        series: &[],
        color: tokens.series[0],
    };
    let tiles = [
        Kpi {
            note: if plain == 0 {
                "All well".to_owned()
            } else {
                format!("{} need attention", text::count(plain))
            },
            state: (plain > 0).then_some(State::Warn),
            ..tile(
                "Agents online",
                text::count(online),
                format!(" / {}", text::count(total)),
            )
        },
        Kpi {
            note: if down == 0 {
                "None down".to_owned()
            } else {
                format!("{} down", text::count(down))
            },
            state: (down > 0).then_some(State::Error),
            ..tile(
                "Tunnels up",
                text::count(digest.tunnels_up),
                format!(" / {}", text::count(digest.tunnels)),
            )
        },
        Kpi {
            note: "Over all agents".to_owned(),
            series: &digest.requests,
            ..tile(
                "Requests",
                requests.map_or("–".to_owned(), text::rate),
                " / s".to_owned(),
            )
        },
        Kpi {
            note: digest
                .busiest
                .as_ref()
                .map(|(name, _)| text::clean(name))
                .unwrap_or_default(),
            series: &digest.cpu,
            color: tokens.series[2],
            ..tile(
                "Highest CPU",
                digest
                    .busiest
                    .as_ref()
                    .map_or("–".to_owned(), |(_, load)| format!("{load:.0}")),
                " %".to_owned(),
            )
        },
        Kpi {
            note: if first.is_empty() {
                "None ends soon".to_owned()
            } else {
                ends(first, days)
            },
            state: if days <= 7 {
                Some(State::Error)
            } else {
                (days <= 30).then_some(State::Warn)
            },
            ..tile(
                "Certificates",
                text::count(digest.ending),
                " expire ≤ 30 d".to_owned(),
            )
        },
    ];
    ui.horizontal_top(|ui| {
        ui.spacing_mut().item_spacing.x = space::M;
        let room = ui.available_width();
        let shown = if room < 760.0 { 4 } else { tiles.len() };
        let width = (room - space::M * (shown as f32 - 1.0)) / shown as f32;
        // When room is short the load goes: the list has it too.
        let kept = tiles
            .iter()
            .enumerate()
            .filter(|(at, _)| shown == tiles.len() || *at != 3);
        for (at, tile) in kept {
            if tile.show(ui, width) {
                *health = match at {
                    0 => Some(Health::Online),
                    1 => Some(Health::Degraded),
                    _ => *health,
                };
            }
        }
    });
}

fn ends(name: &str, days: i64) -> String {
    let name = text::clean(name);
    match days {
        ..0 => format!("{name} is expired"),
        0 => format!("Next: {name} today"),
        1 => format!("Next: {name} tomorrow"),
        _ => format!("Next: {name} in {days} days"),
    }
}
