use std::fmt::Write;

use expect_test::expect;
use parquet::file::reader::{FileReader, SerializedFileReader};

use super::{Model, write};
use crate::labels::Labels;

/// What other readers see; a change here changes users' SQL.
#[test]
fn the_columns_are_these() {
    let mut model = Model::new();
    let labels = Labels::from_pairs([("__name__", "up"), ("job", "a")]);
    let samples = (0..3).map(|t| (t, (t as f64).to_bits())).collect();
    model.entry("t".to_owned()).or_default().insert(labels, samples);
    let reader = SerializedFileReader::new(write(&model, 0).bytes).unwrap();
    let metadata = reader.metadata();
    let mut schema = Vec::new();
    parquet::schema::printer::print_schema(&mut schema, metadata.file_metadata().schema());
    let mut dump = String::from_utf8(schema).unwrap();
    for column in metadata.row_group(0).columns() {
        let encodings: Vec<String> = column.encodings().map(|e| e.to_string()).collect();
        let _ = writeln!(
            dump,
            "{}: {} {}",
            column.column_path(),
            column.compression(),
            encodings.join(" ")
        );
    }
    for pair in metadata.file_metadata().key_value_metadata().unwrap() {
        let _ = writeln!(dump, "{} = {} characters", pair.key, pair.value.as_ref().unwrap().len());
    }
    expect![[r#"
        message block {
          REQUIRED BYTE_ARRAY tenant (STRING);
          REQUIRED BYTE_ARRAY metric (STRING);
          REQUIRED group labels (MAP) {
            REPEATED group key_value {
              REQUIRED BYTE_ARRAY key (STRING);
              REQUIRED BYTE_ARRAY value (STRING);
            }
          }
          REQUIRED INT64 min_time (TIMESTAMP(MILLIS,true));
          REQUIRED INT64 max_time (TIMESTAMP(MILLIS,true));
          REQUIRED group times (LIST) {
            REPEATED group list {
              REQUIRED INT32 element;
            }
          }
          OPTIONAL INT64 base;
          OPTIONAL INT32 exponent (INTEGER(8,true));
          OPTIONAL group gauges (LIST) {
            REPEATED group list {
              REQUIRED INT32 element;
            }
          }
          OPTIONAL group steps (LIST) {
            REPEATED group list {
              REQUIRED INT32 element;
            }
          }
          OPTIONAL group wide (LIST) {
            REPEATED group list {
              REQUIRED INT64 element;
            }
          }
          OPTIONAL group floats (LIST) {
            REPEATED group list {
              REQUIRED DOUBLE element;
            }
          }
        }
        "tenant": ZSTD(ZstdLevel(1)) PLAIN RLE RLE_DICTIONARY
        "metric": ZSTD(ZstdLevel(1)) PLAIN RLE RLE_DICTIONARY
        "labels.key_value.key": ZSTD(ZstdLevel(1)) PLAIN RLE
        "labels.key_value.value": ZSTD(ZstdLevel(1)) PLAIN RLE
        "min_time": ZSTD(ZstdLevel(1)) PLAIN RLE RLE_DICTIONARY
        "max_time": ZSTD(ZstdLevel(1)) PLAIN RLE RLE_DICTIONARY
        "times.list.element": ZSTD(ZstdLevel(1)) RLE BYTE_STREAM_SPLIT
        "base": ZSTD(ZstdLevel(1)) RLE BYTE_STREAM_SPLIT
        "exponent": ZSTD(ZstdLevel(1)) PLAIN RLE RLE_DICTIONARY
        "gauges.list.element": ZSTD(ZstdLevel(1)) RLE BYTE_STREAM_SPLIT
        "steps.list.element": ZSTD(ZstdLevel(1)) RLE BYTE_STREAM_SPLIT
        "wide.list.element": ZSTD(ZstdLevel(1)) RLE DELTA_BINARY_PACKED
        "floats.list.element": ZSTD(ZstdLevel(1)) PLAIN RLE
        hydrograph.index = 96 characters
    "#]]
    .assert_eq(&dump);
}
