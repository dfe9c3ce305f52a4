//! What the screens of trust, history and logs do, done once with a real agent.

use std::process::Command as Process;

use bytes::Bytes;
use serde_json::{Value, json};
use underpass_fleet::Reply;
use underpass_fleet::api::Call;
use underpass_fleet::command::{Change, Command, DraftAct, Trial};
use underpass_fleet::slot::{FromReply, Slot};
use underpass_shared::api::management::{
    AuditPage, AuditTarget, AuditVerification, CertificateShown, CertificateTarget,
    ConnectorTarget, DocumentTarget, LogPage, LogsShown, Preview, Query, Rating, RevisionDetail,
    RevisionDiff, RunningTarget, SecurityStatus, Target, TruststoreShown, Verb,
};
use underpass_shared::config::{
    BackendTrust, Certificate, ConnectorFields, LogLevel, Revision, SubjectRules,
    TrustedCertificate,
};
use underpass_shared::pki::chain::CertificateUse;

use super::{Desk, Reached};
use crate::process::{run, until};

/// A CA, and a key store with what it issued.
const CA: &str = "
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ca.key -out ca.pem -days 2 -subj '/CN=Fleet CA' -addext keyUsage=keyCertSign 2>/dev/null
openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout two.key -out two.csr -subj '/CN=two' 2>/dev/null
openssl x509 -req -in two.csr -CA ca.pem -CAkey ca.key -days 2 -out two.pem 2>/dev/null
openssl pkcs12 -export -inkey two.key -in two.pem -passout pass:s3cret -out two.p12
";
const SIGN: &str =
    "openssl x509 -req -in csr -CA ca.pem -CAkey ca.key -days 2 -out signed.pem 2>/dev/null";

impl Desk {
    fn read<T: FromReply + Clone>(&self, target: &Target) -> T {
        self.query(target, &Query::default())
    }

    fn query<T: FromReply + Clone>(&self, target: &Target, query: &Query) -> T {
        let (slot, mut commands) = (Slot::<T>::default(), vec![]);
        slot.request(&mut commands, self.online(), target, query);
        commands.into_iter().for_each(|command| self.send(command));
        answer(&slot)
    }

    /// Makes a call that changes something.
    fn call(&self, verb: Verb, target: Target, body: &Value) -> Result<Reply, String> {
        let mut call = Call::new(verb, target);
        if !body.is_null() {
            call.body = Bytes::from(body.to_string());
        }
        let done = Slot::default();
        self.send(Command::Call(Change {
            agent: self.online(),
            call,
            title: "a test".to_owned(),
            done: done.clone(),
        }));
        until("the answer", || match done.get().reason() {
            Some(reason) => Some(Err(reason.to_owned())),
            None => done.take().map(|stamped| Ok(Reply::clone(&stamped.value))),
        })
    }

    fn settings(&self, edit: impl FnOnce(&mut ConnectorFields) + Send + 'static) {
        let edit = move |old: &underpass_shared::config::Document| {
            let mut fields: ConnectorFields = (***old.connector()).clone().into();
            edit(&mut fields);
            old.with_connector(fields.try_into()?)
        };
        let (what, edit) = ("Edit".to_owned(), Box::new(edit));
        self.act(DraftAct::Edit { what, edit });
        // What is shown follows what is: else an old picture without a draft would do below.
        self.agent("the draft is there", |agent| {
            agent.draft.is_some().then_some(())
        });
        self.apply();
        self.agent("the draft is applied", |agent| {
            agent.draft.is_none().then_some(())
        });
    }
}

fn answer<T: FromReply + Clone>(slot: &Slot<T>) -> T {
    until("the answer", || {
        assert_eq!(slot.get().reason(), None);
        slot.take().map(|stamped| T::clone(&stamped.value))
    })
}

#[test]
fn certificates_are_made_signed_imported_and_removed_from_afar() {
    let reached = Reached::start();
    let desk = reached.pair("anna");
    let dir = tempfile::tempdir().unwrap();
    let bash = |script: &str| {
        run(Process::new("bash")
            .args(["-ec", script])
            .current_dir(dir.path()))
    };
    bash(CA);
    let read = |name: &str| std::fs::read(dir.path().join(name)).unwrap();
    let text = |name: &str| String::from_utf8(read(name)).unwrap();
    let own = || Target::Certificates(CertificateTarget::Own(CertificateUse::System));
    let made = json!({ "type": "csr", "subjectDN": "CN=one" });
    let request = desk.call(Verb::Post, own(), &made).unwrap();
    underpass_runtime::file::replace(&dir.path().join("csr"), &request.body).unwrap();
    bash(SIGN);
    let other = json!({ "signedCertificate": text("two.pem") });
    let refused = desk.call(Verb::Patch, own(), &other).unwrap_err();
    assert!(refused.contains("key"), "{refused}");
    let signed = json!({ "signedCertificate": text("signed.pem") });
    desk.call(Verb::Patch, own(), &signed).unwrap();
    let shown: CertificateShown = desk.read(&own());
    assert_eq!(
        (shown.subject_dn.as_str(), shown.issuer.as_str()),
        ("CN=one", "CN=Fleet CA")
    );
    // The same key store with a wrong password, then with the right one.
    use base64::Engine as _;
    let store = base64::engine::general_purpose::STANDARD.encode(read("two.p12"));
    let import = |password: &str| json!({ "pkcs12": store, "password": password });
    let refused = desk.call(Verb::Put, own(), &import("wrong")).unwrap_err();
    assert!(refused.contains("password"), "{refused}");
    desk.call(Verb::Put, own(), &import("s3cret")).unwrap();
    assert_eq!(desk.read::<CertificateShown>(&own()).subject_dn, "CN=two");
    let pem = json!({ "certificate": text("two.pem"), "privateKey": text("two.key") });
    desk.call(Verb::Put, own(), &pem).unwrap();
    let made = json!({ "type": "selfsigned", "subjectDN": "CN=self", "keySize": 256 });
    desk.call(Verb::Post, own(), &made).unwrap();
    assert_eq!(desk.read::<CertificateShown>(&own()).issuer, "CN=self");
    desk.call(Verb::Delete, own(), &Value::Null).unwrap();
    desk.agent("the certificate is gone", |agent| {
        let known = agent.configuration.value()?;
        let certificates = &known.document.connector().certificates;
        let own = certificates.get(CertificateUse::System);
        own.certificate().is_none().then_some(())
    });
    // What is trusted goes through the draft.
    let root: Certificate = text("ca.pem").parse().unwrap();
    let alias = "root".parse().unwrap();
    desk.settings(move |fields| {
        let one = TrustedCertificate {
            alias,
            certificate: root,
        };
        fields.backend_trust = BackendTrust::new(true, vec![one]).unwrap();
    });
    let store: TruststoreShown = desk.read(&Target::Certificates(CertificateTarget::Truststore));
    assert!(store.trust_all_backends && store.trusted_backends.len() == 1);
    let status: SecurityStatus = desk.read(&Target::SecurityStatus);
    assert_eq!(status.rating, Rating::Risk);
}

#[test]
fn history_audit_and_log_are_read_and_taken_back_from_afar() {
    let reached = Reached::start();
    let desk = reached.pair("anna");
    desk.online();
    let (document, audit) = (Target::Document, Target::Audit);
    let rules: SubjectRules = serde_json::from_value(json!({
        "rules": [{ "description": "", "condition": { "variable": "mail", "operator": "exist" },
                    "subjectPattern": { "CN": "${mail}" } }],
        "fallback": { "description": "", "subjectPattern": { "CN": "${name}" } },
    }))
    .unwrap();
    let wanted = rules.clone();
    desk.settings(move |fields| fields.subject_pattern_rules = wanted);
    let list: Vec<Revision> = desk.read(&document(DocumentTarget::Revisions));
    let newest = list[0].number;
    let detail: RevisionDetail = desk.read(&document(DocumentTarget::Revision(newest)));
    assert_eq!(detail.changes[0].part, "connector.subjectPatternRules");
    // A trial changes nothing and is no job.
    let jobs = desk.fleet.snapshot().jobs.len();
    let preview = Slot::<Preview>::default();
    let undo = Call::new(Verb::Post, document(DocumentTarget::Undo(newest)));
    desk.send(Command::Try(Trial::new(desk.online(), undo, &preview)));
    assert_eq!(answer(&preview).changes.len(), 1);
    assert_eq!(desk.fleet.snapshot().jobs.len(), jobs);
    desk.call(
        Verb::Post,
        document(DocumentTarget::Undo(newest)),
        &Value::Null,
    )
    .unwrap();
    let present = |what: &str, rules: SubjectRules| {
        desk.agent(what, |agent| {
            let known = agent.configuration.value()?;
            let found = &known.document.connector().subject_pattern_rules;
            (*found == rules).then_some(())
        });
    };
    present("the rules are taken back", SubjectRules::default());
    desk.call(
        Verb::Post,
        document(DocumentTarget::Restore(newest)),
        &Value::Null,
    )
    .unwrap();
    present("the rules are back", rules);
    let with = Query {
        with: Some(newest + 2),
        ..Query::default()
    };
    let diff: RevisionDiff = desk.query(&document(DocumentTarget::RevisionDiff(newest)), &with);
    assert_eq!(diff.changes, vec![]);

    let page: AuditPage = desk.read(&audit(AuditTarget::Records));
    assert!(page.records.iter().any(|one| one.revision == Some(newest)));
    let verified: AuditVerification = desk.read(&audit(AuditTarget::Verification));
    let report = verified.report.unwrap();
    assert!(verified.verified && report.last_hash.is_some());
    let csv: Reply = desk.read(&audit(AuditTarget::Csv));
    let lines: Reply = desk.read(&audit(AuditTarget::Lines));
    for file in [csv, lines] {
        assert!(file.body.iter().filter(|byte| **byte == b'\n').count() > 2);
    }

    let levels = Target::Connector(ConnectorTarget::Logs);
    desk.call(
        Verb::Patch,
        levels.clone(),
        &json!({ "sccLogLevel": "DEBUG" }),
    )
    .unwrap();
    let shown: LogsShown = desk.read(&levels);
    assert_eq!(shown.scc_log_level, LogLevel::Debug);
    let page: LogPage = desk.read(&Target::Running(RunningTarget::Logs));
    assert!(!page.lines.is_empty());
}
