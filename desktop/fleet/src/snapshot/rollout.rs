//! A change on many agents, as it is shown.

use std::num::NonZeroUsize;
use std::sync::Arc;

use underpass_shared::id::AgentId;

use super::JobId;
use crate::bulk::{Act, Counts, Options, Part, Rollout, Stopped};
use crate::profile::TemplateId;
use crate::template::{Template, Values};

/// A change on many agents, and how far it is.
#[derive(Clone, Debug)]
pub struct RolloutSnapshot {
    /// What it is called by.
    pub number: NonZeroUsize,
    /// What it does, for people.
    pub title: Arc<str>,
    /// When it was made, milliseconds UTC.
    pub created_ms: i64,
    /// How it goes about.
    pub options: Options,
    /// The agents, in the order in which they get the change.
    pub parts: Arc<[Arc<Part>]>,
    /// What is being done, and the job that does it.
    pub running: Option<(JobId, Act)>,
    /// Why the last act ended before it was through.
    pub stopped: Option<Stopped>,
    /// The change itself.
    whole: Arc<Rollout>,
}

impl RolloutSnapshot {
    pub(crate) fn of(
        mut rollout: Rollout,
        number: NonZeroUsize,
        running: Option<(JobId, Act)>,
    ) -> Self {
        let parts = std::mem::take(&mut rollout.parts);
        Self {
            number,
            title: rollout.title.as_str().into(),
            created_ms: rollout.created_ms,
            options: rollout.options,
            parts: parts.into_iter().map(Arc::new).collect(),
            running,
            stopped: None,
            whole: Arc::new(rollout),
        }
    }

    /// It as a whole, to do something with it.
    pub fn rollout(&self) -> Rollout {
        let mut whole = Rollout::clone(&self.whole);
        whole.number = Some(self.number);
        whole.parts = self.parts.iter().map(|part| Part::clone(part)).collect();
        whole
    }

    /// How many agents are how far.
    pub fn counts(&self) -> Counts {
        Counts::of(self.parts.iter().map(|part| &**part))
    }

    /// The change of an agent.
    pub fn change_of(&self, agent: AgentId) -> &Template {
        self.whole.change_of(agent)
    }

    /// What variables are for which agent.
    pub fn values(&self) -> &Values {
        &self.whole.values
    }

    /// The agents that an act is about.
    pub fn todo(&self, act: Act) -> usize {
        self.parts.iter().filter(|part| part.is_for(act)).count()
    }

    /// Whether nothing of it is under way or unknown.
    pub fn is_settled(&self) -> bool {
        self.running.is_none() && !self.parts.iter().any(|part| part.state.is_open())
    }
}

/// A template that is kept.
#[derive(Clone, Debug, PartialEq)]
pub struct KeptTemplate {
    /// What it is called by.
    pub id: TemplateId,
    /// The template.
    pub template: Template,
}
