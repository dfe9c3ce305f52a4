//! One request in full, with where its time went.

use egui::{Align, Layout, ScrollArea, Ui};
use lucide_icons::Icon;
use underpass_shared::api::management::monitoring::{RequestShown, SplitShown};

use super::requests::result;
use crate::text;
use crate::theme::{Text, Themed as _, space};
use crate::widget::{
    Hue, IconButton, Slice, Unit, Words as _, card, copy_button, key_moment, key_text, keys, slices,
};

/// Shows the request; true when it is to be closed.
pub(super) fn detail(ui: &mut Ui, one: &RequestShown) -> bool {
    let mut closed = false;
    card(ui, |ui| {
        ui.horizontal(|ui| {
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                closed = ui
                    .add(IconButton::new(Icon::X, "Close the request").small())
                    .clicked();
                copy_button(ui, &text::clean(&one.path), "Path");
                ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                    result(ui, one);
                    ui.bold(text::clean(&one.method));
                });
            });
        });
        ScrollArea::vertical()
            .id_salt("request")
            .auto_shrink([false, true])
            .show(ui, |ui| {
                ui.words(Text::Mono, ui.tokens().text, text::clean(&one.path));
                ui.add_space(space::XS);
                time(ui, one);
                ui.add_space(space::S);
                facts(ui, one);
            });
    });
    closed
}

fn time(ui: &mut Ui, one: &RequestShown) {
    let total = Unit::Seconds.tell(seconds(one.split.total_us));
    ui.horizontal(|ui| {
        ui.words(Text::Caption, ui.tokens().text_2, "Where the time went");
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            ui.quiet(format!("{total} in the agent"));
        });
    });
    slices(ui, "Where the time went", Unit::Seconds, &parts(one.split));
}

fn seconds(us: u64) -> f64 {
    us as f64 / 1e6
}

/// The parts of a duration, from the cloud inwards; what is left of the agent's own is sending.
fn parts(split: SplitShown) -> Vec<Slice> {
    let known = [split.open_us, split.backend_us, split.propagation_us];
    let inside: u64 = known.iter().flatten().sum();
    let rest = split.total_us.saturating_sub(inside);
    let all = [
        ("Gateway", split.gateway_us, Hue::Series(5)),
        ("Tunnel", split.tunnel_us, Hue::Series(1)),
        ("Opening a connection", split.open_us, Hue::Series(3)),
        ("Back end", split.backend_us, Hue::Series(0)),
        ("Identity of the user", split.propagation_us, Hue::Series(2)),
        ("Sending and the rest", Some(rest), Hue::Series(4)),
    ];
    all.into_iter()
        .filter_map(|(name, us, hue)| {
            let value = seconds(us.filter(|us| *us > 0)?);
            Some(Slice { name, value, hue })
        })
        .collect()
}

fn facts(ui: &mut Ui, one: &RequestShown) {
    keys(ui, |ui| {
        key_moment(ui, "When", one.begun_ms);
        let host = format!("{}:{}", text::clean(&one.virtual_host), one.virtual_port);
        key_text(ui, "Virtual host", &host, true, true);
        let internal = match one.internal.as_str() {
            "" => "no mapping".to_owned(),
            host => text::clean(host),
        };
        key_text(ui, "Internal host", &internal, true, true);
        let resource = match one.resource.as_str() {
            "" => "none allowed it".to_owned(),
            path => text::clean(path),
        };
        key_text(ui, "Resource", &resource, true, false);
        if let Some(user) = &one.user {
            key_text(ui, "User", &text::clean(user), false, false);
        }
        let received = Unit::Bytes.tell(one.received as f64);
        key_text(ui, "Received", &received, false, false);
        let sent = Unit::Bytes.tell(one.sent as f64);
        key_text(ui, "Sent", &sent, false, false);
        let subaccount = one.subaccount.to_string();
        key_text(ui, "Subaccount", &subaccount, true, true);
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_known_is_no_part_and_the_rest_is_one() {
        let split = SplitShown {
            total_us: 100,
            gateway_us: Some(5),
            backend_us: Some(80),
            ..SplitShown::default()
        };
        let names: Vec<&str> = parts(split).iter().map(|part| part.name).collect();
        assert_eq!(names, ["Gateway", "Back end", "Sending and the rest"]);
        let rest = parts(split).pop().unwrap();
        assert!((rest.value - 20e-6).abs() < 1e-12);
    }
}
