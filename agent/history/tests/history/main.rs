//! The history from outside: against a plain model, killed, on full disks, with clocks that jump.

#[cfg(test)]
mod clock;
#[cfg(test)]
mod crash;
#[cfg(test)]
mod damage;
#[cfg(test)]
#[cfg(target_os = "linux")]
mod full;
#[cfg(test)]
mod made;
#[cfg(test)]
mod model;
#[cfg(test)]
mod size;
#[cfg(test)]
mod usage;
