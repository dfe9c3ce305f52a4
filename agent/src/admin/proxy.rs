//! The HTTP proxy on the way out to the gateways.

use underpass_runtime::random;
use underpass_shared::api::management::{MASKED, ProxyInput, ProxyShown, Refusal, Verb};
use underpass_shared::config::{Connector, ConnectorFields, Document, Proxy, ProxyFields};
use underpass_shared::id::CredentialId;
use underpass_shared::secret::Secret;

use super::call::Call;
use super::{Admin, Answer, answer};
use crate::secrets;
use crate::tunnel::Route;

/// A proxy that was asked for, with its password in the secret store.
pub(super) struct Kept {
    pub(super) proxy: Proxy,
    /// The password that was added for it.
    pub(super) added: Option<CredentialId>,
}

/// The document with another proxy, or with none.
pub(super) fn with_proxy(document: &Document, proxy: Option<Proxy>) -> Result<Document, Refusal> {
    let fields = ConnectorFields {
        proxy,
        ..Connector::clone(document.connector()).into()
    };
    Ok(document.with_connector(fields.try_into()?)?)
}

/// The password of a request, as far as it has a new one.
fn new_password(input: &ProxyInput) -> Result<Option<Secret>, Refusal> {
    let Some(text) = input.password.as_deref().filter(|text| *text != MASKED) else {
        return Ok(None);
    };
    if input.user.is_none() {
        return Err(Refusal::invalid("user", "is missing beside the password"));
    }
    let secret = Secret::new(text.to_owned());
    let checked = secrets::check(&secret);
    checked.map_err(|rule| Refusal::invalid("password", format!("{rule:#}")))?;
    Ok(Some(secret))
}

/// The way out through a proxy that is not configured yet.
pub(super) fn route(input: &ProxyInput) -> Result<Route, Refusal> {
    let password = new_password(input)?;
    if input.user.is_some() && password.is_none() {
        return Err(Refusal::invalid("password", "is missing beside the user"));
    }
    let login = input.user.as_ref().map(ToString::to_string).zip(password);
    Ok(Route::through(input.host.clone(), input.port.0, login))
}

impl Admin {
    pub(super) async fn proxy(&self, call: Call, verb: Verb) -> Answer {
        match verb {
            // As documented, an empty body removes the proxy too.
            Verb::Delete => self.remove_proxy(&call).await,
            Verb::Put if call.is_empty() => self.remove_proxy(&call).await,
            Verb::Put => self.put_proxy(&call).await,
            Verb::Get | Verb::Post | Verb::Patch => {
                let current = self.readable()?;
                let proxy = current.document().connector().proxy();
                let proxy = proxy.ok_or_else(|| Refusal::not_found("no proxy is set"))?;
                answer::ok(&ProxyShown::show(proxy), current.revision().number)
            }
        }
    }

    async fn remove_proxy(&self, call: &Call) -> Answer {
        let edit = |document: &Document| with_proxy(document, None);
        self.change(call, "removed the proxy", edit, answer::done)
            .await
    }

    async fn put_proxy(&self, call: &Call) -> Answer {
        let input: ProxyInput = call.read()?;
        let reason = format!("set the proxy to {}:{}", input.host, input.port.0);
        let Kept { proxy, added } = self.keep_proxy(&input)?;
        let edit = move |document: &Document| with_proxy(document, Some(proxy));
        let changed = self.change(call, &reason, edit, answer::done).await;
        if changed.is_err() || call.query.dry_run {
            self.drop_password(added);
        }
        changed
    }

    /// Puts the password of a request into the secret store.
    pub(super) fn keep_proxy(&self, input: &ProxyInput) -> Result<Kept, Refusal> {
        let added = match new_password(input)? {
            None => None,
            Some(password) => {
                let id = CredentialId::from_uuid(random::id());
                let saved = self.secrets.save(id, &password);
                saved.map_err(|error| Refusal::failure(format!("{error:#}")))?;
                Some(id)
            }
        };
        let present = self.store.current();
        let present = present.document().connector().proxy();
        let same = present
            .and_then(Proxy::login)
            .filter(|(user, _)| input.user.as_deref() == Some(*user));
        let proxy = Proxy::try_from(ProxyFields {
            host: input.host.clone(),
            port: input.port.0,
            user: input.user.clone(),
            credential: added.or(same.map(|(_, id)| id)),
        });
        match proxy {
            Ok(proxy) => Ok(Kept { proxy, added }),
            Err(invalid) => {
                self.drop_password(added);
                Err(invalid.into())
            }
        }
    }

    pub(super) fn drop_password(&self, id: Option<CredentialId>) {
        if let Some(Err(error)) = id.map(|id| self.secrets.remove(id)) {
            let error = format!("{error:#}");
            tracing::warn!(error, "a password that is not used was not deleted");
        }
    }
}
