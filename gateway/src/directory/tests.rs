//! Tests of the directory.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use underpass_shared::id::{InstanceId, LocationId, SubaccountId, TunnelKey};
use uuid::Uuid;

use super::*;
use crate::state::{Memory, StoreClock};

const SECRET: [u8; 32] = [1; 32];
const KEY: [u8; 32] = [2; 32];
const OTHER_KEY: [u8; 32] = [3; 32];

struct Bench {
    now: Arc<AtomicI64>,
    store: Memory,
    directory: Directory,
    subaccount: SubaccountId,
}

impl Bench {
    async fn new() -> Self {
        let now = Arc::new(AtomicI64::new(0));
        let clock = Arc::clone(&now);
        let store = Memory::new(StoreClock::new(move || clock.load(Ordering::SeqCst)));
        let state = State::start(store.clone()).unwrap();
        let directory = Directory::open(state).await.unwrap();
        let subaccount = SubaccountId::from_uuid(Uuid::from_u128(9));
        directory
            .add_subaccount(subaccount, "acme", 0)
            .await
            .unwrap();
        Self {
            now,
            store,
            directory,
            subaccount,
        }
    }

    fn pass(&self, time: Duration) {
        self.now
            .fetch_add(i64::try_from(time.as_millis()).unwrap(), Ordering::SeqCst);
    }

    async fn token(&self, secret: &[u8; 32], location: Option<&str>) {
        let location = location.map(|id| id.parse().unwrap());
        let added =
            self.directory
                .add_enrol_token(secret, self.subaccount, location, ENROL_TOKEN_LIFE);
        added.await.unwrap();
    }

    async fn redeem(&self, key: [u8; 32], id: u128) -> Result<Redeemed, RedeemError> {
        self.directory
            .redeem(SECRET, key, None, instance(id), 5)
            .await
    }

    /// A directory in another process on the same store.
    async fn neighbour(&self) -> Directory {
        Directory::open(State::start(self.store.clone()).unwrap())
            .await
            .unwrap()
    }
}

fn instance(id: u128) -> InstanceId {
    InstanceId::from_uuid(Uuid::from_u128(id))
}

fn refused(result: &Result<Redeemed, RedeemError>) -> bool {
    matches!(result, Err(RedeemError::Refused))
}

#[tokio::test]
async fn a_token_enrols_one_key_once() {
    let bench = Bench::new().await;
    assert!(refused(&bench.redeem(KEY, 1).await), "unknown");
    bench.token(&SECRET, None).await;
    let redeemed = bench.redeem(KEY, 1).await.unwrap();
    assert_eq!(
        (redeemed.instance, redeemed.location.as_str()),
        (instance(1), "")
    );
    let index = bench.directory.index();
    let identity = index.identity(&instance(1)).unwrap();
    assert!(identity.accepts(&KEY) && !identity.accepts(&OTHER_KEY));

    // The answer was lost: the same key gets it again, no other key does.
    assert_eq!(bench.redeem(KEY, 2).await.unwrap(), redeemed);
    assert!(refused(&bench.redeem(OTHER_KEY, 3).await));
    bench.pass(REDEEM_RETRY);
    assert!(refused(&bench.redeem(KEY, 4).await));
    assert_eq!(bench.directory.index().identities().count(), 1);
}

#[tokio::test]
async fn all_refusals_look_the_same() {
    let bench = Bench::new().await;
    let mut texts = Vec::new();
    texts.push(bench.redeem(KEY, 1).await.unwrap_err().to_string());
    bench.token(&SECRET, None).await;
    bench.pass(ENROL_TOKEN_LIFE);
    texts.push(bench.redeem(KEY, 1).await.unwrap_err().to_string());
    bench.token(&SECRET, None).await;
    bench.redeem(KEY, 1).await.unwrap();
    texts.push(bench.redeem(OTHER_KEY, 2).await.unwrap_err().to_string());
    texts.dedup();
    assert_eq!(texts.len(), 1);
}

#[tokio::test]
async fn racing_keys_cannot_share_a_token() {
    let bench = Bench::new().await;
    bench.token(&SECRET, None).await;
    let neighbour = bench.neighbour().await;
    let attempts = (0..20_u8).map(|at| {
        let directory = if at % 2 == 0 {
            &bench.directory
        } else {
            &neighbour
        };
        directory.redeem(SECRET, [at; 32], None, instance(u128::from(at) + 1), 0)
    });
    let results = futures_util::future::join_all(attempts).await;
    assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 1);
    assert_eq!(results.iter().filter(|result| refused(result)).count(), 19);
}

#[tokio::test]
async fn the_token_decides_the_location_if_it_names_one() {
    let bench = Bench::new().await;
    let redeem = async |secret: &[u8; 32], location: Option<&str>, id| {
        let location: Option<LocationId> = location.map(|text| text.parse().unwrap());
        bench
            .directory
            .redeem(*secret, KEY, location, instance(id), 0)
            .await
    };
    bench.token(&[7; 32], Some("site-a")).await;
    let error = redeem(&[7; 32], Some("site-b"), 1).await.unwrap_err();
    assert!(matches!(error, RedeemError::LocationNotAllowed { .. }));
    assert_eq!(
        redeem(&[7; 32], None, 1).await.unwrap().location.as_str(),
        "site-a"
    );
    bench.token(&[8; 32], None).await;
    assert_eq!(
        redeem(&[8; 32], Some("site-b"), 2)
            .await
            .unwrap()
            .location
            .as_str(),
        "site-b"
    );
}

#[tokio::test]
async fn a_taken_location_is_free_after_revocation() {
    let bench = Bench::new().await;
    bench.token(&SECRET, None).await;
    bench.redeem(KEY, 1).await.unwrap();
    bench.token(&[7; 32], None).await;
    let second = || {
        bench
            .directory
            .redeem([7; 32], OTHER_KEY, None, instance(2), 0)
    };
    let error = second().await.unwrap_err();
    assert!(
        matches!(&error, RedeemError::LocationTaken { instance: by, .. } if *by == instance(1))
    );
    assert!(error.to_string().contains("revoke"));

    let revoked = bench.directory.revoke(instance(1), 77).await.unwrap();
    assert_eq!(revoked.revoked_at_ms, Some(77));
    assert!(
        !bench
            .directory
            .index()
            .identity(&instance(1))
            .unwrap()
            .accepts(&KEY)
    );
    // The token was not burnt by the refusal.
    second().await.unwrap();
    assert!(
        refused(&bench.redeem(KEY, 3).await),
        "a revoked agent does not come back"
    );
    // Revoking the first again must not take the second's place away.
    assert_eq!(
        bench
            .directory
            .revoke(instance(1), 99)
            .await
            .unwrap()
            .revoked_at_ms,
        Some(77)
    );
    bench.token(&[8; 32], None).await;
    let third = bench
        .directory
        .redeem([8; 32], [9; 32], None, instance(3), 0)
        .await;
    assert!(matches!(third, Err(RedeemError::LocationTaken { .. })));
    let unknown = bench.directory.revoke(instance(8), 0).await;
    assert!(matches!(unknown, Err(IdentityError::Unknown)));
}

#[tokio::test]
async fn renewal_keeps_the_key_that_asked() {
    let bench = Bench::new().await;
    bench.token(&SECRET, None).await;
    bench.redeem(KEY, 1).await.unwrap();
    let directory = &bench.directory;
    directory
        .record_certificate(instance(1), KEY, 10)
        .await
        .unwrap();
    let renew = |old, new, end| directory.renew_certificate(instance(1), old, new, end);
    let accepts = |key: [u8; 32]| {
        let index = directory.index();
        index.identity(&instance(1)).unwrap().accepts(&key)
    };
    // Each answer is lost, each new attempt has another key: the old key is never locked out.
    for lost in 10..15 {
        renew(KEY, [lost; 32], 20).await.unwrap();
        assert!(accepts(KEY) && accepts([lost; 32]) && !accepts([lost - 1; 32]));
    }
    renew([14; 32], [20; 32], 30).await.unwrap();
    assert!(accepts([20; 32]) && accepts([14; 32]) && !accepts(KEY));
    let late = renew(KEY, [21; 32], 40).await;
    assert!(matches!(late, Err(IdentityError::OldKey)));
    let identity = directory.revoke(instance(1), 0).await.unwrap();
    assert_eq!(identity.certificate_not_after_ms, Some(30));
    let revoked = renew([20; 32], KEY, 40).await;
    assert!(matches!(revoked, Err(IdentityError::Revoked)));
}

#[tokio::test]
async fn tokens_need_a_subaccount_and_a_sensible_life() {
    let bench = Bench::new().await;
    let stranger = SubaccountId::from_uuid(Uuid::from_u128(1));
    let add = |subaccount, life| {
        bench
            .directory
            .add_enrol_token(&SECRET, subaccount, None, life)
    };
    let error = add(stranger, ENROL_TOKEN_LIFE).await.unwrap_err();
    assert!(matches!(error, EnrolTokenError::UnknownSubaccount));
    for life in [
        Duration::ZERO,
        ENROL_TOKEN_LIFE_MAX + Duration::from_millis(1),
    ] {
        let error = add(bench.subaccount, life).await.unwrap_err();
        assert!(matches!(error, EnrolTokenError::Life));
    }
}

#[tokio::test]
async fn names_and_ids_are_unique() {
    let bench = Bench::new().await;
    let id = SubaccountId::from_uuid(Uuid::from_u128(1));
    let add = |id, name| bench.directory.add_subaccount(id, name, 0);
    assert!(matches!(add(id, "ACME").await, Err(TenantError::Taken)));
    assert!(matches!(
        add(bench.subaccount, "new").await,
        Err(TenantError::Taken)
    ));
    let (long, guid) = ("x".repeat(65), id.to_string());
    for name in ["", " a", "a\n", &long, &guid] {
        assert!(
            matches!(add(id, name).await, Err(TenantError::Name(_))),
            "{name}"
        );
    }
    add(id, "Bürö 2").await.unwrap();
    let index = bench.directory.index();
    assert_eq!(index.find_subaccount("bÜrö 2").unwrap().id, id);
    assert_eq!(
        index.find_subaccount(&id.to_string()).unwrap().name,
        "Bürö 2"
    );
    assert!(index.find_subaccount("büro").is_none());
}

#[tokio::test]
async fn another_process_is_noticed_and_unrelated_rows_keep_tokens() {
    let bench = Bench::new().await;
    let neighbour = bench.neighbour().await;
    let generation = neighbour.token_generation();
    let before = generation.load(Ordering::Acquire);
    let mut watch = neighbour.watch();
    let follow = neighbour.clone().follow();
    let test = async {
        bench.token(&SECRET, None).await;
        bench.redeem(KEY, 1).await.unwrap();
        watch
            .wait_for(|index| index.identity(&instance(1)).is_some())
            .await
            .unwrap();
        assert_eq!(
            generation.load(Ordering::Acquire),
            before,
            "no token depends on an agent"
        );
        bench
            .directory
            .add_binding("c", [5; 32], bench.subaccount, 0)
            .await
            .unwrap();
        watch
            .wait_for(|index| index.binding("c").is_some())
            .await
            .unwrap();
        // The number moves right after the index.
        while generation.load(Ordering::Acquire) == before {
            tokio::task::yield_now().await;
        }
    };
    let both = async {
        tokio::select! { () = follow => panic!(), () = test => {} }
    };
    tokio::time::timeout(Duration::from_secs(10), both)
        .await
        .unwrap();
}

#[tokio::test]
async fn the_issuer_stays_when_addresses_change() {
    let bench = Bench::new().await;
    let addresses = |port| Addresses {
        region_host: "localhost:1".parse().unwrap(),
        token_url: format!("https://localhost:{port}"),
        proxy_host: "127.0.0.1".parse().unwrap(),
        proxy_address: "127.0.0.1:20003".parse().unwrap(),
    };
    let first = bench
        .directory
        .publish_addresses(addresses(1))
        .await
        .unwrap();
    assert_eq!(first.issuer, "https://localhost:1/oauth/token");
    let second = bench
        .directory
        .publish_addresses(addresses(2))
        .await
        .unwrap();
    assert_eq!(second.issuer, first.issuer);
    let index = bench.directory.index();
    assert_eq!(index.settings().unwrap().token_url, "https://localhost:2");
    bench
        .directory
        .publish_addresses(addresses(2))
        .await
        .unwrap();
    assert_eq!(
        bench.directory.index().version(),
        index.version(),
        "nothing new, nothing written"
    );
}

#[tokio::test]
async fn tunnels_show_until_they_end_or_their_server_dies() {
    let bench = Bench::new().await;
    let live = |location: &str, id, connections| LiveTunnel {
        key: TunnelKey {
            subaccount: bench.subaccount,
            location: location.parse().unwrap(),
        },
        instance: instance(id),
        connections,
    };
    let both = [live("", 1, 2), live("site-b", 2, 1)];
    let publish = |tunnels: &[LiveTunnel], seconds| {
        let (directory, tunnels) = (bench.directory.clone(), tunnels.to_vec());
        async move {
            let now = Duration::from_secs(seconds);
            directory.publish_tunnels(&tunnels, now).await.unwrap();
        }
    };
    publish(&both, 0).await;
    assert_eq!(bench.directory.tunnels().await.unwrap(), both);
    publish(&both[1..], 1).await;
    assert_eq!(bench.neighbour().await.tunnels().await.unwrap(), both[1..]);
    // What did not change is written again in time.
    for seconds in (0..120).step_by(10) {
        publish(&both[1..], seconds).await;
        bench.pass(Duration::from_secs(10));
        assert_eq!(bench.directory.tunnels().await.unwrap(), both[1..]);
    }
    bench.pass(TUNNEL_ROW_LIFE);
    assert_eq!(bench.directory.tunnels().await.unwrap(), []);
}

#[tokio::test]
async fn a_damaged_record_counts_as_absent() {
    let bench = Bench::new().await;
    let row = format!("subaccount/{}", bench.subaccount);
    let op = crate::state::Op::put(row, crate::state::Expect::Any, b"{".to_vec());
    bench.directory.state().commit(vec![op]).await.unwrap();
    bench.directory.refresh().await.unwrap();
    assert!(
        bench
            .directory
            .index()
            .subaccount(&bench.subaccount)
            .is_none()
    );
}

#[tokio::test]
async fn a_removed_subaccount_leaves_nothing_that_could_come_back() {
    let bench = Bench::new().await;
    bench.token(&[1; 32], Some("b")).await;
    bench.token(&[2; 32], None).await;
    let directory = &bench.directory;
    let agent = directory
        .redeem([1; 32], [9; 32], None, instance(1), 0)
        .await
        .unwrap();
    let binding = directory.add_binding("client", [3; 32], bench.subaccount, 0);
    binding.await.unwrap();
    let generation = directory.token_generation();
    let before = generation.load(Ordering::Acquire);

    let removed = directory.remove_subaccount(bench.subaccount).await.unwrap();
    assert_eq!((removed.agents, removed.bindings), (1, 1));
    assert!(generation.load(Ordering::Acquire) > before);
    let index = directory.index();
    assert!(index.subaccount(&bench.subaccount).is_none());
    assert!(index.identity(&agent.instance).is_none());
    assert!(index.binding("client").is_none());
    let again = directory.remove_subaccount(bench.subaccount).await;
    assert!(matches!(again, Err(TenantError::Unknown)));

    // The same id and name start anew.
    directory
        .add_subaccount(bench.subaccount, &removed.subaccount.name, 0)
        .await
        .unwrap();
    let late = directory.redeem([2; 32], [8; 32], None, instance(2), 0);
    assert!(refused(&late.await));
    assert!(directory.index().identities().next().is_none());
    bench.token(&[4; 32], Some("b")).await;
    let fresh = directory.redeem([4; 32], [8; 32], None, instance(3), 0);
    assert_eq!(fresh.await.unwrap().instance, instance(3));
}
