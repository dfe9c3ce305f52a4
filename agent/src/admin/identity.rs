//! Whose word on users a subaccount takes: stored; this version takes nobody's yet.

use underpass_shared::api::management::{
    IdentityProviderShown, IdentityTrustInput, IdentityTrustShown, Refusal, SubaccountPath,
    TrustInput, TrustedAppShown, Verb,
};
use underpass_shared::config::{
    Alias, Document, IdentityProvider, IdentityTrust, SubaccountFields, TrustedApp,
};
use underpass_shared::policy::effective::NotOffered;

use super::call::Call;
use super::subaccounts::{edit as edit_subaccount, find};
use super::{Admin, Answer, answer};

/// The lists of a subaccount while they are changed.
struct Lists {
    auto_sync: bool,
    providers: Vec<IdentityProvider>,
    apps: Vec<TrustedApp>,
}

/// A change of the trust of one subaccount.
fn edit(
    call: &Call,
    path: SubaccountPath,
    change: impl FnOnce(&mut Lists) -> Result<(), Refusal> + Send + 'static,
) -> impl FnOnce(&Document) -> Result<Document, Refusal> + Send + 'static {
    edit_subaccount(call, path, |own: &mut SubaccountFields| {
        let trust = &own.identity_trust;
        let mut lists = Lists {
            auto_sync: trust.auto_sync(),
            providers: trust.providers().to_vec(),
            apps: trust.apps().to_vec(),
        };
        change(&mut lists)?;
        own.identity_trust = IdentityTrust::new(lists.auto_sync, lists.providers, lists.apps)?;
        Ok(())
    })
}

fn no_provider(id: &Alias) -> Refusal {
    Refusal::not_found(format!("the cloud side names no identity provider {id}"))
}

fn no_app(id: &Alias) -> Refusal {
    Refusal::not_found(format!("the cloud side names no application {id}"))
}

impl Admin {
    pub(super) async fn identity_trust(
        &self,
        call: Call,
        verb: Verb,
        path: SubaccountPath,
    ) -> Answer {
        match verb {
            Verb::Put => {
                let input: IdentityTrustInput = call.read()?;
                let wanted = input.auto_sync_trust_enabled.0;
                let reason = format!("set autoSyncTrustEnabled to {wanted}");
                let edit = edit(&call, path, move |lists| {
                    lists.auto_sync = wanted;
                    Ok(())
                });
                self.change(&call, &reason, edit, answer::done).await
            }
            Verb::Post => self.identity_view(&call, &path, |_trust| {
                let message = "the gateway names no identity providers and no applications yet, so \
                               there is nothing to take over; nothing was changed";
                Err::<(), _>(Refusal::illegal_state(message))
            }),
            Verb::Get | Verb::Patch | Verb::Delete => self.identity_view(&call, &path, |trust| {
                let reason = NotOffered::IdentityTrust.to_string();
                Ok(IdentityTrustShown::show(trust, &path, Some(reason)))
            }),
        }
    }

    pub(super) fn identity_providers(&self, call: &Call, path: &SubaccountPath) -> Answer {
        self.identity_view(call, path, |trust| {
            let all = trust.providers().iter();
            let all = all.map(|one| IdentityProviderShown::show(one, path));
            Ok(all.collect::<Vec<_>>())
        })
    }

    pub(super) async fn identity_provider(
        &self,
        call: Call,
        verb: Verb,
        path: SubaccountPath,
        id: Alias,
    ) -> Answer {
        if verb != Verb::Put {
            return self.identity_view(&call, &path, |trust| {
                let one = trust.providers().iter().find(|one| one.id == id);
                let one = one.ok_or_else(|| no_provider(&id))?;
                Ok(IdentityProviderShown::show(one, &path))
            });
        }
        let TrustInput { enabled, .. } = call.read()?;
        let reason = format!("set trust in identity provider {id} to {}", enabled.0);
        let edit = edit(&call, path, move |lists| {
            let one = lists.providers.iter_mut().find(|one| one.id == id);
            one.ok_or_else(|| no_provider(&id))?.enabled = enabled.0;
            Ok(())
        });
        self.change(&call, &reason, edit, answer::done).await
    }

    pub(super) fn trusted_apps(&self, call: &Call, path: &SubaccountPath) -> Answer {
        self.identity_view(call, path, |trust| {
            let all = trust.apps().iter();
            let all = all.map(|one| TrustedAppShown::show(one, path));
            Ok(all.collect::<Vec<_>>())
        })
    }

    pub(super) async fn trusted_app(
        &self,
        call: Call,
        verb: Verb,
        path: SubaccountPath,
        id: Alias,
    ) -> Answer {
        if verb != Verb::Put {
            return self.identity_view(&call, &path, |trust| {
                let one = trust.apps().iter().find(|one| one.id == id);
                let one = one.ok_or_else(|| no_app(&id))?;
                Ok(TrustedAppShown::show(one, &path))
            });
        }
        let TrustInput { enabled, .. } = call.read()?;
        let reason = format!("set trust in application {id} to {}", enabled.0);
        let edit = edit(&call, path, move |lists| {
            let one = lists.apps.iter_mut().find(|one| one.id == id);
            one.ok_or_else(|| no_app(&id))?.enabled = enabled.0;
            Ok(())
        });
        self.change(&call, &reason, edit, answer::done).await
    }

    /// What of a subaccount's trust is asked for.
    fn identity_view<T: serde::Serialize>(
        &self,
        call: &Call,
        path: &SubaccountPath,
        view: impl FnOnce(&IdentityTrust) -> Result<T, Refusal>,
    ) -> Answer {
        let current = self.readable()?;
        let location = call.query.location_id.as_ref();
        let own = find(current.document(), path, location)?.own();
        answer::ok(&view(&own.identity_trust)?, current.revision().number)
    }
}
