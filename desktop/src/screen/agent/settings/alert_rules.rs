//! Further rules of alerts: of memory, back ends and tunnels, and how long one waits.

use egui::Ui;
use serde::de::DeserializeOwned;
use underpass_shared::config::{AlertDelays, AlertLimits, AlertRules, AlertSending, Document};
use underpass_shared::rights::Access;

use crate::cx::Cx;
use crate::screen::agent::edit::{edit_connector, refused};
use crate::screen::agent::form::{Buffer, Form, foot, pair};
use crate::theme::{Text, Themed as _, space};
use crate::widget::{Words as _, card_titled, toggle};

/// The numbers by their places.
const NUMBERS: usize = 13;

#[derive(Clone, Debug, Default, PartialEq)]
struct Fields {
    numbers: [String; NUMBERS],
    sending: AlertSending,
}

/// The card of further rules.
#[derive(Default)]
pub(crate) struct MoreAlerts {
    fields: Buffer<Fields>,
}

/// The labels of the numbers and what holds without them.
const LABELS: [(&str, &str); NUMBERS] = [
    ("Memory in use above, %", "Default 95"),
    ("95 % of answers within, ms", "Default 10000"),
    ("Errors of a back end above, %", "Default 50"),
    ("From so many requests on", "Default 20"),
    ("Back ends over the last, seconds", "Default 300"),
    ("Losses of a tunnel from", "Default 5"),
    ("Losses within, seconds", "Default 600"),
    ("Tunnels down for, seconds", "Default 30"),
    ("Channels down for, seconds", "Default 30"),
    ("Memory short for, seconds", "Default 60"),
    ("Back ends failing for, seconds", "Default 60"),
    ("Diagnoses standing for, seconds", "Default 30"),
    ("Resolved after, seconds", "Default 60"),
];

impl MoreAlerts {
    pub(crate) fn card(&mut self, ui: &mut Ui, cx: &mut Cx<'_>, document: &Document) {
        let AlertRules {
            thresholds,
            delays,
            notification,
        } = document.connector().alert_rules;
        self.fields.follow(Fields {
            numbers: numbers(&thresholds, &delays),
            sending: notification,
        });
        card_titled(
            ui,
            "Back ends, memory and delays",
            |_| {},
            |ui| {
                let mut form = Form::new(refused(cx, Access::Administration));
                let read = read(ui, &mut form, &mut self.fields.now.numbers);
                ui.add_space(space::XS);
                ui.words(Text::Caption, ui.tokens().text_2, "Send by e-mail");
                sent(ui, &mut self.fields.now.sending, form.locked());
                if foot(ui, &mut self.fields, &form, "Save these to the draft")
                    && let Some((thresholds, delays)) = read
                {
                    let notification = self.fields.now.sending;
                    edit_connector(cx, "Change further rules of alerts", move |fields| {
                        fields.alert_rules = AlertRules {
                            thresholds,
                            delays,
                            notification,
                        };
                        Ok(())
                    });
                }
            },
        );
    }
}

fn numbers(limits: &AlertLimits, delays: &AlertDelays) -> [String; NUMBERS] {
    [
        limits.memory_percent.get(),
        limits.latency_ms.get(),
        limits.error_rate_percent.get(),
        limits.least_requests.get(),
        limits.backend_window_sec.get(),
        limits.tunnel_losses.get(),
        limits.tunnel_window_sec.get(),
        delays.tunnels.get(),
        delays.service_channels.get(),
        delays.memory.get(),
        delays.backends.get(),
        delays.troubleshooting.get(),
        delays.resolution.get(),
    ]
    .map(|number| number.to_string())
}

/// Shows the fields two by two; the rules where all of them are right.
fn read(
    ui: &mut Ui,
    form: &mut Form,
    texts: &mut [String; NUMBERS],
) -> Option<(AlertLimits, AlertDelays)> {
    let [
        memory,
        latency,
        errors,
        least,
        window,
        losses,
        within,
        tunnels,
        channels,
        short,
        backends,
        diagnoses,
        over,
    ] = texts;
    let mut limits = AlertLimits::default();
    let mut delays = AlertDelays::default();
    let all = [
        two(
            ui,
            form,
            0,
            (memory, &mut limits.memory_percent),
            (latency, &mut limits.latency_ms),
        ),
        two(
            ui,
            form,
            2,
            (errors, &mut limits.error_rate_percent),
            (least, &mut limits.least_requests),
        ),
        two(
            ui,
            form,
            4,
            (window, &mut limits.backend_window_sec),
            (losses, &mut limits.tunnel_losses),
        ),
        two(
            ui,
            form,
            6,
            (within, &mut limits.tunnel_window_sec),
            (tunnels, &mut delays.tunnels),
        ),
        two(
            ui,
            form,
            8,
            (channels, &mut delays.service_channels),
            (short, &mut delays.memory),
        ),
        two(
            ui,
            form,
            10,
            (backends, &mut delays.backends),
            (diagnoses, &mut delays.troubleshooting),
        ),
        last(ui, form, (over, &mut delays.resolution)),
    ];
    all.into_iter()
        .all(|right| right)
        .then_some((limits, delays))
}

/// Two fields side by side; whether both are right.
fn two<A: DeserializeOwned, B: DeserializeOwned>(
    ui: &mut Ui,
    form: &mut Form,
    place: usize,
    (one, into_one): (&mut String, &mut A),
    (other, into_other): (&mut String, &mut B),
) -> bool {
    let mut right = [false; 2];
    pair(ui, |ui, at, _| {
        right[at] = match at {
            0 => number(ui, form, place, one, into_one),
            _ => number(ui, form, place + 1, other, into_other),
        };
    });
    right == [true; 2]
}

/// The field that is left over; whether it is right.
fn last<A: DeserializeOwned>(
    ui: &mut Ui,
    form: &mut Form,
    (text, into): (&mut String, &mut A),
) -> bool {
    let mut right = false;
    pair(ui, |ui, at, _| {
        if at == 0 {
            right = number(ui, form, NUMBERS - 1, text, into);
        }
    });
    right
}

/// One field; whether it is right.
fn number<A: DeserializeOwned>(
    ui: &mut Ui,
    form: &mut Form,
    place: usize,
    text: &mut String,
    into: &mut A,
) -> bool {
    let (label, help) = LABELS[place];
    let found = form.number(ui, label, text, |field| {
        field.width(f32::INFINITY).help(help)
    });
    match found {
        Some(found) => {
            *into = found;
            true
        }
        None => false,
    }
}

fn sent(ui: &mut Ui, now: &mut AlertSending, locked: Option<&str>) {
    let AlertSending {
        memory,
        backends,
        audit,
        backup,
    } = now;
    let all = [
        [(memory, "Memory"), (backends, "Back ends")],
        [(audit, "Audit log"), (backup, "Backups")],
    ];
    for mut row in all {
        pair(ui, |ui, at, _| {
            let (on, word) = &mut row[at];
            toggle(ui, on, word, locked);
        });
    }
}
