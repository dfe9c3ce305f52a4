//! A document out of a reading, and the report about it.

use std::collections::BTreeSet;

use uuid::Uuid;

use super::choice::Choice;
use super::findings::{Decision, Findings, Kind, Topic};
use super::reading::Reading;
use super::report::{Counts, Report, ReportFormat, untold};
use super::{settings, subaccount};
use crate::api::management::ImportMode;
use crate::config::{Connector, Document, Invalid, SubaccountKey};

/// What an import would make of a document.
#[derive(Clone, Debug)]
pub struct Planned {
    /// The document.
    pub document: Document,
    /// What is in it, and what is not.
    pub report: Report,
}

/// What all parts of a plan share.
pub(super) struct Work<'a> {
    pub(super) reading: &'a Reading,
    pub(super) choice: &'a Choice,
    pub(super) findings: Findings,
    pub(super) counts: Counts,
    pub(super) steps: Vec<String>,
    /// The subaccounts that the plan has carried already.
    pub(super) carried: BTreeSet<SubaccountKey>,
}

impl Work<'_> {
    /// Notes that the agent has something in another form, and what becomes of it.
    pub(super) fn conflict(&mut self, place: &str, what: &str) {
        self.findings.decide(Decision {
            topic: Topic::Conflict,
            key: String::new(),
            about: what.to_owned(),
            taken: "the agent's stays".to_owned(),
            instead: "--overwrite takes the connector's".to_owned(),
            open: false,
            places: vec![place.to_owned()],
        });
    }

    /// Puts a setting of the connector in the place of the agent's, where the agent has none of its
    /// own or is to be overwritten. `name` is what it is for people.
    pub(super) fn settle<T: PartialEq + Default>(
        &mut self,
        name: &str,
        present: &mut T,
        wanted: T,
    ) {
        let takes = *present == T::default() || self.choice.mode == ImportMode::Overwrite;
        let same = *present == wanted;
        self.counts.settings.count(same || takes);
        if takes {
            *present = wanted;
        } else if !same {
            self.conflict(name, "the agent has another setting of its own");
        }
    }
}

/// What an import of `reading` makes of the document `present`. It shows all that it leaves out.
/// New subaccounts have no tunnel until they are enrolled; `fresh` gives them their ids.
///
/// # Errors
/// When the settings together break a rule that none of them breaks alone.
pub fn plan(
    reading: &Reading,
    present: &Document,
    choice: &Choice,
    fresh: &mut dyn FnMut() -> Uuid,
) -> Result<Planned, Invalid> {
    let mut work = Work {
        reading,
        choice,
        findings: Findings::default(),
        counts: Counts::default(),
        steps: vec![],
        carried: BTreeSet::new(),
    };
    let connector = settings::carry(&mut work, present.connector());
    let mut document = present.with_connector(Connector::try_from(connector)?)?;
    for one in reading.subaccounts() {
        document = subaccount::carry(&mut work, document, &one, fresh);
    }
    for (path, refused) in reading.refusals() {
        let value = Some(refused.message.clone()).filter(|message| !message.is_empty());
        let why = match refused.status {
            403 => "the user may not read it, or the connector is the shadow of a pair",
            404 | 405 => "the connector has no such thing, or is too old for it",
            410 => "the connector no longer has it",
            _ => "the connector could not tell it",
        };
        let why = format!("status {}: {why}", refused.status);
        work.findings.note(Kind::NotRead, path, "", value, why);
    }
    let (decisions, findings) = work.findings.into_parts();
    let report = Report {
        format: ReportFormat::First,
        source: reading.source().clone(),
        counts: work.counts,
        decisions,
        findings,
        untold: untold(),
        steps: work.steps,
    };
    Ok(Planned { document, report })
}
