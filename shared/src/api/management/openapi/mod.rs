//! The API's own description: OpenAPI 3.1, made from the table of calls.

mod call;
mod refusals;
mod schemas;

use serde_json::{Map, Value, json};

use self::schemas::Schemas;
use super::operations::{Operation, operations};
use super::{ErrorBody, Preview};
use crate::rights::Access;

/// What holds for all calls.
const RULES: &str = "\
Paths, fields and error types are those of SAP Cloud Connector's REST API; documents, revisions, \
dry runs and more are added beside them.

- Callers show a client certificate that the agent knows; their role is kept by the agent. Each \
call names the weakest role that may make it. Changes are checked against the role once more, \
part by part.
- HEAD is answered as GET without the body, wherever there is a GET.
- OPTIONS is answered with 204 and the methods in Allow. Another method than these gets 405 with \
Allow.
- Bodies are JSON in UTF-8 unless a call says otherwise; another Content-Type gets 415. A body for \
a call that takes none is not looked at.
- An unknown field of a body, a field that stands twice, an unknown option behind the ? and one \
that stands twice get 400. Fields of answers that a body repeats (read-only) have no effect.
- Numbers and truth values of some fields may also be given as text, as the schema says.
- A body longer than its call allows gets 413; a head of more than 16 KiB gets 431.
- Every refusal has the body of the schema ErrorBody; it names the field where it is one.
- Answers carry the revision of the configuration as ETag. If-Match with it binds a change to that \
revision; another present revision gets 412.
- Nothing is done by halves: what is refused has changed nothing.
- Readers of answers ignore fields that they do not know.";

/// The description of all calls, for a version of the agent.
pub fn openapi(version: &str) -> Value {
    let mut schemas = Schemas::new();
    let mut paths: Map<String, Value> = Map::new();
    for operation in operations() {
        let described = call::describe(operation, &mut schemas);
        let methods = paths.entry(operation.path).or_insert_with(|| json!({}));
        methods[operation.verb.as_str().to_ascii_lowercase()] = described;
    }
    let preview = schemas.given(|generator| generator.subschema_for::<Preview>());
    let refusal = schemas.given(|generator| generator.subschema_for::<ErrorBody>());
    let mut document = json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Underpass agent",
            "version": version,
            "summary": "The management API of an agent.",
            "description": RULES,
            "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" },
        },
        "servers": [{ "url": "/" }],
        "security": [{ "operator": [] }],
        "paths": paths,
        "components": {
            "securitySchemes": {
                "operator": {
                    "type": "mutualTLS",
                    "description": "The certificate of an operator, given by pairing or by \
                                    `underpass-agent operator issue`.",
                },
            },
            "headers": {
                "ETag": {
                    "description": "The revision of the configuration.",
                    "schema": { "type": "string", "pattern": "^\"[0-9]+\"$" },
                },
                "Location": {
                    "description": "The path of what is new.",
                    "required": true,
                    "schema": { "type": "string", "pattern": "^/api/v1/" },
                },
                "RetryAfter": {
                    "description": "After how many seconds it may be tried again.",
                    "required": true,
                    "schema": { "type": "integer", "minimum": 1 },
                },
            },
            "responses": refusals::responses(&refusal),
        },
    });
    document["components"]["responses"]["Preview"] = json!({
        "description": "What would change (dry run).",
        "headers": { "ETag": { "$ref": "#/components/headers/ETag" } },
        "content": { "application/json": { "schema": preview } },
    });
    schemas.finish(document)
}

/// A name for programs: the method and the segments of the path.
fn id(operation: &Operation) -> String {
    let path = operation.path.trim_start_matches("/api/v1/");
    let words = path.split(['/', '.', '{', '}']);
    let capital = |word: &str| {
        let mut letters = word.chars();
        let first = letters.next().map(|first| first.to_ascii_uppercase());
        first.into_iter().chain(letters).collect::<String>()
    };
    let rest: String = words.map(capital).collect();
    format!("{}{rest}", operation.verb.as_str().to_ascii_lowercase())
}

/// Who may make a call, in words.
fn who(access: Access) -> String {
    match access {
        Access::Open => "Everybody may, without a certificate too.".to_owned(),
        Access::Read
        | Access::Inspect
        | Access::Trace
        | Access::Subaccounts
        | Access::Connector
        | Access::Administration => {
            format!("Takes the role {} or a mightier one.", access.weakest())
        }
    }
}

#[cfg(test)]
mod tests;
