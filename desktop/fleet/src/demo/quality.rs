//! The group of made-up agents that shall all be the same, and what differs all the same.

use serde_json::{Value, json};
use underpass_shared::config::{Document, Invalid};

use super::cast::Trouble;
use super::document::document;
use super::furniture::furnished;
use super::random::Dice;

/// The place of the group among all groups.
pub(super) const GROUP: usize = 3;
/// What the configuration of the group follows from.
const SEED: u64 = 7;

/// The configuration of an agent of the group, by its number in it.
pub(super) fn quality(
    number: usize,
    gateway: &str,
    trouble: Trouble,
    now_ms: i64,
) -> Result<Document, Invalid> {
    let mut dice = Dice::new(SEED);
    let whole = furnished(&document(&mut dice, gateway, trouble, now_ms)?, &mut dice)?;
    let read = serde_json::from_str(&whole.to_json());
    let mut whole: Value = read.map_err(|error| Invalid::new(".", error.to_string()))?;
    for subaccount in whole["subaccounts"].as_array_mut().into_iter().flatten() {
        // All of them serve the same subaccounts; each has a location of its own.
        subaccount["locationId"] = format!("qas{number:02}").into();
    }
    deviate(&mut whole, number);
    Document::from_json(&whole.to_string())
}

/// What somebody changed on one of them alone.
fn deviate(whole: &mut Value, number: usize) {
    let (connector, subaccounts) = ("connector", "subaccounts");
    match number {
        2 => {
            whole[connector]["proxy"]["host"] = "proxy-old.corp.example".into();
            whole[connector]["proxy"]["port"] = 3128.into();
        }
        3 => {
            let mapping = &mut whole[subaccounts][0]["mappings"][0];
            let host = mapping["internalAddress"].as_str().unwrap_or_default();
            mapping["internalAddress"] = host.replace(".corp.", ".test.").into();
            for subaccount in whole[subaccounts].as_array_mut().into_iter().flatten() {
                subaccount["auditLevel"] = "ALL".into();
            }
        }
        4 => {
            whole[connector]["description"] = "Second line of quality".into();
            whole[connector]["tunnelConnections"] = 4.into();
            let targets = whole[connector]["allowedTargets"].as_array_mut();
            targets
                .into_iter()
                .for_each(|all| all.push("127.0.0.0/8".into()));
        }
        6 => {
            let mappings = whole[subaccounts][0]["mappings"].as_array_mut();
            mappings.into_iter().for_each(|all| drop(all.pop()));
        }
        7 => {
            let channel = &mut whole[subaccounts][0]["channels"][0];
            channel["enabled"] = (!channel["enabled"].as_bool().unwrap_or_default()).into();
            whole[connector]["syslog"] = json!([{
                "name": "siem", "enabled": true, "host": "siem-old.corp.example",
            }]);
        }
        9 => {
            for mapping in whole[subaccounts][0]["mappings"]
                .as_array_mut()
                .into_iter()
                .flatten()
            {
                for resource in mapping["resources"].as_array_mut().into_iter().flatten() {
                    resource["exactMatchOnly"] = true.into();
                }
            }
        }
        _ => {}
    }
}
