//! How mail is sent.

use underpass_runtime::random;
use underpass_shared::api::management::{
    ConnectorTarget, Linked, MASKED, MailInput, MailShown, Object, Refusal, Target, Verb, object,
};
use underpass_shared::config::{Mail, MailFields};
use underpass_shared::id::CredentialId;
use underpass_shared::secret::Secret;

use super::edit;
use super::setting::wanted;
use crate::admin::call::Call;
use crate::admin::{Admin, Answer, answer};
use crate::secrets;

/// What a request says of the password.
enum Password {
    /// It stays, as long as the user does.
    Kept,
    /// There must be one of this user.
    Masked,
    /// There is none.
    None,
    /// Another one.
    New(Secret),
}

fn read(verb: Verb, present: &Mail, body: Object) -> Result<(MailFields, Password), Refusal> {
    let input: MailInput = wanted(verb, &MailShown::show(present), body)?;
    let (fields, password) = input.into_parts();
    let password = match password.as_deref() {
        None => Password::Kept,
        Some(MASKED) => Password::Masked,
        Some("") => Password::None,
        Some(text) => Password::New(Secret::new(text.to_owned())),
    };
    Ok((fields, password))
}

/// The mail that a request wants; `added` is the id of its new password.
fn with_password(
    present: &Mail,
    fields: MailFields,
    password: &Password,
    added: Option<CredentialId>,
) -> Result<Mail, Refusal> {
    let login = present.login();
    let same = login.filter(|(user, _)| fields.smtp_username.as_deref() == Some(*user));
    let credential = match (password, same) {
        (Password::Masked, None) => {
            let rule = "*** keeps a password, and there is none of this user";
            return Err(Refusal::invalid("smtpPassword", rule));
        }
        (Password::Kept | Password::Masked, same) => same.map(|(_, id)| id),
        (Password::None, _) => None,
        (Password::New(_), _) => added,
    };
    Ok(Mail::try_from(MailFields {
        credential,
        ..fields
    })?)
}

impl Admin {
    pub(super) async fn email(&self, call: &Call, verb: Verb) -> Answer {
        if verb == Verb::Get {
            let current = self.readable()?;
            let shown = MailShown::show(&current.document().connector().email);
            let shown = Linked::at(Target::Connector(ConnectorTarget::Email), shown);
            return answer::ok(&shown, current.revision().number);
        }
        let body = object(&call.json()?)?;
        let added = self.keep_mail_password(call, verb, body.clone())?;
        let edit = edit(move |fields| {
            let (mail, password) = read(verb, &fields.email, body)?;
            fields.email = with_password(&fields.email, mail, &password, added)?;
            Ok(())
        });
        let reason = "changed how mail is sent";
        let changed = self.change(call, reason, edit, answer::done).await;
        if changed.is_err() || call.query.dry_run {
            self.drop_password(added);
        }
        changed
    }

    /// Puts the password of a request, if it has a new one, into the secret store.
    fn keep_mail_password(
        &self,
        call: &Call,
        verb: Verb,
        body: Object,
    ) -> Result<Option<CredentialId>, Refusal> {
        let current = self.readable()?;
        // A part of what is there stays, which must be what the caller saw.
        call.check_revision(current.revision().number)?;
        let present = &current.document().connector().email;
        let (fields, password) = read(verb, present, body)?;
        let Password::New(secret) = &password else {
            return Ok(None);
        };
        let id = CredentialId::from_uuid(random::id());
        // What would be refused later leaves no secret behind.
        with_password(present, fields, &password, Some(id))?;
        let wrong = |rule| Refusal::invalid("smtpPassword", format!("{rule:#}"));
        secrets::check(secret).map_err(wrong)?;
        let saved = self.secrets.save(id, secret);
        saved.map_err(|error| Refusal::failure(format!("{error:#}")))?;
        Ok(Some(id))
    }
}
