//! Checks of all back ends at once: can the agent reach them?

use underpass_fleet::api::Call;
use underpass_fleet::command::{Command, Trial};
use underpass_fleet::remote::Remote;
use underpass_fleet::slot::Slot;
use underpass_fleet::snapshot::AgentSnapshot;
use underpass_shared::api::management::{
    CheckOutcome, ConnectionCheck, MappingAddress, MappingTarget, Query, SubaccountPath, Target,
    Verb,
};

use crate::cx::Cx;

/// Back ends that are checked at once; who has more checks the one in question on its own page.
const CHECKED_MAX: usize = 50;

/// The checks that were asked for last.
#[derive(Default)]
pub(super) struct Backends(Vec<(String, Slot<ConnectionCheck>)>);

/// What the checks found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Found {
    /// How many were reached.
    pub reached: usize,
    /// Which were not, and why.
    pub failed: Vec<(String, String)>,
    /// How many answers are still to come.
    pub waiting: usize,
    /// How long the slowest took to be reached, milliseconds.
    pub slowest_ms: Option<u64>,
}

impl Backends {
    /// Has the agent check every system that its configuration opens.
    pub(super) fn check(&mut self, cx: &mut Cx<'_>, agent: &AgentSnapshot) {
        let Some(configuration) = agent.configuration.value() else {
            return;
        };
        self.0.clear();
        for subaccount in configuration.document.subaccounts() {
            let key = subaccount.key();
            let path = SubaccountPath {
                region_host: key.region_host.clone(),
                subaccount: key.subaccount,
            };
            let query = Query {
                location_id: Some(key.location_id.clone()),
                ..Query::default()
            };
            for mapping in subaccount.mappings() {
                if self.0.len() >= CHECKED_MAX {
                    return;
                }
                let target = Target::OfMapping(
                    path.clone(),
                    MappingAddress::of(mapping),
                    MappingTarget::Check,
                );
                let call = Call::new(Verb::Post, target).query(query.clone());
                let answer = Slot::default();
                cx.send(Command::Try(Trial::ask(agent.id, call, &answer)));
                self.0.push((mapping.virtual_address.to_string(), answer));
            }
        }
    }

    /// What came of them so far.
    pub(super) fn found(&self) -> Found {
        let mut found = Found::default();
        for (address, slot) in &self.0 {
            match &*slot.get() {
                Remote::NotRequested | Remote::Loading { .. } => found.waiting += 1,
                Remote::Unavailable { reason, .. } => {
                    found.failed.push((address.clone(), reason.to_string()));
                }
                Remote::Ready(answer) => found.count(address, &answer.value),
            }
        }
        found
    }
}

impl Found {
    fn count(&mut self, address: &str, check: &ConnectionCheck) {
        if check.reachable {
            let took = check.steps.iter().map(|step| step.millis).sum();
            self.reached += 1;
            self.slowest_ms = self.slowest_ms.max(Some(took));
            return;
        }
        let failed = check
            .steps
            .iter()
            .find(|step| step.outcome == CheckOutcome::Failed);
        let why = failed.map_or_else(String::new, |step| step.seen.clone());
        self.failed.push((address.to_owned(), why));
    }
}
