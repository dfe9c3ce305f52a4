//! Changes in the audit log: the intent before, what became of it after.

use std::sync::{Arc, Mutex, PoisonError};

use http::Request;
use tokio::sync::watch;
use underpass_shared::api::management::Refusal;
use underpass_shared::audit::{Actor, Category, Edits, Outcome, Record, edits};
use underpass_shared::config::{Document, SubaccountKey};

use super::call::still_permitted;
use super::{Admin, Caller};
use crate::audit::{Audit, AuditError};
use crate::store::{Committed, Snapshot};

/// What of a change is known so far.
#[derive(Debug)]
struct Noted {
    category: Category,
    subaccount: Option<SubaccountKey>,
    /// The record of the intent.
    intent: Option<u64>,
    /// The intent could not be recorded, so nothing else is.
    failed: bool,
}

/// A change on its way through the audit log. Clones are the same.
#[derive(Clone)]
pub(super) struct Recording {
    audit: Audit,
    caller: Caller,
    actor: Actor,
    reason: String,
    snapshot: watch::Receiver<Arc<Snapshot>>,
    noted: Arc<Mutex<Noted>>,
}

fn unrecorded(error: AuditError) -> Refusal {
    Refusal::failure(format!(
        "nothing was changed: {:#}",
        anyhow::Error::from(error)
    ))
}

impl Admin {
    /// A change that is about to be made.
    pub(super) fn recording(&self, caller: &Caller, category: Category, reason: &str) -> Recording {
        Recording {
            audit: self.audit.clone(),
            caller: caller.clone(),
            actor: self.actor(caller),
            reason: reason.to_owned(),
            snapshot: self.store.snapshot(),
            noted: Arc::new(Mutex::new(Noted {
                category,
                subaccount: None,
                intent: None,
                failed: false,
            })),
        }
    }

    /// A caller as records name him.
    pub(super) fn actor(&self, caller: &Caller) -> Actor {
        let from = match (caller, &self.live) {
            (Caller::Local(_), Some(_)) => Some("this host"),
            (Caller::Local(_), None) => Some("this host, while the agent is stopped"),
            (Caller::Operator(_) | Caller::Member(_) | Caller::Monitoring(_), _) => None,
        };
        Actor {
            name: caller.to_string(),
            role: Some(caller.role().to_string()),
            from: from.map(str::to_owned),
        }
    }

    /// Records a call that its caller may not make.
    pub(super) fn denied<B>(&self, caller: &Caller, request: &Request<B>, refusal: &Refusal) {
        let (method, path) = (request.method(), request.uri().path());
        let message = format!("{method} {path}: {}", refusal.body.message);
        let (category, outcome) = (Category::AccessDenied, Outcome::Refused);
        let actor = self.actor(caller);
        let time_ms = self.audit.now_ms();
        self.audit
            .event(Record::new(time_ms, category, outcome, actor, &message));
    }

    /// Records somebody who may not administer this agent at all.
    pub(super) fn stranger(&self, name: &str, message: &str) {
        let actor = Actor {
            name: name.to_owned(),
            role: None,
            from: Some("this host".to_owned()),
        };
        let (category, outcome) = (Category::AccessDenied, Outcome::Refused);
        let time_ms = self.audit.now_ms();
        self.audit
            .event(Record::new(time_ms, category, outcome, actor, message));
    }
}

impl Recording {
    fn record(&self, noted: &Noted, outcome: Outcome, message: &str) -> Record {
        let (time_ms, actor) = (self.audit.now_ms(), self.actor.clone());
        Record {
            subaccount: noted.subaccount.clone(),
            intent: noted.intent,
            ..Record::new(time_ms, noted.category, outcome, actor, message)
        }
    }

    /// The change, with its intent on the disk before it leaves here.
    pub(super) fn intending(
        &self,
        edit: impl FnOnce(&Document) -> Result<Document, Refusal> + Send + 'static,
    ) -> impl FnOnce(&Document) -> Result<Document, Refusal> + Send + 'static {
        let recording = self.clone();
        move |old| {
            let new = edit(old)?;
            if new.hash() != old.hash() {
                recording.intend(old, &new).map_err(unrecorded)?;
            }
            Ok(new)
        }
    }

    fn intend(&self, old: &Document, new: &Document) -> Result<(), AuditError> {
        let Edits {
            list,
            more,
            category,
            subaccount,
        } = edits(old, new);
        let mut noted = self.noted.lock().unwrap_or_else(PoisonError::into_inner);
        noted.category = category;
        noted.subaccount = subaccount;
        let mut record = self.record(&noted, Outcome::Intent, &self.reason);
        record.edits = list;
        record.more_edits = more;
        // Changes are made one after another, and this is the only one now.
        record.revision = Some(self.snapshot.borrow().revision().number + 1);
        let recorded = self.audit.intent(record);
        noted.failed = recorded.is_err();
        noted.intent = Some(recorded?);
        Ok(())
    }

    /// Records the intent of what is no change of the document alone, and refuses it where the
    /// caller lost his role meanwhile.
    pub(super) async fn intend_act(&self) -> Result<(), Refusal> {
        let record = {
            let noted = self.noted.lock().unwrap_or_else(PoisonError::into_inner);
            self.record(&noted, Outcome::Intent, &self.reason)
        };
        let recorded = self.audit.intent_soon(record).await.map_err(unrecorded)?;
        {
            let mut noted = self.noted.lock().unwrap_or_else(PoisonError::into_inner);
            noted.intent = Some(recorded);
        }
        let current = Arc::clone(&self.snapshot.borrow());
        let permitted = still_permitted(&self.caller, current.document());
        if permitted.is_err() {
            self.acted(&permitted);
        }
        permitted
    }

    /// Records what became of a change.
    pub(super) fn committed(&self, result: Result<&Committed, &Refusal>) {
        match result {
            Ok(committed) if committed.changed => {
                self.tell(Outcome::Done, None, Some(committed.revision.number));
            }
            Ok(_) => self.tell(Outcome::Unchanged, None, None),
            Err(refusal) => self.tell(Outcome::Refused, Some(&refusal.body.message), None),
        }
    }

    /// Records what became of something else.
    pub(super) fn acted<T>(&self, result: &Result<T, Refusal>) {
        match result {
            Ok(_) => self.tell(Outcome::Done, None, None),
            Err(refusal) => self.tell(Outcome::Refused, Some(&refusal.body.message), None),
        }
    }

    fn tell(&self, outcome: Outcome, why: Option<&str>, revision: Option<u64>) {
        let noted = self.noted.lock().unwrap_or_else(PoisonError::into_inner);
        if noted.failed {
            return;
        }
        let message = match why {
            Some(why) => format!("{}: {why}", self.reason),
            None => self.reason.clone(),
        };
        self.audit.record(Record {
            revision,
            ..self.record(&noted, outcome, &message)
        });
    }
}
