//! Tests of the offline commands.

use std::time::Duration;

use clap::Parser as _;
use serde_json::Value;
use underpass_shared::api::management::HandoverMode;
use underpass_shared::id::{HandoverId, InstanceId, TunnelKey};
use underpass_shared::pki::token::EnrolToken;
use uuid::Uuid;

use super::*;
use crate::cli::{Cli, Command};
use crate::directory::{Addresses, LiveTunnel, Offer};
use crate::token::SigningKeys;

const GUID: &str = "0190a5a2-6d0e-7cc0-8000-000000000001";

struct Bench {
    folder: tempfile::TempDir,
}

impl Bench {
    fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
        }
    }

    /// Does what a server does at its first start.
    async fn serve_once(&self) -> Directory {
        let directory = self.directory().await;
        let addresses = Addresses {
            region_host: "localhost:8443".parse().unwrap(),
            token_url: "https://localhost:20443".to_owned(),
            proxy_host: "127.0.0.1".parse().unwrap(),
            proxy_address: "127.0.0.1:20003".parse().unwrap(),
        };
        directory.publish_addresses(addresses).await.unwrap();
        SigningKeys::load_or_create(self.folder.path(), 0).unwrap();
        let certificate = certificate_text();
        let path = self.folder.path().join(CA_CERTIFICATE_FILE);
        underpass_runtime::file::private_dir(path.parent().unwrap()).unwrap();
        underpass_runtime::file::replace(&path, certificate.as_bytes()).unwrap();
        directory
    }

    async fn directory(&self) -> Directory {
        open(&self.folder.path().join(STATE_FILE)).await.unwrap()
    }

    async fn try_run(&self, line: &str) -> anyhow::Result<String> {
        let args = ["gw", "--data-dir", self.folder.path().to_str().unwrap()];
        let cli = Cli::try_parse_from(args.into_iter().chain(line.split(' '))).unwrap();
        let Command::Offline(command) = cli.command else {
            panic!("{line}")
        };
        let mut out = Vec::new();
        run(&cli.global, &command, &mut out).await?;
        Ok(String::from_utf8(out).unwrap())
    }

    async fn json(&self, line: &str) -> Value {
        let text = self.try_run(&format!("{line} --json")).await.unwrap();
        assert_eq!(text.lines().count(), 1);
        serde_json::from_str(&text).unwrap()
    }

    async fn error(&self, line: &str) -> String {
        format!("{:#}", self.try_run(line).await.unwrap_err())
    }
}

fn certificate_text() -> String {
    use underpass_runtime::pki::{Authority, Lifetime};
    let lifetime = Lifetime {
        now_ms: 0,
        valid: Duration::from_secs(3600),
    };
    let (authority, _key) = Authority::create("test", lifetime).unwrap();
    authority.certificate().to_owned()
}

#[tokio::test]
async fn an_agent_and_an_application_get_what_they_need() {
    let bench = Bench::new();
    let directory = bench.serve_once().await;
    let added = bench.json("subaccount add acme").await;
    let guid = added["subaccount"].as_str().unwrap();
    assert_eq!(added["name"], "acme");
    let before = underpass_runtime::clock::wall_ms();
    let created = bench
        .json("enrol-token create --subaccount ACME --valid-for 2m")
        .await;
    let expires = created["expiresAtMs"].as_i64().unwrap();
    assert!((before + 120_000..before + 150_000).contains(&expires));
    let token: EnrolToken = created["token"].as_str().unwrap().parse().unwrap();
    assert_eq!(token.region_host.to_string(), "localhost:8443");
    assert_eq!(token.subaccount.to_string(), guid);
    let pem = std::fs::read_to_string(bench.folder.path().join(CA_CERTIFICATE_FILE)).unwrap();
    let info = underpass_runtime::pki::CertificateInfo::from_pem(&pem).unwrap();
    assert_eq!(token.ca_fingerprint, info.fingerprint);

    // The running server takes the token that the command stored.
    let instance = InstanceId::from_uuid(Uuid::from_u128(5));
    directory
        .redeem(token.secret_hash(), [1; 32], None, instance, 0)
        .await
        .unwrap();

    let binding = bench
        .json(&format!("binding create --subaccount {guid}"))
        .await;
    assert_eq!(binding["tenantid"], guid);
    assert_eq!(binding["url"], "https://localhost:20443");
    let index = bench.directory().await.index();
    assert!(
        index
            .binding(binding["clientid"].as_str().unwrap())
            .is_some()
    );
    let human = bench
        .try_run("binding create --subaccount acme")
        .await
        .unwrap();
    assert!(serde_json::from_str::<Value>(&human).is_ok());
}

#[tokio::test]
async fn bindings_are_listed_and_removed_one_by_one() {
    let bench = Bench::new();
    let none = bench.error("binding list").await;
    assert!(none.contains("there is no gateway in"), "{none}");
    drop(bench.serve_once().await);
    for name in ["acme", "other"] {
        bench.json(&format!("subaccount add {name}")).await;
    }
    let empty = bench.try_run("binding list").await.unwrap();
    assert!(empty.starts_with("No bindings."), "{empty}");
    let mut ids = vec![];
    for name in ["acme", "acme", "other"] {
        let made = bench
            .json(&format!("binding create --subaccount {name}"))
            .await;
        ids.push(made["clientid"].as_str().unwrap().to_owned());
    }
    let listed = bench.json("binding list --subaccount ACME").await;
    let listed = listed["bindings"].as_array().unwrap();
    assert_eq!(listed.len(), 2);
    assert!(listed.iter().all(|one| one["subaccountName"] == "acme"));
    let human = bench.try_run("binding list").await.unwrap();
    assert_eq!(human.lines().count(), 4, "{human}");
    assert!(!human.contains("secret"), "{human}");

    let remove = format!("binding remove {}", ids[1]);
    assert_eq!(bench.json(&remove).await["removed"]["clientId"], ids[1]);
    assert!(bench.error(&remove).await.contains("no such binding"));
    let index = bench.directory().await.index();
    let left = ids.iter().filter(|id| index.binding(id).is_some());
    assert_eq!(left.collect::<Vec<_>>(), [&ids[0], &ids[2]]);
}

#[tokio::test]
async fn status_shows_agents_and_tunnels_until_revoked() {
    let bench = Bench::new();
    let directory = bench.serve_once().await;
    bench
        .json(&format!("subaccount add acme --id {GUID}"))
        .await;
    let created = bench
        .json("enrol-token create --subaccount acme --location-id b")
        .await;
    let token: EnrolToken = created["token"].as_str().unwrap().parse().unwrap();
    let instance = InstanceId::from_uuid(Uuid::from_u128(5));
    directory
        .redeem(token.secret_hash(), [1; 32], None, instance, 0)
        .await
        .unwrap();
    let key = TunnelKey {
        subaccount: token.subaccount,
        location: "b".parse().unwrap(),
    };
    directory
        .publish_tunnels(
            &[LiveTunnel {
                key,
                instance,
                connections: 2,
            }],
            Duration::ZERO,
        )
        .await
        .unwrap();

    let status = bench.json("status").await;
    assert_eq!(status["regionHost"], "localhost:8443");
    assert_eq!(status["subaccounts"][0]["name"], "acme");
    let tunnel = &status["tunnels"][0];
    assert_eq!(
        (&tunnel["subaccount"], &tunnel["locationId"]),
        (&GUID.into(), &"b".into())
    );
    assert_eq!(tunnel["instance"], instance.to_string());
    assert_eq!(tunnel["connections"], 2);
    assert!(
        bench
            .try_run("status")
            .await
            .unwrap()
            .contains("connected (2)")
    );

    let revoked = bench.json(&format!("revoke --instance {instance}")).await;
    assert!(revoked["revokedAtMs"].as_i64().unwrap() > 0);
    assert!(bench.try_run("status").await.unwrap().contains("revoked"));
    let mut watch = directory.watch();
    let follow = directory.clone().follow();
    let seen = watch.wait_for(|index| index.identity(&instance).unwrap().revoked_at_ms.is_some());
    let seen = async {
        tokio::select! { () = follow => panic!(), seen = seen => drop(seen) }
    };
    tokio::time::timeout(Duration::from_secs(10), seen)
        .await
        .unwrap();
}

/// One handover of the place of agent 5 to agent 6, as the row of the only one listed.
#[tokio::test]
async fn handovers_are_listed_while_they_are_open() {
    let bench = Bench::new();
    let directory = bench.serve_once().await;
    let added = format!("subaccount add acme --id {GUID}");
    bench.json(&added).await;
    let none = bench.try_run("handovers").await.unwrap();
    assert!(none.contains("No agent hands its place"), "{none}");
    let created = "enrol-token create --subaccount acme --location-id b";
    let created = bench.json(created).await;
    let token: EnrolToken = created["token"].as_str().unwrap().parse().unwrap();
    let [source, target] = [5, 6].map(|number| InstanceId::from_uuid(Uuid::from_u128(number)));
    let enrolled = directory.redeem(token.secret_hash(), [1; 32], None, source, 0);
    enrolled.await.unwrap();
    let now_ms = underpass_runtime::clock::wall_ms();
    let offer = Offer {
        id: HandoverId::from_uuid(Uuid::from_u128(7)),
        mode: HandoverMode::Move,
        new_location: None,
        spki_hash: [2; 32],
        valid: Duration::from_secs(3_600),
    };
    let begun = directory.offer(source, &offer, target, now_ms);
    let begun = begun.await.unwrap();

    let listed = bench.json("handovers").await;
    let one = &listed["handovers"][0];
    assert_eq!(one["handover"], offer.id.to_string());
    assert_eq!(
        (
            &one["subaccount"],
            &one["subaccountName"],
            &one["locationId"]
        ),
        (&GUID.into(), &"acme".into(), &"b".into())
    );
    assert_eq!(
        (&one["mode"], &one["phase"]),
        (&"move".into(), &"offered".into())
    );
    assert_eq!(one["source"], source.to_string());
    assert_eq!(one["target"], target.to_string());
    assert_eq!(one["untilMs"], now_ms + 3_600_000);
    let table = bench.try_run("handovers").await.unwrap();
    assert!(
        table.contains("source serves  59m ") && table.contains(" left  "),
        "{table}"
    );
    // One that ended is shown to whoever asks for all.
    directory.abort(&begun, now_ms).await.unwrap();
    assert_eq!(
        bench.json("handovers").await["handovers"],
        serde_json::json!([])
    );
    let all = bench.json("handovers --all").await;
    assert_eq!(all["handovers"][0]["phase"], "aborted");
}

#[tokio::test]
async fn mistakes_are_explained() {
    let bench = Bench::new();
    for line in [
        "status",
        "subaccount list",
        "binding create --subaccount acme",
    ] {
        assert!(
            bench.error(line).await.contains("there is no gateway in"),
            "{line}"
        );
    }
    assert_eq!(std::fs::read_dir(bench.folder.path()).unwrap().count(), 0);
    bench.try_run("subaccount add acme").await.unwrap();
    for line in [
        "binding create --subaccount acme",
        "enrol-token create --subaccount acme",
    ] {
        let error = bench.error(line).await;
        assert!(
            error.contains("start the gateway once with `underpass-gateway serve`"),
            "{error}"
        );
    }
    assert!(
        bench
            .error("binding create --subaccount x")
            .await
            .contains("subaccount list")
    );
    assert!(bench.error("subaccount add Acme").await.contains("exists"));
    assert!(
        bench
            .error(&format!("revoke --instance {GUID}"))
            .await
            .contains("no such instance")
    );
    assert!(
        bench
            .try_run("status")
            .await
            .unwrap()
            .contains("not known yet")
    );
}
