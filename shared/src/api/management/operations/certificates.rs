//! The agent's own certificates.

use super::super::{CertificateInput, CertificateShown, ImportInput, SignedInput};
use super::Operation;
use crate::rights::Access::{Connector, Read};

pub(crate) const UI: &str = "/api/v1/configuration/connector/ui/uiCertificate";
pub(crate) const SYSTEM: &str = "/api/v1/configuration/connector/onPremises/systemCertificate";
pub(crate) const PP_CA: &str = "/api/v1/configuration/connector/onPremises/ppCaCertificate";

const fn shows(path: &'static str) -> Operation {
    let summary = "Shows the certificate as JSON, or gives it as PEM or DER by Accept.";
    Operation::get(path, Read, summary)
        .gives::<CertificateShown>()
        .may_be_missing()
}

const fn makes(path: &'static str) -> Operation {
    let summary = "Makes a self-signed certificate or a request; the answer is its PEM.";
    Operation::post(path, Connector, summary)
        .takes::<CertificateInput>()
        .sends("application/x-pem-file")
}

const fn takes_signed(path: &'static str) -> Operation {
    let summary = "Takes the signed certificate of the request that waits; also as a form.";
    Operation::patch(path, Connector, summary)
        .takes::<SignedInput>()
        .conflicts()
}

const fn imports(path: &'static str) -> Operation {
    let summary = "Imports a certificate with its key, PKCS #12 or PEM; also as a form.";
    Operation::put(path, Connector, summary).takes::<ImportInput>()
}

const fn removes(path: &'static str) -> Operation {
    let summary = "Removes the certificate, its key and a request that waits.";
    Operation::delete(path, Connector, summary)
}

pub(super) const OPERATIONS: &[Operation] = &[
    shows(UI),
    makes(UI),
    takes_signed(UI),
    imports(UI),
    removes(UI),
    shows(SYSTEM),
    makes(SYSTEM),
    takes_signed(SYSTEM),
    imports(SYSTEM),
    removes(SYSTEM),
    shows(PP_CA),
    makes(PP_CA),
    takes_signed(PP_CA),
    imports(PP_CA),
    removes(PP_CA),
];
