//! What each call of the table is made with.

use super::*;

/// The subaccount that its administrators may change, and the one that they may not.
pub(super) const FREE: &str = "0190a5a2-6d0e-7cc0-8000-000000000001";
/// See [`FREE`].
pub(super) const MANAGED: &str = "0190a5a2-6d0e-7cc0-8000-000000000002";

const CERTIFICATE: &str = include_str!("old.pem");

/// A public key of age, whose private key nobody has.
const RECIPIENT: &str = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p";

/// One call with its address and body.
#[derive(Clone, Debug)]
pub(super) struct Sample {
    pub(super) operation: &'static Operation,
    pub(super) url: String,
    pub(super) body: Option<Value>,
    /// Whether it does what it is for; the others end in an error behind the check of the role.
    pub(super) works: bool,
}

/// The address of a call with all variable segments filled in.
pub(super) fn url(template: &str, subaccount: &str) -> String {
    // Clients and users are those of RFC.
    let rfc = template.contains("/allowedClients") || template.contains("/blockedClientUsers");
    let segment = |segment: &str| {
        let filled = match segment {
            "{alert}" => "1",
            "{alias}" => "old",
            "{app}" => "app",
            "{availableType}" => "HANA",
            "{channel}" if subaccount == FREE => "1",
            "{channel}" => "2",
            "{diagnosis}" => "1",
            "{channelType}" => "ABAPCloud",
            "{client}" => "100",
            "{clientUser}" => "100:DDIC",
            "{idp}" => "main",
            "{index}" => "0",
            "{internalDomain}" => "corp.example",
            "{logFile}" => "agent.log",
            "{trace}" => "1",
            "{monitoringUser}" | "{schedule}" => "old",
            "{operator}" => MANAGED,
            "{plan}" => FREE,
            "{regionHost}" => "gate.example.com",
            "{resource}" => "-sap",
            "{revision}" => "1",
            "{subaccount}" => subaccount,
            // Where there is nothing, nobody is dialled.
            "{virtualAddress}" if template.ends_with("/check") => "none:1",
            "{virtualAddress}" if rfc => "rfc:3300",
            "{virtualAddress}" => "erp:443",
            plain => {
                assert!(
                    !plain.starts_with('{'),
                    "{plain} of {template} has no value"
                );
                plain
            }
        };
        filled.to_owned()
    };
    let filled: Vec<String> = template.split('/').map(segment).collect();
    filled.join("/")
}

/// The whole of a sample; the body is by method and path, as is what cannot work here.
pub(super) fn sample(operation: &'static Operation, subaccount: &str) -> Sample {
    let url = url(operation.path, subaccount);
    let path = operation.path;
    let rest = path.strip_prefix("/api/v1/").unwrap_or(path);
    let below = rest.strip_prefix("configuration/subaccounts/{regionHost}/{subaccount}");
    let path = below.unwrap_or(rest);
    let (body, works) = body(operation.verb.as_str(), path);
    Sample {
        operation,
        url,
        body,
        works,
    }
}

#[expect(clippy::too_many_lines, reason = "a table")]
fn body(verb: &str, path: &str) -> (Option<Value>, bool) {
    let mapping = |host: &str| {
        json!({"virtualHost": host, "virtualPort": "443", "localHost": "10.0.0.9",
               "localPort": 8443, "protocol": "HTTPS", "backendType": "nonSAPsys"})
    };
    let channel = |number: u8| json!({"abapCloudTenantHost": "other", "instanceNumber": number});
    let domain =
        |internal: &str| json!({"virtualDomain": "other.example", "internalDomain": internal});
    let body = match (verb, path) {
        ("PUT", "configuration/document") => with(&fixture(), "/connector/tunnelConnections", 3),
        ("PUT", "configuration/connector/proxy") => json!({"host": "proxy.corp", "port": 3128}),
        ("PATCH", "configuration/connector/onPremises/truststore") => {
            json!({"trustAllBackends": true})
        }
        ("POST", "configuration/connector/onPremises/truststore/certificates") => {
            json!({"alias": "new", "certificate": OTHER_CERTIFICATE})
        }
        // It would take all operators away.
        ("POST", "configuration/revisions/{revision}/undo") => return (None, false),
        (
            "PATCH",
            "configuration/connector/auditLog"
            | "configuration/connector/auditLog/subaccounts/{regionHost}/{subaccount}",
        ) => json!({"level": "ALL"}),
        // Certificates come with keys, which no way back brings again.
        (_, path) if path.ends_with("Certificate") && path.contains("connector/") => {
            return (None, false);
        }
        (_, path)
            if path.starts_with("configuration/connector") && settings(verb, path).is_some() =>
        {
            return settings(verb, path).unwrap_or_default();
        }
        // No gateway gave this token.
        ("POST", "configuration/subaccounts") => {
            return (Some(json!({"authenticationData": "x"})), false);
        }
        ("POST", "configuration/connector/operators") => {
            json!({"name": "third", "role": "Support", "csr": request()})
        }
        ("PATCH", "configuration/connector/operators/{operator}") => json!({"comment": "new"}),
        // No string was made, and nothing listens here.
        ("GET", "configuration/connector/pairing") => return (None, false),
        ("POST", "configuration/connector/pairing") => {
            return (Some(json!({"role": "Display", "host": "localhost"})), false);
        }
        // Backups come as forms, and nothing was planned or restored.
        ("POST", "restore/plan" | "restore/plan/{plan}/apply" | "restore/rollback") => {
            return (None, false);
        }
        (_, "restore/plan/{plan}") => return (None, false),
        // It takes a connection without a certificate.
        ("POST", "pairing") => return (Some(json!({"csr": "", "proof": ""})), false),
        ("POST", "operator/certificate") => return (Some(json!({"csr": request()})), false),
        // Nothing is kept here.
        (_, "monitoring/metrics" | "monitoring/history") => return (None, false),
        // The host is measured some seconds after the start.
        (_, "/api/monitoring/memory" | "/api/monitoring/disk" | "/api/monitoring/cpu") => {
            return (None, false);
        }
        ("PUT", "backupSchedules/{schedule}") => {
            json!({"cron": "0 1 * * *", "recipients": [RECIPIENT],
                   "target": {"directory": {"path": "/srv/other"}}})
        }
        // The one before is not made yet.
        ("POST", "backupSchedules/{schedule}/run") => return (None, false),
        ("PUT", "configuration/backup") => return (Some(json!({})), false),
        ("POST", "configuration/backup") => json!({"recipients": [RECIPIENT]}),
        // It takes a form.
        ("POST", "backup/verification" | "backup/configuration") => {
            return (Some(json!({})), false);
        }
        // They do something else than change the configuration.
        (_, "alerts" | "logs" | "logs/stream" | "drain" | "restart") => return (None, true),
        ("POST", "alerts/test") => return (Some(json!({"channel": "mail"})), false),
        ("POST", "alerts/{alert}/silence") => return (Some(json!({"untilMs": 0})), false),
        // Nothing is wrong, and nothing is delivered.
        (_, path) if path.starts_with("alerts/") => return (None, false),
        // There is none.
        ("DELETE", "diagnoses/{diagnosis}") => return (None, false),
        // Nothing was logged, and nothing is traced; the second time it is asked for already.
        (_, "logs/files/{logFile}" | "logs/files/{logFile}/lines") => return (None, false),
        ("POST", "traces") => {
            let body = json!({"regionHost": "gate.example.com", "subaccount": FREE, "reason": "x"});
            return (Some(body), false);
        }
        // There is no gateway, and no handover.
        ("POST", path) if path.starts_with("migration/") => return (Some(json!({})), false),
        (_, path) if path.starts_with("traces/") => return (None, false),
        ("GET", "events") | (_, "configuration/pendingConfirm") => return (None, false),
        ("POST", "/systemMappings/{virtualAddress}/check") => return (None, false),
        ("POST", "/systemMappings/check") => {
            json!({"localHost": "127.0.0.1", "localPort": 1, "protocol": "HTTP"})
        }
        ("POST", "/accessCheck") => json!({"url": "http://erp:443/sap"}),
        ("POST", "/systemMappings/import") => {
            json!({"format": "underpass-mappings-1", "mappings": [
                {"virtualAddress": "crm:443", "internalAddress": "10.0.0.9:8443",
                 "protocol": "HTTPS", "backendType": "nonSAPsys"}]})
        }
        ("PUT", "") => json!({"displayName": "another"}),
        ("PUT", "/state") => json!({"connected": false}),
        // There is no gateway that could renew, and none that names whom to trust.
        ("POST", "/validity" | "/trust") => return (None, false),
        ("GET" | "POST", "/channels") => return (None, false),
        ("POST", "/channels/{channelType}") => channel(31),
        ("PUT", "/channels/{channelType}/{channel}") => channel(30),
        ("PUT", "/channels/{channelType}/{channel}/state") => json!({"enabled": false}),
        ("POST", "/domainMappings") => domain("new.example"),
        ("PUT", "/domainMappings/{internalDomain}") => domain("corp.example"),
        ("PUT", "/trust") => json!({"autoSyncTrustEnabled": true}),
        ("PUT", "/trust/idps/{idp}" | "/trust/apps/{app}") => json!({"enabled": true}),
        ("POST" | "PATCH", "/systemMappings/{virtualAddress}/allowedClients") => json!(["300"]),
        ("POST" | "PATCH", "/systemMappings/{virtualAddress}/blockedClientUsers") => {
            json!([{"client": "300", "user": "SAP*"}])
        }
        ("POST", "/systemMappings") => mapping("crm"),
        ("PUT", "/systemMappings/{virtualAddress}") => mapping("erp"),
        ("POST", "/systemMappings/{virtualAddress}/resources") => json!({"id": "/new"}),
        ("PUT", "/systemMappings/{virtualAddress}/resources/{resource}") => {
            json!({"enabled": false, "description": "changed"})
        }
        _ => return (None, true),
    };
    (Some(body), true)
}

/// Settings of alerts that are not the default.
pub(super) fn alerting() -> Value {
    json!({
        "thresholds": {"cpuLoad": 80, "cpuLoadViolationToleranceSec": 60, "freeDiskSpaceMb": 1,
                       "certificateValidityDays": 30},
        "notification": {"ha": true, "tunnels": true, "serviceChannels": true, "CPU": true,
                         "freeDiskSpace": true, "certificates": true, "troubleshooting": true},
    })
}

/// The bodies of calls on settings of the agent as a whole.
fn settings(verb: &str, path: &str) -> Option<(Option<Value>, bool)> {
    let rule = json!({"description": "new", "condition": {"variable": "a", "operator": "exist"},
                      "subjectPattern": {"CN": "${a}"}});
    let path = path.strip_prefix("configuration/connector")?;
    let body = match (verb, path) {
        ("PUT", "") => json!({"description": "new"}),
        ("PUT", "/ha/master/config") => json!({"haEnabled": false}),
        // There is no other agent.
        ("POST", "/haRole") => return Some((Some(json!("shadow")), false)),
        ("POST", "/ha/master/state") => return Some((Some(json!({"op": "SWITCH"})), false)),
        ("POST", "/ha/shadow/state") => return Some((Some(json!({"op": "CONNECT"})), false)),
        ("PUT", "/ha/shadow/config") => return Some((Some(json!({"masterHost": "a"})), false)),
        ("GET" | "DELETE", "/ha/shadow/config" | "/ha/shadow/state") => return Some((None, false)),
        // There is no user with a password who could do anything.
        ("PUT", "/authentication/basic") => {
            return Some((Some(json!({"user": "a", "password": "b"})), false));
        }
        ("PUT" | "PATCH", "/history") => {
            json!({"fineHours": 48, "minuteDays": 7, "hourDays": 365})
        }
        ("PUT" | "PATCH", "/onPremises/ppSettings") => {
            json!({"expirationToleranceInHr": 1, "certificateValidityInMin": 1})
        }
        ("POST", "/onPremises/subjectPatternRules")
        | ("PUT", "/onPremises/subjectPatternRules/{index}") => rule,
        ("POST", "/onPremises/subjectPatternRules/{index}/move") => json!({"position": 1}),
        // There is no CA that could sign it.
        ("GET", "/onPremises/subjectPatternRules/{index}/sampleCertificate") => {
            return Some((None, false));
        }
        ("PATCH", "/logAndTrace") => json!({"sccLogLevel": "DEBUG"}),
        ("PATCH", "/logAndTrace/subaccounts/{regionHost}/{subaccount}") => {
            json!({"trafficTrace": true})
        }
        ("PUT" | "PATCH", "/alerting") => alerting(),
        ("PUT" | "PATCH", "/heartbeat") => json!({"url": "https://hc.example/ping"}),
        ("PUT" | "PATCH", "/alertRules") => json!({"thresholds": {"memoryPercent": 80}}),
        ("PUT" | "PATCH", "/email") => json!({"enabled": false, "smtpHost": "mail"}),
        ("POST", "/email/truststore/certificates") => {
            json!({"alias": "new", "certificate": OTHER_CERTIFICATE})
        }
        ("PUT", "/webhooks") => {
            json!([{"name": "new", "enabled": true, "url": "https://hooks.example/secret"}])
        }
        ("PUT", "/syslog") => {
            json!([{"name": "new", "enabled": true, "host": "log.corp", "transport": "tls"}])
        }
        ("POST", "/ui/cipherSuites") => json!(["TLS_AES_128_GCM_SHA256"]),
        ("PUT" | "PATCH", "/tunnel") => json!({"connections": 3}),
        ("PUT", "/organisation") => {
            json!({"authorities": [{"alias": "new", "certificate": OTHER_CERTIFICATE}]})
        }
        ("POST", "/monitoringUsers") => json!({"name": "new", "password": "correct horse"}),
        ("PUT", "/monitoringUsers/{monitoringUser}") => json!({"password": "correct horse"}),
        ("PATCH", "/organisation") => json!({"rules": []}),
        ("POST", "/regions") => json!({"name": "New", "regionHost": "new.example.com"}),
        _ => return None,
    };
    Some((Some(body), true))
}

/// A signing request.
fn request() -> String {
    let key = underpass_runtime::pki::PrivateKey::generate().unwrap();
    key.request().unwrap()
}

const OTHER_CERTIFICATE: &str = include_str!("other.pem");

/// A JSON text with another value at a place.
pub(super) fn with(json: &str, place: &str, value: impl Into<Value>) -> Value {
    let mut json: Value = serde_json::from_str(json).unwrap();
    let (parent, name) = place.rsplit_once('/').unwrap();
    json.pointer_mut(parent).unwrap()[name] = value.into();
    json
}

/// An Administrator, an operator with another role, and the callers of all roles.
pub(super) fn operators(role: &str) -> Value {
    let mut all = vec![
        json!({"id": FREE, "name": "first", "role": "Administrator"}),
        json!({"id": MANAGED, "name": "second", "role": role}),
    ];
    for (at, role) in Role::ALL.iter().enumerate() {
        let (id, role) = (caller_id(at), role.to_string());
        all.push(json!({"id": id, "name": role, "role": role}));
    }
    json!(all)
}

/// A configuration with one of everything that calls are about.
pub(super) fn fixture() -> String {
    let subaccount = |id: &str, managed: bool| {
        json!({
            "regionHost": "gate.example.com",
            "subaccount": id,
            "instance": id,
            "credential": id,
            "connected": true,
            "managed": managed,
            "mappings": [{
                "virtualAddress": "erp:443",
                "internalAddress": "10.0.0.1:443",
                "protocol": "HTTPS",
                "backendType": "abapSys",
                "resources": [{"path": "/sap", "enabled": true, "exactMatchOnly": false}],
            }, {
                "virtualAddress": "rfc:3300",
                "internalAddress": "10.0.0.1:3300",
                "protocol": "RFC",
                "backendType": "abapSys",
                "rfcOptions": {
                    "allowedClients": ["100", "200"],
                    "blockedUsers": [{"client": "100", "user": "DDIC"}],
                },
            }],
            "domainMappings": [
                {"virtualDomain": "cloud.example", "internalDomain": "corp.example"},
            ],
            "channels": [{
                "id": if managed { 2 } else { 1 },
                "enabled": true,
                "service": {"ABAPCloud": {
                    "tenantHost": "t",
                    "instanceNumber": if managed { 2 } else { 1 },
                }},
            }],
            "identityTrust": {
                "providers": [{"id": "main", "name": "Main"}],
                "apps": [{"id": "app", "name": "App", "applicationType": "JAVA"}],
            },
        })
    };
    let rule = |variable: &str| {
        json!({"description": "old", "condition": {"variable": variable, "operator": "exist"},
               "subjectPattern": {"CN": "x"}})
    };
    let document = json!({
        "schema": 1,
        "connector": {
            "cipherSuites": ["TLS_AES_256_GCM_SHA384"],
            "operators": operators("Display"),
            "monitoringUsers": [{"name": "old", "password": FREE}],
            "backupSchedules": [{"name": "old", "enabled": true, "cron": "30 2 * * *",
                                 "recipients": [RECIPIENT],
                                 "target": {"directory": {"path": "/srv/old", "keep": 3}}}],
            "organisation": {
                "authorities": [{"alias": "old", "certificate": CERTIFICATE}],
                "rules": [{"authority": "old", "match": {"OU": "IT"}, "role": "Display"}],
            },
            "proxy": {"host": "old.corp", "port": 8080},
            "backendTrust": {"certificates": [{"alias": "old", "certificate": CERTIFICATE}]},
            "emailTrust": [{"alias": "old", "certificate": CERTIFICATE}],
            "regions": [{"name": "Old", "regionHost": "gate.example.com"}],
            "subjectPatternRules": {"rules": [rule("a"), rule("b")]},
        },
        "subaccounts": [subaccount(FREE, false), subaccount(MANAGED, true)],
    });
    document.to_string()
}
