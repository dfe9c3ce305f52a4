//! What was traced, into a file.

use std::path::PathBuf;

use egui::Ui;
use underpass_fleet::Reply;
use underpass_fleet::remote::Remote;
use underpass_fleet::slot::Slot;
use underpass_shared::api::management::{Query, Target, TroubleTarget};

use crate::cx::Cx;
use crate::file::{self, Pick};
use crate::text;
use crate::theme::{State, space};
use crate::widget::{Answer, Banner, Dialog, FilePath, Words as _, file_field};

/// Letters of an agent's name in the name of a file.
const NAME_LEN: usize = 60;

/// The dialog.
pub(super) struct Save {
    id: u64,
    name: String,
    path: FilePath,
    begun: bool,
    is_writing: bool,
    content: Slot<Reply>,
    written: Slot<PathBuf>,
}

impl Save {
    /// Of a trace of an agent.
    pub(super) fn new(label: &str, id: u64) -> Self {
        let plain = |letter: char| match letter {
            letter if letter.is_ascii_alphanumeric() || letter == '-' => letter,
            _ => '-',
        };
        let label: String = label.chars().take(NAME_LEN).map(plain).collect();
        Self {
            id,
            name: format!("trace-{label}-{id}.jsonl"),
            path: FilePath::default(),
            begun: false,
            is_writing: false,
            content: Slot::default(),
            written: Slot::default(),
        }
    }

    /// Shows the dialog; true when it is over.
    pub(super) fn show(&mut self, ui: &Ui, cx: &mut Cx<'_>) -> bool {
        if self.step(ui, cx) {
            return true;
        }
        let reason = match (self.path.path(), self.begun) {
            (_, true) => "It is being saved",
            (None, false) => "Name the file first",
            (Some(_), false) => "",
        };
        let answer = Dialog::new("save-trace", "Save the trace", "Save")
            .wide()
            .enabled_if(reason.is_empty(), reason)
            .show(ui.ctx(), |ui| self.body(ui));
        if answer == Answer::Confirmed {
            self.begun = true;
            self.is_writing = false;
            self.content = Slot::default();
            self.written = Slot::default();
        }
        answer == Answer::Dismissed
    }

    fn body(&mut self, ui: &mut Ui) {
        ui.paragraph("One line of JSON for each piece of what passed. That you read it is in the audit log. The file may hold confidential data: keep it where only you can read it.");
        ui.add_space(space::S);
        let pick = Pick {
            title: "Save the trace",
            kind: "JSON lines",
            extensions: &["jsonl"],
            save_as: Some(&self.name),
        };
        let (content, written) = (self.content.get(), self.written.get());
        let failed = content.reason().or(written.reason()).map(text::sentence);
        file_field(ui, "File", &mut self.path, &pick, failed.as_deref());
        if self.begun {
            ui.add_space(space::S);
            Banner::new(State::Pending, "The trace is being fetched…").show(ui);
        }
    }

    /// Fetches, then writes; true when all is done.
    fn step(&mut self, ui: &Ui, cx: &mut Cx<'_>) -> bool {
        let (true, Some(agent), Some(path)) = (self.begun, cx.agent, self.path.path()) else {
            return false;
        };
        let target = Target::Trouble(TroubleTarget::TraceContent(self.id));
        self.content
            .request(cx.commands, agent.id, &target, &Query::default());
        if !self.is_writing
            && let Remote::Ready(stamped) = &*self.content.get()
        {
            self.is_writing = true;
            let bytes = stamped.value.body.clone();
            let replace = self.path.may_replace();
            file::save(ui.ctx(), path, bytes, replace, &self.written);
        }
        if self.content.get().reason().is_some() || self.written.get().reason().is_some() {
            self.begun = false;
        }
        let Some(written) = self.written.take() else {
            return false;
        };
        let told = format!("Saved to {}", written.value.display());
        cx.tell(State::Ok, told);
        true
    }
}
