//! Who may use the API.

use super::super::merge::{Linked, Parts, Whole};
use super::super::{
    AuthenticationShown, BasicInput, CertificateRequest, Issued, MonitoringPassword,
    MonitoringUserInput, MonitoringUserShown, OperatorChange, OperatorInput, OperatorShown, Own,
    PairRequest, Paired, PairingCreated, PairingInput, PairingShown,
};
use super::Operation;
use crate::config::OrganisationFields;
use crate::rights::Access::{Administration, Open, Read};

pub(crate) const OPERATORS: &str = "/api/v1/configuration/connector/operators";
pub(crate) const OPERATOR: &str = "/api/v1/configuration/connector/operators/{operator}";
pub(crate) const PAIRING: &str = "/api/v1/configuration/connector/pairing";
pub(crate) const PAIR: &str = "/api/v1/pairing";
pub(crate) const ORGANISATION: &str = "/api/v1/configuration/connector/organisation";
pub(crate) const MONITORING_USERS: &str = "/api/v1/configuration/connector/monitoringUsers";
pub(crate) const MONITORING_USER: &str =
    "/api/v1/configuration/connector/monitoringUsers/{monitoringUser}";
pub(crate) const AUTHENTICATION: &str = "/api/v1/configuration/connector/authentication";
pub(crate) const BASIC_AUTHENTICATION: &str =
    "/api/v1/configuration/connector/authentication/basic";
pub(crate) const OWN: &str = "/api/v1/operator";
pub(crate) const RENEWED_CERTIFICATE: &str = "/api/v1/operator/certificate";

pub(super) const OPERATIONS: &[Operation] = &[
    Operation::get(OPERATORS, Administration, "Lists the operators.").gives::<Vec<OperatorShown>>(),
    Operation::post(
        OPERATORS,
        Administration,
        "Adds an operator and signs his certificate.",
    )
    .takes::<OperatorInput>()
    .creates_and_gives::<Issued>(),
    Operation::get(OPERATOR, Administration, "Shows an operator.").gives::<OperatorShown>(),
    Operation::patch(
        OPERATOR,
        Administration,
        "Changes name, role or comment of an operator.",
    )
    .takes::<OperatorChange>(),
    Operation::delete(
        OPERATOR,
        Administration,
        "Removes an operator and ends his connections.",
    ),
    Operation::get(
        PAIRING,
        Administration,
        "Shows what became of the newest pairing string.",
    )
    .gives::<PairingShown>()
    .may_be_missing(),
    Operation::post(PAIRING, Administration, "Makes a pairing string.")
        .takes::<PairingInput>()
        .gives::<PairingCreated>()
        .acts()
        .conflicts(),
    Operation::delete(PAIRING, Administration, "Takes the pairing string back.").acts(),
    Operation::post(PAIR, Open, "Pairs a client that knows the pairing string.")
        .takes::<PairRequest>()
        .gives::<Paired>()
        .acts()
        .conflicts(),
    Operation::get(
        ORGANISATION,
        Administration,
        "Shows which CAs' client certificates are taken, and who gets which role.",
    )
    .gives::<Linked<OrganisationFields>>(),
    Operation::put(
        ORGANISATION,
        Administration,
        "Sets which CAs' client certificates are taken, and who gets which role.",
    )
    .takes::<Whole<OrganisationFields>>(),
    Operation::patch(
        ORGANISATION,
        Administration,
        "Replaces the CAs or the rules.",
    )
    .takes::<Parts<OrganisationFields>>(),
    Operation::delete(
        ORGANISATION,
        Administration,
        "Takes client certificates of no other CA, and ends their connections.",
    ),
    Operation::get(
        MONITORING_USERS,
        Administration,
        "Lists the users with a password.",
    )
    .gives::<Vec<MonitoringUserShown>>(),
    Operation::post(
        MONITORING_USERS,
        Administration,
        "Adds a user with a password, who may read what monitoring needs.",
    )
    .takes::<MonitoringUserInput>()
    .creates()
    .conflicts(),
    Operation::get(
        MONITORING_USER,
        Administration,
        "Shows a user with a password, without it.",
    )
    .gives::<MonitoringUserShown>(),
    Operation::put(
        MONITORING_USER,
        Administration,
        "Gives a user another password.",
    )
    .takes::<MonitoringPassword>(),
    Operation::delete(
        MONITORING_USER,
        Administration,
        "Removes a user with a password.",
    ),
    Operation::get(AUTHENTICATION, Read, "Shows by what operators are known.")
        .gives::<Linked<AuthenticationShown>>(),
    Operation::put(
        BASIC_AUTHENTICATION,
        Administration,
        "Changes user or password; 409, as operators have certificates instead.",
    )
    .takes::<BasicInput>()
    .acts()
    .conflicts(),
    Operation::get(OWN, Read, "Shows who the caller is.").gives::<Own>(),
    Operation::post(
        RENEWED_CERTIFICATE,
        Read,
        "Signs a new certificate for the caller.",
    )
    .takes::<CertificateRequest>()
    .gives::<Issued>()
    .acts()
    .conflicts(),
];
