//! Every path of the table, there and back.

use super::super::LogFileName;
use super::super::operations;
use super::*;
use crate::config::{ChannelId, ChannelType, ClientUser};
use crate::pki::chain::CertificateUse;

const GUID: &str = "0190a5a2-6d0e-7cc0-8000-000000000001";

fn subaccount() -> SubaccountPath {
    SubaccountPath {
        region_host: "gate.example.com:8443".parse().unwrap(),
        subaccount: GUID.parse().unwrap(),
    }
}

/// Path behind `/api/v1/`, meaning, methods.
#[expect(clippy::too_many_lines, reason = "a table")]
fn table() -> Vec<(String, Target, &'static str)> {
    let erp: MappingAddress = "erp:443".parse().unwrap();
    let range: MappingAddress = "erp:30000-30010".parse().unwrap();
    let user: ClientUser = "100:A/B".parse().unwrap();
    let one = ChannelId::FIRST;
    let resource = |id: &str| {
        Target::OfMapping(
            subaccount(),
            erp.clone(),
            MappingTarget::Resource(id.to_owned()),
        )
    };
    let sub = format!("configuration/subaccounts/gate.example.com:8443/{GUID}");
    let trust = "configuration/connector/onPremises/truststore".to_owned();
    vec![
        ("connector/version".to_owned(), Target::Version, "GET"),
        ("openapi.json".to_owned(), Target::OpenApi, "GET"),
        ("status".to_owned(), Target::Status, "GET"),
        ("events".to_owned(), Target::Events, "GET"),
        (
            "logs".to_owned(),
            Target::Running(RunningTarget::Logs),
            "GET",
        ),
        (
            "logs/stream".to_owned(),
            Target::Running(RunningTarget::LogStream),
            "GET",
        ),
        (
            "restore".to_owned(),
            Target::Restores(RestoreTarget::Last),
            "GET",
        ),
        (
            "restore/plan".to_owned(),
            Target::Restores(RestoreTarget::Plans),
            "POST",
        ),
        (
            format!("restore/plan/{GUID}"),
            Target::Restores(RestoreTarget::Plan(GUID.parse().unwrap())),
            "GET, DELETE",
        ),
        (
            format!("restore/plan/{GUID}/apply"),
            Target::Restores(RestoreTarget::Apply(GUID.parse().unwrap())),
            "POST",
        ),
        (
            "restore/recipient".to_owned(),
            Target::Restores(RestoreTarget::Recipient),
            "POST",
        ),
        (
            "restore/rollback".to_owned(),
            Target::Restores(RestoreTarget::Rollback),
            "POST",
        ),
        ("alerts".to_owned(), Target::Alerts(AlertTarget::All), "GET"),
        (
            "alerts/7".to_owned(),
            Target::Alerts(AlertTarget::One(7)),
            "GET, DELETE",
        ),
        (
            "alerts/7/acknowledge".to_owned(),
            Target::Alerts(AlertTarget::Acknowledge(7)),
            "POST",
        ),
        (
            "alerts/7/silence".to_owned(),
            Target::Alerts(AlertTarget::Silence(7)),
            "POST",
        ),
        (
            "drain".to_owned(),
            Target::Running(RunningTarget::Drain),
            "GET, POST, DELETE",
        ),
        (
            "restart".to_owned(),
            Target::Running(RunningTarget::Restart),
            "POST",
        ),
        (
            "alerts/delivery".to_owned(),
            Target::Delivery(DeliveryTarget::States),
            "GET",
        ),
        (
            "alerts/test".to_owned(),
            Target::Delivery(DeliveryTarget::Test),
            "POST",
        ),
        (
            "diagnoses".to_owned(),
            Target::Trouble(TroubleTarget::Diagnoses),
            "GET",
        ),
        (
            "diagnoses/7".to_owned(),
            Target::Trouble(TroubleTarget::Diagnosis(7)),
            "DELETE",
        ),
        (
            "logs/files".to_owned(),
            Target::Trouble(TroubleTarget::LogFiles),
            "GET",
        ),
        (
            "logs/files.zip".to_owned(),
            Target::Trouble(TroubleTarget::LogArchive),
            "GET",
        ),
        (
            "logs/files/agent.log".to_owned(),
            Target::Trouble(TroubleTarget::LogFile(LogFileName::present())),
            "GET, DELETE",
        ),
        (
            "logs/files/agent.log/lines".to_owned(),
            Target::Trouble(TroubleTarget::LogFilePage(LogFileName::present())),
            "GET",
        ),
        (
            "probes".to_owned(),
            Target::Trouble(TroubleTarget::Probes),
            "GET",
        ),
        (
            "traces".to_owned(),
            Target::Trouble(TroubleTarget::Traces),
            "GET, POST",
        ),
        (
            "traces/7".to_owned(),
            Target::Trouble(TroubleTarget::Trace(7)),
            "GET, DELETE",
        ),
        (
            "traces/7/approve".to_owned(),
            Target::Trouble(TroubleTarget::TraceApproval(7)),
            "POST",
        ),
        (
            "traces/7/refuse".to_owned(),
            Target::Trouble(TroubleTarget::TraceRefusal(7)),
            "POST",
        ),
        (
            "traces/7/stop".to_owned(),
            Target::Trouble(TroubleTarget::TraceEnd(7)),
            "POST",
        ),
        (
            "traces/7/content".to_owned(),
            Target::Trouble(TroubleTarget::TraceContent(7)),
            "GET",
        ),
        ("securityStatus".to_owned(), Target::SecurityStatus, "GET"),
        (
            format!("{sub}/systemMappings/export"),
            Target::Of(subaccount(), SubaccountTarget::ExportMappings),
            "GET",
        ),
        (
            format!("{sub}/systemMappings/import"),
            Target::Of(subaccount(), SubaccountTarget::ImportMappings),
            "POST",
        ),
        (
            format!("{sub}/accessCheck"),
            Target::Of(subaccount(), SubaccountTarget::AccessCheck),
            "POST",
        ),
        (
            format!("{sub}/systemMappings/check"),
            Target::Of(subaccount(), SubaccountTarget::ConnectionCheck),
            "POST",
        ),
        (
            format!("{sub}/systemMappings/erp:443/check"),
            Target::OfMapping(subaccount(), erp.clone(), MappingTarget::Check),
            "POST",
        ),
        (
            "configuration/document".to_owned(),
            Target::Document(DocumentTarget::Whole),
            "GET, PUT",
        ),
        (
            "configuration/revisions".to_owned(),
            Target::Document(DocumentTarget::Revisions),
            "GET",
        ),
        (
            "configuration/revisions/7".to_owned(),
            Target::Document(DocumentTarget::Revision(7)),
            "GET",
        ),
        (
            "configuration/revisions/7/undo".to_owned(),
            Target::Document(DocumentTarget::Undo(7)),
            "POST",
        ),
        (
            "configuration/revisions/7/restore".to_owned(),
            Target::Document(DocumentTarget::Restore(7)),
            "POST",
        ),
        (
            "configuration/revisions/7/diff".to_owned(),
            Target::Document(DocumentTarget::RevisionDiff(7)),
            "GET",
        ),
        (
            "configuration/revisions/7/document".to_owned(),
            Target::Document(DocumentTarget::AsOf(7)),
            "GET",
        ),
        (
            "configuration/pendingConfirm".to_owned(),
            Target::Document(DocumentTarget::PendingConfirm),
            "GET, POST, DELETE",
        ),
        (
            "configuration/connector/proxy".to_owned(),
            Target::Proxy,
            "GET, PUT, DELETE",
        ),
        (
            "configuration/connector/ui/uiCertificate".to_owned(),
            Target::Certificates(CertificateTarget::Own(CertificateUse::Ui)),
            "GET, POST, PATCH, PUT, DELETE",
        ),
        (
            "configuration/connector/onPremises/systemCertificate".to_owned(),
            Target::Certificates(CertificateTarget::Own(CertificateUse::System)),
            "GET, POST, PATCH, PUT, DELETE",
        ),
        (
            "configuration/connector/onPremises/ppCaCertificate".to_owned(),
            Target::Certificates(CertificateTarget::Own(CertificateUse::PpCa)),
            "GET, POST, PATCH, PUT, DELETE",
        ),
        (
            trust.clone(),
            Target::Certificates(CertificateTarget::Truststore),
            "GET, PATCH",
        ),
        (
            format!("{trust}/certificates"),
            Target::Certificates(CertificateTarget::Trusted),
            "GET, POST, DELETE",
        ),
        (
            format!("{trust}/certificates/my%20ca"),
            Target::Certificates(CertificateTarget::TrustedOne("my ca".to_owned())),
            "GET, DELETE",
        ),
        (
            "configuration/connector/auditLog".to_owned(),
            Target::Audit(AuditTarget::Settings),
            "GET, PATCH",
        ),
        (
            format!("configuration/connector/auditLog/subaccounts/gate.example.com:8443/{GUID}"),
            Target::Audit(AuditTarget::SubaccountLevel(subaccount())),
            "GET, PATCH",
        ),
        (
            "auditLog/records".to_owned(),
            Target::Audit(AuditTarget::Records),
            "GET",
        ),
        (
            "auditLog/records.csv".to_owned(),
            Target::Audit(AuditTarget::Csv),
            "GET",
        ),
        (
            "auditLog/records.jsonl".to_owned(),
            Target::Audit(AuditTarget::Lines),
            "GET",
        ),
        (
            "auditLog/verification".to_owned(),
            Target::Audit(AuditTarget::Verification),
            "GET",
        ),
        (
            "configuration/connector/operators".to_owned(),
            Target::Operators(OperatorTarget::All),
            "GET, POST",
        ),
        (
            format!("configuration/connector/operators/{GUID}"),
            Target::Operators(OperatorTarget::One(GUID.parse().unwrap())),
            "GET, PATCH, DELETE",
        ),
        (
            "configuration/connector/organisation".to_owned(),
            Target::Operators(OperatorTarget::Organisation),
            "GET, PUT, PATCH, DELETE",
        ),
        (
            "configuration/connector/pairing".to_owned(),
            Target::Operators(OperatorTarget::Pairing),
            "GET, POST, DELETE",
        ),
        (
            "pairing".to_owned(),
            Target::Operators(OperatorTarget::Pair),
            "POST",
        ),
        (
            "operator".to_owned(),
            Target::Operators(OperatorTarget::Own),
            "GET",
        ),
        (
            "operator/certificate".to_owned(),
            Target::Operators(OperatorTarget::Certificate),
            "POST",
        ),
        (
            "configuration/subaccounts".to_owned(),
            Target::Subaccounts,
            "GET, POST",
        ),
        (
            sub.clone(),
            Target::Of(subaccount(), SubaccountTarget::Itself),
            "GET, PUT, DELETE",
        ),
        (
            format!("{sub}/state"),
            Target::Of(subaccount(), SubaccountTarget::State),
            "PUT",
        ),
        (
            format!("{sub}/systemMappings"),
            Target::Of(subaccount(), SubaccountTarget::Mappings),
            "GET, POST, DELETE",
        ),
        (
            format!("{sub}/systemMappings/erp:443"),
            Target::OfMapping(subaccount(), erp.clone(), MappingTarget::Itself),
            "GET, PUT, DELETE",
        ),
        (
            format!("{sub}/systemMappings/erp:443/resources"),
            Target::OfMapping(subaccount(), erp.clone(), MappingTarget::Resources),
            "GET, POST, DELETE",
        ),
        (
            format!("{sub}/systemMappings/erp:443/resources/-sap-a+2Db"),
            resource("/sap/a-b"),
            "GET, PUT, DELETE",
        ),
        (
            "configuration/subaccounts/corrupted".to_owned(),
            Target::Corrupted,
            "GET",
        ),
        (
            format!("{sub}/validity"),
            Target::Of(subaccount(), SubaccountTarget::Validity),
            "POST",
        ),
        (
            format!("{sub}/systemMappings/erp:30000-30010"),
            Target::OfMapping(subaccount(), range, MappingTarget::Itself),
            "GET, PUT, DELETE",
        ),
        (
            format!("{sub}/systemMappings/erp:443/allowedClients"),
            Target::OfMapping(subaccount(), erp.clone(), MappingTarget::AllowedClients),
            "GET, POST, PATCH, DELETE",
        ),
        (
            format!("{sub}/systemMappings/erp:443/allowedClients/100"),
            Target::OfMapping(
                subaccount(),
                erp.clone(),
                MappingTarget::AllowedClient(user.client),
            ),
            "DELETE",
        ),
        (
            format!("{sub}/systemMappings/erp:443/blockedClientUsers"),
            Target::OfMapping(subaccount(), erp.clone(), MappingTarget::BlockedUsers),
            "GET, POST, PATCH, DELETE",
        ),
        (
            format!("{sub}/systemMappings/erp:443/blockedClientUsers/100:A%2FB"),
            Target::OfMapping(subaccount(), erp.clone(), MappingTarget::BlockedUser(user)),
            "DELETE",
        ),
        (
            format!("{sub}/domainMappings"),
            Target::Of(subaccount(), SubaccountTarget::DomainMappings),
            "GET, POST, DELETE",
        ),
        (
            format!("{sub}/domainMappings/corp.example"),
            Target::Of(
                subaccount(),
                SubaccountTarget::DomainMapping("corp.example".parse().unwrap()),
            ),
            "GET, PUT, DELETE",
        ),
        (
            format!("{sub}/channels"),
            Target::Of(subaccount(), SubaccountTarget::Channels),
            "GET, POST, DELETE",
        ),
        (
            format!("{sub}/channels/K8S"),
            Target::Of(subaccount(), SubaccountTarget::ChannelsOf(ChannelType::K8S)),
            "GET, POST, DELETE",
        ),
        (
            format!("{sub}/channels/ABAPCloudSNC/1"),
            Target::Of(
                subaccount(),
                SubaccountTarget::Channel(ChannelType::AbapCloudSnc, one),
            ),
            "GET, PUT, DELETE",
        ),
        (
            format!("{sub}/channels/ABAPCloud/1/state"),
            Target::Of(
                subaccount(),
                SubaccountTarget::ChannelState(ChannelType::AbapCloud, one),
            ),
            "PUT",
        ),
        (
            format!("{sub}/availableChannels/HANA"),
            Target::Of(
                subaccount(),
                SubaccountTarget::AvailableChannels(ChannelType::Hana),
            ),
            "GET",
        ),
        (
            format!("{sub}/trust"),
            Target::Of(subaccount(), SubaccountTarget::IdentityTrust),
            "GET, PUT, POST",
        ),
        (
            format!("{sub}/trust/idps"),
            Target::Of(subaccount(), SubaccountTarget::IdentityProviders),
            "GET",
        ),
        (
            format!("{sub}/trust/idps/a"),
            Target::Of(
                subaccount(),
                SubaccountTarget::IdentityProvider("a".parse().unwrap()),
            ),
            "GET, PUT",
        ),
        (
            format!("{sub}/trust/apps"),
            Target::Of(subaccount(), SubaccountTarget::TrustedApps),
            "GET",
        ),
        (
            format!("{sub}/trust/apps/a"),
            Target::Of(
                subaccount(),
                SubaccountTarget::TrustedApp("a".parse().unwrap()),
            ),
            "GET, PUT",
        ),
        (
            format!("{sub}/systemMappings/erp:443/resources/-a%2520b"),
            resource("/a%20b"),
            "GET, PUT, DELETE",
        ),
    ]
}

fn of_migrations() -> impl Iterator<Item = (String, Target, &'static str)> {
    use MigrationTarget::{Abort, Accept, Csr, Handovers, Preflight, Ready, Release, Vouch};
    let acts = [Csr, Vouch, Accept, Ready, Release, Abort, Preflight].into_iter();
    let names = "csr vouch accept ready release abort preflight".split(' ');
    let acts = names.zip(acts).map(|(name, target)| {
        let path = format!("migration/{name}");
        (path, Target::Migration(target), "POST")
    });
    let list = Target::Migration(Handovers);
    acts.chain([("migration".to_owned(), list, "GET")])
}

/// Whether a path is one of a template.
fn fits(template: &str, path: &str) -> bool {
    let (template, path) = (template.split('/'), path.split('/'));
    template.clone().count() == path.clone().count()
        && template
            .zip(path)
            .all(|(wanted, found)| wanted.starts_with('{') || wanted == found)
}

#[test]
fn every_call_leads_somewhere() {
    let mut targets: Vec<Target> = table()
        .into_iter()
        .chain(of_migrations())
        .map(|(_, target, _)| target)
        .collect();
    for path in settings::tests::paths() {
        targets.push(Target::parse(&path).unwrap());
    }
    targets.extend(MonitoringTarget::ALL.map(Target::Monitoring));
    for one in operations::operations() {
        let mut targets = targets.iter().map(Target::template);
        assert!(targets.any(|template| template == one.path), "{one:?}");
    }
}

#[test]
fn every_address_has_one_path_and_its_methods() {
    for (path, target, allow) in table().into_iter().chain(of_migrations()) {
        let path = format!("/api/v1/{path}");
        assert_eq!(Target::parse(&path).as_ref(), Ok(&target), "{path}");
        assert_eq!(target.to_string(), path);
        let both = format!("{}, OPTIONS", allow.replace("GET", "GET, HEAD"));
        assert_eq!(target.allow(), both, "{path}");
        assert!(fits(target.template(), &path), "{path}");
        for verb in ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "BREW"] {
            let method = http::Method::from_bytes(verb.as_bytes()).unwrap();
            let taken = target.operation(&method);
            assert_eq!(
                taken.is_ok(),
                both.split(", ").any(|one| one == verb),
                "{verb} {path}"
            );
            if let Err(refusal) = taken {
                assert_eq!(refusal.status, 405);
            }
        }
    }
    let old = "/api/v1/configuration/connector/onPremise/truststore";
    assert_eq!(
        Target::parse(old),
        Ok(Target::Certificates(CertificateTarget::Truststore))
    );
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn wrong_paths_are_refused_and_wrong_names_are_named() {
    let sub = format!("/api/v1/configuration/subaccounts/gate/{GUID}");
    for (path, status, field) in [
        ("/".to_owned(), 404, None),
        ("/api/v1".to_owned(), 404, None),
        ("/api/v2/status".to_owned(), 404, None),
        ("/api/v1/status/".to_owned(), 404, None),
        ("/api/v1//status".to_owned(), 404, None),
        ("/api/v1/Status".to_owned(), 404, None),
        ("/api/v1/%ff".to_owned(), 404, None),
        (
            "/api/v1/configuration/subaccounts/gate".to_owned(),
            404,
            None,
        ),
        (format!("{sub}/other"), 404, None),
        (
            format!("{sub}/systemMappings/erp:443/resources/-a/b"),
            404,
            None,
        ),
        (
            "/api/v1/configuration/revisions/x".to_owned(),
            400,
            Some("revision"),
        ),
        (
            "/api/v1/configuration/revisions/+7".to_owned(),
            400,
            Some("revision"),
        ),
        (
            format!("/api/v1/configuration/subaccounts/ga%20te/{GUID}"),
            400,
            Some("regionHost"),
        ),
        (
            "/api/v1/configuration/subaccounts/gate/7".to_owned(),
            400,
            Some("subaccount"),
        ),
        (
            format!("{sub}/systemMappings/erp"),
            400,
            Some("virtualHost:virtualPort"),
        ),
        (
            format!("{sub}/systemMappings/erp:0"),
            400,
            Some("virtualHost:virtualPort"),
        ),
        (
            format!("{sub}/systemMappings/erp:443/resources/-a+"),
            400,
            Some("id"),
        ),
        (
            format!("{sub}/systemMappings/erp:90-80"),
            400,
            Some("virtualHost:virtualPort"),
        ),
        (
            format!("{sub}/systemMappings/erp:443/allowedClients/1"),
            400,
            Some("client"),
        ),
        (
            format!("{sub}/systemMappings/erp:443/blockedClientUsers/100"),
            400,
            Some("client:user"),
        ),
        (
            format!("{sub}/domainMappings/a%20b"),
            400,
            Some("internalDomain"),
        ),
        (format!("{sub}/channels/K8S/0"), 400, Some("id")),
        (format!("{sub}/channels/k8s"), 404, None),
        (format!("{sub}/channels/7"), 501, None),
        (format!("{sub}/channels/7/state"), 501, None),
        (format!("{sub}/availableChannels/K8S"), 404, None),
        (format!("{sub}/trust/idps/a%20b"), 400, Some("id")),
        (format!("{sub}/recovery"), 410, None),
        (format!("{sub}/recoverySubaccount/state"), 410, None),
        (
            format!("{sub}/systemMappings/erp:443/resources/a%2Fb"),
            400,
            Some("id"),
        ),
    ] {
        let refusal = Target::parse(&path).unwrap_err();
        assert_eq!(refusal.status, status, "{path}");
        assert_eq!(refusal.body.field.as_deref(), field, "{path}");
    }
}
