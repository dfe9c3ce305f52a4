//! Templates as people write them.

use serde_json::json;
use underpass_shared::config::{
    BackendType, Document, Mapping, MappingFields, Protocol, SubaccountFields, SubaccountKey,
};
use underpass_shared::id::{AgentId, CredentialId, InstanceId, SubaccountId};
use uuid::Uuid;

use super::*;

pub(crate) const WHO: &str = "plant-1";

pub(crate) fn about() -> About<'static> {
    About {
        id: AgentId::of_authority(&[1; 32]),
        label: WHO,
        group: Some("plants"),
    }
}

pub(crate) fn key(n: u128, location: &str) -> SubaccountKey {
    SubaccountKey {
        region_host: "eu.example.com".parse().unwrap(),
        subaccount: SubaccountId::from_uuid(Uuid::from_u128(n)),
        location_id: location.parse().unwrap(),
    }
}

pub(crate) fn mapping(virtual_address: &str, internal: &str) -> Mapping {
    let fields = MappingFields::closed(
        virtual_address.parse().unwrap(),
        internal.parse().unwrap(),
        Protocol::Http,
        BackendType::NonSap,
    );
    Mapping::try_from(fields).unwrap()
}

/// An agent with two subaccounts, the first of which has a mapping.
pub(crate) fn document(location: &str) -> Document {
    let own = |n| {
        let instance = InstanceId::from_uuid(Uuid::from_u128(7));
        let credential = CredentialId::from_uuid(Uuid::from_u128(8));
        SubaccountFields::enrolled(key(n, location), instance, credential)
    };
    let document = Document::empty().with_subaccount(own(1)).unwrap();
    let document = document.with_subaccount(own(2)).unwrap();
    let mapping = mapping("old:80", "old.corp:80");
    document.with_mapping(key(1, location), mapping).unwrap()
}

fn template(json: &Value) -> Template {
    Template::from_json(&json.to_string()).unwrap_or_else(|invalid| panic!("{invalid}"))
}

fn refusal(json: &Value) -> String {
    Template::from_json(&json.to_string())
        .unwrap_err()
        .to_string()
}

fn render(template: &Template, values: &Value, document: &Document) -> Result<Document, String> {
    let values = Values::from_json(&values.to_string()).map_err(|invalid| invalid.to_string())?;
    let rendered = template.render(&values, &about(), document);
    rendered.map_err(|invalid| invalid.to_string())
}

fn erp() -> Template {
    template(&json!({
        "format": 1,
        "name": "ERP",
        "variables": {
            "host": { "description": "Where the ERP is" },
            "port": { "type": "number", "default": 8000 },
            "tunnels": { "type": "number", "default": 2 },
            "open": { "type": "boolean", "default": true },
        },
        "settings": { "description": "${agent.label} of ${agent.group}: $$5", "tunnelConnections": "${tunnels}" },
        "subaccounts": [{
            "match": { "subaccount": Uuid::from_u128(1) },
            "set": { "displayName": "ERP" },
            "mappings": [{
                "virtualAddress": "erp:80", "internalAddress": "${host}:${port}",
                "protocol": "HTTP", "backendType": "abapSys",
                "resources": [{ "path": "/sap", "enabled": "${open}", "exactMatchOnly": false }],
            }],
            "removeMappings": ["old:80"],
        }],
    }))
}

#[test]
fn a_template_says_what_an_agent_shall_have_and_leaves_the_rest() {
    let before = document("a");
    let values = json!({
        "all": { "host": "erp.corp" },
        "groups": { "plants": { "port": 8001 } },
        "agents": { "plant-1": { "tunnels": 4 }, "plant-2": { "tunnels": 5 } },
    });
    let after = render(&erp(), &values, &before).unwrap();
    let connector = after.connector();
    let description = connector.description.as_ref().unwrap().to_string();
    assert_eq!(description, "plant-1 of plants: $5");
    assert_eq!(connector.tunnel_connections().get(), 4);
    let first = after.subaccount(&key(1, "a")).unwrap();
    assert_eq!(&*first.own().display_name, "ERP");
    assert_eq!(first.own().instance, before.subaccounts()[0].own().instance);
    let shown: Vec<String> = first
        .mappings()
        .iter()
        .map(|one| format!("{} {}", one.virtual_address, one.internal_address))
        .collect();
    assert_eq!(shown, ["erp:80 erp.corp:8001"]);
    assert!(first.mappings()[0].resources[0].enabled);
    // What it does not name is as it was, and once more changes nothing.
    assert_eq!(
        after.subaccounts()[1].hash(),
        before.subaccounts()[1].hash()
    );
    assert_eq!(render(&erp(), &values, &after).unwrap(), after);
}

#[test]
fn mappings_are_put_changed_and_removed() {
    let before = document("");
    let with = |part: Value| {
        let whole = json!({ "format": 1, "subaccounts": [part] });
        render(&template(&whole), &json!({}), &before)
    };
    let whole = json!({ "virtualAddress": "new:80", "internalAddress": "new.corp:80", "protocol": "HTTP", "backendType": "nonSAPsys" });
    let addresses = |document: &Document, n: usize| -> Vec<String> {
        let mappings = document.subaccounts()[n].mappings().iter();
        mappings
            .map(|one| one.virtual_address.to_string())
            .collect()
    };
    let added = with(json!({ "mappings": [whole] })).unwrap();
    assert_eq!(addresses(&added, 0), ["new:80", "old:80"]);
    assert_eq!(addresses(&added, 1), ["new:80"]);
    let only = with(json!({ "mappings": [whole], "onlyThese": true })).unwrap();
    assert_eq!(addresses(&only, 0), ["new:80"]);
    let first = json!({ "displayName": "", "subaccount": Uuid::from_u128(1) });
    let change =
        json!({ "virtualAddress": "old:80", "hostInHeader": "INTERNAL", "description": "x" });
    let part = json!({ "match": first, "changeMappings": [change] });
    let changed = with(part).unwrap();
    let mapping = &changed.subaccounts()[0].mappings()[0];
    assert_eq!(
        (&*mapping.description, mapping.internal_address.to_string()),
        ("x", "old.corp:80".to_owned())
    );
    // The second subaccount does not have it.
    let told = with(json!({ "changeMappings": [change] })).unwrap_err();
    assert_eq!(
        told,
        "subaccounts[0].changeMappings[0].virtualAddress: there is no mapping old:80"
    );
}

#[test]
fn a_value_is_missing_where_neither_all_nor_the_group_nor_the_agent_has_one() {
    let missing = |values: Value| {
        let values = Values::from_json(&values.to_string()).unwrap();
        values.missing(&erp(), &about()).join(", ")
    };
    assert_eq!(missing(json!({})), "host");
    assert_eq!(
        missing(json!({ "agents": { "plant-9": { "host": "e" } } })),
        "host"
    );
    for given in [
        json!({ "all": { "host": "e" } }),
        json!({ "agents": { "plant-1": { "host": "e" } } }),
    ] {
        assert_eq!(missing(given), "");
    }
}

#[test]
fn what_an_agent_cannot_take_names_the_field() {
    let before = document("");
    let told = render(&erp(), &json!({}), &before).unwrap_err();
    assert_eq!(
        told,
        "variables.host: has no value for plant-1; give it one for all agents, for its group or for it alone"
    );
    let told = render(
        &erp(),
        &json!({ "all": { "host": "e", "hots": "e" } }),
        &before,
    );
    assert!(told.unwrap_err().starts_with("variables.hots: is unknown"));
    let told = render(
        &erp(),
        &json!({ "all": { "host": "e", "port": "80" } }),
        &before,
    );
    assert_eq!(told.unwrap_err(), "variables.port: must be a whole number");
    let told = render(&erp(), &json!({ "all": { "host": "a b" } }), &before).unwrap_err();
    assert!(
        told.starts_with("subaccounts[0].mappings[0].internalAddress: "),
        "{told}"
    );
    let nobody = json!({ "match": { "locationId": "z" } });
    let part = |part: &Value| template(&json!({ "format": 1, "subaccounts": [part] }));
    let told = render(&part(&nobody), &json!({}), &before).unwrap_err();
    assert!(told.contains("enrol it first"), "{told}");
    let optional = json!({ "match": { "locationId": "z" }, "optional": true });
    assert_eq!(
        render(&part(&optional), &json!({}), &before).unwrap(),
        before
    );
}

#[test]
fn wrong_templates_are_refused_whatever_the_agent() {
    for (json, words) in [
        (json!({}), "missing field `format`"),
        (
            json!({ "format": 2 }),
            "format: is 2, but this program knows 1",
        ),
        (json!({ "format": 1, "x": 1 }), "unknown field `x`"),
        (
            json!({ "format": 1, "settings": { "email": { "credential": "x" } } }),
            "settings.email.credential: names what the secret store",
        ),
        (
            json!({ "format": 1, "settings": { "operators": [] } }),
            "settings.operators: belongs to each agent",
        ),
        (
            json!({ "format": 1, "settings": { "description": "${x}" } }),
            "settings.description: there is no variable \"x\"",
        ),
        (
            json!({ "format": 1, "settings": { "a": ["$x"] } }),
            "settings.a[0]: has a $",
        ),
        (
            json!({ "format": 1, "variables": { "agent.x": {} } }),
            "variables.agent.x: must have",
        ),
        (
            json!({ "format": 1, "variables": { "x": { "type": "number", "default": "1" } } }),
            "variables.x: must be a whole number",
        ),
        (
            json!({ "format": 1, "variables": { "x": { "oneOf": ["a"], "default": "b" } } }),
            "must be one of a",
        ),
        (
            json!({ "format": 1, "subaccounts": [{ "match": { "instance": "x" } }] }),
            "subaccounts[0].match.instance: is unknown",
        ),
        (
            json!({ "format": 1, "subaccounts": [{ "set": { "credential": "x" } }] }),
            "subaccounts[0].set.credential",
        ),
        (
            json!({ "format": 1, "subaccounts": [{ "mappings": [{}] }] }),
            "subaccounts[0].mappings[0].virtualAddress: is missing",
        ),
    ] {
        let told = refusal(&json);
        assert!(told.contains(words), "{told}");
    }
}

#[test]
fn a_template_of_an_agent_carries_all_but_what_is_its_own() {
    let before = document("a");
    let whole = template(
        &json!({ "format": 1, "settings": { "description": "for $$5", "tunnelConnections": 3 } }),
    );
    let before = render(&whole, &json!({}), &before).unwrap();
    let made = Template::of(&before, "base").unwrap();
    assert_eq!(Template::from_json(&made.to_json()).unwrap(), made);
    assert!(!made.to_json().contains("credential"));
    assert_eq!(render(&made, &json!({}), &before).unwrap(), before);
    // Another agent at another location gets the same mappings, and keeps who it is.
    let other = document("b").without_mapping(key(1, "b"), "old:80".parse().unwrap());
    let after = render(&made, &json!({}), &other.unwrap()).unwrap();
    assert_eq!(after.connector(), before.connector());
    assert_eq!(after.subaccount(&key(1, "b")).unwrap().mappings().len(), 1);
}

#[test]
fn typed_values_are_read_as_their_kind() {
    let template = erp();
    let mut values = Values::default();
    values.set(&template, "host", "80").unwrap();
    values.set(&template, "port", "80").unwrap();
    assert_eq!(values.all["host"], "80");
    assert_eq!(values.all["port"], 80);
    for (name, typed) in [
        ("port", "x"),
        ("port", "1.5"),
        ("open", "yes"),
        ("none", "x"),
    ] {
        assert!(
            values.set(&template, name, typed).is_err(),
            "{name}={typed}"
        );
    }
}

#[test]
fn a_change_is_carried_to_others_and_what_is_not_is_told() {
    let before = document("a");
    let mut after = before
        .with_mapping(key(1, "a"), mapping("new:80", "price.corp:80"))
        .unwrap();
    let mut whole = serde_json::from_str::<Value>(&after.to_json()).unwrap();
    whole["connector"]["description"] = json!("costs $5");
    whole["connector"]["tunnelConnections"] = json!(3);
    whole["connector"]["operators"] = json!([]);
    whole["subaccounts"][0]["mappings"]
        .as_array_mut()
        .unwrap()
        .iter_mut()
        .filter(|one| one["virtualAddress"] == "old:80")
        .for_each(|one| one["internalAddress"] = json!("other.corp:80"));
    after = Document::from_json(&whole.to_string()).unwrap();
    let carried = Template::change(&before, &after, "x").unwrap();
    assert_eq!(carried.left_out, [""; 0]);
    // On the same agent it leads to the same; on another the rest stays.
    let values = Values::default();
    let same = carried.template.render(&values, &about(), &before).unwrap();
    assert_eq!(same.to_json(), after.to_json());
    let other = carried
        .template
        .render(&values, &about(), &document("b"))
        .unwrap();
    assert!(other.to_json().contains("costs $5"));
    let none = Template::change(&before, &before, "x").unwrap();
    assert!(none.template.is_empty() && none.left_out.is_empty());
    // A subaccount that comes or goes is told, not carried.
    let gone = Template::change(&before, &Document::empty(), "x").unwrap();
    assert_eq!(gone.left_out.len(), before.subaccounts().len());
}
