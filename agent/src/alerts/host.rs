//! Processors and memory of the host.

use underpass_shared::alert::{Code, Condition};
use underpass_shared::config::ConnectorFields;
use underpass_shared::monitor::{Entity, Metric, Point, Sample};

use super::condition;

/// The mean of a figure of the host over the interval of a sample.
fn figure(sample: &Sample, metric: Metric) -> Option<f64> {
    let mut points = sample.points.iter();
    let (_, point) =
        points.find(|(series, _)| series.entity == Entity::Agent && series.metric == metric)?;
    match point {
        Point::Gauge(gauge) => Some(gauge.mean()),
        Point::Tally(_) | Point::Durations(_) => None,
    }
}

pub(super) fn conditions(sample: &Sample, connector: &ConnectorFields) -> Vec<Condition> {
    let load = figure(sample, Metric::HostCpu).map(|share| share * 100.0);
    let limit = connector.alerting.thresholds.cpu_load.get();
    let cpu = load.filter(|load| *load > f64::from(limit)).map(|load| {
        let text = format!("the processors are used by {load:.0} %; the limit is {limit} %");
        condition(Code::CpuLoad, "", text)
    });
    let used = figure(sample, Metric::HostMemory);
    let total = figure(sample, Metric::HostMemoryTotal).filter(|total| *total > 0.0);
    let used = used.zip(total).map(|(used, total)| used * 100.0 / total);
    let limit = connector.alert_rules.thresholds.memory_percent.get();
    let memory = used.filter(|used| *used > f64::from(limit)).map(|used| {
        let text = format!("{used:.0} % of the host's memory is in use; the limit is {limit} %");
        condition(Code::Memory, "", text)
    });
    cpu.into_iter().chain(memory).collect()
}
