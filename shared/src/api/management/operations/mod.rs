//! The table of calls: for each path and method what it does and who may.
//!
//! Everything else about calls comes from here: which methods a path takes, which roles a call
//! needs, and the API's own description. A path without a row answers nothing.

pub(super) mod agent;
pub(super) mod alerts;
pub(super) mod audit;
pub(super) mod backup;
pub(super) mod backup_schedules;
pub(super) mod certificates;
pub(super) mod channels;
pub(super) mod checks;
pub(super) mod clients;
pub(super) mod connector;
pub(super) mod delivery;
pub(super) mod domains;
pub(super) mod ha;
pub(super) mod history;
pub(super) mod identity;
pub(super) mod migration;
pub(super) mod monitoring;
pub(super) mod operators;
pub(super) mod restore;
pub(super) mod running;
pub(super) mod settings;
pub(super) mod subaccounts;
pub(super) mod trouble;

mod methods;
mod parameters;

use schemars::{JsonSchema, Schema, SchemaGenerator};

use self::parameters::{CONFIRM_WITHIN, DRY_RUN, LOCATION_ID, SEGMENTS};
pub use self::parameters::{LIST_LEN_MAX, TOTAL_COUNT};
use super::target::Verb;
use crate::rights::Access;

/// How a type says what its JSON is like.
pub type SchemaOf = fn(&mut SchemaGenerator) -> Schema;

/// Most bytes of a body, unless a call says otherwise; one thing is a few hundred.
pub const BODY_LEN_MAX: usize = 1024 * 1024;
/// Most bytes of a whole document; the largest that the limits of its parts make sensible (5,000
/// mappings with 20 resources each) has about 15 MB.
pub const DOCUMENT_LEN_MAX: usize = 64 * 1024 * 1024;

/// Most bytes of a backup, with the form around it.
pub const BACKUP_LEN_MAX: usize = 64 * 1024 * 1024;

/// The type of bodies that hold files.
pub const FORM: &str = "multipart/form-data";
/// The type of most bodies.
pub const JSON: &str = "application/json";

/// One call of the API.
#[derive(Clone, Copy, Debug)]
pub struct Operation {
    /// The method.
    pub verb: Verb,
    /// The path, with its variable segments in braces.
    pub path: &'static str,
    /// Who may.
    pub access: Access,
    /// What it does, as one line.
    pub summary: &'static str,
    /// The body that it takes.
    pub body: Option<Body>,
    /// The answer when it succeeds.
    pub answer: Success,
    /// Options behind the `?` beside those that all calls of its kind have.
    pub options: &'static [Parameter],
    /// Whether values by other names may stand behind the `?` too; what it is about names them.
    pub values: bool,
    /// Whether it changes the configuration, so that it can be tried.
    pub changes: bool,
    /// Whether it can be bound to a revision.
    pub conditional: bool,
    /// Whether the present state can be in its way.
    pub conflicts: bool,
    /// Whether what it is about can be missing although its path has no variable segment.
    pub may_be_missing: bool,
    /// Other statuses that it can be refused with.
    pub refusals: &'static [u16],
}

/// The body that a call takes.
#[derive(Clone, Copy, Debug)]
pub struct Body {
    /// What is in it.
    pub schema: SchemaOf,
    /// Its content type.
    pub media_type: &'static str,
    /// Whether it may be left out.
    pub optional: bool,
    /// Most bytes.
    pub len_max: usize,
}

/// How a call answers when it succeeds.
#[derive(Clone, Copy, Debug)]
pub enum Success {
    /// 204 without a body.
    Done,
    /// 200 with JSON.
    Gives(SchemaOf),
    /// 200 with something else.
    Sends(&'static str),
    /// 200 with server-sent events, whose data is JSON.
    Streams(SchemaOf),
    /// 201 with the address of what is new, perhaps with a body.
    Creates(Option<SchemaOf>),
}

/// A named value of a request: in its path or behind the `?`.
#[derive(Clone, Copy, Debug)]
pub struct Parameter {
    /// Its name.
    pub name: &'static str,
    /// What it means.
    pub summary: &'static str,
    /// What is in it.
    pub schema: SchemaOf,
}

impl Parameter {
    /// A parameter of a type.
    pub const fn of<T: JsonSchema>(name: &'static str, summary: &'static str) -> Self {
        Self {
            name,
            summary,
            schema: schema_of::<T>,
        }
    }
}

fn schema_of<T: JsonSchema>(generator: &mut SchemaGenerator) -> Schema {
    generator.subschema_for::<T>()
}

/// A row: `Operation::put(PATH, Access, "Does this.").takes::<Input>()` and what else differs from
/// a call that takes nothing, answers 204 and, unless it is a GET, changes the configuration.
impl Operation {
    const fn get(path: &'static str, access: Access, summary: &'static str) -> Self {
        Self::new(Verb::Get, path, access, summary)
    }

    const fn post(path: &'static str, access: Access, summary: &'static str) -> Self {
        Self::new(Verb::Post, path, access, summary)
    }

    const fn put(path: &'static str, access: Access, summary: &'static str) -> Self {
        Self::new(Verb::Put, path, access, summary)
    }

    const fn patch(path: &'static str, access: Access, summary: &'static str) -> Self {
        Self::new(Verb::Patch, path, access, summary)
    }

    const fn delete(path: &'static str, access: Access, summary: &'static str) -> Self {
        Self::new(Verb::Delete, path, access, summary)
    }

    const fn new(verb: Verb, path: &'static str, access: Access, summary: &'static str) -> Self {
        Self {
            verb,
            path,
            access,
            summary,
            body: None,
            answer: Success::Done,
            options: &[],
            values: false,
            changes: !matches!(verb, Verb::Get),
            conditional: !matches!(verb, Verb::Get),
            conflicts: false,
            may_be_missing: false,
            refusals: &[],
        }
    }

    /// It takes JSON.
    const fn takes<T: JsonSchema>(self) -> Self {
        self.takes_as::<T>(JSON)
    }

    /// It takes a body of another type, such as a form.
    const fn takes_as<T: JsonSchema>(mut self, media_type: &'static str) -> Self {
        self.body = Some(Body {
            schema: schema_of::<T>,
            media_type,
            optional: false,
            len_max: BODY_LEN_MAX,
        });
        self
    }

    /// Its body may be left out.
    const fn optionally(mut self) -> Self {
        if let Some(body) = &mut self.body {
            body.optional = true;
        }
        self
    }

    /// Its body may have so many bytes.
    const fn limit(mut self, len_max: usize) -> Self {
        if let Some(body) = &mut self.body {
            body.len_max = len_max;
        }
        self
    }

    /// It answers 200 with JSON.
    const fn gives<T: JsonSchema>(mut self) -> Self {
        self.answer = Success::Gives(schema_of::<T>);
        self
    }

    /// It answers 200 with something else than JSON.
    const fn sends(mut self, media_type: &'static str) -> Self {
        self.answer = Success::Sends(media_type);
        self
    }

    /// It answers 200 with server-sent events.
    const fn streams<T: JsonSchema>(mut self) -> Self {
        self.answer = Success::Streams(schema_of::<T>);
        self
    }

    /// It answers 201 with the address of what is new and no body.
    const fn creates(mut self) -> Self {
        self.answer = Success::Creates(None);
        self
    }

    /// It answers 201 with the address of what is new, and with it.
    const fn creates_and_gives<T: JsonSchema>(mut self) -> Self {
        self.answer = Success::Creates(Some(schema_of::<T>));
        self
    }

    /// It takes options behind the `?`.
    const fn options(mut self, options: &'static [Parameter]) -> Self {
        self.options = options;
        self
    }

    /// It takes values behind the `?` by names that what it is about has.
    const fn takes_values(mut self) -> Self {
        self.values = true;
        self
    }

    /// It does something else than change the configuration.
    const fn acts(mut self) -> Self {
        self.changes = false;
        self.conditional = false;
        self
    }

    /// It can be bound to a revision although it [acts](Self::acts).
    const fn conditional(mut self) -> Self {
        self.conditional = true;
        self
    }

    /// It is refused with 409 where the present state is in its way.
    const fn conflicts(mut self) -> Self {
        self.conflicts = true;
        self
    }

    /// What it is about can be missing although its path has no variable segment.
    const fn may_be_missing(mut self) -> Self {
        self.may_be_missing = true;
        self
    }

    /// It can be refused with other statuses, such as 501.
    pub const fn refuses(mut self, refusals: &'static [u16]) -> Self {
        self.refusals = refusals;
        self
    }

    /// The variable segments of its path.
    pub fn segments(&self) -> impl Iterator<Item = &'static Parameter> {
        let names = self.path.split('/').filter_map(|segment| {
            segment
                .strip_prefix('{')
                .and_then(|rest| rest.strip_suffix('}'))
        });
        names.filter_map(|name| SEGMENTS.iter().find(|one| one.name == name))
    }

    /// What it takes behind the `?`.
    pub fn query(&self) -> impl Iterator<Item = &'static Parameter> {
        let location = self.segments().any(|one| one.name == "subaccount");
        let location = location.then_some(&LOCATION_ID);
        let change: &[Parameter] = if self.changes {
            const { &[DRY_RUN, CONFIRM_WITHIN] }
        } else {
            &[]
        };
        location
            .into_iter()
            .chain(change)
            .chain(self.options.iter())
    }
}

/// The rows by area.
const AREAS: &[&[Operation]] = &[
    agent::OPERATIONS,
    alerts::OPERATIONS,
    audit::OPERATIONS,
    backup::OPERATIONS,
    backup_schedules::OPERATIONS,
    certificates::OPERATIONS,
    channels::OPERATIONS,
    clients::OPERATIONS,
    checks::OPERATIONS,
    connector::OPERATIONS,
    delivery::OPERATIONS,
    domains::OPERATIONS,
    ha::OPERATIONS,
    history::OPERATIONS,
    identity::OPERATIONS,
    migration::OPERATIONS,
    monitoring::OPERATIONS,
    operators::OPERATIONS,
    restore::OPERATIONS,
    running::OPERATIONS,
    settings::OPERATIONS,
    subaccounts::OPERATIONS,
    trouble::OPERATIONS,
];

/// All calls.
pub fn operations() -> impl Iterator<Item = &'static Operation> {
    AREAS.iter().copied().flatten()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn no_call_stands_twice_and_each_says_what_it_does() {
        let mut seen = BTreeSet::new();
        for one in operations() {
            assert!(seen.insert((one.path, one.verb.as_str())), "{one:?}");
            assert!(
                one.summary.ends_with('.') && one.summary.len() < 120,
                "{one:?}"
            );
            let variable = one.path.matches('{').count();
            assert_eq!(one.segments().count(), variable, "{}", one.path);
            let shows = !matches!(one.answer, Success::Done);
            assert!(shows || one.verb != Verb::Get, "{}", one.path);
            if let Some(body) = one.body {
                assert!(
                    one.verb != Verb::Get && one.verb != Verb::Delete,
                    "{}",
                    one.path
                );
                assert!(body.len_max >= BODY_LEN_MAX, "{}", one.path);
            }
        }
    }
}
