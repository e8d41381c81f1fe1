//! Every name of an object in the store, in one place.
//!
//! Law: names sort as what they name does (numbers have a fixed width), and each is made of a
//! folder per partition and a file. A name that does not parse back is not ours.

use std::ops::Range;

use crate::ids::{Epoch, Offset, PartitionId};

/// The folder of a partition's blocks, with its slash.
pub fn blocks(partition: PartitionId) -> String {
    format!("blocks/p{:05}/", partition.0)
}

/// The folder of a partition's manifests, with its slash.
pub fn manifests(partition: PartitionId) -> String {
    format!("manifests/p{:05}/", partition.0)
}

/// The manifest of this number.
pub fn manifest(partition: PartitionId, number: u64) -> String {
    format!("{}{number:020}.manifest", manifests(partition))
}

/// The number in a manifest's name.
pub fn manifest_number(partition: PartitionId, name: &str) -> Option<u64> {
    let number =
        name.strip_prefix(&manifests(partition))?.strip_suffix(".manifest")?.parse().ok()?;
    (manifest(partition, number) == name).then_some(number)
}

/// Says that manifests of this partition below this number may be deleted.
pub fn boundary(partition: PartitionId, number: u64) -> String {
    format!("{}{number:020}.boundary", manifests(partition))
}

/// The number in a boundary's name.
pub fn boundary_number(partition: PartitionId, name: &str) -> Option<u64> {
    let number =
        name.strip_prefix(&manifests(partition))?.strip_suffix(".boundary")?.parse().ok()?;
    (boundary(partition, number) == name).then_some(number)
}

/// A record of this offset that was intact but meaningless.
pub fn dead_letter(partition: PartitionId, offset: Offset) -> String {
    format!("dead-letters/p{:05}/{:016x}", partition.0, offset.0)
}

/// What a block's name says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlockName {
    /// The partition whose samples it holds.
    pub partition: PartitionId,
    /// The epoch in which it was written.
    pub epoch: Epoch,
    /// The records that it holds the samples of.
    pub offsets: Range<Offset>,
    /// 0 for a flush, 1 for a window of 2 h, 2 for a window of 24 h.
    pub level: u8,
    /// Tells apart attempts to write the same block.
    pub nonce: u64,
}

impl BlockName {
    /// The name in the store.
    pub fn to_name(&self) -> String {
        format!(
            "{}{:016x}-{:016x}-{:016x}-L{}-{:016x}.parquet",
            blocks(self.partition),
            self.epoch.0,
            self.offsets.start.0,
            self.offsets.end.0,
            self.level,
            self.nonce
        )
    }

    /// What `name` says, if it is a block's.
    pub fn parse(name: &str) -> Option<Self> {
        let hex = |text: &str| u64::from_str_radix(text, 16).ok();
        let (partition, file) = name.strip_prefix("blocks/p")?.split_once('/')?;
        let mut fields = file.strip_suffix(".parquet")?.split('-');
        let parsed = Self {
            partition: PartitionId(partition.parse().ok()?),
            epoch: Epoch(hex(fields.next()?)?),
            offsets: Offset(hex(fields.next()?)?)..Offset(hex(fields.next()?)?),
            level: fields.next()?.strip_prefix('L')?.parse().ok()?,
            nonce: hex(fields.next()?)?,
        };
        (parsed.to_name() == name).then_some(parsed)
    }
}

#[cfg(test)]
mod tests {
    use super::{BlockName, manifest, manifest_number};
    use crate::ids::{Epoch, Offset, PartitionId};

    #[test]
    fn a_block_name_says_what_it_names() {
        let name = BlockName {
            partition: PartitionId(7),
            epoch: Epoch(3),
            offsets: Offset(16)..Offset(0xabc),
            level: 2,
            nonce: u64::MAX,
        };
        let text = name.to_name();
        expect_test::expect![
            "blocks/p00007/0000000000000003-0000000000000010-0000000000000abc-L2-ffffffffffffffff.parquet"
        ]
        .assert_eq(&text);
        assert_eq!(BlockName::parse(&text), Some(name));
        for foreign in
            ["", "blocks/p7/x.parquet", &text[1..], &format!("{text}x"), &text.replace("L2", "L02")]
        {
            assert_eq!(BlockName::parse(foreign), None, "{foreign}");
        }
    }

    #[test]
    fn a_manifest_name_says_its_number() {
        let text = manifest(PartitionId(1), 42);
        expect_test::expect!["manifests/p00001/00000000000000000042.manifest"].assert_eq(&text);
        assert_eq!(manifest_number(PartitionId(1), &text), Some(42));
        assert_eq!(manifest_number(PartitionId(2), &text), None);
        assert_eq!(manifest_number(PartitionId(1), "manifests/p00001/42.manifest"), None);
    }
}
