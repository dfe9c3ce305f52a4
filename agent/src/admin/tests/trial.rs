//! Changes on trial, and the secrets that they may need again.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use underpass_shared::api::management::{HandoverSide, HandoverState};
use underpass_shared::backup::Named;
use underpass_shared::id::{CredentialId, InstanceId};
use underpass_shared::secret::Secret;

use super::samples::FREE;
use super::*;
use crate::admin::forget::outside_trials;
use crate::credentials::Credentials;
use crate::handovers::{Handover, Part};
use crate::store::Ending;

/// The password of the proxy.
const PASSWORD: &str = "0190a5a2-6d0e-7cc0-8000-0000000000aa";

fn password() -> CredentialId {
    PASSWORD.parse().unwrap()
}

fn document(with_proxy: bool) -> Document {
    let mut document: Value = serde_json::from_str(&fixture()).unwrap();
    let proxy = json!({"host": "proxy.corp", "port": 80, "user": "u", "credential": PASSWORD});
    document["connector"]["proxy"] = if with_proxy { proxy } else { Value::Null };
    Document::from_json(&document.to_string()).unwrap()
}

fn secret(text: &str) -> Secret {
    Secret::new(text.to_owned())
}

impl World {
    /// With a password in use.
    async fn with_password() -> Self {
        let world = Self::new().await;
        world.put(&document(true).to_json()).await;
        world.admin.secrets.save(password(), &secret("x")).unwrap();
        world
    }

    /// Tries to do without the proxy; answers the first revision.
    async fn try_without(&self) -> u64 {
        let within = Some(Duration::from_secs(60));
        let edit = |_old: &Document| Ok(document(false));
        let tried = self.store.try_out("ann", "try", None, within, edit).await;
        tried.unwrap().revision.number
    }

    fn has_password(&self) -> bool {
        self.admin.secrets.find(password()).unwrap().is_some()
    }
}

/// Whoever asks for a trial gets one or a refusal, never a change that stays.
#[tokio::test]
async fn no_change_takes_no_notice_of_a_wish_for_a_trial() {
    let world = World::new().await;
    let mut wrong = vec![];
    for mut sample in samples(FREE) {
        if !sample.operation.changes {
            continue;
        }
        world.put(&fixture()).await;
        let before = world.document();
        sample.url.push_str("?confirmWithin=60");
        let reply = world.call(Role::Administrator, &sample).await;
        let changed = world.document() != before;
        let tried = world.store.current().trial().cloned();
        if let Some(trial) = &tried {
            let ending = Ending::of(trial.first);
            world.store.revert(ending, "test").await.unwrap();
        }
        if tried.is_some() != changed {
            wrong.push(format!(
                "{} {}: {reply:?}",
                sample.operation.verb.as_str(),
                sample.url
            ));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[tokio::test]
async fn a_renewal_is_never_tried() {
    let world = World::new().await;
    let validity = format!("/api/v1/configuration/subaccounts/gate.example.com/{FREE}/validity");
    for option in ["dryRun=true", "confirmWithin=60"] {
        let path = format!("{validity}?{option}");
        let reply = world
            .ask(Role::Administrator, Verb::Post, &path, None)
            .await;
        let (name, _) = option.split_once('=').unwrap();
        let body: Value = serde_json::from_str(&reply.body).unwrap();
        assert_eq!(
            (reply.status, &body["field"]),
            (400, &json!(name)),
            "{body}"
        );
    }
}

/// A change that was made before a trial began may clean up only after that.
#[tokio::test]
async fn no_secret_goes_that_a_trial_may_put_back() {
    let world = World::with_password().await;
    let before = Named::of(&document(true));
    let first = world.try_without().await;
    world.admin.forget(&before);
    assert!(world.has_password(), "a revert needs it");
    let trial = world.store.current().trial().cloned().unwrap();
    world.store.revert(Ending::of(first), "ann").await.unwrap();
    world.admin.settled(&trial).await;
    assert!(world.has_password(), "it is in use again");

    let first = world.try_without().await;
    world.admin.forget(&before);
    world.store.confirm(Ending::of(first)).await.unwrap();
    assert!(world.has_password());
    // Whose end it was does not matter.
    world.admin.forget(&Named::default());
    assert!(!world.has_password());
}

#[tokio::test]
async fn the_end_of_a_trial_waits_for_the_end_of_the_next() {
    let world = World::with_password().await;
    let first = world.try_without().await;
    let trial = world.store.current().trial().cloned().unwrap();
    world.store.revert(Ending::of(first), "ann").await.unwrap();
    let second = world.try_without().await;
    world.admin.settled(&trial).await;
    assert!(world.has_password(), "the next one may put it back");
    let trial = world.store.current().trial().cloned().unwrap();
    world.store.confirm(Ending::of(second)).await.unwrap();
    world.admin.settled(&trial).await;
    assert!(!world.has_password());
}

#[tokio::test]
async fn what_can_neither_be_taken_back_nor_join_a_trial_is_refused_in_its_turn() {
    let world = World::with_password().await;
    let current = Arc::clone(world.store.current().document());
    let edit = || outside_trials(&world.store, |old| Ok(old.clone()));
    let (waiting, now) = (edit(), edit());
    assert!(now(&current).is_ok());
    world.try_without().await;
    let refusal = waiting(&current).unwrap_err();
    assert!(refusal.body.message.contains("on trial"), "{refusal:?}");
}

/// Over while nobody ran: no snapshot ever showed it.
#[tokio::test]
async fn a_trial_that_was_over_before_the_start_leaves_no_secret_behind() {
    let world = World::with_password().await;
    world.put(&document(false).to_json()).await;
    let within = Some(Duration::from_secs(60));
    let edit = |_old: &Document| Ok(document(true));
    let tried = world.store.try_out("ann", "try", None, within, edit).await;
    tried.unwrap();
    let World { admin, store, dir } = world;
    drop((admin, store));
    let clock = Arc::new(AtomicI64::new(1_700_000_000_000 + 60_001));
    let clock = move || clock.load(Ordering::Relaxed);
    let store = Store::open(dir.path(), clock).unwrap();
    assert_eq!(store.current().trial(), None);
    let present = Present::following(store.snapshot());
    let audit = Audit::open(dir.path(), || 1_700_000_060_001, present).unwrap();
    let admin = Admin::stopped(dir.path(), store, audit);
    assert!(admin.secrets.find(password()).unwrap().is_some());
    admin.clean_up().await;
    assert!(admin.secrets.find(password()).unwrap().is_none());
}

#[tokio::test]
async fn what_the_abort_of_a_handover_puts_back_is_in_use() {
    let world = World::new().await;
    let admin = &world.admin;
    let instance = |number| InstanceId::from_uuid(Uuid::from_u128(number));
    let (old, target) = (instance(1), instance(2));
    let credentials = Credentials {
        key: "key".to_owned(),
        certificate: "certificate".to_owned(),
        ca_bundle: "ca".to_owned(),
    };
    admin.credentials.save(old, &credentials).unwrap();
    let own = world.store.current().document().subaccounts()[0]
        .own()
        .clone();
    let mut own = underpass_shared::config::SubaccountFields::clone(&own);
    own.instance = old;
    let mut part = Part {
        key: own.key.clone(),
        state: HandoverState::Accepted,
        until_ms: i64::MAX,
        private_key: None,
        csr: None,
        target: None,
        before: None,
    };
    part.offer(target, Some(&own));
    let handover = |part: &Part| Handover {
        id: underpass_shared::id::HandoverId::from_uuid(Uuid::from_u128(3)),
        side: HandoverSide::Target,
        mode: None,
        parts: vec![part.clone()],
    };
    let before = Named {
        enrolments: [old].into(),
        ..Named::default()
    };
    admin.handovers.keep(handover(&part), 0).unwrap();
    admin.forget(&before);
    assert!(admin.credentials.find(old).unwrap().is_some());
    part.end(HandoverState::Completed, i64::MAX);
    admin.handovers.keep(handover(&part), 0).unwrap();
    admin.forget(&before);
    assert!(admin.credentials.find(old).unwrap().is_none());
}

#[tokio::test]
async fn of_secrets_that_cannot_all_be_kept_none_stays() {
    let world = World::new().await;
    let other = CredentialId::from_uuid(Uuid::from_u128(1));
    // Nobody has an empty password.
    let added = [(password(), secret("x")), (other, secret(""))];
    assert!(world.admin.keep_secrets(&added).is_err());
    assert!(!world.has_password());
    world.admin.keep_secrets(&added[..1]).unwrap();
    assert!(world.has_password());
}

/// The setting would say that something is traced which nobody can ask for.
#[tokio::test]
async fn a_trace_for_which_there_is_no_room_is_not_switched_on() {
    let world = World::new().await;
    let setting =
        format!("/api/v1/configuration/connector/logAndTrace/subaccounts/gate.example.com/{FREE}");
    let on = json!({"trafficTrace": true});
    let traces = &world.admin.live().unwrap().traces;
    let mut number = 0;
    let by = operator(Role::Administrator);
    while traces.check_room().is_ok() {
        number += 1;
        let host: underpass_shared::id::RegionHost =
            format!("g{number}.example.com").parse().unwrap();
        let wanted = crate::admin::trace_shown(host, FREE.parse().unwrap(), "x", (60, 1, 20));
        traces.request(wanted, &by).unwrap();
    }
    let revision = world.revision();
    let refused = world
        .ask(Role::Administrator, Verb::Patch, &setting, Some(&on))
        .await;
    assert_eq!(refused.status, 409, "{refused:?}");
    assert!(refused.body.contains("delete some"), "{refused:?}");
    assert_eq!(world.revision(), revision);
    traces.refuse(traces.list()[0].id, "test", "no").unwrap();
    let done = world
        .ask(Role::Administrator, Verb::Patch, &setting, Some(&on))
        .await;
    assert_eq!(done.status, 204, "{done:?}");
    assert_eq!(world.revision(), revision + 1);
}
