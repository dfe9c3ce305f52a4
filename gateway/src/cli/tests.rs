//! What the command line takes, and what it refuses.

use clap::CommandFactory as _;
use ipnet::IpNet;

use super::value::parse_life;
use super::*;
use crate::directory::ENROL_TOKEN_LIFE_MAX;

fn parse(line: &str) -> Result<Cli, clap::Error> {
    Cli::try_parse_from(line.split(' '))
}

#[test]
fn definitions_are_consistent() {
    Cli::command().debug_assert();
}

#[test]
fn defaults_are_the_documented_ones() {
    let Command::Serve(serve) = parse("gw serve").unwrap().command else {
        panic!()
    };
    assert_eq!(serve.tunnel_listen.to_string(), "0.0.0.0:443");
    assert_eq!(serve.proxy_listen.to_string(), "127.0.0.1:20003");
    assert_eq!(serve.token_listen.to_string(), "127.0.0.1:20443");
    assert_eq!(serve.admin_listen.to_string(), "127.0.0.1:20090");
    assert_eq!(serve.region_host, "localhost");
}

#[test]
fn networks_are_given_one_by_one_or_as_a_list() {
    let line = "gw serve --consumer-network 10.0.0.0/8,fd00::/8 --consumer-network 192.0.2.1";
    let Command::Serve(serve) = parse(line).unwrap().command else {
        panic!()
    };
    let texts: Vec<_> = serve
        .consumer_network
        .iter()
        .map(IpNet::to_string)
        .collect();
    assert_eq!(texts, ["10.0.0.0/8", "fd00::/8", "192.0.2.1/32"]);
    for wrong in ["10.0.0.0/33", "host", "10.0.0"] {
        assert!(parse(&format!("gw serve --consumer-network {wrong}")).is_err());
    }
}

#[test]
fn lives_are_numbers_with_a_unit() {
    assert_eq!(parse_life("90s"), Ok(Duration::from_secs(90)));
    assert_eq!(parse_life("24h"), Ok(ENROL_TOKEN_LIFE_MAX));
    for text in [
        "",
        "m",
        "15",
        "0m",
        "25h",
        "-1m",
        "1.5h",
        "15 m",
        "99999999999999999999h",
    ] {
        assert!(parse_life(text).is_err(), "{text}");
    }
}

#[test]
fn a_test_needs_a_plain_virtual_url() {
    assert!(parse("gw test --subaccount a http://erp:80/x?y").is_ok());
    for url in ["https://erp/", "/x", "erp:80", "http://me@erp/", "http://"] {
        let line = format!("gw test --subaccount a {url}");
        assert!(parse(&line).is_err(), "{url}");
    }
}

#[test]
fn global_options_go_anywhere() {
    let cli = parse("gw status --json --data-dir /d").unwrap();
    assert!(cli.global.json);
    assert_eq!(cli.global.data_dir.to_str(), Some("/d"));
    assert!(parse("gw --json subaccount list").is_ok());
    assert!(parse("gw revoke --instance x").is_err());
}
