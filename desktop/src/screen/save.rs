//! The dialog that saves a text into a file.

use std::path::PathBuf;
use std::sync::Arc;

use egui::Context;
use underpass_fleet::remote::Remote;
use underpass_fleet::slot::Slot;

use crate::cx::Cx;
use crate::file::{self, Pick};
use crate::text;
use crate::theme::{State, space};
use crate::widget::{Answer, Dialog, FilePath, Words as _, file_field};

/// The dialog that asks for a file.
pub(crate) struct Save {
    title: &'static str,
    words: String,
    /// The name that is proposed, and how it ends.
    name: (String, &'static str),
    bytes: Arc<[u8]>,
    path: FilePath,
    written: Slot<PathBuf>,
}

impl Save {
    /// Asks where these bytes shall go.
    pub(crate) fn new(
        title: &'static str,
        words: impl Into<String>,
        (name, extension): (&str, &'static str),
        text: String,
    ) -> Self {
        let plain = |letter: char| {
            let is_plain = letter.is_ascii_alphanumeric() || letter == '-';
            if is_plain { letter } else { '-' }
        };
        let name: String = name.chars().take(60).map(plain).collect();
        Self {
            title,
            words: words.into(),
            name: (name.to_lowercase(), extension),
            bytes: text.into_bytes().into(),
            path: FilePath::default(),
            written: Slot::default(),
        }
    }

    /// Shows the dialog; true when it is over.
    pub(crate) fn show(&mut self, ctx: &Context, cx: &mut Cx<'_>) -> bool {
        if let Some(written) = self.written.take() {
            cx.tell(State::Ok, format!("Saved to {}", written.value.display()));
            return true;
        }
        let failed = match &*self.written.get() {
            Remote::Unavailable { reason, .. } => Some(text::clean(reason)),
            Remote::NotRequested | Remote::Loading { .. } | Remote::Ready(_) => None,
        };
        let path = self.path.path();
        let (name, extension) = &self.name;
        let name = format!("{name}.{extension}");
        let answer = Dialog::new("save-text", self.title, "Save")
            .wide()
            .enabled_if(path.is_some(), "Name the file first")
            .show(ctx, |ui| {
                ui.paragraph(self.words.as_str());
                ui.add_space(space::S);
                let pick = Pick {
                    title: self.title,
                    kind: extension,
                    extensions: &[extension],
                    save_as: Some(&name),
                };
                file_field(ui, "File", &mut self.path, &pick, failed.as_deref());
            });
        match (answer, path) {
            (Answer::Open, _) => false,
            (Answer::Confirmed, Some(path)) => {
                // Another name may be needed, so they are kept.
                let bytes = Arc::clone(&self.bytes);
                file::save(ctx, path, bytes, self.path.may_replace(), &self.written);
                false
            }
            (Answer::Confirmed | Answer::Dismissed, _) => true,
        }
    }
}
