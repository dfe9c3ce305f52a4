//! Dialogs of one subaccount: edit, renew with a token, delete.

use egui::Context;
use underpass_fleet::Reply;
use underpass_fleet::api::Call;
use underpass_fleet::slot::Slot;
use underpass_shared::api::management::{SubaccountTarget, Target, ValidityInput, Verb};
use underpass_shared::config::limits::{DESCRIPTION_LEN_MAX, DISPLAY_NAME_LEN_MAX};
use underpass_shared::config::{SubaccountFields, SubaccountKey, Text};
use underpass_shared::pki::token::EnrolToken;
use underpass_shared::rights::Access;

use crate::cx::Cx;
use crate::screen::agent::edit::{act, at_location, edit, edit_subaccount, name_of, path, refused};
use crate::screen::agent::form::{Form, parse};
use crate::text;
use crate::theme::{State, space};
use crate::widget::{Answer, Banner, ConfirmName, Dialog, Words as _, progress, toggle};

type Name = Text<DISPLAY_NAME_LEN_MAX>;
type Words = Text<DESCRIPTION_LEN_MAX>;

struct Edit {
    key: SubaccountKey,
    name: String,
    display_name: String,
    description: String,
    managed: bool,
}

struct Renew {
    key: SubaccountKey,
    token: String,
    sent: Option<Slot<Reply>>,
}

struct Delete {
    key: SubaccountKey,
    name: String,
    mappings: usize,
    confirm: ConfirmName,
}

/// The dialogs that are open.
#[derive(Default)]
pub(super) struct Dialogs {
    edit: Option<Edit>,
    renew: Option<Renew>,
    delete: Option<Delete>,
}

impl Dialogs {
    pub(super) fn edit(&mut self, own: &SubaccountFields) {
        self.edit = Some(Edit {
            key: own.key.clone(),
            name: name_of(own),
            display_name: own.display_name.to_string(),
            description: own.description.to_string(),
            managed: own.managed,
        });
    }

    pub(super) fn ask_token(&mut self, key: &SubaccountKey) {
        let (key, token) = (key.clone(), String::new());
        self.renew = Some(Renew {
            key,
            token,
            sent: None,
        });
    }

    /// Renews by proof of the present key.
    pub(super) fn renew(&mut self, cx: &mut Cx<'_>, key: &SubaccountKey) {
        let call = Call::new(
            Verb::Post,
            Target::Of(path(key), SubaccountTarget::Validity),
        )
        .query(at_location(key));
        drop(act(
            cx,
            format!("Renew the certificate of {}", key.subaccount),
            call,
        ));
    }

    pub(super) fn delete(&mut self, key: &SubaccountKey, name: &str, mappings: usize) {
        self.delete = Some(Delete {
            key: key.clone(),
            name: name.to_owned(),
            mappings,
            confirm: ConfirmName::default(),
        });
    }

    pub(super) fn show(&mut self, ctx: &Context, cx: &mut Cx<'_>) {
        if self.edit.as_mut().is_some_and(|one| one.show(ctx, cx)) {
            self.edit = None;
        }
        if self.renew.as_mut().is_some_and(|one| one.show(ctx, cx)) {
            self.renew = None;
        }
        if self.delete.as_mut().is_some_and(|one| one.show(ctx, cx)) {
            self.delete = None;
        }
    }
}

impl Edit {
    /// True when it shall close.
    fn show(&mut self, ctx: &Context, cx: &mut Cx<'_>) -> bool {
        let managing = refused(cx, Access::Administration);
        let mut form = Form::new(None);
        // The rules of the fields are checked before the button is drawn, so they are read twice.
        let name = parse(&self.display_name);
        let description = parse(&self.description);
        let wrong = name
            .as_ref()
            .err()
            .or_else(|| description.as_ref().err())
            .cloned();
        let answer = Dialog::new("edit subaccount", "Edit subaccount", "Save to the draft")
            .enabled_if(wrong.is_none(), wrong.as_deref().unwrap_or_default())
            .show(ctx, |ui| {
                form.optional::<Name>(ui, "Display name", &mut self.display_name, |field| {
                    field
                        .width(f32::INFINITY)
                        .help("The gateway's name of the tenant, unless you give another")
                });
                ui.add_space(space::XS);
                form.optional::<Words>(ui, "Description", &mut self.description, |field| {
                    field.width(f32::INFINITY)
                });
                ui.add_space(space::S);
                toggle(
                    ui,
                    &mut self.managed,
                    "Only Administrators may change it",
                    managing.as_deref(),
                );
                ui.quiet("Others can still open and close its tunnel");
            });
        if let (Answer::Confirmed, Ok(display_name), Ok(description)) = (answer, name, description)
        {
            let managed = self.managed;
            edit_subaccount(cx, &self.key, format!("Edit {}", self.name), move |own| {
                own.display_name = display_name;
                own.description = description;
                own.managed = managed;
                Ok(())
            });
        }
        answer != Answer::Open
    }
}

impl Renew {
    fn show(&mut self, ctx: &Context, cx: &mut Cx<'_>) -> bool {
        let told = self.sent.as_ref().map(Slot::get);
        if told
            .as_ref()
            .is_some_and(|told| told.value().is_some() && !told.is_loading())
        {
            return true;
        }
        let busy = told.as_ref().is_some_and(|told| told.is_loading());
        let failed = told
            .as_ref()
            .and_then(|told| told.reason())
            .map(text::clean);
        let read = self.token.trim().parse::<EnrolToken>();
        let reason = match &read {
            _ if busy => Some("It is being renewed".to_owned()),
            Ok(token)
                if token.subaccount != self.key.subaccount
                    || token.region_host != self.key.region_host =>
            {
                Some(format!(
                    "The token is for {} at {}",
                    token.subaccount, token.region_host
                ))
            }
            Ok(_) => None,
            Err(_) if self.token.trim().is_empty() => Some("Paste the token first".to_owned()),
            Err(rule) => Some(rule.to_string()),
        };
        let mut form = Form::new(None);
        let answer = Dialog::new("renew", "Renew with a token", "Renew")
            .enabled_if(reason.is_none(), reason.as_deref().unwrap_or_default())
            .show(ctx, |ui| {
                ui.paragraph("With a new token the agent becomes a new instance for the gateway. Use it when the present certificate was revoked or its key is lost.");
                ui.add_space(space::S);
                form.read(ui, "Enrolment token", &mut self.token, |field| {
                    field.mono().hint("underpass-enrol.…").width(f32::INFINITY)
                }, |_| match &reason {
                    Some(rule) if !busy => Err(rule.clone()),
                    Some(_) | None => Ok(()),
                });
                if busy {
                    progress(ui, "Renewing", "The agent asks its gateway", None, false);
                }
                if let Some(failed) = &failed {
                    Banner::new(State::Error, failed).show(ui);
                }
            });
        if answer == Answer::Confirmed {
            let input = ValidityInput {
                authentication_data: Some(self.token.trim().to_owned()),
                ..ValidityInput::default()
            };
            let call = Call::new(
                Verb::Post,
                Target::Of(path(&self.key), SubaccountTarget::Validity),
            )
            .query(at_location(&self.key));
            match call.with(&input) {
                Ok(call) => {
                    self.sent = Some(act(
                        cx,
                        format!("Renew the certificate of {}", self.key.subaccount),
                        call,
                    ))
                }
                Err(error) => cx.tell(State::Error, error.reason()),
            }
        }
        answer == Answer::Dismissed
    }
}

impl Delete {
    fn show(&mut self, ctx: &Context, cx: &mut Cx<'_>) -> bool {
        let loss = format!(
            "Its tunnel closes, and its {} and channels go with it, once the draft is applied. To serve it again you need a new enrolment token.",
            text::plural(self.mappings, "system mapping")
        );
        let answer = self.confirm.show(
            ctx,
            "Delete subaccount",
            "Delete in the draft",
            &loss,
            &self.name,
        );
        if answer == Answer::Confirmed {
            let key = self.key.clone();
            edit(cx, format!("Delete {}", self.name), move |document| {
                document.without_subaccount(key)
            });
        }
        answer != Answer::Open
    }
}
