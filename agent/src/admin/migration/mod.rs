//! Handing enrolments over to another agent.

use underpass_shared::api::management::{HandoverList, MigrationTarget, Refusal};

use super::call::Call;
use super::{Admin, Answer, answer};

impl Admin {
    #[expect(clippy::unused_async, reason = "the calls will wait for gateways")]
    pub(super) async fn migration(&self, _call: &Call, target: MigrationTarget) -> Answer {
        let number = self.store.current().revision().number;
        match target {
            MigrationTarget::Handovers => answer::ok(&HandoverList::default(), number),
            MigrationTarget::Csr
            | MigrationTarget::Vouch
            | MigrationTarget::Accept
            | MigrationTarget::Ready
            | MigrationTarget::Release
            | MigrationTarget::Abort
            | MigrationTarget::Preflight => Err(Refusal::illegal_state(
                "this agent takes part in no handover",
            )),
        }
    }
}
