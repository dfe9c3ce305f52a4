//! System mappings as scripts write and read them.

use super::*;

const TCP: &str = r#""protocol":"TCP","backendType":"nonSAPsys""#;
const RFC: &str = r#""protocol":"RFC","backendType":"abapSys""#;

fn mapping(more: &str, old: Option<&Mapping>) -> Result<Mapping, Refusal> {
    let ports = if more.contains("Port") {
        ""
    } else {
        r#""virtualPort":"80","localPort":80,"#
    };
    let json = format!(r#"{{"virtualHost":"a","localHost":"b",{ports}{more}}}"#);
    let input: SystemMappingInput = super::super::read(json.as_bytes())?;
    let address = input.address(old.map(MappingAddress::of).as_ref())?;
    let fields = input.onto(&address, old, CreationDate::at(7))?;
    Ok(Mapping::try_from(fields)?)
}

fn refused(more: &str, old: Option<&Mapping>) -> String {
    let body = mapping(more, old).unwrap_err().body;
    format!("{}: {}", body.field.unwrap_or_default(), body.message)
}

#[test]
fn what_is_shown_can_be_written_back() {
    let path = SubaccountPath {
        region_host: "gate".parse().unwrap(),
        subaccount: "0190a5a2-6d0e-7cc0-8000-000000000001".parse().unwrap(),
    };
    let rfcs = r#""protocol":"RFCS","backendType":"abapSys","sid":"ERP","sapRouter":"/H/r",
        "sncPartnerName":"p:CN=ERP","allowedClients":["200","100"],
        "blacklistedUsers":[{"client":"100","user":"DDIC"}]"#;
    let range = format!(r#""virtualPort":"80-89","localPort":"180-189",{TCP}"#);
    let named = r#""virtualPort":"sapgw00s","localPort":"sapmsERP","protocol":"RFCS","backendType":"abapSys""#;
    for more in [TCP, RFC, rfcs, &range, named] {
        let made = mapping(more, None).unwrap();
        let shown = SystemMapping::show(&made, &path, None);
        let json = serde_json::to_string(&shown).unwrap();
        let input: SystemMappingInput = super::super::read(json.as_bytes()).unwrap();
        let address = input.address(Some(&MappingAddress::of(&made))).unwrap();
        let again = input
            .onto(&address, Some(&made), CreationDate::at(9))
            .unwrap();
        assert_eq!(Mapping::try_from(again).unwrap(), made, "{json}");
    }
    let shown = SystemMapping::show(&mapping(rfcs, None).unwrap(), &path, None);
    let shown = serde_json::to_value(shown).unwrap();
    assert_eq!(shown["creationDate"], "7");
    assert_eq!(shown["allowedClients"], serde_json::json!(["100", "200"]));
    assert_eq!(shown["blacklistedUsers"][0]["user"], "DDIC");
    assert_eq!(shown["sid"], "ERP");
}

#[test]
fn ranges_and_what_is_only_for_rfc_name_their_field() {
    for (more, wrong) in [
        (
            r#""virtualPort":"80-89","localPort":80,"#,
            "localPort: must be as many ports",
        ),
        (
            r#""virtualPort":80,"localPort":"80-81","#,
            "localPort: must be as many ports",
        ),
        (
            r#""virtualPort":"9-8","localPort":1,"#,
            "virtualPort: the body does not fit",
        ),
    ] {
        let told = refused(&format!("{more}{TCP}"), None);
        assert!(told.contains(wrong), "{told}");
    }
    let range = format!(r#""virtualPort":"80-89","localPort":"180-189",{RFC}"#);
    assert!(refused(&range, None).starts_with("virtualPort: ranges of ports exist for TCP"));
    let single = mapping(TCP, None).unwrap();
    let longer = format!(r#""virtualPort":"80-81","localPort":"80-81",{TCP}"#);
    let fixed = "virtualPort: must be that of the address; it cannot be changed";
    assert_eq!(refused(&longer, Some(&single)), fixed);
    for field in [
        r#""sapRouter":"x""#,
        r#""sncPartnerName":"x""#,
        r#""allowedClients":["100"]"#,
        r#""blacklistedUsers":[{"client":"100","user":"U"}]"#,
    ] {
        let told = refused(&format!("{field},{TCP}"), None);
        let name = field.split('"').nth(1).unwrap();
        assert_eq!(told, format!("{name}: is for RFC and RFCS only"));
    }
    let snc = refused(&format!(r#""sncPartnerName":"x",{RFC}"#), None);
    assert_eq!(snc, "sncPartnerName: is for RFCS only");
}

#[test]
fn ports_of_rfc_have_names_and_stay_written_as_they_were() {
    let ports = |virtual_port: &str, local: &str, protocol: &str| {
        format!(
            r#""virtualPort":{virtual_port},"localPort":{local},"protocol":"{protocol}","backendType":"abapSys""#
        )
    };
    let named = ports("\"sapgw00\"", "\"sapmsC11\"", "RFC");
    let made = mapping(&named, None).unwrap();
    let address = MappingAddress::of(&made);
    assert_eq!(address.to_string(), "a:sapgw00");
    assert_eq!(made.virtual_address.to_string(), "a:3300");
    assert_eq!(made.internal_address.to_string(), "b:3600");
    let by_number: MappingAddress = "a:3300".parse().unwrap();
    assert!(by_number.is_of(&made) && address.is_of(&made));
    // Without a word of it the name stays, and a number takes its place.
    let kept = r#""localPort":"3300","protocol":"RFC","backendType":"abapSys""#;
    let json = format!(r#"{{"localHost":"b",{kept}}}"#);
    let input: SystemMappingInput = super::super::read(json.as_bytes()).unwrap();
    let target = input.address(Some(&by_number)).unwrap();
    let fields = input
        .onto(&target, Some(&made), CreationDate::at(7))
        .unwrap();
    let kept = Mapping::try_from(fields).unwrap();
    assert_eq!(MappingAddress::of(&kept).to_string(), "a:sapgw00");
    let numbers = mapping(&ports("3300", "3300", "RFC"), Some(&made)).unwrap();
    assert_eq!(MappingAddress::of(&numbers).to_string(), "a:3300");
    assert_eq!(numbers.rfc_options, None);
    for (ports, told) in [
        (
            ports("\"sapgw00s\"", "3300", "RFC"),
            "virtualPort: sapgw00s is for RFCS only",
        ),
        (
            ports("3300", "\"sapgw00\"", "HTTP"),
            "localPort: sapgw00 is for RFC and RFCS only",
        ),
        (
            ports("\"sapgw100\"", "3300", "RFC"),
            "virtualPort: the body does not fit",
        ),
    ] {
        let refused = refused(&ports, None);
        assert!(refused.starts_with(told), "{refused}");
    }
    let other = refused(&ports("\"sapgw01\"", "3300", "RFC"), Some(&made));
    assert!(other.contains("cannot be changed"), "{other}");
}

#[test]
fn lists_stay_unless_they_are_given_or_have_no_use() {
    let listed = format!(r#""allowedClients":["100"],{RFC}"#);
    let listed = mapping(&listed, None).unwrap();
    let clients = |mapping: &Mapping| {
        let options = mapping.rfc_options.as_deref();
        options.map_or(0, |options| options.allowed_clients.len())
    };
    assert_eq!(clients(&mapping(RFC, Some(&listed)).unwrap()), 1);
    let none = format!(r#""allowedClients":[],{RFC}"#);
    assert_eq!(clients(&mapping(&none, Some(&listed)).unwrap()), 0);
    assert_eq!(clients(&mapping(TCP, Some(&listed)).unwrap()), 0);
}
