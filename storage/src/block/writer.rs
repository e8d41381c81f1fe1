//! Writes a block, some samples of one series at a time.
//!
//! Law: what is pushed ascends by tenant, window and [`super::row_order`]; the same pushes give
//! the same bytes. A push does a bounded amount of work, but for the one that begins another
//! tenant, which makes the index of the one before. The file is made in memory.

use bytes::Bytes;

use super::decimal;
use super::footer::{self, IndexPlace};
use super::groups::Groups;
use super::index::build::TenantBuilder;
use super::index::directory::{Directory, TenantEntry};
use super::index::rows::RowMeta;
use super::pages::PageTable;
use super::{
    BlockEntry, BlockError, BlockHeader, BlockOptions, ROW_SAMPLES_MAX, row_order, section,
    window_start,
};
use crate::labels::Labels;
use crate::samples::Samples;

/// A block that is whole.
#[derive(Clone, Debug)]
pub struct FinishedBlock {
    /// For the manifest.
    pub entry: BlockEntry,
    /// The file.
    pub bytes: Bytes,
}

/// A block that is being written.
pub struct BlockWriter {
    header: BlockHeader,
    options: BlockOptions,
    groups: Groups,
    index: Vec<u8>,
    tenants: Vec<TenantEntry>,
    tenant: Option<TenantBuilder>,
    /// Window, labels and last time of the last push of this tenant.
    last: Option<(i64, Labels, i64)>,
    decimals: Vec<i64>,
}

impl BlockWriter {
    /// An empty block.
    pub fn new(header: BlockHeader, options: BlockOptions) -> Self {
        assert!(options.window_ms > 0 && options.window_ms <= i64::from(i32::MAX));
        Self {
            groups: Groups::new(&options),
            header,
            options,
            index: Vec::new(),
            tenants: Vec::new(),
            tenant: None,
            last: None,
            decimals: Vec::new(),
        }
    }

    /// Whether nothing was pushed.
    pub fn is_empty(&self) -> bool {
        self.tenant.is_none()
    }

    /// Appends samples of one series that lie in one window, in ascending order of tenant, window
    /// and [`row_order`]; a series may come again in the same window with later samples. Pushing
    /// none does nothing.
    pub fn push(
        &mut self,
        tenant: &str,
        labels: &Labels,
        samples: &Samples,
    ) -> Result<(), BlockError> {
        let (Some(&first_ms), Some(&last_ms)) = (samples.times_ms.first(), samples.times_ms.last())
        else {
            return Ok(());
        };
        let window = window_start(first_ms, self.options.window_ms);
        assert_eq!(window, window_start(last_ms, self.options.window_ms), "one window a push");
        assert!(samples.times_ms.is_sorted_by(|a, b| a < b), "times ascend");
        assert_eq!(samples.times_ms.len(), samples.values.len(), "a value for each time");
        self.follow(tenant, window, labels, first_ms)?;
        let times = samples.times_ms.chunks(ROW_SAMPLES_MAX);
        for (times_ms, values) in times.zip(samples.values.chunks(ROW_SAMPLES_MAX)) {
            self.push_row(tenant, labels, times_ms, values)?;
        }
        self.last = Some((window, labels.clone(), last_ms));
        Ok(())
    }

    /// Checks the order and moves on to the next tenant.
    fn follow(
        &mut self,
        tenant: &str,
        window: i64,
        labels: &Labels,
        first_ms: i64,
    ) -> Result<(), BlockError> {
        if self.tenant.as_ref().is_none_or(|current| current.tenant() != tenant) {
            assert!(
                self.tenant.as_ref().is_none_or(|current| current.tenant() < tenant),
                "tenants ascend"
            );
            self.finish_tenant()?;
            self.tenant = Some(TenantBuilder::new(tenant));
            self.last = None;
        }
        if let Some((last_window, last_labels, last_ms)) = &self.last {
            let order = last_window.cmp(&window).then_with(|| row_order(last_labels, labels));
            assert!(
                order.then(last_ms.cmp(&first_ms)).is_lt(),
                "rows ascend by window, metric, labels and time"
            );
        }
        Ok(())
    }

    fn push_row(
        &mut self,
        tenant: &str,
        labels: &Labels,
        times_ms: &[i64],
        values: &[f64],
    ) -> Result<(), BlockError> {
        let form = decimal::choose(values, &mut self.decimals);
        let samples = times_ms.len() as u32;
        let first_ms = times_ms[0];
        let span_ms = (times_ms[times_ms.len() - 1] - first_ms) as u32;
        if let Some(tenant) = &mut self.tenant {
            let series = tenant.number(labels);
            tenant.push(RowMeta { series, samples, first_ms, span_ms, form });
        }
        self.groups.push((tenant, labels), times_ms, values, form, &self.decimals)
    }

    fn finish_tenant(&mut self) -> Result<(), BlockError> {
        if let Some(tenant) = self.tenant.take() {
            self.tenants.push(tenant.finish(&mut self.index, self.options.zstd_level)?);
        }
        Ok(())
    }

    /// Writes what is left, the index and the footer. A block holds at least one sample.
    pub fn finish(mut self) -> Result<FinishedBlock, BlockError> {
        assert!(!self.is_empty(), "a block holds samples");
        self.finish_tenant()?;
        let (pages, offset) = self.groups.finish()?;
        let directory = Directory {
            header: self.header,
            window_ms: self.options.window_ms,
            pages: PageTable::new(pages),
            tenants: self.tenants,
        };
        let place = section::append(&mut self.index, &directory.encode(), self.options.zstd_level)?;
        let index = IndexPlace { offset, bytes: self.index.len() as u64, directory: place };
        let mut file = self.groups.close(&self.index)?;
        footer::fill_in(&mut file, &index)?;
        Ok(FinishedBlock { entry: directory.entry(file.len() as u64), bytes: Bytes::from(file) })
    }
}
