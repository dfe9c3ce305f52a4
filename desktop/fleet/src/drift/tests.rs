//! What differs, and what does not count.

use serde_json::json;
use underpass_shared::config::{Connector, ConnectorFields};

use super::*;
use crate::template::tests::{about, document, key, mapping};

fn report(wanted: &Document, present: &Document, rules: &[&str], pairing: Pairing) -> Report {
    let mut all = Rules::default();
    rules.iter().for_each(|rule| all.add(rule).unwrap());
    let baseline = Baseline::Agent(Arc::new(wanted.clone()));
    baseline.drift(&about(), present, &all, pairing).unwrap()
}

fn told(report: &Report) -> Vec<(Kind, &str)> {
    let all = report.differences.iter();
    all.map(|one| (one.kind, one.path.as_str())).collect()
}

fn described(document: &Document, text: &str) -> Document {
    let mut fields: ConnectorFields = Connector::clone(document.connector()).into();
    fields.description = text.parse().ok();
    document.with_connector(fields.try_into().unwrap()).unwrap()
}

#[test]
fn differences_are_told_by_path() {
    let wanted = described(&document(""), "x");
    let place = format!("subaccounts[{}].mappings", key(1, ""));
    let present = document("").with_mapping(key(1, ""), mapping("old:80", "new.corp:80"));
    let present = present
        .unwrap()
        .with_mapping(key(1, ""), mapping("more:80", "more.corp:80"));
    let present = present.unwrap();
    let found = report(&wanted, &present, &[], Pairing::Exact);
    let (more, inner) = (
        format!("{place}[more:80]"),
        format!("{place}[old:80].internalAddress"),
    );
    let expected = [
        (Kind::Missing, "connector.description"),
        (Kind::Extra, more.as_str()),
        (Kind::Other, inner.as_str()),
    ];
    assert_eq!(told(&found), expected);
    assert_eq!(found.differences[2].wanted, Some(json!("old.corp:80")));
    assert_eq!(found.differences[2].present, Some(json!("new.corp:80")));
    // A rule is about all that is below it, and what it hides is counted.
    let rules = ["connector.description", "subaccounts[*].mappings[old:*]"];
    let found = report(&wanted, &present, &rules, Pairing::Exact);
    assert_eq!(
        (told(&found), found.ignored),
        (vec![(Kind::Extra, more.as_str())], 2)
    );
    assert!(report(&wanted, &wanted, &[], Pairing::Exact).is_empty());
}

#[test]
fn subaccounts_of_other_locations_are_compared_when_wanted() {
    let (wanted, present) = (document("a"), document("b"));
    assert_eq!(
        report(&wanted, &present, &[], Pairing::Exact)
            .differences
            .len(),
        4
    );
    assert!(report(&wanted, &present, &[], Pairing::Tenant).is_empty());
    let mut all = Rules::default();
    all.with_own();
    let baseline = Baseline::Agent(Arc::new(wanted));
    let found = baseline
        .drift(&about(), &present, &all, Pairing::Tenant)
        .unwrap();
    let path = format!("subaccounts[{}].locationId", key(1, "b"));
    assert_eq!(told(&found)[0], (Kind::Other, path.as_str()));
}

#[test]
fn an_agent_is_compared_with_what_a_template_makes_of_it() {
    let template = json!({ "format": 1, "settings": { "description": "${agent.label}" } });
    let template = Template::from_json(&template.to_string()).unwrap();
    let baseline = Baseline::Template(Box::new(template), Box::default());
    let drift = |present: &Document| {
        let rules = Rules::default();
        baseline
            .drift(&about(), present, &rules, Pairing::Exact)
            .unwrap()
    };
    let found = drift(&described(&document(""), "other"));
    assert_eq!(told(&found), [(Kind::Other, "connector.description")]);
    assert!(drift(&described(&document(""), "plant-1")).is_empty());
}

#[test]
fn lines_that_are_no_rules_are_refused() {
    let mut rules = Rules::default();
    rules.add("# why\n\n  connector.email  \n").unwrap();
    assert!(rules.leave_out("connector.email"));
    assert!(!rules.leave_out("connector.emailTrust"));
    for (rule, why) in [("email", "begin with"), (&"*".repeat(501), "too long")] {
        let told = rules.add(rule).unwrap_err().to_string();
        assert!(told.contains(why), "{told}");
    }
}

#[test]
fn what_differs_is_settled_place_by_place() {
    let wanted = described(&document("a"), "as all");
    let wanted = wanted
        .with_mapping(key(1, "a"), mapping("new:80", "new.corp:80"))
        .unwrap();
    let present = described(&document("b"), "own")
        .with_mapping(key(1, "b"), mapping("old:80", "else.corp:80"))
        .and_then(|document| {
            document.with_mapping(key(1, "b"), mapping("more:80", "more.corp:80"))
        });
    let present = present.unwrap();
    let baseline = Baseline::Agent(Arc::new(wanted.clone()));
    let (rules, pairing) = (Rules::default(), Pairing::Tenant);
    let settle = |take: &dyn Fn(&str) -> bool| {
        let carried = baseline
            .settle(&about(), &present, &rules, pairing, take)
            .unwrap();
        let values = Values::default();
        let after = carried
            .template
            .render(&values, &about(), &present)
            .unwrap();
        baseline.drift(&about(), &after, &rules, pairing).unwrap()
    };
    let before = report(&wanted, &present, &[], pairing);
    assert!(before.differences.len() >= 3, "{before:?}");
    // All of it, or one place alone.
    assert!(settle(&|_path| true).is_empty());
    for one in &before.differences {
        let left = settle(&|path| path == one.path);
        let expected = before.differences.iter().filter(|other| *other != one);
        assert_eq!(
            left.differences,
            expected.cloned().collect::<Vec<_>>(),
            "{}",
            one.path
        );
    }
}

#[test]
fn what_belongs_to_one_agent_or_needs_an_enrolment_is_left_out() {
    let wanted = document("a");
    let mut present = Document::empty();
    present = described(&present, "empty");
    let mut rules = Rules::default();
    rules.with_own();
    let baseline = Baseline::Agent(Arc::new(wanted.clone()));
    let carried = baseline
        .settle(&about(), &present, &rules, Pairing::Exact, &|_| true)
        .unwrap();
    let places = wanted.subaccounts().len();
    assert_eq!(carried.left_out.len(), places, "{:?}", carried.left_out);
    assert!(carried.template.subaccounts.is_empty());
    assert_eq!(carried.template.settings["description"], json!(null));
}

#[test]
fn reports_are_written_for_people() {
    let wanted = described(&document(""), "a|b `c`");
    let present = described(&document(""), "# d");
    let of = |n: u8, label: &str, report: Result<Report, String>| Compared {
        agent: underpass_shared::id::AgentId::of_authority(&[n; 32]),
        label: label.to_owned(),
        group: None,
        is_stale: false,
        sections: match &report {
            Ok(report) => Report::sections(report),
            Err(_) => Default::default(),
        },
        report,
    };
    let mut rules = Rules::default();
    rules.add("connector.proxy").unwrap();
    let comparison = Comparison {
        made_ms: 0,
        baseline: "plant_1".to_owned(),
        basis: Baseline::Agent(Arc::new(wanted.clone())),
        pairing: Pairing::Exact,
        agents: vec![
            of(1, "same", Ok(report(&wanted, &wanted, &[], Pairing::Exact))),
            of(
                2,
                "[other]",
                Ok(report(&wanted, &present, &[], Pairing::Exact)),
            ),
            of(3, "away", Err("it is away".to_owned())),
        ],
        rules,
    };
    let text = comparison.to_markdown("today");
    for line in [
        "- Baseline: plant\\_1",
        "- Made: today",
        "- Agents: 1 as they shall be, 1 otherwise, 1 not compared",
        "- Left out: `connector.proxy`",
        "| Agent | General | Result |",
        "| same |  | as it shall be |",
        "| \\[other\\] | 1 | 1 differ |",
        "| away |  | not compared: it is away |",
        "| `connector.description` | `` \"a\\|b `c`\" `` | `\"# d\"` |",
    ] {
        assert!(text.lines().any(|one| one == line), "{line}\n{text}");
    }
    let json = comparison.to_json();
    assert_eq!(json[1]["report"]["differences"][0]["kind"], "other");
    assert_eq!(json[2]["problem"], "it is away");
}
