//! Source: its word for the keys of a target.

use futures_util::StreamExt as _;
use futures_util::stream;
use underpass_runtime::clock;
use underpass_shared::api::handover::{self, VouchedFor};
use underpass_shared::api::management::{
    HandoverMode, HandoverSide, HandoverState, Refusal, VALID_SEC_DEFAULT, VouchInput,
    VouchRequest, Vouched, VouchedCertificate,
};
use underpass_shared::config::SubaccountKey;
use underpass_shared::id::{HandoverId, InstanceId};

use super::{Asking, QUESTIONS, check_list, failed, refused};
use crate::admin::call::Call;
use crate::admin::{Admin, Answer, answer};
use crate::handovers::{Handover, Part};
use crate::tunnel::Route;
use crate::tunnel::control::{ControlError, Gateway};

/// One enrolment that is vouched for, ready to be asked for.
struct Word {
    key: SubaccountKey,
    own: InstanceId,
    vouch: handover::Vouch,
}

impl Admin {
    pub(super) async fn vouch(&self, call: &Call) -> Answer {
        let input: VouchInput = call.read()?;
        let keys: Vec<SubaccountKey> = input.requests.iter().map(key).collect();
        check_list("requests", keys.iter())?;
        let current = self.readable()?;
        let words = self.words(&input)?;
        let route = self.route(current.document())?;
        let what = format!(
            "word for the target of handover {} ({} subaccounts)",
            input.handover,
            words.len()
        );
        let (id, mode) = (input.handover, input.mode);
        let vouching = self.give_words(id, mode, words, route);
        let vouched = self.recorded(call, what, vouching).await?;
        answer::ok(&vouched, current.revision().number)
    }

    fn words(&self, input: &VouchInput) -> Result<Vec<Word>, Refusal> {
        let current = self.store.current();
        let valid_sec = input.valid_sec.map_or(VALID_SEC_DEFAULT, |number| number.0);
        let word = |(at, request): (usize, &VouchRequest)| {
            let field = format!("requests[{at}]");
            let key = key(request);
            let found = current
                .document()
                .subaccount(&key)
                .ok_or_else(|| Refusal::invalid(&field, format!("there is no subaccount {key}")))?;
            let is_elsewhere = request.new_location_id.as_ref() != Some(&key.location_id);
            match (input.mode, &request.new_location_id) {
                (HandoverMode::Move, Some(_)) => {
                    let rule = "is for copies; what moves keeps its location ID";
                    return Err(Refusal::invalid(format!("{field}.newLocationID"), rule));
                }
                (HandoverMode::Copy, Some(_)) if is_elsewhere => {}
                (HandoverMode::Copy, Some(_) | None) => {
                    let rule = "must be another location ID: a copy serves beside its source";
                    return Err(Refusal::invalid(format!("{field}.newLocationID"), rule));
                }
                (HandoverMode::Move, None) => {}
            }
            let vouch = handover::Vouch {
                handover: input.handover,
                mode: input.mode,
                subaccount: key.subaccount,
                location_id: key.location_id.clone(),
                new_location_id: request.new_location_id.clone(),
                csr: request.csr.clone(),
                valid_sec,
            };
            let own = found.own().instance;
            Ok(Word { key, own, vouch })
        };
        input.requests.iter().enumerate().map(word).collect()
    }

    /// Gives all words, or takes back those that were given.
    async fn give_words(
        &self,
        id: HandoverId,
        mode: HandoverMode,
        words: Vec<Word>,
        route: Route,
    ) -> Result<Vouched, Refusal> {
        let known = self.handovers.one(id, HandoverSide::Source);
        let known = known.map_err(|error| failed(&error))?;
        let mut kept = known.unwrap_or_else(|| Handover {
            id,
            side: HandoverSide::Source,
            mode: Some(mode),
            parts: vec![],
        });
        if kept.mode != Some(mode) {
            let message = "this handover was begun in the other mode; begin another one";
            return Err(Refusal::illegal_state(message).at("mode"));
        }
        let mut questions = vec![];
        for word in &words {
            questions.push(self.give(word, &route));
        }
        let answers: Vec<Result<VouchedFor, ControlError>> =
            stream::iter(questions).buffered(QUESTIONS).collect().await;
        let mut vouched = Vouched {
            handover: id,
            mode,
            certificates: vec![],
        };
        let (mut fresh, mut wrong) = (vec![], None);
        for (at, (word, answer)) in words.iter().zip(answers).enumerate() {
            match answer {
                Ok(given) => {
                    if kept.part(&word.key).is_none_or(|part| !part.is_open()) {
                        fresh.push(part(word, &given));
                    }
                    vouched.certificates.push(shown(word, given));
                }
                Err(error) => {
                    let refusal = refused(&word.key, &error).at(format!("requests[{at}]"));
                    wrong.get_or_insert(refusal);
                }
            }
        }
        if let Some(refusal) = wrong {
            let asking = Asking {
                handover: &kept,
                route,
            };
            // They end by themselves where this fails.
            self.ask_each(&asking, &fresh, handover::ABORT).await;
            return Err(refusal);
        }
        kept.parts
            .retain(|old| fresh.iter().all(|new| new.key != old.key));
        kept.parts.extend(fresh);
        self.keep(&kept)?;
        Ok(vouched)
    }

    async fn give(&self, word: &Word, route: &Route) -> Result<VouchedFor, ControlError> {
        let credentials = self.credentials.load(word.own);
        let credentials = credentials.map_err(ControlError::Failed)?;
        let gateway = Gateway {
            host: &word.key.region_host,
            route,
            credentials: &credentials,
            tasks: &self.tasks,
        };
        gateway.ask(handover::VOUCH, &word.vouch).await
    }
}

fn key(request: &VouchRequest) -> SubaccountKey {
    SubaccountKey {
        region_host: request.region_host.clone(),
        subaccount: request.subaccount,
        location_id: request.location_id.clone(),
    }
}

fn part(word: &Word, given: &VouchedFor) -> Part {
    Part {
        key: word.key.clone(),
        state: HandoverState::Vouched,
        until_ms: given.until_ms.max(clock::wall_ms()),
        private_key: None,
        csr: None,
        target: Some(given.instance),
        before: None,
    }
}

fn shown(word: &Word, given: VouchedFor) -> VouchedCertificate {
    VouchedCertificate {
        region_host: word.key.region_host.clone(),
        subaccount: given.subaccount,
        location_id: given.location_id,
        subaccount_name: given.subaccount_name,
        instance: given.instance,
        certificate: given.certificate,
        ca_bundle: given.ca_bundle,
        until_time_stamp: given.until_ms,
    }
}
