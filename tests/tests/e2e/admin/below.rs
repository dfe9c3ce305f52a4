//! What belongs to a subaccount, as existing scripts read and write it.

use serde_json::{Value, json};

use super::socket::Answer;
use crate::agent::Agent;
use crate::process::{json as parse, run};
use crate::world::World;

fn prepared(world: &World) -> (Agent, String) {
    let mut agent = world.enrol("", &[]);
    agent.run();
    agent.until_up();
    let subaccount = agent.subaccount_path();
    (agent, subaccount)
}

/// Sends JSON and checks the status.
fn send(agent: &Agent, method: &str, path: &str, body: &Value, status: u16) -> Answer {
    let answer = agent.send(method, path, &[], &body.to_string());
    assert_eq!(answer.status, status, "{method} {path} {body}: {answer:?}");
    if matches!(status, 201 | 204) {
        assert_eq!(answer.body, "", "{method} {path}");
    }
    answer
}

fn get(agent: &Agent, path: &str) -> Value {
    let answer = agent.ask("GET", path, &[]);
    assert_eq!(answer.status, 200, "{path}: {answer:?}");
    answer.json()
}

fn delete(agent: &Agent, path: &str, status: u16) {
    let answer = agent.ask("DELETE", path, &[]);
    assert_eq!(answer.status, status, "{path}: {answer:?}");
}

/// Field and message of a refusal.
fn refused(agent: &Agent, method: &str, path: &str, body: &Value, status: u16) -> (String, String) {
    let error = send(agent, method, path, body, status).json();
    let text = |name: &str| error[name].as_str().unwrap_or_default().to_owned();
    (text("field"), text("message"))
}

/// What was read is written back, which changes nothing.
fn write_back(agent: &Agent, path: &str) {
    let shown = agent.ask("GET", path, &[]);
    let same = send(agent, "PUT", path, &shown.json(), 204);
    assert_eq!(same.header("etag"), shown.header("etag"), "{path}");
}

#[test]
fn domain_mappings_are_added_changed_and_removed() {
    let world = World::start();
    let (agent, subaccount) = prepared(&world);
    let all = format!("{subaccount}/domainMappings");
    let pair =
        |internal: &str, outer: &str| json!({"virtualDomain": outer, "internalDomain": internal});
    let made = send(
        &agent,
        "POST",
        &all,
        &pair("corp.example", "cloud.example"),
        201,
    );
    let one = made.header("location");
    assert_eq!(one, format!("{all}/corp.example"));
    assert_eq!(
        get(&agent, &all),
        json!([{"virtualDomain": "cloud.example", "internalDomain": "corp.example",
                "_links": {"self": {"href": one}}}])
    );
    let twice = refused(&agent, "POST", &all, &pair(".CORP.example", "x"), 409);
    assert_eq!(twice.0, "internalDomain");
    let wrong = refused(&agent, "POST", &all, &pair("a b", "x"), 400);
    assert_eq!(wrong.0, "internalDomain");
    write_back(&agent, &one);
    send(
        &agent,
        "PUT",
        &one,
        &pair("corp.example", "other.example"),
        204,
    );
    assert_eq!(get(&agent, &one)["virtualDomain"], "other.example");
    send(
        &agent,
        "PUT",
        &one,
        &pair("b.example", "other.example"),
        204,
    );
    assert_eq!(agent.ask("GET", &one, &[]).status, 404);
    delete(&agent, &format!("{all}/b.example"), 204);
    delete(&agent, &format!("{all}/b.example"), 404);
    send(&agent, "POST", &all, &pair("c.example", "d"), 201);
    delete(&agent, &all, 204);
    assert_eq!(get(&agent, &all), json!([]));
}

#[test]
#[expect(clippy::too_many_lines, reason = "one story, told in its order")]
fn system_mappings_carry_all_that_scripts_know() {
    let world = World::start();
    let (agent, subaccount) = prepared(&world);
    let all = format!("{subaccount}/systemMappings");
    let rfc = json!({"virtualHost": "erp", "virtualPort": "3300", "localHost": "erp.corp",
        "localPort": "3300", "protocol": "RFCS", "backendType": "abapSys", "sid": "ERP",
        "authenticationMode": "X509_GENERAL", "sapRouter": "/H/r/S/3299",
        "sncPartnerName": "p:CN=ERP", "allowedClients": ["100"],
        "blacklistedUsers": [{"client": "100", "user": "DDIC"}], "description": "d"});
    let made = send(&agent, "POST", &all, &rfc, 201);
    let one = made.header("location");
    let shown = get(&agent, &one);
    for (name, value) in rfc.as_object().unwrap() {
        assert_eq!(&shown[name], value, "{name}");
    }
    let date: u64 = shown["creationDate"].as_str().unwrap().parse().unwrap();
    assert!(date > 1_700_000_000_000, "{date}");
    assert_eq!(shown["totalResourcesCount"], 0);
    assert_eq!(shown["effective"], false);
    write_back(&agent, &one);

    let clients = format!("{one}/allowedClients");
    send(
        &agent,
        "PATCH",
        &clients,
        &json!(["300", "200", "100"]),
        204,
    );
    assert_eq!(get(&agent, &clients), json!(["100", "200", "300"]));
    delete(&agent, &format!("{clients}/200"), 204);
    delete(&agent, &format!("{clients}/200"), 404);
    send(&agent, "POST", &clients, &json!(["400"]), 204);
    // The last one does not go by itself, for then all would be allowed.
    delete(&agent, &format!("{clients}/400"), 409);
    delete(&agent, &clients, 204);
    assert_eq!(get(&agent, &clients), json!([]));
    let wrong = refused(&agent, "POST", &clients, &json!(["100", "1"]), 400);
    assert_eq!(wrong.0, "[1]");
    let users = format!("{one}/blockedClientUsers");
    let user = |name: &str| json!([{"client": "100", "user": name}]);
    send(&agent, "PATCH", &users, &user("SAP*"), 204);
    assert_eq!(get(&agent, &users).as_array().unwrap().len(), 2);
    delete(&agent, &format!("{users}/100:SAP*"), 204);
    send(&agent, "POST", &users, &user("TMSADM"), 204);
    assert_eq!(get(&agent, &users), user("TMSADM"));
    delete(&agent, &users, 204);
    let shown = get(&agent, &one);
    assert_eq!(shown["blacklistedUsers"], json!([]));
    assert_eq!(shown["creationDate"], date.to_string());

    let range = json!({"virtualHost": "db", "virtualPort": "30000-30009", "localHost": "db.corp",
        "localPort": "40000-40009", "protocol": "TCP", "backendType": "hana"});
    let made = send(&agent, "POST", &all, &range, 201);
    let ports = made.header("location");
    assert_eq!(ports, format!("{all}/db:30000-30009"));
    assert_eq!(get(&agent, &ports)["localPort"], "40000-40009");
    write_back(&agent, &ports);
    assert_eq!(
        agent.ask("GET", &format!("{all}/db:30000"), &[]).status,
        404
    );
    let inside = json!({"virtualHost": "db", "virtualPort": 30009, "localHost": "b",
        "localPort": 1, "protocol": "TCP", "backendType": "hana"});
    let inside = refused(&agent, "POST", &all, &inside, 400);
    assert!(inside.1.contains("among them"), "{inside:?}");
    let not_rfc = format!("{ports}/allowedClients");
    refused(&agent, "POST", &not_rfc, &json!(["100"]), 409);
    assert_eq!(get(&agent, &not_rfc), json!([]));
    delete(&agent, &ports, 204);

    // A resource knows its date too; in lists it has no links.
    let http = parse(&run(agent.command(&[
        "mapping",
        "add",
        "w:80",
        "w.corp:80",
        "--json",
    ])));
    assert!(http["revision"].as_u64().is_some(), "{http}");
    let resources = format!("{all}/w:80/resources");
    send(&agent, "POST", &resources, &json!({"id": "/a"}), 201);
    let listed = get(&agent, &resources);
    assert_eq!(listed[0]["_links"], json!({}));
    assert!(listed[0]["creationDate"].is_string(), "{listed}");
    let link = &get(&agent, &format!("{resources}/-a"))["_links"]["self"]["href"];
    assert_eq!(link, &json!(format!("{resources}/-a")));
}

#[test]
#[expect(clippy::too_many_lines, reason = "one story, told in its order")]
fn channels_of_every_type_are_kept_and_say_why_they_are_not_open() {
    let world = World::start();
    let (agent, subaccount) = prepared(&world);
    let channels = format!("{subaccount}/channels");
    let abap = json!({"abapCloudTenantHost": "t.abap.cloud", "comment": "Created",
        "connections": "1", "instanceNumber": "20"});
    let k8s = json!({"k8sCluster": "cp.cloud:443", "k8sService": "s1", "port": "5432"});
    let hana = json!({"hanaInstanceName": "db", "instanceNumber": 0});
    let machine = json!({"name": "vm", "endpointId": "e1", "port": 2222});
    let kinds = [
        ("ABAPCloud", &abap, 3320),
        ("ABAPCloudSNC", &abap, 4820),
        ("K8S", &k8s, 5432),
        ("HANA", &hana, 30_015),
        ("VirtualMachine", &machine, 2222),
    ];
    for (id, (kind, body, port)) in (1..).zip(kinds) {
        let all = format!("{channels}/{kind}");
        let one = send(&agent, "POST", &all, body, 201).header("location");
        assert_eq!(one, format!("{all}/{id}"));
        let shown = get(&agent, &one);
        assert_eq!(get(&agent, &all), json!([shown]));
        assert_eq!(
            json!([
                shown["id"],
                shown["type"],
                shown["port"],
                shown["enabled"],
                shown["connections"]
            ]),
            json!([id, kind, port, false, 1])
        );
        assert_eq!(
            shown["state"],
            json!({"connected": false, "openedConnections": 0})
        );
        assert_eq!(shown["effective"], false);
        assert_eq!(shown["_links"]["state"]["href"], format!("{one}/state"));
        write_back(&agent, &one);
        let open = refused(
            &agent,
            "PUT",
            &format!("{one}/state"),
            &json!({"enabled": "true"}),
            500,
        );
        assert!(
            open.1.contains("cannot be opened: this version opens no"),
            "{open:?}"
        );
        send(
            &agent,
            "PUT",
            &format!("{one}/state"),
            &json!({"enabled": false}),
            204,
        );
    }
    let tunnel = &get(&agent, &subaccount)["tunnel"];
    assert_eq!(
        tunnel["serviceChannels"][2]["details"],
        "s1 of cp.cloud:443, local port 5432"
    );
    let taken = refused(&agent, "POST", &format!("{channels}/ABAPCloud"), &abap, 409);
    assert_eq!(taken.0, "instanceNumber");
    let other = json!({"k8sCluster": "cp.cloud", "k8sService": "s2", "port": 3320});
    let taken = refused(&agent, "PUT", &format!("{channels}/K8S/3"), &other, 409);
    assert_eq!(
        (
            taken.0.as_str(),
            taken.1.contains("channel 1 of type ABAPCloud")
        ),
        ("port", true)
    );
    refused(&agent, "PUT", &format!("{channels}/HANA/1"), &hana, 404);
    let moved =
        json!({"abapCloudTenantHost": "t.abap.cloud", "instanceNumber": 21, "connections": 5});
    send(
        &agent,
        "PUT",
        &format!("{channels}/ABAPCloud/1"),
        &moved,
        204,
    );
    assert_eq!(
        get(&agent, &format!("{channels}/ABAPCloud/1"))["port"],
        3321
    );
    // A document may bring one that is to be open; it is not, and says why.
    let mut document = agent.document();
    document["subaccounts"][0]["channels"][0]["enabled"] = json!(true);
    run(agent.command(&["document", "apply", &agent.write(&document)]));
    let wanted = get(&agent, &format!("{channels}/ABAPCloud/1"));
    assert_eq!(
        (&wanted["enabled"], &wanted["effective"]),
        (&json!(true), &json!(false))
    );
    assert!(wanted["notEffectiveBecause"].is_string(), "{wanted}");
    delete(&agent, &format!("{channels}/HANA"), 204);
    delete(&agent, &format!("{channels}/K8S/3"), 204);
    assert_eq!(
        agent.document()["subaccounts"][0]["channels"]
            .as_array()
            .unwrap()
            .len(),
        3
    );
    for (method, path) in [
        ("GET", ""),
        ("POST", ""),
        ("PUT", "/7"),
        ("GET", "/7/state"),
    ] {
        let untyped = refused(
            &agent,
            method,
            &format!("{channels}{path}"),
            &json!({}),
            501,
        );
        assert!(untyped.1.contains("use channels/<type>"), "{untyped:?}");
    }
    delete(&agent, &channels, 204);
    assert!(agent.document()["subaccounts"][0]["channels"].is_null());
    assert_eq!(
        get(&agent, &format!("{subaccount}/availableChannels/HANA")),
        json!([])
    );
}

#[test]
fn nobody_is_trusted_but_whom_an_operator_enables() {
    let world = World::start();
    let (agent, subaccount) = prepared(&world);
    let trust = format!("{subaccount}/trust");
    let shown = get(&agent, &trust);
    assert_eq!(shown["autoSyncTrustEnabled"], false);
    assert_eq!(get(&agent, &format!("{trust}/idps")), json!([]));
    assert_eq!(get(&agent, &format!("{trust}/apps")), json!([]));
    send(
        &agent,
        "PUT",
        &trust,
        &json!({"autoSyncTrustEnabled": "true"}),
        204,
    );
    let shown = get(&agent, &trust);
    assert_eq!(shown["autoSyncTrustEnabled"], true);
    assert_eq!(shown["effective"], false);
    write_back(&agent, &trust);
    let before = agent.document();
    let sync = refused(&agent, "POST", &trust, &json!({}), 409);
    assert!(sync.1.contains("nothing was changed"), "{sync:?}");
    assert_eq!(agent.document(), before);
    // The lists come by the document until gateways name them.
    let mut document = before;
    document["subaccounts"][0]["identityTrust"]["providers"] =
        json!([{"id": "main", "name": "Main"}]);
    document["subaccounts"][0]["identityTrust"]["apps"] =
        json!([{"id": "app", "name": "App", "applicationType": "JAVA"}]);
    run(agent.command(&["document", "apply", &agent.write(&document)]));
    for (list, id) in [("idps", "main"), ("apps", "app")] {
        let one = format!("{trust}/{list}/{id}");
        assert_eq!(get(&agent, &one)["enabled"], false);
        send(&agent, "PUT", &one, &json!({"enabled": "true"}), 204);
        let shown = get(&agent, &format!("{trust}/{list}"));
        assert_eq!(shown[0]["enabled"], true);
        assert_eq!(shown[0]["_links"]["self"]["href"], one);
        write_back(&agent, &one);
        refused(
            &agent,
            "PUT",
            &format!("{trust}/{list}/other"),
            &json!({"enabled": true}),
            404,
        );
    }
}
