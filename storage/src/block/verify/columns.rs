//! The Parquet columns of a block, read by the rules that storage/FORMAT.md gives to everyone.

use std::io::Read;
use std::sync::Arc;

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::{Float64Type, Int8Type, Int32Type, Int64Type, TimestampMillisecondType};
use bytes::Bytes;
use parquet::errors::ParquetError;
use parquet::file::reader::{ChunkReader, Length};

use crate::block::decimal::POWERS;
use crate::labels::{Labels, METRIC_NAME};
use crate::samples::Samples;
use crate::store::BlockFile;

/// What the columns say.
pub(super) struct ReadRow {
    pub(super) tenant: String,
    pub(super) labels: Labels,
    pub(super) max_ms: i64,
    pub(super) samples: Samples,
}

/// The only row of `columns`, by the rules that FORMAT.md gives to readers.
pub(super) fn read_row(columns: &RecordBatch) -> Option<ReadRow> {
    let column = |name: &str| columns.column_by_name(name);
    let text = |name: &str| Some(column(name)?.as_string_opt::<i32>()?.value(0).to_owned());
    let time =
        |name: &str| Some(column(name)?.as_primitive_opt::<TimestampMillisecondType>()?.value(0));
    let list = |name: &str| {
        let list = column(name)?.as_list_opt::<i32>()?;
        list.is_valid(0).then(|| list.value(0))
    };
    let ints = |name: &str| {
        Some(
            list(name)?
                .as_primitive_opt::<Int32Type>()?
                .values()
                .iter()
                .map(|&x| i64::from(x))
                .collect(),
        )
    };
    let metric = text("metric")?;
    let entries = column("labels")?.as_map_opt()?.value(0);
    let (names, values) =
        (entries.column(0).as_string_opt::<i32>()?, entries.column(1).as_string_opt::<i32>()?);
    let pairs = (0..names.len()).map(|nth| (names.value(nth), values.value(nth)));
    let labels = Labels::from_pairs(pairs.chain([(METRIC_NAME, metric.as_str())]));
    let offsets: Option<Vec<i64>> = ints("gauges")
        .or_else(|| {
            let mut sum = 0;
            let steps: Vec<i64> = ints("steps")?;
            Some(
                steps
                    .into_iter()
                    .map(|step| {
                        sum += step;
                        sum
                    })
                    .collect(),
            )
        })
        .or_else(|| Some(list("wide")?.as_primitive_opt::<Int64Type>()?.values().to_vec()));
    let values = match offsets {
        Some(offsets) => {
            let base = column("base")?.as_primitive_opt::<Int64Type>()?.value(0);
            let exponent = column("exponent")?.as_primitive_opt::<Int8Type>()?.value(0);
            let power = POWERS.get(usize::try_from(exponent).ok()?)?;
            offsets.iter().map(|offset| base.wrapping_add(*offset) as f64 / power).collect()
        }
        None => list("floats")?.as_primitive_opt::<Float64Type>()?.values().to_vec(),
    };
    let min_ms = time("min_time")?;
    let times_ms =
        ints("times")?.into_iter().map(|offset: i64| min_ms.wrapping_add(offset)).collect();
    let samples = Samples { times_ms, values, starts_ms: Vec::new() };
    Some(ReadRow { tenant: text("tenant")?, labels, max_ms: time("max_time")?, samples })
}

/// A block's file as the parquet crate reads one.
pub(super) struct WholeFile(pub(super) Arc<dyn BlockFile>);

impl Length for WholeFile {
    fn len(&self) -> u64 {
        self.0.len()
    }
}

impl ChunkReader for WholeFile {
    type T = FilePart;

    fn get_read(&self, start: u64) -> Result<FilePart, ParquetError> {
        Ok(FilePart { file: Arc::clone(&self.0), at: start })
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes, ParquetError> {
        self.0
            .read_at(start..start.saturating_add(length as u64))
            .map_err(|error| ParquetError::External(Box::new(error)))
    }
}

/// A file from some place on.
pub(super) struct FilePart {
    file: Arc<dyn BlockFile>,
    at: u64,
}

impl Read for FilePart {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        let end = self.file.len().min(self.at.saturating_add(out.len() as u64));
        let bytes = self.file.read_at(self.at.min(end)..end).map_err(std::io::Error::other)?;
        out[..bytes.len()].copy_from_slice(&bytes);
        self.at = end;
        Ok(bytes.len())
    }
}
