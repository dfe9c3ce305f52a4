//! What this app is, and whose work is in it.

use egui::{RichText, ScrollArea, Ui};
use lucide_icons::Icon;

use crate::command::UiCommand;
use crate::cx::Cx;
use crate::theme::{Text, Themed as _, font, size, space};
use crate::widget::{Answer, Button, Dialog, Words as _, card_titled, key_row, key_text, logo};

/// Work of others that is shown, with its licence.
struct Work {
    what: &'static str,
    name: &'static str,
    licence: &'static str,
    text: &'static str,
}

const WORKS: [Work; 3] = [
    Work {
        what: "Text",
        name: "Inter",
        licence: "SIL Open Font License 1.1",
        text: include_str!("../../../assets/fonts/Inter-OFL.txt"),
    },
    Work {
        what: "Code",
        name: "JetBrains Mono",
        licence: "SIL Open Font License 1.1",
        text: include_str!("../../../assets/fonts/JetBrainsMono-OFL.txt"),
    },
    Work {
        what: "Icons",
        name: "Lucide",
        licence: "ISC License",
        text: include_str!("../../../assets/licences/lucide.txt"),
    },
];

pub(super) fn ui(ui: &mut Ui, cx: &mut Cx<'_>, open: &mut Option<usize>) {
    const SIDE: f32 = 40.0;
    card_titled(
        ui,
        "About",
        |_| {},
        |ui| {
            ui.spacing_mut().item_spacing.y = space::XS;
            ui.horizontal(|ui| {
                ui.spacing_mut().item_spacing.x = space::M;
                logo(ui, SIDE);
                ui.vertical(|ui| {
                    ui.spacing_mut().item_spacing.y = space::XXS;
                    ui.title("Underpass");
                    ui.quiet(concat!("Version ", env!("CARGO_PKG_VERSION")));
                });
            });
            ui.add_space(space::XS);
            key_text(ui, "Licence", "Apache License 2.0", false, false);
            for (at, work) in WORKS.iter().enumerate() {
                key_row(ui, work.what, |ui| {
                    ui.body(work.name);
                    let button = Button::ghost(work.licence).small().icon(Icon::Scale);
                    if ui
                        .add(button.name(&format!("Licence of {}", work.name)))
                        .clicked()
                    {
                        *open = Some(at);
                    }
                });
            }
            ui.add_space(space::XS);
            let demo = if cx.fleet.is_demo {
                "Leave the demo"
            } else {
                "Try with demo data"
            };
            if ui
                .add(Button::secondary(demo).icon(Icon::FlaskConical).small())
                .clicked()
            {
                cx.run(UiCommand::Demo);
            }
        },
    );
    if let Some(work) = open.and_then(|at| WORKS.get(at)) {
        let answer = Dialog::new("licence", work.name, "Done")
            .wide()
            .way_out("")
            .show(ui.ctx(), |ui| {
                ScrollArea::vertical()
                    .max_height(size::LIST)
                    .show(ui, |ui| {
                        let text = RichText::new(work.text)
                            .font(font(Text::Small))
                            .color(ui.tokens().text_2);
                        ui.add(egui::Label::new(text).wrap());
                    });
            });
        if answer != Answer::Open {
            *open = None;
        }
    }
}
