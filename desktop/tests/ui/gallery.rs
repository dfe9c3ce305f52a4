//! Every house widget in one picture.

use egui::{Theme, Ui, Vec2};
use egui_kittest::Harness;
use lucide_icons::Icon;
use underpass_desktop::theme::{self, State, Text, Themed as _, space};
use underpass_desktop::widget::{
    Answer, Banner, Button, ConfirmName, Dialog, DiffKind, DiffRow, Empty, Field, IconButton, Kpi,
    Turn, Wizard, Words as _, card, card_titled, checkbox, chip, code, diff, key_text, keys, meter,
    pill, progress, segmented, select, skeleton, sparkline, toggle, tunnels,
};

use crate::raster::Raster;
use crate::stage::shots;

#[derive(Default)]
struct Shown {
    name: String,
    on: bool,
    choice: u8,
}

fn save(harness: &mut Harness<'_, Shown>, name: &str, theme: Theme) {
    let Some(folder) = shots() else { return };
    std::fs::create_dir_all(&folder).unwrap();
    let theme = if theme == Theme::Dark {
        "dark"
    } else {
        "light"
    };
    harness
        .render()
        .unwrap()
        .save(folder.join(format!("{name}-{theme}.png")))
        .unwrap();
}

fn show(name: &str, size: [f32; 2], mut draw: impl FnMut(&mut Ui, &mut Shown)) {
    for theme in [Theme::Dark, Theme::Light] {
        let builder = Harness::builder().with_size(size).with_theme(theme);
        let builder = if shots().is_some() {
            builder.renderer(Raster::default())
        } else {
            builder
        };
        let mut ready = false;
        let shown = Shown {
            on: true,
            ..Shown::default()
        };
        let mut harness = builder.build_ui_state(
            |ui: &mut Ui, shown: &mut Shown| {
                if !ready {
                    theme::install(ui.ctx());
                    ready = true;
                    return;
                }
                let ground = ui.tokens().canvas;
                ui.painter().rect_filled(ui.content_rect(), 0.0, ground);
                egui::Frame::new()
                    .fill(ground)
                    .inner_margin(20.0)
                    .show(ui, |ui| {
                        ui.set_min_size(Vec2::from(size) - Vec2::splat(40.0));
                        draw(ui, shown);
                    });
            },
            shown,
        );
        harness.run();
        save(&mut harness, name, theme);
    }
}

fn letters(ui: &mut Ui) {
    for role in Text::ALL {
        ui.words(
            role,
            ui.tokens().text,
            format!("{role:?} 0123456789 The quick brown fox"),
        );
    }
}

#[test]
fn controls() {
    show("gallery-controls", [1100.0, 760.0], |ui, shown| {
        ui.spacing_mut().item_spacing.y = space::M;
        ui.horizontal(|ui| {
            ui.add(Button::primary("Add agent").icon(Icon::Plus));
            ui.add(Button::secondary("Back up").icon(Icon::Archive));
            ui.add(Button::ghost("Ghost").icon(Icon::Cloud));
            ui.add(Button::danger("Delete").icon(Icon::Trash2));
            ui.add(Button::secondary("Off").enabled_if(false, "Needs the role Administrator"));
            ui.add(Button::secondary("Small").icon(Icon::Check).small());
            ui.add(IconButton::new(Icon::Bell, "Bell").badge(Some(ui.tokens().error)));
            ui.add(IconButton::new(Icon::Ellipsis, "More"));
        });
        ui.horizontal(|ui| {
            for state in State::ALL {
                pill(ui, state, &format!("{state:?}"));
            }
            tunnels(ui, 3, 4, true);
            tunnels(ui, 9, 9, true);
            tunnels(ui, 0, 3, false);
            meter(ui, 34.0, "CPU");
            meter(ui, 94.0, "Memory");
        });
        ui.horizontal(|ui| {
            chip(ui, true, None, "All", 50);
            chip(ui, false, Some(State::Ok), "Online", 12_345);
            segmented(
                ui,
                "Range",
                &mut shown.choice,
                &[(0, "15m"), (1, "1h"), (2, "24h")],
            );
            toggle(ui, &mut shown.on, "Enabled", None);
            toggle(
                ui,
                &mut shown.on,
                "Locked",
                Some("Needs the role Administrator"),
            );
            checkbox(ui, Some(true), "Ticked");
            checkbox(ui, Some(false), "Not ticked");
            checkbox(ui, None, "Some ticked");
        });
        letters(ui);
        let values: Vec<f32> = (0..60_u8)
            .map(|at| 40.0 + (f32::from(at) / 5.0).sin() * 20.0)
            .collect();
        ui.horizontal_top(|ui| {
            let kpi = Kpi {
                label: "Requests",
                value: "8 230".to_owned(),
                unit: " / s".to_owned(),
                note: "+4.2 % vs. before".to_owned(),
                state: None,
                series: &values,
                color: ui.tokens().series[0],
            };
            kpi.show(ui, 240.0);
            sparkline(
                ui,
                Vec2::new(200.0, 60.0),
                &values,
                ui.tokens().series[1],
                "Line",
            );
        });
    });
}

#[test]
fn forms() {
    show("gallery-forms", [1100.0, 900.0], |ui, shown| {
        ui.columns(2, |columns| {
            let ui = &mut columns[0];
            card_titled(
                ui,
                "Mapping",
                |ui| {
                    ui.add(Button::secondary("Check").icon(Icon::Radar).small());
                },
                |ui| {
                    Field::new("Virtual host", &mut shown.name)
                        .hint("erp.example")
                        .help("What the cloud calls")
                        .show(ui);
                    let mut bad = "erp 01".to_owned();
                    let rule = "A host has no blanks";
                    Field::new("Internal host", &mut bad)
                        .error(Some(rule))
                        .mono()
                        .show(ui);
                    let mut note = "Two lines\nof text".to_owned();
                    Field::new("Description", &mut note)
                        .optional()
                        .rows(3)
                        .show(ui);
                    let choices = [(0, "HTTP".to_owned()), (1, "HTTPS".to_owned())];
                    select(ui, "Protocol", &mut shown.choice, &choices, 240.0);
                },
            );
            let ui = &mut columns[1];
            Banner::new(State::Error, "No route to host")
                .detail("Next attempt in 0:24")
                .action("Retry now")
                .show(ui);
            Banner::new(State::Warn, "A certificate ends in 6 days").show(ui);
            Banner::new(State::Info, "Others changed this meanwhile")
                .action("Merge")
                .show(ui);
            card(ui, |ui| {
                keys(ui, |ui| {
                    key_text(
                        ui,
                        "Address",
                        "conn.retail-edge.corp.example:8443",
                        true,
                        true,
                    );
                    key_text(ui, "Version", "1.4.2", false, false);
                });
                progress(ui, "Back up 12 agents", "4 of 12 agents", Some(0.33), true);
                code(
                    ui,
                    "Command",
                    "underpass fleet apply --dry-run --agent eu-prd-01 --file connector.json",
                );
                skeleton(ui, 3);
            });
            card(ui, |ui| {
                Empty {
                    icon: Icon::SearchX,
                    title: "No agent matches",
                    text: "Type fewer letters to see more",
                    action: Some("Clear the filter"),
                }
                .show(ui)
            });
        });
    });
}

#[test]
fn dialogs() {
    show("gallery-dialog", [900.0, 600.0], |ui, shown| {
        let answer = Dialog::new("x", "Delete mapping", "Delete")
            .danger()
            .show(ui.ctx(), |ui| {
                ui.paragraph(
                    "Requests for erp.example:443 are refused from then on. You can undo this.",
                );
                Field::new("Reason", &mut shown.name)
                    .optional()
                    .width(f32::INFINITY)
                    .show(ui);
            });
        assert_eq!(answer, Answer::Open);
    });
    let mut confirm = ConfirmName::default();
    show("gallery-confirm", [900.0, 600.0], move |ui, _| {
        let answer = confirm.show(
            ui.ctx(),
            "Remove agent",
            "Remove",
            "The app forgets its key.",
            "eu-prd-01",
        );
        assert_eq!(answer, Answer::Open);
    });
    show("gallery-wizard", [900.0, 600.0], |ui, shown| {
        let steps = ["Address", "Identity", "Enrol", "Name"];
        let turn = Wizard::new("w", "Add agent", &steps, 1).show(ui.ctx(), |ui| {
            ui.paragraph("Compare these words with what the agent's console shows.");
            Field::new("Code", &mut shown.name).mono().show(ui);
        });
        assert_eq!(turn, Turn::Stay);
    });
}

#[test]
fn changes() {
    show("gallery-diff", [1000.0, 260.0], |ui, _| {
        let row = |kind, path: &str, before: &str, after: &str, note: &str| DiffRow {
            kind,
            path: path.to_owned(),
            before: before.to_owned(),
            after: after.to_owned(),
            note: note.to_owned(),
            chosen: Some(true),
        };
        let mut rows = [
            row(
                DiffKind::Changed,
                "eu10/acme-prod.region",
                "gw.eu10.example",
                "gw.eu20.example",
                "Restarts this tunnel",
            ),
            row(
                DiffKind::Added,
                "erp-virtual:443",
                "",
                "HTTPS, 4 resources",
                "",
            ),
            row(
                DiffKind::Removed,
                "legacy-ftp:21",
                "TCP",
                "",
                "2 open connections",
            ),
        ];
        card(ui, |ui| diff(ui, &mut rows));
    });
}
