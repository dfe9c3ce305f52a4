//! By what operators are known, as SAP's calls ask for it.

use underpass_shared::api::management::{
    AuthenticationShown, AuthenticationType, BasicChange, BasicInput, Linked, OperatorTarget,
    Refusal, Target,
};

use super::call::Call;
use super::{Admin, Answer, answer};

impl Admin {
    pub(super) fn authentication(&self) -> Answer {
        let kind = AuthenticationType::Certificate;
        let target = Target::Operators(OperatorTarget::Authentication);
        let shown = Linked::at(target, AuthenticationShown { kind });
        answer::ok(&shown, self.number())
    }
}

/// Refuses to change a user, or a password, that is not there.
pub(super) fn change_basic(call: &Call) -> Answer {
    let what = match call.read::<BasicInput>()?.try_into()? {
        BasicChange::User => "user to rename",
        BasicChange::Password => "password to change",
    };
    let message = format!(
        "there is no {what}: operators are known by certificates (`underpass-agent pair` lets a \
         person in, `underpass-agent operator issue` a script); users with a password, for \
         monitoring alone, are at connector/monitoringUsers"
    );
    Err(Refusal::illegal_state(message))
}
