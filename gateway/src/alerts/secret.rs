//! Secrets of the settings of alerts: in a file or in the environment, never in the settings.

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::{Context as _, bail};
use sha2::{Digest as _, Sha256};
use toml::{Table, Value};
use underpass_shared::config::WebhookOrigin;
use underpass_shared::id::CredentialId;
use underpass_shared::secret::Secret;

/// Where a secret is.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Source {
    File(PathBuf),
    Environment(String),
}

/// What of it is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// All of it.
    Whole,
    /// Of a URL what is behind the host.
    UrlPath,
}

/// Where all secrets are, by the ids that settings name them by.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Sources(BTreeMap<CredentialId, (Source, Part)>);

impl Sources {
    /// Takes `<name>File` or `<name>Env` out of a table; the id of the secret stands for it.
    pub(super) fn take(
        &mut self,
        table: &mut Table,
        name: &str,
        part: Part,
    ) -> anyhow::Result<Option<CredentialId>> {
        let (file, environment) = (format!("{name}File"), format!("{name}Env"));
        let source = match (table.remove(&file), table.remove(&environment)) {
            (None, None) => return Ok(None),
            (Some(Value::String(path)), None) => Source::File(path.into()),
            (None, Some(Value::String(variable))) => Source::Environment(variable),
            (Some(_), Some(_)) => bail!("{file}: must not stand beside {environment}"),
            (Some(_), None) => bail!("{file}: must be a text"),
            (None, Some(_)) => bail!("{environment}: must be a text"),
        };
        let id = source.id(part);
        self.0.insert(id, (source, part));
        self.read(id).map_err(anyhow::Error::msg)?;
        Ok(Some(id))
    }

    /// The origin of a URL that is a secret.
    pub(super) fn origin(&self, id: CredentialId) -> anyhow::Result<WebhookOrigin> {
        let (source, _) = self.0.get(&id).context("is no secret of these settings")?;
        let url = source.read().map_err(anyhow::Error::msg)?;
        let (origin, _path) = WebhookOrigin::split(url.expose())?;
        Ok(origin)
    }

    /// The value of a secret as it is now.
    ///
    /// # Errors
    /// Says in words why there is none.
    pub(super) fn read(&self, id: CredentialId) -> Result<Secret, String> {
        let found = self.0.get(&id).ok_or("is no secret of these settings")?;
        let value = found.0.read()?;
        match found.1 {
            Part::Whole => Ok(value),
            Part::UrlPath => {
                let split = WebhookOrigin::split(value.expose());
                let (_origin, path) =
                    split.map_err(|rule| format!("{}: {rule}", found.0.name()))?;
                Ok(Secret::new(path))
            }
        }
    }
}

impl Source {
    /// Always the same one, so that settings that are read again are equal.
    fn id(&self, part: Part) -> CredentialId {
        let text = format!("{self:?} {part:?}");
        let hash = Sha256::digest(text.as_bytes());
        let mut bytes = [0; 16];
        for (to, from) in bytes.iter_mut().zip(hash) {
            *to = from;
        }
        CredentialId::from_uuid(uuid::Builder::from_custom_bytes(bytes).into_uuid())
    }

    fn name(&self) -> String {
        match self {
            Self::File(path) => path.display().to_string(),
            Self::Environment(variable) => format!("the environment variable {variable}"),
        }
    }

    fn read(&self) -> Result<Secret, String> {
        let missing = |error: String| format!("cannot read {}: {error}", self.name());
        let text = match self {
            Self::File(path) => {
                std::fs::read_to_string(path).map_err(|error| missing(error.to_string()))?
            }
            Self::Environment(variable) => {
                std::env::var(variable).map_err(|error| missing(error.to_string()))?
            }
        };
        let text = text.trim_end_matches(['\r', '\n']);
        if text.is_empty() {
            return Err(format!("{} is empty", self.name()));
        }
        Ok(Secret::new(text.to_owned()))
    }
}
