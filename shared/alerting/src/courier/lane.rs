//! One channel: packs what waits, sends it, and sends it again until it was taken.

use std::collections::BTreeSet;
use std::time::Duration;

use tokio::sync::watch;
use underpass_runtime::tasks::Tasks;
use underpass_runtime::{clock, random};
use underpass_shared::alert::Category;
use underpass_shared::config::WebhookForm;

use super::states::States;
use super::{Courier, STORE_PAUSE, send};
use crate::backoff::Backoff;
use crate::channel::Channel;
use crate::failure::{Failure, Outcome};
use crate::pace::{Next, Pace, Pacer};
use crate::parcel::Parcel;
use crate::settings::{Route, Way};
use crate::store::{Head, OUTBOX_MAX, Store, StoreError};
use crate::surroundings::Surroundings;
use crate::tempo::Tempo;

/// How long an attempt may go on when all is to end: to break it off could send it twice.
const END_GRACE: Duration = Duration::from_secs(3);
/// Notices of one message to a program.
const BATCH_MAX: usize = 100;

/// What goes on is to end.
struct Stopped;

pub(super) struct Lane {
    channel: Channel,
    name: String,
    route: Route,
    store: Store,
    changes: watch::Receiver<u64>,
    surroundings: Surroundings,
    tempo: Tempo,
    states: States,
    pacer: Pacer,
    backoff: Backoff,
    /// Recipients who were refused for so long that nobody waits for them any more.
    given_up: BTreeSet<String>,
    tasks: Tasks,
}

fn pace(way: &Way, tempo: &Tempo) -> Pace {
    let program = Pace {
        gather: Duration::ZERO,
        between: tempo.between_posts,
        per_category: None,
        most: BATCH_MAX,
    };
    match way {
        Way::Mail(_) => Pace {
            gather: tempo.gather,
            between: Duration::ZERO,
            per_category: Some(tempo.per_category),
            most: OUTBOX_MAX,
        },
        Way::Webhook(webhook) => match webhook.form {
            WebhookForm::Json => program,
            WebhookForm::Slack | WebhookForm::Teams => Pace {
                gather: tempo.gather,
                between: tempo.between_chats,
                per_category: None,
                most: OUTBOX_MAX,
            },
        },
        Way::Syslog(_) => program,
    }
}

impl Lane {
    pub(super) fn new(courier: &Courier, channel: &Channel, route: Route, tasks: Tasks) -> Self {
        let tempo = courier.tempo;
        Self {
            name: channel.to_string(),
            channel: channel.clone(),
            store: courier.store.clone(),
            changes: courier.store.changes(),
            surroundings: courier.surroundings.clone(),
            states: courier.states.clone(),
            pacer: Pacer::new(pace(&route.way, &tempo)),
            backoff: Backoff::new(tempo.retry_first, tempo.retry_most),
            given_up: BTreeSet::new(),
            tempo,
            route,
            tasks,
        }
    }

    /// Delivers until it is told to stop.
    pub(super) async fn run(mut self) {
        while !self.tasks.is_stopped() {
            if let Err(Stopped) = self.step().await {
                return;
            }
        }
    }

    async fn step(&mut self) -> Result<(), Stopped> {
        self.changes.mark_unchanged();
        let head = match self.store.head(self.name.clone()).await {
            Ok(head) => head,
            Err(error) => return self.pause(&error).await,
        };
        let on_its_way = head
            .parcel
            .as_ref()
            .map_or(0, |parcel| parcel.notices.len());
        self.states.waiting(
            &self.channel,
            head.waiting.len() + on_its_way,
            head.dropped,
            head.last_success_ms,
        );
        let Head {
            parcel,
            waiting,
            dropped,
            ..
        } = head;
        if let Some(parcel) = parcel {
            return self.deliver(parcel, !waiting.is_empty()).await;
        }
        let categories: Vec<Category> = waiting
            .iter()
            .map(|one| one.notice.alert.category)
            .collect();
        match self.pacer.next(clock::monotonic(), &categories) {
            Next::Idle => self.rest(None).await,
            Next::Until(time) => {
                let wait = time.saturating_sub(clock::monotonic());
                self.rest(Some(wait)).await
            }
            Next::Take(places) => {
                let mut places = places.into_iter().peekable();
                let taken = waiting.into_iter().enumerate();
                let taken = taken.filter(|(at, _)| places.next_if_eq(at).is_some());
                let (entries, notices) = taken.map(|(_, one)| (one.entry, one.notice)).unzip();
                let parcel = Parcel::new(notices, dropped, clock::wall_ms());
                let packed = self.store.pack(self.name.clone(), parcel.clone(), entries);
                match packed.await {
                    Ok(()) => self.deliver(parcel, false).await,
                    Err(error) => self.pause(&error).await,
                }
            }
        }
    }

    /// One attempt, and what follows from it.
    async fn deliver(&mut self, mut parcel: Parcel, others_wait: bool) -> Result<(), Stopped> {
        match self.attempt(&parcel).await? {
            Outcome::Delivered { remark } => {
                self.given_up.clear();
                self.delivered(&parcel, remark).await
            }
            Outcome::Partly {
                left,
                mut refused,
                failure,
            } => {
                let since_ms = *parcel.partly_ms.get_or_insert_with(clock::wall_ms);
                if self.gives_up(&left, since_ms, others_wait) {
                    refused.push(format!("{failure}; not sent to {}", left.join(", ")));
                    self.given_up.extend(left);
                    return self.delivered(&parcel, Some(refused.join("; "))).await;
                }
                (parcel.left, parcel.refused) = (Some(left), refused);
                while let Err(error) = self.store.repack(self.name.clone(), parcel.clone()).await {
                    self.pause(&error).await?;
                }
                self.wait_for_next(&failure).await
            }
            Outcome::Failed(failure) => self.wait_for_next(&failure).await,
        }
    }

    /// Whether nobody waits any more for recipients that are refused for now.
    fn gives_up(&self, left: &[String], since_ms: i64, others_wait: bool) -> bool {
        let patience = match others_wait {
            true => self.tempo.hold_up,
            false => self.tempo.recipient_patience,
        };
        // A clock that was set back says nothing of how long it was.
        let waited = u64::try_from(clock::wall_ms() - since_ms).ok();
        let is_over = waited.is_none_or(|waited| Duration::from_millis(waited) > patience);
        is_over || left.iter().all(|one| self.given_up.contains(one))
    }

    /// Writes down that all have it who shall.
    async fn delivered(&mut self, parcel: &Parcel, remark: Option<String>) -> Result<(), Stopped> {
        if let Some(remark) = &remark {
            tracing::warn!(channel = self.name, remark, "alerts were delivered, but");
        }
        let now_ms = clock::wall_ms();
        self.states.succeeded(&self.channel, now_ms, remark);
        self.backoff.succeeded();
        let categories = parcel.notices.iter().map(|one| one.alert.category);
        self.pacer.sent(clock::monotonic(), categories);
        // Until it is written down it must not be sent again, so nothing else is done.
        while let Err(error) = self.store.delivered(self.name.clone(), now_ms).await {
            self.pause(&error).await?;
        }
        Ok(())
    }

    async fn attempt(&self, parcel: &Parcel) -> Result<Outcome, Stopped> {
        let sent = send(&self.route, parcel, &self.surroundings, &self.tempo);
        let sent = tokio::time::timeout(self.tempo.attempt, sent);
        let ended = async {
            self.tasks.stopped().await;
            tokio::time::sleep(END_GRACE).await;
        };
        tokio::select! {
            sent = sent => {
                let late = |_| Failure::late("the attempt", self.tempo.attempt).into();
                Ok(sent.unwrap_or_else(late))
            }
            () = ended => Err(Stopped),
        }
    }

    async fn wait_for_next(&mut self, failure: &Failure) -> Result<(), Stopped> {
        let wait = self.backoff.failed(random::number());
        let wait = failure.retry_after.map_or(wait, |asked| asked.max(wait));
        let now_ms = clock::wall_ms();
        let next_ms = now_ms.saturating_add(i64::try_from(wait.as_millis()).unwrap_or(i64::MAX));
        let error = failure.to_string();
        if self.backoff.failures() == 1 {
            tracing::warn!(channel = self.name, error, "alerts cannot be delivered");
        } else {
            tracing::debug!(
                channel = self.name,
                error,
                "alerts still cannot be delivered"
            );
        }
        self.states.failed(&self.channel, error, now_ms, next_ms);
        self.sleep(wait).await
    }

    /// The outbox cannot be used, as on a full disk.
    async fn pause(&self, error: &StoreError) -> Result<(), Stopped> {
        self.complain(error);
        self.sleep(STORE_PAUSE).await
    }

    fn complain(&self, error: &StoreError) {
        let error: &dyn std::error::Error = error;
        tracing::warn!(
            error,
            channel = self.name,
            "the outbox of alerts cannot be used"
        );
    }

    /// Waits until something comes, or the time is over.
    async fn rest(&mut self, wait: Option<Duration>) -> Result<(), Stopped> {
        tokio::select! {
            // The store lives as long as this.
            _changed = self.changes.changed() => Ok(()),
            () = tokio::time::sleep(wait.unwrap_or(Duration::MAX)) => Ok(()),
            () = self.tasks.stopped() => Err(Stopped),
        }
    }

    async fn sleep(&self, wait: Duration) -> Result<(), Stopped> {
        tokio::select! {
            () = tokio::time::sleep(wait) => Ok(()),
            () = self.tasks.stopped() => Err(Stopped),
        }
    }
}
