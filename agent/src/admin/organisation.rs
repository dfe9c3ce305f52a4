//! Which CAs of an organisation vouch for whom.

use underpass_shared::api::management::{
    Linked, OperatorTarget, Refusal, Target, Verb, change, fit, object,
};
use underpass_shared::config::{Joining, OrganisationFields};

use super::call::Call;
use super::{Admin, Answer, answer, connector};

impl Admin {
    pub(super) async fn organisation(&self, call: &Call, verb: Verb) -> Answer {
        if verb == Verb::Get {
            let current = self.readable()?;
            let fields: OrganisationFields =
                current.document().connector().organisation.clone().into();
            let shown = Linked::at(Target::Operators(OperatorTarget::Organisation), fields);
            return answer::ok(&shown, current.revision().number);
        }
        let body = match verb {
            Verb::Delete => None,
            Verb::Get | Verb::Post | Verb::Put | Verb::Patch => Some(object(&call.json()?)?),
        };
        let edit = connector::edit(move |fields| {
            let wanted = match body {
                None => OrganisationFields::default(),
                Some(body) if verb != Verb::Patch => fit(body)?,
                Some(body) => change(&fields.organisation, body)?,
            };
            fields.organisation = wanted.try_into()?;
            Ok::<(), Refusal>(())
        });
        let reason = "changed which CAs vouch for operators";
        self.change_as(call, reason, Joining::Anybody, edit, answer::done)
            .await
    }
}
