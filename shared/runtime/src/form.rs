//! Bodies of the kind `multipart/form-data`, as the management API takes files.

use std::io::{Cursor, Read};

use bytes::Bytes;
use zeroize::Zeroize as _;

use crate::pieces::Pieces;
use crate::random;

/// A form that is being filled in. Names are those of the API, which need no quoting.
pub struct Form {
    boundary: String,
    body: Vec<u8>,
}

/// A form that is filled in.
pub struct FilledIn {
    /// The type of the body.
    pub content_type: String,
    /// The body.
    pub body: Bytes,
}

/// A form that is filled in but for one file.
#[derive(Clone, PartialEq, Eq)]
pub struct Ends {
    /// The type of the body.
    pub content_type: String,
    before: Bytes,
    behind: Bytes,
}

impl Ends {
    /// The body with the `len` bytes of the file, which are read as they are sent.
    pub fn body<R: Read + Send + Unpin + 'static>(
        &self,
        file: R,
        len: u64,
    ) -> Pieces<impl Read + Send + Unpin + use<R>> {
        let beside = u64::try_from(self.before.len() + self.behind.len());
        let all = len.saturating_add(beside.unwrap_or(u64::MAX));
        let before = Cursor::new(self.before.clone()).chain(file.take(len));
        Pieces::of(before.chain(Cursor::new(self.behind.clone())), all)
    }

    /// The body with a file that is in memory.
    pub fn whole(&self, file: &[u8]) -> Bytes {
        [&*self.before, file, &*self.behind].concat().into()
    }
}

impl Form {
    /// One without parts.
    #[expect(clippy::new_without_default, reason = "each has a boundary of its own")]
    pub fn new() -> Self {
        Self {
            // Nobody can put it into a file beforehand.
            boundary: format!("underpass-{:032x}", u128::from_ne_bytes(random::bytes())),
            body: vec![],
        }
    }

    /// The same with a text.
    #[must_use]
    pub fn text(self, name: &str, value: &str) -> Self {
        self.part(&format!("name=\"{name}\""), value.as_bytes())
    }

    /// The same with a file.
    #[must_use]
    pub fn file(self, name: &str, file: &str, content: &[u8]) -> Self {
        self.part(&format!("name=\"{name}\"; filename=\"{file}\""), content)
    }

    fn part(mut self, disposition: &str, content: &[u8]) -> Self {
        let head = format!(
            "--{}\r\nContent-Disposition: form-data; {disposition}\r\n\r\n",
            self.boundary
        );
        let end = self.end();
        // What a growing body leaves behind may be a password.
        let len = self.body.len() + head.len() + content.len() + 2;
        let mut body = Vec::with_capacity(len + end.len());
        body.extend_from_slice(&self.body);
        body.extend_from_slice(head.as_bytes());
        body.extend_from_slice(content);
        body.extend_from_slice(b"\r\n");
        self.body.zeroize();
        self.body = body;
        self
    }

    /// Fills it in but for a file behind the other parts, which is read as it is sent.
    pub fn around(mut self, name: &str) -> Ends {
        let head = format!(
            "--{}\r\nContent-Disposition: form-data; name=\"{name}\"; filename=\"{name}\"\r\n\r\n",
            self.boundary
        );
        // What a growing body leaves behind may be a password.
        let mut before = Vec::with_capacity(self.body.len() + head.len());
        before.extend_from_slice(&self.body);
        before.extend_from_slice(head.as_bytes());
        self.body.zeroize();
        Ends {
            content_type: self.content_type(),
            before: before.into(),
            behind: format!("\r\n{}", self.end()).into(),
        }
    }

    fn content_type(&self) -> String {
        format!("multipart/form-data; boundary={}", self.boundary)
    }

    fn end(&self) -> String {
        format!("--{}--\r\n", self.boundary)
    }

    /// Fills it in.
    pub fn fill_in(mut self) -> FilledIn {
        // There is room for it since the last part.
        let end = self.end();
        self.body.extend_from_slice(end.as_bytes());
        FilledIn {
            content_type: self.content_type(),
            body: self.body.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use http_body::Body as _;
    use http_body_util::BodyExt as _;

    use super::*;

    #[test]
    fn parts_stand_between_boundaries_that_nobody_knows() {
        let form = Form::new()
            .file("backup", "b.zip", b"PK")
            .text("choice", "{}");
        let FilledIn { content_type, body } = form.fill_in();
        let boundary = content_type.strip_prefix("multipart/form-data; boundary=");
        let boundary = boundary.unwrap();
        let wanted = format!(
            "--{boundary}\r\nContent-Disposition: form-data; name=\"backup\"; filename=\"b.zip\"\r\n\r\nPK\r\n\
             --{boundary}\r\nContent-Disposition: form-data; name=\"choice\"\r\n\r\n{{}}\r\n--{boundary}--\r\n"
        );
        assert_eq!(body, wanted.as_bytes());
        assert_ne!(content_type, Form::new().fill_in().content_type);
    }

    #[tokio::test]
    async fn a_file_is_sent_behind_the_other_parts() {
        let ends = Form::new().text("choice", "{}").around("backup");
        let boundary = ends
            .content_type
            .strip_prefix("multipart/form-data; boundary=");
        let boundary = boundary.unwrap();
        let wanted = format!(
            "--{boundary}\r\nContent-Disposition: form-data; name=\"choice\"\r\n\r\n{{}}\r\n\
             --{boundary}\r\nContent-Disposition: form-data; name=\"backup\"; filename=\"backup\"\r\n\r\nPK\r\n\
             --{boundary}--\r\n"
        );
        assert_eq!(ends.whole(b"PK"), wanted.as_bytes());
        // A file that grows meanwhile is none of the form's.
        let body = ends.body(&b"PK and more"[..], 2);
        let len = u64::try_from(wanted.len()).unwrap();
        assert_eq!(body.size_hint().exact(), Some(len));
        let sent = body.collect().await.unwrap().to_bytes();
        assert_eq!(sent, wanted.as_bytes());
    }
}
