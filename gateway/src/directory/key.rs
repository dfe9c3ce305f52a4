//! The names of the rows.

use underpass_shared::id::{InstanceId, SubaccountId, TunnelKey};
use uuid::Uuid;

use super::record::hash::hex;

pub(super) const SUBACCOUNT: &str = "subaccount/";
pub(super) const IDENTITY: &str = "identity/";
pub(super) const BINDING: &str = "binding/";
pub(super) const HANDOVER: &str = "handover/";
pub(super) const HOLDER: &str = "holder/";
pub(super) const ENROL: &str = "enrol/";
pub(super) const SETTINGS: &str = "settings";
pub(super) const TUNNEL: &str = "tunnel/";
pub(super) const ORDER: &str = "order/";
pub(super) const ANSWER: &str = "answer/";
pub(super) const LOG: &str = "log";
pub(super) const TRIED: &str = "tried";

/// Rows that are of the running gateway: a backup has none of them.
pub(super) const PASSING: [&str; 7] = [TUNNEL, HOLDER, ENROL, ORDER, ANSWER, LOG, TRIED];

pub(super) fn subaccount(id: SubaccountId) -> String {
    format!("{SUBACCOUNT}{id}")
}

/// Keeps display names unique.
pub(super) fn name(name: &str) -> String {
    format!("name/{}", name.to_lowercase())
}

pub(super) fn identity(id: InstanceId) -> String {
    format!("{IDENTITY}{id}")
}

/// Which instance a subaccount and location ID belong to.
pub(super) fn claim(key: &TunnelKey) -> String {
    format!("claim/{key}")
}

/// The handover of a place.
pub(super) fn handover(key: &TunnelKey) -> String {
    format!("{HANDOVER}{key}")
}

/// What the handovers of a subaccount begin with.
pub(super) fn handovers(subaccount: SubaccountId) -> String {
    format!("{HANDOVER}{subaccount}/")
}

/// Which process of an instance has its place.
pub(super) fn holder(id: InstanceId) -> String {
    format!("{HOLDER}{id}")
}

/// What the claims of a subaccount begin with.
pub(super) fn claims(subaccount: SubaccountId) -> String {
    format!("claim/{subaccount}/")
}

pub(super) fn binding(client_id: &str) -> String {
    format!("{BINDING}{client_id}")
}

pub(super) fn enrol_token(secret_hash: &[u8; 32]) -> String {
    format!("{ENROL}{}", hex(secret_hash))
}

pub(super) fn tunnel(key: &TunnelKey, instance: InstanceId) -> String {
    format!("{TUNNEL}{key}/{instance}")
}

pub(super) fn order(id: Uuid) -> String {
    format!("{ORDER}{id}")
}

pub(super) fn answer(id: Uuid) -> String {
    format!("{ANSWER}{id}")
}
