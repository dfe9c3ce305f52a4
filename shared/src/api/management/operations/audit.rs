//! The audit log.

use super::super::{
    AuditLevelInput, AuditLogInput, AuditLogLevel, AuditLogShown, AuditPage, AuditVerification,
    Linked,
};
use super::parameters::LIMIT;
use super::{Operation, Parameter};
use crate::audit::{Anchor, Category, Glob, Outcome};
use crate::id::SubaccountId;
use crate::rights::Access::{Administration, Inspect, Read};
use crate::schema::schema;

pub(crate) const AUDIT_LOG: &str = "/api/v1/configuration/connector/auditLog";
pub(crate) const SUBACCOUNT_AUDIT_LOG: &str =
    "/api/v1/configuration/connector/auditLog/subaccounts/{regionHost}/{subaccount}";
pub(crate) const AUDIT_RECORDS: &str = "/api/v1/auditLog/records";
pub(crate) const AUDIT_CSV: &str = "/api/v1/auditLog/records.csv";
pub(crate) const AUDIT_LINES: &str = "/api/v1/auditLog/records.jsonl";
pub(crate) const AUDIT_VERIFICATION: &str = "/api/v1/auditLog/verification";

/// Where a search goes on.
struct CursorText;

schema!(CursorText = { "type": "string", "pattern": "^[0-9]{1,18}-[0-9]{1,18}$" });

const FROM: Parameter =
    Parameter::of::<i64>("from", "From this time on, in milliseconds since 1970 UTC.");
const TO: Parameter = Parameter::of::<i64>("to", "Before this time.");
const CATEGORY: Parameter = Parameter::of::<Category>("category", "About this.");
const OUTCOME: Parameter = Parameter::of::<Outcome>("outcome", "With this outcome.");
const OPERATOR: Parameter = Parameter::of::<Glob>(
    "operator",
    "By an operator whose name holds this; * and ? stand for others.",
);
const SUBACCOUNT: Parameter = Parameter::of::<SubaccountId>("subaccount", "Of this subaccount.");
const TEXT: Parameter = Parameter::of::<Glob>(
    "text",
    "Whose text holds this; * and ? stand for other characters.",
);
const CURSOR: Parameter =
    Parameter::of::<CursorText>("cursor", "Where the last page ended, as it says.");
const ANCHOR: Parameter = Parameter::of::<Anchor>(
    "anchor",
    "A record that was noted down before, as its number, a colon and its hash: it must be there.",
);

pub(super) const OPERATIONS: &[Operation] = &[
    Operation::get(AUDIT_LOG, Read, "Shows the settings of the audit log.")
        .gives::<Linked<AuditLogShown>>(),
    Operation::patch(
        AUDIT_LOG,
        Administration,
        "Sets the level across subaccounts, and for how long records are kept.",
    )
    .takes::<AuditLogInput>(),
    Operation::get(
        SUBACCOUNT_AUDIT_LOG,
        Read,
        "Shows which requests of a subaccount are recorded.",
    )
    .gives::<Linked<AuditLogLevel>>(),
    Operation::patch(
        SUBACCOUNT_AUDIT_LOG,
        Administration,
        "Sets which requests of a subaccount are recorded.",
    )
    .takes::<AuditLevelInput>(),
    Operation::get(
        AUDIT_RECORDS,
        Inspect,
        "Searches the audit log, the newest records first.",
    )
    .gives::<AuditPage>()
    .options(&[
        FROM, TO, CATEGORY, OUTCOME, OPERATOR, SUBACCOUNT, TEXT, CURSOR, LIMIT,
    ]),
    Operation::get(
        AUDIT_CSV,
        Inspect,
        "Exports all records that are found, as CSV.",
    )
    .sends("text/csv")
    .options(&[FROM, TO, CATEGORY, OUTCOME, OPERATOR, SUBACCOUNT, TEXT]),
    Operation::get(
        AUDIT_LINES,
        Inspect,
        "Exports all records that are found, one JSON object a line.",
    )
    .sends("application/jsonl")
    .options(&[FROM, TO, CATEGORY, OUTCOME, OPERATOR, SUBACCOUNT, TEXT]),
    Operation::get(
        AUDIT_VERIFICATION,
        Inspect,
        "Verifies the audit log, and names the first record that is not as it was written.",
    )
    .gives::<AuditVerification>()
    .options(&[ANCHOR])
    .conflicts(),
];
