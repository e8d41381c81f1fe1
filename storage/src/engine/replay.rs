//! Applying records, and what happens where the log or a record is not as it should be.

use super::tail::Fate;
use super::{Effect, Engine, LogFault, Phase, Purpose, ReadingId, StopReason, StoreRequest};
use crate::ids::Record;

impl Engine {
    /// Asks for the log from the position on; what older readings still bring is void.
    pub(super) fn read_log(&mut self, out: &mut Vec<Effect>) {
        self.reading.0 += 1;
        out.push(Effect::ReadLog { reading: self.reading, from: self.position() });
    }

    pub(super) fn records(
        &mut self,
        reading: ReadingId,
        records: &[Record],
        out: &mut Vec<Effect>,
    ) {
        for record in records {
            if reading != self.reading || !self.is_running() {
                return;
            }
            let fate = self.tail.apply(record, self.config.record_bytes_max, self.now_ms);
            match fate {
                Fate::Old => {}
                Fate::Applied(samples) => {
                    self.stats.records += 1;
                    self.stats.samples += samples;
                    self.doubtful = None;
                }
                Fate::Skipped(reason) => {
                    self.doubtful = None;
                    self.dead_letter(record, reason, out);
                }
                Fate::Damaged if self.doubtful == Some(record.offset) => {
                    self.stop(StopReason::CorruptRecord(record.offset), out);
                }
                Fate::Damaged => {
                    self.doubtful = Some(record.offset);
                    self.read_log(out);
                }
                Fate::Fatal(reason) => self.stop(reason, out),
            }
        }
    }

    /// An owner keeps the record before the offset moves; a follower leaves that to it.
    fn dead_letter(&mut self, record: &Record, reason: String, out: &mut Vec<Effect>) {
        self.stats.dead_letters += 1;
        if matches!(self.phase, Phase::Running(Some(_))) {
            self.dead_letters.insert(record.offset);
            let (offset, bytes) = (record.offset, record.bytes.clone());
            let request = StoreRequest::CreateDeadLetter { offset, reason, bytes };
            self.ask(Purpose::DeadLetter(offset), request, out);
        }
    }

    pub(super) fn log_failed(
        &mut self,
        reading: ReadingId,
        fault: LogFault,
        out: &mut Vec<Effect>,
    ) {
        if reading != self.reading {
            return;
        }
        match fault {
            LogFault::Corrupt(reason) => self.stop(StopReason::LogCorrupt(reason), out),
            LogFault::OutOfRange { .. } => {
                // Another owner may have committed and released what is wanted here. A look that
                // began before this was known may be too old to show it.
                self.lost = Some(fault);
                self.requests.forget(Purpose::Find);
                self.look_for_newer(out);
            }
        }
    }
}
