//! Gateways that are of a newer version than this agent: whoever runs them updates them first.

use std::collections::BTreeMap;

use semver::Version;
use underpass_shared::api::management::LinkStatus;

/// The region hosts whose gateways are newer than `own`, each with what is to be told. Versions are
/// those of Semantic Versioning 2.0.0; what is none says nothing.
pub(super) fn of(links: &[LinkStatus], own: &str) -> BTreeMap<String, String> {
    let Ok(ours) = Version::parse(own) else {
        return BTreeMap::new();
    };
    let newer = links.iter().filter_map(|link| {
        let theirs = Version::parse(link.gateway_version.as_ref()?).ok()?;
        theirs.cmp_precedence(&ours).is_gt().then(|| {
            let host = link.region_host.to_string();
            let message = format!("the gateway {host} is of version {theirs}, this agent of {own}");
            (host, message)
        })
    });
    newer.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn link(host: &str, version: Option<&str>) -> LinkStatus {
        LinkStatus {
            region_host: host.parse().unwrap(),
            subaccount: "0190a5a2-6d0e-7cc0-8000-000000000001".parse().unwrap(),
            location_id: "".parse().unwrap(),
            instance: "0190a5a2-6d0e-7cc0-8000-000000000002".parse().unwrap(),
            connected_since_ms: None,
            gateway_version: version.map(str::to_owned),
            connections: vec![],
        }
    }

    #[test]
    fn only_newer_versions_are_told() {
        for (theirs, ours, is_newer) in [
            ("0.2.0", "0.1.0", true),
            ("0.10.0", "0.9.9", true),
            ("1.0.0", "1.0.0-rc.1", true),
            ("1.0.0-rc.1", "1.0.0", false),
            ("1.0.0+nightly.7", "1.0.0", false),
            ("1.0.0", "1.0.0", false),
            ("0.9.9", "1.0.0", false),
            ("2", "1.0.0", false),
            ("", "1.0.0", false),
            ("99.0.0; DROP", "1.0.0", false),
        ] {
            let found = of(&[link("a.example", Some(theirs))], ours);
            assert_eq!(found.contains_key("a.example"), is_newer, "{theirs} {ours}");
        }
    }

    #[test]
    fn each_gateway_is_told_once() {
        let links = [
            link("a.example", Some("2.0.0")),
            link("a.example", Some("2.0.0")),
            link("b.example", None),
            link("c.example", Some("3.0.0")),
        ];
        let found = of(&links, "1.0.0");
        let hosts: Vec<&str> = found.keys().map(String::as_str).collect();
        assert_eq!(hosts, ["a.example", "c.example"]);
        assert_eq!(
            found["c.example"],
            "the gateway c.example is of version 3.0.0, this agent of 1.0.0"
        );
    }
}
