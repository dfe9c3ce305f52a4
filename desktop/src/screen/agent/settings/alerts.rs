//! When alerts are raised, and which of them are sent.

use egui::Ui;
use underpass_shared::config::{Alerting, Document, Notification, Number, Thresholds};
use underpass_shared::rights::Access;

use crate::cx::Cx;
use crate::screen::agent::edit::{edit_connector, refused};
use crate::screen::agent::form::{Buffer, Form, foot, number, pair};
use crate::theme::{Text, Themed as _, space};
use crate::widget::{Field, Words as _, card_titled, toggle};

#[derive(Clone, Debug, Default, PartialEq)]
struct Fields {
    load: String,
    tolerance: String,
    disk: String,
    audit_disk: String,
    trace_disk: String,
    days: String,
    notification: Notification,
}

/// The card of alerts.
#[derive(Default)]
pub(crate) struct Alerts {
    fields: Buffer<Fields>,
}

type Volume = Number<1, 10_000_000>;

/// A volume that need not be given.
struct Optional(Option<Volume>);

impl std::str::FromStr for Optional {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        number(text).map(|volume| Self(Some(volume)))
    }
}

impl Alerts {
    pub(crate) fn card(&mut self, ui: &mut Ui, cx: &mut Cx<'_>, document: &Document) {
        let Alerting {
            thresholds,
            notification,
        } = document.connector().alerting;
        let volume = |volume: Option<Volume>| {
            volume
                .map(|volume| volume.get().to_string())
                .unwrap_or_default()
        };
        self.fields.follow(Fields {
            load: thresholds.cpu_load.get().to_string(),
            tolerance: thresholds
                .cpu_load_violation_tolerance_sec
                .get()
                .to_string(),
            disk: thresholds.free_disk_space_mb.get().to_string(),
            audit_disk: volume(thresholds.free_disc_for_audit_log_mb),
            trace_disk: volume(thresholds.free_disc_for_trace_mb),
            days: thresholds.certificate_validity_days.get().to_string(),
            notification,
        });
        card_titled(
            ui,
            "Alerts",
            |_| {},
            |ui| {
                let mut form = Form::new(refused(cx, Access::Administration));
                let thresholds = self.thresholds(ui, &mut form);
                ui.add_space(space::XS);
                ui.words(Text::Caption, ui.tokens().text_2, "Send by e-mail");
                sent(ui, &mut self.fields.now.notification, form.locked());
                if foot(ui, &mut self.fields, &form, "Save to the draft")
                    && let Some(thresholds) = thresholds
                {
                    let notification = self.fields.now.notification;
                    edit_connector(cx, "Change the alerts", move |fields| {
                        fields.alerting = Alerting {
                            thresholds,
                            notification,
                        };
                        Ok(())
                    });
                }
            },
        );
    }

    fn thresholds(&mut self, ui: &mut Ui, form: &mut Form) -> Option<Thresholds> {
        let now = &mut self.fields.now;
        let (mut load, mut tolerance, mut disk, mut days, mut audit, mut trace) =
            (None, None, None, None, None, None);
        pair(ui, |ui, at, _| match at {
            0 => {
                load = form.number(ui, "CPU load above, %", &mut now.load, |f| {
                    wide(f, "Default 90")
                })
            }
            _ => {
                tolerance = form.number(ui, "For at least, seconds", &mut now.tolerance, |f| {
                    wide(f, "Default 60")
                })
            }
        });
        pair(ui, |ui, at, _| match at {
            0 => {
                disk = form.number(ui, "Free disk below, MB", &mut now.disk, |f| {
                    wide(f, "Default 100")
                })
            }
            _ => {
                days = form.number(ui, "Certificates end within, days", &mut now.days, |f| {
                    wide(f, "Default 30")
                })
            }
        });
        pair(ui, |ui, at, _| match at {
            0 => {
                audit = form.optional::<Optional>(
                    ui,
                    "Free disk for audit below, MB",
                    &mut now.audit_disk,
                    |f| wide(f, "Empty: as above"),
                );
            }
            _ => {
                trace = form.optional::<Optional>(
                    ui,
                    "Free disk for traces below, MB",
                    &mut now.trace_disk,
                    |f| wide(f, "Empty: as above"),
                );
            }
        });
        Some(Thresholds {
            cpu_load: load?,
            cpu_load_violation_tolerance_sec: tolerance?,
            free_disk_space_mb: disk?,
            free_disc_for_audit_log_mb: audit?.and_then(|one| one.0),
            free_disc_for_trace_mb: trace?.and_then(|one| one.0),
            certificate_validity_days: days?,
        })
    }
}

fn wide<'f>(field: Field<'f>, help: &'f str) -> Field<'f> {
    field.width(f32::INFINITY).help(help)
}

fn sent(ui: &mut Ui, now: &mut Notification, locked: Option<&str>) {
    let Notification {
        ha,
        tunnels,
        service_channels,
        cpu,
        free_disk_space,
        certificates,
        troubleshooting,
    } = now;
    let all = [
        [(tunnels, "Tunnels"), (service_channels, "Channels")],
        [(cpu, "CPU load"), (free_disk_space, "Disk space")],
        [(certificates, "Certificates"), (troubleshooting, "Faults")],
    ];
    for mut row in all {
        pair(ui, |ui, at, _| {
            let (on, word) = &mut row[at];
            toggle(ui, on, word, locked);
        });
    }
    toggle(ui, ha, "High availability", locked);
}
