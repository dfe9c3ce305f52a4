//! Agents that a user knows: taken in, paired with, renewed, forgotten.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::sync::mpsc;
use underpass_runtime::clock;
use underpass_shared::host::InternalAddress;
use underpass_shared::id::AgentId;
use underpass_shared::pairing::PairingLink;

use super::super::shelf::{Keep, Opened, Then, open, reason, shelf, unlock};
use super::super::templates::Templates;
use super::super::{Card, Message};
use super::{Hub, Real};
use crate::FleetError;
use crate::bulk::Journal;
use crate::client::{AgentClient, Known};
use crate::command::{Described, Stranger};
use crate::keys::{Credential, KeyChoice, KeyStore, wants_passphrase};
use crate::pairing::{Pairing, complaint, pair};
use crate::profile::{Book, Entry, Profile};
use crate::slot::Slot;
use crate::snapshot::{Keys, Link, Severity};

/// Most agents that were paired with and wait for a decision.
const STRANGERS_MAX: usize = 8;
/// How long to wait after a renewal that failed: certificates are renewed from half of their life on,
/// so there is time.
const RENEW_AGAIN_MS: i64 = 60 * 60 * 1_000;

/// What is on disk.
pub(super) struct Library {
    profile: Arc<Profile>,
    book: Book,
    keys: Option<Arc<dyn KeyStore>>,
    shelf: mpsc::Sender<Keep>,
}

impl Library {
    /// The folder of the profile.
    pub(super) fn folder(&self) -> &Path {
        self.profile.folder()
    }

    /// Where rollouts are written down.
    pub(super) fn journal(&self) -> Journal {
        Journal::of(self.profile.folder())
    }
}

/// Agents that were paired with, and are not known yet.
#[derive(Default)]
pub(super) struct Strangers(Vec<(Known, InternalAddress)>);

impl Hub {
    /// Opens a profile and its keys.
    pub(super) fn open_profile(&self, folder: PathBuf, keys: KeyChoice) {
        let told = self.told.clone();
        self.tasks.spawn("fleet-open", async move {
            let opened = open(folder.clone()).await;
            let is_open = opened.is_ok();
            drop(told.send(Message::Opened(opened)).await);
            if is_open {
                let keys = unlock(folder, keys).await;
                drop(told.send(Message::Keys(keys)).await);
            }
        });
    }

    /// Opens the keys in another way.
    pub(super) fn unlock(&mut self, choice: KeyChoice) {
        let Some(library) = &self.library else {
            return;
        };
        self.keys = Keys::Opening;
        let (folder, told) = (library.profile.folder().to_owned(), self.told.clone());
        self.tasks.spawn("fleet-unlock", async move {
            let keys = unlock(folder, choice).await;
            drop(told.send(Message::Keys(keys)).await);
        });
    }

    pub(super) fn opened(&mut self, opened: Result<Opened, String>) {
        let opened = match opened {
            Ok(opened) => opened,
            Err(text) => {
                self.keys = Keys::Locked {
                    reason: text.as_str().into(),
                    wants_passphrase: false,
                };
                return self.notice(None, Severity::Error, text);
            }
        };
        let (shelf, run) = shelf(Arc::clone(&opened.profile), self.told.clone());
        self.tasks.spawn("fleet-shelf", run);
        for text in opened.unreadable {
            self.notice(None, Severity::Error, text);
        }
        for entry in opened.book.entries() {
            self.put(card(entry), None);
        }
        for rollout in opened.rollouts {
            self.rollouts.put(rollout, None);
        }
        self.templates = Templates::of(opened.templates);
        for (agent, draft) in opened.drafts {
            if let Some(member) = self.members.get_mut(&agent) {
                member.draft = Some(Arc::new(draft));
                member.show(clock::wall_ms());
            }
        }
        self.library = Some(Library {
            profile: opened.profile,
            book: opened.book,
            keys: None,
            shelf,
        });
        self.moves.take(opened.moves);
        self.remind();
    }

    pub(super) fn unlocked(&mut self, keys: Result<Arc<dyn KeyStore>, String>) {
        let Some(library) = &mut self.library else {
            return;
        };
        match keys {
            Ok(keys) => {
                self.keys = Keys::Open(keys.kind());
                library.keys = Some(Arc::clone(&keys));
                let entries = library.book.entries().to_vec();
                for entry in entries {
                    let credential = keys.get(entry.id);
                    self.call_up(&entry, credential);
                }
            }
            Err(text) => {
                let locked: Arc<str> = text.as_str().into();
                for member in self.members.values_mut() {
                    member.seen.link = Link::Refused {
                        reason: Arc::clone(&locked),
                    };
                    member.show(clock::wall_ms());
                }
                self.keys = Keys::Locked {
                    reason: locked,
                    wants_passphrase: wants_passphrase(library.profile.folder()),
                };
            }
        }
    }

    /// Begins a session with a known agent.
    fn call_up(&mut self, entry: &Entry, credential: Option<Credential>) {
        let made = match credential {
            Some(Credential { certificate, key }) => {
                let known = Known {
                    agent: entry.id,
                    ca_cert: entry.ca_cert.clone(),
                    certificate,
                    key,
                };
                let client = AgentClient::new(entry.address.clone(), &known, &self.tasks);
                client.map(|client| (Arc::new(client), known))
            }
            None => Err(FleetError::NoKey("it is not in the vault".to_owned())),
        };
        match made {
            Ok((client, known)) => {
                let api = Arc::clone(&client) as Arc<dyn crate::api::Api>;
                self.put(card(entry), Some(api));
                if let Some(member) = self.members.get_mut(&entry.id) {
                    let renew_after_ms = 0;
                    member.real = Some(Real {
                        client,
                        known,
                        renew_after_ms,
                    });
                }
            }
            Err(error) => {
                self.put(card(entry), None);
                if let Some(member) = self.members.get_mut(&entry.id) {
                    member.seen.link = Link::Refused {
                        reason: error.reason().into(),
                    };
                    member.show(clock::wall_ms());
                }
            }
        }
    }

    pub(super) fn keep(&mut self, keep: Keep) {
        let Some(library) = &self.library else {
            return;
        };
        if library.shelf.try_send(keep).is_err() {
            let text = "the disk is too slow: not everything was kept";
            self.notice(None, Severity::Error, text.to_owned());
        }
    }

    fn keep_book(&mut self) {
        if let Some(library) = &self.library {
            let book = library.book.clone();
            self.keep(Keep::Book(book));
        }
    }

    /// Pairs with the agent of a pairing string.
    pub(super) fn pair(
        &self,
        link: &str,
        name: Option<underpass_shared::config::OperatorName>,
        done: Slot<Stranger>,
    ) {
        let ticket = done.begin();
        let link = match link.parse::<PairingLink>() {
            Ok(link) if self.library.is_some() => link,
            Ok(_) => {
                let reason = "there is no profile to keep agents in".to_owned();
                return done.finish(ticket, Err(reason), clock::wall_ms());
            }
            Err(rule) => return done.finish(ticket, Err(rule.to_string()), clock::wall_ms()),
        };
        let (told, tasks) = (self.told.clone(), self.tasks.clone());
        self.tasks.spawn("fleet-pair", async move {
            let paired = pair(&link, name, &tasks).await;
            let answer = paired.map(|pairing| (pairing, link.address));
            let answer = answer.map_err(|error| complaint(&error));
            let message = Message::Paired {
                done,
                ticket,
                answer,
            };
            drop(told.send(message).await);
        });
    }

    pub(super) fn paired(
        &mut self,
        done: &Slot<Stranger>,
        ticket: u64,
        answer: Result<(Pairing, InternalAddress), String>,
    ) {
        let answer = answer.map(|(pairing, address)| {
            let Pairing {
                known,
                operator,
                words,
            } = pairing;
            let agent = known.agent;
            let strangers = &mut self.strangers.0;
            strangers.retain(|(known, _)| known.agent != agent);
            if strangers.len() >= STRANGERS_MAX {
                strangers.remove(0);
            }
            strangers.push((known, address.clone()));
            Stranger {
                agent,
                address,
                operator,
                words,
            }
        });
        done.finish(ticket, answer, clock::wall_ms());
    }

    /// Keeps an agent that was paired with.
    pub(super) fn keep_stranger(&mut self, agent: AgentId, described: Described, done: Slot<()>) {
        let ticket = done.begin();
        let found = self
            .strangers
            .0
            .iter()
            .position(|(known, _)| known.agent == agent);
        let keys = self
            .library
            .as_ref()
            .and_then(|library| library.keys.clone());
        let (Some(at), Some(keys)) = (found, keys) else {
            let reason = match found {
                None => "this agent was not paired with; begin again",
                Some(_) => "the keys of this program are not open; unlock them first",
            };
            return done.finish(ticket, Err(reason.to_owned()), clock::wall_ms());
        };
        let (known, address) = self.strangers.0.remove(at);
        let entry = Entry::new(&known, address, described);
        let then = Box::new(Then::Admit {
            entry,
            done,
            ticket,
        });
        self.keep(Keep::Credential { keys, known, then });
    }

    pub(super) fn reject(&mut self, agent: AgentId) {
        self.strangers.0.retain(|(known, _)| known.agent != agent);
    }

    pub(super) fn kept(&mut self, known: &Known, then: Then, result: Result<(), String>) {
        let now_ms = clock::wall_ms();
        match then {
            Then::Admit {
                entry,
                done,
                ticket,
            } => {
                if result.is_ok() {
                    if let Some(library) = &mut self.library {
                        library.book.put(entry.clone());
                    }
                    self.keep_book();
                    self.call_up(&entry, Some(Credential::of(known)));
                }
                done.finish(ticket, result, now_ms);
            }
            Then::Renew => self.adopt(known, result),
        }
    }

    /// Renews the certificates of which half of the life is over.
    pub(super) fn renew(&mut self) {
        let now_ms = clock::wall_ms();
        for (id, member) in &mut self.members {
            let is_online = member.seen.link.is_online();
            let Some(real) = member.real.as_mut().filter(|_| is_online) else {
                continue;
            };
            let due = real.known.renewal_is_due(now_ms).unwrap_or(false);
            if !due || now_ms < real.renew_after_ms {
                continue;
            }
            real.renew_after_ms = now_ms.saturating_add(RENEW_AGAIN_MS);
            let (id, client, told) = (*id, Arc::clone(&real.client), self.told.clone());
            self.tasks.spawn("fleet-renew", async move {
                let renewed = client.renewed().await.map_err(|error| error.reason());
                drop(told.send(Message::Renewed(id, renewed)).await);
            });
        }
    }

    pub(super) fn renewed(&mut self, agent: AgentId, renewed: Result<Known, String>) {
        let keys = self
            .library
            .as_ref()
            .and_then(|library| library.keys.clone());
        match (renewed, keys) {
            (Ok(known), Some(keys)) => {
                let then = Box::new(Then::Renew);
                self.keep(Keep::Credential { keys, known, then });
            }
            (Ok(_), None) => {}
            (Err(text), _) => {
                let text = format!("the certificate of this program cannot be renewed: {text}");
                self.notice(Some(agent), Severity::Warning, text);
            }
        }
    }

    /// Shows the renewed certificate, which is on the disk by now.
    fn adopt(&mut self, known: &Known, result: Result<(), String>) {
        let agent = known.agent;
        let adopted = result.and_then(|()| {
            let member = self.members.get_mut(&agent);
            let real = member.and_then(|member| member.real.as_mut());
            let Some(real) = real else {
                return Ok(());
            };
            real.client.adopt(known).map_err(|error| reason(&error))?;
            real.known = known.clone();
            Ok(())
        });
        match adopted {
            Ok(()) => {
                if let Some(library) = &mut self.library
                    && let Some(entry) = library.book.get_mut(agent)
                {
                    let described = entry.described();
                    *entry = Entry::new(known, entry.address.clone(), described);
                    let until_ms = entry.certificate_until_ms;
                    if let Some(member) = self.members.get_mut(&agent) {
                        member.card.certificate_until_ms = until_ms;
                        member.show(clock::wall_ms());
                    }
                }
                self.keep_book();
            }
            Err(text) => self.notice(Some(agent), Severity::Error, text),
        }
    }

    /// Calls an agent otherwise, or puts it elsewhere.
    pub(super) fn describe(&mut self, agent: AgentId, described: &Described) {
        if let Some(member) = self.members.get_mut(&agent) {
            member.card.describe(described);
            member.show(clock::wall_ms());
        }
        let entry = self
            .library
            .as_mut()
            .and_then(|library| library.book.get_mut(agent));
        if let Some(entry) = entry {
            let Described { label, group, tags } = described.clone();
            (entry.label, entry.group, entry.tags) = (label, group, tags);
            self.keep_book();
        }
    }

    /// An agent has another address.
    pub(super) fn relocate(&mut self, agent: AgentId, address: InternalAddress) {
        if let Some(member) = self.members.get_mut(&agent) {
            member.card.address = address.clone();
            member.show(clock::wall_ms());
        }
        let entry = self
            .library
            .as_mut()
            .and_then(|library| library.book.get_mut(agent));
        let Some(entry) = entry else {
            return;
        };
        entry.address = address;
        let entry = entry.clone();
        self.keep_book();
        let keys = self
            .library
            .as_ref()
            .and_then(|library| library.keys.clone());
        if let Some(keys) = keys {
            self.call_up(&entry, keys.get(agent));
        }
    }

    /// Forgets an agent with all that is known of it.
    pub(super) fn forget(&mut self, agent: AgentId) {
        if let Some(member) = self.members.remove(&agent) {
            member.tasks.stop();
        }
        let Some(library) = &mut self.library else {
            return;
        };
        library.book.remove(agent);
        let keys = library.keys.clone();
        self.keep_book();
        self.keep(Keep::Draft(agent, None));
        self.keep(Keep::Forget { keys, agent });
    }
}

fn card(entry: &Entry) -> Card {
    let mut card = Card::new(entry.id, entry.address.clone(), &entry.described());
    card.certificate_until_ms = entry.certificate_until_ms;
    card
}
