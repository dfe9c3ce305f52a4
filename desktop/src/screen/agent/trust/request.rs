//! A request that was made, and the certificate that answers it.

use std::path::PathBuf;

use egui::{ScrollArea, Ui};
use underpass_fleet::Reply;
use underpass_fleet::api::Call;
use underpass_fleet::remote::Remote;
use underpass_fleet::slot::Slot;
use underpass_shared::api::management::{CertificateTarget, SignedInput, Target, Verb};
use underpass_shared::config::Certificate;
use underpass_shared::pki::chain::{self, CertificateUse};

use super::super::edit::act_into;
use super::own::title;
use super::pem::PemInput;
use crate::cx::Cx;
use crate::file::{self, Pick};
use crate::text;
use crate::theme::{State, size, space};
use crate::widget::{Answer, Banner, Dialog, FilePath, Words as _, code, file_field};

/// The dialog that shows a request.
pub(super) struct Written {
    one: CertificateUse,
    pem: String,
    path: FilePath,
    saved: Slot<PathBuf>,
}

impl Written {
    pub(super) fn new(one: CertificateUse, pem: String) -> Self {
        Self {
            one,
            pem,
            path: FilePath::default(),
            saved: Slot::default(),
        }
    }

    /// Shows the dialog; true when it is over.
    pub(super) fn show(&mut self, ui: &Ui, cx: &mut Cx<'_>) -> bool {
        if let Some(saved) = self.saved.take() {
            cx.tell(State::Ok, format!("Saved to {}", saved.value.display()));
            return true;
        }
        let failed = match &*self.saved.get() {
            Remote::Unavailable { reason, .. } => Some(text::clean(reason)),
            Remote::NotRequested | Remote::Loading { .. } | Remote::Ready(_) => None,
        };
        let name = format!("{}.csr", self.one.as_str());
        let pick = Pick {
            title: "Save the request",
            kind: "Certificate requests",
            extensions: &["csr", "pem"],
            save_as: Some(&name),
        };
        let has_path = self.path.path().is_some();
        let answer = Dialog::new("certificate-request", "Certificate request", "Save to file")
            .wide()
            .way_out("Close")
            .enabled_if(has_path, "Name the file first, or copy the request")
            .show(ui.ctx(), |ui| {
                ui.paragraph("Have this signed by your CA. When the answer is there, import it here: the key waits on the agent.");
                ui.add_space(space::S);
                ScrollArea::vertical().id_salt("request").max_height(size::TEXT).show(ui, |ui| code(ui, "Request", &self.pem));
                ui.add_space(space::S);
                file_field(ui, "File", &mut self.path, &pick, failed.as_deref());
            });
        match (answer, self.path.path()) {
            (Answer::Dismissed, _) => true,
            (Answer::Confirmed, Some(path)) => {
                let pem = self.pem.clone().into_bytes();
                file::save(ui.ctx(), path, pem, self.path.may_replace(), &self.saved);
                false
            }
            (Answer::Open | Answer::Confirmed, _) => false,
        }
    }
}

/// The dialog that takes the answer to a request.
pub(super) struct Signed {
    one: CertificateUse,
    pem: PemInput,
    begun: bool,
    done: Slot<Reply>,
}

impl Signed {
    pub(super) fn new(one: CertificateUse) -> Self {
        Self {
            one,
            pem: PemInput::default(),
            begun: false,
            done: Slot::default(),
        }
    }

    /// Shows the dialog; true when it is over.
    pub(super) fn show(&mut self, ui: &Ui, cx: &mut Cx<'_>) -> bool {
        if self.done.take().is_some() {
            return true;
        }
        let failed = match &*self.done.get() {
            Remote::Unavailable { reason, .. } => Some(text::clean(reason)),
            Remote::NotRequested | Remote::Loading { .. } | Remote::Ready(_) => None,
        };
        if failed.is_some() {
            self.begun = false;
        }
        let wrong = fits(&self.pem.text, self.one, cx.now_ms).err();
        let reason = match (&wrong, self.begun) {
            (_, true) => "It is being imported",
            (Some(_), false) => "Give the certificate first",
            (None, false) => "",
        };
        let answer = Dialog::new("signed-certificate", "Import the signed certificate", "Import")
            .wide()
            .without_enter()
            .enabled_if(reason.is_empty(), reason)
            .show(ui.ctx(), |ui| {
                ui.paragraph(format!("The answer to the request for the {}: the certificate, then the CAs between it and the root.", title(self.one).to_lowercase()));
                ui.add_space(space::S);
                self.pem.ui(ui, "Certificate", "-----BEGIN CERTIFICATE-----", wrong.as_deref());
                if let Some(failed) = failed {
                    ui.add_space(space::S);
                    Banner::new(State::Error, &failed).show(ui);
                }
            });
        match answer {
            Answer::Open => false,
            Answer::Dismissed => true,
            Answer::Confirmed => {
                let signed_certificate = self.pem.text.clone();
                let import = Call::new(
                    Verb::Patch,
                    Target::Certificates(CertificateTarget::Own(self.one)),
                )
                .with(&SignedInput { signed_certificate });
                if let Ok(import) = import {
                    self.begun = true;
                    self.done = Slot::default();
                    act_into(
                        cx,
                        import,
                        format!("Import the signed certificate: {}", title(self.one)),
                        &self.done,
                    );
                }
                false
            }
        }
    }
}

/// Whether certificates can be used for something, by the agent's own rules.
pub(super) fn fits(
    pem: &str,
    one: CertificateUse,
    now_ms: i64,
) -> Result<Vec<Certificate>, String> {
    let list = Certificate::list(pem).map_err(|rule| rule.to_string())?;
    // Of several the agent finds the right one and their order by the key.
    if list.len() == 1 {
        chain::check(&list, one).map_err(|rule| rule.to_string())?;
    }
    chain::check_time(&list, now_ms).map_err(|rule| rule.to_string())?;
    Ok(list)
}
