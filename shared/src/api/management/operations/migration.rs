//! Handing enrolments over to another agent.

use super::super::{
    AcceptInput, CsrInput, CsrShown, HandoverInput, HandoverList, HandoverShown, PreflightInput,
    PreflightShown, ReleaseInput, VouchInput, Vouched,
};
use super::Operation;
use crate::rights::Access::{Administration, Connector, Inspect};

pub(crate) const HANDOVERS: &str = "/api/v1/migration";
pub(crate) const CSR: &str = "/api/v1/migration/csr";
pub(crate) const VOUCH: &str = "/api/v1/migration/vouch";
pub(crate) const ACCEPT: &str = "/api/v1/migration/accept";
pub(crate) const READY: &str = "/api/v1/migration/ready";
pub(crate) const RELEASE: &str = "/api/v1/migration/release";
pub(crate) const ABORT: &str = "/api/v1/migration/abort";
pub(crate) const PREFLIGHT: &str = "/api/v1/migration/preflight";

pub(super) const OPERATIONS: &[Operation] = &[
    Operation::get(
        HANDOVERS,
        Inspect,
        "Lists the handovers that this agent takes or took part in.",
    )
    .gives::<HandoverList>(),
    Operation::post(
        CSR,
        Administration,
        "Target: makes keys for enrolments to come, and gives their signing requests.",
    )
    .takes::<CsrInput>()
    .acts()
    .gives::<CsrShown>()
    .conflicts(),
    Operation::post(
        VOUCH,
        Administration,
        "Source: has the gateways certify the target's keys, for all requests or for none.",
    )
    .takes::<VouchInput>()
    .acts()
    .gives::<Vouched>()
    .conflicts(),
    Operation::post(
        ACCEPT,
        Administration,
        "Target: takes the certificates and connects; requests still go to the source.",
    )
    .takes::<AcceptInput>()
    .acts()
    .gives::<HandoverShown>()
    .conflicts(),
    Operation::post(
        READY,
        Administration,
        "Target: has the gateways send new requests here; old ones end at the source.",
    )
    .takes::<HandoverInput>()
    .acts()
    .gives::<HandoverShown>()
    .conflicts(),
    Operation::post(
        RELEASE,
        Administration,
        "Source: lets go of what the target has, with an end of its requests in order.",
    )
    .takes::<ReleaseInput>()
    .acts()
    .gives::<HandoverShown>()
    .conflicts(),
    Operation::post(
        ABORT,
        Administration,
        "Source or target: takes a handover back; the source carries before the target ends.",
    )
    .takes::<HandoverInput>()
    .acts()
    .gives::<HandoverShown>()
    .conflicts(),
    Operation::post(
        PREFLIGHT,
        Connector,
        "Goes the ways to systems and gateways from this agent, step by step.",
    )
    .takes::<PreflightInput>()
    .acts()
    .gives::<PreflightShown>()
    .conflicts(),
];
