//! Reads bodies of the kind `multipart/form-data` as this program writes them.

use std::collections::BTreeMap;

use crate::api::Call;

/// The parts of a form, by their names; nothing where the body is something else. `body` is all that
/// is sent.
pub(super) fn parts<'a>(call: &Call, body: &'a [u8]) -> Option<BTreeMap<String, &'a [u8]>> {
    let boundary = call.content_type.split_once("boundary=")?.1;
    let (mark, end) = (format!("--{boundary}\r\n"), format!("\r\n--{boundary}"));
    let mut rest = body;
    let mut parts = BTreeMap::new();
    while let Some(begun) = rest.strip_prefix(mark.as_bytes()) {
        let head_len = find(begun, b"\r\n\r\n")?;
        let (head, behind) = begun.split_at(head_len);
        let content = behind.get(4..)?;
        let len = find(content, end.as_bytes())?;
        let head = std::str::from_utf8(head).ok()?;
        let (_, name) = head.split_once("name=\"")?;
        let (name, _) = name.split_once('"')?;
        parts.insert(name.to_owned(), content.get(..len)?);
        rest = content.get(len + 2..)?;
    }
    Some(parts)
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes
        .windows(wanted.len())
        .position(|window| window == wanted)
}

#[cfg(test)]
mod tests {
    use underpass_runtime::form::Form;
    use underpass_shared::api::management::{Target, Verb};

    use super::*;

    #[test]
    fn parts_are_read_as_they_were_written() {
        let mut call = Call::new(Verb::Post, Target::Version);
        assert!(parts(&call, b"").is_none());
        let file = b"PK\x03\x04\r\n\r\n--underpass\r\n\0";
        let form = Form::new().file("backup", "a.zip", file);
        let filled = form.text("password", "").fill_in();
        (call.content_type, call.body) = (filled.content_type.into(), filled.body);
        let found = parts(&call, &call.body).unwrap();
        assert_eq!(found["backup"], file);
        assert_eq!(found["password"], b"");
        assert_eq!(found.len(), 2);
    }
}
