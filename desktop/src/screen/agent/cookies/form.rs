//! The form of a cookie domain.

use egui::Context;
use underpass_shared::config::{Document, DomainMapping, Invalid, SubaccountFields, SubaccountKey};
use underpass_shared::host::CookieDomain;

use super::without;
use crate::cx::Cx;
use crate::screen::agent::edit::{edit_subaccount, with_subaccount};
use crate::screen::agent::form::{Form, parse};
use crate::theme::{State, space};
use crate::widget::{Answer, Banner, Dialog, Words as _, select};

/// What was filled in so far.
pub(super) struct DomainForm {
    key: SubaccountKey,
    old: Option<CookieDomain>,
    internal: String,
    outside: String,
}

impl DomainForm {
    /// A new domain; none where the document has no subaccount.
    pub(super) fn new(document: &Document) -> Option<Self> {
        let key = document.subaccounts().first()?.key().clone();
        Some(Self {
            key,
            old: None,
            internal: String::new(),
            outside: String::new(),
        })
    }

    /// A domain that is there.
    pub(super) fn of(key: &SubaccountKey, pair: &DomainMapping) -> Self {
        Self {
            key: key.clone(),
            old: Some(pair.internal_domain.clone()),
            internal: pair.internal_domain.to_string(),
            outside: pair.virtual_domain.to_string(),
        }
    }

    /// Shows the form; true when it shall close.
    pub(super) fn show(
        &mut self,
        ctx: &Context,
        cx: &mut Cx<'_>,
        document: &Document,
        choices: &[(SubaccountKey, String)],
    ) -> bool {
        let pair = self.pair();
        let clash = pair.as_ref().ok().and_then(|pair| {
            let (pair, old) = (pair.clone(), self.old.clone());
            let tried =
                with_subaccount(document, &self.key, move |own| put(own, pair, old.as_ref()));
            tried.err().map(|Invalid { rule, .. }| rule)
        });
        let problem = pair.as_ref().err().cloned().or_else(|| clash.clone());
        let (title, action) = match self.old {
            Some(_) => ("Edit cookie domain", "Save to the draft"),
            None => ("Add cookie domain", "Add to the draft"),
        };
        let answer = Dialog::new("domain", title, action)
            .enabled_if(problem.is_none(), problem.as_deref().unwrap_or_default())
            .show(ctx, |ui| {
                ui.spacing_mut().item_spacing.y = space::S;
                let mut form = Form::default();
                ui.add_enabled_ui(self.old.is_none(), |ui| {
                    select(ui, "Subaccount", &mut self.key, choices, f32::INFINITY);
                });
                form.text::<CookieDomain>(ui, "Internal domain", &mut self.internal, |field| {
                    field
                        .mono()
                        .hint("corp.example")
                        .width(f32::INFINITY)
                        .help("The domain that the back end sets in its cookies")
                });
                form.text::<CookieDomain>(ui, "Virtual domain", &mut self.outside, |field| {
                    field
                        .mono()
                        .hint("portal.example.com")
                        .width(f32::INFINITY)
                        .help("The domain that cloud applications see instead")
                });
                if let Some(clash) = &clash {
                    Banner::new(State::Error, clash).show(ui);
                }
                ui.quiet("Cookies of other domains pass as they are");
            });
        if let (Answer::Confirmed, Ok(pair)) = (answer, pair) {
            let old = self.old.clone();
            let verb = if old.is_some() { "Change" } else { "Add" };
            edit_subaccount(
                cx,
                &self.key,
                format!("{verb} cookie domain {}", pair.internal_domain),
                move |own| put(own, pair, old.as_ref()),
            );
        }
        answer != Answer::Open
    }

    fn pair(&self) -> Result<DomainMapping, String> {
        let read = |text: &str, what: &str| match text.trim() {
            "" => Err(format!("Fill in the {what} domain")),
            text => parse(text),
        };
        Ok(DomainMapping {
            internal_domain: read(&self.internal, "internal")?,
            virtual_domain: read(&self.outside, "virtual")?,
        })
    }
}

fn put(
    own: &mut SubaccountFields,
    pair: DomainMapping,
    old: Option<&CookieDomain>,
) -> Result<(), Invalid> {
    let mut all = match old {
        Some(old) => without(&own.domain_mappings, old),
        None => own.domain_mappings.as_slice().to_vec(),
    };
    all.push(pair);
    own.domain_mappings = all.try_into()?;
    Ok(())
}
