//! What helps where something goes wrong.

mod files;
mod pieces;
mod traces;

pub(crate) use self::traces::shown as trace_shown;
use underpass_shared::api::management::{ProbeList, Refusal, TroubleTarget, Verb};
use underpass_shared::audit::Category;

use super::call::Call;
use super::{Admin, Answer, answer};
use crate::diagnosis::Diagnoses;

impl Admin {
    pub(super) async fn trouble(&self, call: Call, verb: Verb, target: TroubleTarget) -> Answer {
        match target {
            TroubleTarget::Diagnoses => self.list_diagnoses(),
            TroubleTarget::Diagnosis(id) => self.delete_diagnosis(&call, id).await,
            TroubleTarget::LogFiles => self.list_log_files().await,
            TroubleTarget::LogArchive => self.log_archive().await,
            TroubleTarget::LogFile(name) => match verb {
                Verb::Delete => self.delete_log_file(&call, name).await,
                Verb::Get | Verb::Post | Verb::Put | Verb::Patch => self.log_file(&name),
            },
            TroubleTarget::LogFilePage(name) => self.log_file_page(&call, name).await,
            TroubleTarget::Probes => self.list_probes(),
            TroubleTarget::Traces => match verb {
                Verb::Post => self.request_trace(&call).await,
                Verb::Get | Verb::Put | Verb::Patch | Verb::Delete => self.list_traces(),
            },
            TroubleTarget::Trace(id) => match verb {
                Verb::Delete => self.delete_trace(&call, id).await,
                Verb::Get | Verb::Post | Verb::Put | Verb::Patch => self.show_trace(id),
            },
            TroubleTarget::TraceApproval(id) => self.approve_trace(&call, id).await,
            TroubleTarget::TraceRefusal(id) => self.refuse_trace(&call, id).await,
            TroubleTarget::TraceEnd(id) => self.stop_trace(&call, id).await,
            TroubleTarget::TraceContent(id) => self.trace_content(&call, id).await,
        }
    }

    fn list_diagnoses(&self) -> Answer {
        let number = self.store.current().revision().number;
        answer::ok(&self.known_diagnoses()?.list(), number)
    }

    async fn delete_diagnosis(&self, call: &Call, id: u64) -> Answer {
        let diagnoses = self.known_diagnoses()?;
        let missing = || Refusal::not_found(format!("there is no diagnosis {id}"));
        let all = diagnoses.list().diagnoses;
        let found = all.iter().find(|one| one.id == id).ok_or_else(missing)?;
        let reason = format!("deleted the diagnosis {} {}", found.kind, found.entity);
        let recording = self.recording(call.caller(), Category::ServiceControl, &reason);
        recording.intend_act().await?;
        let deleted = diagnoses.delete(id).then_some(()).ok_or_else(missing);
        recording.acted(&deleted);
        deleted?;
        Ok(answer::done(self.store.current().revision().number))
    }

    fn list_probes(&self) -> Answer {
        let probes = self.live()?.probes.list();
        answer::ok(&ProbeList { probes }, self.number())
    }

    /// The present revision.
    pub(super) fn number(&self) -> u64 {
        self.store.current().revision().number
    }

    fn known_diagnoses(&self) -> Result<&Diagnoses, Refusal> {
        Ok(&self.live()?.diagnoses)
    }
}
