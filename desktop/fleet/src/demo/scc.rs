//! A made-up SAP Cloud Connector, as its documented REST API would tell it.

use serde_json::{Value, json};
use underpass_shared::scc::{Reading, Source};

use crate::scc::{Fingerprint, SccUrl, Shown};

const ROOT: &str = "/api/v1/configuration";
const EU10: &str = "cf.eu10.hana.ondemand.com";
const NEO: &str = "hana.ondemand.com";
const CREATED_MS: i64 = 1_700_000_000_000;

/// Subaccounts: region, id, location ID, name, and the mappings that are theirs.
const SUBACCOUNTS: [(&str, &str, &str, &str, std::ops::Range<usize>); 3] = [
    (
        EU10,
        "0190a5a2-6d0e-7cc0-8000-0000000000a1",
        "",
        "Integration Suite",
        0..5,
    ),
    (
        EU10,
        "0190a5a2-6d0e-7cc0-8000-0000000000a2",
        "plant south",
        "Supplier Portal",
        5..8,
    ),
    (NEO, "p1234567trial", "", "Analytics", 8..9),
];

/// Mappings: virtual host and port, internal host and port, protocol, type, authentication.
const MAPPINGS: [[&str; 7]; 9] = [
    [
        "s4h-prd",
        "443",
        "s4h-app01.corp.example",
        "44300",
        "HTTPS",
        "abapSys",
        "X509_GENERAL",
    ],
    [
        "ecc-prd",
        "443",
        "ecc-web.corp.example",
        "8443",
        "HTTPS",
        "abapSys",
        "KERBEROS",
    ],
    [
        "mes-api",
        "443",
        "mes.plant.example",
        "9443",
        "HTTPS",
        "nonSAPsys",
        "NONE",
    ],
    [
        "ldap-corp",
        "636",
        "dc01.corp.example",
        "636",
        "LDAPS",
        "nonSAPsys",
        "NONE",
    ],
    [
        "wiki",
        "80",
        "127.0.0.1",
        "8090",
        "HTTP",
        "nonSAPsys",
        "NONE",
    ],
    [
        "srm-prd",
        "443",
        "srm-ci.corp.example",
        "44310",
        "HTTPS",
        "abapSys",
        "X509_RESTRICTED",
    ],
    [
        "portal",
        "443",
        "portal.corp.example",
        "443",
        "HTTPS",
        "netweaverCE",
        "NONE",
    ],
    [
        "hana-rep",
        "30015",
        "hana-db01.corp.example",
        "30015",
        "TCP",
        "otherSAPsys",
        "NONE",
    ],
    [
        "bw-prd",
        "443",
        "bw4-ci.corp.example",
        "44301",
        "HTTPS",
        "abapSys",
        "NONE",
    ],
];

/// The certificate that it shows.
pub(crate) fn shown() -> Shown {
    let mut bytes = [0; 32];
    for (at, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::try_from(at * 37 % 251).unwrap_or_default();
    }
    Shown {
        fingerprint: Fingerprint(bytes),
        certificate: "CN=scc.corp.example, O=Corp".to_owned(),
    }
}

/// All that it tells.
pub(crate) fn reading(url: &SccUrl, now_ms: i64) -> Reading {
    let mut reading = Reading::of(Source {
        address: url.to_string(),
        read_at_ms: now_ms,
    });
    for (path, answer) in connector() {
        reading.keep(&format!("{ROOT}/connector{path}"), answer);
    }
    let all = SUBACCOUNTS.map(|(region, id, location, _, _)| {
        json!({"regionHost": region, "subaccount": id, "locationID": location})
    });
    reading.keep(&format!("{ROOT}/subaccounts"), json!(all));
    for (place, (region, id, location, name, range)) in SUBACCOUNTS.into_iter().enumerate() {
        let at = format!("{ROOT}/subaccounts/{region}/{id}");
        let own = json!({
            "regionHost": region, "subaccount": id, "locationID": location, "displayName": name,
            "description": "", "autoCertRenewal": place != 1,
            "tunnel": {"state": "Connected", "connectedSinceTimeStamp": CREATED_MS, "connections": 1},
        });
        reading.keep(&at, own);
        reading.keep(&format!("{at}/domainMappings"), domains(place));
        reading.keep(
            &format!("{at}/trust"),
            json!({"autoSyncTrustEnabled": place == 0}),
        );
        let mappings: Vec<Value> = MAPPINGS[range].iter().map(mapping).collect();
        for one in &mappings {
            let text = |name: &str| one[name].as_str().unwrap_or_default().to_owned();
            if text("protocol").starts_with("HTTP") {
                let (host, port) = (text("virtualHost"), text("virtualPort"));
                let path = format!("{at}/systemMappings/{host}:{port}/resources");
                reading.keep(&path, resources(text("backendType") == "abapSys"));
            }
        }
        reading.keep(&format!("{at}/systemMappings"), json!(mappings));
    }
    reading
}

fn connector() -> Vec<(&'static str, Value)> {
    let certificate = json!({
        "subjectDN": "CN=scc.corp.example,O=Corp", "issuer": "CN=Corp Root",
        "notBeforeTimeStamp": CREATED_MS, "notAfterTimeStamp": CREATED_MS + 100_000_000_000_i64,
        "serialNumber": "0a:1b:2c",
    });
    let rule = |condition: &str, pattern: Value| json!({"description": "", "condition": condition, "subjectPattern": pattern});
    vec![
        (
            "",
            json!({"ha": "master", "description": "Plant connector"}),
        ),
        (
            "/proxy",
            json!({"host": "proxy.corp.example", "port": "3128", "user": "scc", "password": "***"}),
        ),
        (
            "/logAndTrace",
            json!({"sccLogLevel": "WARN", "otherLogLevel": "INFO", "tlsTrace": false, "cpicTraceLevel": 0, "cleanup": 30, "rolloverThreshold": "75 MB"}),
        ),
        ("/auditLog", json!({"level": "ALL", "cleanup": 90})),
        (
            "/solutionManagement",
            json!({"hostAgentPath": "/usr/sap/hostctrl", "isEnabled": true, "dsrEnabled": false}),
        ),
        ("/onPremises/systemCertificate", certificate.clone()),
        ("/onPremises/ppCaCertificate", certificate),
        (
            "/onPremises/ppSettings",
            json!({"expirationToleranceInHr": 1, "certificateValidityInMin": 30}),
        ),
        (
            "/onPremises/truststore",
            json!({"trustAllBackends": true, "trustedBackends": []}),
        ),
        (
            "/onPremises/subjectPatternRules",
            json!([
                rule(
                    "user_type is business",
                    json!({"CN": "${mail}", "O": "Corp"})
                ),
                rule("always true", json!({"CN": "${name}"})),
            ]),
        ),
    ]
}

fn domains(place: usize) -> Value {
    if place > 0 {
        return json!([]);
    }
    json!([{"virtualDomain": "shop.cloud.example", "internalDomain": ".shop.corp.example"}])
}

fn mapping(row: &[&str; 7]) -> Value {
    let [
        virtual_host,
        virtual_port,
        host,
        port,
        protocol,
        backend,
        mode,
    ] = row;
    json!({
        "virtualHost": virtual_host, "virtualPort": virtual_port, "localHost": host,
        "localPort": port, "creationDate": CREATED_MS.to_string(), "protocol": protocol,
        "backendType": backend, "hostInHeader": "VIRTUAL", "sid": "",
        "totalResourcesCount": 2, "enabledResourcesCount": 2, "authenticationMode": mode,
        "description": "", "allowedClients": [], "blacklistedUsers": [],
    })
}

fn resources(is_abap: bool) -> Value {
    let paths = if is_abap {
        ["/sap/opu/odata", "/sap/bc/soap/wsdl"]
    } else {
        ["/api/v1", "/health"]
    };
    let one = |(at, path): (usize, &str)| {
        json!({
            "id": path, "enabled": true, "exactMatchOnly": at == 1, "websocketUpgradeAllowed": false,
            "creationDate": CREATED_MS.to_string(), "description": "",
        })
    };
    paths.into_iter().enumerate().map(one).collect()
}

#[cfg(test)]
mod tests {
    use underpass_shared::config::Document;
    use underpass_shared::scc::{Choice, plan};
    use uuid::Uuid;

    use super::*;

    #[test]
    fn it_can_be_planned_and_leaves_something_to_decide() {
        let url = "https://scc.corp.example".parse().unwrap();
        let reading = reading(&url, 0);
        let plan = |choice: &Choice| {
            let mut fresh = || Uuid::from_u128(7);
            plan(&reading, &Document::empty(), choice, &mut fresh).unwrap()
        };
        let mut choice = Choice::default();
        assert!(plan(&choice).report.is_open());
        for region in [EU10, NEO] {
            let gateway = "connect.eu10.example.com".parse().unwrap();
            choice.regions.insert(region.to_owned(), gateway);
        }
        choice.left_out.insert("p1234567trial".to_owned());
        let south = "plant-south".parse().unwrap();
        choice.locations.insert("plant south".to_owned(), south);
        choice.trust_all = true;
        let planned = plan(&choice);
        assert!(!planned.report.is_open(), "{:#?}", planned.report.decisions);
        assert_eq!(planned.document.subaccounts().len(), 2);
        assert_eq!(planned.report.counts.system_mappings.carried, 8);
    }
}
