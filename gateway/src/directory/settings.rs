//! What the running server tells the offline commands.

use std::net::SocketAddr;

use underpass_shared::host::InternalHost;
use underpass_shared::id::RegionHost;

use super::record::Settings;
use super::{ATTEMPTS, Directory, key};
use crate::state::{CommitError, Expect, Op, StoreError};

/// Where the server is reached, once its listeners are bound.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Addresses {
    /// Public name and port of the tunnels.
    pub region_host: RegionHost,
    /// Base URL of the token endpoint, without a slash at the end.
    pub token_url: String,
    /// Host by which applications reach the consumers' HTTP proxy.
    pub proxy_host: InternalHost,
    /// Where that proxy listens.
    pub proxy_address: SocketAddr,
}

impl Directory {
    /// Stores the addresses. The first token URL also becomes the issuer of all tokens.
    pub async fn publish_addresses(&self, addresses: Addresses) -> Result<Settings, StoreError> {
        let Addresses {
            region_host,
            token_url,
            proxy_host,
            proxy_address,
        } = addresses;
        let first_issuer = format!("{token_url}/oauth/token");
        let mut settings = Settings {
            region_host,
            token_url,
            issuer: first_issuer,
            proxy_host: proxy_host.to_string(),
            proxy_port: proxy_address.port(),
            proxy_address: Some(proxy_address),
        };
        for _ in 0..ATTEMPTS {
            let row = self.state().get(key::SETTINGS).await?;
            let expect = row
                .as_ref()
                .map_or(Expect::Absent, |row| Expect::Version(row.version));
            let old = row.and_then(|row| serde_json::from_slice::<Settings>(&row.value).ok());
            if let Some(old) = old {
                settings.issuer.clone_from(&old.issuer);
                if old == settings {
                    return Ok(settings);
                }
            }
            let op = Op::put(key::SETTINGS, expect, super::record::bytes(&settings));
            match self.state().commit(vec![op]).await {
                Ok(_) => {
                    self.refresh().await?;
                    return Ok(settings);
                }
                Err(CommitError::Conflict { .. }) => {}
                Err(CommitError::Store(error)) => return Err(error),
            }
        }
        Err(StoreError::Busy)
    }
}
