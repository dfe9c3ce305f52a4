//! Bodies of the kind `multipart/form-data`, as the API takes files.

use bytes::Bytes;
use underpass_runtime::random;

/// A form that is being filled in.
pub(super) struct Form {
    boundary: String,
    body: Vec<u8>,
}

impl Form {
    pub(super) fn new() -> Self {
        Self {
            // Nothing that is sent can hold it but by an accident that never happens.
            boundary: random::id().simple().to_string(),
            body: vec![],
        }
    }

    /// Adds a part. Names are those of the API, which need no quoting.
    pub(super) fn part(mut self, name: &'static str, content: &[u8]) -> Self {
        let head = format!(
            "--{}\r\nContent-Disposition: form-data; name=\"{name}\"; filename=\"{name}\"\r\n\r\n",
            self.boundary
        );
        self.body.reserve(head.len() + content.len() + 2);
        self.body.extend_from_slice(head.as_bytes());
        self.body.extend_from_slice(content);
        self.body.extend_from_slice(b"\r\n");
        self
    }

    /// The type of the body, and the body.
    pub(super) fn end(mut self) -> (String, Bytes) {
        let end = format!("--{}--\r\n", self.boundary);
        self.body.extend_from_slice(end.as_bytes());
        let kind = format!("multipart/form-data; boundary={}", self.boundary);
        (kind, self.body.into())
    }
}
