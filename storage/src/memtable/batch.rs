//! The content of one record, as the memtable reads it.

/// A decoded write batch.
#[derive(Clone, Debug, Default)]
pub struct Batch<'a> {
    /// When the gateway received it.
    pub receive_time_ms: i64,
    /// Tenants, label names and label values; numbered from 0.
    pub symbols: Vec<&'a str>,
    /// `symbol_hash` of each symbol.
    pub hashes: Vec<u64>,
    /// One per tenant.
    pub sections: Vec<Section>,
}

/// The rows of one tenant.
#[derive(Clone, Debug, Default)]
pub struct Section {
    /// The tenant's symbol.
    pub tenant: u32,
    /// In the order of the record.
    pub rows: Vec<Row>,
}

/// Samples of one series.
#[derive(Clone, Debug, Default)]
pub struct Row {
    /// Symbols of names and values, ascending by name.
    pub labels: Vec<(u32, u32)>,
    /// Timestamps in the order of the record.
    pub times: Vec<i64>,
    /// A value for each timestamp.
    pub values: Vec<f64>,
}
