//! The keys of this program: asks for the passphrase, or where keys shall be kept.

use egui::{Context, Ui};
use underpass_fleet::command::Command;
use underpass_fleet::keys::{KeyChoice, KeyStoreKind};
use underpass_fleet::snapshot::Keys;
use underpass_shared::secret::Secret;

use crate::cx::Cx;
use crate::text;
use crate::theme::{State, space};
use crate::widget::{
    Answer, Banner, Dialog, Field, NewPassphrase, Words as _, progress, segmented,
};

/// The dialog.
#[derive(Default)]
pub struct Unlock {
    /// That of a vault that is there.
    passphrase: String,
    /// That of a new one.
    new: NewPassphrase,
    kind: Option<KeyStoreKind>,
    /// Something was tried already, so what failed is news.
    tried: bool,
    /// The operator left; he comes back by the settings or the palette.
    left: bool,
}

impl Drop for Unlock {
    fn drop(&mut self) {
        self.wipe();
    }
}

impl Unlock {
    /// Shows it again after the operator had left it.
    pub fn reopen(&mut self) {
        self.left = false;
    }

    /// What was typed goes into a secret, which is wiped when it is dropped.
    fn wipe(&mut self) {
        drop(Secret::new(std::mem::take(&mut self.passphrase)));
        self.new.wipe();
    }

    /// Shows it while the keys are not open.
    pub fn show(&mut self, ctx: &Context, cx: &mut Cx<'_>) {
        let (reason, wants_passphrase) = match &cx.fleet.keys {
            Keys::Open(_) => {
                self.wipe();
                (self.tried, self.left) = (false, false);
                return;
            }
            // The first time nobody was asked yet, and the system may be asking.
            Keys::Opening if !self.tried => return,
            Keys::Opening => (String::new(), self.kind.is_none()),
            Keys::Locked {
                reason,
                wants_passphrase,
            } => (text::sentence(reason), *wants_passphrase),
        };
        if self.left {
            return;
        }
        let opening = cx.fleet.keys == Keys::Opening;
        let answer = if wants_passphrase {
            self.ask(ctx, &reason, opening)
        } else {
            self.choose(ctx, &reason, opening)
        };
        match answer {
            Answer::Open => {}
            Answer::Dismissed => self.left = true,
            Answer::Confirmed => {
                let choice = match self.kind {
                    Some(KeyStoreKind::System) => KeyChoice::System,
                    Some(KeyStoreKind::Memory) => KeyChoice::Memory,
                    Some(KeyStoreKind::Passphrase) => KeyChoice::Passphrase(self.new.take()),
                    None => {
                        let typed = std::mem::take(&mut self.passphrase);
                        KeyChoice::Passphrase(Secret::new(typed))
                    }
                };
                self.tried = true;
                self.wipe();
                cx.send(Command::Unlock(choice));
            }
        }
    }

    /// For a vault that is there: its passphrase.
    fn ask(&mut self, ctx: &Context, reason: &str, opening: bool) -> Answer {
        let wrong = (self.tried && !opening).then_some(reason);
        let enough = !self.passphrase.is_empty() && !opening;
        Dialog::new("unlock", "Unlock your keys", "Unlock")
            .way_out("Later")
            .enabled_if(
                enough,
                if opening {
                    "The keys are being opened"
                } else {
                    "Type the passphrase first"
                },
            )
            .show(ctx, |ui| {
                ui.spacing_mut().item_spacing.y = space::S;
                ui.paragraph("The keys to your agents are sealed by a passphrase");
                let field = Field::new("Passphrase", &mut self.passphrase)
                    .secret()
                    .error(wrong)
                    .width(f32::INFINITY)
                    .show(ui);
                if ui.memory(|memory| memory.focused().is_none()) {
                    field.request_focus();
                }
                waiting(ui, opening);
            })
    }

    /// For a vault that cannot be made: another place for it.
    fn choose(&mut self, ctx: &Context, reason: &str, opening: bool) -> Answer {
        let kind = *self.kind.get_or_insert(KeyStoreKind::Passphrase);
        let rule = match kind {
            _ if opening => Some("The keys are being opened"),
            KeyStoreKind::Passphrase => self.new.problem(),
            KeyStoreKind::System | KeyStoreKind::Memory => None,
        };
        Dialog::new("unlock", "Where shall your keys be kept?", "Use this")
            .wide()
            .way_out("Later")
            .enabled_if(rule.is_none(), rule.unwrap_or_default())
            .show(ctx, |ui| {
                ui.spacing_mut().item_spacing.y = space::M;
                if !reason.is_empty() {
                    Banner::new(State::Warn, reason).show(ui);
                }
                let choices = [
                    (Some(KeyStoreKind::Passphrase), "Passphrase"),
                    (Some(KeyStoreKind::System), "Key store of the system"),
                    (Some(KeyStoreKind::Memory), "Memory only"),
                ];
                segmented(ui, "Where keys are kept", &mut self.kind, &choices);
                match kind {
                    KeyStoreKind::Passphrase => {
                        ui.paragraph("Keys are kept in a file that a passphrase seals. It is asked for at each start, and nobody can restore it.");
                        self.new.show(ui);
                    }
                    KeyStoreKind::System => drop(ui.paragraph(
                        "Tries the key store of the system once more. Unlock it first, or start its service.",
                    )),
                    KeyStoreKind::Memory => drop(ui.paragraph(
                        "Nothing is kept: after the next start all agents are to be paired again.",
                    )),
                }
                waiting(ui, opening);
            })
    }
}

fn waiting(ui: &mut Ui, opening: bool) {
    if opening {
        progress(ui, "Opening the keys", "", None, false);
    }
}
