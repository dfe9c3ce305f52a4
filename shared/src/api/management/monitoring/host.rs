//! Memory, disk and processors.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::MONITORING_VERSION;

/// How a kind of memory is used, in KB.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MemoryKb {
    /// What there is.
    pub total: u64,
    /// What the agent uses.
    #[serde(rename = "CloudConnector")]
    pub agent: u64,
    /// What all other programs use.
    pub others: u64,
    /// What nobody uses.
    pub free: u64,
}

/// The agent's own memory, in KB. It has no limit but the host's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct HeapKb {
    /// What the agent uses, and what is free.
    pub total: u64,
    /// What the agent uses.
    pub used: u64,
    /// What it could still get.
    pub free: u64,
}

/// How memory is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Memory {
    /// The host's memory.
    #[serde(rename = "physicalKB")]
    pub physical_kb: MemoryKb,
    /// The host's memory and swap space.
    #[serde(rename = "virtualKB")]
    pub virtual_kb: MemoryKb,
    /// The agent's own.
    #[serde(rename = "cloudConnectorHeapKB")]
    pub heap_kb: HeapKb,
    /// The version of the call.
    pub version: u32,
}

impl MemoryKb {
    /// From what there is, what is used and what the agent uses of that, all in bytes.
    fn of(total: u64, used: u64, agent: u64) -> Self {
        let used = used.min(total) / 1_024;
        let agent = (agent / 1_024).min(used);
        Self {
            total: total / 1_024,
            agent,
            others: used - agent,
            free: total / 1_024 - used,
        }
    }
}

impl Memory {
    /// From what there is and what is used, in bytes: the host's memory, its swap space, and the
    /// agent's resident memory. Address space without memory behind it is not counted.
    pub fn of(memory: (u64, u64), swap: (u64, u64), agent: u64) -> Self {
        let physical = MemoryKb::of(memory.0, memory.1, agent);
        let (total, used) = (
            memory.0.saturating_add(swap.0),
            memory.1.saturating_add(swap.1),
        );
        Self {
            physical_kb: physical,
            virtual_kb: MemoryKb::of(total, used, agent),
            heap_kb: HeapKb {
                total: physical.agent + physical.free,
                used: physical.agent,
                free: physical.free,
            },
            version: MONITORING_VERSION,
        }
    }
}

/// How the volume of the data directory is used, in MB.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Disk {
    /// What there is.
    pub total: u64,
    /// What the agent keeps.
    #[serde(rename = "CloudConnector")]
    pub agent: u64,
    /// What all others keep.
    pub others: u64,
    /// What nobody uses.
    pub free: u64,
    /// The version of the call.
    pub version: u32,
}

/// Bytes of a megabyte.
const MB: u64 = 1_024 * 1_024;

impl Disk {
    /// From the size of the volume, its free space and what the agent keeps, in bytes.
    pub fn of(total: u64, free: u64, agent: u64) -> Self {
        let (total, free) = (total / MB, free.min(total) / MB);
        let agent = (agent / MB).min(total - free);
        Self {
            total,
            agent,
            others: total - free - agent,
            free,
            version: MONITORING_VERSION,
        }
    }
}

/// How the processors are used, in percent of all.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Cpu {
    /// By all programs.
    pub total: f64,
    /// By the agent.
    #[serde(rename = "CloudConnector")]
    pub agent: f64,
    /// The version of the call.
    pub version: u32,
}

impl Cpu {
    /// From shares of 1.
    pub fn of(total: f64, agent: f64) -> Self {
        let percent = |share: f64| (share.clamp(0.0, 1.0) * 1_000.0).round() / 10.0;
        Self {
            total: percent(total),
            agent: percent(agent),
            version: MONITORING_VERSION,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_add_up_whatever_was_measured() {
        const GB: u64 = 1 << 30;
        for (memory, swap, agent) in [
            ((8 * GB, 3 * GB), (GB, GB / 2), GB),
            ((8 * GB, GB), (0, 0), 2 * GB),
            ((GB, 2 * GB), (GB, 0), 0),
            ((0, 0), (0, 0), 0),
        ] {
            let all = Memory::of(memory, swap, agent);
            for one in [all.physical_kb, all.virtual_kb] {
                assert_eq!(one.agent + one.others + one.free, one.total, "{all:?}");
            }
            assert_eq!(all.heap_kb.used + all.heap_kb.free, all.heap_kb.total);
        }
        let disk = Disk::of(10 * GB, 4 * GB, GB);
        assert_eq!(
            (disk.total, disk.agent, disk.others, disk.free),
            (10_240, 1_024, 5_120, 4_096)
        );
        let full = Disk::of(GB, 2 * GB, GB);
        assert_eq!((full.agent, full.others), (0, 0));
        let cpu = Cpu::of(0.5004, 1.2);
        assert_eq!((cpu.total, cpu.agent), (50.0, 100.0));
    }
}
