//! The agent itself: its description, beside its role.

use underpass_shared::api::management::{
    ConnectorInput, ConnectorShown, ConnectorTarget, HaRole, Linked, Target, Verb,
};

use super::edit;
use crate::admin::call::Call;
use crate::admin::{Admin, Answer, answer};

fn shown(description: &str) -> Linked<ConnectorShown> {
    let shown = ConnectorShown {
        ha: HaRole::Master,
        description: description.to_owned(),
    };
    Linked::at(Target::Connector(ConnectorTarget::Common), shown)
}

impl Admin {
    pub(super) async fn common(&self, call: &Call, verb: Verb) -> Answer {
        if verb != Verb::Put {
            let current = self.readable()?;
            let description = current.document().connector().description.as_deref();
            let number = current.revision().number;
            return answer::ok(&shown(description.unwrap_or_default()), number);
        }
        let ConnectorInput { description, .. } = call.read()?;
        let after = shown(&description);
        let edit = edit(move |fields| {
            fields.description = Some(description).filter(|text| !text.is_empty());
            Ok(())
        });
        let reason = "changed the agent's description";
        let shown = |revision| {
            answer::ok(&after, revision).unwrap_or_else(|refusal| answer::refused(&refusal, None))
        };
        self.change(call, reason, edit, shown).await
    }
}
