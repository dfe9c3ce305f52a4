//! High availability: this agent is a master, and alone.

use underpass_shared::api::management::{
    HaRole, HaTarget, Linked, ManagementStatus, MasterConfigInput, MasterConfigShown,
    MasterStateInput, MasterStateShown, Refusal, ShadowConfig, ShadowStateInput, Target, Verb, fit,
    object,
};
use underpass_shared::host::Port;

use super::call::Call;
use super::{Admin, Answer, answer};

/// What to do without a pair.
const INSTEAD: &str = "there are no pairs in this version; for a second agent enrol one with a \
                       location ID of its own, and to leave this host use `underpass migrate`";

/// What a master answers to what only shadows do, as it is documented: whoever asks.
fn not_a_shadow() -> Refusal {
    let message = "this agent is a master, and only a shadow does this";
    Refusal::forbidden(format!("{message}: {INSTEAD}"))
}

fn first_port(status: &ManagementStatus) -> Option<Port> {
    let port = status.listening.first()?.port();
    Port::try_from(port).ok()
}

impl Admin {
    pub(super) fn of_ha(&self, call: &Call, verb: Verb, target: HaTarget) -> Answer {
        match target {
            HaTarget::Role => self.ha_role(call, verb),
            HaTarget::MasterConfig => self.master_config(call, verb),
            HaTarget::MasterState => self.master_state(call, verb),
            HaTarget::ShadowConfig => {
                if verb == Verb::Put {
                    // All of it may be left out, which a list would do too.
                    fit::<ShadowConfig>(object(&call.json()?)?)?;
                }
                Err(not_a_shadow())
            }
            HaTarget::ShadowState => {
                if verb == Verb::Post {
                    call.read::<ShadowStateInput>()?;
                }
                Err(not_a_shadow())
            }
        }
    }

    fn ha_role(&self, call: &Call, verb: Verb) -> Answer {
        if verb != Verb::Post {
            return answer::ok(&HaRole::Master, self.number());
        }
        match call.read()? {
            // What scripts say to a new installation.
            HaRole::Master => Ok(answer::done(self.number())),
            HaRole::Shadow => {
                let message = format!("this agent stays a master: {INSTEAD}");
                Err(Refusal::illegal_state(message))
            }
        }
    }

    fn master_config(&self, call: &Call, verb: Verb) -> Answer {
        if verb != Verb::Put {
            let port = self.live()?.board.managed(first_port);
            let shown = MasterConfigShown::alone(port);
            let target = Target::Ha(HaTarget::MasterConfig);
            return answer::ok(&Linked::at(target, shown), self.number());
        }
        let input: MasterConfigInput = call.read()?;
        if input.ha_enabled.0 {
            let message = format!("no shadow can connect: {INSTEAD}");
            return Err(Refusal::illegal_state(message).at("haEnabled"));
        }
        Ok(answer::done(self.number()))
    }

    fn master_state(&self, call: &Call, verb: Verb) -> Answer {
        match verb {
            Verb::Post => {
                call.read::<MasterStateInput>()?;
                let message = format!("there is no shadow to change roles with: {INSTEAD}");
                Err(Refusal::illegal_state(message))
            }
            // Nothing was ever set.
            Verb::Delete => Ok(answer::done(self.number())),
            Verb::Get | Verb::Put | Verb::Patch => {
                let target = Target::Ha(HaTarget::MasterState);
                let shown = Linked::at(target, MasterStateShown::alone());
                answer::ok(&shown, self.number())
            }
        }
    }
}
