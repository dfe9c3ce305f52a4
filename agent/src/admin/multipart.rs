//! Bodies of the kind `multipart/form-data`, as forms and existing scripts send files.

use std::collections::BTreeMap;
use std::io;
use std::time::Duration;

use bytes::Bytes;
use multer::{Constraints, Field, Multipart, SizeLimit};
use tokio::fs::File;
use tokio::io::AsyncWriteExt as _;
use tokio::time::timeout;
use underpass_shared::api::management::Refusal;
use underpass_shared::api::management::operations::BACKUP_LEN_MAX;

use super::backup::unplaced;
use super::call::Call;
use super::payload::{self, Payload};
use crate::backup::{Spool, Spooled};

/// The part that is a whole backup.
const BACKUP: &str = "backup";
/// Parts of one body; a trust store takes no more certificates.
const PARTS_MAX: usize = 256;
/// Bytes of one part; the body as a whole is limited before.
const PART_LEN_MAX: u64 = 1024 * 1024;
/// How long a body with a backup may take; the request as a whole takes little longer.
const BODY_TIME: Duration = Duration::from_secs(100);

/// A part of a form.
pub(super) struct Part {
    /// The name of the file that it came from.
    pub(super) file_name: Option<String>,
    pub(super) content: Bytes,
}

/// The parts of a form by their names. A name that `known` does not have is refused.
#[derive(Default)]
pub(super) struct Form {
    parts: BTreeMap<String, Vec<Part>>,
    backup: Option<Spooled>,
}

/// Whether a body is a form at all.
pub(super) fn is_form(call: &Call) -> bool {
    let kind = call.content_type().split(';').next().unwrap_or_default();
    kind.trim().eq_ignore_ascii_case("multipart/form-data")
}

fn wrong(error: multer::Error) -> Refusal {
    if let multer::Error::StreamReadFailed(source) = error {
        return payload::refusal(&*source, BACKUP_LEN_MAX);
    }
    Refusal::invalid("", format!("the form cannot be read: {error}"))
}

impl Form {
    pub(super) async fn read(call: &Call, known: &'static [&'static str]) -> Result<Self, Refusal> {
        let body = Payload::Whole(call.body().clone());
        Self::parse(call.content_type(), body, known, None).await
    }

    /// The parts of a form of which one is a backup. That is written to a file as it comes, and
    /// never in memory as a whole.
    pub(super) async fn take(
        call: &mut Call,
        known: &'static [&'static str],
        spool: &Spool,
    ) -> Result<Self, Refusal> {
        let body = call.take_payload();
        let form = Self::parse(call.content_type(), body, known, Some(spool));
        timeout(BODY_TIME, form).await.unwrap_or_else(|_elapsed| {
            let rule = format!("the body did not arrive within {} s", BODY_TIME.as_secs());
            Err(Refusal::invalid("", rule))
        })
    }

    async fn parse(
        content_type: &str,
        body: Payload,
        known: &'static [&'static str],
        spool: Option<&Spool>,
    ) -> Result<Self, Refusal> {
        let boundary = multer::parse_boundary(content_type).map_err(wrong)?;
        let mut limit = SizeLimit::new().per_field(PART_LEN_MAX);
        if spool.is_some() {
            limit = limit.for_field(BACKUP, u64::try_from(BACKUP_LEN_MAX).unwrap_or(u64::MAX));
        }
        let limits = Constraints::new().size_limit(limit);
        let mut form = Multipart::with_constraints(body.pieces(), boundary, limits);
        let (mut found, mut count) = (Self::default(), 0);
        while let Some(field) = form.next_field().await.map_err(wrong)? {
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
            match spool.filter(|_| name == BACKUP) {
                Some(_) if found.backup.is_some() => {
                    return Err(Refusal::invalid(name, "is given twice"));
                }
                Some(spool) => found.backup = Some(keep(field, spool).await?),
                None => {
                    let file_name = field.file_name().map(str::to_owned);
                    let content = gather(field).await?;
                    let part = Part { file_name, content };
                    found.parts.entry(name).or_default().push(part);
                }
            }
        }
        Ok(found)
    }

    /// The backup, which must be there.
    pub(super) fn backup(&mut self) -> Result<Spooled, Refusal> {
        let backup = self.backup.take();
        backup.ok_or_else(|| Refusal::invalid(BACKUP, "is missing"))
    }

    /// All parts of a name, in their order.
    pub(super) fn all(&mut self, name: &str) -> Vec<Part> {
        self.parts.remove(name).unwrap_or_default()
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

/// All of a part. One that comes in one piece is not copied.
async fn gather(mut field: Field<'_>) -> Result<Bytes, Refusal> {
    let mut pieces = vec![];
    while let Some(piece) = field.chunk().await.map_err(wrong)? {
        pieces.push(piece);
    }
    match pieces.as_slice() {
        [all] => Ok(all.clone()),
        pieces => Ok(pieces.concat().into()),
    }
}

/// A part that goes to a file as it comes.
async fn keep(mut field: Field<'_>, spool: &Spool) -> Result<Spooled, Refusal> {
    let unkept = |error: io::Error| unplaced(&error.into());
    let place = spool.place().await.map_err(|error| unplaced(&error))?;
    let mut file = File::from_std(place.handle().map_err(unkept)?);
    let mut len: u64 = 0;
    while let Some(piece) = field.chunk().await.map_err(wrong)? {
        file.write_all(&piece).await.map_err(unkept)?;
        len += u64::try_from(piece.len()).unwrap_or(u64::MAX);
    }
    file.flush().await.map_err(unkept)?;
    place.written(len).map_err(unkept)
}
