//! Making a backup now, and what came of the newest one.

use egui::Ui;
use lucide_icons::Icon;
use underpass_fleet::backup::{BackUp, Checked, Made, Stage};
use underpass_fleet::command::Command;
use underpass_fleet::snapshot::{AgentSnapshot, Progress, Work};
use underpass_shared::rights::Access;

use super::super::edit::prevented;
use super::ago;
use super::opening::bytes;
use super::seal::Sealing;
use crate::cx::Cx;
use crate::file::Pick;
use crate::text;
use crate::theme::{State, space};
use crate::widget::{
    Answer, Banner, Button, Dialog, FilePath, Level, Words as _, file_field, key_text, keys,
    progress,
};

/// Letters of an agent's name in the name of its file.
const NAME_LEN_MAX: usize = 60;

/// The name that the file of an agent's backup is proposed to have.
pub(in crate::screen) fn file_name(label: &str, now_ms: i64) -> String {
    let plain = |letter: char| {
        if letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_') {
            letter
        } else {
            '-'
        }
    };
    let name: String = label.chars().take(NAME_LEN_MAX).map(plain).collect();
    format!("{name}-{}.zip", text::utc_day(now_ms))
}

/// The dialog.
pub(super) struct Make {
    name: String,
    path: FilePath,
    sealing: Sealing,
}

impl Make {
    pub(super) fn new(label: &str, now_ms: i64) -> Self {
        Self {
            name: file_name(label, now_ms),
            path: FilePath::default(),
            sealing: Sealing::default(),
        }
    }

    /// Shows the dialog; true when it is over.
    pub(super) fn show(&mut self, ui: &Ui, cx: &mut Cx<'_>, agent: &AgentSnapshot) -> bool {
        let input = self.sealing.input();
        let path = self.path.path();
        let prevented = prevented(cx, Access::Administration);
        let reason = match (&prevented, &path, &input) {
            (Some(reason), ..) => reason.as_str(),
            (None, None, _) => "Name the file first",
            (None, Some(_), Err(reason)) => reason,
            (None, Some(_), Ok(_)) => "",
        };
        let answer = Dialog::new("back-up", "Back up this agent", "Back up")
            .wide()
            .without_enter()
            .enabled_if(reason.is_empty(), reason)
            .show(ui.ctx(), |ui| self.body(ui));
        match (answer, path, input) {
            (Answer::Open, ..) => false,
            (Answer::Confirmed, Some(path), Ok(input)) => {
                cx.send(Command::BackUp(BackUp {
                    title: format!("Back up {}", text::clean(&agent.label)),
                    files: vec![(agent.id, path)],
                    input,
                    replace: self.path.may_replace(),
                }));
                true
            }
            (Answer::Confirmed | Answer::Dismissed, ..) => true,
        }
    }

    fn body(&mut self, ui: &mut Ui) {
        ui.paragraph("The whole agent in one file: its configuration and history, its passwords and private keys, the certificates of its subaccounts, and its identity. Whoever opens it can be this agent.");
        ui.add_space(space::S);
        let pick = Pick {
            title: "Save the backup",
            kind: "Backups",
            extensions: &["zip"],
            save_as: Some(&self.name),
        };
        file_field(ui, "File", &mut self.path, &pick, None);
        ui.add_space(space::S);
        self.sealing.ui(ui);
        ui.add_space(space::S);
        ui.quiet(self.sealing.hint());
    }
}

/// The card; true when a backup shall be made.
pub(super) fn ui(ui: &mut Ui, cx: &mut Cx<'_>, agent: &AgentSnapshot, level: &mut Level) -> bool {
    let mut wanted = false;
    let work = cx.fleet.works.backups.get(&agent.id).cloned();
    let runs = work.as_ref().is_some_and(|work| work.stage().is_some());
    let prevented = prevented(cx, Access::Administration);
    level.card(ui, |ui| {
        ui.title("Back up");
        ui.paragraph("The whole agent in one file, sealed with a passphrase or to public keys. A new host takes the place of a lost one with it, without a new enrolment.");
        ui.add_space(space::XS);
        let reason = prevented.as_deref();
        let reason = reason.or(runs.then_some("One is being made already"));
        let button = Button::primary("Back up now…").icon(Icon::Archive);
        wanted = ui
            .add(button.enabled_if(reason.is_none(), reason.unwrap_or_default()))
            .clicked();
        if let Some(work) = work {
            ui.add_space(space::S);
            newest(ui, cx, &work);
        }
    });
    wanted
}

fn newest(ui: &mut Ui, cx: &mut Cx<'_>, work: &Work<Stage, Made>) {
    match &work.progress {
        Progress::Running(stage) => {
            let (detail, share) = told(*stage);
            if progress(ui, "Backup", &detail, share, true) {
                cx.send(Command::Cancel(work.job));
            }
        }
        Progress::Done(made) => result(ui, cx.now_ms, made),
        Progress::Failed(reason) => {
            Banner::new(State::Error, "The backup failed")
                .detail(&text::sentence(reason))
                .show(ui);
        }
        Progress::Cancelled => {
            Banner::new(State::Off, "The backup was stopped")
                .detail("No file was written")
                .show(ui);
        }
    }
}

fn told(stage: Stage) -> (String, Option<f32>) {
    match stage {
        Stage::Waiting => ("Its turn comes".to_owned(), None),
        Stage::Making => ("The agent collects and seals it".to_owned(), None),
        Stage::Receiving { received, total } => {
            let here = bytes(usize::try_from(received).unwrap_or(usize::MAX));
            match total {
                Some(total) if total > 0 => {
                    let whole = bytes(usize::try_from(total).unwrap_or(usize::MAX));
                    let share = share(received, total);
                    (format!("{here} of {whole} are here"), Some(share))
                }
                Some(_) | None => (format!("{here} are here"), None),
            }
        }
        Stage::Writing => ("It is written".to_owned(), None),
        Stage::Verifying => (
            "The agent opens what was written, as for a restore".to_owned(),
            None,
        ),
    }
}

fn share(part: u64, whole: u64) -> f32 {
    part as f32 / whole as f32
}

fn result(ui: &mut Ui, now_ms: i64, made: &Made) {
    let (state, message, detail) = match &made.checked {
        Checked::Opened(found) if found.warnings.is_empty() => (
            State::Ok,
            "Backed up and verified",
            "The agent opened the file as for a restore. Keep the passphrase apart from it: without it the backup is worth nothing".to_owned(),
        ),
        Checked::Opened(found) => (
            State::Warn,
            "Backed up and verified, with something to look at",
            found.warnings.first().map(|warning| text::sentence(warning)).unwrap_or_default(),
        ),
        Checked::Sealed => (
            State::Ok,
            "Backed up; the file is as the agent sealed it",
            "Only the private keys open it, which are elsewhere. Verify it with one of them now and then".to_owned(),
        ),
        Checked::Unopened(reason) => (
            State::Warn,
            "Backed up, and not verified yet",
            format!("The file is as the agent sealed it. {}", text::sentence(reason)),
        ),
    };
    Banner::new(state, message).detail(&detail).show(ui);
    let len = usize::try_from(made.len).unwrap_or(usize::MAX);
    keys(ui, |ui| {
        let path = made.path.display().to_string();
        key_text(ui, "File", &text::clean(&path), true, true);
        let size = format!("{}, {}", bytes(len), ago(now_ms, made.at_ms));
        key_text(ui, "Size", &size, false, false);
        if let Some(head) = &made.manifest.revision {
            key_text(ui, "Revision", &head.number.to_string(), false, false);
        }
        key_text(ui, "SHA-256", &made.sha256.to_string(), true, true);
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_files_have_plain_letters_alone() {
        let name = file_name("Werk Süd/1..", 1_772_443_800_000);
        assert_eq!(name, "Werk-S-d-1---2026-03-02.zip");
        assert!(file_name(&"x".repeat(500), 0).len() < 80);
    }
}
