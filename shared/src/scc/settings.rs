//! Settings of the connector as a whole.

use serde_json::{Map, Value, json};

use super::address;
use super::fields::Fields;
use super::findings::{Decision, Kind, Topic, shown};
use super::plan::Work;
use super::reading::{is_secret, list, text_of};
use super::{rules, trust};
use crate::config::{
    Alerting, AuditSettings, ConnectorFields, LogLevel, LogSettings, Mail, MailFields, PpSettings,
    Proxy, ProxyFields,
};

/// The settings with those of the connector, as far as a document can have them.
pub(super) fn carry(work: &mut Work<'_>, present: &ConnectorFields) -> ConnectorFields {
    let mut fields = present.clone();
    leave_whole(work);
    keys(work);
    if work.choice.without_settings {
        let why = "settings of the connector as a whole stay behind by choice";
        work.findings.left("connector", "", None, why);
        return fields;
    }
    describe(work, &mut fields);
    proxy(work, &mut fields);
    fields.backend_trust = trust::backends(work, &present.backend_trust);
    propagation(work, &mut fields);
    logs(work, &mut fields);
    audit(work, &mut fields);
    alerting(work, &mut fields);
    mail(work, &mut fields);
    fields.email_trust = trust::mail(work, &present.email_trust);
    fields
}

/// What has no counterpart here, field by field.
fn leave_whole(work: &mut Work<'_>) {
    let reading = work.reading;
    if let Some(told) = reading.answer(address::VERSION) {
        let mut fields = Fields::of(told, "connector");
        fields.states(&["version"], "the connector's version", &mut work.findings);
        fields.finish(&mut work.findings);
    }
    let newer = reading.answer(address::AUTHENTICATION);
    let operators = newer.or_else(|| reading.connector("/authentication"));
    for (place, told, why) in [
        (
            "high availability",
            reading.connector("/ha/master/config"),
            "standby agents are set up between agents, not imported",
        ),
        (
            "operators",
            operators,
            "operators have certificates here, no passwords and no LDAP; `underpass-agent pair` adds each",
        ),
        (
            "cipher suites of the administration UI",
            reading.connector("/ui/cipherSuites"),
            "the management API takes good suites only, by other names",
        ),
        (
            "solution management",
            reading.connector("/solutionManagement"),
            "has no counterpart; monitor the agent by its metrics",
        ),
        (
            "corrupted subaccounts",
            reading
                .answer(address::CORRUPTED)
                .filter(|told| !list(Some(told)).is_empty()),
            "the connector itself could not load them",
        ),
    ] {
        every(work, place, told, why);
    }
}

/// Leaves every field of an answer behind.
fn every(work: &mut Work<'_>, place: &str, told: Option<&Value>, why: &str) {
    match told {
        Some(Value::Object(map)) => {
            let mut fields = Fields::of(&Value::Object(map.clone()), place);
            for name in map.keys().filter(|name| *name != "_links") {
                fields.leave(name, why, &mut work.findings);
            }
            fields.finish(&mut work.findings);
        }
        Some(Value::Null) | None => {}
        Some(other) => work.findings.left(place, "", Some(shown(other)), why),
    }
}

/// Certificates whose keys cannot leave the connector.
fn keys(work: &mut Work<'_>) {
    let reading = work.reading;
    for (which, told, remedy) in [
        (
            "the certificate of the administration UI",
            reading.connector("/ui/uiCertificate"),
            "the agent has one of its own; `underpass-agent certificate csr ui` gets one of your CA",
        ),
        (
            "the system certificate",
            reading.on_premises("systemCertificate"),
            "import your PKCS #12 by `underpass-agent certificate import system`, or make a new one and let the back ends trust it",
        ),
        (
            "the CA certificate of principal propagation",
            reading.on_premises("ppCaCertificate"),
            "import your PKCS #12 by `underpass-agent certificate import ca`, or make a new one and let the back ends trust it",
        ),
    ] {
        let Some(told) = told else { continue };
        let why =
            "the key cannot leave the connector, and the certificate is worth nothing without it";
        every(work, which, Some(told), why);
        work.findings.decide(Decision {
            topic: Topic::Keys,
            key: String::new(),
            about: which.to_owned(),
            taken: "left behind, for its key cannot leave the connector".to_owned(),
            instead: remedy.to_owned(),
            open: false,
            places: told.get("subjectDN").map(shown).into_iter().collect(),
        });
        work.steps.push(format!("For {which}: {remedy}"));
    }
}

fn describe(work: &mut Work<'_>, into: &mut ConnectorFields) {
    let reading = work.reading;
    let Some(told) = reading.connector("") else {
        return;
    };
    let mut fields = Fields::of(told, "connector");
    fields.states(&["ha", "role"], "a state", &mut work.findings);
    let description = fields.fit("description", &mut work.findings);
    if !description.is_empty() {
        work.settle("description", &mut into.description, Some(description));
    }
    fields.finish(&mut work.findings);
}

fn proxy(work: &mut Work<'_>, into: &mut ConnectorFields) {
    let Some(told) = work.reading.connector("/proxy") else {
        return;
    };
    let mut fields = Fields::of(told, "proxy");
    let (host, port) = (fields.text("host"), fields.text("port"));
    let user = fields.text("user");
    let password = fields.text("password");
    fields.finish(&mut work.findings);
    let Some(host) = host else { return };
    let port = port.unwrap_or_default();
    let address = format!("{host}:{port}");
    if user.is_some() || password.is_some() {
        let user = user.unwrap_or_default();
        work.counts.settings.count(false);
        let why =
            "the connector does not tell the password, without which the proxy lets nobody through";
        work.findings.left(
            "proxy",
            "host, port, user, password",
            Some(address.clone()),
            why,
        );
        let how = format!("set it by `underpass-agent proxy set http://{user}@{address}`");
        password_wanted(work, &how, "the proxy's user");
        return;
    }
    let proxy = host.parse().map_err(|rule| format!("{rule}"));
    let proxy = proxy.and_then(|host| {
        let port = port.parse().map_err(|rule| format!("{rule}"))?;
        let fields = ProxyFields {
            host,
            port,
            user: None,
            credential: None,
        };
        Proxy::try_from(fields).map_err(|invalid| invalid.to_string())
    });
    match proxy {
        Ok(proxy) => work.settle("proxy", &mut into.proxy, Some(proxy)),
        Err(why) => {
            work.counts.settings.count(false);
            work.findings
                .left("proxy", "host, port", Some(address), why);
        }
    }
}

fn password_wanted(work: &mut Work<'_>, how: &str, whose: &str) {
    work.findings.decide(Decision {
        topic: Topic::Passwords,
        key: String::new(),
        about: format!("the password of {whose}"),
        taken: "left behind, for the connector does not tell it".to_owned(),
        instead: how.to_owned(),
        open: false,
        places: vec![],
    });
    work.steps
        .push(format!("For the password of {whose}: {how}"));
}

fn propagation(work: &mut Work<'_>, into: &mut ConnectorFields) {
    let reading = work.reading;
    if let Some(told) = reading.on_premises("ppSettings") {
        let mut fields = Fields::of(told, "principal propagation");
        let known = fields.take(&["expirationToleranceInHr", "certificateValidityInMin"]);
        fields.finish(&mut work.findings);
        match serde_json::from_value::<PpSettings>(Value::Object(known)) {
            Ok(wanted) => work.settle("principal propagation", &mut into.pp_settings, wanted),
            Err(rule) => refuse(work, "principal propagation", told, &rule.to_string()),
        }
    }
    let present = into.subject_pattern_rules.clone();
    if let Some(wanted) = rules::carry(work, &present) {
        work.settle("subject rules", &mut into.subject_pattern_rules, wanted);
    }
}

/// A setting that breaks a rule here.
fn refuse(work: &mut Work<'_>, place: &str, told: &Value, rule: &str) {
    work.counts.settings.count(false);
    work.findings.left(place, "", Some(shown(told)), rule);
}

fn logs(work: &mut Work<'_>, into: &mut ConnectorFields) {
    let Some(told) = work.reading.connector("/logAndTrace") else {
        return;
    };
    let findings = &mut work.findings;
    let mut fields = Fields::of(told, "log");
    fields.states(&["isTlsTraceActive"], "a state", findings);
    fields.leave(
        "logAndTracePath",
        "a path of the connector's host",
        findings,
    );
    for (name, off) in [("tlsTrace", "false"), ("cpicTraceLevel", "0")] {
        if let Some(value) = fields.text(name).filter(|value| value != off) {
            let why = "traces hold payload; an import does not switch them on";
            findings.left("log", name, Some(value), why);
        }
    }
    let known = fields.take(&[
        "sccLogLevel",
        "otherLogLevel",
        "cleanup",
        "rolloverThreshold",
    ]);
    fields.finish(findings);
    match serde_json::from_value::<LogSettings>(Value::Object(known)) {
        Ok(mut wanted) => {
            // The agent's own default, which is not written down.
            for level in [&mut wanted.scc_log_level, &mut wanted.other_log_level] {
                *level = level.filter(|level| *level != LogLevel::Info);
            }
            work.settle("log", &mut into.log_and_trace, wanted);
        }
        Err(rule) => refuse(work, "log", told, &rule.to_string()),
    }
}

fn audit(work: &mut Work<'_>, into: &mut ConnectorFields) {
    let Some(told) = work.reading.connector("/auditLog") else {
        return;
    };
    let mut fields = Fields::of(told, "audit log");
    fields.leave(
        "logPath",
        "a path of the connector's host",
        &mut work.findings,
    );
    let cleanup = fields
        .text("cleanup")
        .and_then(|days| days.parse::<u32>().ok());
    let mut known = fields.take(&["level"]);
    if let Some(days) = cleanup {
        known.insert("cleanup".to_owned(), json!(days));
    }
    fields.finish(&mut work.findings);
    match serde_json::from_value::<AuditSettings>(Value::Object(known)) {
        Ok(wanted) => work.settle("audit log", &mut into.audit, wanted),
        Err(rule) => refuse(work, "audit log", told, &rule.to_string()),
    }
}

fn alerting(work: &mut Work<'_>, into: &mut ConnectorFields) {
    let Some(told) = work.reading.connector("/alerting") else {
        return;
    };
    let mut fields = Fields::of(told, "alerting");
    let mut wanted = json!(Alerting::default());
    for (part, names) in [
        (
            "thresholds",
            &[
                "cpuLoad",
                "cpuLoadViolationToleranceSec",
                "freeDiskSpaceMb",
                "freeDiscForAuditLogMb",
                "freeDiscForTraceMb",
                "certificateValidityDays",
            ][..],
        ),
        (
            "notification",
            &[
                "ha",
                "tunnels",
                "serviceChannels",
                "CPU",
                "freeDiskSpace",
                "certificates",
                "troubleshooting",
            ],
        ),
    ] {
        let told = fields.value(part).unwrap_or_default();
        let mut inner = Fields::of(&told, format!("alerting {part}"));
        for (name, value) in inner.take(names) {
            wanted[part][name] = value;
        }
        inner.finish(&mut work.findings);
    }
    fields.finish(&mut work.findings);
    match serde_json::from_value::<Alerting>(wanted) {
        Ok(wanted) => work.settle("alerting", &mut into.alerting, wanted),
        Err(rule) => refuse(work, "alerting", told, &rule.to_string()),
    }
}

fn mail(work: &mut Work<'_>, into: &mut ConnectorFields) {
    let Some(told) = work.reading.connector("/email") else {
        return;
    };
    let mut fields = Fields::of(told, "mail");
    let enabled = fields.flag("enabled").unwrap_or_default();
    let port = fields
        .text("smtpPort")
        .and_then(|port| port.parse::<u16>().ok());
    drop(fields.text("smtpPassword"));
    let properties = properties(work, fields.value("additionalProperties"));
    let mut known = fields.take(&[
        "trustOption",
        "sendTo",
        "sendCc",
        "sendFrom",
        "smtpHost",
        "smtpUsername",
    ]);
    known.retain(|_, value| value.as_str() != Some(""));
    fields.finish(&mut work.findings);
    known.insert("additionalProperties".to_owned(), Value::Object(properties));
    if let Some(port) = port {
        known.insert("smtpPort".to_owned(), json!(port));
    }
    let mut wanted = match serde_json::from_value::<MailFields>(Value::Object(known)) {
        Ok(wanted) => wanted,
        Err(rule) => return refuse(work, "mail", told, &rule.to_string()),
    };
    if let Some(user) = &wanted.smtp_username {
        let user = format!("the mail user {user}");
        let how = "set it in the app, or by PATCH /api/v1/configuration/connector/email, and switch mail on";
        password_wanted(work, how, &user);
    }
    for name in wanted.without_effect() {
        let why = "the agent's mail has no such property";
        let findings = &mut work.findings;
        findings.note(Kind::WithoutEffect, "mail", &name, None, why);
    }
    // Without its password it could send nothing.
    wanted.enabled = enabled && wanted.smtp_username.is_none();
    let complete = Mail::try_from(wanted.clone());
    let settled = complete.or_else(|_incomplete| {
        wanted.enabled = false;
        Mail::try_from(wanted)
    });
    match settled {
        Ok(wanted) => {
            if enabled && !wanted.enabled {
                let why = "mail is incomplete, or lacks its password, until somebody completes it";
                let value = Some("true → false".to_owned());
                work.findings
                    .note(Kind::Changed, "mail", "enabled", value, why);
            }
            work.settle("mail", &mut into.email, wanted);
        }
        Err(invalid) => refuse(work, "mail", told, &invalid.to_string()),
    }
}

/// Further settings of the mail library, but for secret ones.
fn properties(work: &mut Work<'_>, told: Option<Value>) -> Map<String, Value> {
    let mut all = Map::new();
    let told = told.unwrap_or_default();
    let Value::Object(map) = &told else {
        if !told.is_null() {
            let why = "not a list of names and values";
            work.findings
                .left("mail", "additionalProperties", Some(shown(&told)), why);
        }
        return all;
    };
    for (name, value) in map {
        if is_secret(name) {
            let why = "it may be secret, and documents hold no secrets";
            work.findings.left("mail", name, None, why);
        } else {
            all.insert(name.clone(), Value::String(text_of(value)));
        }
    }
    all
}
