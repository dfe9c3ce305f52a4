//! The made-up fleet as screens get it.

use underpass_shared::api::management::{
    AuditPage, AuditTarget, CertificateTarget, DocumentTarget, Query, SubaccountTarget, Target,
    Verb,
};
use underpass_shared::config::Document;

use super::*;
use crate::demo::SEED;
use crate::remote::Remote;
use crate::slot::Slot;
use crate::snapshot::{Health, Link};

const NOW: i64 = 1_767_225_600_000;

#[test]
fn the_same_seed_makes_the_same_fleet_with_every_kind_of_health() {
    let (one, other) = (Still::new(SEED, NOW), Still::new(SEED, NOW));
    let (one, other) = (one.snapshot(), other.snapshot());
    assert_eq!(one.agents.len(), 50);
    assert_eq!(one.groups().len(), 5);
    assert_eq!((one.templates.len(), one.rollouts.len()), (3, 2));
    assert_eq!(format!("{:?}", one.agents), format!("{:?}", other.agents));
    for health in Health::ALL {
        let all = one.agents.iter().filter(|agent| agent.health == health);
        let count = all.count();
        // Everything is known of a still, so nothing is unknown.
        assert_eq!(count > 0, health != Health::Unknown, "{health:?}: {count}");
    }
    let changed = |link: &Link| matches!(link, Link::KeyChanged { .. });
    assert_eq!(
        one.agents
            .iter()
            .filter(|agent| changed(&agent.link))
            .count(),
        1
    );
    let away = one
        .agents
        .iter()
        .find(|agent| matches!(agent.link, Link::Away { .. }));
    let away = away.unwrap();
    assert!(away.configuration.is_stale() && away.last_seen_ms == Some(NOW - AWAY_MS));
}

#[test]
fn screens_get_typed_answers_to_all_that_they_ask() {
    let mut still = Still::new(SEED, NOW);
    let snapshot = still.snapshot();
    let agent = snapshot
        .agents
        .iter()
        .find(|one| one.health == Health::Online)
        .unwrap();
    let document = &agent.configuration.value().unwrap().document;
    let subaccount = document.subaccounts()[0].key();
    let path = underpass_shared::api::management::SubaccountPath {
        region_host: subaccount.region_host.clone(),
        subaccount: subaccount.subaccount,
    };
    let revision = agent.configuration.value().unwrap().revision;
    use underpass_shared::api::management::{ConnectorTarget, OperatorTarget, RunningTarget};
    use underpass_shared::config::ChannelType;
    use underpass_shared::pki::chain::CertificateUse;
    for target in [
        Target::Document(DocumentTarget::Revisions),
        Target::Document(DocumentTarget::Revision(revision)),
        Target::Document(DocumentTarget::RevisionDiff(1)),
        Target::Document(DocumentTarget::AsOf(1)),
        Target::SecurityStatus,
        Target::Certificates(CertificateTarget::Truststore),
        Target::Certificates(CertificateTarget::Trusted),
        Target::Certificates(CertificateTarget::Own(CertificateUse::Ui)),
        Target::Audit(AuditTarget::Settings),
        Target::Audit(AuditTarget::Records),
        Target::Audit(AuditTarget::Verification),
        Target::Audit(AuditTarget::Csv),
        Target::Audit(AuditTarget::Lines),
        Target::Running(RunningTarget::Logs),
        Target::Connector(ConnectorTarget::Logs),
        Target::Operators(OperatorTarget::All),
        Target::Operators(OperatorTarget::Organisation),
        Target::Connector(ConnectorTarget::Common),
        Target::Connector(ConnectorTarget::Alerting),
        Target::Connector(ConnectorTarget::AlertRules),
        Target::Connector(ConnectorTarget::Tunnel),
        Target::Subaccounts,
        Target::Of(path.clone(), SubaccountTarget::Itself),
        Target::Of(path.clone(), SubaccountTarget::Mappings),
        Target::Of(path, SubaccountTarget::ChannelsOf(ChannelType::Hana)),
    ] {
        let slot = Slot::<Reply>::default();
        let mut commands = vec![];
        slot.request(&mut commands, agent.id, &target, &Query::default());
        commands.into_iter().for_each(|command| still.run(command));
        let told = slot.get();
        assert!(matches!(*told, Remote::Ready(_)), "{target}: {told:?}");
    }
    let slot = Slot::<AuditPage>::default();
    let mut commands = vec![];
    slot.request(
        &mut commands,
        agent.id,
        &Target::Audit(AuditTarget::Records),
        &Query::default(),
    );
    commands.into_iter().for_each(|command| still.run(command));
    assert!(slot.get().value().unwrap().records.len() > 40);
}

#[test]
fn drafts_are_reviewed_and_applied_by_the_rules() {
    let mut still = Still::new(SEED, NOW);
    let snapshot = still.snapshot();
    let agent = snapshot
        .agents
        .iter()
        .find(|one| one.health == Health::Online)
        .unwrap();
    let (id, before) = (agent.id, agent.configuration.value().unwrap().clone());
    let act = |still: &mut Still, act| {
        let done = Slot::default();
        let agent = id;
        still.run(Command::Draft {
            agent,
            act,
            done: done.clone(),
        });
        let told = done.get();
        told.reason()
            .map_or(Ok(()), |reason| Err(reason.to_owned()))
    };
    let edit = |document: &Document| {
        let key = document.subaccounts()[0].key().clone();
        document.without_subaccount(key)
    };
    let what = "Remove a subaccount".to_owned();
    let edit = Box::new(edit);
    act(&mut still, DraftAct::Edit { what, edit }).unwrap();
    act(&mut still, DraftAct::Review).unwrap();
    let snapshot = still.snapshot();
    let draft = snapshot.agent(id).unwrap().draft.clone().unwrap();
    let review = draft.review.value().unwrap();
    assert_eq!(review.changes, draft.changes());
    // Somebody else is faster.
    let theirs = Draft::new(before.clone());
    let theirs = theirs.edit("x", |old| {
        let mut fields: underpass_shared::config::ConnectorFields =
            (***old.connector()).clone().into();
        fields.description = None;
        old.with_connector(fields.try_into()?)
    });
    let call = theirs.unwrap().call(None, false);
    assert_eq!(call.verb, Verb::Put);
    still.ask(id, &call).unwrap();
    still.renew(id);
    let confirm_within = None;
    act(&mut still, DraftAct::Apply { confirm_within }).unwrap();
    let merged = still.snapshot().agent(id).unwrap().draft.clone().unwrap();
    assert_eq!(merged.base().revision, before.revision + 1);
    assert!(merged.review.value().is_none() && merged.is_ready().is_ok());
    act(&mut still, DraftAct::Apply { confirm_within }).unwrap();
    let snapshot = still.snapshot();
    let now = snapshot.agent(id).unwrap().configuration.value().unwrap();
    assert_eq!(now.revision, before.revision + 2);
    assert_eq!(now.document.connector().description, None);
    assert_eq!(
        now.document.subaccounts().len(),
        before.document.subaccounts().len() - 1
    );
}
