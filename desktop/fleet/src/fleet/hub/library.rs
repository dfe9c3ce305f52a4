//! Agents that a user knows: taken in, called otherwise, forgotten.

mod pairing;
mod renewal;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use underpass_runtime::clock;
use underpass_shared::host::InternalAddress;
use underpass_shared::id::AgentId;

pub(super) use self::pairing::Strangers;
use super::super::shelf::{Keep, Opened, Rehoused, Shelf, Then, open, rehouse, shelf, unlock};
use super::super::templates::Templates;
use super::super::{Card, Message};
use super::{Hub, Real};
use crate::FleetError;
use crate::bulk::Journal;
use crate::client::{AgentClient, Known};
use crate::command::{Described, MoveKeys};
use crate::keys::{Credential, KeyChoice, KeyStore, wants_passphrase};
use crate::profile::{Book, Entry, Profile};
use crate::snapshot::{Keys, Link, Severity};

/// What is on disk.
pub(super) struct Library {
    profile: Arc<Profile>,
    book: Arc<Book>,
    keys: Option<Arc<dyn KeyStore>>,
    shelf: Shelf,
}

impl Library {
    /// The folder of the profile.
    pub(super) fn folder(&self) -> &Path {
        self.profile.folder()
    }

    /// Changes the book and has it kept.
    fn change_book<T>(&mut self, change: impl FnOnce(&mut Book) -> T) -> T {
        // Otherwise each of many changes would copy the whole book.
        self.shelf.withdraw_book();
        let changed = change(Arc::make_mut(&mut self.book));
        self.shelf.put(Keep::Book(Arc::clone(&self.book)));
        changed
    }

    /// Where rollouts are written down.
    pub(super) fn journal(&self) -> Journal {
        Journal::of(self.profile.folder())
    }
}

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

    /// Keeps the keys in another place.
    pub(super) fn move_keys(&self, wanted: MoveKeys) {
        let MoveKeys { to, present, done } = wanted;
        let ticket = done.begin();
        let keys = self
            .library
            .as_ref()
            .and_then(|library| library.keys.clone());
        let Some(keys) = keys else {
            let reason = "the keys are not open; unlock them first".to_owned();
            done.finish(ticket, Err(reason), clock::wall_ms());
            return;
        };
        let told = self.told.clone();
        self.tasks.spawn("fleet-keys", async move {
            let moved = rehouse(keys, to, present).await;
            let rehoused = Message::Rehoused {
                done,
                ticket,
                moved,
            };
            drop(told.send(rehoused).await);
        });
    }

    pub(super) fn rehoused(&mut self, moved: Rehoused) -> Result<(), String> {
        let (kind, left) = moved?;
        self.keys = Keys::Open(kind);
        if let Some(left) = left {
            let text =
                format!("the key before opens nothing any more, but could not be removed: {left}");
            self.notice(None, Severity::Warning, text);
        }
        Ok(())
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
            book: Arc::new(opened.book),
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
        self.keep_waiting();
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
        if !library.shelf.put(keep) {
            let text = "the disk is too slow: not everything was kept";
            self.notice(None, Severity::Error, text.to_owned());
        }
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
                        library.change_book(|book| book.put(entry.clone()));
                    }
                    self.call_up(&entry, Some(Credential::of(known)));
                }
                done.finish(ticket, result, now_ms);
            }
            Then::Renew => self.adopt(known, result),
        }
    }

    /// Calls an agent otherwise, or puts it elsewhere.
    pub(super) fn describe(&mut self, agent: AgentId, described: &Described) {
        if let Some(member) = self.members.get_mut(&agent) {
            member.card.describe(described);
            member.show(clock::wall_ms());
        }
        if let Some(library) = &mut self.library {
            library.change_book(|book| {
                if let Some(entry) = book.get_mut(agent) {
                    let Described { label, group, tags } = described.clone();
                    (entry.label, entry.group, entry.tags) = (label, group, tags);
                }
            });
        }
    }

    /// An agent has another address.
    pub(super) fn relocate(&mut self, agent: AgentId, address: InternalAddress) {
        if let Some(member) = self.members.get_mut(&agent) {
            member.card.address = address.clone();
            member.show(clock::wall_ms());
        }
        let Some(library) = &mut self.library else {
            return;
        };
        let entry = library.change_book(|book| {
            let entry = book.get_mut(agent)?;
            entry.address = address;
            Some(entry.clone())
        });
        let keys = library.keys.clone();
        if let (Some(entry), Some(keys)) = (entry, keys) {
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
        library.change_book(|book| book.remove(agent));
        let keys = library.keys.clone();
        self.keep(Keep::Draft(agent, None));
        self.keep(Keep::Forget { keys, agent });
    }
}

fn card(entry: &Entry) -> Card {
    let mut card = Card::new(entry.id, entry.address.clone(), &entry.described());
    card.certificate_until_ms = entry.certificate_until_ms;
    card
}
