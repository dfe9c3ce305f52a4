//! The audit log: its settings, its records, its verification.

use std::convert::Infallible;
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Response};
use http_body::Frame;
use http_body_util::{BodyExt as _, StreamBody};
use underpass_shared::api::management::operations::LIST_LEN_MAX;
use underpass_shared::api::management::{
    AuditBad, AuditLevelInput, AuditLogInput, AuditLogLevel, AuditLogShown, AuditPage, AuditTarget,
    AuditVerification, Linked, Refusal, SubaccountPath, Target, Verb,
};
use underpass_shared::audit::Filter;
use underpass_shared::config::{Connector, ConnectorFields, Document, SubaccountFields};

use super::call::{Call, blocking};
use super::subaccounts::find;
use super::{Admin, Answer, answer, body};
use crate::audit::{Audit, Cursor, Form, InvalidCursor, QueryError, VerifyError};

/// Records of a page where the caller names no number.
const PAGE_LEN: usize = 100;
/// Records that an export reads at once.
const EXPORT_LEN: usize = 1_000;
/// How long a verification may take, within the time of a request.
const VERIFY_TIME: Duration = Duration::from_secs(60);

fn failed(error: QueryError) -> Refusal {
    match error {
        QueryError::Cursor(rule) => Refusal::invalid("cursor", rule.to_string()),
        QueryError::Io(_) => Refusal::failure(format!("{:#}", anyhow::Error::from(error))),
    }
}

/// The cursor of a request.
fn cursor(call: &Call) -> Result<Option<Cursor>, Refusal> {
    let text = call.query.audit.cursor.as_deref();
    let read = text.map(str::parse).transpose();
    read.map_err(|rule: InvalidCursor| Refusal::invalid("cursor", rule.to_string()))
}

impl Admin {
    pub(super) async fn of_audit(&self, call: Call, verb: Verb, target: AuditTarget) -> Answer {
        match target {
            AuditTarget::Settings => self.audit_log(call, verb).await,
            AuditTarget::SubaccountLevel(path) => self.subaccount_audit_log(call, verb, path).await,
            AuditTarget::Records => self.audit_records(&call).await,
            AuditTarget::Csv => Ok(self.audit_export(&call, Form::Csv)),
            AuditTarget::Lines => Ok(self.audit_export(&call, Form::Lines)),
            AuditTarget::Verification => self.audit_verification(&call).await,
        }
    }

    async fn audit_log(&self, call: Call, verb: Verb) -> Answer {
        if verb != Verb::Patch {
            let current = self.readable()?;
            let settings = current.document().connector().audit;
            let shown = AuditLogShown {
                level: settings.level,
                cleanup: settings.cleanup,
                log_path: self.audit.dir().display().to_string(),
            };
            let shown = Linked::at(Target::Audit(AuditTarget::Settings), shown);
            return answer::ok(&shown, current.revision().number);
        }
        let input: AuditLogInput = call.read()?;
        let edit = move |document: &Document| {
            let mut fields: ConnectorFields = Connector::clone(document.connector()).into();
            fields.audit.level = input.level.unwrap_or(fields.audit.level);
            if let Some(days) = input.cleanup {
                fields.audit.cleanup = days.0;
            }
            Ok(document.with_connector(fields.try_into()?)?)
        };
        let reason = "changed the settings of the audit log";
        self.change(&call, reason, edit, answer::done).await
    }

    async fn subaccount_audit_log(&self, call: Call, verb: Verb, path: SubaccountPath) -> Answer {
        let location = call.query.location_id.clone();
        if verb != Verb::Patch {
            let current = self.readable()?;
            let found = find(current.document(), &path, location.as_ref())?;
            let level = found.own().audit_level;
            let shown = Linked::at(
                Target::Audit(AuditTarget::SubaccountLevel(path)),
                AuditLogLevel { level },
            );
            return answer::ok(&shown, current.revision().number);
        }
        let AuditLevelInput { level, links: _ } = call.read()?;
        let reason = format!("changed the audit level of subaccount {}", path.subaccount);
        let edit = move |document: &Document| {
            let found = find(document, &path, location.as_ref())?;
            let own = SubaccountFields {
                audit_level: level,
                ..SubaccountFields::clone(found.own())
            };
            Ok(document.with_subaccount(own)?)
        };
        self.change(&call, &reason, edit, answer::done).await
    }

    async fn audit_records(&self, call: &Call) -> Answer {
        let limit = call.query.limit.unwrap_or(PAGE_LEN);
        if !(1..=LIST_LEN_MAX).contains(&limit) {
            let rule = format!("must be between 1 and {LIST_LEN_MAX}");
            return Err(Refusal::invalid("limit", rule));
        }
        let (from, filter) = (cursor(call)?, call.query.audit.filter.clone());
        let (audit, number) = (self.audit.clone(), self.store.current().revision().number);
        blocking(move || {
            let page = audit.query(&filter, from, limit).map_err(failed)?;
            let page = AuditPage {
                records: page.records,
                cursor: page.cursor.map(|cursor| cursor.to_string()),
            };
            answer::ok(&page, number)
        })
        .await
    }

    /// All that is found, piece by piece, so that neither the agent nor the caller needs to hold it.
    fn audit_export(&self, call: &Call, form: Form) -> Response<Bytes> {
        let number = self.store.current().revision().number;
        let mut response = answer::done(number);
        *response.status_mut() = http::StatusCode::OK;
        let kind = match form {
            Form::Csv => HeaderValue::from_static("text/csv"),
            Form::Lines => HeaderValue::from_static("application/jsonl"),
        };
        response.headers_mut().insert(CONTENT_TYPE, kind);
        let export = Export {
            audit: self.audit.clone(),
            filter: call.query.audit.filter.clone(),
            form,
            next: Next::Begin,
        };
        let pieces = stream::unfold(export, |export| async {
            let read = tokio::task::spawn_blocking(move || export.read());
            let (text, export) = read.await.ok().flatten()?;
            Some((Ok::<_, Infallible>(Frame::data(Bytes::from(text))), export))
        });
        body::stream(&mut response, StreamBody::new(pieces).boxed_unsync());
        response
    }

    async fn audit_verification(&self, call: &Call) -> Answer {
        let anchor = call.query.audit.anchor;
        let (audit, number) = (self.audit.clone(), self.store.current().revision().number);
        blocking(move || {
            let verification = match audit.verify(anchor, VERIFY_TIME) {
                Ok(verified) => AuditVerification {
                    verified: true,
                    complete: verified.complete,
                    report: Some(verified.report),
                    bad: None,
                },
                Err(VerifyError::Bad(bad)) => AuditVerification {
                    verified: false,
                    complete: true,
                    report: None,
                    bad: Some(AuditBad {
                        segment: bad.segment,
                        line: bad.line,
                        sequence: bad.sequence,
                        message: bad.to_string(),
                    }),
                },
                Err(error @ VerifyError::Busy) => {
                    return Err(Refusal::illegal_state(error.to_string()));
                }
                Err(
                    error @ (VerifyError::Marker(_) | VerifyError::Io(_) | VerifyError::Log(_)),
                ) => {
                    let error = format!("{:#}", anyhow::Error::from(error));
                    return Err(Refusal::failure(error));
                }
            };
            answer::ok(&verification, number)
        })
        .await
    }
}

/// An export on its way.
struct Export {
    audit: Audit,
    filter: Filter,
    form: Form,
    next: Next,
}

/// Where an export goes on.
enum Next {
    Begin,
    From(Cursor),
    End,
}

impl Export {
    /// The next piece; none at the end.
    fn read(mut self) -> Option<(String, Self)> {
        let (from, mut text) = match self.next {
            Next::Begin => (None, self.form.begin()),
            Next::From(cursor) => (Some(cursor), String::new()),
            Next::End => return None,
        };
        match self.audit.query(&self.filter, from, EXPORT_LEN) {
            Ok(page) => {
                text.extend(page.records.iter().map(|one| self.form.record(one)));
                self.next = page.cursor.map_or(Next::End, Next::From);
            }
            Err(error) => {
                // The head is gone already: the reader must see that the end is none.
                let why = format!("{:#}", anyhow::Error::from(error));
                text.push_str(&self.form.broken(&why));
                self.next = Next::End;
            }
        }
        Some((text, self))
    }
}
