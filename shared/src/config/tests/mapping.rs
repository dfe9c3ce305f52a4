//! System mappings: which combinations there are, ports that follow one another, what only RFC has.

use super::*;

fn fields(protocol: Protocol, backend: BackendType) -> MappingFields {
    let internal = "10.0.0.1:8080".parse().unwrap();
    MappingFields::closed("a:80".parse().unwrap(), internal, protocol, backend)
}

fn refused(fields: MappingFields) -> Invalid {
    Mapping::try_from(fields).unwrap_err()
}

#[test]
fn every_combination_is_possible_or_names_its_field() {
    use AuthenticationMode as A;
    use BackendType as B;
    use Protocol as P;
    let protocols = [
        P::Http,
        P::Https,
        P::Tcp,
        P::Tcps,
        P::Rfc,
        P::Rfcs,
        P::Ldap,
        P::Ldaps,
    ];
    // As the columns above: which back ends a protocol reaches.
    let backends = [
        (B::Abap, "xxxxxx--"),
        (B::Gateway, "xxxxxx--"),
        (B::Hana, "xxxx----"),
        (B::Java, "xx------"),
        (B::CompositionEnvironment, "xx------"),
        (B::BusinessConnector, "xx------"),
        (B::ProcessIntegration, "xx------"),
        (B::OtherSap, "xxxx----"),
        (B::NonSap, "xxxx--xx"),
    ];
    let modes = [
        (A::None, "xxxxxxxx"),
        (A::NoneRestricted, "xx------"),
        (A::X509General, "xx---x--"),
        (A::X509Restricted, "xx---x--"),
        (A::Kerberos, "xx------"),
    ];
    for (column, protocol) in protocols.into_iter().enumerate() {
        for (backend, reached) in backends {
            for (mode, known) in modes {
                let fits = |row: &str| row.as_bytes()[column] == b'x';
                let abap = matches!(backend, B::Abap | B::Gateway);
                let known = fits(known) && !(mode == A::Kerberos && abap);
                let checked = Mapping::try_from(MappingFields {
                    authentication_mode: mode,
                    ..fields(protocol, backend)
                });
                let field = checked.err().map(|invalid| invalid.field);
                let expected = match (fits(reached), known) {
                    (true, true) => None,
                    (false, _) => Some("protocol"),
                    (true, false) => Some("authenticationMode"),
                };
                assert_eq!(
                    field.as_deref(),
                    expected,
                    "{protocol:?} {backend:?} {mode:?}"
                );
            }
        }
    }
}

#[test]
fn ranges_of_ports_fit_their_protocol_and_do_not_overlap() {
    let range = |address: &str, further_ports| MappingFields {
        virtual_address: address.parse().unwrap(),
        further_ports,
        ..fields(Protocol::Tcp, BackendType::NonSap)
    };
    let http = MappingFields {
        further_ports: 1,
        ..fields(Protocol::Http, BackendType::NonSap)
    };
    assert!(refused(http).rule.contains("TCP and TCPS only"));
    let large = refused(range("a:65000", 536));
    assert!(large.rule.contains("greater than 65535"), "{large}");
    let document = sample();
    let with = |address: &str, further| {
        let mapping = Mapping::try_from(range(address, further)).unwrap();
        document.with_mapping(key(2), mapping).unwrap()
    };
    let ranged = with("x:100", 10);
    let text = ranged.to_json();
    assert!(text.contains("\"furtherPorts\": 10"), "{text}");
    assert_eq!(Document::from_json(&text).unwrap(), ranged);
    let next = |address: &str, further| {
        let mapping = Mapping::try_from(range(address, further)).unwrap();
        ranged.with_mapping(key(2), mapping)
    };
    assert!(next("x:111", 0).is_ok() && next("x:90", 9).is_ok() && next("y:105", 0).is_ok());
    for (address, further) in [("x:110", 0), ("x:90", 10), ("x:101", 500)] {
        let overlap = next(address, further).unwrap_err();
        assert!(overlap.rule.contains("among them"), "{overlap}");
    }
}

#[test]
fn what_only_rfc_has_is_for_rfc_only() {
    let options = |json: &str| serde_json::from_str(json).unwrap();
    let with = |protocol, json: &str| MappingFields {
        rfc_options: options(json),
        ..fields(protocol, BackendType::Abap)
    };
    let router = r#"{"sapRouter": "/H/router/S/3299"}"#;
    assert!(Mapping::try_from(with(Protocol::Rfc, router)).is_ok());
    assert_eq!(refused(with(Protocol::Http, router)).field, "rfcOptions");
    let snc = r#"{"sncPartnerName": "p:CN=ERP"}"#;
    assert!(Mapping::try_from(with(Protocol::Rfcs, snc)).is_ok());
    let wrong = refused(with(Protocol::Rfc, snc));
    assert_eq!(wrong.field, "rfcOptions.sncPartnerName");
    // What says nothing is not kept.
    let empty = Mapping::try_from(with(Protocol::Http, "{}")).unwrap();
    assert_eq!(empty.rfc_options, None);
}

#[test]
fn what_is_at_its_default_is_not_written() {
    let json = sample().to_json();
    for name in [
        "furtherPorts",
        "rfcOptions",
        "systemId",
        "creationDate",
        "channels",
        "identityTrust",
    ] {
        assert!(!json.contains(name), "{name}");
    }
    // The hash that a mapping had before these were.
    let mapping = mapping("a:80", &["/x"]);
    let hash = Part::new(mapping).hash().to_string();
    let expected = canonical::hash(&serde_json::json!({
        "virtualAddress": "a:80", "internalAddress": "10.0.0.1:8080", "protocol": "HTTP",
        "backendType": "nonSAPsys", "authenticationMode": "NONE", "hostInHeader": "VIRTUAL",
        "description": "", "resources": [{"path": "/x", "enabled": true, "exactMatchOnly": false,
        "websocketUpgradeAllowed": false, "description": ""}]
    }));
    assert_eq!(hash, expected.to_string());
}
