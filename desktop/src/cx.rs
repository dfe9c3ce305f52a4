//! What a screen is given in each frame, and how it answers.

use std::sync::Arc;

use underpass_fleet::command::{Command, Described};
use underpass_fleet::snapshot::{AgentSnapshot, FleetSnapshot, JobId, KeptTemplate};
use underpass_shared::config::SubaccountKey;
use underpass_shared::host::VirtualAddress;
use underpass_shared::id::AgentId;
use underpass_shared::rights::Role;
use underpass_shared::secret::Secret;

use crate::command::UiCommand;
use crate::digest::Digest;
use crate::nav::Route;
use crate::prefs::Prefs;
use crate::screen::configuration::Wish;
use crate::theme::State;

/// What a screen wants of the app itself.
#[derive(Clone, Debug)]
pub enum Effect {
    /// As if the operator had asked for it.
    Run(UiCommand),
    /// To another page.
    Go(Route),
    /// To a system mapping.
    Mapping {
        /// Whose.
        agent: AgentId,
        /// In which subaccount.
        subaccount: SubaccountKey,
        /// Which.
        address: VirtualAddress,
    },
    /// Begins to move an agent to others, as far as they are known.
    Migrate {
        /// Which one.
        source: Option<AgentId>,
        /// To which.
        targets: Vec<AgentId>,
    },
    /// Begins to change many agents.
    RollOut(Box<Wish>),
    /// To the traces of an agent.
    Traces(AgentId),
    /// To how the alerts of an agent are delivered.
    Delivery(AgentId),
    /// Pairs with the agent of a string, or asks for one where it is empty.
    Pair(Secret),
    /// A word at the corner of the window.
    Tell {
        /// How it is meant.
        state: State,
        /// The word.
        text: String,
    },
    /// Agents were called otherwise, or put elsewhere; that can be taken back.
    Described {
        /// What was done.
        text: String,
        /// How they were called before.
        before: Vec<(AgentId, Described)>,
    },
    /// A template was removed; that can be taken back.
    TemplateRemoved(Arc<KeptTemplate>),
    /// What came of a job, agent by agent.
    Results(JobId),
}

/// What a screen is given in each frame. It only reads; what it wants goes into the two lists.
pub struct Cx<'a> {
    /// What is known of the fleet.
    pub fleet: &'a Arc<FleetSnapshot>,
    /// The agent of the page, on pages that have one.
    pub agent: Option<&'a Arc<AgentSnapshot>>,
    /// The fleet in a few numbers.
    pub digest: &'a Digest,
    /// The time. Screens never ask for it themselves.
    pub now_ms: i64,
    /// Whether something had the keyboard when the frame began: Esc then leaves that alone.
    pub held: bool,
    /// What the operator chose.
    pub prefs: &'a mut Prefs,
    /// What shall be done with agents.
    pub commands: &'a mut Vec<Command>,
    /// What shall be done with the app.
    pub effects: &'a mut Vec<Effect>,
}

impl Cx<'_> {
    /// Has something done with an agent.
    pub fn send(&mut self, command: Command) {
        self.commands.push(command);
    }

    /// As if the operator had asked for it by menu or keyboard.
    pub fn run(&mut self, command: UiCommand) {
        self.effects.push(Effect::Run(command));
    }

    /// Goes to another page.
    pub fn go(&mut self, route: Route) {
        self.effects.push(Effect::Go(route));
    }

    /// Begins to pair with an agent; the string may be empty.
    pub fn pair(&mut self, link: String) {
        self.effects.push(Effect::Pair(Secret::new(link)));
    }

    /// Tells something at the corner of the window.
    pub fn tell(&mut self, state: State, text: impl Into<String>) {
        self.effects.push(Effect::Tell {
            state,
            text: text.into(),
        });
    }

    /// The same for another agent's parts.
    pub fn of(&mut self, agent: AgentId) -> Cx<'_> {
        Cx {
            fleet: self.fleet,
            digest: self.digest,
            agent: self.fleet.agent(agent),
            now_ms: self.now_ms,
            held: self.held,
            prefs: self.prefs,
            commands: self.commands,
            effects: self.effects,
        }
    }

    /// What the operator may do on this page's agent, as far as it told.
    pub fn role(&self) -> Option<Role> {
        self.agent?.own.value().map(|own| own.role)
    }
}
