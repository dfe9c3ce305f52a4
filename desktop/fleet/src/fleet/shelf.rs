//! What is kept on disk: opened, and written one after another, off all other tasks.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::spawn_blocking;
use tokio::time::timeout;
use underpass_shared::id::AgentId;
use underpass_shared::secret::Secret;

use super::Message;
use super::hub::journalled;
use crate::bulk::{Journal, JournalError, Rollout};
use crate::client::Known;
use crate::draft::Draft;
use crate::keys::{Credential, KeyChange, KeyChoice, KeyError, KeyStore, KeyStoreKind};
use crate::migrate::journal::Journals;
use crate::profile::{Book, Entry, Profile, TemplateId};
use crate::slot::Slot;
use crate::snapshot::{KeptTemplate, MoveSnapshot, Severity};
use crate::template::Template;

/// How long the system may ask the user before that counts as a no.
const OPEN_TIME: Duration = Duration::from_secs(30);
/// Most keys and rollouts that wait to be written or forgotten: more than any fleet has.
const OTHERS_MAX: usize = 65_536;

/// An opened profile.
pub(crate) struct Opened {
    pub(super) profile: Arc<Profile>,
    pub(super) book: Book,
    pub(super) drafts: Vec<(AgentId, Draft)>,
    pub(super) rollouts: Vec<Rollout>,
    pub(super) templates: Vec<(TemplateId, Template)>,
    /// The migrations of its journals.
    pub(super) moves: Vec<MoveSnapshot>,
    /// What cannot be read.
    pub(super) unreadable: Vec<String>,
}

/// What follows when a credential was kept.
pub(crate) enum Then {
    /// The agent is known from now on.
    Admit {
        entry: Entry,
        done: Slot<()>,
        ticket: u64,
    },
    /// It is shown from now on.
    Renew,
}

/// Where keys are kept now, and why something useless was left behind, if so.
pub(crate) type Rehoused = Result<(KeyStoreKind, Option<String>), String>;

/// Something to be kept.
pub(super) enum Keep {
    Book(Arc<Book>),
    Draft(AgentId, Option<Arc<Draft>>),
    Template(TemplateId, Option<Arc<KeptTemplate>>),
    /// A rollout that is to be forgotten.
    Rollout(NonZeroUsize),
    Credential {
        keys: Arc<dyn KeyStore>,
        known: Known,
        then: Box<Then>,
    },
    Forget {
        keys: Option<Arc<dyn KeyStore>>,
        agent: AgentId,
    },
}

/// The whole reason of an error, in one line.
pub(super) fn reason(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text.push_str(": ");
        text.push_str(&error.to_string());
        source = error.source();
    }
    crate::error::clean(&text)
}

/// Opens a profile.
pub(super) async fn open(folder: PathBuf) -> Result<Opened, String> {
    let opened = spawn_blocking(move || {
        let profile = Profile::open(&folder).map_err(|error| reason(&error))?;
        let book = profile.book().map_err(|error| reason(&error))?;
        let (templates, mut unreadable) = profile.templates();
        let rollouts = rollouts(&folder, &mut unreadable);
        let mut drafts = vec![];
        for entry in book.entries() {
            match profile.draft(entry.id) {
                Ok(Some(draft)) => drafts.push((entry.id, draft)),
                Ok(None) => {}
                Err(told) => unreadable.push(told),
            }
        }
        let moves = match journalled(&Journals::of(&folder)) {
            Ok(moves) => moves,
            Err(error) => {
                unreadable.push(reason(&error));
                vec![]
            }
        };
        Ok(Opened {
            moves,
            profile: Arc::new(profile),
            book,
            drafts,
            rollouts,
            templates,
            unreadable,
        })
    });
    opened.await.unwrap_or_else(|error| Err(reason(&error)))
}

/// All rollouts that are written down.
fn rollouts(folder: &Path, unreadable: &mut Vec<String>) -> Vec<Rollout> {
    let journal = Journal::of(folder);
    let numbers = journal.numbers();
    let numbers = numbers.unwrap_or_else(|error| {
        unreadable.push(reason(&error));
        vec![]
    });
    let mut all = vec![];
    for number in numbers {
        match journal.read(number) {
            Ok(rollout) => all.push(rollout),
            Err(error) => unreadable.push(reason(&error)),
        }
    }
    all
}

/// Opens the keys; the system may ask the user meanwhile.
pub(super) async fn unlock(
    folder: PathBuf,
    choice: KeyChoice,
) -> Result<Arc<dyn KeyStore>, String> {
    let opened = spawn_blocking(move || crate::keys::open(&folder, &choice));
    match timeout(OPEN_TIME, opened).await {
        Ok(Ok(Ok(keys))) => Ok(Arc::from(keys)),
        Ok(Ok(Err(error))) => Err(reason(&error)),
        Ok(Err(error)) => Err(reason(&error)),
        Err(_elapsed) => Err(reason(&KeyError::Late)),
    }
}

/// Keeps the keys elsewhere.
pub(super) async fn rehouse(
    keys: Arc<dyn KeyStore>,
    to: KeyChoice,
    present: Option<Secret>,
) -> Rehoused {
    let wanted = Arc::new(AtomicBool::new(true));
    let still = Arc::clone(&wanted);
    let moved = spawn_blocking(move || {
        let left = keys.change(&KeyChange {
            to: &to,
            present: present.as_ref(),
            is_wanted: &|| still.load(Ordering::Relaxed),
        })?;
        Ok((keys.kind(), left.map(|error| reason(&error))))
    });
    match timeout(OPEN_TIME, moved).await {
        Ok(Ok(moved)) => moved.map_err(|error: KeyError| reason(&error)),
        Ok(Err(error)) => Err(reason(&error)),
        Err(_elapsed) => {
            wanted.store(false, Ordering::Relaxed);
            Err(reason(&KeyError::Late))
        }
    }
}

/// What waits to be written: of what replaces one another only the newest.
#[derive(Default)]
struct Waiting {
    book: Option<Arc<Book>>,
    drafts: BTreeMap<AgentId, Option<Arc<Draft>>>,
    templates: BTreeMap<TemplateId, Option<Arc<KeptTemplate>>>,
    others: Vec<Keep>,
}

impl Waiting {
    /// All of it, in the order in which it is written.
    fn take(&mut self) -> Vec<Keep> {
        let Self {
            book,
            drafts,
            templates,
            others,
        } = std::mem::take(self);
        let mut all = others;
        let drafts = drafts.into_iter();
        all.extend(drafts.map(|(agent, draft)| Keep::Draft(agent, draft)));
        let templates = templates.into_iter();
        all.extend(templates.map(|(id, template)| Keep::Template(id, template)));
        all.extend(book.map(Keep::Book));
        all
    }
}

/// Where things are put that are to be kept. It takes what comes without waiting for the disk.
pub(super) struct Shelf {
    waiting: Arc<Mutex<Waiting>>,
    wake: mpsc::Sender<()>,
}

impl Shelf {
    /// Puts something there; false when too much waits already.
    pub(super) fn put(&self, keep: Keep) -> bool {
        let mut waiting = lock(&self.waiting);
        match keep {
            Keep::Book(newer) => waiting.book = Some(newer),
            Keep::Draft(agent, draft) => drop(waiting.drafts.insert(agent, draft)),
            Keep::Template(id, template) => drop(waiting.templates.insert(id, template)),
            other @ (Keep::Credential { .. } | Keep::Forget { .. } | Keep::Rollout(_)) => {
                if waiting.others.len() >= OTHERS_MAX {
                    return false;
                }
                waiting.others.push(other);
            }
        }
        drop(waiting);
        // A wake-up that is on its way is one for this too.
        let _woken = self.wake.try_send(());
        true
    }

    /// Takes a book back that waits, since a newer one comes: who changes it has it to himself.
    pub(super) fn withdraw_book(&self) {
        lock(&self.waiting).book = None;
    }
}

fn lock(waiting: &Mutex<Waiting>) -> MutexGuard<'_, Waiting> {
    waiting.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Begins to write; ends when nobody brings anything any more, and all is written.
pub(super) fn shelf(
    profile: Arc<Profile>,
    told: mpsc::Sender<Message>,
) -> (Shelf, impl Future<Output = ()>) {
    let (wake, mut woken) = mpsc::channel(1);
    let waiting = Arc::<Mutex<Waiting>>::default();
    let shelf = Shelf {
        waiting: Arc::clone(&waiting),
        wake,
    };
    let run = async move {
        while woken.recv().await.is_some() {
            let (all, profile) = (lock(&waiting).take(), Arc::clone(&profile));
            let written = spawn_blocking(move || {
                let messages = all.into_iter().filter_map(|one| write(&profile, one));
                messages.collect::<Vec<_>>()
            });
            for message in written.await.unwrap_or_default() {
                // Nobody is left to be told at the end.
                drop(told.send(message).await);
            }
        }
    };
    (shelf, run)
}

fn write(profile: &Profile, one: Keep) -> Option<Message> {
    let (agent, failed) = match one {
        Keep::Book(book) => (None, profile.keep(&book).map_err(|error| reason(&error))),
        Keep::Draft(agent, draft) => {
            let kept = profile.keep_draft(agent, draft.as_deref());
            let kept = kept.map_err(|error| format!("the draft cannot be kept: {error}"));
            (Some(agent), kept)
        }
        Keep::Template(id, template) => {
            let template = template.as_deref().map(|one| &one.template);
            let kept = profile.keep_template(id, template);
            let kept = kept.map_err(|error| format!("the template cannot be kept: {error}"));
            (None, kept)
        }
        Keep::Rollout(number) => {
            let removed = match Journal::of(profile.folder()).remove(number) {
                Err(JournalError::Unknown(_)) => Ok(()),
                removed => removed.map_err(|error| reason(&error)),
            };
            (None, removed)
        }
        Keep::Credential { keys, known, then } => {
            let result = keys.put(known.agent, &Credential::of(&known));
            let result = result.map_err(|error| reason(&error));
            return Some(Message::Kept {
                known,
                then: *then,
                result,
            });
        }
        Keep::Forget { keys, agent } => {
            let forgotten = keys.map_or(Ok(()), |keys| keys.remove(agent));
            (Some(agent), forgotten.map_err(|error| reason(&error)))
        }
    };
    let text = failed.err()?;
    Some(Message::Notice {
        agent,
        severity: Severity::Error,
        text,
    })
}
