//! From an archive to a plan. Nothing is changed here.

use bytes::Bytes;
use underpass_runtime::archive::{Identity, Key};
use underpass_runtime::{clock, random};
use underpass_shared::api::management::{self as api, Refusal, RestoreOrigin, RestorePlanShown};
use underpass_shared::audit::Category;
use underpass_shared::backup::Content;
use underpass_shared::config::Document;
use underpass_shared::id::PlanId;
use underpass_shared::restore::{Choice, Draft};
use underpass_shared::secret::Secret;

use super::super::call::Call;
use super::super::multipart::Form;
use super::super::{Admin, Answer};
use super::aside;
use crate::restore::{self, ARCHIVE_MAX, PLAN_LIFE};

/// The parts of the form.
const PLAN: &[&str] = &["backup", "password", "identity", "choice"];

impl Admin {
    pub(super) async fn make_plan(&self, call: &Call) -> Answer {
        let mut form = Form::read_up_to(call, PLAN, ARCHIVE_MAX).await?;
        let choice: Choice = match form.one("choice")? {
            Some(part) => api::read(&part.content)?,
            None => Choice::default(),
        };
        let (archive, key) = self.sealed(&mut form)?;
        let id = self.plan(call, archive, key, choice).await?;
        self.plan_made(id)
    }

    /// The archive of a form, and what opens it.
    fn sealed(&self, form: &mut Form) -> Result<(Bytes, Key), Refusal> {
        let archive = form.one("backup")?;
        let archive = archive.ok_or_else(|| Refusal::invalid("backup", "is missing"))?;
        let key = match (form.text("password")?, form.text("identity")?) {
            (Some(_), Some(_)) => {
                let rule = "must not stand beside the password";
                return Err(Refusal::invalid("identity", rule));
            }
            (Some(password), None) => Key::Passphrase(Secret::new(password)),
            (None, Some(identity)) => {
                let identity = Secret::new(identity);
                let parsed = Identity::of_file(identity.expose());
                let parsed = parsed.map_err(|rule| Refusal::invalid("identity", rule.to_string()));
                Key::Identity(parsed?)
            }
            (None, None) => {
                let own = self.restores.plans().recipient();
                Key::Identity(own.ok_or_else(|| {
                    let rule = "is missing, and no key of restore/recipient lives";
                    Refusal::invalid("password", rule)
                })?)
            }
        };
        Ok((archive.content, key))
    }

    /// Opens an archive and keeps the plan of its restore.
    async fn plan(
        &self,
        call: &Call,
        archive: Bytes,
        key: Key,
        choice: Choice,
    ) -> Result<PlanId, Refusal> {
        let what = "opened a backup to plan its restore";
        let recording = self.recording(call.caller(), Category::Configuration, what);
        recording.intend_act().await?;
        let planned = self.plan_from(archive, key, choice).await;
        recording.acted(&planned);
        planned
    }

    async fn plan_from(&self, archive: Bytes, key: Key, choice: Choice) -> Result<PlanId, Refusal> {
        let bytes = archive.len();
        let opened = aside(move || Ok(restore::open(&archive, &key))).await?;
        let (content, backup) = opened.map_err(|error| {
            let rule = format!("{:#}", anyhow::Error::from(error));
            Refusal::invalid("backup", rule)
        })?;
        self.keep_plan(content, backup, choice, bytes).await
    }

    async fn keep_plan(
        &self,
        content: Content,
        backup: Document,
        choice: Choice,
        bytes: usize,
    ) -> Result<PlanId, Refusal> {
        let current = self.readable()?;
        let (revision, present) = (current.revision().number, current.document().clone());
        let is_new = revision == 0;
        let data_dir = self.restores.data_dir().to_owned();
        let wanted = choice.clone();
        let (content, held, draft) = aside(move || {
            let held = restore::held(&data_dir, is_new, &present, &content, &backup)?;
            let fresh = &mut random::id;
            let draft = Draft::make(&present, &content, &backup, &wanted, &held, fresh);
            Ok((content, held, draft))
        })
        .await?;
        let draft = draft?;
        let present = current.document();
        let questions = draft.questions(present);
        let facts = restore::look(questions, &draft, &content, &self.secrets).await;
        let plan = draft.plan(present, &content, &held, &facts);
        let life_ms = i64::try_from(PLAN_LIFE.as_millis()).unwrap_or(i64::MAX);
        let id = PlanId::from_uuid(random::id());
        let shown = RestorePlanShown {
            id,
            expires_time_stamp: clock::wall_ms() + life_ms,
            backup: origin(&content),
            revision,
            parts: choice.parts(is_new).into_iter().collect(),
            choice,
            changes: plan.changes.clone(),
            adaptations: plan.adaptations.clone(),
            more_adaptations: plan.more_adaptations,
            secrets: plan.secrets,
            identity_changes: plan.writes.identity && held.agent != Some(content.instance),
            refused: plan.refused.clone(),
            applied: None,
        };
        self.restores.plans().keep(shown, content, plan, bytes);
        Ok(id)
    }
}

/// What a backup says of itself.
pub(in super::super) fn origin(content: &Content) -> RestoreOrigin {
    RestoreOrigin {
        agent: content.instance,
        created_time_stamp: content.created_at_ms,
        version: content.product_version.clone(),
        revision: content.revision.number,
        hash: content.hash(),
    }
}
