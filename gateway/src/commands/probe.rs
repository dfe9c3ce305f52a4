//! `test`: one real request from the cloud side, each step explained.

mod advice;
mod request;

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use anyhow::Context as _;
use http::Uri;
use serde::Serialize;
use underpass_shared::id::{SubaccountId, TunnelKey};

use super::{Work, find, settings};
use crate::cli::Probe;
use crate::directory::{Directory, Index, Settings};
use crate::proxy;
use crate::token::{Issuer, SigningKeys};
use request::Answered;

/// One step and what came of it.
#[derive(Debug, Serialize)]
struct Step {
    step: &'static str,
    ok: bool,
    seen: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    remedy: Option<String>,
}

/// The steps; the first that fails is the last.
#[derive(Serialize)]
struct Report {
    ok: bool,
    steps: Vec<Step>,
    #[serde(skip_serializing_if = "Option::is_none")]
    answer: Option<Answered>,
}

impl Report {
    fn passed(&mut self, step: &'static str, seen: String) {
        self.steps.push(Step {
            step,
            ok: true,
            seen,
            remedy: None,
        });
    }

    fn failed(&mut self, step: &'static str, seen: String, remedy: impl Into<String>) {
        self.steps.push(Step {
            step,
            ok: false,
            seen,
            remedy: Some(remedy.into()),
        });
    }
}

pub(super) async fn run(mut work: Work<'_>, options: &Probe) -> anyhow::Result<()> {
    let directory = work.existing().await?;
    let index = directory.index();
    let subaccount = find(&index, &options.subaccount)?.id;
    let key = TunnelKey {
        subaccount,
        location: options.location.clone(),
    };
    let mut report = Report {
        ok: false,
        steps: vec![],
        answer: None,
    };
    steps(&work, &directory, &index, &key, &options.url, &mut report).await?;
    report.ok = report.steps.iter().all(|step| step.ok);
    work.answer(&report, |out| print(out, &report))?;
    anyhow::ensure!(
        report.ok,
        "the request did not reach its back end; see the last step"
    );
    Ok(())
}

async fn steps(
    work: &Work<'_>,
    directory: &Directory,
    index: &Index,
    key: &TunnelKey,
    url: &Uri,
    report: &mut Report,
) -> anyhow::Result<()> {
    let Some(token) = token(work, index, key.subaccount)? else {
        let seen = "the subaccount has no binding, so applications get no token".to_owned();
        let remedy = format!(
            "underpass-gateway binding create --subaccount {}",
            key.subaccount
        );
        report.failed("token", seen, remedy);
        return Ok(());
    };
    report.passed(
        "token",
        "made with the gateway's signing key, for the subaccount's first binding".to_owned(),
    );

    let all = directory.tunnels().await?;
    let ours = all.iter().filter(|one| one.key == *key);
    let connections: u32 = ours.map(|one| one.connections).sum();
    if connections == 0 {
        let others = all
            .iter()
            .filter(|one| one.key.subaccount == key.subaccount);
        let others: Vec<String> = others
            .map(|one| format!("\"{}\"", one.key.location))
            .collect();
        report.failed(
            "tunnel",
            format!(
                "no agent with location ID \"{}\" is connected",
                key.location
            ),
            advice::no_tunnel(&others),
        );
        return Ok(());
    }
    report.passed("tunnel", format!("up, with {connections} connections"));

    let settings = settings(index)?;
    let request = request::as_sent(url, token.expose(), &key.location)?;
    if let Err(rule) = proxy::check(&request) {
        let seen = format!("the gateway refuses such a request: {}", rule.reason());
        report.failed("request", seen, "give the virtual URL as applications do");
        return Ok(());
    }
    match request::send(&proxy(&settings), request).await {
        Err(error) => report.failed(
            "request",
            format!("{error:#}"),
            "is the gateway running? `underpass-gateway serve`",
        ),
        Ok(answered) => {
            let seen = format!("{} after {} ms", answered.status, answered.milliseconds);
            match advice::of(&answered) {
                None => report.passed("request", seen),
                Some(remedy) => report.failed("request", seen, remedy),
            }
            report.answer = Some(answered);
        }
    }
    Ok(())
}

/// Where the proxy is reached from here.
fn proxy(settings: &Settings) -> (String, u16) {
    let host = match settings.proxy_address.map(|address| address.ip()) {
        Some(IpAddr::V4(every)) if every.is_unspecified() => Ipv4Addr::LOCALHOST.to_string(),
        Some(IpAddr::V6(every)) if every.is_unspecified() => Ipv6Addr::LOCALHOST.to_string(),
        Some(one) => one.to_string(),
        None => settings.proxy_host.clone(),
    };
    (host, settings.proxy_port)
}

/// A token as an application of the subaccount would get it.
fn token(
    work: &Work<'_>,
    index: &Index,
    subaccount: SubaccountId,
) -> anyhow::Result<Option<underpass_shared::secret::Secret>> {
    let Some(binding) = index.bindings().find(|one| one.subaccount == subaccount) else {
        return Ok(None);
    };
    let key = SigningKeys::load(&work.global.data_dir)
        .context("cannot read the token-signing key; run this as the gateway's user")?;
    let issuer = Issuer::new(key, settings(index)?.issuer.clone());
    Ok(Some(issuer.issue(binding, work.now_ms)?.token))
}

fn print(out: &mut dyn io::Write, report: &Report) -> io::Result<()> {
    for step in &report.steps {
        let mark = if step.ok { "ok  " } else { "FAIL" };
        writeln!(out, "{mark} {:<8} {}", step.step, step.seen)?;
        if let Some(remedy) = &step.remedy {
            writeln!(out, "              {remedy}")?;
        }
    }
    if let Some(answer) = &report.answer {
        writeln!(out)?;
        for (name, value) in &answer.headers {
            writeln!(out, "  {name}: {value}")?;
        }
        writeln!(out, "\n{}", answer.body)?;
    }
    Ok(())
}
