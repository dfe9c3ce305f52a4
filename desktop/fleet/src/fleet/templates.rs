//! Templates that are kept.

use std::sync::Arc;

use crate::profile::{TEMPLATES_MAX, TemplateId};
use crate::snapshot::KeptTemplate;
use crate::template::Template;

/// All templates.
#[derive(Default)]
pub(crate) struct Templates {
    all: Vec<Arc<KeptTemplate>>,
    /// The last number that was given; none is given twice, so that removals can be taken back.
    last: Option<TemplateId>,
}

impl Templates {
    /// These.
    pub(crate) fn of(all: Vec<(TemplateId, Template)>) -> Self {
        let last = all.iter().map(|(id, _)| *id).max();
        let all = all.into_iter();
        let all = all.map(|(id, template)| Arc::new(KeptTemplate { id, template }));
        let mut templates = Self {
            all: all.collect(),
            last,
        };
        templates.sort();
        templates
    }

    fn sort(&mut self) {
        let name = |one: &Arc<KeptTemplate>| (one.template.name.to_lowercase(), one.id);
        self.all.sort_by_key(name);
    }

    /// All, in the order of their names.
    pub(crate) fn show(&self) -> Arc<[Arc<KeptTemplate>]> {
        self.all.as_slice().into()
    }

    /// Puts one.
    ///
    /// # Errors
    /// When there are too many.
    pub(crate) fn put(
        &mut self,
        id: Option<TemplateId>,
        template: Template,
    ) -> Result<Arc<KeptTemplate>, String> {
        let is_new = id.is_none_or(|id| self.all.iter().all(|one| one.id != id));
        if is_new && self.all.len() >= TEMPLATES_MAX {
            return Err(format!("at most {TEMPLATES_MAX} templates are kept"));
        }
        let id = id.unwrap_or_else(|| TemplateId::next(self.last));
        self.last = self.last.max(Some(id));
        let kept = Arc::new(KeptTemplate { id, template });
        self.remove(id);
        self.all.push(Arc::clone(&kept));
        self.sort();
        Ok(kept)
    }

    /// Removes one.
    pub(crate) fn remove(&mut self, id: TemplateId) {
        self.all.retain(|one| one.id != id);
    }
}
