//! What a restore would do, for somebody who decides whether it is done.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::adaptation::{ADAPTATIONS_MAX, Adaptation, AdaptationKind};
use super::draft::{Draft, Writes};
use super::facts::{Facts, Held};
use crate::backup::Content;
use crate::config::{Certificate, Change, Document, Joining, changes, diff};
use crate::pki::expiry::{Enrolled, ExpiryLevel, expiries};

/// How many passwords and keys a restore concerns.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SecretCounts {
    /// Passwords and keys that are written.
    pub written: usize,
    /// Those that are here already.
    pub present: usize,
    /// Those that get other ids, since theirs stand for other values here.
    pub renamed: usize,
    /// Those that the document names and that are nowhere.
    pub missing: usize,
    /// Enrolments that are written.
    pub enrolments: usize,
}

/// What a restore would do.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The document that the agent would have.
    pub document: Document,
    /// What would be written beside it.
    pub writes: Writes,
    /// What would change.
    pub changes: Vec<Change>,
    /// What somebody should look at.
    pub adaptations: Vec<Adaptation>,
    /// Further ones that are not listed.
    pub more_adaptations: usize,
    /// Passwords and keys.
    pub secrets: SecretCounts,
    /// Why it cannot be done, if so.
    pub refused: Option<String>,
}

impl Draft {
    /// The plan, once all is known.
    pub fn plan(self, present: &Document, content: &Content, held: &Held, facts: &Facts) -> Plan {
        let refused = self.refused(present);
        let mut adaptations = self.told.clone();
        self.hosts(facts, &mut adaptations);
        self.links(facts, &mut adaptations);
        self.certificates(content, facts, &mut adaptations);
        self.people(present, content, held, &mut adaptations);
        if facts.unanswered > 0 {
            let text = format!("{} hosts and gateways were not looked at", facts.unanswered);
            let kind = AdaptationKind::NotChecked;
            let remedy = "look at them after the restore with the connection check";
            adaptations.push(Adaptation::new(kind, "document", text, remedy));
        }
        adaptations.sort_unstable();
        adaptations.dedup();
        let more_adaptations = adaptations.len().saturating_sub(ADAPTATIONS_MAX);
        adaptations.truncate(ADAPTATIONS_MAX);
        let (new, writes) = (self.document, self.writes);
        Plan {
            changes: changes(&diff(present, &new), &diff(&new, present)),
            adaptations,
            more_adaptations,
            secrets: SecretCounts {
                written: writes.passwords.len() + writes.keys.len(),
                present: self.same,
                renamed: self.renamed,
                missing: self.missing,
                enrolments: writes.enrolments.len(),
            },
            refused,
            document: new,
            writes,
        }
    }

    /// How operators may come in by it.
    pub const fn joining(writes: &Writes) -> Joining {
        if writes.operators {
            Joining::Anybody
        } else {
            Joining::Nobody
        }
    }

    fn refused(&self, present: &Document) -> Option<String> {
        let joining = Self::joining(&self.writes);
        let (old, new) = (present.connector(), self.document.connector());
        let operators = old.operators().may_become(new.operators(), joining);
        let organisation = || old.organisation.may_become(&new.organisation, joining);
        let checked = operators.and_then(|()| organisation());
        checked.err().map(|invalid| invalid.to_string())
    }

    fn hosts(&self, facts: &Facts, told: &mut Vec<Adaptation>) {
        for (host, why) in &facts.unresolved {
            let all = self.document.subaccounts().iter();
            let mappings = all.flat_map(|one| {
                let key = one.key();
                let mappings = one.mappings().iter();
                mappings.map(move |mapping| (key, mapping))
            });
            let of_host = |(_, mapping): &(_, &std::sync::Arc<crate::config::MappingPart>)| {
                mapping.internal_address.host == *host
            };
            let mut found = mappings.filter(of_host);
            let Some((key, mapping)) = found.next() else {
                continue;
            };
            let others = match found.count() {
                0 => String::new(),
                more => format!(", and {more} more system mappings lead to it"),
            };
            told.push(Adaptation::new(
                AdaptationKind::HostUnresolved,
                format!("mapping {} of {key}", mapping.virtual_address),
                format!("the host {host} does not resolve here: {why}{others}"),
                "give the host another name (a rule under hosts, `--replace-host`), or make it known to this host",
            ));
        }
    }

    fn links(&self, facts: &Facts, told: &mut Vec<Adaptation>) {
        for subaccount in self.document.subaccounts() {
            let (key, own) = (subaccount.key(), subaccount.own());
            let place = format!("subaccount {key}");
            for channel in own.channels.as_slice().iter().filter(|one| one.enabled) {
                let port = channel.service.local_port();
                if let Some(why) = facts.taken.get(&port) {
                    told.push(Adaptation::new(
                        AdaptationKind::PortTaken,
                        &place,
                        format!(
                            "the local port {port} of channel {} is taken: {why}",
                            channel.id
                        ),
                        "end what uses it, or switch the channel off",
                    ));
                }
            }
            if !own.connected {
                continue;
            }
            if let Some(why) = facts.unreachable.get(&key.region_host) {
                told.push(Adaptation::new(
                    AdaptationKind::GatewayUnreachable,
                    &place,
                    format!("the gateway {} cannot be reached: {why}", key.region_host),
                    "set the proxy of this network, or open the way to the gateway",
                ));
            }
            if facts.elsewhere.contains(&own.instance) {
                told.push(Adaptation::new(
                    AdaptationKind::InUseElsewhere,
                    &place,
                    "another process holds tunnels by this enrolment now",
                    "stop the other agent, or restore without enrolments and enrol anew: of two copies one carries nothing",
                ));
            }
            if let Some(why) = facts.refused.get(&own.instance) {
                told.push(Adaptation::new(
                    AdaptationKind::EnrolmentRefused,
                    &place,
                    format!("the gateway does not take the enrolment of the backup: {why}"),
                    "take a newer backup, or enrol anew after the restore with a token of the gateway (`subaccount renew --token`)",
                ));
            }
        }
    }

    fn certificates(&self, content: &Content, facts: &Facts, told: &mut Vec<Adaptation>) {
        let taken = self.document.subaccounts().iter().map(|one| one.own());
        let taken = taken.filter(|own| self.writes.enrolments.contains(&own.instance));
        let enrolled = taken.filter_map(|own| {
            let enrolment = content.enrolments.get(&own.instance)?;
            let chain = Certificate::list(&enrolment.certificate).ok()?;
            let summary = chain.first()?.summary();
            Some(Enrolled {
                key: own.key.clone(),
                subject_dn: summary.subject,
                not_before_ms: summary.not_before_ms,
                not_after_ms: summary.not_after_ms,
            })
        });
        let enrolled: Vec<Enrolled> = enrolled.collect();
        for one in expiries(&self.document, &enrolled, facts.now_ms) {
            let (kind, remedy) = match one.level {
                ExpiryLevel::Ok => continue,
                ExpiryLevel::Expiring => (
                    AdaptationKind::CertificateExpiring,
                    "renew it; client certificates of subaccounts are renewed by themselves",
                ),
                ExpiryLevel::Expired => (
                    AdaptationKind::CertificateExpired,
                    "replace it; the agent renews a client certificate of a subaccount for some time after its end, then enrol again",
                ),
            };
            told.push(Adaptation::new(kind, &one.name, one.to_string(), remedy));
        }
    }

    fn people(
        &self,
        present: &Document,
        content: &Content,
        held: &Held,
        told: &mut Vec<Adaptation>,
    ) {
        let (old, new) = (present.connector(), self.document.connector());
        for one in new.operators().as_slice() {
            if old.operators().get(one.id).is_none() {
                told.push(Adaptation::new(
                    AdaptationKind::OperatorReturns,
                    "connector.operators",
                    format!(
                        "{} ({}) may manage this agent as {}",
                        one.name, one.id, one.role
                    ),
                    "leave out the part operators if nobody shall come back",
                ));
            }
        }
        let other = held.agent.is_some_and(|agent| agent != content.instance);
        if self.writes.identity && other {
            told.push(Adaptation::new(
                AdaptationKind::IdentityChanges,
                "identity",
                format!(
                    "the agent becomes {} for those who manage it",
                    content.instance
                ),
                "clients that were paired with the present identity must be paired anew",
            ));
        }
        let foreign = held.agent != Some(content.instance);
        let split = self.writes.identity != self.writes.operators;
        if foreign && split && !new.operators().is_empty() {
            told.push(Adaptation::new(
                AdaptationKind::OperatorCertificates,
                "connector.operators",
                "operators and identity come from different agents, so certificates of operators do not work",
                "choose identity and operators together, or neither",
            ));
        }
    }
}
