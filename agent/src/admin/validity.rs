//! Renewing the client certificate of a subaccount at once.

use underpass_shared::api::management::{
    Corrupted, Refusal, SubaccountCertificate, SubaccountPath, ValidityInput,
};
use underpass_shared::audit::Category;
use underpass_shared::backup::Named;
use underpass_shared::config::{Certificate, Joining, SubaccountFields, SubaccountKey};
use underpass_shared::id::CredentialId;
use underpass_shared::pki::token::EnrolToken;
use underpass_shared::rights;

use super::call::Call;
use super::forget::outside_trials;
use super::kept::unusable;
use super::subaccounts::find;
use super::{Admin, Answer, answer};
use crate::credentials::Credentials;
use crate::tunnel::{Route, enrol};

fn failed(error: &anyhow::Error) -> Refusal {
    Refusal::failure(format!("{error:#}"))
}

/// A subaccount that came with a document rather than by an enrolment has nothing to renew.
fn not_enrolled(key: &SubaccountKey) -> Refusal {
    let message = format!(
        "there are no credentials for subaccount {key} on this host, so there is no certificate to \
         renew; give authenticationData with a new token of its gateway"
    );
    Refusal::illegal_state(message).at("authenticationData")
}

/// The certificate of credentials, as it is shown.
pub(super) fn certificate(credentials: &Credentials) -> Option<SubaccountCertificate> {
    let certificate: Certificate = credentials.certificate.parse().ok()?;
    Some(SubaccountCertificate::show(&certificate))
}

impl Admin {
    /// With a token the agent becomes a new instance for the gateway; without one it proves its
    /// present key and stays the one it is.
    pub(super) async fn validity(&self, call: Call, path: SubaccountPath) -> Answer {
        let input: ValidityInput = if call.is_empty() {
            ValidityInput::default()
        } else {
            call.read()?
        };
        let token = input.token()?;
        let current = self.readable()?;
        call.check_revision(current.revision().number)?;
        let location = call.query.location_id.as_ref();
        let own = SubaccountFields::clone(find(current.document(), &path, location)?.own());
        // What the renewal amounts to, before a token is burnt.
        let renewed = current.document().with_subaccount(SubaccountFields {
            credential: CredentialId::from_uuid(underpass_runtime::random::id()),
            ..own.clone()
        })?;
        rights::check(call.caller().role(), current.document(), &renewed)?;
        let route = self.route(current.document())?;
        let what = format!(
            "renewal of the certificate of subaccount {}",
            own.key.subaccount
        );
        let recording = self.recording(call.caller(), Category::Enrolment, &what);
        recording.intend_act().await?;
        let renewed = match token {
            Some(token) => self.renew_by_token(&call, own, &token, &route).await,
            None => self.renew_by_key(&own, &route).await,
        };
        recording.acted(&renewed);
        renewed
    }

    async fn renew_by_key(&self, own: &SubaccountFields, route: &Route) -> Answer {
        let old = self.credentials.load(own.instance);
        let old = old.map_err(|error| unusable(&error, || not_enrolled(&own.key)))?;
        let renewed = enrol::renew(&own.key.region_host, route, &old, &self.tasks).await;
        let new = renewed.map_err(|error| failed(&error))?;
        let saved = self.credentials.save(own.instance, &new);
        saved.map_err(|error| failed(&error))?;
        tracing::info!(host = %own.key.region_host, "client certificate renewed");
        let current = self.store.current();
        let there = current.document().subaccount(&own.key);
        if there.is_none_or(|one| one.own().instance != own.instance) {
            // It was removed meanwhile, and its secret must not outlive it.
            self.forget(&Named {
                enrolments: [own.instance].into(),
                ..Named::default()
            });
            return Err(Refusal::not_found("the subaccount was removed meanwhile"));
        }
        answer::ok(&certificate(&new), current.revision().number)
    }

    async fn renew_by_token(
        &self,
        call: &Call,
        own: SubaccountFields,
        token: &str,
        route: &Route,
    ) -> Answer {
        let wrong = |rule: String| Refusal::invalid("authenticationData", rule);
        let token: EnrolToken = token.parse().map_err(|rule| wrong(format!("{rule}")))?;
        if (&token.region_host, token.subaccount) != (&own.key.region_host, own.key.subaccount) {
            return Err(wrong(format!(
                "the token is for {}@{}",
                token.subaccount, token.region_host
            )));
        }
        let current = self.store.current();
        super::trial::nothing_on_trial(&current)?;
        let before = Named::of(current.document());
        let location = Some(own.key.location_id.clone());
        let enrolled = enrol::enrol(&token, location, route, &self.tasks).await;
        let (enrolled, credentials) = enrolled.map_err(|error| failed(&error))?;
        if enrolled.location_id != own.key.location_id {
            return Err(wrong(format!(
                "the token is for location ID \"{}\"",
                enrolled.location_id
            )));
        }
        let saved = self.credentials.save(enrolled.instance, &credentials);
        saved.map_err(|error| failed(&error))?;
        let reason = format!(
            "renewed the certificate of subaccount {}",
            own.key.subaccount
        );
        let key = own.key;
        let instance = enrolled.instance;
        let put = move |document: &underpass_shared::config::Document| {
            let found = document.subaccount(&key);
            let found =
                found.ok_or_else(|| Refusal::not_found("the subaccount was removed meanwhile"))?;
            Ok(document.with_subaccount(SubaccountFields {
                instance,
                credential: CredentialId::from_uuid(*instance.as_uuid()),
                ..SubaccountFields::clone(found.own())
            })?)
        };
        let put = outside_trials(&self.store, put);
        let committed = self
            .commit(call.caller(), &reason, None, Joining::Nobody, None, put)
            .await;
        let revision = committed.inspect_err(|_refusal| self.drop_enrolment(instance))?;
        self.forget(&before);
        answer::ok(&certificate(&credentials), revision)
    }

    /// What of the stored state could not be read, subaccount by subaccount. Where the whole state
    /// cannot be read, every call says so.
    pub(super) fn corrupted(&self) -> Answer {
        let current = self.readable()?;
        let unreadable = current.document().subaccounts().iter().filter_map(|one| {
            let own = one.own();
            let credentials = self.credentials.load(own.instance);
            let checked = credentials.and_then(|one| one.info().map(drop));
            let error = checked.err()?;
            Some(Corrupted {
                region_host: own.key.region_host.clone(),
                subaccount: own.key.subaccount,
                location_id: own.key.location_id.clone(),
                message: format!("{error:#}"),
            })
        });
        let all: Vec<_> = unreadable.collect();
        answer::ok(&all, current.revision().number)
    }
}
