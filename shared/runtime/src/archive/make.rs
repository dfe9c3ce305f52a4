//! Making an archive: the content is sealed and written piece by piece.

use std::io::{self, Cursor, Seek, SeekFrom, Write};

use underpass_shared::backup::{FORMAT, Manifest};
use underpass_shared::hash::{Hash256, Hasher};

use super::frame::{Entry, Frame};
use super::{ARCHIVE_MAX, About, ArchiveError, Lock, MANIFEST, PAYLOAD};

/// Makes an archive of some content in memory.
///
/// # Errors
/// When there are no recipients or too many, or the archive is longer than what is read.
pub fn seal(
    about: About,
    content: &[u8],
    lock: &Lock,
) -> Result<(Manifest, Vec<u8>), ArchiveError> {
    seal_by(about, content, lock.encryptor()?)
}

pub(super) fn seal_by(
    about: About,
    content: &[u8],
    encryptor: age::Encryptor,
) -> Result<(Manifest, Vec<u8>), ArchiveError> {
    let mut archive = Cursor::new(vec![]);
    let sealing = Sealing {
        about,
        encryptor,
        most: ARCHIVE_MAX,
    };
    let (manifest, _len) = sealing.run(&mut archive, |to| to.write_all(content))?;
    Ok((manifest, archive.into_inner()))
}

/// Makes an archive of at most `most` bytes in `to`, which is empty, of what `content` writes. No
/// more than a piece of it is in memory. How long it became.
///
/// # Errors
/// When there are no recipients or too many, it would become too long, or it cannot be written;
/// what is in `to` is then worth nothing.
pub fn seal_to<W: Write + Seek>(
    to: &mut W,
    about: About,
    lock: &Lock,
    most: usize,
    content: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> Result<(Manifest, u64), ArchiveError> {
    let sealing = Sealing {
        about,
        encryptor: lock.encryptor()?,
        most,
    };
    sealing.run(to, content)
}

/// An archive that is about to be made.
struct Sealing {
    about: About,
    encryptor: age::Encryptor,
    most: usize,
}

impl Sealing {
    /// The manifest stands before the payload and names its hash, so its place is left free first.
    fn run<W: Write + Seek>(
        self,
        to: &mut W,
        content: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> Result<(Manifest, u64), ArchiveError> {
        let most = self.most;
        let mut manifest = self.about.manifest();
        // A hash is as long as another.
        let text = write(&manifest)?;
        let before = Entry::of(MANIFEST, &text);
        let frame = Frame::of(&[before, Entry::of(PAYLOAD, b"")]);
        let beside = frame.len().saturating_add(before.len);
        let at = beside.saturating_sub(length(&frame.end));
        to.seek(SeekFrom::Start(at)).map_err(ArchiveError::Make)?;
        let mut payload = Payload {
            to: &mut *to,
            len: 0,
            most: length_of(most).saturating_sub(beside),
            is_full: false,
            hash: Hasher::default(),
            crc: crc32fast::Hasher::new(),
        };
        let written = self.encryptor.wrap_output(&mut payload);
        let written = written.and_then(|mut writer| {
            content(&mut writer)?;
            writer.finish().map(drop)
        });
        written.map_err(|error| match payload.is_full {
            true => ArchiveError::TooLong { most },
            false => ArchiveError::Make(error),
        })?;
        let (len, crc) = (payload.len, payload.crc.finalize());
        manifest.payload_sha256 = payload.hash.finish();
        let text = write(&manifest)?;
        let name = PAYLOAD;
        let frame = Frame::of(&[Entry::of(MANIFEST, &text), Entry { name, len, crc }]);
        let framed = to.write_all(&frame.end).and_then(|()| {
            to.seek(SeekFrom::Start(0))?;
            to.write_all(&[&*frame.first, &*text, &*frame.second].concat())?;
            to.flush()
        });
        framed.map_err(ArchiveError::Make)?;
        Ok((manifest, beside.saturating_add(len)))
    }
}

impl About {
    /// The manifest of an archive whose payload is not known yet.
    fn manifest(self) -> Manifest {
        Manifest {
            format: FORMAT,
            product: self.product.to_owned(),
            version: self.version.to_owned(),
            created_at_ms: self.created_at_ms,
            instance: self.instance,
            revision: self.revision,
            payload_sha256: Hash256::ZERO,
        }
    }
}

fn write(manifest: &Manifest) -> Result<Vec<u8>, ArchiveError> {
    serde_json::to_vec_pretty(manifest).map_err(ArchiveError::Manifest)
}

fn length(bytes: &[u8]) -> u64 {
    length_of(bytes.len())
}

fn length_of(bytes: usize) -> u64 {
    u64::try_from(bytes).unwrap_or(u64::MAX)
}

/// Passes on what is sealed, as far as there may be that much, and knows what the frame says of it.
struct Payload<'a, W> {
    to: &'a mut W,
    len: u64,
    most: u64,
    is_full: bool,
    hash: Hasher,
    crc: crc32fast::Hasher,
}

impl<W: Write> Write for Payload<'_, W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if length(bytes) > self.most.saturating_sub(self.len) {
            self.is_full = true;
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        let written = self.to.write(bytes)?;
        let bytes = bytes.get(..written).unwrap_or(bytes);
        self.len = self.len.saturating_add(length(bytes));
        self.hash.update(bytes);
        self.crc.update(bytes);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}
