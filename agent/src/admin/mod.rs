//! Administration: one set of handlers, whoever carries the requests.
//!
//! A request and its caller come in, an answer goes out; sockets are elsewhere. A running agent
//! serves the handlers over its local socket, a command calls them in its own process while the
//! agent is stopped, and both find the same rules.

mod accept;
mod alerts;
mod answer;
mod audit;
mod body;
mod call;
mod caller;
mod certificates;
mod channels;
mod checks;
mod clients;
mod connector;
mod delivery;
mod document;
mod domains;
mod enrolment;
mod events;
mod identity;
mod import;
mod kept;
mod mappings;
mod migration;
mod monitoring;
mod multipart;
mod operators;
mod organisation;
mod pairing;
mod proxy;
mod recorded;
mod resources;
mod revisions;
mod running;
pub(crate) mod serve;
pub mod socket;
mod subaccounts;
#[cfg(test)]
mod tests;
mod trial;
mod trouble;
mod trust;
mod validity;

use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use http::header::IF_NONE_MATCH;
use http::{Method, Request, Response, StatusCode};
use tokio::sync::Semaphore;
use underpass_runtime::clock;
use underpass_runtime::tasks::Tasks;
use underpass_runtime::telemetry::{Levels, LogFiles};
use underpass_shared::api::management::operations::{BODY_LEN_MAX, Operation};
use underpass_shared::api::management::{
    ErrorType, MappingAddress, MappingTarget, Query, Refusal, SecurityStatus, Status,
    SubaccountPath, SubaccountTarget, Target, Verb, Version, openapi,
};
use underpass_shared::rights::Role;

pub(crate) use self::answer::REVERTS_AT;
pub use self::body::Body;
use self::call::Call;
pub use self::caller::{Caller, Member, Operator, OsUser};
pub use self::operators::NewOperator;
pub use self::pairing::Knock;
pub use self::serve::start;
pub(crate) use self::subaccounts::tunnel;
#[cfg(test)]
pub(crate) use self::trouble::trace_shown;
use crate::alerts::Alerts;
use crate::audit::Audit;
use crate::control::Control;
use crate::credentials::CredentialStore;
use crate::deliver::Delivery;
use crate::diagnosis::Diagnoses;
use crate::events::Events;
use crate::forward::OwnListeners;
use crate::history::Kept;
use crate::logs::Logs;
use crate::measure::Meter;
use crate::operators::Operators;
use crate::probes::Probes;
use crate::secrets::SecretStore;
use crate::security;
use crate::status::{self, StatusBoard};
use crate::store::{Snapshot, Store};
use crate::trace::Traces;
use crate::vault::Vault;
use crate::warnings;

/// Checks of connections at a time; each opens a few.
const CHECKS_MAX: usize = 4;

/// What the handlers work on. Clones are the same.
#[derive(Clone)]
pub struct Admin {
    store: Store,
    credentials: CredentialStore,
    secrets: SecretStore,
    operators: Operators,
    vault: Vault,
    /// None while the agent is stopped and a command does the work.
    board: Option<StatusBoard>,
    /// None while the agent is stopped.
    events: Option<Events>,
    /// Where the agent itself listens.
    own: OwnListeners,
    /// Places for checks of connections.
    checks: Arc<Semaphore>,
    /// What is wrong; None while nothing runs.
    alerts: Option<Alerts>,
    /// What was logged; None while nothing runs.
    logs: Option<Logs>,
    /// What the process is told; None while nothing runs.
    control: Option<Control>,
    /// What is logged; None while nothing runs.
    levels: Option<Levels>,
    /// What is measured; None while nothing runs.
    meter: Option<Meter>,
    /// The delivery of alerts; None while nothing runs.
    delivery: Option<Delivery>,
    /// Which mappings Prometheus is told of one by one.
    places: monitoring::Places,
    /// What was measured, or why there is nothing.
    history: Result<Kept, String>,
    /// What goes wrong; None while nothing runs.
    diagnoses: Option<Diagnoses>,
    /// Payload that is traced; None while nothing runs.
    traces: Option<Traces>,
    /// The files of the log; None while nothing runs, or where there are none.
    log_files: Option<LogFiles>,
    /// Back ends that are asked from time to time; None while nothing runs.
    probes: Option<Probes>,
    tasks: Tasks,
    audit: Audit,
}

/// A refusal as a response, for those who carry requests.
pub(crate) fn refused(refusal: &Refusal) -> Response<Bytes> {
    answer::refused(refusal, None)
}

/// An answer on its way to the caller.
type Answer = Result<Response<Bytes>, Refusal>;

fn is_read(method: &Method) -> bool {
    *method == Method::GET || *method == Method::HEAD
}

/// Most bytes of the body of a request for `path`.
pub fn body_len_max(path: &str) -> usize {
    let target = Target::parse(path).ok();
    let calls = target.iter().flat_map(Target::operations);
    let limits = calls.filter_map(|call| Some(call.body?.len_max));
    limits.max().unwrap_or(BODY_LEN_MAX)
}

/// The first of two checks: may the caller make this call at all? What a call changes is checked
/// against the caller's role once more, part by part.
fn permitted(caller: &Caller, operation: &Operation) -> Result<(), Refusal> {
    let role = caller.role();
    if operation.access.allows(role) {
        return Ok(());
    }
    let message = format!(
        "{role} may not do this; it takes the role {}",
        operation.access.weakest()
    );
    let (status, kind) = (StatusCode::FORBIDDEN, ErrorType::ForbiddenRequest);
    Err(Refusal::new(status, kind, message))
}

impl Admin {
    /// Handlers of a running agent, which tells its state on `board`.
    pub fn running(data_dir: &Path, store: Store, board: StatusBoard, audit: Audit) -> Self {
        Self {
            board: Some(board),
            ..Self::stopped(data_dir, store, audit)
        }
    }

    /// Handlers of an agent that does not run.
    pub fn stopped(data_dir: &Path, store: Store, audit: Audit) -> Self {
        Self {
            store,
            credentials: CredentialStore::new(data_dir),
            secrets: SecretStore::new(data_dir),
            operators: Operators::new(data_dir),
            vault: Vault::new(data_dir),
            board: None,
            events: None,
            own: OwnListeners::default(),
            checks: Arc::new(Semaphore::new(CHECKS_MAX)),
            alerts: None,
            logs: None,
            control: None,
            levels: None,
            meter: None,
            delivery: None,
            places: monitoring::Places::default(),
            history: Err("the agent does not run".to_owned()),
            diagnoses: None,
            traces: None,
            log_files: None,
            probes: None,
            tasks: Tasks::new(),
            audit,
        }
    }

    /// What is known of operators beside the document.
    pub const fn desk(&self) -> &Operators {
        &self.operators
    }

    /// The same, with the place where events are told and the listeners that no check may reach.
    #[must_use]
    pub fn with_events(self, events: Events, own: OwnListeners) -> Self {
        Self {
            events: Some(events),
            own,
            ..self
        }
    }

    /// The same, with what is logged.
    #[must_use]
    pub fn with_levels(self, levels: Levels) -> Self {
        Self {
            levels: Some(levels),
            ..self
        }
    }

    /// The same, with what is wrong.
    #[must_use]
    pub(crate) fn with_alerts(self, alerts: Alerts) -> Self {
        Self {
            alerts: Some(alerts),
            ..self
        }
    }

    /// The same, with what was logged.
    #[must_use]
    pub fn with_logs(self, logs: Logs) -> Self {
        Self {
            logs: Some(logs),
            ..self
        }
    }

    /// The same, with what was measured, or why there is nothing.
    #[must_use]
    pub(crate) fn with_history(self, history: Result<Kept, String>) -> Self {
        Self { history, ..self }
    }

    /// The same, with what is measured.
    #[must_use]
    pub fn with_meter(self, meter: Meter) -> Self {
        Self {
            meter: Some(meter),
            ..self
        }
    }

    /// What is measured; None while nothing runs.
    pub const fn meter(&self) -> Option<&Meter> {
        self.meter.as_ref()
    }

    /// The same, with the delivery of alerts.
    #[must_use]
    pub fn with_delivery(self, delivery: Option<Delivery>) -> Self {
        Self { delivery, ..self }
    }

    /// The same, with the place where the process is told what to do.
    #[must_use]
    pub fn with_control(self, control: Control) -> Self {
        Self {
            control: Some(control),
            ..self
        }
    }

    /// The same, with what goes wrong.
    #[must_use]
    pub fn with_diagnoses(self, diagnoses: Diagnoses) -> Self {
        Self {
            diagnoses: Some(diagnoses),
            ..self
        }
    }

    /// The same, with what payload is traced.
    #[must_use]
    pub fn with_traces(self, traces: Traces) -> Self {
        Self {
            traces: Some(traces),
            ..self
        }
    }

    /// The same, with the files of the log.
    #[must_use]
    pub fn with_log_files(self, log_files: Option<LogFiles>) -> Self {
        Self { log_files, ..self }
    }

    /// The same, with the back ends that are asked from time to time.
    #[must_use]
    pub fn with_probes(self, probes: Probes) -> Self {
        Self {
            probes: Some(probes),
            ..self
        }
    }

    /// Answers a request whose body is there. HEAD is answered as GET, without the body.
    pub async fn handle(&self, caller: &Caller, request: Request<Bytes>) -> Response<Body> {
        let only_head = *request.method() == Method::HEAD;
        let answered = match Target::parse(request.uri().path()) {
            Ok(target) if *request.method() == Method::OPTIONS => {
                answer::with_allow(self.options(), &target.allow())
            }
            Ok(target) => {
                let allow = target.allow();
                let known = request.headers().get(IF_NONE_MATCH).cloned();
                let known = known.filter(|_| target.is_of_document() && is_read(request.method()));
                let answered = self.answer(caller, request, target).await;
                let mut answered =
                    answered.unwrap_or_else(|refusal| answer::refused(&refusal, Some(&allow)));
                if let Some(known) = known {
                    answer::unless_same(&mut answered, &known);
                }
                if answered.status() == StatusCode::PRECONDITION_FAILED {
                    answer::tag(&mut answered, self.store.current().revision().number);
                }
                answered
            }
            Err(refusal) => answer::refused(&refusal, None),
        };
        if only_head {
            answer::without_body(answered).map(Body::from)
        } else {
            body::with_body(answered)
        }
    }

    /// What OPTIONS gets, whatever the role of the caller; the methods are added.
    fn options(&self) -> Response<Bytes> {
        answer::done(self.store.current().revision().number)
    }

    async fn answer(&self, caller: &Caller, request: Request<Bytes>, target: Target) -> Answer {
        let operation = target.operation(request.method())?;
        permitted(caller, operation)
            .inspect_err(|refusal| self.denied(caller, &request, refusal))?;
        let verb = operation.verb;
        let query = Query::parse(request.uri().query(), operation)?;
        let call = Call::new(caller, query, request)?;
        match target {
            Target::Version => self.version(),
            Target::OpenApi => self.description(),
            Target::Status => self.status(caller.role()),
            Target::Events => self.events(&call),
            Target::SecurityStatus => self.security_status().await,
            Target::Document(target) => self.of_document(call, verb, target).await,
            Target::Audit(target) => self.of_audit(call, verb, target).await,
            Target::Certificates(target) => self.of_certificates(call, verb, target).await,
            Target::Operators(target) => self.of_operators(call, verb, target).await,
            Target::Running(target) => self.running_process(&call, verb, target).await,
            Target::Monitoring(target) => self.monitoring(&call, verb, target).await,
            Target::Delivery(target) => self.of_delivery(&call, target).await,
            Target::Migration(target) => self.migration(&call, target).await,
            Target::Alerts(target) => self.of_alerts(&call, verb, target).await,
            Target::Trouble(target) => self.trouble(call, verb, target).await,
            Target::Proxy => self.proxy(call, verb).await,
            Target::Connector(target) => self.connector(call, verb, target).await,
            Target::Subaccounts => self.subaccounts(call, verb).await,
            Target::Corrupted => self.corrupted(),
            Target::Of(path, target) => self.of_subaccount(call, verb, path, target).await,
            Target::OfMapping(path, address, target) => {
                self.of_mapping(call, verb, path, address, target).await
            }
        }
    }

    async fn of_subaccount(
        &self,
        call: Call,
        verb: Verb,
        path: SubaccountPath,
        target: SubaccountTarget,
    ) -> Answer {
        match target {
            SubaccountTarget::Itself => self.subaccount(call, verb, path).await,
            SubaccountTarget::State => self.state(call, path).await,
            SubaccountTarget::Validity => self.validity(call, path).await,
            SubaccountTarget::AccessCheck => self.access_check(&call, &path),
            SubaccountTarget::Mappings => self.mappings(call, verb, path).await,
            SubaccountTarget::ExportMappings => self.export_mappings(call, path).await,
            SubaccountTarget::ImportMappings => self.import_mappings(call, path).await,
            SubaccountTarget::ConnectionCheck => self.connection_check(call, path).await,
            SubaccountTarget::DomainMappings => self.domain_mappings(call, verb, path).await,
            SubaccountTarget::DomainMapping(domain) => {
                self.domain_mapping(call, verb, path, domain).await
            }
            SubaccountTarget::Channels => self.channels(call, verb, path).await,
            SubaccountTarget::ChannelsOf(kind) => self.channels_of(call, verb, path, kind).await,
            SubaccountTarget::Channel(kind, id) => self.channel(call, verb, path, kind, id).await,
            SubaccountTarget::ChannelState(kind, id) => {
                self.channel_state(call, path, kind, id).await
            }
            SubaccountTarget::AvailableChannels(_kind) => self.available_channels(&call, &path),
            SubaccountTarget::IdentityTrust => self.identity_trust(call, verb, path).await,
            SubaccountTarget::IdentityProviders => self.identity_providers(&call, &path),
            SubaccountTarget::IdentityProvider(id) => {
                self.identity_provider(call, verb, path, id).await
            }
            SubaccountTarget::TrustedApps => self.trusted_apps(&call, &path),
            SubaccountTarget::TrustedApp(id) => self.trusted_app(call, verb, path, id).await,
        }
    }

    async fn of_mapping(
        &self,
        call: Call,
        verb: Verb,
        path: SubaccountPath,
        address: MappingAddress,
        target: MappingTarget,
    ) -> Answer {
        match target {
            MappingTarget::Itself => self.mapping(call, verb, path, address).await,
            MappingTarget::Check => self.mapping_check(call, path, address).await,
            MappingTarget::Resources => self.resources(call, verb, path, address).await,
            MappingTarget::Resource(id) => self.resource(call, verb, path, address, &id).await,
            MappingTarget::AllowedClients => self.allowed_clients(call, verb, path, address).await,
            MappingTarget::AllowedClient(client) => {
                self.allowed_client(call, path, address, client).await
            }
            MappingTarget::BlockedUsers => self.blocked_users(call, verb, path, address).await,
            MappingTarget::BlockedUser(user) => self.blocked_user(call, path, address, user).await,
        }
    }

    fn version(&self) -> Answer {
        let version = env!("CARGO_PKG_VERSION").to_owned();
        answer::ok(&Version { version }, self.store.current().revision().number)
    }

    fn description(&self) -> Answer {
        let described = openapi(env!("CARGO_PKG_VERSION"));
        answer::ok(&described, self.store.current().revision().number)
    }

    /// What the agent does. Who does what, and what weakens security, is not for monitoring.
    fn status(&self, role: Role) -> Answer {
        let Some(board) = &self.board else {
            return Err(Refusal::illegal_state("the agent does not run"));
        };
        let current = self.store.current();
        let number = current.revision().number;
        let problem = current.problem().map(ToString::to_string);
        let drain = self.control.as_ref();
        let mut drain = drain.and_then(|control| control.drain().borrow().clone());
        let warnings = if role == Role::Monitoring {
            if let Some(drain) = &mut drain {
                drain.author.clear();
            }
            vec![]
        } else {
            warnings::of(current.document())
        };
        let status = Status {
            drain,
            ..status::now(board, number, problem, warnings)
        };
        answer::ok(&status, number)
    }

    async fn security_status(&self) -> Answer {
        let (current, vault) = (self.readable()?, self.vault.clone());
        let traces = self.traces.as_ref().map(Traces::list);
        let made = self.operators.shown();
        let tls12 = self.board.as_ref();
        let tls12 = tls12.is_some_and(|board| board.management(|management| management.tls12));
        call::blocking(move || {
            let document = current.document();
            let mut entries = security::of_document(document);
            entries.extend(security::of_management(
                document,
                &made,
                tls12,
                clock::wall_ms(),
            ));
            entries.extend(security::of_host(&vault));
            entries.extend(traces.map(|traces| security::of_traces(&traces)));
            answer::ok(&SecurityStatus::of(entries), current.revision().number)
        })
        .await
    }

    /// The present state, unless it cannot be used.
    fn readable(&self) -> Result<Arc<Snapshot>, Refusal> {
        let current = self.store.current();
        match current.problem() {
            Some(problem) => Err(Refusal::failure(problem.to_string())),
            None => Ok(current),
        }
    }
}
