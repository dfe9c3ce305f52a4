//! The letters above the list, read as words that agents must have.

use std::sync::Arc;

use underpass_fleet::snapshot::AgentSnapshot;

use crate::digest::word_of;

/// Which part of an agent a word is looked for in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Any,
    Group,
    Tag,
    Problem,
    Version,
    Is,
}

/// The words that begin with the name of a part: `group:asia tag:prod problem:certificate`.
const PARTS: [(&str, Part); 5] = [
    ("group:", Part::Group),
    ("tag:", Part::Tag),
    ("problem:", Part::Problem),
    ("version:", Part::Version),
    ("is:", Part::Is),
];

/// What all of an agent is searched in, small letters only. Made anew only when the agent is another.
struct Text {
    of: Arc<AgentSnapshot>,
    any: String,
    parts: [String; 5],
}

impl Text {
    fn of(agent: &Arc<AgentSnapshot>) -> Self {
        let low = |text: &str| text.to_lowercase();
        let tags: Vec<String> = agent.tags.iter().map(|tag| low(tag)).collect();
        let version = agent.version.value().map(|version| low(&version.version));
        let parts = [
            low(agent.group.as_deref().unwrap_or_default()),
            tags.join("\n"),
            low(agent.problem.as_deref().unwrap_or_default()),
            version.unwrap_or_default(),
            low(word_of(agent.health)),
        ];
        let any = [&low(&agent.label), &low(&agent.address.to_string())];
        let any = any
            .into_iter()
            .chain(&parts[..4])
            .cloned()
            .collect::<Vec<_>>();
        Self {
            of: Arc::clone(agent),
            any: any.join("\n"),
            parts,
        }
    }

    fn part(&self, part: Part) -> &str {
        let at = PARTS.iter().position(|(_, one)| *one == part);
        at.map_or(&self.any, |at| &self.parts[at])
    }
}

/// The texts of all agents, kept from snapshot to snapshot.
#[derive(Default)]
pub(super) struct Texts(Vec<Text>);

impl Texts {
    /// The places of the agents that have all words.
    pub(super) fn find<'a>(
        &'a mut self,
        agents: &[Arc<AgentSnapshot>],
        words: &'a str,
    ) -> impl Fn(usize) -> bool + 'a {
        let words: Vec<(Part, &str)> = words.split_whitespace().map(read).collect();
        if !words.is_empty() {
            self.0.truncate(agents.len());
            for (at, agent) in agents.iter().enumerate() {
                match self.0.get_mut(at) {
                    Some(known) if Arc::ptr_eq(&known.of, agent) => {}
                    Some(known) => *known = Text::of(agent),
                    None => self.0.push(Text::of(agent)),
                }
            }
        }
        move |at| {
            words.iter().all(|(part, word)| {
                self.0
                    .get(at)
                    .is_some_and(|text| text.part(*part).contains(word))
            })
        }
    }
}

fn read(word: &str) -> (Part, &str) {
    let named = PARTS
        .iter()
        .find_map(|(name, part)| Some((*part, word.strip_prefix(name)?)));
    named.unwrap_or((Part::Any, word))
}

#[cfg(test)]
mod tests {
    use underpass_fleet::demo::{SEED, Still};

    use super::*;

    fn found(words: &str) -> Vec<String> {
        let fleet = Still::new(SEED, 1_772_443_800_000).snapshot();
        let mut texts = Texts::default();
        let is = texts.find(&fleet.agents, words);
        let all = fleet.agents.iter().enumerate();
        all.filter(|(at, _)| is(*at))
            .map(|(_, agent)| agent.label.to_string())
            .collect()
    }

    #[test]
    fn words_are_looked_for_where_they_say() {
        let all = found("").len();
        assert_eq!(found("qas"), found("QAS".to_lowercase().as_str()));
        assert!(
            found("group:quality")
                .iter()
                .all(|label| label.starts_with("qas"))
        );
        assert!(!found("group:quality").is_empty() && found("group:qas-agent01").is_empty());
        let away = found("is:offline");
        assert!(!away.is_empty() && away.len() < all);
        assert!(!found("problem:certificate").is_empty());
        assert!(found("is:offline group:quality").len() < away.len());
        assert!(found("nothing-like-this").is_empty());
    }

    #[test]
    fn texts_of_agents_that_stayed_are_kept_and_others_made_anew() {
        let fleet = Still::new(SEED, 1_772_443_800_000).snapshot();
        let mut agents = fleet.agents.to_vec();
        let mut texts = Texts::default();
        assert!(!texts.find(&agents, "zz-new")(0));
        let mut other = AgentSnapshot::clone(&agents[0]);
        other.label = "zz-new".into();
        agents[0] = Arc::new(other);
        assert!(texts.find(&agents, "zz-new")(0));
        agents.truncate(1);
        assert!(!texts.find(&agents, "zz-new")(1));
    }
}
