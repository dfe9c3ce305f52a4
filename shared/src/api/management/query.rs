//! The options behind the `?` of an address.

use std::collections::BTreeMap;

use percent_encoding::percent_decode_str;

use super::alert::AlertState;
use super::audit::AuditSearch;
use super::error::Refusal;
use super::import::ImportMode;
use super::log::LogSearch;
use super::mapping_address::MappingAddress;
use super::metric_history::MonitorAsk;
use super::monitoring::RequestSearch;
use super::operations::{Operation, monitoring};
use crate::config::ConfirmWithin;
use crate::id::LocationId;

/// Options of a request. Repeated ones, and such as the call does not take, are refused.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Query {
    /// Which of several enrolments of one subaccount is meant.
    pub location_id: Option<LocationId>,
    /// Answer what would change, and change nothing.
    pub dry_run: bool,
    /// Operators who were removed may come back by this change.
    pub readmit_operators: bool,
    /// At most so many entries of a list.
    pub limit: Option<usize>,
    /// How many entries of a list are left out at the beginning.
    pub offset: Option<usize>,
    /// Take the change back unless it is confirmed in time.
    pub confirm_within: Option<ConfirmWithin>,
    /// The revision to compare with.
    pub with: Option<u64>,
    /// What an import does with what is there.
    pub mode: ImportMode,
    /// These mappings alone.
    pub only: Option<Vec<MappingAddress>>,
    /// What is looked for in the log; its text is that of the audit log's search.
    pub log: LogSearch,
    /// Which alerts.
    pub alerts: AlertState,
    /// Which page of a file.
    pub page: Option<u32>,
    /// What is looked for in the audit log.
    pub audit: AuditSearch,
    /// Which of the most recent requests are looked for.
    pub requests: RequestSearch,
    /// What is asked of the history.
    pub monitor: MonitorAsk,
    /// Only what was never used.
    pub unused: bool,
    /// Values by names that what the call is about has.
    pub values: BTreeMap<String, String>,
}

impl Query {
    /// Reads what stands behind the `?` of a call.
    ///
    /// # Errors
    /// When an option is unknown, given twice or has a wrong value.
    pub fn parse(text: Option<&str>, operation: &Operation) -> Result<Self, Refusal> {
        let mut query = Self::default();
        let mut seen = std::collections::BTreeSet::new();
        let pairs = text.unwrap_or_default().split('&');
        for pair in pairs.filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let decoded = percent_decode_str(value).decode_utf8();
            let value = decoded.or(Err(Refusal::invalid(name, "must be UTF-8")))?;
            if !operation.query().any(|known| known.name == name) {
                if operation.values {
                    query.value(name, &value)?;
                    continue;
                }
                return Err(Refusal::invalid(name, unknown(operation)));
            }
            if !seen.insert(name) {
                return Err(Refusal::invalid(name, "is given twice"));
            }
            match name {
                "locationID" => {
                    let id = value.parse::<LocationId>();
                    let id = id.map_err(|rule| Refusal::invalid(name, rule.to_string()))?;
                    query.location_id = Some(id);
                }
                "dryRun" => {
                    let flag = value.parse();
                    query.dry_run =
                        flag.or(Err(Refusal::invalid(name, "must be true or false")))?;
                }
                "readmitOperators" => {
                    let flag = value.parse();
                    query.readmit_operators =
                        flag.or(Err(Refusal::invalid(name, "must be true or false")))?;
                }
                "limit" => {
                    let number = value.parse();
                    let number = number.or(Err(Refusal::invalid(name, "must be a number")))?;
                    query.limit = Some(number);
                }
                "confirmWithin" => {
                    let within = value.parse::<ConfirmWithin>();
                    let within = within.map_err(|rule| Refusal::invalid(name, rule.to_string()))?;
                    query.confirm_within = Some(within);
                }
                "with" => {
                    let rule = "must be the number of a revision";
                    query.with = Some(value.parse().or(Err(Refusal::invalid(name, rule)))?);
                }
                // Names that mean something else in other searches.
                _ if operation.path == monitoring::REQUESTS => query.requests.set(name, &value)?,
                _ if operation.path == monitoring::HISTORY => query.monitor.set(name, &value)?,
                _ => query.set(name, &value)?,
            }
        }
        Ok(query)
    }

    /// Which lines of the log are looked for.
    pub fn log_search(&self) -> LogSearch {
        LogSearch {
            text: self.audit.filter.text.clone(),
            ..self.log.clone()
        }
    }

    /// Takes an option that only few calls have.
    fn set(&mut self, name: &str, value: &str) -> Result<(), Refusal> {
        match name {
            "offset" => {
                let number = value.parse::<u32>();
                let rule = "must be a number below 4294967296";
                let number = number.or(Err(Refusal::invalid(name, rule)))?;
                self.offset = usize::try_from(number).ok();
            }
            "mode" => {
                let mode = value.parse::<ImportMode>();
                self.mode = mode.map_err(|rule| Refusal::invalid(name, rule.to_string()))?;
            }
            "only" => {
                let only: Result<Vec<MappingAddress>, _> =
                    value.split(',').map(str::parse).collect();
                let rule = "must be virtual addresses as host:port, separated by commas";
                self.only = Some(only.or(Err(Refusal::invalid(name, rule)))?);
            }
            "unused" => {
                let flag = value.parse();
                self.unused = flag.or(Err(Refusal::invalid(name, "must be true or false")))?;
            }
            "state" => {
                let state = value.parse::<AlertState>();
                self.alerts = state.map_err(|rule| Refusal::invalid(name, rule.to_string()))?;
            }
            "page" => {
                let number = value.parse::<u32>();
                let rule = "must be the number of a page";
                self.page = Some(number.or(Err(Refusal::invalid(name, rule)))?);
            }
            "level" | "before" => self.log.set(name, value)?,
            _ => self.audit.set(name, value)?,
        }
        Ok(())
    }

    fn value(&mut self, name: &str, value: &str) -> Result<(), Refusal> {
        let decoded = percent_decode_str(name).decode_utf8();
        let name = decoded.or(Err(Refusal::invalid(name, "must be UTF-8")))?;
        let before = self
            .values
            .insert(name.clone().into_owned(), value.to_owned());
        match before {
            Some(_) => Err(Refusal::invalid(name, "is given twice")),
            None => Ok(()),
        }
    }

    /// The text behind the `?`, with it; empty where there is nothing to say.
    pub fn to_text(&self) -> String {
        // A location ID has no character that would need an escape.
        let location = self
            .location_id
            .as_ref()
            .map(|id| format!("locationID={id}"));
        let dry_run = self.dry_run.then(|| "dryRun=true".to_owned());
        let readmit = self
            .readmit_operators
            .then(|| "readmitOperators=true".to_owned());
        let limit = self.limit.map(|limit| format!("limit={limit}"));
        let offset = self.offset.map(|offset| format!("offset={offset}"));
        let within = self.confirm_within;
        let within = within.map(|within| format!("confirmWithin={}", within.seconds()));
        let with = self.with.map(|with| format!("with={with}"));
        let mode = (self.mode != ImportMode::default()).then(|| format!("mode={}", self.mode));
        let only = self.only.as_ref().map(|only| {
            let only: Vec<String> = only.iter().map(ToString::to_string).collect();
            format!("only={}", only.join(","))
        });
        let unused = self.unused.then(|| "unused=true".to_owned());
        let state =
            (self.alerts != AlertState::default()).then(|| format!("state={}", self.alerts));
        let page = self.page.map(|page| format!("page={page}"));
        let parts = [
            location, dry_run, readmit, limit, offset, within, with, mode, only, unused, state,
            page,
        ]
        .into_iter()
        .flatten();
        let parts = parts
            .chain(self.log.to_parts())
            .chain(self.requests.to_parts())
            .chain(self.monitor.to_parts());
        let parts: Vec<String> = parts.chain(self.audit.to_parts()).collect();
        if parts.is_empty() {
            return String::new();
        }
        format!("?{}", parts.join("&"))
    }
}

fn unknown(operation: &Operation) -> String {
    let known: Vec<&str> = operation.query().map(|known| known.name).collect();
    match known.as_slice() {
        [] => "is unknown; this call takes no options".to_owned(),
        known => format!("is unknown; this call takes {}", known.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::super::operations::{Parameter, operations};
    use super::*;

    /// A call with all options.
    fn operation() -> Operation {
        let one = operations().find(|one| {
            let names: Vec<&str> = one.query().map(|known| known.name).collect();
            names == ["locationID", "dryRun", "confirmWithin"]
        });
        let one = one.unwrap();
        Operation {
            options: const {
                &[
                    Parameter::of::<u64>("limit", ""),
                    Parameter::of::<bool>("readmitOperators", ""),
                    Parameter::of::<u64>("with", ""),
                    Parameter::of::<String>("mode", ""),
                    Parameter::of::<String>("only", ""),
                    Parameter::of::<String>("level", ""),
                    Parameter::of::<u64>("before", ""),
                    Parameter::of::<u64>("offset", ""),
                    Parameter::of::<String>("state", ""),
                    Parameter::of::<u32>("page", ""),
                ]
            },
            ..*one
        }
    }

    fn parse(text: Option<&str>) -> Result<Query, Refusal> {
        Query::parse(text, &operation())
    }

    #[test]
    fn options_survive_a_round_trip() {
        for text in [
            "",
            "?locationID=",
            "?locationID=a.b",
            "?dryRun=true&limit=7&offset=9",
            "?readmitOperators=true",
            "?confirmWithin=60&with=7",
            "?mode=overwrite&only=a:1,b:2",
            "?level=WARN&before=7",
            "?state=history",
            "?page=7",
        ] {
            let query = parse(text.strip_prefix('?')).unwrap();
            assert_eq!(query.to_text(), text);
        }
        assert!(!parse(Some("dryRun=false")).unwrap().dry_run);
    }

    #[test]
    fn wrong_options_are_named() {
        for (text, field) in [
            ("x=1", "x"),
            ("dryRun", "dryRun"),
            ("dryRun=1", "dryRun"),
            ("limit=-1", "limit"),
            ("confirmWithin=9", "confirmWithin"),
            ("with=x", "with"),
            ("mode=all", "mode"),
            ("only=a", "only"),
            ("level=warn", "level"),
            ("before=-1", "before"),
            ("offset=x", "offset"),
            ("state=HISTORY", "state"),
            ("page=-1", "page"),
            ("offset=4294967296", "offset"),
            ("limit=1&limit=1", "limit"),
            ("locationID=a%20b", "locationID"),
            ("locationID=%ff", "locationID"),
        ] {
            let refusal = parse(Some(text)).unwrap_err();
            assert_eq!(refusal.body.field.as_deref(), Some(field), "{text}");
        }
        let one = operations().find(|one| one.query().count() == 0).unwrap();
        let refusal = Query::parse(Some("dryRun=true"), one).unwrap_err();
        assert_eq!(
            refusal.body.message,
            "is unknown; this call takes no options"
        );
    }
}
