//! The agent as a whole: its version, what it does, how safe it is set up.

use underpass_runtime::clock;
use underpass_shared::api::management::{PendingConfirm, SecurityStatus, Status, Version, openapi};
use underpass_shared::rights::Role;

use super::call::blocking;
use super::{Admin, Answer, answer};
use crate::{security, status, warnings};

impl Admin {
    pub(super) fn version(&self) -> Answer {
        let version = env!("CARGO_PKG_VERSION").to_owned();
        answer::ok(&Version { version }, self.store.current().revision().number)
    }

    pub(super) fn description(&self) -> Answer {
        let described = openapi(env!("CARGO_PKG_VERSION"));
        answer::ok(&described, self.store.current().revision().number)
    }

    /// What the agent does. Who does what, and what weakens security, is not for monitoring.
    pub(super) fn status(&self, role: Role) -> Answer {
        let live = self.live()?;
        let current = self.store.current();
        let number = current.revision().number;
        let problem = current.problem().map(ToString::to_string);
        let mut drain = live.control.drain().borrow().clone();
        let warnings = if role == Role::Monitoring {
            if let Some(drain) = &mut drain {
                drain.author.clear();
            }
            vec![]
        } else {
            warnings::of(current.document())
        };
        let now_ms = clock::wall_ms();
        let trial = current.trial().filter(|_| role != Role::Monitoring);
        let status = Status {
            drain,
            trial: trial.map(|trial| PendingConfirm::show(trial, trial.left(now_ms))),
            ..status::now(&live.board, number, problem, warnings)
        };
        answer::ok(&status, number)
    }

    pub(super) async fn security_status(&self) -> Answer {
        let (current, vault) = (self.readable()?, self.vault.clone());
        let live = self.live.as_ref();
        let traces = live.map(|live| live.traces.list());
        let made = self.operators.shown();
        let tls12 = live.is_some_and(|live| live.board.management(|management| management.tls12));
        blocking(move || {
            let document = current.document();
            let mut entries = security::of_document(document);
            entries.extend(security::of_management(
                document,
                &made,
                tls12,
                clock::wall_ms(),
            ));
            entries.extend(security::of_host(&vault));
            entries.extend(traces.map(|traces| security::of_traces(&traces)));
            answer::ok(&SecurityStatus::of(entries), current.revision().number)
        })
        .await
    }
}
