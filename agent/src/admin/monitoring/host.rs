//! Memory, disk and processors.

use std::sync::Arc;

use underpass_shared::api::management::Refusal;
use underpass_shared::api::management::monitoring::{Cpu, Disk, Memory};

use crate::admin::{Admin, Answer, answer};
use crate::measure::Host;

fn unmeasured() -> Refusal {
    Refusal::illegal_state("nothing has been measured yet; ask again in some seconds")
}

impl Admin {
    fn host(&self) -> Result<Arc<Host>, Refusal> {
        self.measured()?.host().ok_or_else(unmeasured)
    }

    pub(super) fn memory(&self) -> Answer {
        let host = self.host()?;
        let memory = (host.memory_total, host.memory_used);
        let swap = (host.swap_total, host.swap_used);
        let shown = Memory::of(memory, swap, host.process_memory);
        answer::ok(&shown, self.store.current().revision().number)
    }

    pub(super) fn disk(&self) -> Answer {
        let host = self.host()?;
        // The volume of the data directory comes first.
        let volume = host.volumes.volumes.first().ok_or_else(unmeasured)?;
        let kept = host.volumes.data_dir_size.unwrap_or(0);
        let shown = Disk::of(volume.total, volume.free, kept);
        answer::ok(&shown, self.store.current().revision().number)
    }

    pub(super) fn cpu(&self) -> Answer {
        let host = self.host()?;
        let total = host.cpu.ok_or_else(unmeasured)?;
        let shown = Cpu::of(total, host.process_cpu.unwrap_or(0.0));
        answer::ok(&shown, self.store.current().revision().number)
    }
}
