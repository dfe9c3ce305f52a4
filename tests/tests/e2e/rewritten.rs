//! Addresses of internal systems in answers: told as virtual ones.

use serde_json::json;

use crate::http::BACKEND;
use crate::process::{refuse, run};
use crate::raw::{RawBackend, values};
use crate::world::World;

#[test]
fn redirects_and_cookies_of_the_sample_back_end_can_be_followed() {
    let world = World::start();
    let (_backend, address) = world.sample_backend(&[]);
    let mut agent = world.expose_all(&address, &json!({}));

    let redirect = world.get(&format!("{BACKEND}/redirect"));
    assert_eq!(redirect.status, 302);
    assert_eq!(
        values(&redirect.head, "location"),
        ["http://backend.virtual/hello"]
    );
    let followed = world.call(&["-L", &format!("{BACKEND}/redirect")]);
    assert_eq!(followed.body, "Hello from the sample back end.\n");

    // Without domain mappings the mapping itself says what the back end's host is called.
    let cookie = || {
        let answer = world.get(&format!("{BACKEND}/cookie"));
        values(&answer.head, "set-cookie")
    };
    assert_eq!(
        cookie(),
        ["sample=1; domain=backend.virtual; path=/; httponly"]
    );

    agent.process().terminate();
    agent.process().wait();
    let mut document = agent.document();
    document["subaccounts"][0]["domainMappings"] =
        json!([{"virtualDomain": "cloud.example", "internalDomain": "127.0.0.1"}]);
    run(agent.command(&["document", "apply", &agent.write(&document)]));
    assert_eq!(
        agent.document()["subaccounts"][0]["domainMappings"],
        document["subaccounts"][0]["domainMappings"]
    );
    document["subaccounts"][0]["domainMappings"] =
        json!([{"virtualDomain": "cloud example", "internalDomain": "127.0.0.1"}]);
    let error = refuse(agent.command(&["document", "apply", &agent.write(&document)]));
    assert!(
        error.contains("subaccounts[0].domainMappings") && error.contains("must be a name"),
        "{error}"
    );
    agent.run();
    agent.until_up();
    assert_eq!(
        cookie(),
        ["sample=1; domain=cloud.example; path=/; httponly"]
    );
}

#[test]
fn only_what_is_exposed_is_rewritten() {
    let world = World::start();
    let backend = RawBackend::answering(|head| {
        let own = values(head, "x-forwarded-host").concat();
        format!(
            "HTTP/1.1 201 Created\r\nContent-Length: 0\r\nLocation: http://elsewhere.corp/x\r\n\
             Content-Location: http://127.0.0.1/x\r\nX-Own: {own}\r\n\
             Set-Cookie: a=1; Domain=other.corp\r\nSet-Cookie: b=2; Domain=.127.0.0.1\r\n\r\n"
        )
    });
    let _agent = world.expose_all(&backend.address, &json!({"hostInHeader": "INTERNAL"}));
    let answer = world.get(&format!("{BACKEND}/x"));
    assert_eq!(answer.status, 201);
    assert_eq!(
        values(&answer.head, "location"),
        ["http://elsewhere.corp/x"]
    );
    assert_eq!(
        values(&answer.head, "content-location"),
        ["http://127.0.0.1/x"]
    );
    assert_eq!(values(&answer.head, "x-own"), ["backend.virtual"]);
    assert_eq!(
        values(&answer.head, "set-cookie"),
        ["a=1; domain=other.corp", "b=2; domain=.backend.virtual"]
    );
}
