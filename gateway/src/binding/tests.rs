//! Tests of the service binding.

use std::collections::BTreeSet;

use serde_json::Value;
use underpass_runtime::pki::PrivateKey;
use uuid::Uuid;

use super::*;

#[test]
fn the_credentials_have_exactly_the_fields_that_clients_read() {
    let client = Client::generate();
    let key = SigningKey::from_pem(&PrivateKey::generate().unwrap().to_pem()).unwrap();
    let settings = Settings {
        region_host: "localhost:1".parse().unwrap(),
        token_url: "https://localhost:20443".to_owned(),
        issuer: String::new(),
        proxy_host: "127.0.0.1".to_owned(),
        proxy_port: 20003,
        proxy_address: None,
    };
    let subaccount = SubaccountId::from_uuid(Uuid::from_u128(9));
    let credentials = Credentials::new(&client, subaccount, &settings, &key);
    assert!(!format!("{credentials:?}").contains(client.secret.expose()));
    let json = serde_json::to_value(&credentials).unwrap();
    for (field, value) in [
        ("clientid", client.id.as_str()),
        ("clientsecret", client.secret.expose()),
        ("credential-type", "binding-secret"),
        ("identityzone", "00000000-0000-0000-0000-000000000009"),
        ("onpremise_proxy_host", "127.0.0.1"),
        ("onpremise_proxy_http_port", "20003"),
        ("onpremise_proxy_port", "20003"),
        ("tenantid", "00000000-0000-0000-0000-000000000009"),
        ("tenantmode", "dedicated"),
        ("token_service_domain", "localhost:20443"),
        ("token_service_url", "https://localhost:20443"),
        ("uaadomain", "localhost:20443"),
        ("url", "https://localhost:20443"),
        ("verificationkey", key.public_pem().as_str()),
        ("xsappname", "underpass"),
    ] {
        assert_eq!(json[field], Value::from(value), "{field}");
    }
    assert_eq!(json["token-type"], serde_json::json!(["xsuaa"]));
    assert_eq!(
        json.as_object().unwrap().len(),
        16,
        "no port of a service that is not there"
    );
}

#[test]
fn clients_differ_and_need_no_escaping() {
    let clients: Vec<Client> = (0..20).map(|_| Client::generate()).collect();
    let secrets: BTreeSet<&str> = clients
        .iter()
        .map(|client| client.secret.expose())
        .collect();
    let ids: BTreeSet<&str> = clients.iter().map(|client| client.id.as_str()).collect();
    assert_eq!((secrets.len(), ids.len()), (20, 20));
    let plain = |text: &str| {
        text.bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b))
    };
    assert!(secrets.iter().chain(&ids).all(|text| plain(text)));
}
