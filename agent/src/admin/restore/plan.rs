//! From an archive to a plan. Nothing is changed here.

use underpass_runtime::archive::Key;
use underpass_runtime::{clock, random};
use underpass_shared::api::management::{self as api, Refusal, RestoreOrigin, RestorePlanShown};
use underpass_shared::audit::Category;
use underpass_shared::backup::Content;
use underpass_shared::config::Document;
use underpass_shared::id::{AgentId, PlanId};
use underpass_shared::restore::{Choice, Draft, Plan};

use super::super::backup::key;
use super::super::call::Call;
use super::super::multipart::Form;
use super::super::{Admin, Answer, answer};
use super::aside;
use crate::backup::Spooled;
use crate::restore::{self, PLAN_LIFE};

/// The parts of the form.
const PLAN: &[&str] = &["backup", "password", "identity", "choice"];
/// The parts of the form of SAP's call.
const SAPS: &[&str] = &["backup", "password", "identity"];

impl Admin {
    pub(super) async fn make_plan(&self, mut call: Call) -> Answer {
        let mut form = Form::take(&mut call, PLAN, &self.backups.spool).await?;
        let choice: Choice = match form.one("choice")? {
            Some(part) => api::read(&part.content)?,
            None => Choice::default(),
        };
        let (archive, key) = self.sealed(&mut form)?;
        let id = self.plan(&call, archive, key, choice).await?;
        self.plan_made(id)
    }

    /// SAP's call: the backup takes the place of the configuration, and of nobody's access.
    pub(in super::super) async fn restore_backup(&self, mut call: Call) -> Answer {
        let mut form = Form::take(&mut call, SAPS, &self.backups.spool).await?;
        let (archive, key) = self.sealed(&mut form)?;
        let id = self.plan(&call, archive, key, Choice::default()).await?;
        let applied = self.apply_plan(&call, id).await;
        self.restores.plans().forget(id);
        Ok(answer::done(applied?.revision))
    }

    /// The archive of a form, and what opens it.
    fn sealed(&self, form: &mut Form) -> Result<(Spooled, Key), Refusal> {
        let archive = form.backup()?;
        let (password, identity) = (form.text("password")?, form.text("identity")?);
        let own = self.restores.plans().recipient();
        let key = match (password, identity, own) {
            (None, None, Some(own)) => Key::Identity(own),
            (password, identity, _) => key(password, identity)?,
        };
        Ok((archive, key))
    }

    /// Opens an archive and keeps the plan of its restore.
    async fn plan(
        &self,
        call: &Call,
        archive: Spooled,
        key: Key,
        choice: Choice,
    ) -> Result<PlanId, Refusal> {
        let what = "opened a backup to plan its restore";
        let recording = self.recording(call.caller(), Category::Backup, what);
        recording.intend_act().await?;
        let planned = self.plan_from(call, archive, key, choice).await;
        recording.acted(&planned);
        planned
    }

    async fn plan_from(
        &self,
        call: &Call,
        archive: Spooled,
        key: Key,
        choice: Choice,
    ) -> Result<PlanId, Refusal> {
        let bytes = usize::try_from(archive.len).unwrap_or(usize::MAX);
        let opened = self.open_backup(call, archive, key).await?;
        let (content, backup) = (opened.content, opened.document);
        self.keep_plan(content, backup, choice, bytes).await
    }

    async fn keep_plan(
        &self,
        content: Content,
        backup: Document,
        choice: Choice,
        bytes: usize,
    ) -> Result<PlanId, Refusal> {
        let drawn = self.draw(content, backup, &choice).await?;
        let Drawn {
            content,
            plan,
            revision,
            own,
        } = drawn;
        let life_ms = i64::try_from(PLAN_LIFE.as_millis()).unwrap_or(i64::MAX);
        let id = PlanId::from_uuid(random::id());
        let shown = RestorePlanShown {
            id,
            expires_time_stamp: clock::wall_ms() + life_ms,
            backup: origin(&content),
            revision,
            parts: choice.parts(revision == 0).into_iter().collect(),
            choice,
            changes: plan.changes.clone(),
            adaptations: plan.adaptations.clone(),
            more_adaptations: plan.more_adaptations,
            secrets: plan.secrets,
            identity_changes: plan.writes.identity && own != Some(content.instance),
            refused: plan.refused.clone(),
            applied: None,
        };
        self.restores.plans().keep(shown, content, plan, bytes);
        Ok(id)
    }

    /// Draws the plan of a restore, which nobody keeps yet.
    pub(in super::super) async fn draw(
        &self,
        content: Content,
        backup: Document,
        choice: &Choice,
    ) -> Result<Drawn, Refusal> {
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
        let facts = restore::look(questions, &draft, &content, &self.secrets, &self.tasks).await;
        let plan = draft.plan(present, &content, &held, &facts);
        let own = held.agent;
        Ok(Drawn {
            content,
            plan,
            revision,
            own,
        })
    }
}

/// A plan that was drawn.
pub(in super::super) struct Drawn {
    content: Content,
    /// What a restore would do.
    pub(in super::super) plan: Plan,
    /// The revision that it is drawn for.
    revision: u64,
    /// The identity that this agent has already.
    own: Option<AgentId>,
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
