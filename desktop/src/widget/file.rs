//! A field for the path of a file, with the system's own dialog beside it.

use std::path::PathBuf;

use egui::{Align, Layout, Response, Ui};
use lucide_icons::Icon;
use underpass_fleet::slot::Slot;

use super::{Button, Field};
use crate::file::{self, Pick};
use crate::theme::{size, space};

/// The height of a field's label with its distance.
const LABEL: f32 = 17.0;
/// The room of the button beside the field.
const BROWSE: f32 = 104.0;

/// A path that the operator types or chooses.
#[derive(Default)]
pub struct FilePath {
    text: String,
    picked: Slot<PathBuf>,
    /// What the system's dialog gave: it asks by itself whether a file may be replaced.
    chosen: Option<String>,
}

impl FilePath {
    /// A path that is proposed.
    pub fn new(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            ..Self::default()
        }
    }

    /// The path, if there is one.
    pub fn path(&self) -> Option<PathBuf> {
        let text = self.text.trim();
        (!text.is_empty()).then(|| PathBuf::from(text))
    }

    /// Whether the operator agreed to replace a file that is there.
    pub fn may_replace(&self) -> bool {
        self.chosen.as_deref() == Some(self.text.as_str())
    }
}

/// Shows the field; the response is that of the text, changed also by the dialog.
pub fn file_field(
    ui: &mut Ui,
    label: &str,
    path: &mut FilePath,
    pick: &Pick<'_>,
    error: Option<&str>,
) -> Response {
    let ask = |ui: &Ui, into: &Slot<PathBuf>| file::pick(ui.ctx(), pick, into);
    field(ui, label, "/path/to/file", path, error, ask)
}

/// The same for a folder.
pub fn folder_field(
    ui: &mut Ui,
    label: &str,
    path: &mut FilePath,
    title: &str,
    error: Option<&str>,
) -> Response {
    let ask = |ui: &Ui, into: &Slot<PathBuf>| file::pick_folder(ui.ctx(), title, into);
    field(ui, label, "/path/to/folder", path, error, ask)
}

fn field(
    ui: &mut Ui,
    label: &str,
    hint: &str,
    path: &mut FilePath,
    error: Option<&str>,
    ask: impl FnOnce(&Ui, &Slot<PathBuf>),
) -> Response {
    let picked = path
        .picked
        .take()
        .map(|stamped| stamped.value.display().to_string());
    let came = picked.is_some();
    if let Some(text) = picked {
        path.chosen = Some(text.clone());
        path.text = text;
    }
    let width = size::FORM.max(ui.available_width().min(size::DIALOG_WIDE));
    let width = width.min(ui.available_width());
    ui.horizontal_top(|ui| {
        ui.spacing_mut().item_spacing.x = space::S;
        let mut response = Field::new(label, &mut path.text)
            .hint(hint)
            .mono()
            .error(error)
            .width(width - BROWSE - space::S)
            .show(ui);
        ui.with_layout(Layout::top_down(Align::Min), |ui| {
            // Beside the field itself, not beside its label.
            ui.add_space(LABEL);
            if ui
                .add(Button::secondary("Browse…").icon(Icon::FolderOpen))
                .clicked()
            {
                ask(ui, &path.picked);
            }
        });
        if came {
            response.mark_changed();
        }
        response
    })
    .inner
}
