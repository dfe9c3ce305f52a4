//! Where the keys of this app are.

use egui::Ui;
use lucide_icons::Icon;
use underpass_fleet::keys::KeyStoreKind;
use underpass_fleet::snapshot::Keys;

use super::move_keys::MoveDialog;
use crate::command::UiCommand;
use crate::cx::Cx;
use crate::text;
use crate::theme::{State, space};
use crate::widget::{Button, Words as _, card_titled, key_row, pill};

pub(super) fn ui(ui: &mut Ui, cx: &mut Cx<'_>, dialog: &mut Option<MoveDialog>) {
    let keys = cx.fleet.keys.clone();
    let is_demo = cx.fleet.is_demo;
    card_titled(
        ui,
        "Keys",
        |ui| match &keys {
            Keys::Locked { .. } => {
                let unlock = Button::secondary("Unlock…").icon(Icon::KeyRound).small();
                if ui.add(unlock).clicked() {
                    cx.run(UiCommand::Unlock);
                }
            }
            Keys::Open(kind) => {
                let word = match kind {
                    KeyStoreKind::Passphrase => "Move or change…",
                    KeyStoreKind::System | KeyStoreKind::Memory => "Move…",
                };
                let button = Button::secondary(word).icon(Icon::KeyRound).small();
                let button = button.name("Move the keys");
                let button = button.enabled_if(!is_demo, "Made-up agents need no keys");
                if ui.add(button).clicked() {
                    *dialog = Some(MoveDialog::new(*kind));
                }
            }
            Keys::Opening => {}
        },
        |ui| {
            ui.spacing_mut().item_spacing.y = space::S;
            let (state, word, place, more) = match &keys {
                Keys::Opening => (
                    State::Pending,
                    "Opening",
                    "",
                    "The system may be asking you.".to_owned(),
                ),
                Keys::Locked { reason, .. } => (State::Warn, "Locked", "", text::sentence(reason)),
                Keys::Open(kind) => {
                    let (place, more) = told(*kind, is_demo);
                    (State::Ok, "Open", place, more.to_owned())
                }
            };
            key_row(ui, "State", |ui| {
                pill(ui, state, word);
            });
            if !place.is_empty() {
                key_row(ui, "Kept in", |ui| ui.body(place));
            }
            ui.paragraph(more);
        },
    );
}

/// Where a kind of store keeps keys, and what follows from it.
const fn told(kind: KeyStoreKind, is_demo: bool) -> (&'static str, &'static str) {
    match kind {
        KeyStoreKind::Memory if is_demo => ("Memory", "Made-up agents need no keys."),
        KeyStoreKind::System => (
            "The key store of the system",
            "One key is there; it seals the file with the keys to your agents.",
        ),
        KeyStoreKind::Passphrase => (
            "A file sealed by a passphrase",
            "The passphrase is asked for at each start, and nobody can restore it.",
        ),
        KeyStoreKind::Memory => (
            "Memory",
            "Nothing is kept: after the next start all agents are to be paired again.",
        ),
    }
}
