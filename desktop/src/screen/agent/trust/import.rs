//! A certificate that comes with its private key: a key store, or both as PEM.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use egui::{ScrollArea, Ui};
use underpass_fleet::Reply;
use underpass_fleet::api::Call;
use underpass_fleet::remote::Remote;
use underpass_fleet::slot::Slot;
use underpass_shared::api::management::{CertificateTarget, ImportInput, Target, Verb};
use underpass_shared::pki::chain::CertificateUse;

use super::super::edit::act_into;
use super::own::title;
use super::pem::PemInput;
use super::request::fits;
use crate::cx::Cx;
use crate::file::{self, Opened, Pick};
use crate::text;
use crate::theme::{State, size, space};
use crate::widget::{Answer, Banner, Dialog, Field, FilePath, Words as _, file_field, segmented};

/// Key stores with one key and its chain are smaller.
const STORE_LEN_MAX: u64 = 512 * 1024;
/// The longest password.
const PASSWORD_LEN_MAX: usize = 256;

/// In which form they come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Form {
    #[default]
    Store,
    Pem,
}

/// The dialog.
pub(super) struct Import {
    one: CertificateUse,
    form: Form,
    path: FilePath,
    password: String,
    opened: Slot<Opened>,
    certificate: PemInput,
    key: PemInput,
    begun: bool,
    done: Slot<Reply>,
}

impl Import {
    pub(super) fn new(one: CertificateUse) -> Self {
        Self {
            one,
            form: Form::default(),
            path: FilePath::default(),
            password: String::new(),
            opened: Slot::default(),
            certificate: PemInput::default(),
            key: PemInput::default(),
            begun: false,
            done: Slot::default(),
        }
    }

    /// Shows the dialog; true when it is over.
    pub(super) fn show(&mut self, ui: &Ui, cx: &mut Cx<'_>) -> bool {
        if self.done.take().is_some() {
            return true;
        }
        if let Some(stamped) = self.opened.take() {
            let input = ImportInput {
                pkcs12: Some(STANDARD.encode(&stamped.value.bytes)),
                password: Some(self.password.clone()),
                ..ImportInput::default()
            };
            self.send(cx, &input);
        }
        let unread = match &*self.opened.get() {
            Remote::Unavailable { reason, .. } => Some(text::clean(reason)),
            Remote::NotRequested | Remote::Loading { .. } | Remote::Ready(_) => None,
        };
        let failed = match &*self.done.get() {
            Remote::Unavailable { reason, .. } => Some(text::clean(reason)),
            Remote::NotRequested | Remote::Loading { .. } | Remote::Ready(_) => None,
        };
        if unread.is_some() || failed.is_some() {
            self.begun = false;
        }
        let wrong = fits(&self.certificate.text, self.one, cx.now_ms).err();
        let reason = match self.form {
            _ if self.begun => "It is being imported",
            Form::Store if self.path.path().is_none() => "Name the key store first",
            Form::Pem if wrong.is_some() => "Give the certificate first",
            Form::Pem if !self.key.text.contains("PRIVATE KEY-----") => {
                "Give the private key first"
            }
            Form::Store | Form::Pem => "",
        };
        let heading = format!("Import: {}", title(self.one));
        let answer = Dialog::new("import-certificate", &heading, "Import")
            .wide()
            .without_enter()
            .enabled_if(reason.is_empty(), reason)
            .show(ui.ctx(), |ui| {
                self.body(ui, wrong.as_deref(), unread.as_deref(), failed.as_deref())
            });
        match answer {
            Answer::Open => false,
            Answer::Dismissed => true,
            Answer::Confirmed => {
                self.begin(ui, cx);
                false
            }
        }
    }

    fn begin(&mut self, ui: &Ui, cx: &mut Cx<'_>) {
        self.done = Slot::default();
        match self.form {
            Form::Store => {
                if let Some(path) = self.path.path() {
                    self.begun = true;
                    file::open(ui.ctx(), path, STORE_LEN_MAX, &self.opened);
                }
            }
            Form::Pem => {
                let input = ImportInput {
                    certificate: Some(self.certificate.text.clone()),
                    private_key: Some(self.key.text.clone()),
                    ..ImportInput::default()
                };
                self.send(cx, &input);
            }
        }
    }

    fn send(&mut self, cx: &mut Cx<'_>, input: &ImportInput) {
        if let Ok(import) = Call::new(
            Verb::Put,
            Target::Certificates(CertificateTarget::Own(self.one)),
        )
        .with(input)
        {
            self.begun = true;
            act_into(
                cx,
                import,
                format!("Import: {}", title(self.one)),
                &self.done,
            );
        }
    }

    fn body(
        &mut self,
        ui: &mut Ui,
        wrong: Option<&str>,
        unread: Option<&str>,
        failed: Option<&str>,
    ) {
        segmented(
            ui,
            "Form",
            &mut self.form,
            &[(Form::Store, "PKCS #12 key store"), (Form::Pem, "PEM")],
        );
        ui.add_space(space::S);
        match self.form {
            Form::Store => {
                let pick = Pick {
                    title: "Open a key store",
                    kind: "Key stores",
                    extensions: &["p12", "pfx"],
                    save_as: None,
                };
                file_field(ui, "Key store", &mut self.path, &pick, unread);
                ui.add_space(space::S);
                Field::new("Password", &mut self.password)
                    .secret()
                    .limit(PASSWORD_LEN_MAX)
                    .width(size::FORM)
                    .help("It goes to the agent with the key store, and is kept nowhere")
                    .show(ui);
            }
            Form::Pem => {
                let room = (ui.ctx().content_rect().height() - 340.0).max(200.0);
                ScrollArea::vertical()
                    .id_salt("import-pem")
                    .max_height(room)
                    .show(ui, |ui| {
                        self.certificate.ui(
                            ui,
                            "Certificate",
                            "-----BEGIN CERTIFICATE-----",
                            wrong,
                        );
                        ui.add_space(space::S);
                        self.key
                            .ui(ui, "Private key", "-----BEGIN PRIVATE KEY-----", None);
                    });
            }
        }
        if self.begun {
            ui.add_space(space::S);
            Banner::new(State::Pending, "The agent checks it…").show(ui);
        }
        if let Some(failed) = failed {
            ui.add_space(space::S);
            Banner::new(State::Error, failed).show(ui);
        }
        ui.add_space(space::S);
        ui.quiet("It replaces the present certificate at once");
    }
}
