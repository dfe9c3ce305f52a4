//! Target: certificates for its keys, tunnels that wait, and its word that it is ready.

use underpass_runtime::clock;
use underpass_runtime::pki::PrivateKey;
use underpass_shared::api::handover;
use underpass_shared::api::management::{
    AcceptInput, CertificateGiven, HandoverInput, HandoverSide, HandoverState, Refusal,
};
use underpass_shared::backup::Named;
use underpass_shared::config::{Document, Joining, SubaccountFields, SubaccountKey};
use underpass_shared::id::CredentialId;
use underpass_shared::pki::identity::AgentIdentity;
use underpass_shared::protocol::role::Role;

use super::{Asking, check_list, chosen_by, failed, first_refusal};
use crate::admin::call::Call;
use crate::admin::forget::outside_trials;
use crate::admin::{Admin, Answer, trial};
use crate::credentials::Credentials;
use crate::handovers::{Handover, Part};

/// One enrolment that the target gets.
struct Taken {
    key: SubaccountKey,
    name: String,
    credentials: Credentials,
    given: CertificateGiven,
}

impl Admin {
    pub(super) async fn accept_handover(&self, call: &Call) -> Answer {
        let input: AcceptInput = call.read()?;
        let mut handover = self.found(input.handover, HandoverSide::Target)?;
        let given = input.certificates.into_iter();
        let given: Vec<_> = given.map(|one| (key(&one), one)).collect();
        check_list("certificates", given.iter().map(|(key, _)| key))?;
        let mut taken = vec![];
        for (at, (key, given)) in given.into_iter().enumerate() {
            let place = |rule: String| Refusal::invalid(format!("certificates[{at}]"), rule);
            let found = handover.part(&key);
            let Some(part) = found else {
                return Err(place(format!("no key was made for {key} in this handover")));
            };
            taken.extend(take(part, key, given).map_err(place)?);
        }
        trial::nothing_on_trial(&*self.readable()?)?;
        handover.mode = Some(input.mode);
        let what = format!(
            "taking over {} subaccounts by handover {}",
            taken.len(),
            handover.id
        );
        let accepting = self.take_over(call, &mut handover, taken);
        self.recorded(call, what, accepting).await?;
        self.answer_shown(&handover)
    }

    /// Stores the credentials, then has the document name them, in one revision.
    async fn take_over(
        &self,
        call: &Call,
        handover: &mut Handover,
        taken: Vec<Taken>,
    ) -> Result<(), Refusal> {
        if taken.is_empty() {
            return Ok(());
        }
        let current = self.store.current();
        for one in &taken {
            let saved = self.credentials.save(one.given.instance, &one.credentials);
            saved.map_err(|error| failed(&error))?;
            let own = current.document().subaccount(&one.key);
            let own = own.map(|found| -> &SubaccountFields { found.own() });
            let part = handover.parts.iter_mut().find(|part| part.key == one.key);
            if let Some(part) = part {
                part.offer(one.given.instance, own);
            }
        }
        // What an abort puts back is known before anything changes.
        self.keep(handover)?;
        let reason = format!("took over subaccounts by handover {}", handover.id);
        let wanted: Vec<_> = taken
            .iter()
            .map(|one| (one.key.clone(), one.given.instance, one.name.clone()))
            .collect();
        let edit = move |document: &Document| {
            let mut document = document.clone();
            for (key, instance, name) in wanted {
                let credential = CredentialId::from_uuid(*instance.as_uuid());
                let own = match document.subaccount(&key) {
                    Some(old) => SubaccountFields {
                        instance,
                        credential,
                        connected: true,
                        ..SubaccountFields::clone(old.own())
                    },
                    None => SubaccountFields {
                        display_name: name.parse().unwrap_or_default(),
                        ..SubaccountFields::enrolled(key, instance, credential)
                    },
                };
                document = document.with_subaccount(own)?;
            }
            Ok(document)
        };
        let edit = outside_trials(&self.store, edit);
        let committed = self
            .commit(call.caller(), &reason, None, Joining::Nobody, None, edit)
            .await;
        committed.inspect_err(|_refusal| {
            // Not those that an earlier call had the document name.
            self.forget(&Named {
                enrolments: taken.iter().map(|one| one.given.instance).collect(),
                ..Named::default()
            });
        })?;
        for one in taken {
            let part = handover.parts.iter_mut().find(|part| part.key == one.key);
            if let Some(part) = part {
                part.state = HandoverState::Accepted;
                part.until_ms = one.given.until_time_stamp;
                part.private_key = None;
                part.csr = None;
            }
        }
        self.keep(handover)
    }

    pub(super) async fn ready(&self, call: &Call) -> Answer {
        let input: HandoverInput = call.read()?;
        let mut handover = self.found(input.handover, HandoverSide::Target)?;
        let keys = chosen_by(&handover, &input)?;
        let mut due = vec![];
        for key in &keys {
            let Some(part) = handover.part(key) else {
                continue;
            };
            match part.state {
                HandoverState::Ready | HandoverState::Completed => {}
                HandoverState::Accepted | HandoverState::Waiting => due.push(part.clone()),
                HandoverState::Requested
                | HandoverState::Vouched
                | HandoverState::Released
                | HandoverState::Aborted => {
                    let message =
                        format!("{key} is {:?}; it can be ready once accepted", part.state);
                    return Err(Refusal::illegal_state(message));
                }
            }
        }
        let route = self.route(self.readable()?.document())?;
        let what = format!("word that the target of handover {} is ready", handover.id);
        let saying = async {
            let asking = Asking {
                handover: &handover,
                route,
            };
            let answers = self.ask_each(&asking, &due, handover::READY).await;
            let now_ready = answers.iter().filter(|(_, answer)| answer.is_ok());
            let now_ready: Vec<_> = now_ready.map(|(key, _)| key.clone()).collect();
            for part in &mut handover.parts {
                if now_ready.contains(&part.key) {
                    part.state = HandoverState::Ready;
                }
            }
            self.keep(&handover)?;
            first_refusal(answers)
        };
        self.recorded(call, what, saying).await?;
        self.answer_shown(&handover)
    }
}

fn key(given: &CertificateGiven) -> SubaccountKey {
    SubaccountKey {
        region_host: given.region_host.clone(),
        subaccount: given.subaccount,
        location_id: given.location_id.clone(),
    }
}

/// What a part becomes with its certificate; nothing where it has it already.
fn take(part: &Part, key: SubaccountKey, given: CertificateGiven) -> Result<Option<Taken>, String> {
    let is_same = part.target == Some(given.instance);
    let private_key = match part.state {
        HandoverState::Accepted | HandoverState::Waiting | HandoverState::Ready if is_same => {
            return Ok(None);
        }
        HandoverState::Requested => part.private_key.clone(),
        HandoverState::Accepted
        | HandoverState::Waiting
        | HandoverState::Ready
        | HandoverState::Vouched
        | HandoverState::Released
        | HandoverState::Completed
        | HandoverState::Aborted => None,
    };
    let Some(private_key) = private_key else {
        return Err(format!("the handover of {key} went on already, or is over"));
    };
    let private = PrivateKey::from_pem(&private_key).map_err(|error| error.to_string())?;
    let credentials = Credentials {
        key: private_key,
        certificate: given.certificate.clone(),
        ca_bundle: given.ca_bundle.clone(),
    };
    let info = credentials.info().map_err(|error| format!("{error:#}"))?;
    let identity = AgentIdentity {
        subaccount: given.subaccount,
        instance: given.instance,
    };
    if info.spki_hash != private.spki_hash() || info.identity != Some(identity) {
        return Err("the certificate is not for the key and the names that it stands with".into());
    }
    if info.not_after_ms <= clock::wall_ms() {
        return Err("the certificate has ended".into());
    }
    credentials
        .tls(Role::Tunnel)
        .map_err(|error| format!("{error:#}"))?;
    Ok(Some(Taken {
        key,
        name: given.subaccount_name.clone(),
        credentials,
        given,
    }))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use underpass_runtime::pki::{Authority, Lifetime};

    use super::*;

    #[test]
    fn only_the_certificate_of_the_own_key_and_names_is_taken() {
        let lifetime = Lifetime {
            now_ms: clock::wall_ms(),
            valid: Duration::from_secs(60),
        };
        let (authority, _key) = Authority::create("gateway", lifetime).unwrap();
        let private = PrivateKey::generate().unwrap();
        let identity: AgentIdentity = "underpass://agent/0190a5a2-6d0e-7cc0-8000-000000000001/0190a5a2-6d0e-7cc0-8000-000000000002".parse().unwrap();
        let csr = private.request().unwrap();
        let given = CertificateGiven {
            region_host: "gate.example.com".parse().unwrap(),
            subaccount: identity.subaccount,
            location_id: "".parse().unwrap(),
            subaccount_name: "acme".to_owned(),
            instance: identity.instance,
            certificate: authority.agent(&csr, &identity, lifetime).unwrap(),
            ca_bundle: authority.certificate().to_owned(),
            until_time_stamp: 7,
        };
        let part = Part {
            key: key(&given),
            state: HandoverState::Requested,
            until_ms: 0,
            private_key: Some(private.to_pem()),
            csr: None,
            target: None,
            before: None,
        };
        let take = |part: &Part, given: &CertificateGiven| {
            take(part, key(given), given.clone()).map(|taken| taken.is_some())
        };
        assert_eq!(take(&part, &given), Ok(true));
        let accepted = Part {
            state: HandoverState::Accepted,
            target: Some(given.instance),
            ..part.clone()
        };
        assert_eq!(take(&accepted, &given), Ok(false));
        let ended = Part {
            state: HandoverState::Aborted,
            ..part.clone()
        };
        assert!(take(&ended, &given).is_err());
        let other_key = Part {
            private_key: Some(PrivateKey::generate().unwrap().to_pem()),
            ..part.clone()
        };
        assert!(take(&other_key, &given).is_err());
        let other_name = CertificateGiven {
            instance: "0190a5a2-6d0e-7cc0-8000-000000000003".parse().unwrap(),
            ..given.clone()
        };
        assert!(take(&part, &other_name).is_err());
        let no_ca = CertificateGiven {
            ca_bundle: String::new(),
            ..given
        };
        assert!(take(&part, &no_ca).is_err());
    }
}
