//! The shipped programs, started as an operator starts them, called as applications call them.

#[cfg(test)]
mod contract;
#[cfg(test)]
mod enrolment;
#[cfg(test)]
mod faults;
#[cfg(test)]
mod process;
#[cfg(test)]
mod revisions;
#[cfg(test)]
mod volume;
#[cfg(test)]
mod world;
