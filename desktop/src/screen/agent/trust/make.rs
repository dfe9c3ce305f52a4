//! A certificate or a request that the agent makes; the key stays there.

use egui::Ui;
use underpass_fleet::Reply;
use underpass_fleet::api::Call;
use underpass_fleet::remote::Remote;
use underpass_fleet::slot::Slot;
use underpass_shared::api::management::{
    CertificateInput, CertificateOrigin, CertificateTarget, KeySize, Target, Verb,
};
use underpass_shared::pki::alt_name::AltName;
use underpass_shared::pki::chain::CertificateUse;
use underpass_shared::pki::dn::DistinguishedName;

use super::super::edit::act_into;
use super::own::title;
use super::request::Written;
use crate::cx::Cx;
use crate::text;
use crate::theme::{State, size, space};
use crate::widget::{Answer, Banner, Dialog, Field, Words as _, segmented, select};

/// What became of the dialog.
pub(super) enum Made {
    /// It goes on.
    Open,
    /// It is over.
    Over,
    /// It is over, and this request is to be shown.
    Request(Written),
}

/// The dialog.
pub(super) struct Make {
    one: CertificateUse,
    origin: CertificateOrigin,
    size: KeySize,
    subject: String,
    names: String,
    /// Whether something was typed, so that an empty field is not scolded at once.
    touched: bool,
    begun: bool,
    done: Slot<Reply>,
}

impl Make {
    pub(super) fn new(one: CertificateUse, subject: &str) -> Self {
        Self {
            one,
            origin: CertificateOrigin::Csr,
            size: KeySize::default(),
            subject: subject.to_owned(),
            names: String::new(),
            touched: false,
            begun: false,
            done: Slot::default(),
        }
    }

    /// Shows the dialog.
    pub(super) fn show(&mut self, ui: &Ui, cx: &mut Cx<'_>) -> Made {
        if let Some(stamped) = self.done.take() {
            let pem = String::from_utf8_lossy(&stamped.value.body).into_owned();
            return match self.origin {
                CertificateOrigin::Csr => Made::Request(Written::new(self.one, pem)),
                CertificateOrigin::SelfSigned => Made::Over,
            };
        }
        let failed = match &*self.done.get() {
            Remote::Unavailable { reason, .. } => Some(text::clean(reason)),
            Remote::NotRequested | Remote::Loading { .. } | Remote::Ready(_) => None,
        };
        if failed.is_some() {
            self.begun = false;
        }
        let subject = self
            .subject
            .trim()
            .parse::<DistinguishedName>()
            .map_err(|rule| rule.to_string());
        let names = alt_names(&self.names);
        let reason = match (&subject, &names, self.begun) {
            (_, _, true) => "It is being made",
            (Err(_), _, false) => "Correct the subject first",
            (Ok(_), Err(_), false) => "Correct the other names first",
            (Ok(_), Ok(_), false) => "",
        };
        let action = match self.origin {
            CertificateOrigin::SelfSigned => "Make certificate",
            CertificateOrigin::Csr => "Make request",
        };
        let heading = title(self.one);
        let wrong = (
            self.touched
                .then(|| subject.as_ref().err().cloned())
                .flatten(),
            names.as_ref().err().cloned(),
        );
        let answer = Dialog::new("make-certificate", heading, action)
            .wide()
            .without_enter()
            .enabled_if(reason.is_empty(), reason)
            .show(ui.ctx(), |ui| self.body(ui, &wrong, failed.as_deref()));
        match answer {
            Answer::Open => Made::Open,
            Answer::Dismissed => Made::Over,
            Answer::Confirmed => {
                if let (Ok(subject_dn), Ok(subject_alt_names)) = (subject, names) {
                    self.begin(
                        cx,
                        &CertificateInput {
                            origin: self.origin,
                            key_size: self.size,
                            subject_dn,
                            subject_alt_names,
                        },
                    );
                }
                Made::Open
            }
        }
    }

    fn begin(&mut self, cx: &mut Cx<'_>, input: &CertificateInput) {
        let made = Call::new(
            Verb::Post,
            Target::Certificates(CertificateTarget::Own(self.one)),
        )
        .with(input);
        if let Ok(made) = made {
            let what = match self.origin {
                CertificateOrigin::SelfSigned => "Make a self-signed certificate",
                CertificateOrigin::Csr => "Make a certificate request",
            };
            self.begun = true;
            self.done = Slot::default();
            act_into(cx, made, format!("{what}: {}", title(self.one)), &self.done);
        }
    }

    fn body(
        &mut self,
        ui: &mut Ui,
        wrong: &(Option<String>, Option<String>),
        failed: Option<&str>,
    ) {
        let origins = [
            (CertificateOrigin::Csr, "Request (CSR)"),
            (CertificateOrigin::SelfSigned, "Self-signed"),
        ];
        segmented(ui, "Kind", &mut self.origin, &origins);
        ui.add_space(space::XS);
        ui.paragraph(match self.origin {
            CertificateOrigin::Csr => "The agent makes a key, which never leaves it, and a request. Have the request signed by your CA, then import the answer. The present certificate stays in use until then.",
            CertificateOrigin::SelfSigned => "The agent makes a key and signs the certificate itself, for a year. It replaces the present one at once; who checks it has to know it.",
        });
        ui.add_space(space::S);
        let subject = Field::new("Subject", &mut self.subject)
            .mono()
            .hint("CN=connector.example.com,O=Example,C=DE")
            .error(wrong.0.as_deref())
            .width(f32::INFINITY)
            .show(ui);
        self.touched |= subject.changed();
        ui.add_space(space::S);
        Field::new("Other names", &mut self.names)
            .optional()
            .mono()
            .rows(3)
            .hint("DNS:connector.example.com")
            .help("One a line: DNS:, IP:, RFC822: or URI: and the name")
            .error(wrong.1.as_deref())
            .width(f32::INFINITY)
            .show(ui);
        ui.add_space(space::S);
        let sizes = [
            (KeySize::Ecdsa256, "ECDSA P-256: fast and strong".to_owned()),
            (KeySize::Rsa2048, "RSA 2048: for old back ends".to_owned()),
            (
                KeySize::Rsa4096,
                "RSA 4096: takes seconds to make".to_owned(),
            ),
        ];
        select(ui, "Key", &mut self.size, &sizes, size::FORM);
        if self.begun {
            ui.add_space(space::S);
            Banner::new(State::Pending, "The agent makes the key…").show(ui);
        }
        if let Some(failed) = failed {
            ui.add_space(space::S);
            Banner::new(State::Error, failed).show(ui);
        }
    }
}

/// Reads names, one a line.
fn alt_names(text: &str) -> Result<Vec<AltName>, String> {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    lines
        .map(|line| {
            let (kind, value) = line.split_once(':').unwrap_or(("DNS", line));
            AltName::new(kind.trim(), value.trim())
                .map_err(|rule| format!("{}: {rule}", text::clean(line)))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_line_by_line_and_the_wrong_line_is_named() {
        let names =
            alt_names("DNS:a.example\n\n IP: 10.0.0.1\nb.example\nURI:https://x/y").unwrap();
        assert_eq!(names.len(), 4);
        assert_eq!(names[2], AltName::Dns("b.example".to_owned()));
        assert!(
            alt_names("DNS:a\nIP:x")
                .unwrap_err()
                .starts_with("IP:x: value must be an IPv4")
        );
        assert!(alt_names("FOO:x").unwrap_err().contains("type must be"));
    }
}
