//! What the user wants done, on its way to the executor.

mod moves;

use std::collections::BTreeSet;
use std::fmt;
use std::num::NonZeroUsize;
use std::sync::Arc;

use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TrySendError;
use underpass_shared::api::management::{OperatorShown, Query, Target};
use underpass_shared::config::{ConfirmWithin, Document, Invalid, OperatorName, Place};
use underpass_shared::host::InternalAddress;
use underpass_shared::id::AgentId;
use underpass_shared::secret::Secret;

pub use self::moves::{Migrate, Scc, Stop};
use crate::Reply;
use crate::api::Call;
use crate::backup::BackUp;
use crate::bulk::{Act, Ended, Rollout};
use crate::drift::{Basis, Comparison, Pairing, Rules, Settled};
use crate::keys::KeyChoice;
use crate::log::LogFeed;
use crate::profile::TemplateId;
use crate::restore::Restore;
use crate::search::{FleetFound, Search};
use crate::slot::{FromReply, Sink, Slot};
use crate::snapshot::JobId;
use crate::template::Template;

/// Most commands that wait: some for each agent of the largest fleet.
const QUEUE_LEN: usize = 65_536;

/// One thing to do.
#[derive(Debug)]
pub enum Command {
    /// Ask an agent for something.
    Read(Read),
    /// Follow the log of an agent for as long as somebody looks.
    Follow(Follow),
    /// Ask an agent what a change would do, or have it check something. It changes nothing, so it
    /// is no job.
    Try(Trial),
    /// Make one call that changes something.
    Call(Change),
    /// Make the same call on several agents.
    Many(Many),
    /// Make calls of its own on each of several agents.
    Each(Each),
    /// Go on with a change on many agents, or take it back: one job.
    Bulk(Bulk),
    /// Forget a change on many agents; it can then no longer be taken back as a whole.
    ForgetRollout(NonZeroUsize),
    /// Find something out from the configurations that are known.
    Survey(Survey),
    /// Keep a template, or remove one.
    Template(TemplateAct),
    /// Plan, do or take back a migration.
    Migrate(Migrate),
    /// Read an SAP Cloud Connector.
    Scc(Scc),
    /// Back agents up into files of this computer: one job.
    BackUp(BackUp),
    /// Restore what was planned on an agent, or take that back: one job.
    Restore(Restore),
    /// Edit what is to become the configuration of an agent.
    Draft {
        /// Which agent.
        agent: AgentId,
        /// What to do with its draft.
        act: DraftAct,
        /// Whether it was done, where that is not seen in the draft itself.
        done: Slot<()>,
    },
    /// Ask for everything of an agent anew.
    Refresh(AgentId),
    /// Call an agent now that is away, or that refused us.
    Retry(AgentId),
    /// Pair with the agent of a pairing string. It becomes known by [`Command::Admit`].
    Pair {
        /// The pairing string.
        link: String,
        /// How this program calls itself where the string names nobody.
        name: Option<OperatorName>,
        /// What came of it.
        done: Slot<Stranger>,
    },
    /// Keep an agent that was paired with, after the words were compared.
    Admit {
        /// Which agent.
        agent: AgentId,
        /// How to call it and where to put it.
        described: Described,
        /// Whether it was done.
        done: Slot<()>,
    },
    /// Forget an agent that was paired with: the words were not the same.
    Reject(AgentId),
    /// Call an agent otherwise, or put it elsewhere.
    Describe {
        /// Which agent.
        agent: AgentId,
        /// How to call it and where to put it.
        described: Described,
    },
    /// An agent has another address.
    Move {
        /// Which agent.
        agent: AgentId,
        /// Where it is.
        address: InternalAddress,
    },
    /// Forget an agent with all that is known of it.
    Remove(AgentId),
    /// Open the keys of this program in this way.
    Unlock(KeyChoice),
    /// Keep the keys of this program in another place, or seal them by another passphrase.
    MoveKeys(MoveKeys),
    /// Stop a job; what was done stays done.
    Cancel(JobId),
    /// Show a job that is over no longer.
    Forget(JobId),
    /// Show a notice no longer.
    Dismiss(u64),
}

/// A question to an agent.
pub struct Read {
    /// Which agent.
    pub agent: AgentId,
    /// What is asked for.
    pub target: Target,
    /// The options.
    pub query: Query,
    /// Which question of its slot this is.
    pub ticket: u64,
    /// Where the answer goes.
    pub into: Arc<dyn Sink>,
}

impl fmt::Debug for Read {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Read")
            .field("agent", &self.agent)
            .field("target", &self.target)
            .finish_non_exhaustive()
    }
}

/// A log that is followed.
#[derive(Debug)]
pub struct Follow {
    /// Of which agent.
    pub agent: AgentId,
    /// The newest line that is known; none brings the newest ones first.
    pub after: Option<u64>,
    /// Where its lines go.
    pub into: LogFeed,
}

/// A change that is only tried: its call says that it is a dry run.
pub struct Trial {
    /// Which agent.
    pub agent: AgentId,
    /// The call.
    pub call: Call,
    /// Which question of its slot this is.
    pub ticket: u64,
    /// Where the answer goes.
    pub into: Arc<dyn Sink>,
}

impl Trial {
    /// Tries a change; what it would do goes into a slot.
    pub fn new<T: FromReply>(agent: AgentId, mut call: Call, into: &Slot<T>) -> Self {
        call.query.dry_run = true;
        Self::ask(agent, call, into)
    }

    /// Asks what takes a body and changes nothing, such as a check.
    pub fn ask<T: FromReply>(agent: AgentId, call: Call, into: &Slot<T>) -> Self {
        Self {
            agent,
            call,
            ticket: into.begin(),
            into: Arc::new(into.clone()),
        }
    }
}

impl fmt::Debug for Trial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Trial")
            .field("agent", &self.agent)
            .field("call", &self.call)
            .finish_non_exhaustive()
    }
}

/// A call that changes something: a job.
#[derive(Debug)]
pub struct Change {
    /// Which agent.
    pub agent: AgentId,
    /// The call.
    pub call: Call,
    /// What it does, as a heading.
    pub title: String,
    /// The answer.
    pub done: Slot<Reply>,
}

/// The same call on several agents: one job.
#[derive(Debug)]
pub struct Many {
    /// Which agents.
    pub agents: Vec<AgentId>,
    /// The call.
    pub call: Call,
    /// What it does, as a heading.
    pub title: String,
}

/// Calls on several agents, each with its own: one job.
#[derive(Debug)]
pub struct Each {
    /// What it does, as a heading.
    pub title: String,
    /// The agents and what is done on them, in this order.
    pub calls: Vec<(AgentId, Vec<Call>)>,
    /// What takes it back, agent by agent; nothing where that cannot be.
    pub undo: Vec<(AgentId, Vec<Call>)>,
}

/// What is to be done with a rollout.
#[derive(Debug)]
pub struct Bulk {
    /// Which, as it was written down or made.
    pub rollout: Box<Rollout>,
    /// What.
    pub act: Act,
    /// Whether it ends, in order, when the system wants this program to end.
    pub ends_by_signal: bool,
    /// What came of it.
    pub done: Slot<Ended>,
}

/// What can be found out from the configurations that are known.
#[derive(Debug)]
pub enum Survey {
    /// Where agents are otherwise than a baseline.
    Compare(Compare),
    /// What brings agents in line with a baseline.
    Settle(Settle),
    /// Which agents have something.
    Find(Find),
}

/// A comparison of agents with a baseline, by what is known of them.
#[derive(Debug)]
pub struct Compare {
    /// The agents; the baseline is left out.
    pub agents: Vec<AgentId>,
    /// What they are compared with.
    pub basis: Basis,
    /// What is left out.
    pub rules: Rules,
    /// Which subaccounts are compared with one another.
    pub pairing: Pairing,
    /// What came of it.
    pub done: Slot<Comparison>,
}

/// What brings agents in line with a baseline, by what is known of them.
#[derive(Debug)]
pub struct Settle {
    /// The comparison that found the differences.
    pub comparison: Arc<Comparison>,
    /// The agents.
    pub agents: Vec<AgentId>,
    /// The places that shall be as in the baseline; all where none are named.
    pub places: Option<BTreeSet<String>>,
    /// What came of it.
    pub done: Slot<Settled>,
}

/// A search through the configurations of agents, by what is known of them.
#[derive(Debug)]
pub struct Find {
    /// The agents.
    pub agents: Vec<AgentId>,
    /// What is looked for.
    pub search: Search,
    /// What came of it.
    pub done: Slot<FleetFound>,
}

/// What can be done with templates.
#[derive(Debug)]
pub enum TemplateAct {
    /// Keep one: a new one where it has no number yet.
    Keep {
        /// Its number.
        id: Option<TemplateId>,
        /// The template.
        template: Box<Template>,
        /// The number that it has.
        done: Slot<TemplateId>,
    },
    /// Remove one.
    Remove(TemplateId),
}

/// How the user calls an agent, and where he puts it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Described {
    /// The name.
    pub label: String,
    /// The group.
    pub group: Option<String>,
    /// Words.
    pub tags: Vec<String>,
}

/// An agent that was paired with and is not kept yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stranger {
    /// Who it is.
    pub agent: AgentId,
    /// Where it is.
    pub address: InternalAddress,
    /// Whom it knows this program as.
    pub operator: OperatorShown,
    /// What both sides show, to be compared by a person.
    pub words: Vec<String>,
}

/// Where the keys of this program are kept from now on.
#[derive(Debug)]
pub struct MoveKeys {
    /// Where to.
    pub to: KeyChoice,
    /// The passphrase that seals them now, where one does.
    pub present: Option<Secret>,
    /// Whether it was done.
    pub done: Slot<()>,
}

/// How a document is edited.
pub type EditFn = Box<dyn FnOnce(&Document) -> Result<Document, Invalid> + Send>;

/// What can be done with a draft.
pub enum DraftAct {
    /// Change it.
    Edit {
        /// What is changed, as one line of the history.
        what: String,
        /// The change.
        edit: EditFn,
    },
    /// Change it further: together with the newest change it is one, if that has the same line in
    /// the history. For fields whose every letter is a change.
    Amend {
        /// What is changed, as one line of the history.
        what: String,
        /// The change.
        edit: EditFn,
    },
    /// Take the newest change back.
    Undo,
    /// Make it again.
    Redo,
    /// Throw all changes away.
    Discard,
    /// Have the agent say what it would change.
    Review,
    /// Make it the configuration.
    Apply {
        /// Take it back unless it is confirmed in time.
        confirm_within: Option<ConfirmWithin>,
    },
    /// Bring it together with what others changed meanwhile.
    Merge,
    /// Decide a conflict.
    Resolve {
        /// Where.
        place: Place,
        /// Whether mine is kept; theirs otherwise.
        mine: bool,
    },
}

impl fmt::Debug for DraftAct {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Edit { what, .. } => return write!(f, "Edit({what})"),
            Self::Amend { what, .. } => return write!(f, "Amend({what})"),
            Self::Undo => "Undo",
            Self::Redo => "Redo",
            Self::Discard => "Discard",
            Self::Review => "Review",
            Self::Apply { .. } => "Apply",
            Self::Merge => "Merge",
            Self::Resolve { place, mine } => return write!(f, "Resolve({place}, {mine})"),
        })
    }
}

/// A command that was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotSent {
    /// Too many wait.
    #[error("too much is being done at once; try again in a moment")]
    Full,
    /// The engine ended.
    #[error("the engine of this program ended; start it again")]
    Ended,
}

/// Where commands go. Clones are the same.
#[derive(Clone, Debug)]
pub struct Commands(mpsc::Sender<Command>);

impl Commands {
    /// A queue and its end.
    pub(crate) fn queue() -> (Self, mpsc::Receiver<Command>) {
        let (sender, receiver) = mpsc::channel(QUEUE_LEN);
        (Self(sender), receiver)
    }

    /// Gives a command; never waits.
    ///
    /// # Errors
    /// When too many wait, or nobody works on them any more.
    pub fn send(&self, command: Command) -> Result<(), NotSent> {
        self.0.try_send(command).map_err(|error| match error {
            TrySendError::Full(_) => NotSent::Full,
            TrySendError::Closed(_) => NotSent::Ended,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_queue_says_so() {
        let (commands, mut queue) = Commands::queue();
        let dismiss = |n| commands.send(Command::Dismiss(n));
        for n in 0..65_536 {
            assert_eq!(dismiss(n), Ok(()));
        }
        assert_eq!(dismiss(1), Err(NotSent::Full));
        assert!(queue.try_recv().is_ok());
        assert_eq!(dismiss(2), Ok(()));
        drop(queue);
        assert_eq!(dismiss(3), Err(NotSent::Ended));
    }
}
