//! Records into a file.

use std::path::PathBuf;

use egui::Ui;
use underpass_fleet::Reply;
use underpass_fleet::remote::Remote;
use underpass_fleet::slot::Slot;
use underpass_shared::api::management::{AuditSearch, AuditTarget, Query, Target};
use underpass_shared::audit::Filter;

use crate::cx::Cx;
use crate::file::{self, Pick};
use crate::text;
use crate::theme::{State, space};
use crate::widget::{Answer, Banner, Dialog, FilePath, Words as _, file_field, segmented};

/// How the file is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Format {
    #[default]
    Csv,
    Lines,
}

/// The dialog.
pub(super) struct Export {
    filter: Filter,
    format: Format,
    name: String,
    path: FilePath,
    begun: bool,
    records: Slot<Reply>,
    written: Slot<PathBuf>,
    is_writing: bool,
}

impl Export {
    /// Of an agent, by what is looked for.
    pub(super) fn new(label: &str, filter: Filter) -> Self {
        let plain = |letter: char| {
            if letter.is_ascii_alphanumeric() || letter == '-' {
                letter
            } else {
                '-'
            }
        };
        let name = format!(
            "audit-{}",
            label.chars().take(60).map(plain).collect::<String>()
        );
        Self {
            filter,
            format: Format::Csv,
            name,
            path: FilePath::default(),
            begun: false,
            records: Slot::default(),
            written: Slot::default(),
            is_writing: false,
        }
    }

    /// Shows the dialog; true when it is over.
    pub(super) fn show(&mut self, ui: &Ui, cx: &mut Cx<'_>) -> bool {
        if self.step(ui, cx) {
            return true;
        }
        let busy = self.begun;
        let reason = match (self.path.path(), busy) {
            (_, true) => "It is being exported",
            (None, false) => "Name the file first",
            (Some(_), false) => "",
        };
        let answer = Dialog::new("export-audit", "Export records", "Export")
            .wide()
            .enabled_if(reason.is_empty(), reason)
            .show(ui.ctx(), |ui| self.body(ui));
        match answer {
            Answer::Open => false,
            Answer::Dismissed => true,
            Answer::Confirmed => {
                self.begun = true;
                self.records = Slot::default();
                self.written = Slot::default();
                self.is_writing = false;
                false
            }
        }
    }

    fn body(&mut self, ui: &mut Ui) {
        ui.paragraph(
            "All records that the filter of the list finds, also those that are not shown yet.",
        );
        ui.add_space(space::S);
        segmented(
            ui,
            "Format",
            &mut self.format,
            &[(Format::Csv, "CSV"), (Format::Lines, "JSON lines")],
        );
        ui.add_space(space::S);
        let extension = self.extension();
        let name = format!("{}.{extension}", self.name);
        let pick = Pick {
            title: "Export records",
            kind: "Records",
            extensions: &[extension],
            save_as: Some(&name),
        };
        let failed = match (&*self.records.get(), &*self.written.get()) {
            (Remote::Unavailable { reason, .. }, _) | (_, Remote::Unavailable { reason, .. }) => {
                Some(text::clean(reason))
            }
            _ => None,
        };
        file_field(ui, "File", &mut self.path, &pick, failed.as_deref());
        if self.begun {
            ui.add_space(space::S);
            Banner::new(State::Pending, "The records are being fetched…").show(ui);
        }
    }

    const fn extension(&self) -> &'static str {
        match self.format {
            Format::Csv => "csv",
            Format::Lines => "jsonl",
        }
    }

    /// Fetches, then writes; true when all is done.
    fn step(&mut self, ui: &Ui, cx: &mut Cx<'_>) -> bool {
        let (true, Some(agent), Some(path)) = (self.begun, cx.agent, self.path.path()) else {
            return false;
        };
        let target = match self.format {
            Format::Csv => Target::Audit(AuditTarget::Csv),
            Format::Lines => Target::Audit(AuditTarget::Lines),
        };
        let audit = AuditSearch {
            filter: self.filter.clone(),
            ..AuditSearch::default()
        };
        let query = Query {
            audit,
            ..Query::default()
        };
        self.records.request(cx.commands, agent.id, &target, &query);
        if !self.is_writing
            && let Remote::Ready(stamped) = &*self.records.get()
        {
            self.is_writing = true;
            let bytes = stamped.value.body.clone();
            file::save(
                ui.ctx(),
                path,
                bytes,
                self.path.may_replace(),
                &self.written,
            );
        }
        let failed = matches!(*self.records.get(), Remote::Unavailable { .. })
            || matches!(*self.written.get(), Remote::Unavailable { .. });
        if failed {
            self.begun = false;
        }
        if let Some(written) = self.written.take() {
            cx.tell(
                State::Ok,
                format!("Exported to {}", written.value.display()),
            );
            return true;
        }
        false
    }
}
