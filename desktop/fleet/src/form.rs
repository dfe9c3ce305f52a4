//! Bodies of the kind `multipart/form-data`.

use std::collections::BTreeMap;

use uuid::Uuid;
use zeroize::Zeroize as _;

use crate::api::Call;

/// A form that is being written.
pub(crate) struct Form {
    boundary: String,
    body: Vec<u8>,
}

impl Form {
    /// An empty one.
    pub(crate) fn new() -> Self {
        Self {
            // Nobody can put it into a file beforehand.
            boundary: format!("underpass-{}", Uuid::new_v4().simple()),
            body: vec![],
        }
    }

    /// The same with a text.
    pub(crate) fn text(self, name: &str, value: &str) -> Self {
        self.part(&format!("name=\"{name}\""), value.as_bytes())
    }

    /// The same with a file.
    pub(crate) fn file(self, name: &str, file: &str, content: &[u8]) -> Self {
        self.part(&format!("name=\"{name}\"; filename=\"{file}\""), content)
    }

    fn part(mut self, disposition: &str, content: &[u8]) -> Self {
        let head = format!(
            "--{}\r\nContent-Disposition: form-data; {disposition}\r\n\r\n",
            self.boundary
        );
        // What a growing body leaves behind may be a password.
        let mut body = Vec::with_capacity(self.body.len() + head.len() + content.len() + 256);
        body.extend_from_slice(&self.body);
        body.extend_from_slice(head.as_bytes());
        body.extend_from_slice(content);
        body.extend_from_slice(b"\r\n");
        self.body.zeroize();
        self.body = body;
        self
    }

    /// Makes it the body of a call.
    pub(crate) fn into_call(mut self, call: &mut Call) {
        self.body
            .extend_from_slice(format!("--{}--\r\n", self.boundary).as_bytes());
        call.content_type = format!("multipart/form-data; boundary={}", self.boundary).into();
        call.body = self.body.into();
    }
}

/// The parts of a form that [`Form`] wrote, by their names; nothing where the body is something
/// else.
pub(crate) fn parts(call: &Call) -> Option<BTreeMap<String, &[u8]>> {
    let boundary = call.content_type.split_once("boundary=")?.1;
    let (mark, end) = (format!("--{boundary}\r\n"), format!("\r\n--{boundary}"));
    let mut rest: &[u8] = &call.body;
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
    use underpass_shared::api::management::{Target, Verb};

    use super::*;

    #[test]
    fn parts_are_read_as_they_were_written() {
        let mut call = Call::new(Verb::Post, Target::Version);
        assert!(parts(&call).is_none());
        let file = b"PK\x03\x04\r\n\r\n--underpass\r\n\0";
        let form = Form::new().file("backup", "a.zip", file);
        form.text("password", "").into_call(&mut call);
        let found = parts(&call).unwrap();
        assert_eq!(found["backup"], file);
        assert_eq!(found["password"], b"");
        assert_eq!(found.len(), 2);
    }
}
