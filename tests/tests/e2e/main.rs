//! The shipped programs, started as an operator starts them, called as applications call them.

#[cfg(test)]
mod admin;
#[cfg(test)]
mod agent;
#[cfg(test)]
#[cfg(target_os = "linux")]
mod agent_backup;
#[cfg(test)]
mod alerts;
#[cfg(test)]
mod audit;
#[cfg(test)]
mod backends;
#[cfg(test)]
mod backup;
#[cfg(test)]
mod backup_schedule;
#[cfg(test)]
mod broken;
#[cfg(test)]
mod bulk;
#[cfg(test)]
mod connect_proxy;
#[cfg(test)]
mod contract;
#[cfg(test)]
mod copies;
#[cfg(test)]
mod crash;
#[cfg(test)]
mod credentials;
#[cfg(test)]
mod crowd;
#[cfg(test)]
mod desktop;
#[cfg(test)]
mod diagnoses;
#[cfg(test)]
#[cfg(target_os = "linux")]
mod disk;
#[cfg(test)]
mod doctor;
#[cfg(test)]
mod drain;
#[cfg(test)]
mod enrolment;
#[cfg(test)]
mod expect;
#[cfg(test)]
#[cfg(target_os = "linux")]
mod faketime;
#[cfg(test)]
#[cfg(target_os = "linux")]
mod faults;
#[cfg(test)]
mod files;
#[cfg(test)]
mod fleet;
#[cfg(test)]
mod forged;
#[cfg(test)]
mod framing;
#[cfg(test)]
mod gateway_alerts;
#[cfg(test)]
mod gateway_away;
#[cfg(test)]
mod gateways;
#[cfg(test)]
#[cfg(unix)]
mod generated;
#[cfg(test)]
mod half_open;
#[cfg(test)]
mod heartbeat;
#[cfg(test)]
mod history;
#[cfg(test)]
#[cfg(target_os = "linux")]
mod history_faults;
#[cfg(test)]
mod http;
#[cfg(test)]
mod idle;
#[cfg(test)]
mod import;
#[cfg(test)]
mod live;
#[cfg(test)]
mod logs;
#[cfg(test)]
mod management;
#[cfg(test)]
mod measured;
#[cfg(test)]
#[cfg(target_os = "linux")]
mod migrate;
#[cfg(test)]
mod monitoring;
#[cfg(test)]
mod netns;
#[cfg(test)]
mod nginx;
#[cfg(test)]
mod operations;
#[cfg(test)]
mod operators_view;
#[cfg(test)]
mod outdated;
#[cfg(test)]
mod posts;
#[cfg(test)]
mod process;
#[cfg(test)]
mod proxied;
#[cfg(test)]
mod proxy_test;
#[cfg(test)]
mod raw;
#[cfg(test)]
mod restore;
#[cfg(test)]
mod revisions;
#[cfg(test)]
mod revocation;
#[cfg(test)]
mod rewritten;
#[cfg(test)]
mod rollout;
#[cfg(test)]
mod scale;
#[cfg(test)]
#[cfg(target_os = "linux")]
mod service;
#[cfg(test)]
mod smuggling;
#[cfg(test)]
#[cfg(target_os = "linux")]
mod streamed;
#[cfg(test)]
mod targets;
#[cfg(test)]
mod tenants;
#[cfg(test)]
mod tokens;
#[cfg(test)]
mod trust;
#[cfg(test)]
mod trust_bundle;
#[cfg(test)]
mod websocket;
#[cfg(test)]
mod world;
