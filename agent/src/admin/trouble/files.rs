//! The files of the log.

use http_body_util::{BodyExt as _, StreamBody};
use underpass_runtime::telemetry::{FileError, LogFiles};
use underpass_shared::api::management::{LogFileName, Refusal};
use underpass_shared::audit::Category;

use super::pieces;
use crate::admin::call::{Call, blocking};
use crate::admin::{Admin, Answer, answer, body};

fn refusal(error: &FileError) -> Refusal {
    let message = error.to_string();
    match error {
        FileError::Missing(_) => Refusal::not_found(message),
        FileError::Page(..) => Refusal::invalid("page", message),
        FileError::InUse(_) => Refusal::illegal_state(message),
        FileError::Io(_) => Refusal::failure(message),
    }
}

impl Admin {
    pub(super) async fn list_log_files(&self) -> Answer {
        let (files, number) = (self.known_files()?.clone(), self.number());
        blocking(move || {
            let all = files.list();
            answer::ok(&all.map_err(|error| refusal(&error.into()))?, number)
        })
        .await
    }

    pub(super) async fn log_file_page(&self, call: &Call, name: LogFileName) -> Answer {
        let (files, number) = (self.known_files()?.clone(), self.number());
        let page = call.query.page.map(u64::from);
        blocking(move || {
            answer::ok(
                &files.page(&name, page).map_err(|error| refusal(&error))?,
                number,
            )
        })
        .await
    }

    /// A whole file, as it is now.
    pub(super) fn log_file(&self, name: &LogFileName) -> Answer {
        let file = self
            .known_files()?
            .open(name)
            .map_err(|error| refusal(&error))?;
        let mut response = answer::bytes(vec![], "text/plain; charset=utf-8", self.number());
        let content = pieces::of_file(file).boxed_unsync();
        body::stream(&mut response, content);
        Ok(response)
    }

    /// All files, one behind the other in a zip.
    pub(super) async fn log_archive(&self) -> Answer {
        let files = self.known_files()?.clone();
        let open = move || {
            let all = files.list().map_err(FileError::from)?.files.into_iter();
            // One that was removed meanwhile is left out.
            let open = all.filter_map(|one| match files.open(&one.name) {
                Ok(file) => Some(Ok((one.name.to_string(), file))),
                Err(FileError::Missing(_)) => None,
                Err(error) => Some(Err(error)),
            });
            open.collect::<Result<Vec<_>, _>>()
        };
        let open = tokio::task::spawn_blocking(open).await;
        let open = open.map_err(|error| Refusal::failure(error.to_string()))?;
        let open = open.map_err(|error| refusal(&error))?;
        let mut response = answer::bytes(vec![], "application/zip", self.number());
        let content = StreamBody::new(pieces::of_archive(open)).boxed_unsync();
        body::stream(&mut response, content);
        Ok(response)
    }

    pub(super) async fn delete_log_file(&self, call: &Call, name: LogFileName) -> Answer {
        let files = self.known_files()?;
        let reason = format!("deleted the file {name} of the log");
        let recording = self.recording(call.caller(), Category::CloudConnectorLoggers, &reason);
        recording.intend_act().await?;
        let deleted = files.delete(&name).map_err(|error| refusal(&error));
        recording.acted(&deleted);
        deleted?;
        Ok(answer::done(self.number()))
    }

    fn known_files(&self) -> Result<&LogFiles, Refusal> {
        let Some(live) = &self.live else {
            return Err(Refusal::illegal_state(
                "the agent does not run; the files of its log are in log/ of its data directory",
            ));
        };
        let none = || Refusal::illegal_state("this agent writes no files of its log");
        live.log_files.as_ref().ok_or_else(none)
    }
}
