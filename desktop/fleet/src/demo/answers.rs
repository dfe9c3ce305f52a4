//! What a made-up agent answers to those who read.
#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "what made-up agents do not answer is refused in one place"
)]

use std::sync::Arc;
use underpass_shared::api::management::{
    AccessCheckInput, AuditLogShown, AuditPage, AuditTarget, AuditVerification, CertificateShown,
    CertificateTarget, ChannelShown, CheckOutcome, CheckStep, CheckedStep, ConnectionCheck,
    ConnectorShown, ConnectorTarget, Corrupted, DocumentTarget, DomainMappingShown, HaRole,
    MailShown, MappingAddress, MappingTarget, OperatorShown, OperatorTarget, Own, ProxyShown,
    Refusal, RevisionDetail, RevisionDiff, RunningTarget, SubaccountPath, SubaccountShown,
    SubaccountTarget, SystemMapping, SystemMappingResource, Target, TrustedShown, TruststoreShown,
    TunnelTuning, Version, read,
};
use underpass_shared::config::{
    Document, Mapping, Number, Protocol, Revision, Subaccount, changes, diff,
};
use underpass_shared::host::port_of;
use underpass_shared::policy::effective::NotOffered;
use underpass_shared::policy::{Access, Policy};

use super::agent::{DemoAgent, State, USER, ok, text};
use super::{acts, audit, logs, measured, own, trouble};
use crate::Reply;
use crate::api::Call;

/// Revisions that a list has where the caller names no number.
const LIST_LEN: usize = 50;

type Answer = Result<Reply, Refusal>;

pub(super) fn get(agent: &DemoAgent, state: &State, call: &Call) -> Answer {
    let (revision, document) = state.store.current();
    let number = revision.number;
    let settings = document.connector();
    let told = acts::tell(agent, state, &call.target)
        .or_else(|| trouble::tell(agent, state, &call.target))
        .or_else(|| measured::tell(agent, state, call));
    if let Some(told) = told {
        return told;
    }
    match &call.target {
        Target::Version => {
            let version = own::VERSION.to_owned();
            ok(&Version { version }, number)
        }
        Target::Status => ok(&own::status(agent, state), number),
        Target::Operators(target) => operators(document, target, number),
        Target::Document(target) => history(agent, state, *target, call),
        Target::Audit(target) => audited(agent, state, target, call),
        Target::Certificates(target) => certificates(document, target, number),
        Target::SecurityStatus => ok(&own::security(agent, document), number),
        Target::Proxy => match settings.proxy() {
            Some(proxy) => ok(&ProxyShown::show(proxy), number),
            None => Err(Refusal::not_found("no proxy is set")),
        },
        Target::Running(RunningTarget::Logs) => ok(&logs::page(agent, call), number),
        Target::Connector(target) => connector(document, target, number),
        Target::Corrupted => ok(&Vec::<Corrupted>::new(), number),
        _ => of_subaccount(agent, document, &call.target, number),
    }
}

fn history(agent: &DemoAgent, state: &State, target: DocumentTarget, call: &Call) -> Answer {
    let number = state.store.number();
    let all = |old: &Document, new: &Document| changes(&diff(old, new), &diff(new, old));
    match target {
        DocumentTarget::Whole => Ok(text(state.store.current().1.to_json(), number)),
        DocumentTarget::Revisions => {
            let limit = call.query.limit.unwrap_or(LIST_LEN);
            let list: Vec<&Revision> = state.store.revisions().take(limit).collect();
            ok(&list, number)
        }
        DocumentTarget::Revision(of) => {
            let (revision, old, new) = state.store.step(of)?;
            let revision = revision.clone();
            let changes = all(old, new);
            ok(&RevisionDetail { revision, changes }, number)
        }
        DocumentTarget::RevisionDiff(from) => {
            let to = call.query.with.unwrap_or(number);
            let changes = all(state.store.at(from)?.1, state.store.at(to)?.1);
            ok(&RevisionDiff { from, to, changes }, number)
        }
        DocumentTarget::AsOf(of) => Ok(text(state.store.at(of)?.1.to_json(), number)),
        DocumentTarget::PendingConfirm => ok(&state.store.pending(agent.now_ms())?, number),
        DocumentTarget::Undo(_) | DocumentTarget::Restore(_) => Err(absent(&call.target)),
    }
}

fn audited(agent: &DemoAgent, state: &State, target: &AuditTarget, call: &Call) -> Answer {
    let number = state.store.number();
    let exported = |lines| Ok(text(audit::exported(agent, state, call, lines), number));
    match target {
        AuditTarget::Settings => {
            let audit = state.store.current().1.connector().audit;
            let shown = AuditLogShown {
                level: audit.level,
                cleanup: audit.cleanup,
                log_path: "/var/lib/underpass/audit".to_owned(),
            };
            ok(&shown, number)
        }
        AuditTarget::Records => {
            let page: AuditPage = audit::page(agent, state, call)?;
            ok(&page, number)
        }
        AuditTarget::Csv => exported(false),
        AuditTarget::Lines => exported(true),
        AuditTarget::Verification => {
            let whole = AuditVerification {
                verified: true,
                complete: true,
                report: Some(audit::report(agent, state)),
                bad: None,
            };
            ok(&whole, number)
        }
        AuditTarget::SubaccountLevel(_) => Err(absent(&call.target)),
    }
}

fn certificates(document: &Document, target: &CertificateTarget, number: u64) -> Answer {
    let settings = document.connector();
    let trusted = settings.backend_trust();
    match target {
        CertificateTarget::Own(one) => {
            let shown = CertificateShown::show(settings.certificates.get(*one), *one);
            let none = || Refusal::not_found(format!("there is no {one}"));
            ok(&shown.ok_or_else(none)?, number)
        }
        CertificateTarget::Truststore => ok(&TruststoreShown::show(trusted), number),
        CertificateTarget::Trusted => {
            let all = trusted.certificates().iter();
            ok(&all.map(TrustedShown::show).collect::<Vec<_>>(), number)
        }
        CertificateTarget::TrustedOne(_) => Err(absent(&Target::Certificates(target.clone()))),
    }
}

fn absent(target: &Target) -> Refusal {
    Refusal::not_implemented(format!(
        "made-up agents do not answer {}",
        target.template()
    ))
}

fn operators(document: &Document, target: &OperatorTarget, number: u64) -> Answer {
    let all = document.connector().operators().as_slice();
    let shown = all.iter().map(OperatorShown::show);
    match target {
        OperatorTarget::All => ok(&shown.collect::<Vec<_>>(), number),
        OperatorTarget::One(id) => {
            let found = shown.into_iter().find(|one| one.id == *id);
            let none = || Refusal::not_found(format!("there is no operator {id}"));
            ok(&found.ok_or_else(none)?, number)
        }
        OperatorTarget::Own => {
            let name = USER.split_once(':').map_or(USER, |(_, name)| name);
            let operator = shown.into_iter().find(|one| one.name == name);
            let own = Own {
                author: USER.to_owned(),
                role: operator
                    .as_ref()
                    .map_or(underpass_shared::rights::Role::Display, |one| one.role),
                operator,
            };
            ok(&own, number)
        }
        OperatorTarget::Organisation => ok(&document.connector().organisation, number),
        OperatorTarget::Authentication
        | OperatorTarget::BasicAuthentication
        | OperatorTarget::Pairing
        | OperatorTarget::Pair
        | OperatorTarget::Certificate => Err(absent(&Target::Operators(*target))),
    }
}

fn connector(document: &Document, target: &ConnectorTarget, number: u64) -> Answer {
    let settings = document.connector();
    match target {
        ConnectorTarget::Common => {
            let description = settings.description.as_ref().map(ToString::to_string);
            let shown = ConnectorShown {
                ha: HaRole::Master,
                description: description.unwrap_or_default(),
            };
            ok(&shown, number)
        }
        ConnectorTarget::Logs => ok(&logs::levels(&settings.log_and_trace), number),
        ConnectorTarget::PpSettings => ok(&settings.pp_settings, number),
        ConnectorTarget::Heartbeat => ok(&settings.heartbeat, number),
        ConnectorTarget::Alerting => ok(&settings.alerting, number),
        ConnectorTarget::AlertRules => ok(&settings.alert_rules, number),
        ConnectorTarget::Tunnel => {
            let connections = u32::from(settings.tunnel_connections.get());
            let connections = Number::constant(connections);
            ok(&TunnelTuning { connections }, number)
        }
        ConnectorTarget::Regions => ok(&settings.regions, number),
        ConnectorTarget::Email => ok(&MailShown::show(&settings.email), number),
        _ => Err(absent(&Target::Connector(target.clone()))),
    }
}

pub(super) fn find<'a>(
    document: &'a Document,
    path: &SubaccountPath,
) -> Result<&'a Arc<Subaccount>, Refusal> {
    let is_it = |one: &&Arc<Subaccount>| {
        let key = one.key();
        key.region_host == path.region_host && key.subaccount == path.subaccount
    };
    let found = document.subaccounts().iter().find(is_it);
    found.ok_or_else(|| Refusal::not_found(format!("there is no subaccount {}", path.subaccount)))
}

fn mapping<'a>(of: &'a Subaccount, address: &MappingAddress) -> Result<&'a Mapping, Refusal> {
    let mut all = of.mappings().iter();
    let found = all.find(|one| address.is_of(one));
    let none = || Refusal::not_found(format!("there is no system mapping {address}"));
    Ok(found.ok_or_else(none)?)
}

fn of_subaccount(agent: &DemoAgent, document: &Document, target: &Target, number: u64) -> Answer {
    match target {
        Target::Subaccounts => {
            let all = document.subaccounts().iter();
            let shown = all.map(|one| SubaccountShown::show(one.own(), own::tunnel(agent, one)));
            ok(&shown.collect::<Vec<_>>(), number)
        }
        Target::Of(path, SubaccountTarget::Itself) => {
            let found = find(document, path)?;
            ok(
                &SubaccountShown::show(found.own(), own::tunnel(agent, found)),
                number,
            )
        }
        Target::Of(path, SubaccountTarget::Mappings) => {
            let all = find(document, path)?.mappings().iter();
            let shown = all.map(|one| SystemMapping::show(one, path, own::not_effective(one)));
            ok(&shown.collect::<Vec<_>>(), number)
        }
        Target::OfMapping(path, address, MappingTarget::Itself) => {
            let found = mapping(find(document, path)?, address)?;
            ok(
                &SystemMapping::show(found, path, own::not_effective(found)),
                number,
            )
        }
        Target::OfMapping(path, address, MappingTarget::Resources) => {
            let found = mapping(find(document, path)?, address)?;
            let all = found.resources.iter();
            let shown = all.map(|one| SystemMappingResource::show(one, path, address));
            ok(&shown.collect::<Vec<_>>(), number)
        }
        Target::Of(path, SubaccountTarget::DomainMappings) => {
            let all = find(document, path)?
                .own()
                .domain_mappings
                .as_slice()
                .iter();
            let shown = all.map(|one| DomainMappingShown::show(one, path));
            ok(&shown.collect::<Vec<_>>(), number)
        }
        Target::Of(path, SubaccountTarget::ChannelsOf(kind)) => {
            let all = find(document, path)?.own().channels.as_slice().iter();
            let reason = NotOffered::ServiceChannels.to_string();
            let shown = all
                .filter(|one| one.service.kind() == *kind)
                .map(|one| ChannelShown::show(one, path, Some(reason.clone())));
            ok(&shown.collect::<Vec<_>>(), number)
        }
        _ => Err(absent(target)),
    }
}

/// The steps to a back end, as a check reports them.
pub(super) fn checked(agent: &DemoAgent, state: &State) -> Answer {
    let step = |step, outcome, millis, seen: &str, advice: Option<&str>| CheckedStep {
        step,
        outcome,
        millis,
        seen: seen.to_owned(),
        advice: advice.map(str::to_owned),
    };
    let well = !agent.seed.is_multiple_of(4);
    let mut steps = vec![
        step(
            CheckStep::NameResolution,
            CheckOutcome::Ok,
            2,
            "10.20.4.17",
            None,
        ),
        step(CheckStep::TargetGuard, CheckOutcome::Ok, 0, "allowed", None),
    ];
    if well {
        steps.push(step(
            CheckStep::Connection,
            CheckOutcome::Ok,
            4,
            "connected",
            None,
        ));
        steps.push(step(CheckStep::Tls, CheckOutcome::Ok, 11, "TLS 1.3", None));
    } else {
        let advice = Some("see whether a firewall is between");
        steps.push(step(
            CheckStep::Connection,
            CheckOutcome::Failed,
            10_000,
            "no answer",
            advice,
        ));
    }
    let reachable = well;
    ok(&ConnectionCheck { reachable, steps }, state.store.number())
}

/// Whether a request would pass: the real decision on the made-up document.
pub(super) fn access(state: &State, path: &SubaccountPath, body: &[u8]) -> Answer {
    let input: AccessCheckInput = read(body)?;
    let wrong = |rule: String| Refusal::invalid("url", rule);
    let url: http::Uri = input.url.parse().map_err(|rule| wrong(format!("{rule}")))?;
    let port = port_of(&url).map_err(|rule| wrong(format!("{rule}")))?;
    let found = find(state.store.current().1, path)?;
    let told = Policy::new(Arc::clone(found)).explain(&Access {
        protocol: Protocol::Http,
        host: url.host().unwrap_or_default(),
        port,
        path: url.path().as_bytes(),
        websocket: input.websocket.0,
    });
    ok(&told, state.store.number())
}
