//! A passphrase that is chosen: long enough, and typed twice.

use egui::Ui;
use underpass_fleet::keys::PASSPHRASE_LEN_MIN;
use underpass_shared::secret::Secret;

use super::Field;

/// What was typed so far.
#[derive(Default)]
pub struct NewPassphrase {
    first: String,
    again: String,
}

impl Drop for NewPassphrase {
    fn drop(&mut self) {
        self.wipe();
    }
}

impl NewPassphrase {
    fn is_short(&self) -> bool {
        self.first.chars().count() < PASSPHRASE_LEN_MIN
    }

    /// Why it cannot be used yet, if so.
    pub fn problem(&self) -> Option<&'static str> {
        if self.is_short() {
            Some("The passphrase is too short")
        } else if self.first != self.again {
            Some("The two passphrases are not the same")
        } else {
            None
        }
    }

    /// Shows its two fields.
    pub fn show(&mut self, ui: &mut Ui) {
        let help = format!("At least {PASSPHRASE_LEN_MIN} characters; a few words are good");
        let rule = format!("It needs at least {PASSPHRASE_LEN_MIN} characters");
        let short = !self.first.is_empty() && self.is_short();
        Field::new("New passphrase", &mut self.first)
            .secret()
            .help(&help)
            .error(short.then_some(rule.as_str()))
            .width(f32::INFINITY)
            .show(ui);
        let other = !self.again.is_empty() && self.again != self.first;
        Field::new("The same again", &mut self.again)
            .secret()
            .error(other.then_some("It is not the same"))
            .width(f32::INFINITY)
            .show(ui);
    }

    /// The passphrase; its fields are empty from then on.
    pub fn take(&mut self) -> Secret {
        drop(Secret::new(std::mem::take(&mut self.again)));
        Secret::new(std::mem::take(&mut self.first))
    }

    /// Forgets what was typed: what is taken into a secret is wiped when that is dropped.
    pub fn wipe(&mut self) {
        drop(Secret::new(std::mem::take(&mut self.first)));
        drop(Secret::new(std::mem::take(&mut self.again)));
    }
}
