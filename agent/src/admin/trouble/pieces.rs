//! Files of this host on their way to a caller, piece by piece, so that nobody needs to hold them.

use std::convert::Infallible;
use std::fs::File;
use std::io::{self, Read as _, Write};

use bytes::Bytes;
use futures_util::Stream;
use futures_util::stream;
use http_body::Frame;
use tokio::sync::mpsc;
use underpass_runtime::pieces::Pieces;
use zip::write::{SimpleFileOptions, ZipWriter};

/// Bytes that are written at once.
const PIECE_LEN: usize = 64 * 1024;
/// Pieces of an archive that are ahead of the caller.
const PIECES_MAX: usize = 4;

/// A file as it is now, though it may grow meanwhile.
pub(super) fn of_file(file: File) -> Pieces<File> {
    let len = file.metadata().map_or(0, |file| file.len());
    Pieces::of(file, len)
}

/// Files in a zip, stored as they are now.
pub(super) fn of_archive(
    files: Vec<(String, File)>,
) -> impl Stream<Item = Result<Frame<Bytes>, Infallible>> {
    let (send, pieces) = mpsc::channel(PIECES_MAX);
    tokio::task::spawn_blocking(move || {
        // Whoever asked sees that the end is missing.
        if let Err(error) = archive(files, Ahead(send)) {
            tracing::info!(%error, "the log was not given to its end");
        }
    });
    stream::unfold(pieces, |mut pieces| async move {
        let piece = pieces.recv().await?;
        Some((Ok(Frame::data(piece)), pieces))
    })
}

fn archive(files: Vec<(String, File)>, to: Ahead) -> io::Result<()> {
    let mut zip = ZipWriter::new_stream(to);
    let options = SimpleFileOptions::default()
        .compression_method(zip::CompressionMethod::Stored)
        .large_file(true);
    for (name, file) in files {
        zip.start_file(name, options)?;
        let len = file.metadata()?.len();
        io::copy(&mut file.take(len), &mut zip)?;
    }
    zip.finish()?;
    Ok(())
}

/// Takes what is written on its way to a caller, and waits for him.
struct Ahead(mpsc::Sender<Bytes>);

impl Write for Ahead {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let piece = bytes.get(..bytes.len().min(PIECE_LEN)).unwrap_or_default();
        let sent = self.0.blocking_send(Bytes::copy_from_slice(piece));
        sent.map_err(|_gone| io::Error::from(io::ErrorKind::BrokenPipe))?;
        Ok(piece.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
