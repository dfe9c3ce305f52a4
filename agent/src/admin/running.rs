//! The running process: its log, its drain, its start anew.

use http::StatusCode;
use underpass_shared::api::management::operations::LIST_LEN_MAX;
use underpass_shared::api::management::{DrainShown, ErrorType, Refusal, RunningTarget, Verb};
use underpass_shared::audit::Category;

use super::call::Call;
use super::{Admin, Answer, answer, body};
use crate::control::Control;
use crate::logs::Logs;

/// Lines that a page has where the caller names no number.
const PAGE_LEN: usize = 200;

impl Admin {
    pub(super) async fn running_process(
        &self,
        call: &Call,
        verb: Verb,
        target: RunningTarget,
    ) -> Answer {
        match target {
            RunningTarget::Logs => self.log_page(call),
            RunningTarget::LogStream => self.log_stream(call),
            RunningTarget::Drain => self.drain(call, verb).await,
            RunningTarget::Restart => self.restart(call).await,
        }
    }

    fn log_page(&self, call: &Call) -> Answer {
        let limit = call.query.limit.unwrap_or(PAGE_LEN);
        if !(1..=LIST_LEN_MAX).contains(&limit) {
            let rule = format!("must be between 1 and {LIST_LEN_MAX}");
            return Err(Refusal::invalid("limit", rule));
        }
        let page = self.recent_log()?.page(&call.query.log_search(), limit);
        answer::ok(&page, self.store.current().revision().number)
    }

    fn log_stream(&self, call: &Call) -> Answer {
        let (search, last) = (call.query.log_search(), call.last_event_id);
        let Some(stream) = self.recent_log()?.stream(search, last) else {
            let (status, kind) = (StatusCode::SERVICE_UNAVAILABLE, ErrorType::RuntimeFailure);
            let message = "too many callers listen to the log; end one of them";
            return Err(Refusal::new(status, kind, message));
        };
        Ok(body::events(stream))
    }

    async fn drain(&self, call: &Call, verb: Verb) -> Answer {
        let control = self.control()?;
        let number = self.store.current().revision().number;
        let author = call.caller().to_string();
        match verb {
            Verb::Post => {
                if control.drain().borrow().is_none() {
                    let close = || control.close(&author);
                    self.acted(call, "closed all tunnels (drain)", close)
                        .await?;
                    tracing::warn!(
                        author,
                        "drain: all tunnels are closed until somebody opens them"
                    );
                    self.notice(format!("{author} closed all tunnels (drain)"));
                }
                Ok(answer::done(number))
            }
            Verb::Delete => {
                if control.drain().borrow().is_some() {
                    let open = || control.open();
                    self.acted(call, "opened the tunnels after a drain", open)
                        .await?;
                    tracing::info!(author, "the drain ended: tunnels are opened again");
                    self.notice(format!("{author} opened the tunnels after a drain"));
                }
                Ok(answer::done(number))
            }
            Verb::Get | Verb::Put | Verb::Patch => {
                let links = self.live()?.board.links();
                let connections = links.iter().map(|link| link.connections.len()).sum();
                let drain = control.drain().borrow().clone();
                answer::ok(&DrainShown::of(drain, connections), number)
            }
        }
    }

    async fn restart(&self, call: &Call) -> Answer {
        let control = self.control()?;
        if !control.is_restarted() {
            let message = "nobody would start this agent again: it runs under no service manager \
                           that said it does; see --restarted of `underpass-agent run`";
            return Err(Refusal::illegal_state(message));
        }
        self.acted(call, "had the agent start anew", || control.restart())
            .await?;
        let author = call.caller().to_string();
        tracing::warn!(author, "the agent ends to be started again");
        Ok(answer::done(self.store.current().revision().number))
    }

    /// Does something that no document shows, with a record of it before and after.
    pub(super) async fn acted<T>(
        &self,
        call: &Call,
        reason: &str,
        act: impl FnOnce() -> T,
    ) -> Result<(), Refusal> {
        let recording = self.recording(call.caller(), Category::ServiceControl, reason);
        recording.intend_act().await?;
        act();
        recording.acted(&Ok(()));
        Ok(())
    }

    fn recent_log(&self) -> Result<&Logs, Refusal> {
        Ok(&self.live()?.logs)
    }

    fn control(&self) -> Result<&Control, Refusal> {
        Ok(&self.live()?.control)
    }
}
