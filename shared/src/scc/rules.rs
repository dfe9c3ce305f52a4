//! Subject rules: which name users get in their certificates.

use serde_json::{Value, json};

use super::fields::Fields;
use super::findings::{Findings, Kind, shown};
use super::plan::Work;
use super::reading::list;
use crate::api::management::ALWAYS;
use crate::config::{Condition, SubjectFallback, SubjectPattern, SubjectRule, SubjectRules, Text};

/// The parts of a subject.
const PARTS: [&str; 7] = ["CN", "EMAIL", "L", "O", "OU", "ST", "C"];

/// A rule, or the one for whom no other holds.
enum Rule {
    When(SubjectRule),
    Always(SubjectFallback),
}

/// The rules, all or none: with one missing, its users would get the name of a later one.
pub(super) fn carry(work: &mut Work<'_>, present: &SubjectRules) -> Option<SubjectRules> {
    let all = list(work.reading.on_premises("subjectPatternRules"));
    if all.is_empty() {
        return None;
    }
    let (mut rules, mut fallback, mut whole) = (vec![], present.fallback().clone(), true);
    for (number, value) in (0..).zip(all) {
        let number: usize = number;
        let place = format!("subject rule {number}");
        match one(&mut work.findings, &place, value) {
            Ok(Rule::When(rule)) => rules.push(rule),
            Ok(Rule::Always(last)) => fallback = last,
            Err(why) => {
                work.findings.left(&place, "", Some(shown(value)), why);
                whole = false;
            }
        }
    }
    let rules = SubjectRules::new(rules, fallback);
    let rules = rules.ok().filter(|_| whole);
    if rules.is_none() {
        let why = "a rule that cannot be carried would leave its users to the next one, so none is";
        work.findings.left("subject rules", "", None, why);
    }
    for _ in all {
        work.counts.subject_rules.count(rules.is_some());
    }
    rules
}

fn one(findings: &mut Findings, place: &str, value: &Value) -> Result<Rule, String> {
    let mut fields = Fields::of(value, place);
    fields.states(&["lastUsed", "index", "order"], "a state", findings);
    let description = fields.fit("description", findings);
    let condition = fields.value("condition").unwrap_or_default();
    let pattern = fields.value("subjectPattern").unwrap_or_default();
    fields.finish(findings);
    let mut parts = Fields::of(&pattern, format!("{place} subjectPattern"));
    let known = Value::Object(parts.take(&PARTS));
    parts.finish(findings);
    let pattern = serde_json::from_value::<SubjectPattern>(known);
    let pattern = pattern.map_err(|rule| format!("subjectPattern: {rule}"))?;
    Ok(match when(findings, place, &condition)? {
        Some(condition) => Rule::When(SubjectRule {
            description,
            condition,
            subject_pattern: pattern,
        }),
        None => Rule::Always(SubjectFallback {
            description: Text::clone(&description),
            subject_pattern: pattern,
        }),
    })
}

/// The condition, which is asked for as an object and told in words; none for the last rule.
fn when(findings: &mut Findings, place: &str, told: &Value) -> Result<Option<Condition>, String> {
    let unknown = || format!("condition {} is not understood", shown(told));
    let fields = match told {
        Value::String(words) if words.trim() == ALWAYS => return Ok(None),
        Value::String(words) => {
            let (variable, rest) = words.trim().split_once(' ').ok_or_else(unknown)?;
            let rest = rest.trim_start();
            let (operator, value) = match rest.split_once(' ').unwrap_or((rest, "")) {
                ("exists", "") => ("exist", None),
                ("does", "not exist") => ("exist_not", None),
                ("is", "not") => ("is_not", Some("")),
                ("is", value) => match value.strip_prefix("not ") {
                    Some(value) => {
                        let why = "read as \"is not\"; should the value itself begin with \"not\", correct the rule";
                        let shown = Some(words.clone());
                        findings.note(Kind::Changed, place, "condition", shown, why);
                        ("is_not", Some(value))
                    }
                    None => ("is", Some(value)),
                },
                _ => return Err(unknown()),
            };
            let mut fields = json!({ "variable": variable, "operator": operator });
            if let Some(value) = value {
                fields["value"] = json!(value);
            }
            fields
        }
        Value::Object(_) => told.clone(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) => return Err(unknown()),
    };
    let condition = serde_json::from_value(fields);
    condition
        .map(Some)
        .map_err(|rule| format!("condition: {rule}"))
}
