//! The dialog by which keys are kept elsewhere, or sealed by another passphrase.

use egui::{Context, Ui};
use underpass_fleet::command::{Command, MoveKeys};
use underpass_fleet::keys::{KeyChoice, KeyStoreKind};
use underpass_fleet::slot::Slot;
use underpass_shared::secret::Secret;

use crate::cx::Cx;
use crate::text;
use crate::theme::{State, space};
use crate::widget::{
    Answer, Banner, Dialog, Field, NewPassphrase, Words as _, option_card, progress,
};

/// What is typed before nothing is kept any more.
const SURE: &str = "keep nothing";

/// What was chosen and typed so far.
pub(super) struct MoveDialog {
    from: KeyStoreKind,
    to: KeyStoreKind,
    /// The passphrase that seals the keys now.
    present: String,
    new: NewPassphrase,
    sure: String,
    sent: Option<Slot<()>>,
}

impl Drop for MoveDialog {
    fn drop(&mut self) {
        drop(Secret::new(std::mem::take(&mut self.present)));
    }
}

impl MoveDialog {
    pub(super) fn new(from: KeyStoreKind) -> Self {
        let to = match from {
            KeyStoreKind::System | KeyStoreKind::Passphrase => KeyStoreKind::Passphrase,
            KeyStoreKind::Memory => KeyStoreKind::System,
        };
        Self {
            from,
            to,
            present: String::new(),
            new: NewPassphrase::default(),
            sure: String::new(),
            sent: None,
        }
    }

    /// Shows the dialog; true when it is over.
    pub(super) fn show(&mut self, ctx: &Context, cx: &mut Cx<'_>) -> bool {
        let told = self.sent.as_ref().map(Slot::get);
        let busy = told.as_ref().is_some_and(|told| told.is_loading());
        let failed = told.as_ref().and_then(|told| told.reason());
        let failed = failed.filter(|_| !busy).map(text::sentence);
        if let Some(told) = &told
            && told.value().is_some()
            && failed.is_none()
            && !busy
        {
            cx.tell(State::Ok, format!("The keys are in {}", self.to));
            return true;
        }
        let reason = if busy {
            Some("The keys are being moved")
        } else {
            self.problem()
        };
        let action = match (self.from, self.to) {
            (KeyStoreKind::Passphrase, KeyStoreKind::Passphrase) => "Change the passphrase",
            (_, KeyStoreKind::Memory) => "Keep nothing",
            (_, KeyStoreKind::System | KeyStoreKind::Passphrase) => "Move the keys here",
        };
        let mut dialog = Dialog::new("move-keys", "Where shall your keys be kept?", action)
            .wide()
            .without_enter()
            .enabled_if(reason.is_none(), reason.unwrap_or_default());
        if self.to == KeyStoreKind::Memory {
            dialog = dialog.danger();
        }
        match dialog.show(ctx, |ui| self.body(ui, busy, failed.as_deref())) {
            Answer::Open => false,
            Answer::Dismissed => true,
            Answer::Confirmed => {
                self.send(cx);
                false
            }
        }
    }

    /// Why it cannot be done yet, if so.
    fn problem(&self) -> Option<&'static str> {
        if self.from == KeyStoreKind::Passphrase && self.present.is_empty() {
            return Some("Type the present passphrase first");
        }
        match self.to {
            KeyStoreKind::Passphrase => self.new.problem(),
            KeyStoreKind::Memory if self.sure.trim() != SURE => Some("Type the words first"),
            KeyStoreKind::System | KeyStoreKind::Memory => None,
        }
    }

    fn send(&mut self, cx: &mut Cx<'_>) {
        let to = match self.to {
            KeyStoreKind::System => KeyChoice::System,
            KeyStoreKind::Passphrase => KeyChoice::Passphrase(self.new.take()),
            KeyStoreKind::Memory => KeyChoice::Memory,
        };
        let present = Secret::new(std::mem::take(&mut self.present));
        let done = Slot::default();
        cx.send(Command::MoveKeys(MoveKeys {
            to,
            present: (self.from == KeyStoreKind::Passphrase).then_some(present),
            done: done.clone(),
        }));
        self.sent = Some(done);
    }

    fn body(&mut self, ui: &mut Ui, busy: bool, failed: Option<&str>) {
        ui.spacing_mut().item_spacing.y = space::M;
        ui.paragraph("All is sealed anew and read back at the new place before it goes from the present one. Copies of the files of before stay closed.");
        ui.add_enabled_ui(!busy, |ui| {
            ui.spacing_mut().item_spacing.y = space::S;
            self.places(ui);
            ui.add_space(space::XS);
            if self.from == KeyStoreKind::Passphrase {
                Field::new("Present passphrase", &mut self.present)
                    .secret()
                    .width(f32::INFINITY)
                    .show(ui);
            }
            match self.to {
                KeyStoreKind::Passphrase => self.new.show(ui),
                KeyStoreKind::System => {}
                KeyStoreKind::Memory => {
                    let text =
                        "Nothing is kept: after the next start all agents are to be paired again";
                    Banner::new(State::Warn, text).show(ui);
                    let label = format!("Type {SURE} to confirm");
                    Field::new(&label, &mut self.sure)
                        .hint(SURE)
                        .mono()
                        .width(f32::INFINITY)
                        .show(ui);
                }
            }
        });
        if busy {
            let detail = "The system may be asking you";
            progress(ui, "Moving the keys", detail, None, false);
        }
        if let Some(failed) = failed {
            Banner::new(State::Error, failed)
                .detail("The keys are where they were")
                .show(ui);
        }
    }

    /// The places to choose from.
    fn places(&mut self, ui: &mut Ui) {
        let width = ui.available_width();
        let passphrase = match self.from {
            KeyStoreKind::Passphrase => "They stay in the file, sealed by another passphrase",
            KeyStoreKind::System | KeyStoreKind::Memory => {
                "For systems without a key store, and for folders that are carried about"
            }
        };
        let places = [
            (
                KeyStoreKind::System,
                "Key store of the system",
                "Opened when you log in to this computer; nothing more is asked",
            ),
            (KeyStoreKind::Passphrase, "A passphrase", passphrase),
            (
                KeyStoreKind::Memory,
                "Memory only",
                "For computers of others: nothing stays behind",
            ),
        ];
        for (kind, title, text) in places {
            // Where the keys are there is nothing to move, but a passphrase can become another.
            if kind == self.from && kind != KeyStoreKind::Passphrase {
                continue;
            }
            if option_card(ui, self.to == kind, title, text, width) {
                self.to = kind;
            }
        }
    }
}
