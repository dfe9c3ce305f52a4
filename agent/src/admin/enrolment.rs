//! Adding a subaccount by a token of its gateway.

use http::StatusCode;
use underpass_shared::api::enrol::Enrolled;
use underpass_shared::api::management::{
    Enrolment, Flag, Refusal, SubaccountPath, SubaccountTarget, Target,
};
use underpass_shared::audit::Category;
use underpass_shared::backup::Named;
use underpass_shared::config::{
    Document, Joining, Proxy, ProxyFields, SubaccountFields, SubaccountKey,
};
use underpass_shared::id::{CredentialId, InstanceId, RegionHost};
use underpass_shared::pki::token::EnrolToken;
use underpass_shared::rights::{self, Role};
use uuid::Uuid;

use super::call::Call;
use super::forget::outside_trials;
use super::proxy::{route, with_proxy};
use super::{Admin, Answer, answer};
use crate::store::Snapshot;
use crate::tunnel::enrol;

/// Client certificates are always renewed.
pub(super) fn check_renewal(flag: Option<Flag>) -> Result<(), Refusal> {
    match flag {
        Some(Flag(false)) => {
            let rule = "client certificates are always renewed; it can only be true";
            Err(Refusal::invalid("autoCertRenewal", rule))
        }
        Some(Flag(true)) | None => Ok(()),
    }
}

fn token(enrolment: &Enrolment) -> Result<EnrolToken, Refusal> {
    let wrong = |field, rule: String| Err(Refusal::invalid(field, rule));
    let token: EnrolToken = match enrolment.token()?.parse() {
        Ok(token) => token,
        Err(rule) if enrolment.cloud_password.is_some() => {
            let rule = format!("must carry an enrolment token of the gateway: {rule}");
            return wrong("cloudPassword", rule);
        }
        Err(rule) => return wrong("authenticationData", format!("{rule}")),
    };
    let other = |host: &RegionHost| *host != token.region_host;
    if enrolment.region_host.as_ref().is_some_and(other) {
        return wrong(
            "regionHost",
            format!("the token is for {}", token.region_host),
        );
    }
    if enrolment
        .subaccount
        .is_some_and(|id| id != token.subaccount)
    {
        return wrong(
            "subaccount",
            format!("the token is for {}", token.subaccount),
        );
    }
    Ok(token)
}

/// Who names the subaccount means a new one; who sends a token alone may mean the present one.
fn check_new(
    document: &Document,
    token: &EnrolToken,
    enrolment: &Enrolment,
) -> Result<(), Refusal> {
    let key = SubaccountKey {
        region_host: token.region_host.clone(),
        subaccount: token.subaccount,
        location_id: enrolment.location_id.clone().unwrap_or_default(),
    };
    if enrolment.subaccount.is_none() || document.subaccount(&key).is_none() {
        return Ok(());
    }
    let message = format!(
        "there is a subaccount {key} already; renew its certificate at its validity, or name \
         another locationID"
    );
    Err(Refusal::illegal_state(message).at("subaccount"))
}

/// Whether the caller may make the changes that an enrolment will bring.
fn permitted(
    role: Role,
    document: &Document,
    token: &EnrolToken,
    enrolment: &Enrolment,
) -> Result<(), Refusal> {
    // Ids that are not known yet; what matters is what they replace.
    let nobody = Uuid::nil();
    let mut all = vec![enrolment.location_id.clone().unwrap_or_default()];
    if enrolment.location_id.is_none() {
        // The gateway may give any of those that are there.
        let same = document.subaccounts().iter().map(|one| one.key());
        let same = same.filter(|key| {
            key.region_host == token.region_host && key.subaccount == token.subaccount
        });
        all.extend(same.map(|key| key.location_id.clone()));
    }
    for location_id in all {
        let key = SubaccountKey {
            region_host: token.region_host.clone(),
            subaccount: token.subaccount,
            location_id,
        };
        let old = document.subaccount(&key).map(|one| one.own());
        let instance = InstanceId::from_uuid(nobody);
        let mut own = match old {
            Some(old) => SubaccountFields {
                instance,
                ..SubaccountFields::clone(old)
            },
            None => SubaccountFields::enrolled(key, instance, CredentialId::from_uuid(nobody)),
        };
        if let Some(managed) = enrolment.is_managed {
            own.managed = managed.0;
        }
        rights::check(role, document, &document.with_subaccount(own)?)?;
    }
    if let Some(input) = &enrolment.proxy {
        let proxy = Proxy::try_from(ProxyFields {
            host: input.host.clone(),
            port: input.port.0,
            user: input.user.clone(),
            credential: input.user.as_ref().map(|_| CredentialId::from_uuid(nobody)),
        })?;
        rights::check(role, document, &with_proxy(document, Some(proxy))?)?;
    }
    Ok(())
}

impl Admin {
    pub(super) async fn enrol(&self, call: &Call) -> Answer {
        let enrolment: Enrolment = call.read()?;
        let token = token(&enrolment)?;
        check_renewal(enrolment.auto_cert_renewal)?;
        // Before the token is burnt: what cannot be written must not be found out afterwards.
        let current = self.readable()?;
        check_new(current.document(), &token, &enrolment)?;
        permitted(call.caller().role(), current.document(), &token, &enrolment)?;
        super::trial::nothing_on_trial(&current)?;
        let what = format!("enrolment for subaccount {}", token.subaccount);
        let recording = self.recording(call.caller(), Category::Enrolment, &what);
        recording.intend_act().await?;
        let redeemed = self.redeem(call, enrolment, &token, &current).await;
        recording.acted(&redeemed);
        redeemed
    }

    async fn redeem(
        &self,
        call: &Call,
        enrolment: Enrolment,
        token: &EnrolToken,
        current: &Snapshot,
    ) -> Answer {
        let before = Named::of(current.document());
        let route = match &enrolment.proxy {
            Some(input) => route(input)?,
            None => self.route(current.document())?,
        };
        let location = enrolment.location_id.clone();
        let enrolled = enrol::enrol(token, location, &route, &self.tasks).await;
        let (enrolled, credentials) =
            enrolled.map_err(|error| Refusal::failure(format!("{error:#}")))?;
        let saved = self.credentials.save(enrolled.instance, &credentials);
        saved.map_err(|error| Refusal::failure(format!("{error:#}")))?;
        let key = SubaccountKey {
            region_host: token.region_host.clone(),
            subaccount: enrolled.subaccount,
            location_id: enrolled.location_id.clone(),
        };
        let instance = enrolled.instance;
        let adopted = self.adopt(call, enrolment, &key, enrolled).await;
        let revision = adopted.inspect_err(|_refusal| self.drop_enrolment(instance))?;
        self.forget(&before);
        self.added(&key, revision)
    }

    /// Has the document name an enrolment whose credentials are kept, and the proxy that comes with
    /// it.
    async fn adopt(
        &self,
        call: &Call,
        enrolment: Enrolment,
        key: &SubaccountKey,
        enrolled: Enrolled,
    ) -> Result<u64, Refusal> {
        let reason = format!("enrolled for subaccount {}", enrolled.subaccount);
        let kept = enrolment.proxy.as_ref();
        let kept = kept.map(|input| self.keep_proxy(input)).transpose()?;
        let added = kept.as_ref().and_then(|kept| kept.added);
        let key = key.clone();
        let put = move |document: &Document| {
            let document = add(document, key, &enrolled, enrolment)?;
            match kept {
                Some(kept) => with_proxy(&document, Some(kept.proxy)),
                None => Ok(document),
            }
        };
        let put = outside_trials(&self.store, put);
        let revision = self
            .commit(call.caller(), &reason, None, Joining::Nobody, None, put)
            .await;
        revision.inspect_err(|_refusal| self.drop_password(added))
    }

    /// 201 with the subaccount, as one that is there already is shown.
    fn added(&self, key: &SubaccountKey, revision: u64) -> Answer {
        let current = self.store.current();
        let Some(found) = current.document().subaccount(key) else {
            return Err(Refusal::not_found("the subaccount was removed meanwhile"));
        };
        let mut response = answer::ok(&self.show(found.own()), revision)?;
        *response.status_mut() = StatusCode::CREATED;
        let path = SubaccountPath {
            region_host: key.region_host.clone(),
            subaccount: key.subaccount,
        };
        answer::locate(&mut response, &Target::Of(path, SubaccountTarget::Itself));
        Ok(response)
    }
}

/// The document with the enrolment. One that was there keeps its mappings and its texts.
fn add(
    document: &Document,
    key: SubaccountKey,
    enrolled: &Enrolled,
    enrolment: Enrolment,
) -> Result<Document, Refusal> {
    let old = document.subaccount(&key).map(|one| one.own());
    let credential = CredentialId::from_uuid(*enrolled.instance.as_uuid());
    let own = match old {
        Some(old) => SubaccountFields {
            instance: enrolled.instance,
            credential,
            connected: true,
            ..SubaccountFields::clone(old)
        },
        None => SubaccountFields::enrolled(key, enrolled.instance, credential),
    };
    let name = match (enrolment.display_name, old) {
        (Some(name), _) => name,
        (None, Some(old)) => old.display_name.clone(),
        (None, None) => enrolled.subaccount_name.parse().unwrap_or_default(),
    };
    Ok(document.with_subaccount(SubaccountFields {
        display_name: name,
        description: enrolment.description.unwrap_or(own.description),
        managed: enrolment.is_managed.map_or(own.managed, |flag| flag.0),
        ..own
    })?)
}
