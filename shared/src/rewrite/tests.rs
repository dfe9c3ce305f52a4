//! Tables of what becomes what, and what stays.

use uuid::Uuid;

use super::*;
use crate::config::Document;

/// The subaccount of a document with these mappings (virtual, internal, protocol) and domains.
fn document(mappings: &[(&str, &str, &str)], domains: &[(&str, &str)]) -> Document {
    let mappings: Vec<_> = mappings
        .iter()
        .map(|(outside, inside, protocol)| {
            serde_json::json!({"virtualAddress": outside, "internalAddress": inside,
                "protocol": protocol, "backendType": "nonSAPsys"})
        })
        .collect();
    let domains: Vec<_> = domains
        .iter()
        .map(|(outside, inside)| {
            serde_json::json!({"virtualDomain": outside, "internalDomain": inside})
        })
        .collect();
    let document = serde_json::json!({"schema": 1, "subaccounts": [{
        "regionHost": "localhost", "subaccount": Uuid::nil(), "instance": Uuid::nil(),
        "credential": Uuid::nil(), "connected": true,
        "domainMappings": domains, "mappings": mappings,
    }]});
    Document::from_json(&document.to_string()).unwrap()
}

/// What a header becomes in an answer that came by the mapping of this virtual address.
fn rewritten(document: &Document, by: (&str, u16), name: HeaderName, value: &str) -> String {
    let subaccount = &document.subaccounts()[0];
    let mapping = subaccount.mapping(by.0, by.1).unwrap();
    let mut headers = HeaderMap::new();
    headers.insert(name.clone(), HeaderValue::from_str(value).unwrap());
    response(&mut headers, subaccount, mapping);
    assert_eq!(headers.len(), 1);
    String::from_utf8(headers[name].as_bytes().to_vec()).unwrap()
}

#[test]
fn locations_lead_to_virtual_addresses() {
    let document = document(
        &[
            ("a.virtual:80", "erp.corp:8080", "HTTP"),
            ("b.virtual:8443", "erp.corp:8443", "HTTPS"),
            ("c.virtual:80", "erp.corp:8443", "HTTPS"),
            ("d.virtual:81", "plain.corp:80", "HTTP"),
            ("e.virtual:82", "[fe80::1]:8080", "HTTP"),
            ("f.virtual:83", "tls.corp:443", "HTTPS"),
            ("g.virtual:84", "tcp.corp:8080", "TCP"),
            ("h.virtual:85", "10.0.0.1:80", "HTTP"),
        ],
        &[],
    );
    let location = |value: &str| rewritten(&document, ("f.virtual", 83), LOCATION, value);
    for (old, new) in [
        ("http://erp.corp:8080/a?b=c#d", "http://a.virtual/a?b=c#d"),
        ("HTTP://ERP.Corp:8080", "http://a.virtual"),
        ("http://erp.corp:8080?x", "http://a.virtual?x"),
        // Two mappings lead there: the first wins. TLS ends at the agent.
        ("https://erp.corp:8443/", "http://b.virtual:8443/"),
        ("http://erp.corp:8443/", "http://b.virtual:8443/"),
        ("http://plain.corp/x", "http://d.virtual:81/x"),
        ("http://plain.corp:/x", "http://d.virtual:81/x"),
        ("https://tls.corp/x", "http://f.virtual:83/x"),
        // Without a scheme it is that of the back end.
        ("//tls.corp/x", "//f.virtual:83/x"),
        ("http://[FE80:0::1]:8080/", "http://e.virtual:82/"),
        ("http://10.0.0.1/", "http://h.virtual:85/"),
        ("http://erp.corp:8080/%2f/..;x", "http://a.virtual/%2f/..;x"),
    ] {
        assert_eq!(location(old), new, "{old}");
    }
    for kept in [
        "/relative",
        "relative/http://erp.corp:8080/",
        "?http://erp.corp:8080/",
        "",
        "http:",
        "http://",
        "http:///x",
        "http://erp.corp/",
        "http://erp.corp:8081/",
        "https://plain.corp/",
        "//plain.corp/",
        "http://erp.corp.:8080/",
        "http://xerp.corp:8080/",
        "http://erp.corp:8080x/",
        "http://erp.corp:808080/",
        "http://user@erp.corp:8080/",
        "http://tcp.corp:8080/",
        "http://elsewhere.example/",
        "http://[fe80::1]/",
        "http://[fe80::1:8080/",
        "ftp://erp.corp:8080/",
        "mailto:erp.corp:8080",
    ] {
        assert_eq!(location(kept), kept);
    }
}

#[test]
fn domains_of_cookies_become_virtual() {
    let document = document(
        &[("erp.virtual:80", "erp.corp:8080", "HTTP")],
        &[
            ("cloud.example", "corp.example"),
            ("own.example", ".Dot.example"),
        ],
    );
    let cookie = |value: &str| rewritten(&document, ("erp.virtual", 80), SET_COOKIE, value);
    for (old, new) in [
        ("a=b; Domain=corp.example", "a=b; Domain=cloud.example"),
        (
            "a=b; path=/; DOMAIN = .Corp.Example ; Secure",
            "a=b; path=/; DOMAIN = .cloud.example; Secure",
        ),
        ("a=b;domain=dot.example;x", "a=b;domain=own.example;x"),
        // The mapping's own hosts, where no domain mapping says it.
        (
            "a=b; Domain=ERP.corp; HttpOnly",
            "a=b; Domain=erp.virtual; HttpOnly",
        ),
        ("a=b; Domain=.erp.corp", "a=b; Domain=.erp.virtual"),
        // The last one counts (RFC 6265 section 5.3), so all are rewritten.
        (
            "a=b; Domain=x; Domain=erp.corp; Domain=corp.example",
            "a=b; Domain=x; Domain=erp.virtual; Domain=cloud.example",
        ),
        (
            "a=\"corp.example\"; Domain=corp.example",
            "a=\"corp.example\"; Domain=cloud.example",
        ),
    ] {
        assert_eq!(cookie(old), new, "{old}");
    }
    for kept in [
        "a=b",
        "a=b; Path=/",
        "Domain=corp.example",
        "domain=corp.example; Path=/",
        "a=b; Domain=",
        "a=b; Domain",
        "a=b; Domain=app.corp.example",
        "a=b; Domain=..corp.example",
        "a=b; XDomain=corp.example",
        "a=b; Path=/Domain=corp.example",
        "",
    ] {
        assert_eq!(cookie(kept), kept);
    }
}

#[test]
fn each_of_several_cookies_is_rewritten_in_its_place() {
    let document = document(&[("erp.virtual:80", "erp.corp:80", "HTTP")], &[]);
    let subaccount = &document.subaccounts()[0];
    let mut headers = HeaderMap::new();
    for value in ["a=1; Domain=erp.corp", "b=2", "c=\u{e9}; domain=erp.corp"] {
        let value = HeaderValue::from_bytes(value.as_bytes()).unwrap();
        headers.append(SET_COOKIE, value);
    }
    headers.append("x-other", HeaderValue::from_static("Domain=erp.corp"));
    response(&mut headers, subaccount, &subaccount.mappings()[0]);
    let cookies: Vec<&[u8]> = headers
        .get_all(SET_COOKIE)
        .iter()
        .map(HeaderValue::as_bytes)
        .collect();
    let third = "c=\u{e9}; domain=erp.virtual";
    assert_eq!(
        cookies,
        [
            b"a=1; Domain=erp.virtual".as_slice(),
            b"b=2",
            third.as_bytes()
        ]
    );
    assert_eq!(headers["x-other"], "Domain=erp.corp");
}
