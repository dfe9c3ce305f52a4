//! Certificates that are to be trusted.

use egui::Ui;
use underpass_shared::config::{
    Alias, BackendTrust, Certificate, ConnectorFields, Invalid, TrustedCertificate,
};

use super::super::edit::{document, edit_connector, with_connector};
use super::pem::PemInput;
use crate::cx::Cx;
use crate::text;
use crate::theme::{Themed as _, space};
use crate::widget::{Answer, Dialog, Field, Words as _, days_word, key_text, keys};

/// Certificates of a bundle that are shown before they are added.
const SHOWN: usize = 3;

/// Whose certificates are trusted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in super::super) enum Store {
    /// Those of back ends.
    #[default]
    Backends,
    /// Those of mail servers, webhooks and syslog servers.
    Delivery,
}

impl Store {
    /// What is to be given.
    const fn wanted(self) -> &'static str {
        match self {
            Self::Backends => {
                "The CA that issued your back ends' certificates, or the own certificate of one back end. A bundle is added as several."
            }
            Self::Delivery => {
                "The CA that issued the certificate of your mail server, webhook or syslog server, or its own certificate. A bundle is added as several."
            }
        }
    }

    /// The store with more in it.
    fn join(
        self,
        fields: &mut ConnectorFields,
        new: Vec<TrustedCertificate>,
    ) -> Result<(), Invalid> {
        match self {
            Self::Backends => fields.backend_trust = joined(&fields.backend_trust, new)?,
            Self::Delivery => {
                let mut all: Vec<TrustedCertificate> = fields.email_trust.clone().into();
                all.extend(new);
                fields.email_trust = all.try_into()?;
            }
        }
        Ok(())
    }
}

/// The dialog.
#[derive(Default)]
pub(in super::super) struct Add {
    store: Store,
    alias: String,
    pem: PemInput,
}

impl Add {
    /// Into one of the stores.
    pub(in super::super) fn to(store: Store) -> Self {
        Self {
            store,
            ..Self::default()
        }
    }

    /// Shows the dialog; true when it is over.
    pub(in super::super) fn show(&mut self, ui: &Ui, cx: &mut Cx<'_>) -> bool {
        let found = Certificate::list(&self.pem.text).map_err(|rule| rule.to_string());
        let entries = found
            .as_ref()
            .ok()
            .map(|list| named(self.alias.trim(), list));
        let alias = match &entries {
            Some(Err(rule)) if !self.alias.trim().is_empty() => Some(rule.clone()),
            Some(_) | None => None,
        };
        let present = cx.agent.and_then(|agent| document(agent));
        let twice = match (&entries, &present) {
            (Some(Ok(new)), Some(document)) => {
                let tried = with_connector(document, |fields| self.store.join(fields, new.clone()));
                tried.err().map(|rule| rule.to_string())
            }
            _ => None,
        };
        let pem = found.as_ref().err().cloned().or_else(|| twice.clone());
        let reason = match &entries {
            None => "Give a certificate first",
            Some(Err(_)) => "Name it first",
            Some(Ok(_)) if twice.is_some() => "It is trusted already",
            Some(Ok(_)) => "",
        };
        let answer = Dialog::new("add-trusted", "Trust a certificate", "Add to the draft")
            .wide()
            .without_enter()
            .enabled_if(reason.is_empty(), reason)
            .show(ui.ctx(), |ui| {
                ui.paragraph(self.store.wanted());
                ui.add_space(space::S);
                Field::new("Alias", &mut self.alias)
                    .hint("corporate-root")
                    .mono()
                    .error(alias.as_deref())
                    .show(ui);
                ui.add_space(space::S);
                self.pem.ui(
                    ui,
                    "Certificate",
                    "-----BEGIN CERTIFICATE-----",
                    pem.as_deref(),
                );
                if let Ok(list) = &found {
                    preview(ui, cx.now_ms, list);
                }
            });
        match (answer, entries) {
            (Answer::Dismissed, _) => true,
            (Answer::Confirmed, Some(Ok(new))) => {
                let what = match new.as_slice() {
                    [one] => format!("Trust {}", one.alias),
                    many => format!("Trust {}", text::plural(many.len(), "certificate")),
                };
                let store = self.store;
                edit_connector(cx, what, move |fields| store.join(fields, new));
                true
            }
            (Answer::Open | Answer::Confirmed, _) => false,
        }
    }
}

fn joined(old: &BackendTrust, new: Vec<TrustedCertificate>) -> Result<BackendTrust, Invalid> {
    let mut all = old.certificates().to_vec();
    all.extend(new);
    BackendTrust::new(old.trust_all_backends(), all)
}

/// Certificates with their names: several get numbers.
fn named(alias: &str, list: &[Certificate]) -> Result<Vec<TrustedCertificate>, String> {
    let entry = |(at, certificate): (usize, &Certificate)| {
        let name = if list.len() == 1 {
            alias.to_owned()
        } else {
            format!("{alias}-{}", at + 1)
        };
        // A number alone would be a name too.
        if alias.is_empty() {
            return Err("alias is missing".to_owned());
        }
        let alias: Alias = name.parse().map_err(|rule| format!("{rule}"))?;
        Ok(TrustedCertificate {
            alias,
            certificate: certificate.clone(),
        })
    };
    list.iter().enumerate().map(entry).collect()
}

fn preview(ui: &mut Ui, now_ms: i64, list: &[Certificate]) {
    let tokens = ui.tokens();
    for one in list.iter().take(SHOWN) {
        let summary = one.summary();
        ui.add_space(space::S);
        keys(ui, |ui| {
            key_text(ui, "Subject", &text::clean(&summary.subject), false, false);
            key_text(ui, "Issuer", &text::clean(&summary.issuer), false, false);
            let kind = if summary.ca {
                "CA: also what it issued is trusted"
            } else {
                "Own certificate: it alone is trusted"
            };
            key_text(
                ui,
                "Kind",
                &format!(
                    "{kind} · {} · {}",
                    summary.key,
                    days_word(now_ms, summary.not_after_ms)
                ),
                false,
                false,
            );
            let hex: Vec<String> = summary
                .fingerprint
                .iter()
                .map(|byte| format!("{byte:02X}"))
                .collect();
            key_text(ui, "SHA-256", &hex.join(":"), true, true);
        });
    }
    if list.len() > SHOWN {
        ui.words(
            crate::theme::Text::Small,
            tokens.text_3,
            format!("and {} more", list.len() - SHOWN),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bundle_gets_numbers_and_bad_names_are_told() {
        let pem = include_str!("../../../../fleet/src/demo/ca.pem");
        let one = Certificate::list(pem).unwrap();
        let two = [one[0].clone(), one[0].clone()];
        assert_eq!(named("root", &one).unwrap()[0].alias.as_str(), "root");
        let names: Vec<String> = named("root", &two)
            .unwrap()
            .iter()
            .map(|one| one.alias.to_string())
            .collect();
        assert_eq!(names, ["root-1", "root-2"]);
        assert!(named("a b", &one).unwrap_err().contains("alias must have"));
        assert!(named("", &one).is_err());
        let twice = joined(&BackendTrust::default(), named("root", &two).unwrap()).unwrap_err();
        assert!(
            twice.to_string().contains("the same certificate"),
            "{twice}"
        );
    }
}
