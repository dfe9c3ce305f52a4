//! What agents ask when one hands its place over to another.

use std::time::Duration;

use underpass_runtime::clock;
use underpass_runtime::pki::CertificateInfo;
use underpass_runtime::random;
use underpass_shared::api::error::{ApiError, ErrorKind};
use underpass_shared::api::handover::{
    Named, Phase, Presence, Present, Standing, Vouch, VouchedFor,
};
use underpass_shared::api::management::{HandoverMode, VALID_SEC};
use underpass_shared::id::InstanceId;
use underpass_shared::pki::identity::AgentIdentity;

use super::enrol::{Enrolment, csr_key, error};
use crate::directory::{Handover, HandoverError, Offer};

/// How long a change of who carries may take before the asking agent is told to try again.
const SWITCH: Duration = Duration::from_secs(8);

impl Enrolment {
    /// The source vouches for a key of the target.
    pub(super) async fn vouch(
        &self,
        own: &CertificateInfo,
        vouch: Vouch,
    ) -> Result<VouchedFor, ApiError> {
        let invalid = |message: &str| error(ErrorKind::InvalidRequest, message);
        let source = self.newest(own)?;
        self.check_own(source, &vouch)?;
        if !(VALID_SEC.0..=VALID_SEC.1).contains(&vouch.valid_sec) {
            return Err(invalid("validSec is between 10 seconds and 24 hours"));
        }
        let offer = Offer {
            id: vouch.handover,
            mode: vouch.mode,
            new_location: vouch.new_location_id,
            spki_hash: csr_key(&vouch.csr)?,
            valid: Duration::from_secs(vouch.valid_sec.into()),
        };
        let fresh = InstanceId::from_uuid(random::id());
        let now_ms = clock::wall_ms();
        let begun = self
            .directory
            .offer(source.instance, &offer, fresh, now_ms)
            .await;
        let begun = begun.map_err(|refused| refusal(&refused))?;
        let identity = AgentIdentity {
            subaccount: begun.subaccount,
            instance: begun.target,
        };
        let enrolled = self
            .issue(&vouch.csr, offer.spki_hash, &identity, None)
            .await?;
        tracing::info!(handover = %begun.id, key = %begun.key(), source = %begun.source, target = %begun.target, mode = ?begun.mode, "an agent vouched for another");
        Ok(VouchedFor {
            subaccount: enrolled.subaccount,
            subaccount_name: enrolled.subaccount_name,
            location_id: enrolled.location_id,
            instance: enrolled.instance,
            certificate: enrolled.certificate,
            ca_bundle: enrolled.ca_bundle,
            until_ms: begun.until_ms,
        })
    }

    /// Nobody vouches for the enrolment of another.
    fn check_own(&self, source: AgentIdentity, vouch: &Vouch) -> Result<(), ApiError> {
        let index = self.directory.index();
        let location = index.identity(&source.instance).map(|own| &own.location);
        if source.subaccount == vouch.subaccount && location == Some(&vouch.location_id) {
            return Ok(());
        }
        let message = format!(
            "the certificate is not that of subaccount {} with location ID \"{}\"; an agent \
             vouches for its own enrolments only",
            vouch.subaccount, vouch.location_id
        );
        Err(error(ErrorKind::InvalidRequest, &message))
    }

    /// The target is ready to carry.
    pub(super) async fn ready(
        &self,
        own: &CertificateInfo,
        named: Named,
    ) -> Result<Standing, ApiError> {
        let found = self.part(own, named, |one, own| one.target == own)?;
        if found.phase.is_open() && !self.places.is_there(&found.key(), found.target) {
            let text = "the target has no tunnel yet; wait until it is connected";
            return Err(error(ErrorKind::IllegalState, text));
        }
        let ready = self.directory.make_ready(found.target, found.id).await;
        let ready = ready.map_err(|refused| refusal(&refused))?;
        self.switched(&ready, ready.target).await?;
        Ok(standing(&ready))
    }

    /// The source lets go for good.
    pub(super) async fn complete(
        &self,
        own: &CertificateInfo,
        named: Named,
    ) -> Result<Standing, ApiError> {
        let found = self.part(own, named, |one, own| one.source == own)?;
        let is_there = self.places.is_there(&found.key(), found.target);
        if found.phase == Phase::Offered
            || (found.phase == Phase::Ready && found.mode == HandoverMode::Move && !is_there)
        {
            let text = "the target does not carry yet; nothing was changed";
            return Err(error(ErrorKind::IllegalState, text));
        }
        let ended = self.directory.complete(&found, clock::wall_ms()).await;
        let ended = ended.map_err(|refused| refusal(&refused))?;
        tracing::info!(handover = %ended.id, key = %ended.key(), "handover completed");
        Ok(standing(&ended))
    }

    /// Either takes it back: the source carries before the target ends.
    pub(super) async fn abort(
        &self,
        own: &CertificateInfo,
        named: Named,
    ) -> Result<Standing, ApiError> {
        let mut found = self.part(own, named, |_, _| true)?;
        if found.phase == Phase::Ready && found.mode == HandoverMode::Move {
            if !self.places.is_there(&found.key(), found.source) {
                let text = "the source has no tunnel, so nobody would serve; connect it first";
                return Err(error(ErrorKind::IllegalState, text));
            }
            let back = self.directory.take_back(&found).await;
            found = back.map_err(|refused| refusal(&refused))?;
            self.switched(&found, found.source).await?;
        }
        let ended = self.directory.abort(&found, clock::wall_ms()).await;
        let ended = ended.map_err(|refused| refusal(&refused))?;
        tracing::info!(handover = %ended.id, key = %ended.key(), "handover aborted");
        Ok(standing(&ended))
    }

    /// How it stands.
    pub(super) fn standing(
        &self,
        own: &CertificateInfo,
        named: Named,
    ) -> Result<Standing, ApiError> {
        Ok(standing(&self.part(own, named, |_, _| true)?))
    }

    /// Whether the agent has tunnels elsewhere.
    pub(super) fn presence(
        &self,
        own: &CertificateInfo,
        asked: Presence,
    ) -> Result<Present, ApiError> {
        let identity = self.newest(own)?;
        let elsewhere = self.places.is_elsewhere(identity.instance, asked.process);
        Ok(Present { elsewhere })
    }

    /// The handover that an agent names and takes part in. One that it ended itself is found too,
    /// though its certificate is good for nothing else any more.
    fn part(
        &self,
        own: &CertificateInfo,
        named: Named,
        is_part: impl Fn(&Handover, InstanceId) -> bool,
    ) -> Result<Handover, ApiError> {
        let foreign = || {
            error(
                ErrorKind::InvalidCertificate,
                "the certificate is no agent's",
            )
        };
        let instance = own.identity.ok_or_else(foreign)?.instance;
        let found = self
            .directory
            .of_agent(instance, named.handover, |one| is_part(one, instance));
        let found = found.map_err(|refused| refusal(&refused))?;
        if found.phase.is_open() {
            self.newest(own)?;
        }
        Ok(found)
    }

    async fn switched(&self, handover: &Handover, to: InstanceId) -> Result<(), ApiError> {
        if handover.mode == HandoverMode::Copy || !handover.phase.is_open() {
            return Ok(());
        }
        if self.places.carries(&handover.key(), to, SWITCH).await {
            return Ok(());
        }
        let text = "the change of who carries takes longer than it should; try again";
        Err(error(ErrorKind::Unavailable, text))
    }
}

fn standing(handover: &Handover) -> Standing {
    Standing {
        handover: handover.id,
        phase: handover.phase,
        until_ms: handover.until_ms,
    }
}

fn refusal(refused: &HandoverError) -> ApiError {
    let kind = match refused {
        HandoverError::NoSource => ErrorKind::InvalidCertificate,
        HandoverError::Place(_) => ErrorKind::LocationTaken,
        HandoverError::UsedKey | HandoverError::OtherKey | HandoverError::SameLocation => {
            ErrorKind::InvalidRequest
        }
        HandoverError::Unknown => ErrorKind::NotFound,
        HandoverError::Busy(_) | HandoverError::Over(_) | HandoverError::TooMany => {
            ErrorKind::IllegalState
        }
        HandoverError::Store(failed) => {
            tracing::error!(error = %failed, "a handover cannot be kept");
            ErrorKind::Unavailable
        }
    };
    error(kind, &refused.to_string())
}
