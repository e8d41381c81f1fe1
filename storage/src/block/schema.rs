//! The columns of a block and how Parquet writes them (DESIGN §8; measured in BLOCKS.md).
//!
//! Law: standard encodings only, V1 pages, so that DuckDB, pandas, Polars and Spark read a block
//! as it is. Names and types here are what users' SQL names.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Fields, Schema, SchemaRef, TimeUnit};
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::file::properties::{
    EnabledStatistics, WriterProperties, WriterPropertiesBuilder, WriterVersion,
};
use parquet::schema::types::ColumnPath;

use super::{BlockError, BlockOptions};

/// The leaf that holds `times`.
pub(super) const TIMES_LEAF: usize = 6;

/// The leaves that hold the values, in the order of [`super::decimal::Kind`].
pub(super) const VALUE_LEAVES: [usize; 4] = [9, 10, 11, 12];

const VALUE_PAGE_BYTES: usize = 1 << 20;

pub(super) fn schema() -> SchemaRef {
    let time = || DataType::Timestamp(TimeUnit::Millisecond, Some("UTC".into()));
    let list = |name: &str, element: DataType, nullable| {
        Field::new(name, DataType::List(list_element(element)), nullable)
    };
    Arc::new(Schema::new(vec![
        Field::new("tenant", DataType::Utf8, false),
        Field::new("metric", DataType::Utf8, false),
        Field::new("labels", DataType::Map(label_entries(), true), false),
        Field::new("min_time", time(), false),
        Field::new("max_time", time(), false),
        list("times", DataType::Int32, false),
        Field::new("base", DataType::Int64, true),
        Field::new("exponent", DataType::Int8, true),
        list("gauges", DataType::Int32, true),
        list("steps", DataType::Int32, true),
        list("wide", DataType::Int64, true),
        list("floats", DataType::Float64, true),
    ]))
}

/// What every element of a list column is.
pub(super) fn list_element(of: DataType) -> Arc<Field> {
    Arc::new(Field::new("element", of, false))
}

/// The two columns of the label map.
pub(super) fn label_fields() -> Fields {
    let text = |name| Field::new(name, DataType::Utf8, false);
    Fields::from(vec![text("key"), text("value")])
}

/// The entries of the label map.
pub(super) fn label_entries() -> Arc<Field> {
    Arc::new(Field::new("key_value", DataType::Struct(label_fields()), false))
}

fn path(parts: &[&str]) -> ColumnPath {
    ColumnPath::new(parts.iter().map(|&part| part.to_owned()).collect())
}

fn zstd(level: i32) -> Result<Compression, BlockError> {
    Ok(Compression::ZSTD(ZstdLevel::try_new(level)?))
}

pub(super) fn writer_properties(options: &BlockOptions) -> Result<WriterProperties, BlockError> {
    let list = |name| path(&[name, "list", "element"]);
    let builder = WriterProperties::builder()
        .set_writer_version(WriterVersion::PARQUET_1_0)
        .set_created_by("hydrograph".to_owned())
        .set_compression(zstd(options.zstd_level)?)
        .set_data_page_size_limit(VALUE_PAGE_BYTES)
        .set_data_page_row_count_limit(usize::MAX)
        .set_max_row_group_row_count(None)
        .set_write_batch_size(64)
        .set_dictionary_enabled(false)
        .set_statistics_enabled(EnabledStatistics::None)
        .set_column_compression(list("steps"), zstd(options.zstd_level_steps)?)
        .set_column_compression(list("floats"), zstd(options.zstd_level_floats)?)
        .set_column_data_page_size_limit(list("times"), options.times_page_bytes);
    let builder = ["times", "gauges", "steps"].into_iter().fold(builder, |builder, name| {
        builder.set_column_encoding(list(name), Encoding::BYTE_STREAM_SPLIT)
    });
    let builder = builder
        .set_column_encoding(path(&["base"]), Encoding::BYTE_STREAM_SPLIT)
        .set_column_encoding(list("wide"), Encoding::DELTA_BINARY_PACKED)
        .set_column_encoding(list("floats"), Encoding::PLAIN)
        .set_column_encoding(path(&["labels", "key_value", "key"]), Encoding::PLAIN)
        .set_column_encoding(path(&["labels", "key_value", "value"]), Encoding::PLAIN)
        .set_column_dictionary_enabled(path(&["exponent"]), true);
    Ok(["tenant", "metric", "min_time", "max_time"].into_iter().fold(builder, keyed).build())
}

/// A column that readers look rows up by.
fn keyed(builder: WriterPropertiesBuilder, name: &str) -> WriterPropertiesBuilder {
    builder
        .set_column_dictionary_enabled(path(&[name]), true)
        .set_column_statistics_enabled(path(&[name]), EnabledStatistics::Page)
}
