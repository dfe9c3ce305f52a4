//! Cipher suites and regions.

use underpass_shared::api::management::{ConnectorTarget, Refusal, Target, Verb};
use underpass_shared::config::{CipherSuite, CipherSuites, Region};
use underpass_shared::id::RegionHost;

use super::edit;
use crate::admin::call::Call;
use crate::admin::{Admin, Answer, answer};

fn missing(host: &RegionHost) -> Refusal {
    Refusal::not_found(format!("there is no region with the gateway {host}"))
}

impl Admin {
    pub(super) fn available_cipher_suites(&self) -> Answer {
        answer::ok(&CipherSuite::ALL, self.readable()?.revision().number)
    }

    pub(super) async fn cipher_suites(&self, call: &Call, verb: Verb) -> Answer {
        let chosen = match verb {
            Verb::Post => {
                let suites: Vec<CipherSuite> = call.read()?;
                CipherSuites::try_from(suites)?
            }
            Verb::Delete => CipherSuites::default(),
            Verb::Get | Verb::Put | Verb::Patch => {
                let current = self.readable()?;
                let suites = current.document().connector().cipher_suites.as_slice();
                return answer::ok(&suites, current.revision().number);
            }
        };
        let edit = edit(move |fields| {
            fields.cipher_suites = chosen;
            Ok(())
        });
        let reason = "chose the cipher suites of the management API";
        self.change(call, reason, edit, answer::done).await
    }

    pub(super) async fn regions(&self, call: &Call, verb: Verb) -> Answer {
        if verb != Verb::Post {
            let current = self.readable()?;
            let regions = current.document().connector().regions.as_slice();
            return answer::ok(&regions, current.revision().number);
        }
        let region: Region = call.read()?;
        let host = region.region_host.clone();
        let reason = format!("added region {}", region.name);
        let edit = edit(move |fields| {
            let mut regions = fields.regions.as_slice().to_vec();
            let taken =
                |one: &&Region| one.name == region.name || one.region_host == region.region_host;
            if let Some(Region { name, region_host }) = regions.iter().find(taken) {
                let message = format!("there is a region {name} ({region_host}) already");
                return Err(Refusal::illegal_state(message).at("regionHost"));
            }
            regions.push(region);
            fields.regions = regions.try_into()?;
            Ok(())
        });
        let target = Target::Connector(ConnectorTarget::Region(host));
        let created = |revision| answer::created(&target, revision);
        self.change(call, &reason, edit, created).await
    }

    pub(super) async fn region(&self, call: &Call, verb: Verb, host: RegionHost) -> Answer {
        if verb != Verb::Delete {
            let current = self.readable()?;
            let mut regions = current.document().connector().regions.as_slice().iter();
            let region = regions.find(|one| one.region_host == host);
            let region = region.ok_or_else(|| missing(&host))?;
            return answer::ok(region, current.revision().number);
        }
        let reason = format!("removed the region with the gateway {host}");
        let edit = edit(move |fields| {
            let mut regions = fields.regions.as_slice().to_vec();
            let before = regions.len();
            regions.retain(|one| one.region_host != host);
            if regions.len() == before {
                return Err(missing(&host));
            }
            fields.regions = regions.try_into()?;
            Ok(())
        });
        self.change(call, &reason, edit, answer::done).await
    }
}
