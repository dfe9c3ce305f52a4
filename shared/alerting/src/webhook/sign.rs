//! Signatures, so that a receiver knows who posts, and when.

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use underpass_shared::secret::Secret;

/// `t=` the time in seconds, `v1=` the HMAC-SHA-256 over `time.body` in hexadecimal.
pub(super) fn header(key: &Secret, seconds: i64, body: &[u8]) -> String {
    let mac = Hmac::<Sha256>::new_from_slice(key.expose().as_bytes());
    let mut mac = mac.expect("HMAC takes keys of any length");
    mac.update(format!("{seconds}.").as_bytes());
    mac.update(body);
    let code: String = mac
        .finalize()
        .into_bytes()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    format!("t={seconds},v1={code}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signatures_are_those_of_another_implementation() {
        // python3: hmac.new(b"secret", b'1795291445.{"a":1}', "sha256").hexdigest()
        let key = Secret::new("secret".to_owned());
        let expected =
            "t=1795291445,v1=c01392792c0afe03732d2f7e92883717904f05f7da4efb62face9ddb29298a31";
        assert_eq!(header(&key, 1_795_291_445, br#"{"a":1}"#), expected);
    }
}
