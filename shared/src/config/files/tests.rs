//! Documents that become files and come back.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;
use crate::config::tests::{any_document, key, mapping, own};
use crate::config::{SubaccountFields, diff};

fn sample() -> Document {
    let document = Document::empty().with_subaccount(own(1)).unwrap();
    ["b_c:80", "nul.corp:443"]
        .iter()
        .fold(document, |document, address| {
            document
                .with_mapping(key(1), mapping(address, &["/x"]))
                .unwrap()
        })
}

fn folder() -> String {
    format!("subaccounts/localhost%3a8443/{}/_", key(1).subaccount)
}

#[test]
fn each_part_is_a_file_whose_name_every_system_takes() {
    let files = sample().to_files(false);
    let folder = folder();
    let names: Vec<&str> = files.keys().map(String::as_str).collect();
    let expected = [
        "connector.json".to_owned(),
        format!("{folder}/mappings/%6eul.corp_443.json"),
        format!("{folder}/mappings/b%5fc_80.json"),
        format!("{folder}/subaccount.json"),
        "underpass.json".to_owned(),
    ];
    assert_eq!(names, expected);
    assert_eq!(Document::from_files(&files, None).unwrap(), sample());
}

#[test]
fn locations_that_differ_by_case_alone_have_other_names() {
    let with = |document: Document, location: &str| {
        let mut key = key(1);
        key.location_id = location.parse().unwrap();
        document
            .with_subaccount(SubaccountFields { key, ..own(1) })
            .unwrap()
    };
    let one = with(Document::empty(), "Plant");
    assert!(
        one.to_files(false)
            .keys()
            .any(|path| path.contains("/Plant/"))
    );
    let both = with(one, "plant");
    let files = both.to_files(false);
    let lower: BTreeSet<String> = files.keys().map(|path| path.to_lowercase()).collect();
    assert_eq!(lower.len(), files.len());
    assert_eq!(Document::from_files(&files, None).unwrap(), both);
    let dots = with(Document::empty(), "..");
    assert!(
        dots.to_files(false)
            .keys()
            .any(|path| path.contains("/%2e%2e/"))
    );
}

#[test]
fn portable_files_fit_who_has_the_subaccount() {
    let files = sample().to_files(true);
    assert!(!files.values().any(|text| text.contains("credential")));
    let told = Document::from_files(&files, None).unwrap_err().to_string();
    assert!(told.contains("enrol it first"), "{told}");
    let mut other = own(1);
    other.instance = crate::id::InstanceId::from_uuid(uuid::Uuid::from_u128(99));
    let present = Document::empty().with_subaccount(other).unwrap();
    let applied = Document::from_files(&files, Some(&present)).unwrap();
    let instance = applied.subaccounts()[0].own().instance;
    assert_eq!(instance, present.subaccounts()[0].own().instance);
    assert_eq!(applied.subaccounts()[0].mappings().len(), 2);
}

#[test]
fn what_is_wrong_names_the_file_and_the_field() {
    let folder = folder();
    let mapping = format!("{folder}/mappings/b%5fc_80.json");
    let own = format!("{folder}/subaccount.json");
    let edit = |path: &str, from: &str, to: &str| {
        let mut files = sample().to_files(false);
        let text = files.get_mut(path).unwrap();
        assert!(text.contains(from), "{text}");
        *text = text.replace(from, to);
        Document::from_files(&files, None).unwrap_err().to_string()
    };
    let told = edit(&mapping, "\"HTTP\"", "\"GOPHER\"");
    assert!(
        told.starts_with(&format!("{mapping}: protocol: unknown variant")),
        "{told}"
    );
    let told = edit(&mapping, "b_c:80", "b_c:81");
    assert!(
        told.starts_with(&format!("{mapping}: has another name")),
        "{told}"
    );
    let told = edit(&mapping, "b_c:80", "nul.corp:443");
    assert!(told.contains("occurs twice"), "{told}");
    let told = edit(&own, "\"connected\": true", "\"connected\": 7");
    assert!(told.starts_with(&format!("{own}: connected: ")), "{told}");
    let told = edit(
        "connector.json",
        "\"tunnelConnections\": 2",
        "\"tunnelConnections\": 99",
    );
    assert!(
        told.starts_with("connector.json: tunnelConnections: "),
        "{told}"
    );
    let told = edit("underpass.json", "1", "2");
    assert!(told.starts_with("schema: is 2"), "{told}");
    let told = edit("underpass.json", "}", ", \"portable\": 1 }");
    assert!(told.starts_with("underpass.json: portable: "), "{told}");
    let told = edit("underpass.json", "}", "");
    assert!(told.starts_with("underpass.json: "), "{told}");
    let mut files = sample().to_files(false);
    files.remove(&own);
    let told = Document::from_files(&files, None).unwrap_err().to_string();
    assert!(told.starts_with(&format!("{own}: is missing")), "{told}");
    files.insert("subaccounts/x.json".to_owned(), "{}".to_owned());
    let told = Document::from_files(&files, None).unwrap_err().to_string();
    assert!(told.starts_with("subaccounts/x.json: is no file"), "{told}");
    let told = Document::from_files(&Files::new(), None).unwrap_err();
    assert_eq!(told.field, MARKER);
}

proptest! {
    #[test]
    fn documents_come_back_from_their_files(document in any_document()) {
        let files = document.to_files(false);
        let again = Document::from_files(&files, None).unwrap();
        prop_assert_eq!(again.to_files(false), files);
        prop_assert!(diff(&document, &again).is_empty());
        let portable = document.to_files(true);
        prop_assert_eq!(Document::from_files(&portable, Some(&document)).unwrap(), document);
    }
}
