//! Reports as files.

use std::path::PathBuf;

use egui::Context;
use underpass_fleet::migrate::machine::Migration;
use underpass_fleet::migrate::report;
use underpass_fleet::remote::Remote;
use underpass_fleet::slot::Slot;

use super::words;
use crate::cx::Cx;
use crate::file::{self, Pick};
use crate::text;
use crate::theme::{State, space};
use crate::widget::{Answer, Dialog, FilePath, Words as _, file_field, segmented};

/// In which form a report is wanted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Form {
    /// For people.
    #[default]
    Markdown,
    /// For programs.
    Json,
}

/// The dialog.
#[derive(Default)]
pub(super) struct Report {
    form: Form,
    path: FilePath,
    written: Slot<PathBuf>,
}

impl Report {
    /// Shows it for a migration; true when it is over.
    pub(super) fn show(&mut self, ctx: &Context, cx: &mut Cx<'_>, migration: &Migration) -> bool {
        let fleet = cx.fleet.clone();
        let label = |agent| words::label(&fleet, agent);
        let markdown = || report::markdown(migration, &label);
        let json = || serde_json::to_string_pretty(&report::json(migration));
        self.ask(ctx, cx, ("migration", markdown, json))
    }

    /// Asks where a report goes, and writes it there; true when it is over.
    pub(super) fn ask(
        &mut self,
        ctx: &Context,
        cx: &mut Cx<'_>,
        (name, markdown, json): (
            &str,
            impl FnOnce() -> String,
            impl FnOnce() -> serde_json::Result<String>,
        ),
    ) -> bool {
        if let Some(written) = self.written.take() {
            let path = text::clean(&written.value.display().to_string());
            cx.tell(State::Ok, format!("Saved as {path}"));
            return true;
        }
        let failed = self.written.get().reason().map(text::sentence);
        let path = self.path.path();
        let answer = Dialog::new("save-report", "Save the report", "Save")
            .wide()
            .enabled_if(path.is_some(), "Name the file first")
            .show(ctx, |ui| {
                ui.paragraph("It names hosts and subaccounts, and holds no secrets.");
                ui.add_space(space::S);
                let forms = [(Form::Markdown, "Markdown"), (Form::Json, "JSON")];
                segmented(ui, "Form", &mut self.form, &forms);
                ui.add_space(space::S);
                let (kind, ending, proposed) = match self.form {
                    Form::Markdown => ("Markdown", "md", format!("{name}.md")),
                    Form::Json => ("JSON", "json", format!("{name}.json")),
                };
                let pick = Pick {
                    title: "Save the report",
                    kind,
                    extensions: &[ending],
                    save_as: Some(&proposed),
                };
                file_field(ui, "File", &mut self.path, &pick, failed.as_deref());
            });
        match (answer, path) {
            (Answer::Open, _) => false,
            (Answer::Confirmed, Some(path)) => {
                let text = match self.form {
                    Form::Markdown => Ok(markdown()),
                    Form::Json => json(),
                };
                match text {
                    Ok(text) => {
                        let replace = self.path.may_replace();
                        file::save(ctx, path, text.into_bytes(), replace, &self.written);
                    }
                    Err(error) => {
                        let failed = Remote::NotRequested.failed(error.to_string());
                        self.written.set(failed);
                    }
                }
                false
            }
            (Answer::Confirmed | Answer::Dismissed, _) => true,
        }
    }
}
