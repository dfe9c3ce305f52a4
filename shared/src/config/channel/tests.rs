//! Kinds of channels, their ports, and what is refused.

use super::*;
use crate::config::tests::own;
use crate::config::{Document, SubaccountFields};

const SERVICES: [(&str, u16); 5] = [
    (
        r#"{"HANA": {"instanceName": "db", "instanceNumber": 7}}"#,
        30_715,
    ),
    (
        r#"{"VirtualMachine": {"name": "vm", "endpointId": "e1", "port": 2222}}"#,
        2_222,
    ),
    (
        r#"{"ABAPCloud": {"tenantHost": "t.abap.cloud", "instanceNumber": 20}}"#,
        3_320,
    ),
    (
        r#"{"ABAPCloudSNC": {"tenantHost": "t.abap.cloud", "instanceNumber": 99}}"#,
        4_899,
    ),
    (
        r#"{"K8S": {"cluster": "cp.cloud:443", "service": "s1", "port": 5432}}"#,
        5_432,
    ),
];

fn channel(id: usize, service: &str) -> String {
    format!(r#"{{"id": {id}, "service": {service}}}"#)
}

fn document(channels: &[&[String]]) -> Result<Document, Invalid> {
    let mut subaccounts = channels.iter().zip(1..);
    subaccounts.try_fold(Document::empty(), |document, (channels, n)| {
        let json = format!("[{}]", channels.join(","));
        let channels = serde_json::from_str(&json).unwrap();
        document.with_subaccount(SubaccountFields { channels, ..own(n) })
    })
}

#[test]
fn every_kind_has_its_local_port_and_survives_a_round_trip() {
    let all = SERVICES.iter().zip(1..);
    let all: Vec<String> = all.map(|((service, _), id)| channel(id, service)).collect();
    let document = document(&[&all]).unwrap();
    let again = Document::from_json(&document.to_json()).unwrap();
    assert_eq!(again, document);
    let own = again.subaccounts()[0].own();
    let kinds = own.channels.as_slice().iter().map(|one| one.service.kind());
    assert_eq!(kinds.collect::<Vec<_>>(), ChannelType::ALL);
    for (one, (_, port)) in own.channels.as_slice().iter().zip(SERVICES) {
        assert_eq!(one.service.local_port(), port, "{one:?}");
        assert!(!one.enabled && one.connections.get() == 1);
    }
    assert!(document.to_json().contains("\"cp.cloud:443\""));
}

#[test]
fn ids_and_local_ports_are_those_of_one_channel() {
    let (abap, k8s) = (SERVICES[2].0, SERVICES[4].0);
    let two = [channel(1, abap)];
    assert!(document(&[&two, &[channel(2, k8s)]]).is_ok());
    let same_id = document(&[&two, &[channel(1, k8s)]]).unwrap_err();
    assert!(
        same_id.rule.contains("a channel with this id too"),
        "{same_id}"
    );
    let port = k8s.replace("5432", "3320");
    for other in [abap, &port] {
        let same = document(&[&two, &[channel(2, other)]]).unwrap_err();
        let rule = "channel 1 has the local port 3320 too";
        assert!(
            same.rule.contains(rule) && same.field.ends_with("channels[2]"),
            "{same}"
        );
    }
    assert!(document(&[&[channel(1, abap), channel(1, k8s)]]).is_err());
}

#[test]
fn wrong_channels_name_the_rule() {
    let abap = SERVICES[2].0;
    for (from, to, rule) in [
        ("20", "100", "between 0 and 99"),
        ("\"t.abap.cloud\"", "\"a b\"", "host must be a name"),
        (
            "\"instanceNumber\"",
            "\"port\": 1, \"instanceNumber\"",
            "unknown field",
        ),
        ("ABAPCloud", "RFC", "unknown variant"),
        ("\"id\": 1", "\"id\": 0", "nonzero"),
        (
            "\"id\": 1",
            "\"id\": 1, \"connections\": 101",
            "between 1 and 100",
        ),
    ] {
        let json = format!("[{}]", channel(1, abap).replace(from, to));
        let wrong = serde_json::from_str::<Channels>(&json).unwrap_err();
        assert!(wrong.to_string().contains(rule), "{json}: {wrong}");
    }
    for text in ["", "0", "+1", "01", "x", "4294967296"] {
        assert!(text.parse::<ChannelId>().is_err(), "{text}");
    }
}
