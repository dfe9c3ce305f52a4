//! Paths that nothing has, and wrong names in paths.

use super::*;

#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn wrong_paths_are_refused_and_wrong_names_are_named() {
    let sub = format!("/api/v1/configuration/subaccounts/gate/{GUID}");
    for (path, status, field) in [
        ("/".to_owned(), 404, None),
        ("/api/v1".to_owned(), 404, None),
        ("/api/v2/status".to_owned(), 404, None),
        ("/api/v1/status/".to_owned(), 404, None),
        ("/api/v1//status".to_owned(), 404, None),
        ("/api/v1/Status".to_owned(), 404, None),
        ("/api/v1/%ff".to_owned(), 404, None),
        (
            "/api/v1/configuration/subaccounts/gate".to_owned(),
            404,
            None,
        ),
        (format!("{sub}/other"), 404, None),
        (
            format!("{sub}/systemMappings/erp:443/resources/-a/b"),
            404,
            None,
        ),
        (
            "/api/v1/configuration/revisions/x".to_owned(),
            400,
            Some("revision"),
        ),
        (
            "/api/v1/configuration/revisions/+7".to_owned(),
            400,
            Some("revision"),
        ),
        (
            format!("/api/v1/configuration/subaccounts/ga%20te/{GUID}"),
            400,
            Some("regionHost"),
        ),
        (
            "/api/v1/configuration/subaccounts/gate/7".to_owned(),
            400,
            Some("subaccount"),
        ),
        (
            format!("{sub}/systemMappings/erp"),
            400,
            Some("virtualHost:virtualPort"),
        ),
        (
            format!("{sub}/systemMappings/erp:0"),
            400,
            Some("virtualHost:virtualPort"),
        ),
        (
            format!("{sub}/systemMappings/erp:443/resources/-a+"),
            400,
            Some("id"),
        ),
        (
            format!("{sub}/systemMappings/erp:90-80"),
            400,
            Some("virtualHost:virtualPort"),
        ),
        (
            format!("{sub}/systemMappings/erp:443/allowedClients/1"),
            400,
            Some("client"),
        ),
        (
            format!("{sub}/systemMappings/erp:443/blockedClientUsers/100"),
            400,
            Some("client:user"),
        ),
        (
            format!("{sub}/domainMappings/a%20b"),
            400,
            Some("internalDomain"),
        ),
        (format!("{sub}/channels/K8S/0"), 400, Some("id")),
        (format!("{sub}/channels/k8s"), 404, None),
        (format!("{sub}/channels/7"), 501, None),
        (format!("{sub}/channels/7/state"), 501, None),
        (format!("{sub}/availableChannels/K8S"), 404, None),
        (format!("{sub}/trust/idps/a%20b"), 400, Some("id")),
        (format!("{sub}/recovery"), 410, None),
        (format!("{sub}/recoverySubaccount/state"), 410, None),
        (
            format!("{sub}/systemMappings/erp:443/resources/a%2Fb"),
            400,
            Some("id"),
        ),
    ] {
        let refusal = Target::parse(&path).unwrap_err();
        assert_eq!(refusal.status, status, "{path}");
        assert_eq!(refusal.body.field.as_deref(), field, "{path}");
    }
}
