//! What belongs to a subaccount, as existing scripts read and write it.

use serde_json::{Value, json};

use super::socket::Answer;
use crate::agent::Agent;
use crate::process::run;
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

/// A mapping for RFC with all that it can have; answers its address.
fn rfc(agent: &Agent, subaccount: &str) -> (Value, String) {
    let rfc = json!({"virtualHost": "erp", "virtualPort": "3300", "localHost": "erp.corp",
        "localPort": "3300", "protocol": "RFCS", "backendType": "abapSys", "sid": "ERP",
        "authenticationMode": "X509_GENERAL", "sapRouter": "/H/r/S/3299",
        "sncPartnerName": "p:CN=ERP", "allowedClients": ["100"],
        "blacklistedUsers": [{"client": "100", "user": "DDIC"}], "description": "d"});
    let all = format!("{subaccount}/systemMappings");
    let made = send(agent, "POST", &all, &rfc, 201);
    (rfc, made.header("location"))
}

#[test]
fn system_mappings_carry_all_that_scripts_know() {
    let world = World::start();
    let (agent, subaccount) = prepared(&world);
    let (rfc, one) = rfc(&agent, &subaccount);
    let shown = get(&agent, &one);
    for (name, value) in rfc.as_object().unwrap() {
        assert_eq!(&shown[name], value, "{name}");
    }
    let date: u64 = shown["creationDate"].as_str().unwrap().parse().unwrap();
    assert!(date > 1_700_000_000_000, "{date}");
    assert_eq!(shown["totalResourcesCount"], 0);
    assert_eq!(shown["effective"], false);
    write_back(&agent, &one);

    // A resource knows its date too; in lists it has no links.
    let http = agent.tell(&["mapping", "add", "w:80", "w.corp:80"]);
    assert!(http["revision"].as_u64().is_some(), "{http}");
    let resources = format!("{subaccount}/systemMappings/w:80/resources");
    send(&agent, "POST", &resources, &json!({"id": "/a"}), 201);
    let listed = get(&agent, &resources);
    assert_eq!(listed[0]["_links"], json!({}));
    assert!(listed[0]["creationDate"].is_string(), "{listed}");
    let link = &get(&agent, &format!("{resources}/-a"))["_links"]["self"]["href"];
    assert_eq!(link, &json!(format!("{resources}/-a")));
}

#[test]
fn clients_and_users_of_rfc_are_replaced_added_and_removed() {
    let world = World::start();
    let (agent, subaccount) = prepared(&world);
    let (_, one) = rfc(&agent, &subaccount);
    let date = get(&agent, &one)["creationDate"].clone();
    let clients = format!("{one}/allowedClients");
    let more = json!(["300", "200", "100"]);
    send(&agent, "PATCH", &clients, &more, 204);
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
    assert_eq!(shown["creationDate"], date);
}

#[test]
fn ranges_of_ports_are_one_mapping_for_tcp() {
    let world = World::start();
    let (agent, subaccount) = prepared(&world);
    let all = format!("{subaccount}/systemMappings");
    let range = json!({"virtualHost": "db", "virtualPort": "30000-30009", "localHost": "db.corp",
        "localPort": "40000-40009", "protocol": "TCP", "backendType": "hana"});
    let made = send(&agent, "POST", &all, &range, 201);
    let ports = made.header("location");
    assert_eq!(ports, format!("{all}/db:30000-30009"));
    assert_eq!(get(&agent, &ports)["localPort"], "40000-40009");
    write_back(&agent, &ports);
    let part = format!("{all}/db:30000");
    assert_eq!(agent.ask("GET", &part, &[]).status, 404);
    let inside = json!({"virtualHost": "db", "virtualPort": 30009, "localHost": "b",
        "localPort": 1, "protocol": "TCP", "backendType": "hana"});
    let inside = refused(&agent, "POST", &all, &inside, 400);
    assert!(inside.1.contains("among them"), "{inside:?}");
    let not_rfc = format!("{ports}/allowedClients");
    refused(&agent, "POST", &not_rfc, &json!(["100"]), 409);
    assert_eq!(get(&agent, &not_rfc), json!([]));
    delete(&agent, &ports, 204);
}

#[test]
fn ports_of_rfc_are_named_as_scripts_name_them() {
    let world = World::start();
    let (agent, subaccount) = prepared(&world);
    let all = format!("{subaccount}/systemMappings");
    let named = json!({"virtualHost": "erp", "virtualPort": "sapgw00", "localHost": "erp.corp",
        "localPort": "sapmsERP", "protocol": "RFC", "backendType": "abapSys"});
    let one = send(&agent, "POST", &all, &named, 201).header("location");
    assert_eq!(one, format!("{all}/erp:sapgw00"));
    let by_number = format!("{all}/erp:3300");
    for path in [&one, &by_number] {
        let shown = get(&agent, path);
        assert_eq!(
            (&shown["virtualPort"], &shown["localPort"]),
            (&json!("sapgw00"), &json!("sapmsERP"))
        );
        assert_eq!(shown["_links"]["self"]["href"], one);
        write_back(&agent, path);
    }
    // It is one port, however it is written.
    let same = json!({"virtualHost": "erp", "virtualPort": 3300, "localHost": "b",
        "localPort": 1, "protocol": "RFC", "backendType": "abapSys"});
    let taken = refused(&agent, "POST", &all, &same, 409);
    assert!(taken.1.contains("erp:sapgw00 already"), "{taken:?}");
    let wrong = json!({"localHost": "b", "localPort": "sapgw00", "protocol": "HTTP",
        "backendType": "abapSys"});
    let wrong = refused(&agent, "PUT", &one, &wrong, 400);
    assert_eq!(wrong.0, "virtualPort");
    let mapping = &agent.document()["subaccounts"][0]["mappings"][0];
    assert_eq!(mapping["virtualAddress"], "erp:3300");
    assert_eq!(mapping["internalAddress"], "erp.corp:3600");
    delete(&agent, &by_number, 204);

    // The same by command.
    let add = ["mapping", "add", "erp:sapgw01s", "erp.corp:sapgw01s"];
    let kind = ["--protocol", "RFCS", "--backend-type", "abapSys"];
    run(agent.command(&[add.as_slice(), &kind].concat()));
    let listed = agent.tell(&["mapping", "list"]);
    assert_eq!(
        (&listed[0]["virtualPort"], &listed[0]["localPort"]),
        (&json!("sapgw01s"), &json!("sapgw01s"))
    );
}

/// One channel of each type, with the port that it gets.
fn kinds() -> [(&'static str, Value, u16); 5] {
    let abap = json!({"abapCloudTenantHost": "t.abap.cloud", "comment": "Created",
        "connections": "1", "instanceNumber": "20"});
    let k8s = json!({"k8sCluster": "cp.cloud:443", "k8sService": "s1", "port": "5432"});
    let hana = json!({"hanaInstanceName": "db", "instanceNumber": 0});
    let machine = json!({"name": "vm", "endpointId": "e1", "port": 2222});
    [
        ("ABAPCloud", abap.clone(), 3320),
        ("ABAPCloudSNC", abap, 4820),
        ("K8S", k8s, 5432),
        ("HANA", hana, 30_015),
        ("VirtualMachine", machine, 2222),
    ]
}

/// Adds all of them; answers the path of the channels.
fn channels(agent: &Agent, subaccount: &str) -> String {
    for (kind, body, _) in kinds() {
        send(
            agent,
            "POST",
            &format!("{subaccount}/channels/{kind}"),
            &body,
            201,
        );
    }
    format!("{subaccount}/channels")
}

#[test]
fn channels_of_every_type_are_kept_and_say_why_they_are_not_open() {
    let world = World::start();
    let (agent, subaccount) = prepared(&world);
    for (id, (kind, body, port)) in (1..).zip(kinds()) {
        let all = format!("{subaccount}/channels/{kind}");
        let one = send(&agent, "POST", &all, &body, 201).header("location");
        assert_eq!(one, format!("{all}/{id}"));
        let shown = get(&agent, &one);
        assert_eq!(get(&agent, &all), json!([shown]));
        let fields = ["id", "type", "port", "enabled", "connections"].map(|name| &shown[name]);
        assert_eq!(json!(fields), json!([id, kind, port, false, 1]));
        assert_eq!(
            shown["state"],
            json!({"connected": false, "openedConnections": 0})
        );
        assert_eq!(shown["effective"], false);
        let state = format!("{one}/state");
        assert_eq!(shown["_links"]["state"]["href"], state);
        write_back(&agent, &one);
        let open = refused(&agent, "PUT", &state, &json!({"enabled": "true"}), 500);
        assert!(
            open.1.contains("cannot be opened: this version opens no"),
            "{open:?}"
        );
        send(&agent, "PUT", &state, &json!({"enabled": false}), 204);
    }
    let tunnel = &get(&agent, &subaccount)["tunnel"];
    assert_eq!(
        tunnel["serviceChannels"][2]["details"],
        "s1 of cp.cloud:443, local port 5432"
    );
    // A document may bring one that is to be open; it is not, and says why.
    let mut document = agent.document();
    document["subaccounts"][0]["channels"][0]["enabled"] = json!(true);
    run(agent.command(&["document", "apply", &agent.write(&document)]));
    let wanted = get(&agent, &format!("{subaccount}/channels/ABAPCloud/1"));
    assert_eq!(
        (&wanted["enabled"], &wanted["effective"]),
        (&json!(true), &json!(false))
    );
    assert!(wanted["notEffectiveBecause"].is_string(), "{wanted}");
}

#[test]
fn channels_have_ports_of_their_own_and_move() {
    let world = World::start();
    let (agent, subaccount) = prepared(&world);
    let channels = channels(&agent, &subaccount);
    let [(_, abap, _), _, _, (_, hana, _), _] = kinds();
    let taken = refused(&agent, "POST", &format!("{channels}/ABAPCloud"), &abap, 409);
    assert_eq!(taken.0, "instanceNumber");
    let other = json!({"k8sCluster": "cp.cloud", "k8sService": "s2", "port": 3320});
    let taken = refused(&agent, "PUT", &format!("{channels}/K8S/3"), &other, 409);
    assert_eq!(taken.0, "port");
    assert!(taken.1.contains("channel 1 of type ABAPCloud"), "{taken:?}");
    refused(&agent, "PUT", &format!("{channels}/HANA/1"), &hana, 404);
    let moved =
        json!({"abapCloudTenantHost": "t.abap.cloud", "instanceNumber": 21, "connections": 5});
    let one = format!("{channels}/ABAPCloud/1");
    send(&agent, "PUT", &one, &moved, 204);
    assert_eq!(get(&agent, &one)["port"], 3321);
}

#[test]
fn channels_go_by_type_one_by_one_or_all_and_have_types() {
    let world = World::start();
    let (agent, subaccount) = prepared(&world);
    let channels = channels(&agent, &subaccount);
    delete(&agent, &format!("{channels}/HANA"), 204);
    delete(&agent, &format!("{channels}/K8S/3"), 204);
    let left = agent.document()["subaccounts"][0]["channels"].clone();
    assert_eq!(left.as_array().unwrap().len(), 3);
    for (method, path) in [
        ("GET", ""),
        ("POST", ""),
        ("PUT", "/7"),
        ("GET", "/7/state"),
    ] {
        let path = format!("{channels}{path}");
        let untyped = refused(&agent, method, &path, &json!({}), 501);
        assert!(untyped.1.contains("use channels/<type>"), "{untyped:?}");
    }
    delete(&agent, &channels, 204);
    assert!(agent.document()["subaccounts"][0]["channels"].is_null());
    let available = format!("{subaccount}/availableChannels/HANA");
    assert_eq!(get(&agent, &available), json!([]));
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
