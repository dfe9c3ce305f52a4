//! History of what an agent measures: kept over restarts, bounded in size.
