//! A field for PEM: pasted, or from a file.

use std::path::PathBuf;

use egui::Ui;
use underpass_fleet::remote::Remote;
use underpass_fleet::slot::Slot;
use underpass_shared::config::Certificate;

use crate::file::{self, Opened, Pick};
use crate::text;
use crate::theme::space;
use crate::widget::{Field, FilePath, file_field};

/// Bundles of all public CAs are smaller.
const FILE_LEN_MAX: u64 = 1024 * 1024;
/// The same in characters of the field.
const TEXT_LEN_MAX: usize = 1024 * 1024;

const PICK: Pick<'static> = Pick {
    title: "Open a certificate",
    kind: "Certificates",
    extensions: &["pem", "crt", "cer", "der", "p7b", "key", "txt"],
    save_as: None,
};

/// The field.
#[derive(Default)]
pub(super) struct PemInput {
    /// What was pasted or read.
    pub(super) text: String,
    path: FilePath,
    read: Option<PathBuf>,
    opened: Slot<Opened>,
}

impl PemInput {
    /// Shows the field; `error` is the rule that its text breaks.
    pub(super) fn ui(&mut self, ui: &mut Ui, label: &str, hint: &str, error: Option<&str>) {
        if let Some(stamped) = self.opened.take() {
            self.text = as_pem(&stamped.value.bytes);
        }
        let failed = match &*self.opened.get() {
            Remote::Unavailable { reason, .. } => Some(text::clean(reason)),
            Remote::NotRequested | Remote::Loading { .. } | Remote::Ready(_) => None,
        };
        let shown = error.filter(|_| !self.text.trim().is_empty());
        Field::new(label, &mut self.text)
            .mono()
            .rows(6)
            .hint(hint)
            .error(shown)
            .limit(TEXT_LEN_MAX)
            .width(f32::INFINITY)
            .show(ui);
        ui.add_space(space::S);
        let name = format!("{label} from a file");
        let field = file_field(ui, &name, &mut self.path, &PICK, failed.as_deref());
        let path = self.path.path();
        if path.is_some() && path != self.read && !field.has_focus() {
            self.read.clone_from(&path);
            if let Some(path) = path {
                file::open(ui.ctx(), path, FILE_LEN_MAX, &self.opened);
            }
        }
    }
}

/// What a file holds, as PEM: files of certificates are often DER.
fn as_pem(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_binary) => match Certificate::from_der(bytes) {
            Ok(certificate) => certificate.to_string(),
            Err(_other) => String::from_utf8_lossy(bytes).chars().take(200).collect(),
        },
    }
}
