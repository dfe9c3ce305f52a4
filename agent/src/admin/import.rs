//! System mappings out of a subaccount and into another.

use std::sync::{Arc, Mutex, PoisonError};

use http::StatusCode;
use underpass_shared::api::management::{
    Imported, MappingsFile, MappingsFormat, Preview, Refusal, SubaccountPath,
};
use underpass_shared::config::{Document, Mapping};

use super::call::{Call, blocking};
use super::mappings::find_mapping;
use super::subaccounts::find;
use super::{Admin, Answer, answer};

impl Admin {
    pub(super) async fn export_mappings(&self, call: Call, path: SubaccountPath) -> Answer {
        let current = self.readable()?;
        blocking(move || {
            let found = find(current.document(), &path, call.query.location_id.as_ref())?;
            let all = found.mappings().iter();
            let mappings: Vec<Mapping> = match &call.query.only {
                None => all.map(|one| Mapping::clone(one)).collect(),
                Some(only) => {
                    let chosen = only.iter().map(|address| find_mapping(found, address));
                    let chosen = chosen.map(|one| one.map(|one| Mapping::clone(one)));
                    chosen.collect::<Result<_, Refusal>>()?
                }
            };
            let format = MappingsFormat::First;
            let file = MappingsFile { format, mappings };
            answer::ok(&file, current.revision().number)
        })
        .await
    }

    pub(super) async fn import_mappings(&self, call: Call, path: SubaccountPath) -> Answer {
        let file: MappingsFile = call.read()?;
        let (mode, location) = (call.query.mode, call.query.location_id.clone());
        let reason = format!(
            "imported {} system mappings ({mode}) into {}",
            file.mappings.len(),
            path.subaccount
        );
        let told: Arc<Mutex<Imported>> = Arc::default();
        let slot = Arc::clone(&told);
        let edit = move |document: &Document| {
            let key = find(document, &path, location.as_ref())?.key().clone();
            let (document, told) = document.import(&key, file.mappings, mode)?;
            *slot.lock().unwrap_or_else(PoisonError::into_inner) = told;
            Ok(document)
        };
        let mut response = self.change(&call, &reason, edit, answer::done).await?;
        let mut told = told.lock().unwrap_or_else(PoisonError::into_inner);
        let mut told = std::mem::take(&mut *told);
        told.revision = self.store.current().revision().number;
        if call.query.dry_run {
            let preview: Preview = serde_json::from_slice(response.body())
                .map_err(|error| Refusal::failure(error.to_string()))?;
            (told.revision, told.changes) = (preview.revision, preview.changes);
        }
        let body = answer::ok(&told, told.revision)?;
        let (head, body) = body.into_parts();
        response.headers_mut().extend(head.headers);
        *response.status_mut() = StatusCode::OK;
        *response.body_mut() = body;
        Ok(response)
    }
}
