//! The records and their stored form.

use std::net::SocketAddr;

use serde::{Deserialize, Serialize};
use underpass_shared::api::handover::Phase;
use underpass_shared::api::management::HandoverMode;
use underpass_shared::id::{
    HandoverId, InstanceId, LocationId, RegionHost, SubaccountId, TunnelKey,
};

/// A tenant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Subaccount {
    /// Its GUID.
    pub id: SubaccountId,
    /// Its display name, unique on this gateway.
    pub name: String,
    /// When it was added.
    pub created_at_ms: i64,
}

/// One enrolled agent in one subaccount.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Identity {
    /// The agent's instance.
    pub instance: InstanceId,
    /// The tenant it serves.
    pub subaccount: SubaccountId,
    /// The location ID it serves.
    pub location: LocationId,
    /// SHA-256 of the subject public key info of its newest certificate.
    #[serde(with = "hash")]
    pub current_spki: [u8; 32],
    /// The key before, whose connections may still live during a renewal.
    #[serde(default, with = "optional_hash")]
    pub previous_spki: Option<[u8; 32]>,
    /// When the newest certificate ends; `None` until one is issued.
    #[serde(default)]
    pub certificate_not_after_ms: Option<i64>,
    /// When it enrolled.
    pub created_at_ms: i64,
    /// When it was revoked, if it was.
    #[serde(default)]
    pub revoked_at_ms: Option<i64>,
    /// The handover that it waits for the end of: the place is that of another agent until then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offered: Option<HandoverId>,
}

impl Identity {
    /// What its tunnels are routed by.
    pub fn tunnel_key(&self) -> TunnelKey {
        TunnelKey {
            subaccount: self.subaccount,
            location: self.location.clone(),
        }
    }

    /// Whether it was revoked.
    pub fn is_revoked(&self) -> bool {
        self.revoked_at_ms.is_some()
    }

    /// Whether this is one of its newest two keys.
    pub fn knows_key(&self, spki_hash: &[u8; 32]) -> bool {
        self.current_spki == *spki_hash || self.previous_spki == Some(*spki_hash)
    }

    /// Whether a certificate of this key may be used.
    pub fn accepts(&self, spki_hash: &[u8; 32]) -> bool {
        self.knows_key(spki_hash) && !self.is_revoked()
    }
}

/// One agent hands its place, or a copy of it, to another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Handover {
    /// Its id, as its operator chose it.
    pub id: HandoverId,
    /// What becomes of the source.
    pub mode: HandoverMode,
    /// The tenant.
    pub subaccount: SubaccountId,
    /// The location ID of the target.
    pub location: LocationId,
    /// Who vouched.
    pub source: InstanceId,
    /// For whom.
    pub target: InstanceId,
    /// When it began.
    pub begun_at_ms: i64,
    /// Until when it is open; when it ended, once it has.
    pub until_ms: i64,
    /// How far it is.
    pub phase: Phase,
}

impl Handover {
    /// The place that it is about.
    pub fn key(&self) -> TunnelKey {
        TunnelKey {
            subaccount: self.subaccount,
            location: self.location.clone(),
        }
    }

    /// Whether it ended so that `instance` has no place any more.
    pub fn has_ended_for(&self, instance: InstanceId) -> bool {
        match (self.phase, self.mode) {
            (Phase::Completed, HandoverMode::Move) => instance == self.source,
            (Phase::Aborted, HandoverMode::Move | HandoverMode::Copy) => instance == self.target,
            (Phase::Completed, HandoverMode::Copy) | (Phase::Offered | Phase::Ready, _) => false,
        }
    }
}

/// OAuth client credentials of a consumer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Binding {
    /// The OAuth client id.
    pub client_id: String,
    /// The tenant its tokens stand for.
    pub subaccount: SubaccountId,
    /// SHA-256 of the secret; the secret itself is random, so a slow hash adds nothing.
    #[serde(with = "hash")]
    pub secret_hash: [u8; 32],
    /// When it was made.
    pub created_at_ms: i64,
}

/// Where this gateway is reached, as published by the running server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Settings {
    /// Public name and port of the tunnels.
    pub region_host: RegionHost,
    /// Base URL of the token endpoint, without a slash at the end.
    pub token_url: String,
    /// The `iss` of our tokens. It stays when the address changes, so tokens outlive a move.
    pub issuer: String,
    /// Host by which applications reach the consumers' HTTP proxy, an IPv6 address in brackets.
    pub proxy_host: String,
    /// Port of the consumers' HTTP proxy.
    pub proxy_port: u16,
    /// Where that proxy listens; gateways of older releases did not tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proxy_address: Option<SocketAddr>,
}

/// An enrolment token, found by the hash of its secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(
    tag = "state",
    rename_all = "camelCase",
    rename_all_fields = "camelCase"
)]
pub(super) enum EnrolRecord {
    /// Still good.
    Open {
        subaccount: SubaccountId,
        location: Option<LocationId>,
    },
    /// Used; kept a while, for the agent that lost the answer.
    Burnt {
        instance: InstanceId,
        #[serde(with = "hash")]
        spki_hash: [u8; 32],
    },
}

/// The stored form of a record.
pub(super) fn bytes(record: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(record).expect("records have text keys and finite numbers")
}

pub(super) mod hash {
    use serde::{Deserialize as _, Deserializer, Serializer, de::Error};

    pub(super) fn serialize<S: Serializer>(hash: &[u8; 32], to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(&hex(hash))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<[u8; 32], D::Error> {
        let text = String::deserialize(from)?;
        parse(&text).ok_or_else(|| D::Error::custom("a hash has 64 hexadecimal digits"))
    }

    pub(in crate::directory) fn hex(hash: &[u8; 32]) -> String {
        hash.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    pub(super) fn parse(text: &str) -> Option<[u8; 32]> {
        if text.len() != 64 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return None;
        }
        let mut hash = [0; 32];
        for (at, byte) in hash.iter_mut().enumerate() {
            *byte = u8::from_str_radix(text.get(2 * at..2 * at + 2)?, 16).ok()?;
        }
        Some(hash)
    }
}

mod optional_hash {
    use serde::{Deserialize as _, Deserializer, Serialize as _, Serializer, de::Error};

    pub(super) fn serialize<S: Serializer>(
        hash: &Option<[u8; 32]>,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        hash.as_ref().map(super::hash::hex).serialize(to)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Option<[u8; 32]>, D::Error> {
        let text = Option::<String>::deserialize(from)?;
        let parse = |text: String| {
            let hash = super::hash::parse(&text);
            hash.ok_or_else(|| D::Error::custom("a hash has 64 hexadecimal digits"))
        };
        text.map(parse).transpose()
    }
}
