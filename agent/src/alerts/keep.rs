//! Where the register is kept, together with what is to be delivered.

use std::pin::Pin;

use underpass_alerting::Store;
use underpass_shared::alert::{Notice, Register};

type Done<T> = Pin<Box<dyn Future<Output = anyhow::Result<T>> + Send>>;
type Load = Box<dyn Fn() -> Done<Option<String>> + Send + Sync>;
type Commit = Box<dyn Fn(String, Vec<Notice>) -> Done<()> + Send + Sync>;

/// A place that outlasts the process.
pub(crate) struct Keep {
    load: Load,
    commit: Commit,
}

impl Keep {
    /// A place that is used by two functions; `commit` does all or nothing.
    pub(crate) fn new(
        load: impl Fn() -> Done<Option<String>> + Send + Sync + 'static,
        commit: impl Fn(String, Vec<Notice>) -> Done<()> + Send + Sync + 'static,
    ) -> Self {
        Self {
            load: Box::new(load),
            commit: Box::new(commit),
        }
    }

    /// In the store from which notices are delivered.
    pub(crate) fn in_store(store: Store) -> Self {
        let from = store.clone();
        Self::new(
            move || {
                let from = from.clone();
                Box::pin(async move { Ok(from.load().await?) })
            },
            move |state, notices| {
                let store = store.clone();
                Box::pin(async move { Ok(store.commit(state, notices).await?) })
            },
        )
    }

    /// No place at all: alerts are seen, but nothing is delivered, and a restart forgets them.
    pub(crate) fn nowhere() -> Self {
        Self::new(
            || Box::pin(std::future::ready(Ok(None))),
            |_state, _notices| Box::pin(std::future::ready(Ok(()))),
        )
    }

    /// The register as it was kept last. One that cannot be read is begun anew: what stands is
    /// found again.
    pub(super) async fn load(&self) -> Option<Register> {
        let read = async {
            let state = (self.load)().await?;
            let register = state.map(|text| serde_json::from_str(&text)).transpose()?;
            anyhow::Ok(register)
        };
        read.await.unwrap_or_else(|error| {
            let error = format!("{error:#}");
            tracing::error!(error, "the kept alerts cannot be read; they begin anew");
            None
        })
    }

    pub(super) async fn commit(&self, state: String, notices: Vec<Notice>) -> anyhow::Result<()> {
        (self.commit)(state, notices).await
    }
}
