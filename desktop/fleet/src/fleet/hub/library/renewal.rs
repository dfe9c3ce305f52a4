//! Certificates of this program, renewed before they end.

use std::sync::Arc;

use underpass_runtime::clock;
use underpass_shared::id::AgentId;

use super::super::super::Message;
use super::super::super::shelf::{Keep, Then, reason};
use super::Hub;
use crate::client::Known;
use crate::profile::Entry;
use crate::snapshot::Severity;

/// How long to wait after a renewal that failed: certificates are renewed from half of their life on,
/// so there is time.
const RENEW_AGAIN_MS: i64 = 60 * 60 * 1_000;

impl Hub {
    /// Renews the certificates of which half of the life is over.
    pub(in super::super) fn renew(&mut self) {
        let now_ms = clock::wall_ms();
        for (id, member) in &mut self.members {
            let is_online = member.seen.link.is_online();
            let Some(real) = member.real.as_mut().filter(|_| is_online) else {
                continue;
            };
            let due = real.known.renewal_is_due(now_ms).unwrap_or(false);
            if !due || now_ms < real.renew_after_ms {
                continue;
            }
            real.renew_after_ms = now_ms.saturating_add(RENEW_AGAIN_MS);
            let (id, client, told) = (*id, Arc::clone(&real.client), self.told.clone());
            self.tasks.spawn("fleet-renew", async move {
                let renewed = client.renewed().await.map_err(|error| error.reason());
                drop(told.send(Message::Renewed(id, renewed)).await);
            });
        }
    }

    pub(in super::super) fn renewed(&mut self, agent: AgentId, renewed: Result<Known, String>) {
        let keys = self
            .library
            .as_ref()
            .and_then(|library| library.keys.clone());
        match (renewed, keys) {
            (Ok(known), Some(keys)) => {
                let then = Box::new(Then::Renew);
                self.keep(Keep::Credential { keys, known, then });
            }
            (Ok(_), None) => {}
            (Err(text), _) => {
                let text = format!("the certificate of this program cannot be renewed: {text}");
                self.notice(Some(agent), Severity::Warning, text);
            }
        }
    }

    /// Shows the renewed certificate, which is on the disk by now.
    pub(super) fn adopt(&mut self, known: &Known, result: Result<(), String>) {
        let agent = known.agent;
        let adopted = result.and_then(|()| {
            let member = self.members.get_mut(&agent);
            let real = member.and_then(|member| member.real.as_mut());
            let Some(real) = real else {
                return Ok(());
            };
            real.client.adopt(known).map_err(|error| reason(&error))?;
            real.known = known.clone();
            Ok(())
        });
        match adopted {
            Ok(()) => {
                let Some(library) = &mut self.library else {
                    return;
                };
                let until_ms = library.change_book(|book| {
                    let entry = book.get_mut(agent)?;
                    let described = entry.described();
                    *entry = Entry::new(known, entry.address.clone(), described);
                    Some(entry.certificate_until_ms)
                });
                let member = self.members.get_mut(&agent);
                if let (Some(until_ms), Some(member)) = (until_ms, member) {
                    member.card.certificate_until_ms = until_ms;
                    member.show(clock::wall_ms());
                }
            }
            Err(text) => self.notice(Some(agent), Severity::Error, text),
        }
    }
}
