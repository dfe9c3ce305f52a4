//! Good archives open; each way of breaking one has its own error.

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

fn archive() -> Vec<u8> {
    let sealed = seal_with(about(), b"all that matters", &secret("open sesame"), LITTLE);
    sealed.unwrap().1
}

fn entries(archive: &[u8]) -> (Vec<u8>, Vec<u8>) {
    let mut zip = ZipArchive::new(Cursor::new(archive)).unwrap();
    let limit = archive.len() as u64;
    let manifest = entry(&mut zip, MANIFEST, limit).unwrap();
    (manifest, entry(&mut zip, PAYLOAD, limit).unwrap())
}

fn refused(archive: &[u8]) -> String {
    let opened = open(archive, PRODUCT, &secret("open sesame"));
    opened.unwrap_err().to_string()
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
    let (manifest, content) = open(&archive(), PRODUCT, &secret("open sesame")).unwrap();
    assert_eq!(content, b"all that matters");
    assert_eq!((manifest.format, &*manifest.version), (FORMAT, "1.2.3"));
    assert_eq!((manifest.created_at_ms, &*manifest.instance), (7, "one"));
    let text = String::from_utf8_lossy(&archive()).into_owned();
    assert!(!text.contains("matters"));
}

#[test]
fn a_wrong_passphrase_is_told_as_such() {
    let error = open(&archive(), PRODUCT, &secret("open barley")).unwrap_err();
    assert!(matches!(error, ArchiveError::Passphrase), "{error}");
}

#[test]
fn cut_archives_are_refused_wherever_they_end() {
    let whole = archive();
    for end in (0..whole.len()).step_by(7) {
        let error = refused(&whole[..end]);
        assert!(
            error.contains("no backup archive, or it was cut"),
            "{end}: {error}"
        );
    }
}

#[test]
fn a_flipped_byte_never_gives_other_content() {
    let whole = archive();
    for at in 0..whole.len() {
        let mut flipped = whole.clone();
        flipped[at] ^= 0x20;
        // What the zip says about itself beside the entries may change without harm.
        if let Ok((_, content)) = open(&flipped, PRODUCT, &secret("open sesame")) {
            assert_eq!(content, b"all that matters", "{at}");
        }
    }
    let (text, mut payload) = entries(&whole);
    let last = payload.len() - 1;
    payload[last] ^= 1;
    let error = refused(&pack(&[(MANIFEST, &text), (PAYLOAD, &payload)]).unwrap());
    assert_eq!(
        error,
        "payload.age does not have the hash that MANIFEST.json names"
    );
}

#[test]
fn there_are_exactly_two_entries() {
    let (text, payload) = entries(&archive());
    let extra = [(MANIFEST, &*text), (PAYLOAD, &*payload), ("../evil", b"x")];
    assert!(refused(&pack(&extra).unwrap()).contains("\"../evil\""));
    let error = refused(&pack(&extra[..1]).unwrap());
    assert!(error.ends_with("it holds \"MANIFEST.json\" (1)"), "{error}");
    assert!(refused(&pack(&[]).unwrap()).ends_with("it holds nothing"));
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
    // One that wants the reader to work for hours.
    let sealed = seal_with(about(), b"x", &secret("open sesame"), LITTLE).unwrap();
    let (text, payload) = entries(&sealed.1);
    let at = payload
        .windows(3)
        .position(|window| window == b" 1\n")
        .unwrap();
    let mut heavy = payload[..at].to_vec();
    heavy.extend_from_slice(b" 30\n");
    heavy.extend_from_slice(&payload[at + 3..]);
    let mut manifest: Manifest = serde_json::from_slice(&text).unwrap();
    manifest.payload_sha256 = Hash256::of(&heavy);
    let text = serde_json::to_vec(&manifest).unwrap();
    let error = refused(&pack(&[(MANIFEST, &text), (PAYLOAD, &heavy)]).unwrap());
    assert_eq!(error, "payload.age cannot be opened");
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
