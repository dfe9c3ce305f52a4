//! What a role may do to a managed subaccount, on the handlers of an agent that does not run.

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{Request, StatusCode};
use tempfile::TempDir;
use underpass_runtime::clock;
use underpass_shared::config::{SubaccountFields, SubaccountKey};
use underpass_shared::id::OperatorId;
use underpass_shared::rights::Role;
use uuid::Uuid;

use crate::admin::*;
use crate::audit::Present;

const SUBACCOUNT: &str =
    "/api/v1/configuration/subaccounts/gate/00000000-0000-0000-0000-000000000001";

/// Handlers on a document with one managed subaccount.
async fn managed(dir: &Path) -> Admin {
    let own = SubaccountFields {
        managed: true,
        ..SubaccountFields::enrolled(
            SubaccountKey {
                region_host: "gate".parse().unwrap(),
                subaccount: Uuid::from_u128(1).to_string().parse().unwrap(),
                location_id: "".parse().unwrap(),
            },
            Uuid::from_u128(2).to_string().parse().unwrap(),
            Uuid::from_u128(3).to_string().parse().unwrap(),
        )
    };
    let store = Store::open(dir, clock::wall_ms).unwrap();
    let put = store.change("test", "test", None, |old| old.with_subaccount(own));
    put.await.unwrap();
    let audit = Audit::open(dir, clock::wall_ms, Present::following(store.snapshot())).unwrap();
    Admin::stopped(dir, store, audit)
}

async fn status(admin: &Admin, role: Role, method: &str, below: &str, body: &str) -> StatusCode {
    let caller = Caller::Operator(Operator {
        id: OperatorId::from_uuid(Uuid::from_u128(9)),
        name: "Olga".to_owned(),
        role,
    });
    let request = Request::builder()
        .method(method)
        .uri(format!("{SUBACCOUNT}{below}"))
        .header(CONTENT_TYPE, "application/json")
        .body(Bytes::from(body.to_owned()));
    admin.handle(&caller, request.unwrap()).await.status()
}

#[tokio::test]
async fn what_is_below_a_managed_subaccount_is_the_administrators() {
    let dir = TempDir::new().unwrap();
    let admin = managed(dir.path()).await;
    let channel = r#"{"abapCloudTenantHost":"t","instanceNumber":1}"#;
    let domain = r#"{"virtualDomain":"a","internalDomain":"b"}"#;
    // The renewal gets as far as the key, which is not there.
    for (method, below, body, done) in [
        ("POST", "/validity", "", 500),
        ("POST", "/channels/ABAPCloud", channel, 201),
        ("POST", "/domainMappings", domain, 201),
        ("PUT", "/trust", r#"{"autoSyncTrustEnabled":true}"#, 204),
        ("PUT", "", r#"{"description":"x"}"#, 200),
        ("DELETE", "/channels", "", 204),
        ("PUT", "", r#"{"isManaged":false}"#, 200),
    ] {
        for role in [
            Role::SubaccountAdministrator,
            Role::AssociateAdministrator,
            Role::Display,
        ] {
            let refused = status(&admin, role, method, below, body).await;
            assert_eq!(refused, 403, "{role} {method} {below}");
        }
        let by_administrator = status(&admin, Role::Administrator, method, below, body).await;
        assert_eq!(by_administrator, done, "{method} {below}");
    }
    // It is no longer managed.
    let free = status(
        &admin,
        Role::SubaccountAdministrator,
        "PUT",
        "/trust",
        r#"{"autoSyncTrustEnabled":false}"#,
    );
    assert_eq!(free.await, 204);
    let kept = status(
        &admin,
        Role::SubaccountAdministrator,
        "PUT",
        "",
        r#"{"isManaged":true}"#,
    );
    assert_eq!(kept.await, 403);
}

#[tokio::test]
async fn opening_and_closing_the_tunnel_stays_open_to_others() {
    let dir = TempDir::new().unwrap();
    let admin = managed(dir.path()).await;
    let closed = r#"{"connected":false}"#;
    let role = Role::SubaccountAdministrator;
    assert_eq!(status(&admin, role, "PUT", "/state", closed).await, 204);
    let role = Role::Monitoring;
    assert_eq!(status(&admin, role, "PUT", "/state", closed).await, 403);
    assert_eq!(status(&admin, role, "GET", "/trust/idps", "").await, 200);
}
