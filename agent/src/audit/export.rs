//! Records as others read them: CSV, or a JSON object a line.

use underpass_runtime::clock;
use underpass_shared::audit::Record;
use underpass_shared::csv::cell;

/// The form of an export.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Comma-separated, with a line of titles.
    Csv,
    /// A JSON object a line.
    Lines,
}

const TITLES: [&str; 13] = [
    "sequence",
    "time",
    "category",
    "outcome",
    "operator",
    "role",
    "from",
    "regionHost",
    "subaccount",
    "locationId",
    "revision",
    "intent",
    "text",
];

impl Form {
    /// What stands before the records.
    pub fn begin(self) -> String {
        match self {
            Self::Csv => format!("{}\r\n", TITLES.join(",")),
            Self::Lines => String::new(),
        }
    }

    /// One record.
    pub fn record(self, record: &Record) -> String {
        match self {
            Self::Csv => csv(record),
            Self::Lines => {
                let json = serde_json::to_string(record).unwrap_or_default();
                format!("{json}\n")
            }
        }
    }

    /// What tells a reader that not all is there.
    pub fn broken(self, why: &str) -> String {
        match self {
            Self::Csv => format!("{},,,,,,,,,,,,\r\n", cell(&format!("incomplete: {why}"))),
            Self::Lines => format!("{}\n", serde_json::json!({ "incomplete": why })),
        }
    }
}

fn csv(record: &Record) -> String {
    let key = record.subaccount.as_ref();
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    let number = |value: Option<u64>| value.map(|number| number.to_string()).unwrap_or_default();
    let cells: [String; TITLES.len()] = [
        record.sequence.to_string(),
        clock::rfc3339(record.time_ms),
        format!("{:?}", record.category),
        format!("{:?}", record.outcome),
        record.actor.name.clone(),
        text(&record.actor.role),
        text(&record.actor.from),
        key.map(|key| key.region_host.to_string())
            .unwrap_or_default(),
        key.map(|key| key.subaccount.to_string())
            .unwrap_or_default(),
        key.map(|key| key.location_id.to_string())
            .unwrap_or_default(),
        number(record.revision),
        number(record.intent),
        record.text(),
    ];
    format!("{}\r\n", cells.map(|text| cell(&text)).join(","))
}

#[cfg(test)]
mod tests {
    use underpass_shared::audit::{Actor, Category, Outcome};

    use super::*;

    #[test]
    fn cells_stay_cells_and_never_become_formulas() {
        let actor = Actor {
            name: "=cmd|'/C calc'!A0".to_owned(),
            role: None,
            from: None,
        };
        let message = "a \"b\", c";
        let mut record = Record::new(
            1_700_000_000_123,
            Category::Account,
            Outcome::Done,
            actor,
            message,
        );
        record.sequence = 7;
        let line = Form::Csv.record(&record);
        let wanted = "7,2023-11-14T22:13:20.123Z,Account,Done,\"'=cmd|'/C calc'!A0\",,,,,,,,\"a \"\"b\"\", c\"\r\n";
        assert_eq!(line, wanted);
        assert_eq!(Form::Csv.begin().matches(',').count(), TITLES.len() - 1);
        assert_eq!(Form::Csv.broken("x").matches(',').count(), TITLES.len() - 1);
        let line = Form::Lines.record(&record);
        assert_eq!(serde_json::from_str::<Record>(&line).unwrap(), record);
    }
}
