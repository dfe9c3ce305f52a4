//! The form of a webhook.

use egui::{Context, Ui};
use underpass_fleet::Reply;
use underpass_fleet::slot::Slot;
use underpass_shared::api::management::{MASKED, WebhookShown};
use underpass_shared::config::limits::WEBHOOK_SECRET_LEN_MIN;
use underpass_shared::config::{Alias, DeliveryTrust, WebhookForm, WebhookOrigin, Webhooks};

use super::basis::Basis;
use super::webhooks::word_of;
use crate::screen::agent::form::{Form, pair, parse};
use crate::text;
use crate::theme::{State, space};
use crate::widget::{Answer, Banner, Dialog, Field, select, toggle};

/// Which certificates of a receiver are trusted.
pub(super) const TRUST: [(DeliveryTrust, &str); 3] = [
    (
        DeliveryTrust::SystemAndTrustStore,
        "Known CAs and trusted receivers",
    ),
    (DeliveryTrust::TrustStore, "Trusted receivers alone"),
    (DeliveryTrust::TrustAll, "Any certificate (dangerous)"),
];

/// What was filled in so far.
pub(super) struct WebhookDialog {
    /// The webhook that is changed, as it was; none where it is a new one.
    old: Option<WebhookShown>,
    name: String,
    url: String,
    form: WebhookForm,
    trust: DeliveryTrust,
    enabled: bool,
    signs: bool,
    secret: String,
    /// Whether it is on its way.
    pub(super) is_sent: bool,
}

impl Default for WebhookDialog {
    fn default() -> Self {
        Self {
            old: None,
            name: String::new(),
            url: String::new(),
            form: WebhookForm::default(),
            trust: DeliveryTrust::default(),
            enabled: true,
            signs: false,
            secret: String::new(),
            is_sent: false,
        }
    }
}

impl WebhookDialog {
    /// One that is there.
    pub(super) fn of(one: &WebhookShown) -> Self {
        Self {
            old: Some(one.clone()),
            name: one.name.to_string(),
            url: one.url.clone(),
            form: one.form,
            trust: one.trust,
            enabled: one.enabled,
            signs: one.secret.is_some(),
            ..Self::default()
        }
    }

    /// How it is called.
    pub(super) fn name(&self) -> &str {
        self.name.trim()
    }

    /// Shows the form. It is dismissed too when what it sent was taken.
    pub(super) fn show(
        &mut self,
        ctx: &Context,
        all: &[WebhookShown],
        basis: &mut Basis<Webhooks>,
        sent: &Slot<Reply>,
    ) -> Answer {
        let refused = sent.get().reason().map(text::sentence);
        if refused.is_some() {
            self.is_sent = false;
        } else if self.is_sent && sent.take().is_some() {
            return Answer::Dismissed;
        }
        // Checked before it is drawn, since the button stands below what says whether it may be used.
        let problem = match self.list(all) {
            Err(rule) => Some(rule),
            Ok(_) if self.is_sent => Some("It is on its way".to_owned()),
            Ok(_) => basis.problem().map(str::to_owned),
        };
        let title = if self.old.is_some() {
            "Edit webhook"
        } else {
            "Add webhook"
        };
        Dialog::new("webhook", title, "Save now")
            .wide()
            .enabled_if(problem.is_none(), problem.as_deref().unwrap_or_default())
            .show(ctx, |ui| {
                ui.spacing_mut().item_spacing.y = space::M;
                self.fields(ui);
                if !self.is_sent {
                    basis.banner(ui, "the webhooks");
                }
                if let Some(refused) = &refused {
                    Banner::new(State::Error, refused).show(ui);
                }
            })
    }

    fn fields(&mut self, ui: &mut Ui) {
        let mut form = Form::default();
        let is_new = self.old.is_none();
        pair(ui, |ui, at, width| match at {
            0 => {
                ui.add_enabled_ui(is_new, |ui| {
                    form.text::<Alias>(ui, "Webhook name", &mut self.name, |field| {
                        wide(field).mono().hint("on-call")
                    });
                });
            }
            _ => {
                let forms = [WebhookForm::Json, WebhookForm::Slack, WebhookForm::Teams]
                    .map(|form| (form, word_of(form).to_owned()));
                select(ui, "Receiver understands", &mut self.form, &forms, width);
            }
        });
        let old = self.old.as_ref().map(|old| old.url.as_str());
        let help = match &self.old {
            Some(_) => "*** stands for the path that is kept; give the whole address to change it",
            None => "Who knows it may post there: it is kept as a secret and never shown again",
        };
        form.read(
            ui,
            "Webhook URL",
            &mut self.url,
            |field| {
                wide(field)
                    .mono()
                    .hint("https://hooks.example/services/T0/B0/x")
                    .help(help)
            },
            |url| address(url, old),
        );
        let trust = TRUST.map(|(trust, word)| (trust, word.to_owned()));
        let width = ui.available_width();
        select(ui, "Trust in the receiver", &mut self.trust, &trust, width);
        toggle(ui, &mut self.signs, "Sign messages", None);
        if self.signs {
            let keeps = self.keeps_secret();
            let hint = if keeps { "stays as it is" } else { "" };
            let help = format!(
                "At least {WEBHOOK_SECRET_LEN_MIN} characters; the receiver checks the signature with it"
            );
            let error = secret(&self.secret, keeps)
                .err()
                .filter(|_| !self.secret.is_empty());
            Field::new("Signing secret", &mut self.secret)
                .secret()
                .hint(hint)
                .help(&help)
                .error(error.as_deref())
                .width(f32::INFINITY)
                .show(ui);
        }
        toggle(ui, &mut self.enabled, "Post alerts there", None);
    }

    fn keeps_secret(&self) -> bool {
        self.old.as_ref().is_some_and(|old| old.secret.is_some())
    }

    /// All webhooks with this one, as the agent takes them; else what is wrong.
    pub(super) fn list(&self, all: &[WebhookShown]) -> Result<Vec<WebhookShown>, String> {
        if self.name.trim().is_empty() {
            return Err("Fill in the name".to_owned());
        }
        let name: Alias = parse(self.name.trim())?;
        let is_other = |one: &&WebhookShown| one.name != name;
        let mut list: Vec<WebhookShown> = all.iter().filter(is_other).cloned().collect();
        if self.old.is_none() && list.len() != all.len() {
            return Err(format!("There is a webhook {name} already"));
        }
        let old = self.old.as_ref();
        let url = self.url.trim();
        if url.is_empty() {
            return Err("Fill in the URL".to_owned());
        }
        address(url, old.map(|old| old.url.as_str()))?;
        let secret = if self.signs {
            Some(secret(&self.secret, self.keeps_secret())?)
        } else {
            self.keeps_secret().then(String::new)
        };
        list.push(WebhookShown {
            name,
            enabled: self.enabled,
            form: self.form,
            url: url.to_owned(),
            secret,
            trust: self.trust,
        });
        Ok(list)
    }
}

/// Checks an address; as it was shown it stays.
fn address(url: &str, old: Option<&str>) -> Result<(), String> {
    if old == Some(url) {
        return Ok(());
    }
    if url.ends_with(MASKED) {
        return Err("*** keeps the path only with the same host and port".to_owned());
    }
    let split = WebhookOrigin::split(url);
    split.map(drop).map_err(|rule| rule.to_string())
}

/// The secret as the agent takes it.
fn secret(text: &str, keeps: bool) -> Result<String, String> {
    match text {
        "" if keeps => Ok(MASKED.to_owned()),
        "" => Err("Fill in the signing secret".to_owned()),
        text if text.chars().count() < WEBHOOK_SECRET_LEN_MIN => Err(format!(
            "must have at least {WEBHOOK_SECRET_LEN_MIN} characters"
        )),
        text => Ok(text.to_owned()),
    }
}

fn wide(field: Field<'_>) -> Field<'_> {
    field.width(f32::INFINITY)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(old: Option<&WebhookShown>, name: &str, url: &str, secret: &str) -> WebhookDialog {
        WebhookDialog {
            name: name.to_owned(),
            url: url.to_owned(),
            signs: !secret.is_empty(),
            secret: secret.to_owned(),
            ..old.map(WebhookDialog::of).unwrap_or_default()
        }
    }

    #[test]
    fn what_is_masked_stays_and_what_is_wrong_is_told() {
        let long = "0123456789abcdef0123456789abcdef";
        let first = filled(None, "ops", "https://hooks.example/s/x", long)
            .list(&[])
            .unwrap();
        assert_eq!(first[0].secret.as_deref(), Some(long));
        let known = WebhookShown {
            url: format!("https://hooks.example/{MASKED}"),
            secret: Some(MASKED.to_owned()),
            ..first[0].clone()
        };
        let all = [known.clone()];
        let kept = WebhookDialog::of(&known).list(&all).unwrap();
        assert_eq!(kept, all);
        let unsigned = WebhookDialog {
            signs: false,
            ..WebhookDialog::of(&known)
        };
        assert_eq!(unsigned.list(&all).unwrap()[0].secret.as_deref(), Some(""));
        for (old, name, url, secret, rule) in [
            (None, "", "https://h/", "", "Fill in the name"),
            (None, "a b", "https://h/", "", "alias must have"),
            (None, "ops", "https://h/", "", "already"),
            (None, "b", "", "", "Fill in the URL"),
            (None, "b", "ftp://h/", "", "must begin with"),
            (None, "b", "https://h/", "short", "at least"),
            (Some(&known), "ops", "https://other/***", "", "same host"),
        ] {
            let refused = filled(old, name, url, secret).list(&all).unwrap_err();
            assert!(refused.contains(rule), "{refused}");
        }
    }
}
