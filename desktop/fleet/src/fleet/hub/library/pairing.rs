//! Agents that are paired with, until the user keeps or rejects them.

use underpass_runtime::clock;
use underpass_shared::config::OperatorName;
use underpass_shared::host::InternalAddress;
use underpass_shared::id::AgentId;
use underpass_shared::pairing::PairingLink;

use super::super::super::Message;
use super::super::super::shelf::{Keep, Then};
use super::Hub;
use crate::client::Known;
use crate::command::{Described, Stranger};
use crate::pairing::{Pairing, complaint, pair};
use crate::profile::Entry;
use crate::slot::Slot;
use crate::snapshot::Keys;

/// Most agents that were paired with and wait for a decision.
const STRANGERS_MAX: usize = 8;

/// Agents that were paired with, and are not known yet.
#[derive(Default)]
pub(in super::super) struct Strangers {
    paired: Vec<(Known, InternalAddress)>,
    /// Those that the user keeps, while the keys are being opened; at most as many.
    kept: Vec<Kept>,
}

/// That the user keeps an agent.
struct Kept {
    agent: AgentId,
    described: Described,
    done: Slot<()>,
}

impl Hub {
    /// Pairs with the agent of a pairing string.
    pub(in super::super) fn pair(
        &self,
        link: &str,
        name: Option<OperatorName>,
        done: Slot<Stranger>,
    ) {
        let ticket = done.begin();
        let link = match link.parse::<PairingLink>() {
            Ok(link) if self.library.is_some() => link,
            Ok(_) => {
                let reason = "there is no profile to keep agents in".to_owned();
                return done.finish(ticket, Err(reason), clock::wall_ms());
            }
            Err(rule) => return done.finish(ticket, Err(rule.to_string()), clock::wall_ms()),
        };
        let (told, tasks) = (self.told.clone(), self.tasks.clone());
        self.tasks.spawn("fleet-pair", async move {
            let paired = pair(&link, name, &tasks).await;
            let answer = paired.map(|pairing| (pairing, link.address));
            let answer = answer.map_err(|error| complaint(&error));
            let message = Message::Paired {
                done,
                ticket,
                answer,
            };
            drop(told.send(message).await);
        });
    }

    pub(in super::super) fn paired(
        &mut self,
        done: &Slot<Stranger>,
        ticket: u64,
        answer: Result<(Pairing, InternalAddress), String>,
    ) {
        let answer = answer.map(|(pairing, address)| {
            let Pairing {
                known,
                operator,
                words,
            } = pairing;
            let agent = known.agent;
            let strangers = &mut self.strangers.paired;
            strangers.retain(|(known, _)| known.agent != agent);
            if strangers.len() >= STRANGERS_MAX {
                strangers.remove(0);
            }
            strangers.push((known, address.clone()));
            Stranger {
                agent,
                address,
                operator,
                words,
            }
        });
        done.finish(ticket, answer, clock::wall_ms());
    }

    /// Keeps an agent that was paired with.
    pub(in super::super) fn keep_stranger(
        &mut self,
        agent: AgentId,
        described: Described,
        done: Slot<()>,
    ) {
        let ticket = done.begin();
        let found = self
            .strangers
            .paired
            .iter()
            .position(|(known, _)| known.agent == agent);
        let keys = self
            .library
            .as_ref()
            .and_then(|library| library.keys.clone());
        let kept = &mut self.strangers.kept;
        if keys.is_none() && self.keys == Keys::Opening && kept.len() < STRANGERS_MAX {
            // A passphrase takes its time.
            return kept.push(Kept {
                agent,
                described,
                done,
            });
        }
        let (Some(at), Some(keys)) = (found, keys) else {
            let reason = match found {
                None => "this agent was not paired with; begin again",
                Some(_) => "the keys of this program are not open; unlock them first",
            };
            return done.finish(ticket, Err(reason.to_owned()), clock::wall_ms());
        };
        let (known, address) = self.strangers.paired.remove(at);
        let entry = Entry::new(&known, address, described);
        let then = Box::new(Then::Admit {
            entry,
            done,
            ticket,
        });
        self.keep(Keep::Credential { keys, known, then });
    }

    pub(in super::super) fn reject(&mut self, agent: AgentId) {
        self.strangers
            .paired
            .retain(|(known, _)| known.agent != agent);
    }

    /// The keys are open, or stay locked: those that were to be kept meanwhile are, or not.
    pub(super) fn keep_waiting(&mut self) {
        for kept in std::mem::take(&mut self.strangers.kept) {
            self.keep_stranger(kept.agent, kept.described, kept.done);
        }
    }
}
