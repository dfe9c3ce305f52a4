//! Handing the tunnels over: the source vouches, the target connects, the gateways turn to it.

use std::time::Duration;

use underpass_runtime::clock;
use underpass_shared::api::management::{
    AcceptInput, CertificateGiven, CsrInput, CsrShown, EnrolmentName, HandoverInput, HandoverList,
    HandoverMode, HandoverPart, HandoverShown, HandoverState, MigrationTarget, ReleaseInput,
    ReleaseMode, Target, VouchInput, VouchRequest, Vouched,
};
use underpass_shared::config::SubaccountKey;
use underpass_shared::id::HandoverId;

use super::calls::{Fault, Party, Told};
use super::plan::{Mode, TargetPlan};

/// How long tunnels may take to be up, or to end in order: a drain has thirty seconds.
const PATIENCE: Duration = Duration::from_secs(60);
/// How often is looked how far they are.
const LOOK: Duration = Duration::from_millis(200);

/// Where an address of this area leads.
const fn at(target: MigrationTarget) -> Target {
    Target::Migration(target)
}

const fn mode(mode: Mode) -> HandoverMode {
    match mode {
        Mode::Move => HandoverMode::Move,
        Mode::Copy => HandoverMode::Copy,
    }
}

/// A handover in one direction: for the way back, source and target change their parts.
pub(super) struct Handover<'a> {
    pub(super) id: HandoverId,
    pub(super) mode: Mode,
    /// Who hands over.
    pub(super) source: &'a Party<'a>,
    /// Who takes over.
    pub(super) target: &'a Party<'a>,
    /// What, as the one and the other know it.
    pub(super) keys: Vec<(SubaccountKey, SubaccountKey)>,
}

impl<'a> Handover<'a> {
    /// That of a plan.
    pub(super) fn of(
        plan: &TargetPlan,
        mode: Mode,
        source: &'a Party<'a>,
        target: &'a Party<'a>,
    ) -> Self {
        let keys = plan.handed_over();
        Self {
            id: plan.handover,
            mode,
            source,
            target,
            keys: keys.map(|one| (one.from.clone(), one.to.clone())).collect(),
        }
    }

    /// The same back again, as another handover.
    pub(super) fn reversed(&self, id: HandoverId) -> Self {
        let swapped = self
            .keys
            .iter()
            .map(|(from, to)| (to.clone(), from.clone()));
        Self {
            id,
            mode: Mode::Move,
            source: self.target,
            target: self.source,
            keys: swapped.collect(),
        }
    }

    /// Whether there is nothing to hand over.
    pub(super) fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// Has the gateways certify keys that the target makes.
    pub(super) async fn vouch(&self) -> Result<Vouched, Fault> {
        let names = self.keys.iter().map(|(_, to)| EnrolmentName::from(to));
        let input = CsrInput {
            handover: self.id,
            subaccounts: names.collect(),
        };
        let made: CsrShown = self.target.post(at(MigrationTarget::Csr), &input).await?;
        let requests = self.keys.iter().map(|(from, to)| {
            let of = |shown: &EnrolmentName| SubaccountKey::from(shown.clone()) == *to;
            let mut all = made.requests.iter();
            let found = all.find(|one| of(&one.name.clone().into()));
            Ok(VouchRequest {
                region_host: from.region_host.clone(),
                subaccount: from.subaccount,
                location_id: from.location_id.clone(),
                new_location_id: (self.mode == Mode::Copy).then(|| to.location_id.clone()),
                csr: found.ok_or_else(|| self.missing(to))?.csr.clone(),
            })
        });
        let input = VouchInput {
            handover: self.id,
            mode: mode(self.mode),
            valid_sec: None,
            requests: requests.collect::<Result<_, Fault>>()?,
        };
        self.source.post(at(MigrationTarget::Vouch), &input).await
    }

    fn missing(&self, key: &SubaccountKey) -> Fault {
        let label = &self.target.label;
        Fault::new(format!("{label} made no key for subaccount {key}"))
    }

    /// Has the target connect with what was certified; nothing where it forgot its keys.
    pub(super) async fn accept(&self, vouched: Vouched) -> Result<Told<HandoverShown>, Fault> {
        let input = AcceptInput {
            handover: self.id,
            mode: vouched.mode,
            certificates: vouched
                .certificates
                .into_iter()
                .map(|one| self.renamed(one.into()))
                .collect(),
        };
        let target = at(MigrationTarget::Accept);
        match self.target.try_post(target, &input).await {
            Err(fault @ Fault::Failed { .. }) => match self.shown(self.target).await? {
                Some(_) => Err(fault),
                None => Ok(Told::Unknown),
            },
            accepted => accepted,
        }
    }

    /// A certificate under the name that its gateway has at the target.
    fn renamed(&self, mut given: CertificateGiven) -> CertificateGiven {
        let is_of = |(from, to): &&(SubaccountKey, SubaccountKey)| {
            from.region_host == given.region_host
                && to.subaccount == given.subaccount
                && to.location_id == given.location_id
        };
        if let Some((_, to)) = self.keys.iter().find(is_of) {
            given.region_host = to.region_host.clone();
        }
        given
    }

    /// What to do where a gateway has another name at the target and no tunnel comes up.
    fn other_gateway(&self) -> Option<String> {
        let mut keys = self.keys.iter();
        let (from, to) = keys.find(|(from, to)| from.region_host != to.region_host)?;
        Some(format!(
            "{} must be another name of the gateway {}, which its certificate has; another gateway \
             needs a new enrolment: migrate without the replacement of the region host, or enrol the \
             target there with a token of that gateway",
            to.region_host, from.region_host
        ))
    }

    /// Waits for all tunnels of the target.
    pub(super) async fn connected(&self) -> Result<String, Fault> {
        let up = |part: &HandoverPart| {
            let state = matches!(
                part.state,
                HandoverState::Waiting | HandoverState::Ready | HandoverState::Completed
            );
            state && part.connections > 0
        };
        let waited = self.until(self.target, "tunnels of the target", up).await;
        let took = waited.map_err(|fault| match (fault, self.other_gateway()) {
            (Fault::Failed { reason, seen }, Some(hint)) => {
                let reason = format!("{reason}; {hint}");
                Fault::Failed { reason, seen }
            }
            (fault, _) => fault,
        })?;
        Ok(format!("all tunnels up after {}", seconds(took)))
    }

    /// Has the gateways send new requests to the target.
    pub(super) async fn switch(&self) -> Result<String, Fault> {
        let began = clock::monotonic();
        let input = HandoverInput {
            handover: self.id,
            subaccounts: None,
        };
        let _shown: HandoverShown = self.target.post(at(MigrationTarget::Ready), &input).await?;
        self.carries().await?;
        let took = clock::monotonic().saturating_sub(began);
        Ok(format!(
            "new requests go to the target after {}",
            seconds(took)
        ))
    }

    /// Waits until new requests come to the target.
    pub(super) async fn carries(&self) -> Result<(), Fault> {
        let carries = |part: &HandoverPart| {
            let state = matches!(part.state, HandoverState::Ready | HandoverState::Completed);
            state && part.connections > 0
        };
        let what = "the gateways to send requests to the target";
        self.until(self.target, what, carries).await.map(drop)
    }

    /// Has the source close its tunnels in order; what becomes of its enrolments then.
    pub(super) async fn release(&self, mode: ReleaseMode) -> Result<String, Fault> {
        let input = ReleaseInput {
            handover: self.id,
            subaccounts: None,
            mode,
        };
        let target = at(MigrationTarget::Release);
        let _shown: HandoverShown = self.source.post(target, &input).await?;
        let ended = |part: &HandoverPart| {
            let state = matches!(
                part.state,
                HandoverState::Released | HandoverState::Completed
            );
            state && part.connections == 0
        };
        let what = "the tunnels of the source to end";
        let took = self.until(self.source, what, ended).await?;
        Ok(format!(
            "all tunnels of the source ended after {}",
            seconds(took)
        ))
    }

    /// Has one side take the handover back.
    pub(super) async fn abort(&self, side: &Party<'_>) -> Result<Aborted, Fault> {
        let input = HandoverInput {
            handover: self.id,
            subaccounts: None,
        };
        let aborted = side.try_post::<HandoverShown>(at(MigrationTarget::Abort), &input);
        let refused = match aborted.await {
            Ok(Told::Unknown) => return Ok(Aborted::Unknown),
            Ok(Told::Done(shown)) => return Ok(Aborted::of(&shown)),
            Err(fault @ (Fault::Cancelled | Fault::Lost(_))) => return Err(fault),
            Err(fault @ Fault::Failed { .. }) => fault,
        };
        // A handover that is over may be refused; what counts is how it stands.
        match self.shown(side).await? {
            Some(shown) if is_over(&shown) => Ok(Aborted::of(&shown)),
            Some(_) => Err(refused),
            None => Ok(Aborted::Unknown),
        }
    }

    async fn shown(&self, side: &Party<'_>) -> Result<Option<HandoverShown>, Fault> {
        let list: HandoverList = side.get(at(MigrationTarget::Handovers)).await?;
        let mut all = list.handovers.into_iter();
        Ok(all.find(|one| one.handover == self.id))
    }

    /// Waits until all parts are so, and tells how long that took.
    async fn until(
        &self,
        side: &Party<'_>,
        what: &str,
        is: impl Fn(&HandoverPart) -> bool,
    ) -> Result<Duration, Fault> {
        let began = clock::monotonic();
        loop {
            let shown = self.shown(side).await?;
            let late: Vec<HandoverPart> = match shown {
                Some(shown) => shown.parts.into_iter().filter(|part| !is(part)).collect(),
                None => return Err(Fault::new(format!("{} forgot the handover", side.label))),
            };
            let took = clock::monotonic().saturating_sub(began);
            if late.is_empty() {
                return Ok(took);
            }
            if took > PATIENCE {
                let told = late.iter().map(|part| {
                    let name = &part.name;
                    format!(
                        "{}/{}/{} is {:?} with {} tunnel connections",
                        name.region_host,
                        name.subaccount,
                        name.location_id,
                        part.state,
                        part.connections
                    )
                });
                return Err(Fault::Failed {
                    reason: format!("waited {} s for {what}", PATIENCE.as_secs()),
                    seen: told.collect(),
                });
            }
            side.pause(LOOK).await?;
        }
    }
}

/// What came of taking a handover back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Aborted {
    /// All is as before.
    Yes,
    /// It was over before; the target has the enrolments.
    TooLate,
    /// The agent knows nothing of it.
    Unknown,
}

impl Aborted {
    fn of(shown: &HandoverShown) -> Self {
        let aborted = |part: &HandoverPart| part.state == HandoverState::Aborted;
        if shown.parts.iter().all(aborted) {
            Self::Yes
        } else {
            Self::TooLate
        }
    }
}

fn is_over(shown: &HandoverShown) -> bool {
    let over = |part: &HandoverPart| {
        matches!(
            part.state,
            HandoverState::Aborted | HandoverState::Completed
        )
    };
    shown.parts.iter().all(over)
}

/// A time for people.
pub(super) fn seconds(time: Duration) -> String {
    format!("{}.{:03} s", time.as_secs(), time.subsec_millis())
}
