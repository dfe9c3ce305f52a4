//! What a running agent tells as it happens.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::change::PendingConfirm;
use super::subaccount::TunnelState;
use crate::alert::Notice;
use crate::config::Text;
use crate::config::limits::{AUTHOR_LEN_MAX, REASON_LEN_MAX};
use crate::id::{LocationId, RegionHost, SubaccountId};
use crate::rights::Role;

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(
    tag = "type",
    rename_all = "camelCase",
    rename_all_fields = "camelCase"
)]
pub enum Event {
    /// The stream begins here; what was before is to be asked for.
    Start {
        /// The present revision.
        revision: u64,
    },
    /// Events are missing: what the caller knows is to be asked for anew.
    Reset {
        /// The present revision.
        revision: u64,
        /// Why they are missing.
        reason: String,
    },
    /// A tunnel has another state.
    Tunnel {
        /// The gateway.
        region_host: RegionHost,
        /// The tenant.
        subaccount: SubaccountId,
        /// The location ID.
        #[serde(rename = "locationID")]
        location_id: LocationId,
        /// The state.
        state: TunnelState,
        /// How many connections are up.
        connections: usize,
        /// Why it is not up.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        message: Option<String>,
    },
    /// The configuration has a new revision.
    Revision {
        /// Its number.
        number: u64,
        /// Who.
        author: Text<AUTHOR_LEN_MAX>,
        /// Why.
        reason: Text<REASON_LEN_MAX>,
    },
    /// Changes wait for their confirmation, or no longer do.
    PendingConfirm {
        /// Which; none where they were confirmed or taken back.
        pending: Option<PendingConfirm>,
    },
    /// What weakens security is something else now.
    Warnings {
        /// All of it.
        warnings: Vec<String>,
    },
    /// Something that Administrators are to know, such as a pairing.
    Notice {
        /// One sentence.
        text: String,
    },
    /// The figures that everybody looks at first, every 15 s.
    Metrics {
        /// Requests that ended, a second.
        requests_per_second: f64,
        /// Of these, answered by the agent because of the back end or by it with 500 and more.
        errors_per_second: f64,
        /// What 95 of 100 requests took at most, milliseconds; none without requests.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        p95_ms: Option<f64>,
        /// Share of all processors of the host in use, where the system tells.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        cpu: Option<f64>,
        /// Resident memory of the agent, bytes.
        memory: u64,
        /// Tunnels that are up.
        tunnels_up: usize,
    },
    /// An alert was raised, reminds, or is resolved.
    Alert {
        /// What happened to which alert; who acknowledged it is left out.
        notice: Box<Notice>,
    },
    /// The stream ends here.
    End {
        /// Why, and what to do.
        reason: String,
    },
}

impl Event {
    /// Its name in the stream.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Start { .. } => "start",
            Self::Reset { .. } => "reset",
            Self::Tunnel { .. } => "tunnel",
            Self::Revision { .. } => "revision",
            Self::PendingConfirm { .. } => "pendingConfirm",
            Self::Warnings { .. } => "warnings",
            Self::Notice { .. } => "notice",
            Self::Metrics { .. } => "metrics",
            Self::Alert { .. } => "alert",
            Self::End { .. } => "end",
        }
    }

    /// Whether an operator with a role gets to know it: Monitoring sees tunnels, not who does what.
    pub const fn is_for(&self, role: Role) -> bool {
        match self {
            Self::Start { .. }
            | Self::Reset { .. }
            | Self::Tunnel { .. }
            | Self::Metrics { .. }
            | Self::Alert { .. }
            | Self::End { .. } => true,
            Self::Revision { .. } | Self::PendingConfirm { .. } | Self::Warnings { .. } => {
                !matches!(role, Role::Monitoring)
            }
            Self::Notice { .. } => matches!(role, Role::Administrator),
        }
    }
}

/// An event with its time, as it stands in the stream.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct EventMessage {
    /// When it happened, milliseconds UTC.
    pub time_ms: i64,
    /// What happened.
    #[serde(flatten)]
    pub event: Event,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_is_the_type_and_roles_see_what_is_theirs() {
        let reason = || "r".to_owned();
        let events = [
            (Event::Start { revision: 1 }, 6),
            (
                Event::Reset {
                    revision: 1,
                    reason: reason(),
                },
                6,
            ),
            (Event::End { reason: reason() }, 6),
            (
                Event::Metrics {
                    requests_per_second: 1.5,
                    errors_per_second: 0.0,
                    p95_ms: Some(120.25),
                    cpu: Some(0.5),
                    memory: 1,
                    tunnels_up: 2,
                },
                6,
            ),
            (Event::PendingConfirm { pending: None }, 5),
            (Event::Warnings { warnings: vec![] }, 5),
            (Event::Notice { text: reason() }, 1),
        ];
        for (event, seen_by) in events {
            let (name, time_ms) = (event.name(), 7);
            let roles = Role::ALL.iter().take_while(|role| event.is_for(**role));
            assert_eq!(roles.count(), seen_by, "{name}");
            let message = EventMessage { time_ms, event };
            let json = serde_json::to_value(&message).unwrap();
            assert_eq!((&json["type"], &json["timeMs"]), (&name.into(), &7.into()));
            assert_eq!(
                serde_json::from_value::<EventMessage>(json).unwrap(),
                message
            );
        }
    }
}
