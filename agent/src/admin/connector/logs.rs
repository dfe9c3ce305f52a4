//! What is logged and traced.

use underpass_runtime::telemetry::Part;
use underpass_shared::api::management::{
    ConnectorTarget, Linked, LogsShown, Refusal, SubaccountPath, Target, TraceState, TracesShown,
    Verb, object,
};
use underpass_shared::config::{
    ConnectorFields, Document, LogLevel, LogSettings, SubaccountTraces, Traces, TracesBySubaccount,
};

use super::edit;
use super::setting::wanted;
use crate::admin::call::Call;
use crate::admin::trouble::trace_shown;
use crate::admin::{Admin, Answer, answer};

/// What an agent logs that does not run; the default of its option.
const LEVEL: LogLevel = LogLevel::Info;
/// Where the log goes, beside standard error, in the data directory.
const PATH: &str = "log";
/// Settings of answers that requests may repeat.
const SHOWN_ONLY: [&str; 3] = ["isTlsTraceActive", "logAndTracePath", "withoutEffect"];
/// Settings that are kept for scripts which set them: there is no RFC, and handshakes that fail are
/// told by the checks.
const WITHOUT_EFFECT: [&str; 2] = ["tlsTrace", "cpicTraceLevel"];
/// What a trace is allowed that is asked for by the setting of a subaccount: seconds, megabytes,
/// bytes of a body.
const TRACE: (u32, u32, u32) = (600, 10, 4_096);

impl Admin {
    fn show_logs(&self, settings: &LogSettings) -> LogsShown {
        let start = |part| {
            let live = self.live.as_ref();
            let levels = live.and_then(|live| live.levels.as_ref());
            levels.map_or(LEVEL, |levels| levels.at_start(part))
        };
        LogsShown {
            scc_log_level: settings.scc_log_level.unwrap_or_else(|| start(Part::Own)),
            other_log_level: settings
                .other_log_level
                .unwrap_or_else(|| start(Part::Others)),
            levels: settings.levels.clone(),
            tls_trace: settings.tls_trace,
            is_tls_trace_active: false,
            cpic_trace_level: settings.cpic_trace_level.get(),
            cleanup: settings.cleanup.get(),
            rollover_threshold: settings.rollover_threshold.to_string(),
            log_and_trace_path: PATH.to_owned(),
            without_effect: WITHOUT_EFFECT.map(str::to_owned).to_vec(),
        }
    }

    pub(super) async fn logs(&self, call: &Call, verb: Verb) -> Answer {
        if verb == Verb::Get {
            let current = self.readable()?;
            let shown = self.show_logs(&current.document().connector().log_and_trace);
            let shown = Linked::at(Target::Connector(ConnectorTarget::Logs), shown);
            return answer::ok(&shown, current.revision().number);
        }
        let mut body = object(&call.json()?)?;
        for name in SHOWN_ONLY {
            body.remove(name);
        }
        let edit = edit(move |fields| {
            fields.log_and_trace = wanted(verb, &fields.log_and_trace, body)?;
            Ok(())
        });
        let reason = "changed what is logged";
        self.change(call, reason, edit, answer::done).await
    }

    pub(super) async fn subaccount_traces(
        &self,
        call: &Call,
        verb: Verb,
        path: SubaccountPath,
    ) -> Answer {
        if verb == Verb::Get {
            let current = self.readable()?;
            known(current.document(), &path)?;
            let traces = traces(current.document().connector(), &path);
            let shown = self.show_traces(traces, &path);
            let target = Target::Connector(ConnectorTarget::SubaccountLogs(path));
            let shown = Linked::at(target, shown);
            return answer::ok(&shown, current.revision().number);
        }
        let mut body = object(&call.json()?)?;
        for name in ["effective", "notEffectiveBecause", "trace"] {
            body.remove(name);
        }
        let asks = body.get("trafficTrace").cloned();
        let of = path.clone();
        let reason = format!("changed what is traced of subaccount {}", path.subaccount);
        let change = move |document: &Document| {
            known(document, &path)?;
            // Of subaccounts that are gone nothing is kept.
            let mut all: Vec<SubaccountTraces> =
                document.connector().subaccount_traces.clone().into();
            all.retain(|one| {
                let other = SubaccountPath {
                    region_host: one.region_host.clone(),
                    subaccount: one.subaccount,
                };
                other != path && known(document, &other).is_ok()
            });
            let traces = wanted(verb, &traces(document.connector(), &path), body)?;
            all.push(SubaccountTraces {
                region_host: path.region_host,
                subaccount: path.subaccount,
                traces,
            });
            let all = TracesBySubaccount::try_from(all)?;
            let edit = edit(move |fields| {
                fields.subaccount_traces = all;
                Ok(())
            });
            edit(document)
        };
        // Nothing is traced of an agent that does not run.
        let follows = asks.is_some() && !call.query.dry_run && self.live.is_some();
        let off = asks.is_some_and(|asks| asks == false || asks == "false");
        if follows && !off {
            // Where none can be asked for, the setting stays as it is.
            let traces = self.known_traces()?;
            let open = traces.of_setting(&of).map(|one| one.state);
            if !matches!(open, Some(TraceState::Requested | TraceState::Running)) {
                traces.check_room()?;
            }
        }
        let changed = self.change(call, &reason, change, answer::done).await?;
        if follows {
            self.follow_setting(call, &of).await?;
        }
        Ok(changed)
    }

    fn show_traces(&self, traces: Traces, path: &SubaccountPath) -> TracesShown {
        let trace = self
            .live
            .as_ref()
            .and_then(|live| live.traces.of_setting(path));
        let state = trace.as_ref().map(|one| one.state);
        let because = match state {
            _ if !traces.traffic_trace => None,
            Some(TraceState::Running) => None,
            Some(TraceState::Requested) => Some("another operator has to approve it"),
            Some(TraceState::Refused) => Some("it was refused; set it anew to ask again"),
            Some(TraceState::Ended) => Some("it has ended; set it anew to ask again"),
            None => Some("nobody has asked for it since the agent started; set it anew"),
        };
        TracesShown {
            traffic_trace: traces.traffic_trace,
            payload_snc_trace: traces.payload_snc_trace,
            effective: state == Some(TraceState::Running),
            not_effective_because: because.map(str::to_owned),
            trace: trace.map(|one| one.id),
        }
    }

    /// Who switches the trace of a subaccount on asks for it, and who switches it off ends it.
    async fn follow_setting(&self, call: &Call, path: &SubaccountPath) -> Result<(), Refusal> {
        let all = self.known_traces()?;
        let open = all.of_setting(path);
        let state = open.as_ref().map(|one| one.state);
        let current = self.readable()?;
        let wanted = traces(current.document().connector(), path).traffic_trace;
        match (wanted, open, state) {
            (true, _, Some(TraceState::Requested | TraceState::Running)) => Ok(()),
            (true, ..) => {
                let (host, reason) = (path.region_host.clone(), "trafficTrace was switched on");
                let shown = trace_shown(host, path.subaccount, reason, TRACE);
                self.ask_for_trace(call, shown).await.map(drop)
            }
            (false, Some(open), Some(TraceState::Running)) => {
                self.stop_trace(call, open.id).await.map(drop)
            }
            (false, Some(open), Some(TraceState::Requested)) => {
                self.refuse_trace(call, open.id).await.map(drop)
            }
            (false, ..) => Ok(()),
        }
    }
}

fn traces(fields: &ConnectorFields, path: &SubaccountPath) -> Traces {
    fields
        .subaccount_traces
        .of(&path.region_host, path.subaccount)
}

/// Whether the agent serves a subaccount, under whatever location IDs.
fn known(document: &Document, path: &SubaccountPath) -> Result<(), Refusal> {
    let mut keys = document.subaccounts().iter().map(|one| one.key());
    let SubaccountPath {
        region_host,
        subaccount,
    } = path;
    if keys.any(|key| key.region_host == *region_host && key.subaccount == *subaccount) {
        return Ok(());
    }
    let message = format!("Subaccount with value '{subaccount}@{region_host}' does not exist");
    Err(Refusal::not_found(message))
}
