//! Good archives open; each way of breaking one has its own error.

use std::io::{Cursor, Write as _};

use underpass_shared::backup::{FORMAT, Manifest};
use underpass_shared::hash::Hash256;
use underpass_shared::secret::Secret;
use zeroize::Zeroizing;
use zip::result::ZipError;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, System, ZipArchive, ZipWriter};

use super::make::seal_by;
use super::read::section;
use super::*;

/// As little work as `age` allows, for tests that are not about it.
const LITTLE: u8 = 1;
const PRODUCT: &str = "underpass-test";

fn about() -> About {
    About {
        product: PRODUCT,
        version: "1.2.3",
        created_at_ms: 7,
        instance: "one".to_owned(),
        revision: None,
    }
}

fn secret(text: &str) -> Secret {
    Secret::new(text.to_owned())
}

fn sealed(content: &[u8]) -> Vec<u8> {
    let lock = Lock::Passphrase(secret("open sesame"));
    let encryptor = lock.encryptor_with(LITTLE).unwrap();
    seal_by(about(), content, encryptor).unwrap().1
}

fn archive() -> Vec<u8> {
    sealed(b"all that matters")
}

fn key(passphrase: &str) -> Key {
    Key::Passphrase(secret(passphrase))
}

fn open_it(archive: &[u8], key: &Key) -> Result<(Manifest, Zeroizing<Vec<u8>>), ArchiveError> {
    let limits = Limits {
        as_written: true,
        ..Limits::default()
    };
    open(archive, PRODUCT, key, limits)
}

fn entries(archive: &[u8]) -> (Vec<u8>, Vec<u8>) {
    let mut zip = ZipArchive::new(Cursor::new(archive)).unwrap();
    let len = u64::try_from(archive.len()).unwrap();
    let mut entry = |name| {
        let found = section(&mut zip, len, name).unwrap();
        found.read(&mut Cursor::new(archive), name).unwrap()
    };
    (entry(MANIFEST), entry(PAYLOAD))
}

fn refused(archive: &[u8]) -> String {
    let opened = open_it(archive, &key("open sesame"));
    opened.unwrap_err().to_string()
}

/// A zip as the library writes it, of any entries.
fn pack(entries: &[(&str, &[u8])]) -> Result<Vec<u8>, ZipError> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Stored)
        .system(System::Unix)
        .unix_permissions(0o600);
    for (name, bytes) in entries {
        zip.start_file(*name, options)?;
        zip.write_all(bytes)?;
    }
    Ok(zip.finish()?.into_inner())
}

/// The archive with another payload that its manifest knows.
fn with_payload(payload: &[u8]) -> Vec<u8> {
    let (text, _) = entries(&archive());
    let mut manifest: Manifest = serde_json::from_slice(&text).unwrap();
    manifest.payload_sha256 = Hash256::of(payload);
    let text = serde_json::to_vec(&manifest).unwrap();
    pack(&[(MANIFEST, &text), (PAYLOAD, payload)]).unwrap()
}

fn manifest(edit: impl FnOnce(&mut serde_json::Value)) -> Vec<u8> {
    let (manifest, payload) = entries(&archive());
    let mut manifest: serde_json::Value = serde_json::from_slice(&manifest).unwrap();
    edit(&mut manifest);
    pack(&[
        (MANIFEST, manifest.to_string().as_bytes()),
        (PAYLOAD, &payload),
    ])
    .unwrap()
}

#[test]
fn content_survives_and_the_manifest_tells_of_it() {
    let (manifest, content) = open_it(&archive(), &key("open sesame")).unwrap();
    assert_eq!(*content, b"all that matters");
    assert_eq!((manifest.format, &*manifest.version), (FORMAT, "1.2.3"));
    assert_eq!((manifest.created_at_ms, &*manifest.instance), (7, "one"));
    let text = String::from_utf8_lossy(&archive()).into_owned();
    assert!(!text.contains("matters"));
}

#[test]
fn wrong_passphrases_and_forged_heads_look_the_same() {
    let wrong = open_it(&archive(), &key("open barley")).unwrap_err();
    assert!(matches!(wrong, ArchiveError::Passphrase), "{wrong}");
    // One byte of each line of the head: the key to the file, then the MAC.
    let (_, payload) = entries(&archive());
    for line in [2, 3] {
        let starts: Vec<usize> = (0..payload.len())
            .filter(|at| payload[*at] == b'\n')
            .collect();
        let mut forged = payload.clone();
        let at = starts[line] - 4;
        forged[at] = if forged[at] == b'A' { b'B' } else { b'A' };
        let error = open_it(&with_payload(&forged), &key("open sesame")).unwrap_err();
        assert_eq!(error.to_string(), wrong.to_string(), "line {line}");
    }
}

#[test]
fn whoever_has_the_key_of_a_recipient_opens() {
    let (one, two) = (Identity::generate(), Identity::generate());
    let lock =
        |all: &[&Identity]| Lock::Recipients(all.iter().map(|one| one.recipient()).collect());
    let (_, both) = seal(about(), b"for two", &lock(&[&one, &two])).unwrap();
    for identity in [&one, &two] {
        let text = identity.to_text();
        let file = format!(
            "# created: today\n# public key: {}\n{}\n",
            identity.recipient(),
            text.expose()
        );
        let key = Key::Identity(Identity::of_file(&file).unwrap());
        assert_eq!(*open_it(&both, &key).unwrap().1, b"for two");
        assert!(!format!("{key:?}").contains(text.expose()));
    }
    let stranger = Key::Identity(Identity::generate());
    let error = open_it(&both, &stranger).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the backup is not sealed to this identity"
    );
    let error = open_it(&both, &key("open sesame")).unwrap_err();
    assert!(matches!(error, ArchiveError::WantsIdentity), "{error}");
    let error = open_it(&archive(), &stranger).unwrap_err();
    assert!(matches!(error, ArchiveError::WantsPassphrase), "{error}");
    for count in [0, RECIPIENTS_MAX + 1] {
        let error = seal(about(), b"", &lock(&vec![&one; count])).unwrap_err();
        assert!(matches!(error, ArchiveError::Recipients { .. }), "{error}");
    }
    assert_eq!("age1".parse::<Recipient>(), Err(InvalidRecipient));
    let shown = one.recipient().to_string();
    assert_eq!(shown.parse::<Recipient>().unwrap().to_string(), shown);
    let two_keys = format!("{0}\n{0}", one.to_text().expose());
    assert_eq!(Identity::of_file(&two_keys).unwrap_err(), InvalidIdentity);
}

#[test]
fn an_archive_is_what_the_library_writes() {
    let whole = archive();
    let (manifest, payload) = entries(&whole);
    let library = pack(&[(MANIFEST, &manifest), (PAYLOAD, &payload)]).unwrap();
    assert_eq!(whole, library);
}

#[test]
fn cut_archives_are_refused_wherever_they_end() {
    let whole = archive();
    for end in 0..whole.len() {
        let error = refused(&whole[..end]);
        assert!(
            error.contains("no backup archive, or it was cut"),
            "{end}: {error}"
        );
    }
}

#[test]
fn a_flipped_byte_is_refused_wherever_it_is() {
    let whole = archive();
    let (text, payload) = entries(&whole);
    let (honest, _) = open_it(&whole, &key("open sesame")).unwrap();
    let starts = whole.windows(text.len()).position(|window| window == text);
    let clear = starts.map(|at| at..at + text.len()).unwrap();
    for at in 0..whole.len() {
        for mask in [0x01, 0x20, 0xff] {
            let mut flipped = whole.clone();
            flipped[at] ^= mask;
            if clear.contains(&at) {
                // The checksum of a zip is no secret: whoever changes the text adapts it.
                let text = &flipped[clear.clone()];
                flipped = frame::write(&[(MANIFEST, text), (PAYLOAD, &payload)]);
            }
            match open_it(&flipped, &key("open sesame")) {
                Err(_) => {}
                // Free words of the manifest, which the sealed content confirms or not.
                Ok((told, _)) => {
                    assert!(clear.contains(&at), "{at} {mask}");
                    assert_ne!(told, honest, "{at} {mask}");
                }
            }
        }
    }
    let mut flipped = whole;
    *flipped.get_mut(clear.end - 1).unwrap() ^= 1;
    assert_eq!(refused(&flipped), "MANIFEST.json is damaged");
    let mut payload = payload;
    let last = payload.len() - 1;
    payload[last] ^= 1;
    let error = refused(&pack(&[(MANIFEST, &text), (PAYLOAD, &payload)]).unwrap());
    assert_eq!(
        error,
        "payload.age does not have the hash that MANIFEST.json names"
    );
    assert_eq!(
        refused(&with_payload(&payload)),
        "the content of payload.age is damaged"
    );
}

#[test]
fn there_are_exactly_two_entries() {
    let (text, payload) = entries(&archive());
    let extra = [(MANIFEST, &*text), (PAYLOAD, &*payload), ("../evil", b"x")];
    assert!(refused(&pack(&extra).unwrap()).ends_with("it holds as many as 3"));
    assert!(refused(&pack(&extra[..1]).unwrap()).ends_with("it holds as many as 1"));
    assert!(refused(&pack(&[]).unwrap()).ends_with("it holds as many as 0"));
    let error = refused(&pack(&extra[1..]).unwrap());
    assert!(
        error.ends_with("it holds \"../evil\", \"payload.age\""),
        "{error}"
    );
    let swapped = [extra[1], extra[0]];
    let swapped = pack(&swapped).unwrap();
    assert!(refused(&swapped).starts_with("the archive was changed"));
    open(&swapped, PRODUCT, &key("open sesame"), Limits::default()).unwrap();
}

#[test]
fn a_bomb_is_refused_before_it_is_read() {
    // A deflated gigabyte by its header: method 8 in both headers of the payload.
    let mut bomb = archive();
    for (signature, offset) in [(b"PK\x03\x04", 8), (b"PK\x01\x02", 10)] {
        let at = bomb
            .windows(4)
            .rposition(|window| window == signature)
            .unwrap();
        bomb[at + offset] = 8;
    }
    let error = refused(&bomb);
    assert!(error.starts_with("payload.age is compressed"), "{error}");
    let long = vec![b' '; 65 * 1024];
    let error = refused(&pack(&[(MANIFEST, &long), (PAYLOAD, b"")]).unwrap());
    assert_eq!(error, "MANIFEST.json has more than 65536 bytes");
    // Heads that want the reader to work for hours.
    let (_, payload) = entries(&archive());
    let heavy = replaced(&payload, b" 1\n", b" 30\n");
    assert_eq!(
        refused(&with_payload(&heavy)),
        "payload.age asks for work of 2^30 to try a passphrase, more than the 2^20 that is done"
    );
    let stanzas = "-> X25519 AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\nAAAA\n".repeat(500);
    let many = [
        b"age-encryption.org/v1\n",
        stanzas.as_bytes(),
        b"--- AAAA\n",
    ]
    .concat();
    assert_eq!(
        refused(&with_payload(&many)),
        "payload.age does not begin as a sealed file of `age` does"
    );
    let limits = Limits {
        archive: 100,
        ..Limits::default()
    };
    let error = open(&archive(), PRODUCT, &key("open sesame"), limits).unwrap_err();
    assert!(
        error
            .to_string()
            .ends_with("more than the 100 that are read"),
        "{error}"
    );
}

fn replaced(bytes: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let at = bytes.windows(from.len()).position(|window| window == from);
    let (before, after) = bytes.split_at(at.unwrap());
    [before, to, &after[from.len()..]].concat()
}

#[test]
fn newer_and_foreign_archives_are_named() {
    let newer = manifest(|manifest| manifest["format"] = 2.into());
    assert!(refused(&newer).starts_with("the archive has format 2, this program reads up to 1"));
    let foreign = manifest(|manifest| manifest["product"] = "other".into());
    let error = refused(&foreign);
    assert_eq!(
        error,
        "the archive is a backup of other, not of underpass-test"
    );
    let cut = manifest(|manifest| manifest["instance"] = serde_json::Value::Null);
    assert_eq!(refused(&cut), "MANIFEST.json is not valid");
    let forged = manifest(|manifest| manifest["payloadSha256"] = "0".repeat(64).into());
    assert!(refused(&forged).contains("does not have the hash"));
}

/// A file in memory that takes no more than it has room for.
struct Small {
    file: Cursor<Vec<u8>>,
    room: u64,
}

impl std::io::Write for Small {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let end = self.file.position() + u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        if end > self.room {
            return Err(std::io::ErrorKind::StorageFull.into());
        }
        self.file.write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl std::io::Seek for Small {
    fn seek(&mut self, to: std::io::SeekFrom) -> std::io::Result<u64> {
        self.file.seek(to)
    }
}

#[test]
fn an_archive_that_is_written_piece_by_piece_is_the_same() {
    let identity = Identity::generate();
    let lock = Lock::Recipients(vec![identity.recipient()]);
    let key = Key::Identity(identity);
    let limits = Limits {
        as_written: true,
        ..Limits::default()
    };
    // Around the ends of the pieces that `age` seals.
    for len in [0, 1, 65_535, 65_536, 65_537, 300_000] {
        let content: Vec<u8> = (0..=250).cycle().take(len).collect();
        let mut file = Cursor::new(vec![]);
        let made = seal_to(&mut file, about(), &lock, ARCHIVE_MAX, |to| {
            content
                .chunks(1_000)
                .try_for_each(|piece| to.write_all(piece))
        });
        let (manifest, written) = made.unwrap();
        assert_eq!(written, u64::try_from(file.get_ref().len()).unwrap());
        let (text, payload) = entries(file.get_ref());
        assert_eq!(
            *file.get_ref(),
            frame::write(&[(MANIFEST, &text), (PAYLOAD, &payload)])
        );
        let found = inspect(&mut file, PRODUCT, limits).unwrap();
        assert_eq!(found, manifest);
        let (_, opened) = open_from(&mut file, PRODUCT, &key, limits).unwrap();
        assert_eq!(*opened, content, "{len}");
    }
}

#[test]
fn an_archive_has_exactly_the_room_that_it_is_given() {
    let lock = Lock::Recipients(vec![Identity::generate().recipient()]);
    let content = vec![7; 200_000];
    let make = |most: usize, room: u64| {
        let file = Cursor::new(vec![]);
        let mut small = Small { file, room };
        let made = seal_to(&mut small, about(), &lock, most, |to| {
            to.write_all(&content)
        });
        made.map(|(_, len)| usize::try_from(len).unwrap())
    };
    let len = make(ARCHIVE_MAX, u64::MAX).unwrap();
    // The stanza of a recipient may be some bytes longer or shorter.
    let slack = 1_000;
    assert!(make(len + slack, u64::MAX).is_ok());
    let error = make(len - slack, u64::MAX).unwrap_err();
    assert!(matches!(error, ArchiveError::TooLong { most } if most == len - slack));
    let error = make(ARCHIVE_MAX, 100_000).unwrap_err();
    let ArchiveError::Make(source) = error else {
        panic!("{error}");
    };
    assert_eq!(source.kind(), std::io::ErrorKind::StorageFull);
}
