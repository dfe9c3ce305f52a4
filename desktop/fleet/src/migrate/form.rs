//! Bodies of the kind `multipart/form-data`.

use uuid::Uuid;
use zeroize::Zeroize as _;

use crate::api::Call;

/// A form that is being written.
pub(super) struct Form {
    boundary: String,
    body: Vec<u8>,
}

impl Form {
    pub(super) fn new() -> Self {
        Self {
            // Nobody can put it into a file beforehand.
            boundary: format!("underpass-{}", Uuid::new_v4().simple()),
            body: vec![],
        }
    }

    /// The same with a text.
    pub(super) fn text(self, name: &str, value: &str) -> Self {
        self.part(&format!("name=\"{name}\""), value.as_bytes())
    }

    /// The same with a file.
    pub(super) fn file(self, name: &str, file: &str, content: &[u8]) -> Self {
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
    pub(super) fn into_call(mut self, call: &mut Call) {
        self.body
            .extend_from_slice(format!("--{}--\r\n", self.boundary).as_bytes());
        call.content_type = format!("multipart/form-data; boundary={}", self.boundary).into();
        call.body = self.body.into();
    }
}
