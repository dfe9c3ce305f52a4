//! Where the keys of this app are.

use egui::Ui;
use lucide_icons::Icon;
use underpass_fleet::keys::KeyStoreKind;
use underpass_fleet::snapshot::Keys;

use crate::command::UiCommand;
use crate::cx::Cx;
use crate::text;
use crate::theme::{State, space};
use crate::widget::{Button, Words as _, card_titled, key_row, pill};

pub(super) fn ui(ui: &mut Ui, cx: &mut Cx<'_>) {
    let keys = cx.fleet.keys.clone();
    let mut unlock = false;
    card_titled(
        ui,
        "Keys",
        |ui| {
            let locked = matches!(keys, Keys::Locked { .. });
            let open = Button::secondary("Unlock…").icon(Icon::KeyRound).small();
            unlock = ui.add(open.enabled_if(locked, "They are open")).clicked();
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
                    let (place, more) = told(*kind, cx.fleet.is_demo);
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
    if unlock {
        cx.run(UiCommand::Unlock);
    }
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
            "It is asked for at each start. To use the key store of the system instead, close this app, remove vault.key and vault.bin from the profile folder and pair again.",
        ),
        KeyStoreKind::Memory => (
            "Memory",
            "Nothing is kept: after the next start all agents are to be paired again.",
        ),
    }
}
