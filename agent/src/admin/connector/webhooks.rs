//! Where alerts are posted to.

use underpass_runtime::random;
use underpass_shared::api::management::{MASKED, Refusal, Verb, WebhookInput, WebhookShown};
use underpass_shared::config::limits::WEBHOOK_SECRET_LEN_MIN;
use underpass_shared::config::{Webhook, WebhookOrigin, Webhooks};
use underpass_shared::id::CredentialId;
use underpass_shared::secret::Secret;

use super::edit;
use crate::admin::call::Call;
use crate::admin::{Admin, Answer, answer};
use crate::secrets;

/// A secret that a request brings, with the id that it gets.
type Added = Vec<(CredentialId, Secret)>;

/// The webhooks that a request wants, and their new secrets.
fn wanted(present: &Webhooks, inputs: Vec<WebhookInput>) -> Result<(Webhooks, Added), Refusal> {
    let mut added = vec![];
    let mut list = vec![];
    for (at, input) in inputs.into_iter().enumerate() {
        let all = present.as_slice();
        let before = all.iter().find(|one| one.name == input.name);
        let field = |name: &str| format!("[{at}].{name}");
        let (origin, path) = match input.url.strip_suffix(MASKED) {
            Some(shown) => {
                kept(before, shown).map_err(|rule| Refusal::invalid(field("url"), rule))?
            }
            None => {
                let split = WebhookOrigin::split(&input.url);
                let (origin, path) =
                    split.map_err(|rule| Refusal::invalid(field("url"), rule.to_string()))?;
                (origin, keep(&mut added, path))
            }
        };
        let secret = match (input.secret.as_deref(), before.and_then(|one| one.secret)) {
            (None, before) => before,
            (Some(MASKED), None) => {
                let rule = "*** keeps a secret, and this webhook has none";
                return Err(Refusal::invalid(field("secret"), rule));
            }
            (Some(MASKED), before) => before,
            (Some(""), _) => None,
            (Some(text), _) => {
                check(text).map_err(|rule| Refusal::invalid(field("secret"), rule))?;
                Some(keep(&mut added, text.to_owned()))
            }
        };
        list.push(Webhook {
            name: input.name,
            enabled: input.enabled.0,
            form: input.form,
            origin,
            path,
            secret,
            trust: input.trust,
        });
    }
    Ok((list.try_into()?, added))
}

/// The path of a webhook that is named as it is shown. It goes to no other host: whoever could
/// lead it elsewhere would learn it.
fn kept(before: Option<&Webhook>, shown: &str) -> Result<(WebhookOrigin, CredentialId), String> {
    let before = before.ok_or("*** keeps a path, and there is no webhook of this name")?;
    match shown.parse::<WebhookOrigin>() {
        Ok(origin) if origin == before.origin => Ok((origin, before.path)),
        Ok(_) | Err(_) => Err("*** keeps the path only with the same host and port".to_owned()),
    }
}

fn check(secret: &str) -> Result<(), String> {
    if secret.chars().count() < WEBHOOK_SECRET_LEN_MIN {
        return Err(format!(
            "must have at least {WEBHOOK_SECRET_LEN_MIN} characters"
        ));
    }
    let checked = secrets::check(&Secret::new(secret.to_owned()));
    checked.map_err(|rule| format!("{rule:#}"))
}

fn keep(added: &mut Added, text: String) -> CredentialId {
    let id = CredentialId::from_uuid(random::id());
    added.push((id, Secret::new(text)));
    id
}

impl Admin {
    pub(super) async fn webhooks(&self, call: &Call, verb: Verb) -> Answer {
        let current = self.readable()?;
        let present = &current.document().connector().webhooks;
        if verb != Verb::Put {
            let shown = present.as_slice().iter().map(WebhookShown::show);
            let shown: Vec<WebhookShown> = shown.collect();
            return answer::ok(&shown, current.revision().number);
        }
        let inputs: Vec<WebhookInput> = call.read()?;
        // What `***` keeps is looked up in what is there, which must be what the caller saw.
        call.check_revision(current.revision().number)?;
        let (webhooks, added) = wanted(present, inputs)?;
        self.keep_secrets(&added)?;
        let before = present.clone();
        let edit = edit(move |fields| {
            // What is kept was looked up in these.
            if fields.webhooks != before {
                let message = "the webhooks were changed meanwhile; nothing was done";
                return Err(Refusal::illegal_state(message));
            }
            fields.webhooks = webhooks;
            Ok(())
        });
        let reason = "changed where alerts are posted to";
        let changed = self.change(call, reason, edit, answer::done).await;
        if changed.is_err() || call.query.dry_run {
            self.drop_secrets(&added);
        }
        changed
    }
}
