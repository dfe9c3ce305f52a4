//! The requests that made-up agents remember.

use std::sync::Arc;

use underpass_shared::api::management::monitoring::{RequestPage, RequestShown, TopShown};
use underpass_shared::config::{Document, Mapping, SubaccountKey};
use underpass_shared::monitor::{Entity, Outcome, Request, Split};

use super::super::random::Dice;
use super::curve::Trouble;
use super::series::weight;
use super::{HOUR_MS, Nature};
use crate::api::Call;

/// Requests that are remembered.
const KEPT: u64 = 2_000;
/// Those that a page has where the caller names no number.
const PAGE_LEN: usize = 200;
/// Longest requests that are told.
const TOP: usize = 25;
/// One request in so many milliseconds is remembered of those of a made-up agent.
const EVERY_MS: i64 = 640;

const METHODS: [&str; 6] = ["GET", "GET", "GET", "POST", "PUT", "PATCH"];
const TAILS: [&str; 5] = ["", "/$batch", "/items", "/8000417", "/search"];
const USERS: [Option<&str>; 4] = [None, Some("m.okafor"), Some("s.tanaka"), Some("j.weber")];

type Place<'a> = (&'a SubaccountKey, &'a Mapping);

fn places<'a>(nature: &Nature, document: &'a Document) -> Vec<Place<'a>> {
    let all = document.subaccounts().iter();
    let all = all.flat_map(|one| {
        let key = one.key();
        one.mappings().iter().map(move |mapping| (key, &***mapping))
    });
    all.filter(|(key, mapping)| {
        let entity = Entity::Mapping((*key).clone(), mapping.virtual_address.clone());
        weight(nature, &entity) > 0.0 && !mapping.resources.is_empty()
    })
    .collect()
}

/// The requests between two numbers, the newest first.
fn requests(
    nature: Nature,
    document: &Document,
    numbers: std::ops::Range<u64>,
) -> impl Iterator<Item = Request> {
    let places = places(&nature, document);
    numbers
        .rev()
        .filter_map(move |number| request(&nature, &places, number))
}

fn request(nature: &Nature, places: &[Place<'_>], number: u64) -> Option<Request> {
    let mut dice = Dice::new(nature.seed ^ number.wrapping_mul(0xD1B5_4A32));
    let at = dice.below(u32::try_from(places.len()).ok()?);
    let (key, mapping) = places.get(usize::try_from(at).ok()?)?;
    let begun_ms = i64::try_from(number).ok()? * EVERY_MS + i64::from(dice.below(600));
    let found = dice.below(u32::try_from(mapping.resources.len()).ok()?);
    let resource = mapping.resources.get(usize::try_from(found).ok()?)?;
    let errors = nature.depth(Trouble::Errors, begun_ms);
    let fate = f64::from(dice.share());
    let outcome = match fate {
        fate if fate < 0.02 => Outcome::Denied,
        fate if fate < 0.024 + 0.2 * errors => Outcome::Failed(502),
        fate if fate < 0.03 + 0.3 * errors => Outcome::Answered(500),
        fate if fate > 0.994 => Outcome::Aborted,
        fate if fate > 0.95 => Outcome::Answered(404),
        fate if fate > 0.86 => Outcome::Answered(304),
        _ => Outcome::Answered(200),
    };
    // Most take about the median, few far longer.
    let luck = f64::from(dice.share());
    let total = nature.duration(begun_ms) * (0.4 + luck + 7.0 * luck.powi(18));
    let split = split(&mut dice, total, outcome);
    let is_denied = outcome == Outcome::Denied;
    let large = u64::from(dice.below(40_000));
    let method = dice.one_of(&METHODS);
    let tail = dice.one_of(&TAILS);
    Some(Request {
        begun_ms,
        subaccount: Arc::new((*key).clone()),
        virtual_host: mapping.virtual_address.host.to_string().into(),
        virtual_port: mapping.virtual_address.port.get(),
        internal: mapping.internal_address.to_string().into(),
        method: method.into(),
        path: if is_denied {
            "/sap/bc/gui/sap/its/webgui".into()
        } else {
            format!("{}{tail}", resource.path).into()
        },
        resource: if is_denied {
            "".into()
        } else {
            resource.path.to_string().into()
        },
        user: dice.one_of(&USERS).map(Into::into),
        received: if method == "GET" { 0 } else { large / 7 },
        sent: if is_denied { 0 } else { large },
        outcome,
        split,
    })
}

fn split(dice: &mut Dice, seconds: f64, outcome: Outcome) -> Split {
    let us = |seconds: f64| super::series::whole(seconds * 1e6);
    let small = |dice: &mut Dice, from: f64, by: f64| us(from + by * f64::from(dice.share()));
    let (gateway, tunnel) = (small(dice, 0.001, 0.002), small(dice, 0.009, 0.01));
    if outcome == Outcome::Denied {
        return Split {
            total: 180,
            gateway: Some(gateway),
            tunnel: Some(tunnel),
            ..Split::default()
        };
    }
    let open = (dice.below(6) == 0).then(|| small(dice, 0.004, 0.012));
    let propagation = (dice.below(3) == 0).then(|| small(dice, 0.0015, 0.003));
    let total = us(seconds);
    let beside = open.unwrap_or(0) + propagation.unwrap_or(0);
    let answered = matches!(outcome, Outcome::Answered(_));
    let backend = total.saturating_sub(beside).saturating_mul(86) / 100;
    Split {
        total: total.max(beside + backend),
        gateway: Some(gateway),
        tunnel: Some(tunnel),
        open,
        backend: answered.then_some(backend),
        propagation,
    }
}

pub(super) fn page(nature: &Nature, document: &Document, call: &Call, now_ms: i64) -> RequestPage {
    let newest = u64::try_from(now_ms / EVERY_MS).unwrap_or(0);
    let search = &call.query.requests;
    let limit = call.query.limit.unwrap_or(PAGE_LEN);
    let all = requests(*nature, document, newest.saturating_sub(KEPT)..newest);
    let found = all.filter(|one| search.finds(one)).take(limit);
    RequestPage {
        requests: found.map(|one| RequestShown::show(&one)).collect(),
        dropped: 1_204_311,
    }
}

pub(super) fn top(nature: &Nature, document: &Document, now_ms: i64) -> TopShown {
    let newest = u64::try_from(now_ms / EVERY_MS).unwrap_or(0);
    let mut all: Vec<Request> =
        requests(*nature, document, newest.saturating_sub(4 * KEPT)..newest).collect();
    all.sort_by_key(|one| std::cmp::Reverse(one.split.total));
    TopShown {
        since_ms: now_ms - 14 * HOUR_MS,
        requests: all.iter().take(TOP).map(RequestShown::show).collect(),
    }
}
