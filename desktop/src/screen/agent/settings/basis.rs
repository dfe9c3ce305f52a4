//! What somebody saw when he began to change a part that is saved at once.

use egui::Ui;

use crate::theme::State;
use crate::widget::Banner;

/// The part as it was when the change began, and the revision that the change is meant for.
#[derive(Debug)]
pub(super) struct Basis<T> {
    seen: Option<(T, Option<u64>)>,
    is_behind: bool,
}

impl<T> Default for Basis<T> {
    fn default() -> Self {
        Self {
            seen: None,
            is_behind: false,
        }
    }
}

impl<T: Clone + PartialEq> Basis<T> {
    /// Begins anew with what is there.
    pub(super) fn begin(&mut self) {
        *self = Self::default();
    }

    /// Follows what the agent has. Changes of other parts do not matter: as long as this one is as
    /// it was, the change is meant for the newest revision.
    pub(super) fn follow(&mut self, part: &T, revision: Option<u64>) {
        match &mut self.seen {
            Some((seen, at)) if seen == part && !self.is_behind => *at = revision,
            Some(_) => self.is_behind = true,
            None => self.seen = Some((part.clone(), revision)),
        }
    }

    /// The revision that the change is meant for.
    pub(super) fn revision(&self) -> Option<u64> {
        self.seen.as_ref().and_then(|(_, revision)| *revision)
    }

    /// Why the change cannot be saved yet, if so.
    pub(super) fn problem(&self) -> Option<&'static str> {
        self.is_behind
            .then_some("Somebody else changed this meanwhile")
    }

    /// Tells that somebody else was faster, and lets the change go on from what is there now.
    pub(super) fn banner(&mut self, ui: &mut Ui, what: &str) {
        if !self.is_behind {
            return;
        }
        let text = format!("Somebody else changed {what} meanwhile");
        let banner = Banner::new(State::Warn, &text)
            .detail("What you see here would replace it")
            .action("Go on with mine");
        if banner.show(ui) {
            self.begin();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_is_meant_for_what_was_seen_whatever_else_changes() {
        let mut basis = Basis::default();
        basis.follow(&"mail", Some(3));
        basis.follow(&"mail", Some(4));
        assert_eq!((basis.revision(), basis.problem()), (Some(4), None));
        // Another part of the configuration and this one: what is sent now would be refused.
        basis.follow(&"other", Some(5));
        basis.follow(&"mail", Some(6));
        assert!(basis.problem().is_some());
        basis.begin();
        basis.follow(&"other", Some(7));
        assert_eq!((basis.revision(), basis.problem()), (Some(7), None));
    }
}
