//! Traces of payload: no operator lets his own begin.

use std::io::ErrorKind;

use http::StatusCode;
use http_body_util::BodyExt as _;
use underpass_shared::api::management::{
    ErrorType, Refusal, Target, TraceInput, TraceList, TraceShown, TraceState, TroubleTarget,
};
use underpass_shared::audit::Category;
use underpass_shared::config::Document;
use underpass_shared::host::VirtualAddress;
use underpass_shared::id::{RegionHost, SubaccountId};

use super::pieces;
use crate::admin::call::{Call, still_permitted};
use crate::admin::{Admin, Answer, answer, body};
use crate::trace::{TraceError, Traces};

/// Somebody cleared away on this host what the agent still lists.
fn gone() -> Refusal {
    let message = "the file of the trace is not on this host any more; delete the trace";
    Refusal::not_found(message)
}

impl From<TraceError> for Refusal {
    fn from(error: TraceError) -> Self {
        let message = error.to_string();
        match error {
            TraceError::Missing(_) => Self::not_found(message),
            TraceError::SameOperator(_) => {
                let (status, kind) = (StatusCode::FORBIDDEN, ErrorType::ForbiddenRequest);
                Self::new(status, kind, message)
            }
            TraceError::State(..)
            | TraceError::TooMany
            | TraceError::TooManyRun
            | TraceError::Same(_) => Self::illegal_state(message),
            TraceError::File(_) => Self::failure(message),
        }
    }
}

impl Admin {
    pub(super) fn list_traces(&self) -> Answer {
        let traces = self.known_traces()?.list();
        answer::ok(&TraceList { traces }, self.number())
    }

    pub(super) fn show_trace(&self, id: u64) -> Answer {
        answer::ok(&self.known_traces()?.get(id)?, self.number())
    }

    pub(super) async fn request_trace(&self, call: &Call) -> Answer {
        let input: TraceInput = call.read()?;
        let wanted = wanted(input, self.readable()?.document())?;
        let asked = self.ask_for_trace(call, wanted).await?;
        let mut response = answer::ok(&asked, self.number())?;
        *response.status_mut() = StatusCode::CREATED;
        let target = Target::Trouble(TroubleTarget::Trace(asked.id));
        answer::locate(&mut response, &target);
        Ok(response)
    }

    /// Asks for a trace in the name of the caller.
    pub(in crate::admin) async fn ask_for_trace(
        &self,
        call: &Call,
        wanted: TraceShown,
    ) -> Result<TraceShown, Refusal> {
        let traces = self.known_traces()?;
        let (scope, reason) = (wanted.scope(), wanted.reason.clone());
        let told = format!("asked for a payload trace of {scope}: {reason}");
        let act = || Ok(traces.request(wanted, call.caller())?);
        let asked = self.traced(call, &told, act).await?;
        let by = call.caller();
        self.notice(format!(
            "{by} asked for a payload trace of {scope}; another operator has to approve it"
        ));
        Ok(asked)
    }

    pub(super) async fn approve_trace(&self, call: &Call, id: u64) -> Answer {
        let traces = self.known_traces()?;
        let scope = traces.get(id)?.scope();
        let requester = traces.requester(id)?;
        let told =
            format!("approved the payload trace {id} of {scope}, which {requester} asked for");
        let act = || {
            traces.may_approve(id, call.caller())?;
            // Who asked must still be somebody who may.
            still_permitted(&requester, self.readable()?.document())?;
            Ok(traces.approve(id, call.caller())?)
        };
        let shown = self.traced(call, &told, act).await?;
        let by = call.caller();
        self.notice(format!(
            "{by} approved the payload trace of {scope}; it runs"
        ));
        answer::ok(&shown, self.number())
    }

    pub(in crate::admin) async fn refuse_trace(&self, call: &Call, id: u64) -> Answer {
        let traces = self.known_traces()?;
        let told = format!(
            "refused the payload trace {id} of {}",
            traces.get(id)?.scope()
        );
        let by = call.caller().to_string();
        let act = || Ok(traces.refuse(id, &by, "it was refused")?);
        let shown = self.traced(call, &told, act).await?;
        answer::ok(&shown, self.number())
    }

    pub(in crate::admin) async fn stop_trace(&self, call: &Call, id: u64) -> Answer {
        let traces = self.known_traces()?;
        let told = format!(
            "stopped the payload trace {id} of {}",
            traces.get(id)?.scope()
        );
        let why = format!("{} stopped it", call.caller());
        let act = || Ok(traces.stop(id, &why)?);
        let shown = self.traced(call, &told, act).await?;
        answer::ok(&shown, self.number())
    }

    pub(super) async fn delete_trace(&self, call: &Call, id: u64) -> Answer {
        let traces = self.known_traces()?;
        let told = format!(
            "deleted the payload trace {id} of {}",
            traces.get(id)?.scope()
        );
        let act = || Ok(traces.delete(id)?);
        self.traced(call, &told, act).await?;
        Ok(answer::done(self.number()))
    }

    /// The lines of a trace, piece by piece. Who reads payload is recorded.
    pub(super) async fn trace_content(&self, call: &Call, id: u64) -> Answer {
        let traces = self.known_traces()?;
        let told = format!("read the payload trace {id} of {}", traces.get(id)?.scope());
        let act = || {
            let path = traces.file(id)?;
            std::fs::File::open(path).map_err(|error| {
                if error.kind() == ErrorKind::NotFound {
                    return gone();
                }
                TraceError::from(error).into()
            })
        };
        let file = self.traced(call, &told, act).await?;
        let mut response = answer::bytes(vec![], "application/jsonl", self.number());
        let content = pieces::of_file(file).boxed_unsync();
        body::stream(&mut response, content);
        Ok(response)
    }

    /// Does something with a record of it before and after.
    async fn traced<T>(
        &self,
        call: &Call,
        reason: &str,
        act: impl FnOnce() -> Result<T, Refusal>,
    ) -> Result<T, Refusal> {
        let recording = self.recording(call.caller(), Category::PayloadTrace, reason);
        recording.intend_act().await?;
        let done = act();
        recording.acted(&done);
        done
    }

    pub(in crate::admin) fn known_traces(&self) -> Result<&Traces, Refusal> {
        Ok(&self.live()?.traces)
    }
}

/// A trace of what is there.
fn wanted(input: TraceInput, document: &Document) -> Result<TraceShown, Refusal> {
    if input.reason.trim().is_empty() {
        let rule = "must say why, for the one who approves";
        return Err(Refusal::invalid("reason", rule));
    }
    let virtual_address = match (input.virtual_host, input.virtual_port) {
        (Some(host), Some(port)) => Some(VirtualAddress { host, port: port.0 }),
        (None, None) => None,
        (Some(_), None) => {
            let rule = "is missing; a system has a host and a port";
            return Err(Refusal::invalid("virtualPort", rule));
        }
        (None, Some(_)) => {
            let rule = "is missing; a system has a host and a port";
            return Err(Refusal::invalid("virtualHost", rule));
        }
    };
    let mut of = document.subaccounts().iter().filter(|one| {
        let key = one.key();
        let location = input.location_id.as_ref();
        key.region_host == input.region_host
            && key.subaccount == input.subaccount
            && location.is_none_or(|id| *id == key.location_id)
    });
    let is_there = match &virtual_address {
        None => of.next().is_some(),
        Some(address) => {
            let (host, port) = (address.host.to_string(), address.port.get());
            of.any(|one| one.mapping(&host, port).is_some())
        }
    };
    let shown = shown(
        input.region_host,
        input.subaccount,
        &input.reason,
        (
            input.seconds.get(),
            input.megabytes.get(),
            input.body_bytes.get(),
        ),
    );
    let shown = TraceShown {
        location_id: input.location_id,
        virtual_address,
        ..shown
    };
    if is_there {
        return Ok(shown);
    }
    let scope = shown.scope();
    Err(Refusal::not_found(format!("this agent serves no {scope}")))
}

/// A trace of a subaccount that nobody has asked for yet.
pub(crate) fn shown(
    region_host: RegionHost,
    subaccount: SubaccountId,
    reason: &str,
    (seconds, megabytes, body_bytes): (u32, u32, u32),
) -> TraceShown {
    TraceShown {
        id: 0,
        state: TraceState::Requested,
        region_host,
        subaccount,
        location_id: None,
        virtual_address: None,
        seconds,
        megabytes,
        body_bytes,
        reason: reason.to_owned(),
        requested_by: String::new(),
        requested_ms: 0,
        decided_by: None,
        started_ms: None,
        ended_ms: None,
        ended_because: None,
        bytes: 0,
        requests: 0,
        dropped: 0,
    }
}
