//! One call in the description.

use serde_json::{Map, Value, json};

use super::super::operations::{Body, JSON, Operation, Parameter, Success};
use super::schemas::Schemas;
use super::{id, refusals, who};

/// What stands under a path and a method.
pub(super) fn describe(operation: &Operation, schemas: &mut Schemas) -> Value {
    let mut parameters: Vec<Value> = vec![];
    for one in operation.segments() {
        parameters.push(parameter(one, "path", schemas));
    }
    for one in operation.query() {
        parameters.push(parameter(one, "query", schemas));
    }
    if operation.values {
        parameters.push(json!({
            "name": "values",
            "in": "query",
            "description": "A value for each name that the thing has, as name=value.",
            "style": "form",
            "explode": true,
            "schema": { "type": "object", "additionalProperties": { "type": "string" } },
        }));
    }
    if operation.conditional {
        parameters.push(json!({
            "name": "If-Match",
            "in": "header",
            "description": "The revision that the call is meant for, as ETag gave it, or *.",
            "schema": { "type": "string", "pattern": "^(\\*|\"[0-9]{1,19}\")$" },
        }));
    }
    let mut described = json!({
        "operationId": id(operation),
        "tags": [tag(operation)],
        "summary": operation.summary,
        "description": who(operation.access),
        "parameters": parameters,
        "responses": responses(operation, schemas),
    });
    if let Some(body) = &operation.body {
        described["requestBody"] = request(body, schemas);
    }
    if operation.access == crate::rights::Access::Open {
        described["security"] = json!([]);
    }
    described
}

/// What a call is about, as one word.
fn tag(operation: &Operation) -> &'static str {
    let path = operation.path.trim_start_matches("/api");
    let path = path.trim_start_matches("/v1").trim_start_matches('/');
    let path = path.strip_prefix("configuration/").unwrap_or(path);
    let end = path.find(['/', '.']).unwrap_or(path.len());
    path.get(..end).unwrap_or(path)
}

fn parameter(one: &Parameter, place: &str, schemas: &mut Schemas) -> Value {
    json!({
        "name": one.name,
        "in": place,
        "required": place == "path",
        "description": one.summary,
        "schema": schemas.taken(one.schema),
    })
}

fn request(body: &Body, schemas: &mut Schemas) -> Value {
    let content = json!({ body.media_type: { "schema": schemas.taken(body.schema) } });
    json!({
        "description": format!("At most {} bytes.", body.len_max),
        "required": !body.optional,
        "content": content,
    })
}

/// One event of a stream, by the schema of what it tells.
fn event(told: &Value) -> Value {
    json!({
        "description": "One event of the stream.",
        "type": "object",
        "properties": {
            "id": { "type": "string", "description": "For Last-Event-ID." },
            "event": { "type": "string", "description": "The type of what happened." },
            "data": {
                "type": "string",
                "contentMediaType": JSON,
                "contentSchema": told,
            },
        },
        "required": ["event", "data"],
    })
}

fn responses(operation: &Operation, schemas: &mut Schemas) -> Map<String, Value> {
    let mut responses = Map::new();
    let etag = json!({ "$ref": "#/components/headers/ETag" });
    let (status, description) = match operation.answer {
        Success::Done => ("204", "Done."),
        Success::Gives(_) | Success::Sends(_) | Success::Streams(_) => {
            ("200", "Done, with what was asked for.")
        }
        Success::Creates(_) => ("201", "Done; Location names what is new."),
    };
    let mut headers = json!({ "ETag": etag });
    let content = match operation.answer {
        Success::Done => None,
        Success::Sends(media_type) => {
            headers = json!({});
            Some((media_type, json!({ "type": "string" })))
        }
        Success::Streams(schema) => {
            headers = json!({});
            Some(("text/event-stream", event(&schemas.given(schema))))
        }
        Success::Gives(schema) if operation.changes => {
            let preview = schemas.given(|generator| generator.subschema_for::<super::Preview>());
            let shown = schemas.given(schema);
            Some((JSON, json!({ "anyOf": [shown, preview] })))
        }
        Success::Gives(schema) => Some((JSON, schemas.given(schema))),
        Success::Creates(schema) => {
            headers["Location"] = json!({ "$ref": "#/components/headers/Location" });
            schema.map(|schema| (JSON, schemas.given(schema)))
        }
    };
    let mut response = json!({ "description": description, "headers": headers });
    if let Some((media_type, schema)) = content {
        response["content"] = json!({ media_type: { "schema": schema } });
    }
    // A PEM file is made; what would be made is told in JSON.
    if let Success::Sends(_) = operation.answer
        && operation.changes
    {
        let preview = schemas.given(|generator| generator.subschema_for::<super::Preview>());
        response["content"][JSON] = json!({ "schema": preview });
    }
    if operation.changes && status != "200" {
        let preview = json!({ "$ref": "#/components/responses/Preview" });
        responses.insert("200".to_owned(), preview);
    }
    responses.insert(status.to_owned(), response);
    refusals::add(operation, &mut responses);
    responses
}
