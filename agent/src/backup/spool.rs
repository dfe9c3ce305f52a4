//! Archives on their way lie in files without a name: memory does not grow with them, and nothing
//! is left of one, however the process ends.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use thiserror::Error;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::spawn_blocking;
use tokio::time::timeout;
use underpass_runtime::file;

/// The folder in the data directory.
const FOLDER: &str = "passing";
/// Archives on their way at a time, each with at most [`super::ARCHIVE_MAX`] bytes on the disk: what
/// is being made or opened, and some that slow callers send or take.
const PLACES_MAX: usize = 6;
/// How long one waits for a place. Callers that stand still lose theirs after half a minute.
const PLACE_TIME: Duration = Duration::from_secs(10);

/// Why there is no file for an archive.
#[derive(Debug, Error)]
pub(crate) enum NoPlace {
    /// So many are on their way already.
    #[error("{PLACES_MAX} backups are on their way already")]
    Busy,
    /// The file cannot be made or written.
    #[error(transparent)]
    File(#[from] io::Error),
}

/// Where archives lie on their way. Clones are the same.
#[derive(Clone, Debug)]
pub(crate) struct Spool {
    folder: PathBuf,
    places: Arc<Semaphore>,
    /// How long one waits for a place.
    pub(crate) wait: Duration,
}

/// An archive on its way. It is gone when this is.
#[derive(Debug)]
pub(crate) struct Spooled {
    file: File,
    /// Its bytes.
    pub(crate) len: u64,
    _place: OwnedSemaphorePermit,
}

impl Spool {
    /// Of a data directory.
    pub(crate) fn new(data_dir: &Path) -> Self {
        Self {
            folder: data_dir.join(FOLDER),
            places: Arc::new(Semaphore::new(PLACES_MAX)),
            wait: PLACE_TIME,
        }
    }

    /// Clears away what a process left that ended. Nobody else may be at work in the directory.
    pub(crate) fn clear(data_dir: &Path) {
        if let Err(error) = file::clear(&data_dir.join(FOLDER)) {
            tracing::warn!(%error, "what is left of backups on their way cannot be deleted");
        }
    }

    /// A file for one archive, empty.
    pub(crate) async fn place(&self) -> Result<Spooled, NoPlace> {
        let place = Arc::clone(&self.places).acquire_owned();
        let Ok(Ok(place)) = timeout(self.wait, place).await else {
            return Err(NoPlace::Busy);
        };
        let folder = self.folder.clone();
        let file = spawn_blocking(move || file::nameless(&folder)).await;
        Ok(Spooled {
            file: file.map_err(io::Error::other)??,
            len: 0,
            _place: place,
        })
    }
}

impl Spooled {
    /// Its file, to be written by somebody else.
    pub(crate) fn handle(&self) -> io::Result<File> {
        self.file.try_clone()
    }

    /// It is written, and is read from its beginning next.
    pub(crate) fn written(mut self, len: u64) -> io::Result<Self> {
        self.file.rewind()?;
        self.len = len;
        Ok(self)
    }
}

impl Write for Spooled {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Read for Spooled {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        self.file.read(bytes)
    }
}

impl Seek for Spooled {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.file.seek(to)
    }
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;

    #[tokio::test]
    async fn there_are_so_many_places_and_they_are_free_again() {
        let dir = TempDir::new().unwrap();
        let spool = Spool {
            wait: Duration::from_millis(1),
            ..Spool::new(dir.path())
        };
        let mut taken = vec![];
        for _ in 0..PLACES_MAX {
            taken.push(spool.place().await.unwrap());
        }
        let busy = spool.place().await.unwrap_err();
        assert!(matches!(busy, NoPlace::Busy), "{busy}");
        drop(taken.pop());
        let mut one = spool.place().await.unwrap();
        one.write_all(b"sealed").unwrap();
        let mut text = String::new();
        one.written(6).unwrap().read_to_string(&mut text).unwrap();
        assert_eq!(text, "sealed");
    }

    #[tokio::test]
    async fn a_directory_that_is_none_is_told() {
        let dir = TempDir::new().unwrap();
        file::replace(&dir.path().join(FOLDER), b"").unwrap();
        let error = Spool::new(dir.path()).place().await.unwrap_err();
        assert!(matches!(error, NoPlace::File(_)), "{error}");
    }
}
