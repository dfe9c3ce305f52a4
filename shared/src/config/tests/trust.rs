//! Trust store and proxy in the document.

use super::super::*;
use crate::hash::Hash256;

const ONE: &str = "\
-----BEGIN CERTIFICATE-----
MIIBfjCCASWgAwIBAgIUS9kqzZXPEOvVJRuXVuQFD7kh0HcwCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJVGVzdCBDQSBhMCAXDTI2MTEyMTExNTIwMVoYDzIxMjYxMDI4
MTE1MjAxWjAUMRIwEAYDVQQDDAlUZXN0IENBIGEwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAARM8zxeMzkiT4C/IH11j8TBj1pvVayeAN9SvSSkVrrndHMS/FcHsw/Q
+miTyDve+WXxpmDL6I4G1m375UJr0Y8Yo1MwUTAdBgNVHQ4EFgQUI7Boq4yOo0jb
FRCqKFLAqYnTcukwHwYDVR0jBBgwFoAUI7Boq4yOo0jbFRCqKFLAqYnTcukwDwYD
VR0TAQH/BAUwAwEB/zAKBggqhkjOPQQDAgNHADBEAiAiEgoQYzs8ZB//GTqarq5X
nfGloNLXCexu+biiKF4SNwIgV2c05k0DmyNYRi0kxMq/SvgAQwnpvwRBh0d6Jihk
DJg=
-----END CERTIFICATE-----
";
const OTHER: &str = "\
-----BEGIN CERTIFICATE-----
MIIBfjCCASWgAwIBAgIUbQpjWOFPcg1qNTNslPyHpdr/oQUwCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJVGVzdCBDQSBiMCAXDTI2MTEyMTExNTIwMVoYDzIxMjYxMDI4
MTE1MjAxWjAUMRIwEAYDVQQDDAlUZXN0IENBIGIwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAASdEv/LoPW9qoTtxSiiJ2+n4Mt/pIxiLRaI70xHwL8R1DKbvpGnvIhe
TiZBnXdkhn+6QTClBosPndsxehAdVsHUo1MwUTAdBgNVHQ4EFgQUdD7l3MzKqI4S
XntipPHnWXoaaagwHwYDVR0jBBgwFoAUdD7l3MzKqI4SXntipPHnWXoaaagwDwYD
VR0TAQH/BAUwAwEB/zAKBggqhkjOPQQDAgNHADBEAiAF+0ACvIMFGc1efMIxtnop
8tvsSW2TE6gEAsmoZmfReAIgElRB/NWj5tkykNGol0LUu7GA3a/HhUXrBzawTzEc
wec=
-----END CERTIFICATE-----
";

fn with_connector(connector: &serde_json::Value) -> Result<Document, Invalid> {
    let document = serde_json::json!({"schema": 1, "connector": connector});
    Document::from_json(&document.to_string())
}

fn trust(entries: &[(&str, &str)]) -> Result<Document, Invalid> {
    let certificates: Vec<_> = entries
        .iter()
        .map(|(alias, pem)| serde_json::json!({"alias": alias, "certificate": pem}))
        .collect();
    with_connector(&serde_json::json!({"backendTrust": {"certificates": certificates}}))
}

#[test]
fn a_trust_store_survives_a_round_trip() {
    let document = trust(&[("b", ONE), ("a", &format!("a comment\n{OTHER}"))]).unwrap();
    let again = Document::from_json(&document.to_json()).unwrap();
    assert_eq!(again, document);
    let trust = again.connector().backend_trust();
    assert!(!trust.trust_all_backends());
    let [a, b] = trust.certificates() else {
        panic!("two certificates: {trust:?}");
    };
    assert_eq!((a.alias.as_str(), b.alias.as_str()), ("a", "b"));
    assert_eq!(a.certificate.to_string(), OTHER);
    let summary = b.certificate.summary();
    assert_eq!(summary.subject, "CN=Test CA a");
    assert!(summary.ca && summary.not_before_ms < summary.not_after_ms);
}

#[test]
fn wrong_trust_stores_name_field_and_rule() {
    let cut = &ONE[..ONE.len() / 2];
    let key = ONE.replace("CERTIFICATE", "PRIVATE KEY");
    let empty = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    let odd = ONE.replace("\n-----END", "!\n-----END");
    let both = format!("{ONE}{OTHER}");
    for (pem, rule) in [
        ("", "must be PEM"),
        ("x", "must be PEM"),
        (cut, "must be PEM"),
        (&odd, "must be PEM"),
        (&key, "of the kind CERTIFICATE"),
        (&both, "must be a single one"),
        (empty, "is not X.509"),
    ] {
        let error = trust(&[("a", pem)]).unwrap_err();
        let field = "connector.backendTrust.certificates[0].certificate";
        assert_eq!(error.field, field, "{error}");
        assert!(error.rule.contains(rule), "{error}");
    }
    for alias in [
        "",
        "a b",
        "a/b",
        "ä",
        &"x".repeat(limits::ALIAS_LEN_MAX + 1),
    ] {
        let error = trust(&[(alias, ONE)]).unwrap_err();
        assert!(error.field.ends_with("certificates[0].alias"), "{error}");
    }
    let twice = trust(&[("a", ONE), ("a", OTHER)]).unwrap_err();
    assert!(twice.rule.contains("alias a occurs twice"), "{twice}");
    let same = trust(&[("a", ONE), ("c", OTHER), ("b", ONE)]).unwrap_err();
    assert!(same.rule.contains("a and b are the same"), "{same}");
}

#[test]
fn long_certificates_and_stores_are_refused() {
    let long = vec![0x30; limits::CERTIFICATE_LEN_MAX + 1];
    assert_eq!(
        Certificate::from_der(&long),
        Err(InvalidCertificate::TooLong)
    );
    let one: Certificate = ONE.parse().unwrap();
    let trailing = [one.der(), &[0]].concat();
    assert_eq!(
        Certificate::from_der(&trailing),
        Err(InvalidCertificate::X509)
    );
    let entry = |i: usize| TrustedCertificate {
        alias: format!("a{i}").parse().unwrap(),
        certificate: one.clone(),
    };
    let many = (0..=limits::TRUSTED_CERTIFICATES_MAX).map(entry).collect();
    let error = BackendTrust::new(false, many).unwrap_err();
    assert!(error.rule.contains("at most"), "{error}");
}

#[test]
fn wrong_proxies_name_field_and_rule() {
    let id = "0190a5a2-6d0e-7cc0-8000-000000000001";
    for (proxy, field, rule) in [
        (serde_json::json!({"host": "p"}), "", "missing field `port`"),
        (serde_json::json!({"host": "p", "port": 0}), ".port", ""),
        (
            serde_json::json!({"host": "p/x", "port": 1}),
            ".host",
            "host must be",
        ),
        (
            serde_json::json!({"host": "p", "port": 1, "user": "u"}),
            "",
            "credential: is missing",
        ),
        (
            serde_json::json!({"host": "p", "port": 1, "credential": id}),
            "",
            "user: is missing",
        ),
        (
            serde_json::json!({"host": "p", "port": 1, "credential": id, "user": "u:v"}),
            "",
            "user: must not contain a colon",
        ),
        (
            serde_json::json!({"host": "p", "port": 1, "credential": id, "user": ""}),
            "",
            "user: must not be empty",
        ),
        (
            serde_json::json!({"host": "p", "port": 1, "password": "x"}),
            ".password",
            "unknown field",
        ),
    ] {
        let error = with_connector(&serde_json::json!({"proxy": proxy})).unwrap_err();
        assert_eq!(error.field, format!("connector.proxy{field}"), "{error}");
        assert!(error.rule.contains(rule), "{error}");
    }
    let good = serde_json::json!({"host": "P.corp", "port": 3128, "user": "u", "credential": id});
    let document = with_connector(&serde_json::json!({"proxy": good})).unwrap();
    let again = Document::from_json(&document.to_json()).unwrap();
    let proxy = again.connector().proxy().unwrap();
    assert_eq!(
        (proxy.host().as_str(), proxy.port().get()),
        ("p.corp", 3128)
    );
    assert_eq!(proxy.login(), Some(("u", id.parse().unwrap())));
}

/// The hashes are checked when an agent starts, so a new field must not change those of old texts.
#[test]
fn what_is_at_its_default_does_not_change_the_hash() {
    let canonical = br#"{"allowedTargets":[],"tunnelConnections":2}"#;
    let connector = Part::new(Connector::default());
    assert_eq!(connector.hash(), Hash256::of(canonical));
}
