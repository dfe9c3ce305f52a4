//! Who may call: tokens, their forms, and where applications get them.

use underpass_gateway::commands::STATE_FILE;
use underpass_gateway::directory::{Binding, Directory};
use underpass_gateway::state::{State, StoreClock};
use underpass_gateway::token::{CLOCK_LEEWAY, Issuer, SigningKeys, TOKEN_LIFE};
use underpass_runtime::clock;

use crate::http::HELLO;
use crate::world::World;

/// A token as the gateway made it some time ago.
fn token_made(world: &World, ago_ms: i64) -> String {
    let data_dir = world.path("gateway");
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let index = runtime.unwrap().block_on(async {
        let state = State::sqlite(&data_dir.join(STATE_FILE), StoreClock::system()).unwrap();
        Directory::open(state).await.unwrap().index()
    });
    let client = world.tenant.credential("clientid");
    let binding: &Binding = index.binding(&client).unwrap();
    let issuer = index.settings().unwrap().issuer.clone();
    let key = SigningKeys::load(&data_dir).unwrap();
    let issued = Issuer::new(key, issuer).issue(binding, clock::wall_ms() - ago_ms);
    issued.unwrap().token.expose().to_owned()
}

#[test]
fn only_good_tokens_of_this_gateway_pass() {
    let world = World::start();
    let (_backend, address) = world.sample_backend(&[]);
    let _agent = world.agent("", &address);
    let good = world.tenant.token.clone();
    let foreign = world.beside().tenant.token;
    let life_ms = i64::try_from((TOKEN_LIFE + CLOCK_LEEWAY).as_millis()).unwrap();
    let young = token_made(&world, life_ms - 60_000);
    let expired = token_made(&world, life_ms + 1_000);
    let (cut, other) = (&good[..good.len() - 4], "Digest");
    for (scheme, token) in [
        ("Bearer", "x"),
        ("Bearer", "a.b.c"),
        ("Bearer", cut),
        ("Bearer", &foreign),
        ("Bearer", &expired),
        (other, &good),
    ] {
        let header = format!("Proxy-Authorization: {scheme} {token}");
        let refused = world.curl(&["-H", &header, HELLO]);
        assert_eq!(refused.status, 407, "{header}");
        assert!(refused.head.contains("proxy-authenticate: bearer"));
    }
    let nobody = world.curl(&[HELLO]);
    assert_eq!(nobody.status, 407);
    assert!(nobody.head.contains("proxy-authenticate: bearer"));
    let basic = |user: &str| world.curl(&["--proxy-user", user, HELLO]).status;
    assert_eq!(basic(&format!("{good}:")), 200);
    assert_eq!(basic(&format!("{good}:password")), 407);
    assert_eq!(basic(&format!("{expired}:")), 407);
    assert_eq!(basic(&format!("{young}:")), 200);
}

#[test]
fn forged_tokens_and_odd_headers_do_not_pass() {
    let world = World::start();
    let (_backend, address) = world.sample_backend(&[]);
    let _agent = world.agent("", &address);
    let good = &world.tenant.token;
    let [_, claims, signature] = good.splitn(3, '.').collect::<Vec<_>>()[..] else {
        panic!("{good}");
    };
    // {"alg":"none"}, {"alg":"HS256"}, {"alg":"ES256","kid":"../../dev/null"}
    let (none, mac) = ("eyJhbGciOiJub25lIn0", "eyJhbGciOiJIUzI1NiJ9");
    let kid = "eyJhbGciOiJFUzI1NiIsImtpZCI6Ii4uLy4uL2Rldi9udWxsIn0";
    let long = "t".repeat(16_000);
    let name = "Proxy-Authorization:";
    let status = |lines: &[String]| {
        let headers: Vec<&str> = lines.iter().flat_map(|line| ["-H", line]).collect();
        world.curl(&[headers.as_slice(), &[HELLO]].concat()).status
    };
    assert_eq!(status(&[format!("{name} Bearer {good}")]), 200);
    assert_eq!(status(&[format!("{name} bEARER {good}")]), 200);
    for lines in [
        vec![format!("{name} Bearer {none}.{claims}.")],
        vec![format!("{name} Bearer {none}.{claims}.{signature}")],
        vec![format!("{name} Bearer {mac}.{claims}.{signature}")],
        vec![format!("{name} Bearer {kid}.{claims}.{signature}")],
        vec![format!("{name} Bearer {long}")],
        vec![format!("{name} Bearer")],
        vec![format!("{name} {good}")],
        vec![format!("{name} Bearer Bearer {good}")],
        vec![format!("{name} Bearer {good}, Bearer {good}")],
        vec![format!("{name} Bearer {good} x")],
        vec![format!("{name} Basic {good}")],
        vec![format!("{name} Bearer {good}"); 2],
        vec![format!("{name} Bearer {good}"), format!("{name} Bearer x")],
        vec![format!("{name} Bearer x"), format!("{name} Bearer {good}")],
        // It counts nowhere else.
        vec![format!("Authorization: Bearer {good}")],
        vec![format!("Proxy_Authorization: Bearer {good}")],
    ] {
        assert_eq!(status(&lines), 407, "{lines:?}");
    }
    assert_eq!(
        world
            .curl(&[&format!("{HELLO}?access_token={good}")])
            .status,
        407
    );
}

#[test]
fn each_request_of_a_connection_is_checked() {
    let world = World::start();
    let (_backend, address) = world.sample_backend(&[]);
    let _agent = world.agent("", &address);
    let stranger = world.add_tenant("stranger");
    let request =
        |token: &str| format!("GET {HELLO} HTTP/1.1\r\nHost: backend.virtual\r\n{token}\r\n");
    let answers = world.raw(&format!(
        "{}\r\n{}\r\n{}\r\n{}Connection: close\r\n\r\n",
        request(&world.tenant.authorization()),
        request(&stranger.authorization()),
        request(&world.tenant.authorization()),
        request("X-None: 1"),
    ));
    let statuses: Vec<&str> = answers
        .match_indices("HTTP/1.1 ")
        .map(|(at, _)| &answers[at + 9..at + 12])
        .collect();
    // The second one's subaccount has no agent.
    assert_eq!(statuses, ["200", "503", "200", "407"], "{answers}");
    assert!(answers.contains(&stranger.subaccount), "{answers}");
}

#[test]
fn tokens_are_given_in_all_the_forms_that_clients_use() {
    let world = World::start();
    let id = world.tenant.credential("clientid");
    let secret = world.tenant.credential("clientsecret");
    let user = format!("{id}:{secret}");
    let query = "/oauth/token?grant_type=client_credentials";
    let form = format!("grant_type=client_credentials&client_id={id}&client_secret={secret}");
    let full = format!("/oauth/token?{form}");
    for (path, arguments) in [
        ("/oauth/token", &["-d", &form][..]),
        (
            "/oauth/token",
            &["-u", &user, "-d", "grant_type=client_credentials"],
        ),
        (query, &["-u", &user]),
        (query, &["-u", &user, "-X", "POST"]),
        (&full, &[]),
        (&full, &["-X", "POST"]),
    ] {
        let answer = world.token_endpoint(path, arguments);
        assert_eq!(answer["token_type"], "bearer", "{path} {answer}");
        assert!(answer["expires_in"].is_u64());
        let token = answer["access_token"].as_str().unwrap();
        let header = format!("Proxy-Authorization: Bearer {token}");
        assert_eq!(world.curl(&["-H", &header, HELLO]).status, 503);
    }
    for user in [format!("{id}:wrong"), format!("wrong:{secret}"), ":".into()] {
        let wrong = world.token_endpoint(query, &["-u", &user]);
        assert_eq!(wrong["error"], "invalid_client", "{wrong}");
        assert!(wrong.get("access_token").is_none());
    }
    let wrong = world.token_endpoint("/oauth/token?grant_type=password", &["-u", &user]);
    assert_eq!(wrong["error"], "unsupported_grant_type", "{wrong}");
    let keys = world.token_endpoint("/token_keys", &[]);
    assert_eq!(keys["keys"][0]["kty"], "EC");
}
