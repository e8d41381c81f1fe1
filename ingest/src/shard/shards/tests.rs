mod flush;
mod store;

use bytes::Bytes;
use hydrograph_proto::write_batch::WriteBatchEncoder;
use hydrograph_storage::block::PageCache;
use hydrograph_storage::clock::SystemClock;
use hydrograph_storage::engine::Duties;
use hydrograph_storage::limits::QueryLimits;
use hydrograph_storage::matcher::Matcher;
use hydrograph_storage::samples::Samples;
use hydrograph_storage::snapshot::BlockCache;
use hydrograph_storage::source::{Selector, Source};
use hydrograph_storage::time_range::TimeRange;

use self::store::GatedStore;
use super::*;
use crate::log::embedded::{EmbeddedLog, EmbeddedLogConfig};
use crate::shard::probe::probe;
use crate::shard::source::ShardsSource;

const DEADLINE: Duration = Duration::from_secs(30);
const P0: PartitionId = PartitionId(0);
const P1: PartitionId = PartitionId(1);

/// A log and a store that outlive the shards.
struct World {
    log: Arc<EmbeddedLog>,
    store: Arc<GatedStore>,
    nonce_seed: u64,
    runtime: ShardRuntime,
    tune: fn(&mut EngineConfig),
    _folder: tempfile::TempDir,
}

impl World {
    fn new(runtime: ShardRuntime) -> Self {
        let folder = tempfile::tempdir().expect("a folder for the test");
        let config =
            EmbeddedLogConfig { partitions: Some(2), ..EmbeddedLogConfig::new(folder.path()) };
        let log = Arc::new(EmbeddedLog::open(&config).expect("a new log"));
        let store = Arc::new(GatedStore::open());
        Self { log, store, nonce_seed: 0, runtime, tune: |_| (), _folder: folder }
    }

    async fn start(&mut self) -> Started {
        self.nonce_seed += 1;
        let engine = |partition| {
            let duties = Duties { flush: true, answer: true };
            let mut engine = EngineConfig::new(PartitionId(partition), duties);
            (self.tune)(&mut engine);
            engine
        };
        let config = ShardsConfig {
            runtime: self.runtime,
            cpus: Cpus { parallelism: 3, affinity: Vec::new() },
            engines: (0..2).map(engine).collect(),
            nonce_seed: self.nonce_seed,
            records_bytes_max: 1,
            shutdown_ms_max: 2_000,
        };
        let log = Arc::clone(&self.log) as _;
        let store = Arc::clone(&self.store) as Arc<dyn Store>;
        let blocks = BlockCache::new(Arc::clone(&store), PageCache::new(1 << 20), 1 << 20);
        let clock = Arc::new(SystemClock::new());
        let shards = Shards::start(config, log, store, clock, Handle::current()).await;
        let shards = Arc::new(shards.expect("shards start"));
        Started { source: ShardsSource::new(Arc::clone(&shards), blocks), shards }
    }

    async fn append(&self, partition: PartitionId, record: Bytes) -> (PartitionId, Offset) {
        let offset = self.log.append(partition, record).await.expect("the log has room");
        (partition, offset.next())
    }

    /// Writes one sample; returns what to wait for.
    async fn write(&self, partition: PartitionId, name: &str, t: i64) -> (PartitionId, Offset) {
        self.append(partition, record(name, t)).await
    }
}

/// A record of one sample `name` at `t`, of value `t`.
fn record(name: &str, t: i64) -> Bytes {
    let mut encoder = WriteBatchEncoder::new().expect("zstd has memory");
    encoder.push("anonymous", &[("__name__", name)], &[(t, t as f64)]).expect("it fits");
    let mut record = Vec::new();
    encoder.finish(t, &mut record).expect("it can be compressed");
    Bytes::from(record)
}

/// The record as a binary of the future might write it.
fn newer_version(record: &Bytes) -> Bytes {
    let mut newer = record.to_vec();
    newer[8..10].copy_from_slice(&9u16.to_le_bytes());
    let checksum = crc32c::crc32c(&newer[8..]);
    newer[4..8].copy_from_slice(&checksum.to_le_bytes());
    Bytes::from(newer)
}

fn request(name: &str) -> SelectRequest {
    let matchers = vec![Matcher::equal("__name__", name)];
    SelectRequest {
        tenant: Arc::from("anonymous"),
        selectors: vec![Selector { matchers, range: TimeRange::ALL }],
        limits: QueryLimits::new(1 << 30, 20_000, Arc::new(SystemClock::new())),
    }
}

/// Shards of a world, and what reads from them.
struct Started {
    shards: Arc<Shards>,
    source: ShardsSource,
}

impl std::ops::Deref for Started {
    type Target = Shards;

    fn deref(&self) -> &Shards {
        &self.shards
    }
}

/// The times of the samples of `name`.
async fn times(started: &Started, name: &str) -> Result<Vec<i64>, SourceError> {
    let sets = started.source.select(&request(name)).await?;
    let (mut out, mut scratch) = (Samples::new(), Samples::new());
    match &sets[0].series[..] {
        [] => {}
        [series] => series.read(TimeRange::ALL, &mut out, &mut scratch)?,
        _ => panic!("one name is one series here"),
    }
    Ok(out.times_ms)
}

async fn soon<T>(what: impl Future<Output = T>) -> T {
    tokio::time::timeout(DEADLINE, what).await.expect("it happens before the deadline")
}

/// Runs `test` on every runtime that works here.
async fn on_both<F: Future<Output = ()>>(test: impl Fn(World) -> F) {
    soon(test(World::new(ShardRuntime::Tokio))).await;
    match probe() {
        Ok(()) => soon(test(World::new(ShardRuntime::Glommio))).await,
        Err(refusal) => eprintln!("SKIPPED on glommio: {refusal}"),
    }
}

#[tokio::test]
async fn what_is_logged_is_seen() {
    on_both(|mut world| async move {
        let shards = world.start().await;
        soon(shards.wait_live()).await.expect("both are opened");
        let written = [
            world.write(P0, "a", 1).await,
            world.write(P0, "a", 2).await,
            world.write(P1, "a", 3).await,
        ];
        soon(shards.caught_up(&written)).await.expect("they are applied");
        assert_eq!(times(&shards, "a").await, Ok(vec![1, 2, 3]));
        assert_eq!(times(&shards, "b").await, Ok(vec![]));
        let status = shards.status().await;
        let seen: Vec<_> =
            status.iter().map(|p| (p.partition, p.state.clone(), p.latest, p.lag())).collect();
        let live = PartitionState::Live;
        assert_eq!(seen, [(P0, live.clone(), Offset(2), 0), (P1, live, Offset(1), 0)]);
        assert_eq!(shards.unready(), Vec::<String>::new());
    })
    .await;
}

#[tokio::test]
async fn after_a_crash_the_log_is_replayed() {
    on_both(|mut world| async move {
        let shards = world.start().await;
        world.write(P0, "a", 1).await;
        drop(shards);
        world.write(P1, "a", 2).await;
        let shards = world.start().await;
        soon(shards.wait_live()).await.expect("both are replayed");
        assert_eq!(times(&shards, "a").await, Ok(vec![1, 2]));
    })
    .await;
}

#[tokio::test]
async fn labels_are_answered_from_all_partitions() {
    on_both(|mut world| async move {
        world.write(P0, "a", 1).await;
        world.write(P1, "b", 1).await;
        let shards = world.start().await;
        soon(shards.wait_live()).await.expect("both are replayed");
        let everything = SelectRequest { selectors: Vec::new(), ..request("") };
        let question = LabelQuestion::Values("__name__".to_string());
        let names = shards.source.label_strings(&everything, &question).await;
        assert_eq!(names, Ok(vec!["a".to_string(), "b".to_string()]));
    })
    .await;
}

#[tokio::test]
async fn a_partition_that_stops_is_named_and_stops_no_other() {
    on_both(|mut world| async move {
        world.write(P1, "a", 1).await;
        let shards = world.start().await;
        soon(shards.wait_live()).await.expect("both are replayed");
        let after = world.append(P1, newer_version(&record("a", 2))).await;
        let stopped = "partition 1 is stopped: record at offset 1 has format version 9, which this binary does not know";
        let stopped = SourceError::Unavailable(stopped.to_string());
        assert_eq!(soon(shards.caught_up(&[after])).await, Err(stopped.clone()));
        assert_eq!(times(&shards, "a").await, Err(stopped.clone()));
        assert_eq!(shards.unready(), [stopped.to_string().replace("data unavailable: ", "")]);
        let error = soon(shards.flush_all()).await.expect_err("one will never be flushed");
        assert_eq!(error.to_string(), "partition 1 has stopped");
        let written = world.write(P0, "b", 1).await;
        soon(shards.caught_up(&[written])).await.expect("the other goes on");
        soon(shards.shutdown()).await.expect_err("it says so once more");
    })
    .await;
}

#[tokio::test]
async fn while_the_store_is_away_a_partition_is_being_opened() {
    on_both(|mut world| async move {
        world.write(P0, "a", 1).await;
        let written = world.write(P1, "b", 1).await;
        world.store.close("manifests/p00000/");
        let shards = world.start().await;
        soon(shards.caught_up(&[written])).await.expect("the other is opened");
        let opening = SourceError::Unavailable("partition 0 is being opened".to_string());
        assert_eq!(times(&shards, "a").await, Err(opening));
        world.store.let_all_pass();
        soon(shards.wait_live()).await.expect("it is opened in the end");
        assert_eq!(times(&shards, "a").await, Ok(vec![1]));
    })
    .await;
}

#[tokio::test]
async fn a_shutdown_ends_although_the_store_hangs() {
    on_both(|mut world| async move {
        world.store.close("manifests/");
        let shards = world.start().await;
        let error = soon(shards.shutdown()).await.expect_err("nothing was flushed");
        assert_eq!(error.to_string(), "not flushed within 2000 ms");
        soon(shards.shutdown()).await.expect("there is nothing left to do");
        let ended = SourceError::Unavailable("shard 0 has ended".to_string());
        assert_eq!(times(&shards, "a").await, Err(ended));
    })
    .await;
}
