//! The whole document, and the way to its history.

use underpass_shared::api::management::{DocumentTarget, Refusal, Verb};
use underpass_shared::config::Document;

use super::call::{Call, blocking};
use super::{Admin, Answer, answer};

impl Admin {
    pub(super) async fn of_document(
        &self,
        call: Call,
        verb: Verb,
        target: DocumentTarget,
    ) -> Answer {
        match target {
            DocumentTarget::Whole => self.document(call, verb).await,
            DocumentTarget::Revisions => self.revisions(&call).await,
            DocumentTarget::Revision(number) => self.revision(number).await,
            DocumentTarget::Undo(number) => self.undo(call, number).await,
            DocumentTarget::Restore(number) => self.restore(call, number).await,
            DocumentTarget::RevisionDiff(number) => self.revision_diff(call, number).await,
            DocumentTarget::AsOf(number) => self.revision_document(number).await,
            DocumentTarget::PendingConfirm => self.pending_confirm(call, verb).await,
        }
    }

    async fn document(&self, call: Call, verb: Verb) -> Answer {
        match verb {
            Verb::Put => self.put_document(call).await,
            Verb::Get | Verb::Post | Verb::Patch | Verb::Delete => {
                let current = self.readable()?;
                blocking(move || {
                    let json = current.document().to_json();
                    Ok(answer::json_text(json.into(), current.revision().number))
                })
                .await
            }
        }
    }

    async fn put_document(&self, call: Call) -> Answer {
        let json = call.json()?;
        let parse = move |_old: &Document| {
            let text = std::str::from_utf8(&json);
            let text = text.or(Err(Refusal::invalid("", "the document is not UTF-8")))?;
            Ok(Document::from_json(text)?)
        };
        let reason = "applied a whole document";
        self.change(&call, reason, parse, answer::done).await
    }
}
