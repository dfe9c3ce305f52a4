//! The answers of refused calls.

use serde_json::{Map, Value, json};

use super::super::operations::Operation;
use crate::rights::Access;

/// Every status that refuses: its name here and what it means.
const REFUSALS: &[(u16, &str, &str)] = &[
    (
        400,
        "BadRequest",
        "The request breaks a rule; it names the field.",
    ),
    (
        401,
        "Unauthorized",
        "No certificate of an operator, or one that is no longer good.",
    ),
    (403, "Forbidden", "The caller's role does not allow it."),
    (404, "NotFound", "There is no such thing."),
    (409, "Conflict", "Not in the present state."),
    (
        410,
        "Gone",
        "The function no longer exists; the message names what took its place.",
    ),
    (
        412,
        "PreconditionFailed",
        "The configuration has another revision than If-Match names.",
    ),
    (
        413,
        "ContentTooLarge",
        "The body is longer than the call allows.",
    ),
    (
        415,
        "UnsupportedMediaType",
        "The body has another Content-Type than the call takes.",
    ),
    (
        429,
        "TooManyRequests",
        "Too many tries, or too much at once; Retry-After says when to come again.",
    ),
    (
        500,
        "InternalServerError",
        "Something that the request needs failed; the message says what.",
    ),
    (
        501,
        "NotImplemented",
        "The agent cannot do this; the message says why.",
    ),
    (
        503,
        "ServiceUnavailable",
        "The agent is stopping; ask again.",
    ),
];

/// The answers by name, each with the schema of refusals.
pub(super) fn responses(schema: &Value) -> Map<String, Value> {
    let response = |(status, name, meaning): &(u16, &str, &str)| {
        let content = json!({ "application/json": { "schema": schema } });
        let mut response = json!({ "description": meaning, "content": content });
        if *status == 429 {
            let header = json!({ "$ref": "#/components/headers/RetryAfter" });
            response["headers"] = json!({ "Retry-After": header });
        }
        ((*name).to_owned(), response)
    };
    REFUSALS.iter().map(response).collect()
}

/// The statuses that a call can be refused with.
fn statuses(operation: &Operation) -> Vec<u16> {
    let has = |condition: bool, status: u16| condition.then_some(status);
    let roles = match operation.access {
        Access::Open | Access::Read => false,
        Access::Inspect
        | Access::Trace
        | Access::Subaccounts
        | Access::Connector
        | Access::Administration => true,
    };
    // One of several enrolments of a subaccount must be named.
    let ambiguous = operation.query().any(|one| one.name == "locationID");
    let named = operation.segments().next().is_some();
    let body = operation.body.is_some();
    let known = [
        Some(400),
        has(operation.access != Access::Open, 401),
        has(roles, 403),
        has(named || operation.may_be_missing, 404),
        has(operation.conflicts || ambiguous, 409),
        has(operation.conditional, 412),
        has(body, 413),
        has(body, 415),
        Some(500),
        Some(503),
    ];
    let others = operation.refusals.iter().copied();
    known.into_iter().flatten().chain(others).collect()
}

/// Adds the answers of a refused call.
pub(super) fn add(operation: &Operation, responses: &mut Map<String, Value>) {
    for status in statuses(operation) {
        let known = REFUSALS.iter().find(|(number, _, _)| *number == status);
        let (_, name, _) = known.expect("a test looks at each row of the table");
        let reference = json!({ "$ref": format!("#/components/responses/{name}") });
        responses.insert(status.to_string(), reference);
    }
}
