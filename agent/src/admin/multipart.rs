//! Bodies of the kind `multipart/form-data`, as forms and existing scripts send files.

use std::collections::BTreeMap;
use std::convert::Infallible;

use bytes::Bytes;
use multer::{Constraints, Multipart, SizeLimit};
use underpass_shared::api::management::Refusal;

use super::call::Call;

/// Bytes of one part that is a whole backup; the body as a whole is limited before.
const LARGE_LEN_MAX: u64 = 64 * 1024 * 1024;
/// Parts of one body; a trust store takes no more certificates.
const PARTS_MAX: usize = 256;
/// Bytes of one part; the body as a whole is limited before.
const PART_LEN_MAX: u64 = 1024 * 1024;

/// A part of a form.
pub(super) struct Part {
    /// The name of the file that it came from.
    pub(super) file_name: Option<String>,
    pub(super) content: Bytes,
}

/// The parts of a form by their names. A name that `known` does not have is refused.
pub(super) struct Form(BTreeMap<String, Vec<Part>>);

/// Whether a body is a form at all.
pub(super) fn is_form(call: &Call) -> bool {
    let kind = call.content_type().split(';').next().unwrap_or_default();
    kind.trim().eq_ignore_ascii_case("multipart/form-data")
}

impl Form {
    pub(super) async fn read(call: &Call, known: &'static [&'static str]) -> Result<Self, Refusal> {
        Self::parse(
            call.content_type(),
            call.body().clone(),
            known,
            PART_LEN_MAX,
        )
        .await
    }

    /// The parts of a form of which one may be as large as the body. The body is not kept twice.
    pub(super) async fn take(
        call: &mut Call,
        known: &'static [&'static str],
    ) -> Result<Self, Refusal> {
        let body = call.take_body();
        Self::parse(call.content_type(), body, known, LARGE_LEN_MAX).await
    }

    async fn parse(
        content_type: &str,
        body: Bytes,
        known: &'static [&'static str],
        part_len_max: u64,
    ) -> Result<Self, Refusal> {
        let wrong = |error: multer::Error| {
            let rule = format!("the form cannot be read: {error}");
            Refusal::invalid("", rule)
        };
        let boundary = multer::parse_boundary(content_type).map_err(wrong)?;
        let body = futures_util::stream::once(async move { Ok::<_, Infallible>(body) });
        let limit = SizeLimit::new().per_field(part_len_max);
        let limits = Constraints::new().size_limit(limit);
        let mut form = Multipart::with_constraints(body, boundary, limits);
        let mut parts: BTreeMap<String, Vec<Part>> = BTreeMap::new();
        let mut count = 0;
        while let Some(mut field) = form.next_field().await.map_err(wrong)? {
            count += 1;
            if count > PARTS_MAX {
                let rule = format!("at most {PARTS_MAX} parts are allowed");
                return Err(Refusal::invalid("", rule));
            }
            let name = field.name().unwrap_or_default().to_owned();
            if !known.contains(&name.as_str()) {
                let rule = format!("is unknown; known are {}", known.join(", "));
                return Err(Refusal::invalid(name, rule));
            }
            let file_name = field.file_name().map(str::to_owned);
            // All of it was there, so it comes in one piece, which is not copied.
            let mut content = field.chunk().await.map_err(wrong)?.unwrap_or_default();
            while let Some(more) = field.chunk().await.map_err(wrong)? {
                content = [content, more].concat().into();
            }
            parts
                .entry(name)
                .or_default()
                .push(Part { file_name, content });
        }
        Ok(Self(parts))
    }

    /// All parts of a name, in their order.
    pub(super) fn all(&mut self, name: &str) -> Vec<Part> {
        self.0.remove(name).unwrap_or_default()
    }

    /// The one part of a name, if it is there.
    pub(super) fn one(&mut self, name: &str) -> Result<Option<Part>, Refusal> {
        let mut parts = self.all(name);
        let first = parts.pop();
        if !parts.is_empty() {
            return Err(Refusal::invalid(name, "is given twice"));
        }
        Ok(first)
    }

    /// The one part of a name, as text.
    pub(super) fn text(&mut self, name: &str) -> Result<Option<String>, Refusal> {
        let Some(part) = self.one(name)? else {
            return Ok(None);
        };
        let text = String::from_utf8(part.content.to_vec());
        text.map(Some)
            .or(Err(Refusal::invalid(name, "must be UTF-8")))
    }
}
