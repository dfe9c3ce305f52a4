//! What an agent can be asked, whether it is a real one or made up.

use std::borrow::Cow;
use std::fmt;
use std::fs::File;
use std::io::{self, Write as _};
use std::path::PathBuf;

use bytes::Bytes;
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use futures_util::stream::BoxStream;
use serde::Serialize;
use underpass_runtime::form::{Ends, FilledIn, Form};
use underpass_shared::api::management::{EventMessage, LogEvent, Query, Target, Verb};

use crate::snapshot::Sample;
use crate::{FleetError, Reply};

/// What bodies are where nothing else is said.
const JSON: &str = "application/json";

/// One request.
#[derive(Clone, PartialEq, Eq)]
pub struct Call {
    /// The method.
    pub verb: Verb,
    /// The address.
    pub target: Target,
    /// The options.
    pub query: Query,
    /// What the body is.
    pub content_type: Cow<'static, str>,
    /// The body, JSON, a form or nothing.
    pub body: Bytes,
    /// A form with a file, which is sent in place of the body.
    pub file: Option<Attached>,
    /// The revision of the configuration that it is meant for.
    pub if_match: Option<u64>,
}

impl Call {
    /// A request without a body.
    pub fn new(verb: Verb, target: Target) -> Self {
        Self {
            verb,
            target,
            query: Query::default(),
            content_type: Cow::Borrowed(JSON),
            body: Bytes::new(),
            file: None,
            if_match: None,
        }
    }

    /// Asks for something.
    pub fn get(target: Target) -> Self {
        Self::new(Verb::Get, target)
    }

    /// The same with a JSON body.
    ///
    /// # Errors
    /// When it cannot be written as JSON.
    pub fn with(mut self, body: &impl Serialize) -> Result<Self, FleetError> {
        self.body = serde_json::to_vec(body)?.into();
        Ok(self)
    }

    /// The same with a form.
    #[must_use]
    pub fn form(mut self, form: Form) -> Self {
        let FilledIn { content_type, body } = form.fill_in();
        (self.content_type, self.body) = (content_type.into(), body);
        self
    }

    /// The same with a form around a file.
    #[must_use]
    pub fn around(mut self, ends: Ends, path: PathBuf) -> Self {
        self.content_type = ends.content_type.clone().into();
        self.file = Some(Attached { ends, path });
        self
    }

    /// All that is sent, in memory. It waits for the disk.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn whole(&self) -> io::Result<Bytes> {
        match &self.file {
            None => Ok(self.body.clone()),
            Some(Attached { ends, path }) => Ok(ends.whole(&std::fs::read(path)?)),
        }
    }

    /// The same with options.
    #[must_use]
    pub fn query(mut self, query: Query) -> Self {
        self.query = query;
        self
    }

    /// The same for one revision of the configuration alone.
    #[must_use]
    pub const fn if_match(mut self, revision: u64) -> Self {
        self.if_match = Some(revision);
        self
    }

    /// The same for the revision that was seen, where one was.
    #[must_use]
    pub const fn in_place_of(mut self, revision: Option<u64>) -> Self {
        self.if_match = revision;
        self
    }

    /// Path and options.
    pub fn path(&self) -> String {
        format!("{}{}", self.target, self.query.to_text())
    }
}

/// A file that a form is filled in with as it is sent.
#[derive(Clone, PartialEq, Eq)]
pub struct Attached {
    pub(crate) ends: Ends,
    pub(crate) path: PathBuf,
}

/// Bodies may hold passwords.
impl fmt::Debug for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call")
            .field("verb", &self.verb)
            .field("target", &self.target)
            .field("if_match", &self.if_match)
            .finish_non_exhaustive()
    }
}

/// An event and its number in the stream.
#[derive(Clone, Debug, PartialEq)]
pub struct Heard<T = EventMessage> {
    /// The number, where it has one.
    pub id: Option<u64>,
    /// The event; none where the stream only shows that it lives.
    pub message: Option<T>,
}

/// A stream, until it breaks.
pub type Hearing<T> = BoxStream<'static, Result<Heard<T>, FleetError>>;

/// A stream of events.
pub type Events = Hearing<EventMessage>;

/// A stream of lines of the log.
pub type Lines = Hearing<LogEvent>;

/// Is told how many bytes of an answer came, and how many there are in all where that is known.
pub type Came<'a> = dyn Fn(u64, Option<u64>) + Send + Sync + 'a;

/// An agent that can be asked.
pub trait Api: Send + Sync + 'static {
    /// A request and its answer; a refusal is an error.
    fn call<'a>(&'a self, call: &'a Call) -> BoxFuture<'a, Result<Reply, FleetError>>;

    /// The same for an answer that goes to a file, and tells how far it is. The reply has no body.
    fn save<'a>(
        &'a self,
        call: &'a Call,
        file: &'a mut File,
        _came: &'a Came<'a>,
    ) -> BoxFuture<'a, Result<Reply, FleetError>> {
        // Who answers out of memory has all of it at once.
        async move {
            let mut reply = self.call(call).await?;
            let body = std::mem::take(&mut reply.body);
            file.write_all(&body).map_err(FleetError::File)?;
            Ok(reply)
        }
        .boxed()
    }

    /// What happens from now on, or from behind an event that was heard before.
    fn events(&self, after: Option<u64>) -> BoxFuture<'_, Result<Events, FleetError>>;

    /// The log as it is written from now on, or from behind a line that is known.
    fn lines(&self, _after: Option<u64>) -> BoxFuture<'_, Result<Lines, FleetError>> {
        // Only agents that run write one.
        std::future::ready(Err(FleetError::Silent)).boxed()
    }

    /// Figures since a time, as far as the agent keeps any.
    fn samples(&self, since_ms: i64) -> BoxFuture<'_, Result<Vec<Sample>, FleetError>>;
}
