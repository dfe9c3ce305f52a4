//! Every path of the table, there and back.

mod agent;
mod configuration;
mod subaccounts;
mod wrong;

use super::super::operations;
use super::*;

const GUID: &str = "0190a5a2-6d0e-7cc0-8000-000000000001";

fn subaccount() -> SubaccountPath {
    SubaccountPath {
        region_host: "gate.example.com:8443".parse().unwrap(),
        subaccount: GUID.parse().unwrap(),
    }
}

/// Path behind `/api/v1/`, meaning, methods.
type Row = (String, Target, &'static str);

fn row(path: &str, target: Target, methods: &'static str) -> Row {
    (path.to_owned(), target, methods)
}

fn table() -> impl Iterator<Item = Row> {
    let rows = [agent::rows(), configuration::rows(), subaccounts::rows()];
    rows.into_iter().flatten().chain(agent::of_migrations())
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
    let mut targets: Vec<Target> = table().map(|(_, target, _)| target).collect();
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
    for (path, target, allow) in table() {
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
