//! What is asked of a connector, and what a list alone tells.

use serde_json::json;

use super::*;

#[test]
fn a_reading_asks_on_until_all_is_told_and_keeps_no_passwords() {
    let proxy = json!({"host": "p", "port": "3128", "user": "u", "password": "hunter2"});
    let answers = with(
        subaccount(),
        "configuration/connector/proxy".to_owned(),
        proxy,
    );
    let old = "configuration/connector/onPremise/ppSettings".to_owned();
    let answers = with(
        answers,
        old,
        json!({"expirationToleranceInHr": 3, "certificateValidityInMin": 90}),
    );
    let reading = read(&answers);
    let file = reading.to_json().unwrap();
    assert!(!file.contains("hunter2"), "{file}");
    let whose = SourceSubaccount {
        region_host: String::new(),
        subaccount: String::new(),
    };
    assert_eq!(
        Reading::from_file(file.as_bytes(), "x", &whose).unwrap(),
        reading
    );
    let planned = alone(&answers);
    // Told by the address of older versions, so it is not missing.
    assert_eq!(
        planned
            .document
            .connector()
            .pp_settings
            .certificate_validity_in_min
            .get(),
        90
    );
    assert!(
        places(&planned.report, Kind::NotRead, "", "404")
            .iter()
            .all(|path| !path.contains("ppSettings"))
    );
    assert!(planned.document.connector().proxy().is_none());
    let passwords = |one: &&Decision| one.topic == Topic::Passwords;
    assert_eq!(planned.report.decisions.iter().filter(passwords).count(), 1);
    assert!(matches!(
        Reading::from_file(b"PK\x03\x04", "x", &whose),
        Err(InvalidReading::Archive)
    ));
}

#[test]
fn a_list_of_mappings_is_enough_and_hostile_text_stays_text() {
    let whose = SourceSubaccount {
        region_host: REGION.to_owned(),
        subaccount: ID.to_owned(),
    };
    let mut hostile = mapping(
        "erp",
        &json!({"description": "a\nb", "<b>*x*": "# |y|\n# z"}),
    );
    hostile["resources"] = json!([resource("/a", true)]);
    let file = json!([hostile]).to_string();
    let reading = Reading::from_file(file.as_bytes(), "list.json", &whose).unwrap();
    let planned = plan(&reading, &Document::empty(), &choice(), &mut || Uuid::nil()).unwrap();
    assert_eq!(mapped(&planned, "erp").resources.len(), 1);
    assert_eq!(&*mapped(&planned, "erp").description, "a b");
    let markdown = planned.report.to_markdown();
    assert!(
        markdown.contains("`<b>*x*`: this version does not know"),
        "{markdown}"
    );
    assert!(markdown.contains("\\# \\|y\\| \\# z"), "{markdown}");
    assert!(
        markdown.contains("one line and at most 1024 characters"),
        "{markdown}"
    );
    let json = serde_json::to_string(&planned.report).unwrap();
    assert_eq!(
        serde_json::from_str::<Report>(&json).unwrap(),
        planned.report
    );
}
