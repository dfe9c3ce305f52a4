//! Medians over the rounds, as a table and as JSON.

use std::fs;

use serde_json::{Value, json};

use super::rounds::{Memory, Results, Sample, Series};
use crate::file;
use crate::output;
use crate::shell;
use crate::stop::Stop;

/// Prints the table and writes `target/bench/latest.json`.
pub(super) fn print_and_save(results: &Results, stop: &Stop) -> anyhow::Result<()> {
    output::result(format_args!(
        "\nMedians over {} rounds; CPU seconds are those of gateway and agent together,\n\
         per 100,000 requests or per GiB. A bar that is missed is marked with !.\n",
        results.rounds
    ))?;
    output::result(format_args!(
        "{:<40} {:>10} {:>10} {:>15} {:>15} {:>10} {:>10} {:>7}",
        "traffic", "direct", "Underpass", "ratio", "CPU s", "p50 us", "p99 us", "errors"
    ))?;
    for series in &results.series {
        output::result(row(series))?;
    }
    let compared: Vec<_> = results
        .series
        .iter()
        .filter(|one| !one.rathole.is_empty())
        .collect();
    if !compared.is_empty() {
        output::result(
            "\nrathole over TLS; p99 has a bar only where head and body come apart, for it is there \
             that Nagle's algorithm holds the answers of a relay back:",
        )?;
    }
    for series in compared {
        output::result(peer(series))?;
    }
    output::result("")?;
    for (name, memory) in [
        ("idle, connected", results.idle),
        ("most at 512 connections", results.busy),
        ("after the last round", results.after),
    ] {
        output::result(format_args!(
            "PSS {name}: gateway {:.1} MiB, agent {:.1} MiB",
            memory.gateway, memory.agent
        ))?;
    }
    output::result(format_args!(
        "TCP congestion control: {} (bbr paces its packets, which costs processor time; gateway and agent use reno within one host, \
         direct access and rathole what is set)",
        congestion_control()
    ))?;
    let folder = shell::root().join("target/bench");
    fs::create_dir_all(&folder)?;
    let path = folder.join("latest.json");
    file::replace_json(&path, &to_json(results, stop))?;
    output::progress(format_args!("written to {}", path.display()));
    Ok(())
}

/// What the system uses for new connections; figures of two machines differ by it.
fn congestion_control() -> String {
    fs::read_to_string("/proc/sys/net/ipv4/tcp_congestion_control").map_or_else(
        |_unknown| "unknown".to_owned(),
        |name| name.trim().to_owned(),
    )
}

fn row(series: &Series) -> String {
    let (ratio_bar, cpu_bar) = series.kind.bars();
    let direct = median(&series.direct, |sample| Some(sample.rate));
    let underpass = median(&series.underpass, |sample| Some(sample.rate));
    let ratio = ratio(series);
    let cpu = median(&series.underpass, |sample| Some(sample.cpu));
    let digits = if series.kind.is_bulk() { 2 } else { 0 };
    let unit = if series.kind.is_bulk() {
        " GiB/s"
    } else {
        " /s"
    };
    format!(
        "{:<40} {direct:>10.digits$} {underpass:>10.digits$} {:>15} {:>15} {:>10} {:>10} {:>7.0}{unit}",
        series.kind.name(),
        against(ratio, ratio_bar, |value, bar| value >= bar, ">="),
        against(cpu, cpu_bar, |value, bar| value <= bar, "<="),
        or_dash(median(&series.underpass, |sample| sample.p50_micros)),
        or_dash(median(&series.underpass, |sample| sample.p99_micros)),
        errors(&series.underpass) + errors(&series.direct),
    )
}

/// What the slowest requests take beside those of rathole, by medians over the rounds.
fn peer(series: &Series) -> String {
    let p99 = |samples: &[Sample]| median(samples, |sample| sample.p99_micros);
    let theirs = p99(&series.rathole);
    let ratio = p99(&series.underpass) / theirs;
    format!(
        "  {}: {:.0} requests/s, {:.2} CPU s, p99 {theirs:.0} us; p99 of Underpass to that: {}",
        series.kind.name(),
        median(&series.rathole, |sample| Some(sample.rate)),
        median(&series.rathole, |sample| Some(sample.cpu)),
        against(
            ratio,
            series.kind.p99_bar(),
            |value, bar| value <= bar,
            "<="
        ),
    )
}

fn against(value: f64, bar: Option<f64>, fits: fn(f64, f64) -> bool, sign: &str) -> String {
    match bar {
        None => format!("{value:.2}"),
        Some(bar) => {
            let mark = if fits(value, bar) { "" } else { "! " };
            format!("{mark}{value:.2} ({sign}{bar:.2})")
        }
    }
}

fn or_dash(value: f64) -> String {
    if value.is_nan() {
        "-".to_owned()
    } else {
        format!("{value:.0}")
    }
}

/// The median of the ratios of each round, which is robust against a drifting machine.
fn ratio(series: &Series) -> f64 {
    let pairs = series.underpass.iter().zip(&series.direct);
    middle(
        pairs
            .map(|(underpass, direct)| underpass.rate / direct.rate)
            .collect(),
    )
}

fn errors(samples: &[Sample]) -> f64 {
    samples.iter().map(|sample| sample.errors).sum()
}

fn median(samples: &[Sample], value: impl Fn(&Sample) -> Option<f64>) -> f64 {
    middle(samples.iter().filter_map(value).collect())
}

/// The median; not a number when there is nothing.
fn middle(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let half = values.len() / 2;
    match (values.len() % 2, values.get(half)) {
        (_, None) => f64::NAN,
        (0, Some(high)) => {
            let low = values.get(half.saturating_sub(1)).unwrap_or(high);
            f64::midpoint(*low, *high)
        }
        (_, Some(value)) => *value,
    }
}

fn to_json(results: &Results, stop: &Stop) -> Value {
    let commit = shell::capture(
        std::process::Command::new("git")
            .current_dir(shell::root())
            .args(["rev-parse", "HEAD"]),
        stop,
    );
    let kinds: Vec<Value> = results.series.iter().map(series_json).collect();
    json!({
        "commit": commit.ok().map(|text| text.trim().to_owned()),
        "cores": std::thread::available_parallelism().map(usize::from).ok(),
        "rounds": results.rounds,
        "kinds": kinds,
        "pssMib": {
            "idle": memory_json(results.idle),
            "most": memory_json(results.busy),
            "after": memory_json(results.after),
        },
    })
}

fn series_json(series: &Series) -> Value {
    json!({
        "name": series.kind.name(),
        "unit": if series.kind.is_bulk() { "GiB/s" } else { "requests/s" },
        "cpuUnit": if series.kind.is_bulk() { "s/GiB" } else { "s/100,000 requests" },
        "ratio": ratio(series),
        "direct": samples_json(&series.direct),
        "underpass": samples_json(&series.underpass),
        "rathole": samples_json(&series.rathole),
    })
}

fn samples_json(samples: &[Sample]) -> Value {
    samples
        .iter()
        .map(|sample| {
            json!({
                "rate": sample.rate,
                "cpu": sample.cpu,
                "p50Micros": sample.p50_micros,
                "p99Micros": sample.p99_micros,
                "errors": sample.errors,
            })
        })
        .collect()
}

fn memory_json(memory: Memory) -> Value {
    json!({"gateway": memory.gateway, "agent": memory.agent})
}

#[cfg(test)]
mod tests {
    use super::middle;

    #[test]
    fn the_middle_of_values() {
        assert!(middle(Vec::new()).is_nan());
        for (values, expected) in [
            (vec![3.0], 3.0),
            (vec![4.0, 1.0], 2.5),
            (vec![9.0, 1.0, 2.0], 2.0),
            (vec![8.0, 2.0, 4.0, 1.0], 3.0),
        ] {
            assert!((middle(values) - expected).abs() < 1e-9);
        }
    }
}
