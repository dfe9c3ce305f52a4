//! Syslog: one connection for each parcel, one message for each notice.
//!
//! Nothing in the protocol says that a message arrived. So the connection is ended after the last
//! one, and the server's own end of it is the sign that it has read all.

mod format;

use tokio::io::{AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;
use underpass_shared::config::{SyslogServer, SyslogTransport};

use crate::dial;
use crate::failure::{Failure, Outcome, within};
use crate::parcel::Parcel;
use crate::settings::Route;
use crate::surroundings::{Receiver, Surroundings};
use crate::tempo::Tempo;
use crate::trust::{Inside, Trust};

/// Bytes that a server may say; it has nothing to say.
const SAID_MAX: u64 = 64 * 1024;

/// Sends a parcel.
pub(crate) async fn send(
    server: &SyslogServer,
    route: &Route,
    parcel: &Parcel,
    surroundings: &Surroundings,
    tempo: &Tempo,
) -> Outcome {
    match attempt(server, route, parcel, surroundings, tempo).await {
        Ok(()) => Outcome::Delivered { remark: None },
        Err(failure) => failure.into(),
    }
}

async fn attempt(
    server: &SyslogServer,
    route: &Route,
    parcel: &Parcel,
    surroundings: &Surroundings,
    tempo: &Tempo,
) -> Result<(), Failure> {
    let frames = format::frames(server.facility.get(), parcel, &route.sender);
    let (host, port) = (server.host.as_str(), server.port());
    let stream = dial::connect(host, port, Receiver::Syslog, surroundings, tempo.connect).await?;
    let step = format!("sending to {host}:{port}");
    match server.transport {
        SyslogTransport::Tcp => {
            let handed_over = async {
                let mut stream = stream;
                say(&step, &frames, &mut stream).await?;
                until_end(&step, stream).await
            };
            within(tempo.answer, &step, handed_over).await?
        }
        SyslogTransport::Tls => {
            let trust = Trust::from(server.trust);
            let mut stream = trust
                .connect(&route.trusted, host, stream, Inside::Other, tempo.connect)
                .await?;
            let handed_over = async {
                say(&step, &frames, &mut stream).await?;
                // Some servers end TLS with a goodbye that is broken, or with none; they have read
                // ours all the same.
                let (stream, _tls) = stream.into_inner();
                until_end(&step, stream).await
            };
            within(tempo.answer, &step, handed_over).await?
        }
    }
}

/// Writes all, and ends our side.
async fn say<S>(step: &str, frames: &[u8], stream: &mut S) -> Result<(), Failure>
where
    S: AsyncWrite + Unpin,
{
    let broken = |error: std::io::Error| Failure::at(step, error);
    stream.write_all(frames).await.map_err(broken)?;
    stream.shutdown().await.map_err(broken)
}

/// Waits for the end of the other side, which has read ours by then.
async fn until_end(step: &str, stream: TcpStream) -> Result<(), Failure> {
    let mut said = stream.take(SAID_MAX);
    let read = tokio::io::copy(&mut said, &mut tokio::io::sink()).await;
    read.map_err(|error| Failure::at(step, error))?;
    Ok(())
}
