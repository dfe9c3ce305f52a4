//! From a request to the handler of its call: what every call has in common.

use bytes::Bytes;
use http::header::IF_NONE_MATCH;
use http::{Method, Request, Response, StatusCode};
use underpass_shared::api::management::operations::{BODY_LEN_MAX, FORM, Operation};
use underpass_shared::api::management::{
    ErrorType, MappingAddress, MappingTarget, Query, Refusal, SubaccountPath, SubaccountTarget,
    Target, Verb,
};

use super::call::Call;
use super::{Admin, Answer, Body, Caller, Payload, answer, body};

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

/// Whether a request brings a file, which is read as it comes.
pub(super) fn brings_a_file(method: &Method, path: &str) -> bool {
    let operation = Target::parse(path).and_then(|target| target.operation(method));
    let body = operation.ok().and_then(|operation| operation.body);
    body.is_some_and(|body| body.media_type == FORM && body.len_max > BODY_LEN_MAX)
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
    /// Answers a request. HEAD is answered as GET, without the body.
    pub async fn handle(
        &self,
        caller: &Caller,
        request: Request<impl Into<Payload>>,
    ) -> Response<Body> {
        let request = request.map(Into::into);
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

    async fn answer(&self, caller: &Caller, request: Request<Payload>, target: Target) -> Answer {
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
            Target::Backup(target) => self.of_backup(call, verb, target).await,
            Target::Schedules(target) => self.of_schedules(&call, verb, target).await,
            Target::Certificates(target) => self.of_certificates(call, verb, target).await,
            Target::Operators(target) => self.of_operators(call, verb, target).await,
            Target::Restores(target) => self.of_restore(call, verb, target).await,
            Target::Running(target) => self.running_process(&call, verb, target).await,
            Target::Monitoring(target) => self.monitoring(&call, verb, target).await,
            Target::Delivery(target) => self.of_delivery(&call, target).await,
            Target::Migration(target) => self.migration(&call, target).await,
            Target::Alerts(target) => self.of_alerts(&call, verb, target).await,
            Target::Trouble(target) => self.trouble(call, verb, target).await,
            Target::Proxy => self.proxy(call, verb).await,
            Target::Ha(target) => self.of_ha(&call, verb, target),
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
}
