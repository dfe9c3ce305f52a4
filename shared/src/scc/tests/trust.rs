//! Trust and service channels.

use serde_json::json;

use super::*;

#[test]
fn trust_comes_over_with_names_that_fit_and_trusting_all_only_by_choice() {
    let store = json!({"trustAllBackends": true, "trustedBackends": [
        {"alias": "corp root", "subjectDN": "CN=x", "issuer": "CN=x", "notAfterTimeStamp": 1},
        {"alias": "gone", "subjectDN": "CN=y"}]});
    let truststore = "configuration/connector/onPremises/truststore".to_owned();
    let answers = with(subaccount(), truststore.clone(), store);
    let answers = with(
        answers,
        format!("{truststore}/certificates/corp%20root"),
        json!(CERTIFICATE),
    );
    let carried = alone(&answers);
    let trust = carried.document.connector().backend_trust();
    assert_eq!(trust.certificates()[0].alias.as_str(), "corp-root");
    assert!(!trust.trust_all_backends() && carried.report.is_open());
    assert_eq!(carried.report.counts.trusted_certificates.left(), 1);
    let all = Choice {
        trust_all: true,
        ..choice()
    };
    let all = planned(&answers, &Document::empty(), &all);
    assert!(
        all.document
            .connector()
            .backend_trust()
            .trust_all_backends()
            && !all.report.is_open()
    );
}

#[test]
fn channels_get_free_ids_and_only_free_ports() {
    let channel = |id: u32, port: u16, service: &str| {
        json!({"id": id, "type": "K8S", "port": port, "enabled": true, "connections": "2",
               "k8sCluster": "c", "k8sService": service, "state": {"connected": true}})
    };
    let first = alone(&with(
        subaccount(),
        sub("/channels/K8S"),
        json!([channel(1, 5000, "a")]),
    ));
    let second = json!([channel(1, 5001, "b"), channel(2, 5000, "c")]);
    let both = planned(
        &with(subaccount(), sub("/channels/K8S"), second),
        &first.document,
        &choice(),
    );
    let channels = only(&both.document).own().channels.clone();
    let told: Vec<_> = channels
        .as_slice()
        .iter()
        .map(|one| (one.id.get(), one.service.local_port(), one.enabled))
        .collect();
    assert_eq!(told, [(1, 5000, true), (2, 5001, true)]);
    assert_eq!(
        places(&both.report, Kind::NotCarried, "port", "local port 5000").len(),
        1
    );
    assert_eq!(both.report.counts.channels.carried, 1);
}
