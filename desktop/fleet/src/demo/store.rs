//! The configuration of a made-up agent with its history, by the rules of a real one.

use std::sync::Arc;

use http::StatusCode;
use underpass_shared::api::management::{ErrorType, PendingConfirm, Refusal};
use underpass_shared::config::Text;
use underpass_shared::config::limits::{AUTHOR_LEN_MAX, REASON_LEN_MAX};
use underpass_shared::config::{
    ConfirmWithin, Document, OnTrial, Revision, Trial, UndoError, diff,
};

/// One state, and the configuration with it.
type Held = (Revision, Arc<Document>);

/// All states, and what is on trial.
#[derive(Debug)]
pub(super) struct Store {
    first: Held,
    later: Vec<Held>,
    pub(super) trial: Option<Trial>,
}

/// What is to be changed, and how.
#[derive(Clone, Debug)]
pub(super) struct Order<'a> {
    pub(super) author: &'a str,
    pub(super) reason: &'a str,
    pub(super) if_match: Option<u64>,
    pub(super) within: Option<ConfirmWithin>,
    pub(super) now_ms: i64,
}

fn text<const MAX: usize>(text: &str) -> Text<MAX> {
    text.parse().unwrap_or_default()
}

impl Store {
    pub(super) fn new() -> Self {
        let empty = Arc::new(Document::empty());
        Self {
            first: (Revision::genesis(), empty),
            later: vec![],
            trial: None,
        }
    }

    pub(super) fn current(&self) -> (&Revision, &Arc<Document>) {
        let (revision, document) = self.later.last().unwrap_or(&self.first);
        (revision, document)
    }

    pub(super) fn number(&self) -> u64 {
        self.current().0.number
    }

    /// All revisions, the newest first.
    pub(super) fn revisions(&self) -> impl Iterator<Item = &Revision> {
        let all = self.later.iter().rev().chain([&self.first]);
        all.map(|(revision, _)| revision)
    }

    pub(super) fn at(&self, number: u64) -> Result<(&Revision, &Arc<Document>), Refusal> {
        let mut all = [&self.first].into_iter().chain(&self.later);
        let found = all.find(|(revision, _)| revision.number == number);
        let (revision, document) = found.ok_or_else(|| Refusal::no_revision(number))?;
        Ok((revision, document))
    }

    /// A revision, the document before it and the one with it.
    pub(super) fn step(
        &self,
        number: u64,
    ) -> Result<(&Revision, &Arc<Document>, &Arc<Document>), Refusal> {
        let (revision, new) = self.at(number)?;
        let (_, old) = self.at(number.saturating_sub(1))?;
        Ok((revision, old, new))
    }

    /// Whether a change may be made now.
    pub(super) fn admit(&self, order: &Order<'_>) -> Result<(), Refusal> {
        let current = self.number();
        if let Some(wanted) = order.if_match
            && wanted != current
        {
            let message =
                format!("the document has changed meanwhile; the current revision is {current}");
            let (status, kind) = (StatusCode::PRECONDITION_FAILED, ErrorType::IllegalState);
            return Err(Refusal::new(status, kind, message));
        }
        Trial::admit(self.trial.as_ref(), order.author).map_err(refusal)
    }

    /// Makes a document the present one. Whether that changed anything.
    pub(super) fn put(&mut self, new: Document, order: &Order<'_>) -> Result<bool, Refusal> {
        self.admit(order)?;
        let (revision, old) = self.current();
        if new.hash() == old.hash() {
            return Ok(false);
        }
        if order.within.is_some() || self.trial.is_some() {
            Trial::check(old, &new).map_err(refusal)?;
        }
        let author: Text<AUTHOR_LEN_MAX> = text(order.author);
        let reason: Text<REASON_LEN_MAX> = text(order.reason);
        let next = revision.next(order.now_ms, author.clone(), reason, new.hash());
        let within = order.within.map(ConfirmWithin::duration);
        let trial = self.trial.as_ref();
        self.trial = Trial::after(trial, &author, next.number, within, order.now_ms);
        self.later.push((next, Arc::new(new)));
        Ok(true)
    }

    pub(super) fn undone(&self, number: u64) -> Result<Document, Refusal> {
        let (_, old, new) = self.step(number)?;
        let undone = self.current().1.undo(&diff(old, new), &diff(new, old));
        undone.map_err(|error| match error {
            UndoError::NoLongerFits(_) => Refusal::illegal_state(error.to_string()),
            UndoError::Invalid(invalid) => invalid.into(),
        })
    }

    pub(super) fn pending(&self, now_ms: i64) -> Result<PendingConfirm, Refusal> {
        let nothing = || Refusal::not_found("nothing is on trial");
        let trial = self.trial.as_ref().ok_or_else(nothing)?;
        Ok(PendingConfirm::show(trial, trial.left(now_ms)))
    }

    /// Takes back what is on trial.
    pub(super) fn revert(&mut self, now_ms: i64) -> Result<(), Refusal> {
        let trial = self.trial.take();
        let trial = trial.ok_or_else(|| Refusal::not_found("nothing is on trial"))?;
        let before = Document::clone(self.at(trial.first.saturating_sub(1))?.1);
        self.put(
            before,
            &Order {
                author: "agent",
                reason: "took back what nobody confirmed",
                if_match: None,
                within: None,
                now_ms,
            },
        )?;
        Ok(())
    }
}

fn refusal(refused: OnTrial) -> Refusal {
    match refused {
        OnTrial::Other(trial) => {
            let author = &trial.author;
            Refusal::illegal_state(format!("changes of {author} wait for their confirmation"))
        }
        OnTrial::TooMany => Refusal::illegal_state(refused.to_string()),
        OnTrial::Lasting(_) => Refusal::invalid("confirmWithin", refused.to_string()),
    }
}
