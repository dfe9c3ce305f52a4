//! The pages of the desktop app with the shipped programs: what a user does on a page is seen in
//! the agent's configuration, and in what the tunnel carries.
#![expect(
    dead_code,
    reason = "the other end-to-end tests use the rest of these modules"
)]

#[cfg(test)]
mod access;
#[cfg(test)]
#[path = "../e2e/agent.rs"]
mod agent;
#[cfg(test)]
#[path = "../e2e/backends.rs"]
mod backends;
#[cfg(test)]
mod backup;
#[cfg(test)]
#[path = "../e2e/import/connector.rs"]
mod connector;
#[cfg(test)]
#[path = "../e2e/crowd.rs"]
mod crowd;
#[cfg(test)]
mod desk;
#[cfg(target_os = "linux")]
#[cfg(test)]
#[path = "../e2e/faketime.rs"]
mod faketime;
#[cfg(test)]
mod fleet;
#[cfg(test)]
mod gateways;
#[cfg(test)]
mod history;
#[cfg(target_os = "linux")]
#[cfg(test)]
mod hour;
#[cfg(test)]
#[path = "../e2e/http.rs"]
mod http;
#[cfg(test)]
mod keys;
#[cfg(test)]
mod logs;
#[cfg(test)]
mod long;
#[cfg(test)]
mod many;
#[cfg(test)]
mod moves;
#[cfg(test)]
mod noticed;
#[cfg(test)]
mod operators;
#[cfg(test)]
#[path = "../e2e/process.rs"]
mod process;
#[cfg(test)]
mod propagation;
#[cfg(test)]
#[path = "../../../desktop/tests/ui/raster.rs"]
mod raster;
#[cfg(test)]
mod settings;
#[cfg(target_os = "linux")]
#[cfg(test)]
mod skewed;
#[cfg(test)]
mod trust;
#[cfg(test)]
mod watch;
#[cfg(test)]
#[path = "../e2e/world.rs"]
mod world;
