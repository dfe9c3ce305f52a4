//! The whole document.

use underpass_shared::api::management::{Refusal, Verb};
use underpass_shared::config::Document;

use super::call::{Call, blocking};
use super::{Admin, Answer, answer};

impl Admin {
    pub(super) async fn document(&self, call: Call, verb: Verb) -> Answer {
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
