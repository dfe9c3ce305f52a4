//! Alerts: looks what is wrong, keeps the register of it, and tells what changed.
//!
//! Each category judges what it is shown, without input or output; the task here shows it, steps
//! the register and keeps it together with what is to be delivered.

mod audit;
mod backends;
mod certificates;
mod channels;
mod disks;
mod flaps;
mod host;
mod keep;
mod look;
mod rules;
mod run;
#[cfg(test)]
mod tests;
mod tunnels;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;
use underpass_runtime::clock;
use underpass_shared::alert::{
    Alert, AlertId, Code, Condition, Happening, Look, Notice, Register, RegisterError, Rules, Told,
};
use underpass_shared::api::management::{AlertState, Event};
use underpass_shared::config::SubaccountKey;
use underpass_shared::host::VirtualAddress;
use underpass_shared::instant::Now;
use underpass_shared::monitor::Entity;

pub(crate) use self::keep::Keep;
pub(crate) use self::run::{Inputs, Source};
pub(crate) use self::tunnels::down;
use crate::events::Events;

/// Notices that wait while they cannot be kept; the outboxes behind them hold as many.
const UNSAVED_MAX: usize = 1_000;

/// The register of a running agent. Clones are the same.
#[derive(Clone)]
pub(crate) struct Alerts(Arc<Inner>);

struct Inner {
    book: Mutex<Book>,
    keep: Keep,
    /// One after the other keeps the register, so that an older state never replaces a newer one.
    saving: tokio::sync::Mutex<()>,
    /// Somebody did something with an alert.
    acted: Notify,
    events: Events,
}

/// The register with what is not kept yet.
struct Book {
    register: Register,
    /// To be delivered.
    unsaved: Vec<Notice>,
}

impl Alerts {
    /// The register as it was kept last; an empty one where it cannot be read.
    pub(crate) async fn open(keep: Keep, events: Events) -> Self {
        let register = keep
            .load()
            .await
            .unwrap_or_else(|| Register::new(clock::now()));
        Self(Arc::new(Inner {
            book: Mutex::new(Book {
                register,
                unsaved: vec![],
            }),
            keep,
            saving: tokio::sync::Mutex::new(()),
            acted: Notify::new(),
            events,
        }))
    }

    /// At most so many alerts: those that stand first, of each the newest first.
    pub(crate) fn list(&self, state: AlertState, limit: usize) -> Vec<Alert> {
        let book = self.book();
        let (active, past) = match state {
            AlertState::Active => (true, false),
            AlertState::History => (false, true),
            AlertState::All => (true, true),
        };
        let active = active.then(|| book.register.active());
        let past = past.then(|| book.register.history());
        let active = active.into_iter().flatten();
        active
            .chain(past.into_iter().flatten())
            .take(limit)
            .cloned()
            .collect()
    }

    /// One alert.
    pub(crate) fn get(&self, number: u64) -> Result<Alert, RegisterError> {
        self.book().register.get(number).cloned()
    }

    /// Does something with an alert, see [`Register`]. It is kept by [`Alerts::save`].
    pub(crate) fn act<T>(
        &self,
        act: impl FnOnce(&mut Register, Now) -> Result<T, RegisterError>,
    ) -> Result<T, RegisterError> {
        let done = act(&mut self.book().register, clock::now());
        self.0.acted.notify_one();
        done
    }

    /// Takes in what a look found, and tells those who listen; what is to be delivered waits for
    /// [`Alerts::save`].
    fn step(&self, now: Now, look: Look, rules: &Rules) {
        let told = {
            let mut book = self.book();
            let told = book.register.step(now, look, rules);
            let deliver = told.iter().filter(|one| one.deliver);
            book.unsaved.extend(deliver.map(|one| one.notice.clone()));
            told
        };
        for Told { notice, deliver } in told {
            log(&notice, deliver);
            self.tell(notice);
        }
    }

    /// Tells those who listen. Who took note of an alert is not for all of them.
    fn tell(&self, mut notice: Notice) {
        if let Some(acknowledged) = &mut notice.alert.acknowledged {
            acknowledged.by.clear();
        }
        let notice = Box::new(notice);
        self.0.events.tell(Event::Alert { notice });
    }

    /// Whether something waits to be delivered.
    fn owes(&self) -> bool {
        !self.book().unsaved.is_empty()
    }

    /// Keeps the register and hands over what is to be delivered, both or nothing.
    ///
    /// # Errors
    /// When it cannot be kept; then it is tried again after the next look.
    pub(crate) async fn save(&self) -> anyhow::Result<()> {
        let _turn = self.0.saving.lock().await;
        let (state, notices) = {
            let mut book = self.book();
            if !book.register.is_changed() && book.unsaved.is_empty() {
                return Ok(());
            }
            let state = serde_json::to_string(&book.register)?;
            book.register.saved();
            (state, std::mem::take(&mut book.unsaved))
        };
        let kept = self.0.keep.commit(state, notices.clone()).await;
        if kept.is_err() {
            let mut book = self.book();
            book.register.unsaved();
            book.unsaved.splice(0..0, notices);
            let more = book.unsaved.len().saturating_sub(UNSAVED_MAX);
            if more > 0 {
                tracing::error!(lost = more, "alerts cannot be kept; the oldest are lost");
                book.unsaved.drain(..more);
            }
        }
        kept
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        self.0.book.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn log(notice: &Notice, deliver: bool) {
    let Notice {
        happening, alert, ..
    } = notice;
    let (number, id, text) = (alert.number, &alert.id, &alert.text);
    match happening {
        Happening::Raised | Happening::Reminded => {
            tracing::warn!(%happening, number, alert = %id, text, deliver, "alert");
        }
        Happening::Resolved | Happening::Test => {
            tracing::info!(%happening, number, alert = %id, text, deliver, "alert");
        }
    }
}

/// Something that is wrong.
pub(crate) fn condition(
    code: Code,
    entity: impl Into<String>,
    text: impl Into<String>,
) -> Condition {
    let entity = entity.into();
    Condition {
        id: AlertId { code, entity },
        text: text.into(),
        because_of: None,
        days_left: None,
    }
}

/// How alerts call a tunnel: as its figures are called.
fn tunnel_name(key: &SubaccountKey) -> String {
    Entity::Tunnel(key.clone()).to_string()
}

/// Another process has the place of an enrolment.
pub(crate) fn location_taken(key: &SubaccountKey, text: String) -> Condition {
    condition(Code::LocationTaken, tunnel_name(key), text)
}

/// What follows from a tunnel that is down.
pub(crate) fn without_tunnel(key: &SubaccountKey, condition: Condition) -> Condition {
    Condition {
        because_of: Some(AlertId {
            code: Code::TunnelDown,
            entity: tunnel_name(key),
        }),
        ..condition
    }
}

/// What follows from a system that its probes do not reach; `mapping` is how alerts call it.
pub(crate) fn without_backend(mapping: &str, condition: Condition) -> Condition {
    Condition {
        because_of: Some(AlertId {
            code: Code::BackendDown,
            entity: mapping.to_owned(),
        }),
        ..condition
    }
}

/// How alerts call a system mapping.
fn mapping_name(key: &SubaccountKey, address: &VirtualAddress) -> String {
    Entity::Mapping(key.clone(), address.clone()).to_string()
}
