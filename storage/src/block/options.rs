//! How a block of a level is laid out. Figures: BLOCKS, measured.

use super::WINDOW_MS;

/// How a block is laid out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlockOptions {
    /// The window that no row crosses.
    pub window_ms: i64,
    /// zstd level of the columns but the two below, and of the index.
    pub zstd_level: i32,
    /// zstd level of `steps`.
    pub zstd_level_steps: i32,
    /// zstd level of `floats`.
    pub zstd_level_floats: i32,
    /// Size of the pages of `times`.
    pub times_page_bytes: usize,
}

impl BlockOptions {
    /// What fits a level: cheap to write at 0, small above (BLOCKS: measured).
    pub fn for_level(level: u8) -> Self {
        let flush = Self {
            window_ms: WINDOW_MS,
            zstd_level: 3,
            zstd_level_steps: 3,
            zstd_level_floats: 3,
            times_page_bytes: 1 << 20,
        };
        let merged = Self {
            zstd_level: 12,
            zstd_level_steps: 16,
            zstd_level_floats: 17,
            times_page_bytes: 2 << 20,
            ..flush.clone()
        };
        match level {
            0 => flush,
            1 => merged,
            _ => Self { window_ms: 12 * WINDOW_MS, ..merged },
        }
    }
}
