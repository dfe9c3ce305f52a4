//! What a backup would make of this agent, before it is known how that fits its host.

use std::collections::{BTreeMap, BTreeSet};

use super::adaptation::Adaptation;
use super::choice::{Choice, RestorePart};
use super::facts::{Held, HeldValue, Questions};
use super::settings;
use super::subaccounts::Subaccounts;
use crate::backup::{Content, Named};
use crate::config::{Certificate, Document, Invalid, Op, SubaccountKey};
use crate::id::{CredentialId, InstanceId};

/// All that a restore is made from.
pub(super) struct Sources<'a> {
    pub(super) present: &'a Document,
    pub(super) content: &'a Content,
    pub(super) backup: &'a Document,
    pub(super) choice: &'a Choice,
    pub(super) held: &'a Held,
    parts: BTreeSet<RestorePart>,
    /// The ids that values of the backup get here, where theirs are taken by other values.
    pub(super) renamed: BTreeMap<CredentialId, CredentialId>,
}

impl Sources<'_> {
    /// Whether a part was chosen.
    pub(super) fn has(&self, part: RestorePart) -> bool {
        self.parts.contains(&part)
    }

    /// Whether the backup has a part at all.
    pub(super) const fn can(&self, part: RestorePart) -> bool {
        !matches!(part, RestorePart::Machine) || self.content.machine.is_some()
    }

    /// Whether a value is neither in the backup nor here.
    pub(super) fn lacks(&self, id: CredentialId) -> bool {
        let machine = self.content.machine.as_ref();
        let values = &self.content.secrets;
        let backed = values.passwords.contains_key(&id)
            || values.keys.contains_key(&id)
            || machine.is_some_and(|machine| machine.keys.contains_key(&id));
        !backed && !self.held.values.contains_key(&id)
    }

    /// When the certificate of an enrolment in the backup begins; none where it has no such one.
    pub(super) fn backed_enrolment(&self, instance: InstanceId) -> Option<i64> {
        let enrolment = self.content.enrolments.get(&instance)?;
        not_before(&enrolment.certificate)
    }

    /// How a subaccount of the backup is found here.
    pub(super) fn key(&self, key: &SubaccountKey) -> SubaccountKey {
        SubaccountKey {
            region_host: self.choice.region(&key.region_host),
            subaccount: key.subaccount,
            location_id: self.choice.location(&key.location_id),
        }
    }
}

/// Start of validity of the first certificate of a chain (PEM), milliseconds UTC.
pub fn not_before(chain: &str) -> Option<i64> {
    let chain = Certificate::list(chain).ok()?;
    Some(chain.first()?.summary().not_before_ms)
}

/// What is written beside the document.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Writes {
    /// Passwords: the id here, and the one in the backup.
    pub passwords: BTreeMap<CredentialId, CredentialId>,
    /// Keys of certificates, likewise.
    pub keys: BTreeMap<CredentialId, CredentialId>,
    /// Enrolments, as the backup has them.
    pub enrolments: BTreeSet<InstanceId>,
    /// Whether the agent takes the identity of the backup.
    pub identity: bool,
    /// Whether operators come from the backup.
    pub operators: bool,
}

/// What a backup would make of this agent.
#[derive(Clone, Debug)]
pub struct Draft {
    /// The document that it would have.
    pub document: Document,
    /// What would be written beside it.
    pub writes: Writes,
    pub(super) told: Vec<Adaptation>,
    /// Values of the new document that are here already.
    pub(super) same: usize,
    /// Values of the new document that are nowhere.
    pub(super) missing: usize,
    /// Values that get other ids.
    pub(super) renamed: usize,
}

impl Draft {
    /// Puts the document together; `backup` is what [`Content::check`] gave, `fresh` makes ids that
    /// are new.
    ///
    /// # Errors
    /// Which rule the choice or the resulting document breaks.
    pub fn make(
        present: &Document,
        content: &Content,
        backup: &Document,
        choice: &Choice,
        held: &Held,
        fresh: &mut dyn FnMut() -> uuid::Uuid,
    ) -> Result<Self, Invalid> {
        choice.check()?;
        choice.check_names(backup)?;
        let others = held.values.iter();
        let others = others.filter(|(_, held)| **held == HeldValue::Other);
        let renamed = others.map(|(id, _)| (*id, CredentialId::from_uuid(fresh())));
        let sources = Sources {
            present,
            content,
            backup,
            choice,
            held,
            parts: choice.parts(held.is_new),
            renamed: renamed.collect(),
        };
        if sources.has(RestorePart::Machine) && content.machine.is_none() {
            let rule = "the backup was made without what belongs to the host";
            return Err(Invalid::new("parts", rule));
        }
        let mut told = vec![];
        let connector = settings::pick(&sources, &mut told)?;
        let mut subaccounts = Subaccounts::pick(&sources, fresh)?;
        told.append(&mut subaccounts.told);
        let enrolments = std::mem::take(&mut subaccounts.enrolments);
        let delta = subaccounts.into_delta(Op::PutConnector(connector));
        let document = Document::empty().apply(&delta)?;
        Ok(Self::of(&sources, document, enrolments, told))
    }

    fn of(
        sources: &Sources<'_>,
        document: Document,
        enrolments: BTreeSet<InstanceId>,
        told: Vec<Adaptation>,
    ) -> Self {
        let named = Named::of(&document);
        let before = Named::of(sources.present);
        let content = sources.content;
        let origin = |id: CredentialId| {
            let mut renamed = sources.renamed.iter();
            renamed
                .find(|(_, new)| **new == id)
                .map_or(id, |(old, _)| *old)
        };
        let mut draft = Self {
            document,
            writes: Writes {
                enrolments,
                identity: sources.has(RestorePart::Identity),
                operators: sources.has(RestorePart::Operators),
                ..Writes::default()
            },
            told,
            same: 0,
            missing: 0,
            renamed: 0,
        };
        let machine = content.machine.as_ref();
        let machine_keys = machine.map(|machine| &machine.keys);
        for id in named.values().collect::<BTreeSet<_>>() {
            let old = origin(id);
            let is_held = old == id && sources.held.values.contains_key(&id);
            let of_before = before.values().any(|one| one == id);
            if is_held || (old == id && of_before) {
                draft.same += 1;
            } else if content.secrets.passwords.contains_key(&old) {
                draft.writes.passwords.insert(id, old);
            } else if content.secrets.keys.contains_key(&old)
                || machine_keys.is_some_and(|keys| keys.contains_key(&old))
            {
                draft.writes.keys.insert(id, old);
            } else {
                draft.missing += 1;
            }
            draft.renamed += usize::from(old != id);
        }
        draft
    }

    /// What is to be found out about it: what the present document has already is not asked.
    pub fn questions(&self, present: &Document) -> Questions {
        let mut questions = Questions::default();
        for subaccount in self.document.subaccounts() {
            let key = subaccount.key();
            let here = present.subaccount(key);
            let own = subaccount.own();
            let connected = here.is_some_and(|here| here.own().connected);
            if own.connected && !connected {
                questions.gateways.insert(key.region_host.clone());
            }
            for channel in own.channels.as_slice().iter().filter(|one| one.enabled) {
                let port = channel.service.local_port();
                let mut all = present.subaccounts().iter();
                let held = all.any(|one| {
                    let channels = one.own().channels.as_slice();
                    channels
                        .iter()
                        .any(|one| one.enabled && one.service.local_port() == port)
                });
                if !held {
                    questions.ports.insert(port);
                }
            }
            for mapping in subaccount.mappings() {
                let address = &mapping.virtual_address;
                let same = here
                    .and_then(|here| here.mapping(address.host.as_str(), address.port.get()))
                    .is_some_and(|here| here.internal_address == mapping.internal_address);
                if !same {
                    questions
                        .hosts
                        .insert(mapping.internal_address.host.clone());
                }
            }
        }
        questions
    }
}
