//! The way to a receiver: name, guard, TCP or proxy, TLS.

use std::io;
use std::sync::Arc;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::task::spawn_blocking;
use underpass_runtime::tls::{BackendTls, CertificateRefused, TlsFailure, TrustStore};
use underpass_shared::config::{BackupUpload, Certificate};
use underpass_shared::id::RegionHost;

use super::{Guard, UploadError, Way};
use crate::errand;
use crate::tunnel::{self, Route};

/// Connects to the receiver as far as TLS.
pub(super) async fn connect(
    upload: &BackupUpload,
    way: &Way,
) -> Result<impl AsyncRead + AsyncWrite + Unpin + use<>, UploadError> {
    let origin = upload.url.origin();
    let host = origin.host().as_str().to_owned();
    let stream = match &way.route {
        Route::Direct => direct(&host, origin.port().get(), &way.guard).await?,
        through @ Route::Proxy(_) => {
            let address: RegionHost = match host.contains(':') {
                true => format!("[{host}]:{}", origin.port()).parse()?,
                false => format!("{host}:{}", origin.port()).parse()?,
            };
            tunnel::open(&address, through).await?
        }
    };
    let (own, more) = (upload.ca.clone(), way.trusted.clone());
    // It reads files.
    let trusted = spawn_blocking(move || trusted(&own, &more)).await;
    let trusted = trusted.map_err(|error| UploadError::System(error.to_string()))??;
    let tls = BackendTls::new(Arc::new(trusted), false, None);
    let connected = tls.connect(&host, stream).await;
    connected.map_err(|error| {
        let why = words(&error);
        UploadError::Tls { host, why }
    })
}

/// Why TLS did not come up. Much of it is told of back ends otherwise, and what to do as well.
fn words(error: &io::Error) -> String {
    use CertificateRefused::{NothingTrusted, OtherName, Untrusted};
    let text = match TlsFailure::of(error) {
        TlsFailure::Certificate(NothingTrusted | Untrusted) => {
            "the certificate is not trusted: give its CA to the schedule, or add it to the trust \
             store of mail"
        }
        TlsFailure::Certificate(OtherName) => "the certificate is for another host",
        TlsFailure::NotTls => "the server does not speak TLS on this port",
        TlsFailure::Handshake => return error.to_string(),
        known @ (TlsFailure::Certificate(_) | TlsFailure::NothingInCommon) => {
            return known.to_string();
        }
    };
    text.to_owned()
}

/// A connection to the first address that may be dialled and answers.
async fn direct(host: &str, port: u16, guard: &Guard) -> Result<TcpStream, UploadError> {
    let found = tunnel::resolve((host, port)).await;
    let found = found.map_err(|source| UploadError::Resolve {
        host: host.to_owned(),
        source,
    })?;
    let judged = found.into_iter().map(|address| (address, guard(address)));
    let (mut open, mut refused) = (vec![], None);
    for (address, verdict) in judged {
        match verdict {
            Ok(()) => open.push(address),
            Err(rule) => refused = Some(rule),
        }
    }
    if let (true, Some(rule)) = (open.is_empty(), refused) {
        let host = host.to_owned();
        return Err(UploadError::Guarded { host, rule });
    }
    let connected = tunnel::connect_any(&open).await;
    connected.map_err(|source| UploadError::Connect {
        host: format!("{host}:{port}"),
        source,
    })
}

/// Those that are named, and no others; else those of the system, and some more.
fn trusted(named: &[Certificate], more: &[Certificate]) -> Result<TrustStore, UploadError> {
    if !named.is_empty() {
        return Ok(TrustStore::new(named.iter().map(Certificate::der)));
    }
    errand::trust(more.iter().map(Certificate::der)).map_err(UploadError::System)
}
