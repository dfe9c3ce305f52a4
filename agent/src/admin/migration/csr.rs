//! Target: keys for enrolments to come, and their signing requests.

use underpass_runtime::clock;
use underpass_runtime::pki::PrivateKey;
use underpass_shared::api::management::{
    CsrInput, CsrShown, EnrolmentCsr, EnrolmentShown, HandoverSide, HandoverState, Refusal,
};
use underpass_shared::config::SubaccountKey;

use super::{check_list, failed};
use crate::admin::call::{Call, blocking};
use crate::admin::{Admin, Answer, answer};
use crate::handovers::{Handover, Part};

/// How long a key waits for somebody who vouches for it.
const KEY_LIFE_MS: i64 = 60 * 60 * 1_000;

impl Admin {
    pub(super) async fn requests(&self, call: &Call) -> Answer {
        let input: CsrInput = call.read()?;
        let keys: Vec<SubaccountKey> = input.subaccounts.into_iter().map(Into::into).collect();
        check_list("subaccounts", keys.iter())?;
        let known = self.handovers.one(input.handover, HandoverSide::Target);
        let known = known.map_err(|error| failed(&error))?;
        let mut handover = known.unwrap_or_else(|| Handover {
            id: input.handover,
            side: HandoverSide::Target,
            mode: None,
            parts: vec![],
        });
        let what = format!("keys for handover {}", input.handover);
        let admin = self.clone();
        let made = async move {
            blocking(move || {
                let number = admin.store.current().revision().number;
                let shown = make(&mut handover, &keys)?;
                admin.keep(&handover)?;
                answer::ok(&shown, number)
            })
            .await
        };
        self.recorded(call, what, made).await
    }
}

/// Makes the keys that are not there yet.
fn make(handover: &mut Handover, keys: &[SubaccountKey]) -> Result<CsrShown, Refusal> {
    let now_ms = clock::wall_ms();
    let until_ms = now_ms + KEY_LIFE_MS;
    let mut shown = CsrShown {
        handover: handover.id,
        expires_time_stamp: until_ms,
        requests: vec![],
    };
    for key in keys {
        let is_waiting = |part: &&Part| part.key == *key && part.until_ms > now_ms;
        let csr = match handover.parts.iter().find(is_waiting) {
            Some(part) if part.state != HandoverState::Requested => {
                let message = format!("the handover of {key} went on already; begin another one");
                return Err(Refusal::illegal_state(message).at("handover"));
            }
            Some(part) => {
                shown.expires_time_stamp = shown.expires_time_stamp.min(part.until_ms);
                part.csr.clone().unwrap_or_default()
            }
            None => {
                let private = PrivateKey::generate().map_err(|error| failed(&error.into()))?;
                let csr = private.request().map_err(|error| failed(&error.into()))?;
                handover.parts.retain(|part| part.key != *key);
                handover.parts.push(Part {
                    key: key.clone(),
                    state: HandoverState::Requested,
                    until_ms,
                    private_key: Some(private.to_pem()),
                    csr: Some(csr.clone()),
                    target: None,
                    before: None,
                });
                csr
            }
        };
        shown.requests.push(EnrolmentCsr {
            name: EnrolmentShown::from(key),
            csr,
        });
    }
    Ok(shown)
}

#[cfg(test)]
mod tests {
    use underpass_runtime::pki::request_key_hash;
    use underpass_shared::id::HandoverId;
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_repeated_request_gives_the_same_keys_until_they_are_too_old_or_used() {
        let key = |location: &str| SubaccountKey {
            region_host: "gate.example.com".parse().unwrap(),
            subaccount: "0190a5a2-6d0e-7cc0-8000-000000000001".parse().unwrap(),
            location_id: location.parse().unwrap(),
        };
        let mut handover = Handover {
            id: HandoverId::from_uuid(Uuid::from_u128(1)),
            side: HandoverSide::Target,
            mode: None,
            parts: vec![],
        };
        let first = make(&mut handover, &[key("a"), key("b")]).unwrap();
        assert!(
            first
                .requests
                .iter()
                .all(|one| request_key_hash(&one.csr).is_ok())
        );
        let again = make(&mut handover, &[key("b"), key("c")]).unwrap();
        assert_eq!(again.requests[0].csr, first.requests[1].csr);
        assert_eq!(handover.parts.len(), 3);
        handover.parts[0].until_ms = 0;
        let late = make(&mut handover, &[key("a")]).unwrap();
        assert_ne!(late.requests[0].csr, first.requests[0].csr);
        handover.parts[0].state = HandoverState::Accepted;
        let at = handover.parts[0].key.clone();
        assert!(make(&mut handover, &[at]).is_err());
    }
}
