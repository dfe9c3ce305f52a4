//! Addresses of the document and of the settings of the agent as a whole.

use super::*;
use crate::pki::chain::CertificateUse;

#[expect(clippy::too_many_lines, reason = "a table")]
pub(super) fn rows() -> Vec<Row> {
    let (document, audit) = (Target::Document, Target::Audit);
    let (certificates, operators) = (Target::Certificates, Target::Operators);
    let trust = "configuration/connector/onPremises/truststore";
    vec![
        row(
            "configuration/document",
            document(DocumentTarget::Whole),
            "GET, PUT",
        ),
        row(
            "configuration/revisions",
            document(DocumentTarget::Revisions),
            "GET",
        ),
        row(
            "configuration/revisions/7",
            document(DocumentTarget::Revision(7)),
            "GET",
        ),
        row(
            "configuration/revisions/7/undo",
            document(DocumentTarget::Undo(7)),
            "POST",
        ),
        row(
            "configuration/revisions/7/restore",
            document(DocumentTarget::Restore(7)),
            "POST",
        ),
        row(
            "configuration/revisions/7/diff",
            document(DocumentTarget::RevisionDiff(7)),
            "GET",
        ),
        row(
            "configuration/revisions/7/document",
            document(DocumentTarget::AsOf(7)),
            "GET",
        ),
        row(
            "configuration/pendingConfirm",
            document(DocumentTarget::PendingConfirm),
            "GET, POST, DELETE",
        ),
        row(
            "configuration/connector/proxy",
            Target::Proxy,
            "GET, PUT, DELETE",
        ),
        row(
            "configuration/connector/ui/uiCertificate",
            certificates(CertificateTarget::Own(CertificateUse::Ui)),
            "GET, POST, PATCH, PUT, DELETE",
        ),
        row(
            "configuration/connector/onPremises/systemCertificate",
            certificates(CertificateTarget::Own(CertificateUse::System)),
            "GET, POST, PATCH, PUT, DELETE",
        ),
        row(
            "configuration/connector/onPremises/ppCaCertificate",
            certificates(CertificateTarget::Own(CertificateUse::PpCa)),
            "GET, POST, PATCH, PUT, DELETE",
        ),
        row(
            trust,
            certificates(CertificateTarget::Truststore),
            "GET, PATCH",
        ),
        row(
            &format!("{trust}/certificates"),
            certificates(CertificateTarget::Trusted),
            "GET, POST, DELETE",
        ),
        row(
            &format!("{trust}/certificates/my%20ca"),
            certificates(CertificateTarget::TrustedOne("my ca".to_owned())),
            "GET, DELETE",
        ),
        row(
            "configuration/connector/auditLog",
            audit(AuditTarget::Settings),
            "GET, PATCH",
        ),
        row(
            &format!("configuration/connector/auditLog/subaccounts/gate.example.com:8443/{GUID}"),
            audit(AuditTarget::SubaccountLevel(subaccount())),
            "GET, PATCH",
        ),
        row(
            "configuration/connector/operators",
            operators(OperatorTarget::All),
            "GET, POST",
        ),
        row(
            &format!("configuration/connector/operators/{GUID}"),
            operators(OperatorTarget::One(GUID.parse().unwrap())),
            "GET, PATCH, DELETE",
        ),
        row(
            "configuration/connector/organisation",
            operators(OperatorTarget::Organisation),
            "GET, PUT, PATCH, DELETE",
        ),
        row(
            "configuration/connector/pairing",
            operators(OperatorTarget::Pairing),
            "GET, POST, DELETE",
        ),
        row(
            "configuration/connector/authentication",
            operators(OperatorTarget::Authentication),
            "GET",
        ),
        row(
            "configuration/connector/authentication/basic",
            operators(OperatorTarget::BasicAuthentication),
            "PUT",
        ),
        row(
            "configuration/connector/haRole",
            Target::Ha(HaTarget::Role),
            "GET, POST",
        ),
        row(
            "configuration/connector/ha/master/config",
            Target::Ha(HaTarget::MasterConfig),
            "GET, PUT",
        ),
        row(
            "configuration/connector/ha/master/state",
            Target::Ha(HaTarget::MasterState),
            "GET, POST, DELETE",
        ),
        row(
            "configuration/connector/ha/shadow/config",
            Target::Ha(HaTarget::ShadowConfig),
            "GET, PUT",
        ),
        row(
            "configuration/connector/ha/shadow/state",
            Target::Ha(HaTarget::ShadowState),
            "GET, POST, DELETE",
        ),
    ]
}
