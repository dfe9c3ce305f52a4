//! What seals a backup, and what is in it beside the present state.

use egui::Ui;
use underpass_shared::api::management::{
    BackupHistory, BackupInput, Flag, PASSPHRASE_LEN_MAX, PASSPHRASE_LEN_MIN,
};
use underpass_shared::backup::{KeptSecret, RecipientText};

use crate::text;
use crate::theme::{size, space};
use crate::widget::{Field, segmented, toggle};

/// Most public keys of one backup.
const KEYS_MAX: usize = 16;
/// Letters of so many keys, one in a line, with room for blanks.
const KEYS_LEN_MAX: usize = KEYS_MAX * 80;

/// By what a backup is opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Way {
    #[default]
    Passphrase,
    Keys,
}

/// The form.
pub(in crate::screen) struct Sealing {
    way: Way,
    first: String,
    second: String,
    keys: String,
    history: String,
    machine: bool,
}

impl Default for Sealing {
    fn default() -> Self {
        Self {
            way: Way::default(),
            first: String::new(),
            second: String::new(),
            keys: String::new(),
            history: BackupInput::default().history.get().to_string(),
            machine: false,
        }
    }
}

impl Sealing {
    /// Shows the form.
    pub(in crate::screen) fn ui(&mut self, ui: &mut Ui) {
        let ways = [
            (Way::Passphrase, "Passphrase"),
            (Way::Keys, "Public keys of age"),
        ];
        segmented(ui, "Sealed with", &mut self.way, &ways);
        ui.add_space(space::S);
        match self.way {
            Way::Passphrase => self.passphrase(ui),
            Way::Keys => self.public_keys(ui),
        }
        ui.add_space(space::M);
        let wrong = self.revisions().err();
        Field::new("Revisions of the history", &mut self.history)
            .mono()
            .limit(4)
            .width(size::KEY)
            .help("0 to 1 000")
            .error(wrong.as_deref())
            .show(ui);
        ui.add_space(space::S);
        toggle(
            ui,
            &mut self.machine,
            "With what belongs to the host: listen address, key of the management certificate",
            None,
        );
    }

    fn passphrase(&mut self, ui: &mut Ui) {
        let short = self.short();
        let wrong = short.filter(|_| !self.first.is_empty() && !self.second.is_empty());
        let help = format!("At least {PASSPHRASE_LEN_MIN} characters. It is kept nowhere");
        ui.horizontal_top(|ui| {
            ui.spacing_mut().item_spacing.x = space::M;
            let width = ((ui.available_width() - space::M) / 2.0).min(size::FORM);
            Field::new("Passphrase", &mut self.first)
                .secret()
                .limit(PASSPHRASE_LEN_MAX)
                .help(&help)
                .error(wrong.as_deref())
                .width(width)
                .show(ui);
            let differ = !self.second.is_empty() && !self.first.starts_with(&*self.second);
            Field::new("Passphrase again", &mut self.second)
                .secret()
                .limit(PASSPHRASE_LEN_MAX)
                .error(differ.then_some("It differs from the first"))
                .width(width)
                .show(ui);
        });
    }

    fn public_keys(&mut self, ui: &mut Ui) {
        let wrong = self.recipients().err().filter(|_| !self.keys.is_empty());
        Field::new("Public keys", &mut self.keys)
            .mono()
            .rows(3)
            .limit(KEYS_LEN_MAX)
            .hint("age1…")
            .help("One in a line, as age-keygen shows them. Whoever has the private key of one opens the backup")
            .error(wrong.as_deref())
            .width(f32::INFINITY)
            .show(ui);
    }

    /// The rule that the passphrase breaks, if it breaks one.
    fn short(&self) -> Option<String> {
        if self.first.chars().count() < PASSPHRASE_LEN_MIN {
            return Some(format!(
                "It must have at least {PASSPHRASE_LEN_MIN} characters"
            ));
        }
        (self.first.len() > PASSPHRASE_LEN_MAX)
            .then(|| format!("It must have at most {PASSPHRASE_LEN_MAX} bytes"))
    }

    fn recipients(&self) -> Result<Vec<RecipientText>, String> {
        let mut found: Vec<RecipientText> = vec![];
        for word in self.keys.split_whitespace() {
            let key: RecipientText = word
                .parse()
                .map_err(|rule| format!("{}: {rule}", text::clean(word)))?;
            if found.contains(&key) {
                return Err(format!("{key} is there twice"));
            }
            found.push(key);
        }
        if found.len() > KEYS_MAX {
            return Err(format!("At most {KEYS_MAX} keys are possible"));
        }
        Ok(found)
    }

    fn revisions(&self) -> Result<BackupHistory, String> {
        let read = self.history.trim().parse::<u32>().ok();
        let read = read.and_then(|number| BackupHistory::try_from(number).ok());
        read.ok_or_else(|| "Must be a number from 0 to 1 000".to_owned())
    }

    /// What is asked for, or what is missing.
    pub(in crate::screen) fn input(&self) -> Result<BackupInput, String> {
        let history = self.revisions()?;
        let (password, recipients) = match self.way {
            Way::Passphrase if self.first.is_empty() => {
                return Err("Choose a passphrase first".to_owned());
            }
            Way::Passphrase => {
                if let Some(rule) = self.short() {
                    return Err(rule);
                }
                if self.first != self.second {
                    return Err("Type the passphrase twice".to_owned());
                }
                (Some(KeptSecret::new(self.first.clone())), vec![])
            }
            Way::Keys => (None, self.recipients()?),
        };
        if password.is_none() && recipients.is_empty() {
            return Err("Give at least one public key first".to_owned());
        }
        Ok(BackupInput {
            password,
            recipients,
            history,
            include_machine: Flag(self.machine),
        })
    }

    /// What to remember, once a backup is made.
    pub(in crate::screen) const fn hint(&self) -> &'static str {
        match self.way {
            Way::Passphrase => {
                "Keep the passphrase apart from the file: without it the backup is worth nothing"
            }
            Way::Keys => "Keep the private keys apart from the file: nothing else opens it",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_told_until_all_is_there() {
        let mut form = Sealing::default();
        assert!(form.input().unwrap_err().contains("passphrase first"));
        form.first = "eleven char".to_owned();
        assert!(form.input().unwrap_err().contains("12 characters"));
        form.first.push('s');
        assert!(form.input().unwrap_err().contains("twice"));
        form.second.clone_from(&form.first);
        let input = form.input().unwrap();
        assert_eq!(input.password.unwrap().expose(), "eleven chars");
        assert_eq!(input.history.get(), 20);
        form.history = "1001".to_owned();
        assert!(form.input().is_err());
        form.history = "0".to_owned();
        form.way = Way::Keys;
        assert!(form.input().unwrap_err().contains("public key"));
        let key = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p";
        form.keys = format!("{key}\n\n {key}");
        assert!(form.input().unwrap_err().contains("twice"));
        form.keys = format!("{key}\nage1x");
        assert!(form.input().unwrap_err().starts_with("age1x: "));
        form.keys = format!("  {key}\n");
        let input = form.input().unwrap();
        assert!(input.password.is_none() && input.recipients.len() == 1);
    }
}
