//! The key numbers above the list.

use egui::{Color32, Ui};
use underpass_fleet::snapshot::Health;

use crate::cx::Cx;
use crate::digest::Digest;
use crate::text;
use crate::theme::{State, Themed as _, space};
use crate::widget::Kpi;

/// Shows the tiles; a click on one narrows the list to what it counts.
pub(super) fn tiles(ui: &mut Ui, cx: &Cx<'_>, health: &mut Option<Health>) {
    let digest = cx.digest;
    let tiles = [
        online(cx),
        tunnels(digest),
        requests(digest, ui.tokens().series[0]),
        load(digest, ui.tokens().series[2]),
        certificates(digest),
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

fn plain(label: &str, value: String, unit: String) -> Kpi<'_> {
    Kpi {
        label,
        value,
        unit,
        note: String::new(),
        state: None,
        series: &[],
        color: Color32::TRANSPARENT,
    }
}

fn online(cx: &Cx<'_>) -> Kpi<'static> {
    let total = cx.fleet.agents.len();
    let online = cx.digest.count(Health::Online);
    let rest = total - online;
    Kpi {
        note: match rest {
            0 => "All well".to_owned(),
            _ => format!("{} need attention", text::count(rest)),
        },
        state: (rest > 0).then_some(State::Warn),
        ..plain(
            "Agents online",
            text::count(online),
            format!(" / {}", text::count(total)),
        )
    }
}

fn tunnels(digest: &Digest) -> Kpi<'static> {
    let down = digest.tunnels - digest.tunnels_up;
    let (up, all) = (text::count(digest.tunnels_up), text::count(digest.tunnels));
    Kpi {
        note: match down {
            0 => "None down".to_owned(),
            _ => format!("{} down", text::count(down)),
        },
        state: (down > 0).then_some(State::Error),
        ..plain("Tunnels up", up, format!(" / {all}"))
    }
}

fn requests(digest: &Digest, color: Color32) -> Kpi<'_> {
    let last = digest.requests.iter().rev().find(|value| value.is_finite());
    let value = last.map_or("–".to_owned(), |rate| text::rate(*rate));
    Kpi {
        note: "Over all agents".to_owned(),
        series: &digest.requests,
        color,
        ..plain("Requests", value, " / s".to_owned())
    }
}

fn load(digest: &Digest, color: Color32) -> Kpi<'_> {
    let busiest = digest.busiest.as_ref();
    let value = busiest.map_or("–".to_owned(), |(_, load)| format!("{load:.0}"));
    Kpi {
        note: busiest
            .map(|(name, _)| text::clean(name))
            .unwrap_or_default(),
        series: &digest.cpu,
        color,
        ..plain("Highest CPU", value, " %".to_owned())
    }
}

fn certificates(digest: &Digest) -> Kpi<'static> {
    let first = digest.first_end.as_ref();
    let note = first.map_or("None ends soon".to_owned(), |(name, days)| {
        ends(name, *days)
    });
    let state = match first.map_or(i64::MAX, |(_, days)| *days) {
        ..=7 => Some(State::Error),
        8..=30 => Some(State::Warn),
        _ => None,
    };
    Kpi {
        note,
        state,
        ..plain(
            "Certificates",
            text::count(digest.ending),
            " expire ≤ 30 d".to_owned(),
        )
    }
}
