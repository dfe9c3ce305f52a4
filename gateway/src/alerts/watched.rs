//! The settings of alerts, read again when the file changes.

use std::path::PathBuf;
use std::sync::Arc;

use tokio::sync::watch;
use underpass_alerting::{Settings, Surroundings};

use super::settings::AlertSettings;

/// The present settings.
pub(crate) struct WatchedSettings {
    file: Option<PathBuf>,
    host: String,
    present: watch::Sender<Arc<AlertSettings>>,
    delivery: watch::Sender<Arc<Settings>>,
    /// What was wrong at the last look, so that it is told once.
    wrong: Option<String>,
}

impl WatchedSettings {
    /// Reads them for the first time. `host` is who sends.
    ///
    /// # Errors
    /// When they are wrong.
    pub(crate) fn read(file: Option<PathBuf>, host: &str) -> anyhow::Result<Self> {
        let settings = AlertSettings::read(file.as_deref(), host)?;
        Ok(Self {
            file,
            host: host.to_owned(),
            delivery: watch::Sender::new(Arc::new(settings.delivery.clone())),
            present: watch::Sender::new(Arc::new(settings)),
            wrong: None,
        })
    }

    /// The settings as of the last look.
    pub(super) fn present(&self) -> Arc<AlertSettings> {
        Arc::clone(&self.present.borrow())
    }

    /// Where alerts are delivered.
    pub(crate) fn delivery(&self) -> watch::Receiver<Arc<Settings>> {
        self.delivery.subscribe()
    }

    /// What delivery needs: secrets as they are now. Whoever writes the file may dial everything.
    pub(crate) fn surroundings(&self) -> Surroundings {
        let present = self.present.subscribe();
        Surroundings {
            secrets: Arc::new(move |id| {
                let settings = Arc::clone(&present.borrow());
                settings.secrets.read(id)
            }),
            guard: Arc::new(|_receiver, _address| Ok(())),
        }
    }

    /// Looks at the file. While it is wrong the settings stay.
    pub(super) fn look(&mut self) {
        let settings = match AlertSettings::read(self.file.as_deref(), &self.host) {
            Ok(settings) => settings,
            Err(error) => {
                let error = format!("{error:#}");
                if self.wrong.as_ref() != Some(&error) {
                    tracing::warn!(error, "--alerts kept as it was");
                }
                self.wrong = Some(error);
                return;
            }
        };
        self.wrong = None;
        if settings == **self.present.borrow() {
            return;
        }
        self.delivery.send_if_modified(|old| {
            let changed = **old != settings.delivery;
            *old = Arc::new(settings.delivery.clone());
            changed
        });
        self.present.send_replace(Arc::new(settings));
        tracing::info!("--alerts read again");
    }
}
