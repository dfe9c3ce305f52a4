//! What of the configuration is allowed but weakens security: told in the log and in the status.

use underpass_shared::config::{Document, SubaccountKey};
use underpass_shared::host::VirtualAddress;

/// Mappings named in one warning; the number of the others is told.
const NAMED_MAX: usize = 10;

/// What weakens security in a document, one sentence each.
pub fn of(document: &Document) -> Vec<String> {
    let mut warnings = vec![];
    if document.connector().backend_trust().trust_all_backends() {
        warnings.push(
            "the certificates of back ends are not checked at all (trustAllBackends)".to_owned(),
        );
    }
    warnings.extend(common_names(document));
    warnings
}

fn common_names(document: &Document) -> Option<String> {
    let mappings = document.subaccounts().iter().flat_map(|subaccount| {
        let mappings = subaccount.mappings().iter();
        let by_common_name = mappings.filter(|one| one.certificate_name_by_common_name);
        by_common_name.map(|one| (subaccount.key(), &one.virtual_address))
    });
    let found: Vec<(&SubaccountKey, &VirtualAddress)> = mappings.collect();
    let named = found.iter().take(NAMED_MAX);
    let named: Vec<String> = named
        .map(|(key, address)| format!("{address} of {}", key.subaccount))
        .collect();
    if named.is_empty() {
        return None;
    }
    let more = match found.len() - named.len() {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    Some(format!(
        "back ends are known by the outdated common name of their certificates: {}{more}",
        named.join(", ")
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_loud_is_named() {
        let id = "0190a5a2-6d0e-7cc0-8000-000000000001";
        let mapping = |n: usize, loud: bool| {
            serde_json::json!({"virtualAddress": format!("v{n:02}:443"), "internalAddress": "a:1",
                "protocol": "HTTPS", "backendType": "nonSAPsys", "certificateNameByCommonName": loud})
        };
        let document = |all: bool, loud: usize| {
            let mappings: Vec<_> = (0..20).map(|n| mapping(n, n < loud)).collect();
            let json = serde_json::json!({"schema": 1,
                "connector": {"backendTrust": {"trustAllBackends": all}},
                "subaccounts": [{"regionHost": "g", "subaccount": id, "instance": id,
                                 "credential": id, "connected": true, "mappings": mappings}]});
            Document::from_json(&json.to_string()).unwrap()
        };
        assert!(of(&document(false, 0)).is_empty());
        let warnings = of(&document(true, 12));
        assert_eq!(warnings.len(), 2);
        assert!(warnings[0].contains("trustAllBackends"), "{warnings:?}");
        let named = warnings[1].matches(":443").count();
        assert_eq!(named, NAMED_MAX, "{warnings:?}");
        assert!(warnings[1].ends_with(" and 2 more"), "{warnings:?}");
    }
}
