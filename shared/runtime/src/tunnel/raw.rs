//! Raw bytes in both directions of a stream, after an upgrade.

use std::pin::pin;

use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt as _;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::time::timeout;
use underpass_shared::protocol::timers::HALF_CLOSED;

use super::error::StreamError;
use super::inbound::Inbound;
use super::outbound::Outbound;

/// Bytes read at a time at least: all that an idle connection holds.
const READ_MIN: usize = 1024;
/// Bytes read at a time at most.
const READ_MAX: usize = 64 * 1024;

/// Carries bytes between `io` and a stream until both directions have ended; `first` was read from
/// `io` already. An end passes as an end. After it the other direction has [`HALF_CLOSED`] left.
///
/// # Errors
/// When either side broke off; the stream is then aborted, and `io` should be too.
pub async fn carry<S>(
    io: &mut S,
    first: Bytes,
    inbound: Inbound,
    outbound: Outbound,
) -> Result<(), StreamError>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let (reader, writer) = tokio::io::split(io);
    let mut sending = pin!(send(reader, first, outbound));
    let mut receiving = pin!(receive(inbound, writer));
    let other = tokio::select! {
        sent = &mut sending => {
            sent?;
            timeout(HALF_CLOSED, receiving).await
        }
        received = &mut receiving => {
            received?;
            timeout(HALF_CLOSED, sending).await
        }
    };
    other.unwrap_or(Err(StreamError::Aborted))
}

async fn send<R>(mut reader: R, first: Bytes, mut outbound: Outbound) -> Result<(), StreamError>
where
    R: AsyncRead + Unpin,
{
    outbound.send(first).await?;
    let mut buffer = BytesMut::new();
    let mut size = READ_MIN;
    loop {
        buffer.reserve(size);
        let read = tokio::select! {
            read = reader.read_buf(&mut buffer) => read.map_err(|error| broken(&error))?,
            () = outbound.reset() => return Err(StreamError::Aborted),
        };
        if read == 0 {
            return outbound.finish();
        }
        size = (read * 2).clamp(READ_MIN, READ_MAX);
        outbound.send(buffer.split().freeze()).await?;
    }
}

async fn receive<W>(mut inbound: Inbound, mut writer: W) -> Result<(), StreamError>
where
    W: AsyncWrite + Unpin,
{
    while let Some(frame) = inbound.frame().await {
        // Raw bytes have no trailers.
        if let Ok(data) = frame?.into_data() {
            let written = async {
                writer.write_all(&data).await?;
                writer.flush().await
            };
            written.await.map_err(|error| broken(&error))?;
        }
    }
    writer.shutdown().await.map_err(|error| broken(&error))
}

fn broken(error: &std::io::Error) -> StreamError {
    tracing::debug!(%error, "an upgraded connection broke");
    StreamError::Aborted
}
